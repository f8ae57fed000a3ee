from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    """Background work: declared jobs, the worker that runs them, the clock, progress."""

    name = "project.jobs"
    label = "jobs"
    verbose_name = _("Background work")
