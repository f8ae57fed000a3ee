from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from project.search import registry as search
from project.utilisateurs import groups

from . import permissions, seeding


class DirectoryConfig(AppConfig):
    name = "project.directory"
    label = "directory"
    verbose_name = _("Directory")

    def ready(self):
        from .seed import seed_accounts, seed_parties  # models, which are not there before ready()

        groups.register("directory", bureau=permissions.BUREAU)
        seeding.register("accounts", seed_accounts, order=10)
        seeding.register("parties", seed_parties, order=20)
        for party in ("Customer", "Driver", "Partner"):
            search.register(self.get_model(party), columns=("search_text",))
