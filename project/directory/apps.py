from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from project.utilisateurs import groups

from . import permissions


class DirectoryConfig(AppConfig):
    name = "project.directory"
    label = "directory"
    verbose_name = _("Directory")

    def ready(self):
        groups.register("directory", bureau=permissions.BUREAU)
