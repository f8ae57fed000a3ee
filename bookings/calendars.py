"""A ride as an entry of the customer's calendar."""

from django.utils.translation import gettext as _

from project.notifications.calendars import Appointment

from .states import Status


def appointment(ride):
    """The entry of a `ride`, a booking or its history row."""
    return Appointment(
        reference=ride.reference,
        version=ride.version,
        start=ride.pickup_at,
        end=ride.ends_at,
        summary=_("Ride to %(place)s") % {"place": ride.dropoff_address},
        location=ride.pickup_address,
        description="\n".join(description(ride)),
        cancelled=ride.status == Status.CANCELLED,
        tentative=ride.status == Status.PENDING,
    )


def description(ride):
    yield _("Booking %(reference)s") % {"reference": ride.reference}
    yield _("From %(place)s") % {"place": ride.pickup_address}
    for stop in ride.stops:
        yield _("By way of %(place)s") % {"place": stop}
    yield _("To %(place)s") % {"place": ride.dropoff_address}
    yield _("Passenger: %(name)s") % {"name": ride.passenger_name}
    if ride.transport_number:
        yield _("Flight or train: %(number)s") % {"number": ride.transport_number}
