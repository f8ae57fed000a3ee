from django.apps import AppConfig
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from project.actions import desk as desks
from project.api import scopes
from project.directory import seeding
from project.exchange import columns
from project.notifications import letters
from project.search import registry as search
from project.ui import nav
from project.utilisateurs import groups

from . import permissions
from .api.scopes import SCOPES

MENU = nav.Section(
    _("Installations"),
    (
        nav.Item(
            _("Orders"),
            "installations:orders",
            permission="installations.view_order",
            icon="contract",
        ),
        nav.Item(
            _("To schedule"),
            "installations:inbox",
            permission="installations.schedule_order",
            icon="today",
        ),
        nav.Item(
            _("Engineers"),
            "installations:engineers",
            permission="installations.view_engineer",
            icon="driver",
        ),
        nav.Item(
            _("My day"),
            "installations:my-day",
            permission="installations.work_engineer",
            icon="today",
        ),
    ),
    order=15,
)


class InstallationsConfig(AppConfig):
    name = "bookings.installations"
    verbose_name = _("Installations")

    def ready(self):
        # models, which are not there before ready()
        from project.exchange import printing
        from project.notifications.live import kinds

        from . import bell, documents, exports, notifications, parties, tables
        from .seed import seed

        groups.register("installations", bureau=permissions.BUREAU, gestion=permissions.GESTION)
        search.register(self.get_model("Order"), columns=("search_text",), prefix_field="number")
        search.register(self.get_model("Engineer"), columns=("search_text",))
        seeding.register("installations", seed, order=60)
        told = {"orders": bell.ORDERS, "engineers": bell.ENGINEERS}
        pages = {"orders": bell.DAY}
        for desk in the_desks():
            desks.register(desk)
            if desk.slug in told:
                kinds.register(desk, *told[desk.slug], page=pages.get(desk.slug))
        columns.register(exports.ORDERS, tables.OrderTable)
        columns.register(exports.ENGINEERS, tables.EngineerTable)
        printing.register(documents.PRINTED)
        nav.register(MENU)
        scopes.register(*SCOPES)
        for kind in notifications.KINDS:
            letters.register(kind)
        parties.register()


def page_of_order(pk, reference):
    """The page of an order, of one of its services or of its booking: all bear its number."""
    return reverse("installations:order", args=[reference.partition("/")[0]])


def page_of_engineer(pk, name):
    return reverse("installations:engineer", args=[pk])


def the_desks():
    """The room's records as the generic pages see them."""
    # models, which are not there before ready()
    from project.directory import services as directory

    from . import actions, filters, models, services

    def desk(slug, model, filterset, **more):
        return desks.Desk(
            slug=slug,
            model=model,
            filterset=filterset,
            view_permission=f"installations.view_{model._meta.model_name}",
            **{
                "actions": (),
                "forms": actions.ALONG,
                "list_url": "installations:orders",
                "label": "reference",
                "record_url": page_of_order,
            }
            | more,
        )

    return (
        desk(
            "orders",
            models.Order,
            filters.OrderFilter,
            label="number",
            actions=actions.ORDERS,
            forms=actions.ORDER_FORMS,
            discard=services.discard,
            discard_permission="installations.cancel_order",
        ),
        desk("order-services", models.Service, filters.ServiceFilter),
        desk(
            "installation-bookings",
            models.InstallationBooking,
            filters.InstallationBookingFilter,
        ),
        desk(
            "engineers",
            models.Engineer,
            filters.EngineerFilter,
            label="name",
            list_url="installations:engineers",
            record_url=page_of_engineer,
            actions=actions.ENGINEERS,
            forms=actions.ENGINEER_FORMS,
            discard=directory.ACTIVATION.discard,
            discard_permission="installations.deactivate_engineer",
        ),
    )
