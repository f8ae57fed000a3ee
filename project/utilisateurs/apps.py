from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UtilisateursConfig(AppConfig):
    name = "project.utilisateurs"
    label = "utilisateurs"
    verbose_name = _("Users")
