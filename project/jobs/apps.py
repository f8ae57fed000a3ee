from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from project.ui import nav


class JobsConfig(AppConfig):
    """Background work: declared jobs, the worker that runs them, the clock, progress."""

    name = "project.jobs"
    label = "jobs"
    verbose_name = _("Background work")

    def ready(self):
        jobs = nav.Item(_("Jobs"), "jobs:list", icon="hourglass")
        nav.register(nav.Section(_("Background"), (jobs,), order=90))
