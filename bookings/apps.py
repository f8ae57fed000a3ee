from django.apps import AppConfig
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from project.actions import desk as desks
from project.directory import seeding
from project.exchange import columns
from project.notifications import letters
from project.search import registry as search
from project.ui import nav
from project.utilisateurs import groups

from . import permissions

VIEW = "bookings.view_booking"
MENU = nav.Section(
    _("Rides"),
    (
        nav.Item(_("Bookings"), "bookings:list", permission=VIEW, icon="booking"),
        nav.Item(_("Today"), "bookings:list", "period=today", permission=VIEW, icon="today"),
        nav.Item(
            _("To assign"),
            "bookings:list",
            "period=upcoming&unassigned=1&status=pending&status=confirmed",
            permission=VIEW,
            icon="assign",
        ),
        nav.Item(_("Import"), "imports:list", permission="bookings.import_booking", icon="import"),
    ),
    order=10,
)


class BookingsConfig(AppConfig):
    name = "bookings"
    verbose_name = _("Bookings")

    def ready(self):
        from project.exchange import printing  # models, which are not there before ready()
        from project.exchange.imports import importer
        from project.notifications.live import kinds

        from . import bell, documents, exports, imports, notifications, parties, tables
        from .public_holidays import check_country
        from .seed import seed

        check_country()
        groups.register("bookings", bureau=permissions.BUREAU, gestion=permissions.GESTION)
        search.register(
            self.get_model("Booking"),
            columns=("search_text", "address_text"),
            prefix_field="reference",
        )
        seeding.register("bookings", seed, order=30)
        desk = the_desk()
        desks.register(desk)
        kinds.register(desk, *bell.KINDS)
        nav.register(MENU)
        columns.register(exports.SHEET, tables.BookingTable)
        importer.register(imports.IMPORTER)
        printing.register(documents.DOCUMENTS)
        parties.register()
        for kind in notifications.KINDS:
            letters.register(kind)


def the_desk():
    """Bookings as the generic pages see them."""
    from . import (
        actions,
        filters,
        models,
        series_services,
    )  # models, which are not there before ready()

    return desks.Desk(
        slug="bookings",
        model=models.Booking,
        actions=actions.ACTIONS,
        forms=actions.FORMS,
        discard=series_services.discard,
        discard_permission="bookings.cancel_booking",
        filterset=filters.BookingFilter,
        list_url="bookings:list",
        view_permission="bookings.view_booking",
        label="reference",
        hints=("pickup_at", "passenger_name"),
        record_url=lambda pk, reference: reverse("bookings:detail", args=[reference]),
    )
