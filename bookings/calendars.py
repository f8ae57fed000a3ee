"""A ride as an entry of the customer's calendar, that a later message about it updates."""

from email.utils import parseaddr

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vCalAddress

from .states import Status

REQUEST, CANCEL = "REQUEST", "CANCEL"


def calendar_of(rides, batch, customer, *, method):
    """The iCalendar text about `rides`, history rows of `batch`, for `customer`.

    An entry is known by the ride's reference, whatever happens to it, and a later one is told by
    the version that the ride had: so they may arrive in any order.
    """
    calendar = Calendar()
    calendar.add("prodid", f"-//{plain(settings.SITE_NAME)}//Carnet//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    for ride in rides:
        calendar.add_component(entry(ride, batch, customer, method))
    return calendar.to_ical().decode()


def entry(ride, batch, customer, method):
    event = Event()
    event.add("uid", f"{ride.reference}@{settings.SITE_DOMAIN}")
    event.add("sequence", ride.version)
    event.add("dtstamp", batch.created_at)
    event.add("dtstart", ride.pickup_at)  # in UTC, which every calendar shows in its own zone
    event.add("dtend", ride.ends_at)
    event.add("summary", _("Ride to %(place)s") % {"place": ride.dropoff_address})
    event.add("location", ride.pickup_address)
    event.add("description", "\n".join(description(ride)))
    gone = method == CANCEL or ride.status == Status.CANCELLED
    event.add("status", "CANCELLED" if gone else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if gone else "OPAQUE")
    event.add("organizer", person(*parseaddr(settings.DEFAULT_FROM_EMAIL)))
    attendee = person(customer.name, customer.email)
    attendee.params["ROLE"] = "REQ-PARTICIPANT"
    attendee.params["PARTSTAT"] = "ACCEPTED"
    event.add("attendee", attendee)
    return event


def description(ride):
    yield _("Booking %(reference)s") % {"reference": ride.reference}
    yield _("From %(place)s") % {"place": ride.pickup_address}
    for stop in ride.stops:
        yield _("By way of %(place)s") % {"place": stop}
    yield _("To %(place)s") % {"place": ride.dropoff_address}
    yield _("Passenger: %(name)s") % {"name": ride.passenger_name}
    if ride.transport_number:
        yield _("Flight or train: %(number)s") % {"number": ride.transport_number}


def person(name, address):
    value = vCalAddress(f"mailto:{address}")
    if name := plain(name):
        value.params["CN"] = name
    return value


def plain(text):
    """On one line and without what would end a parameter."""
    return " ".join(text.replace('"', "'").split())
