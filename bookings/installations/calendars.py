"""An installation as an entry of the customer's calendar, that a later message updates."""

from email.utils import parseaddr

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from bookings.calendars import CANCEL, REQUEST, person, plain

from .states import Status

__all__ = ["CANCEL", "REQUEST", "calendar_of"]


def calendar_of(visit, order, engineer, customer, stamp, *, method):
    """The iCalendar text about a `visit`: a booking, or its history row, of an `order`.

    The entry is known by the order's number, whatever happens to it, and a later one is told by the
    version that the booking had: so they may arrive in any order. `stamp` is when it was written.
    """
    calendar = Calendar()
    calendar.add("prodid", f"-//{plain(settings.SITE_NAME)}//Carnet//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    event = Event()
    event.add("uid", f"{visit.reference}@{settings.SITE_DOMAIN}")
    event.add("sequence", visit.version)
    event.add("dtstamp", stamp)
    event.add("dtstart", visit.start)  # in UTC, which every calendar shows in its own zone
    event.add("dtend", visit.ends_at)
    event.add("summary", _("Installation with %(name)s") % {"name": plain(engineer.name)})
    event.add("location", visit.address)
    event.add("description", _("Order %(number)s") % {"number": order.number})
    gone = method == CANCEL or visit.status == Status.CANCELLED
    event.add("status", "CANCELLED" if gone else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if gone else "OPAQUE")
    event.add("organizer", person(*parseaddr(settings.DEFAULT_FROM_EMAIL)))
    attendee = person(customer.name, customer.email)
    attendee.params["ROLE"] = "REQ-PARTICIPANT"
    attendee.params["PARTSTAT"] = "ACCEPTED"
    event.add("attendee", attendee)
    calendar.add_component(event)
    return calendar.to_ical().decode()
