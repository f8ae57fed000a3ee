"""What rings the bell about the inventory: the kinds of change that a user can switch off."""

from django.utils.translation import gettext_lazy as _

from project.notifications.live.kinds import Kind

from .notifications import LOW_STOCK

ARTICLES = (
    Kind("inventory.low_stock", _("Low stock"), (LOW_STOCK,)),
    Kind("inventory.articles", _("Articles and stock")),
)
QUARANTINE = (Kind("inventory.quarantine", _("Sales in quarantine")),)
SETUP = (Kind("inventory.setup", _("Shops and terminals")),)
