from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from project.actions import desk as registry
from project.search import registry as search
from project.ui import nav
from project.utilisateurs import groups

from . import permissions, seeding

MENU = nav.Section(
    _("Directory"),
    (
        nav.Item(
            _("Customers"),
            "directory:customers",
            permission="directory.view_customer",
            icon="customer",
        ),
        nav.Item(
            _("Drivers"), "directory:drivers", permission="directory.view_driver", icon="driver"
        ),
        nav.Item(
            _("Partners"), "directory:partners", permission="directory.view_partner", icon="partner"
        ),
    ),
    order=40,
)


class DirectoryConfig(AppConfig):
    name = "project.directory"
    label = "directory"
    verbose_name = _("Directory")

    def ready(self):
        from project.notifications.live import kinds  # models, which are not there before ready()

        from . import desks, seed

        groups.register("directory", bureau=permissions.BUREAU)
        seeding.register("accounts", seed.seed_accounts, order=10)
        seeding.register("parties", seed.seed_parties, order=20)
        for desk in desks.DESKS:
            registry.register(desk)
            kinds.register(desk, kinds.Kind("directory", _("Customers, drivers and partners")))
            search.register(desk.model, columns=("search_text",))
        nav.register(MENU)
