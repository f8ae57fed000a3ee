"""What bookings tell the directory: who can't be deactivated, and where their rides are."""

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from project.audit.refusals import Refusal
from project.directory import ties
from project.directory.models import Customer, Driver, Partner

from .models import Booking
from .states import Status


def register():
    for model, name in ((Customer, "customer"), (Driver, "driver"), (Partner, "partner")):
        ties.register_refusal(model, rides_to_come(name))
        ties.register_link(model, link_to_rides(name))
    ties.register_link(Customer, link_to_new_ride)


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
