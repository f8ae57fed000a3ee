from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ImportsConfig(AppConfig):
    """Files in: read, shown before anything is written, written by a job, undone as a whole."""

    name = "project.exchange.imports"
    label = "imports"
    verbose_name = _("Imports")
