from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from . import nav


class UiConfig(AppConfig):
    name = "project.ui"
    label = "ui"

    def ready(self):
        nav.register(
            nav.Section(
                _("Background"), (nav.Item(_("Jobs"), "jobs:list", icon="hourglass"),), order=90
            )
        )
