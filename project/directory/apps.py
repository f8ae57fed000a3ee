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
        # models, which are not there before ready()
        from project.notifications.live.kinds import Kind
        from project.notifications.live.kinds import register as tell

        from . import desks, forms, kinds, seed, tables

        groups.register("directory", bureau=permissions.BUREAU)
        seeding.register("accounts", seed.seed_accounts, order=10)
        seeding.register("parties", seed.seed_parties, order=20)
        for desk in desks.DESKS:
            registry.register(desk)
            tell(desk, Kind("directory", _("Customers, drivers and partners")))
            search.register(desk.model, columns=("search_text",))
        for slug, kind, table, form, new in (
            ("customers", "customer", tables.CustomerTable, forms.CustomerForm, _("New customer")),
            ("drivers", "driver", tables.DriverTable, forms.DriverForm, _("New driver")),
            ("partners", "partner", tables.PartnerTable, forms.PartnerForm, _("New partner")),
        ):
            create_url = f"directory:{kind}-create"
            kinds.register(slug, kinds.Kind(table=table, form=form, new=new, create_url=create_url))
        nav.register(MENU)
