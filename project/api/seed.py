"""An integration to try the API with, as the demonstration's accounts are to try the pages with."""

from django.utils.translation import gettext as _

from . import scopes, services
from .models import Integration

TOKEN = "carnet-demo-token"


def seed(options, rng):
    """The on-line shop, with every scope, unless there is an integration already."""
    if Integration.objects.exists():
        return
    every = [name for name, _label in scopes.choices()]
    shop = Integration(name=_("On-line shop"), scopes=every)
    services.create(shop, by=None)
    services.give_token(Integration.objects.filter(pk=shop.pk), by=None, secret=TOKEN)
