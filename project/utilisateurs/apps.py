from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from .groups import grant_after_migrate


class UtilisateursConfig(AppConfig):
    name = "project.utilisateurs"
    label = "utilisateurs"
    verbose_name = _("Users")

    def ready(self):
        post_migrate.connect(grant_after_migrate, dispatch_uid="utilisateurs.grants")
