"""Appointments as entries of the customer's calendar, that a later message about them updates."""

from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr

from django.conf import settings
from icalendar import Calendar, Event, vCalAddress

REQUEST, CANCEL = "REQUEST", "CANCEL"
MOST_FILES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """What an entry says. It is known by `reference`, whatever happens to it, and a later one is
    told by the `version` that the record had: so they may arrive in any order."""

    reference: str
    version: int
    start: datetime
    end: datetime
    summary: str
    location: str
    description: str
    cancelled: bool = False
    tentative: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarFile:
    """An iCalendar object as a message attaches it; `method` is its METHOD."""

    name: str
    method: str
    text: str


def files_of(appointments, customer, *, method, stamp):
    """The CalendarFiles about `appointments` for `customer`: what a message attaches.

    One each, since a request or a cancellation is about one entry (RFC 5546, 3.2.2 and 3.2.5) and
    programs that offer it look no further; of more than anyone opens one by one, one in all. What
    is cancelled is a CANCEL in a message of REQUESTs too.
    """
    files = {each.reference: [each] for each in appointments}
    if len(files) > MOST_FILES:
        files = {"calendar": appointments}
    return tuple(
        CalendarFile(name=f"{name}.ics", method=said, text=calendar_of(told, customer, said, stamp))
        for name, told in files.items()
        for said in [CANCEL if all(each.cancelled for each in told) else method]
    )


def calendar_of(appointments, customer, method, stamp):
    """The iCalendar text (RFC 5545) about `appointments` for `customer`, written at `stamp`."""
    calendar = Calendar()
    calendar.add("prodid", f"-//{plain(settings.SITE_NAME)}//Carnet//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    for appointment in appointments:
        calendar.add_component(entry(appointment, customer, method, stamp))
    return calendar.to_ical().decode()


def entry(appointment, customer, method, stamp):
    event = Event()
    event.add("uid", f"{appointment.reference}@{settings.SITE_DOMAIN}")
    event.add("sequence", appointment.version)
    event.add("dtstamp", stamp)
    event.add("dtstart", appointment.start)  # in UTC, which every calendar shows in its own zone
    event.add("dtend", appointment.end)
    event.add("summary", appointment.summary)
    event.add("location", appointment.location)
    event.add("description", appointment.description)
    gone = method == CANCEL or appointment.cancelled
    stands = "TENTATIVE" if appointment.tentative else "CONFIRMED"
    event.add("status", "CANCELLED" if gone else stands)
    event.add("transp", "TRANSPARENT" if gone else "OPAQUE")
    event.add("organizer", person(*parseaddr(settings.DEFAULT_FROM_EMAIL)))
    attendee = person(customer.name, customer.email)
    attendee.params["ROLE"] = "REQ-PARTICIPANT"
    attendee.params["PARTSTAT"] = "ACCEPTED"
    event.add("attendee", attendee)
    return event


def person(name, address):
    value = vCalAddress(f"mailto:{address}")
    if name := plain(name):
        value.params["CN"] = name
    return value


def plain(text):
    """On one line and without what would end a parameter."""
    return " ".join(text.replace('"', "'").split())
