"""What bookings tell the directory: who can't be deactivated, and where their rides are."""

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from project.actions import requests
from project.audit.refusals import Refusal
from project.directory import ties
from project.directory.models import Customer, Driver, Partner

from . import documents
from .models import Booking
from .states import Status


def register():
    for model, name in ((Customer, "customer"), (Driver, "driver"), (Partner, "partner")):
        ties.register_refusal(model, rides_to_come(name))
        ties.register_link(model, link_to_rides(name))
    ties.register_link(Customer, link_to_new_ride)
    ties.register_request(Driver, day_sheets_of)
    ties.register_request(Customer, statement_of)


def rides_to_come(name):
    """The refusal of a party that open rides, under way or to come, still count on."""
    rides = (
        Booking.objects.active()
        .open()
        .filter(Q(status=Status.IN_PROGRESS) | Q(pickup_at__gte=Now()), **{name: OuterRef("pk")})
    )
    return Refusal("rides_to_come", Exists(rides), _("with rides to come"))


def link_to_rides(name):
    def link(party, user):
        if not user.has_perm("bookings.view_booking"):
            return None
        return _("Bookings"), f"{reverse('bookings:list')}?period=any&{name}={party.pk}"

    return link


def link_to_new_ride(customer, user):
    if not (customer.is_active and user.has_perm("bookings.add_booking")):
        return None
    return _("New booking"), f"{reverse('bookings:create')}?customer={customer.pk}"


def day_sheets_of(driver, user):
    return printing(
        _("Day sheets"), documents.DAY_SHEETS, f"period=upcoming&driver={driver.pk}", user
    )


def statement_of(customer, user):
    return printing(
        _("Statement"),
        documents.STATEMENTS,
        f"period=any&archived=all&customer={customer.pk}",
        user,
    )


def printing(label, document, query, user):
    """Asks for a document about all rides that the desk's filter finds."""
    return requests.of_filter(label, "bookings", "print", query, user, document=document.name)
