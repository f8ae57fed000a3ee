from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from project.ui import nav


class ExchangeConfig(AppConfig):
    """Records as files, out and in."""

    name = "project.exchange"
    label = "exchange"
    verbose_name = _("Exchange of files")

    def ready(self):
        from . import delimited, formats, xlsx  # models, which are not there before ready()

        mine = nav.Item(_("My files"), "exchange:files", icon="export")
        nav.register(nav.Section(_("Files"), (mine,), order=89))
        formats.register(xlsx.FORMAT)
        formats.register(delimited.FORMAT)
