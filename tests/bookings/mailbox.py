"""Messages as customers' mail programs read them."""

from email import message_from_bytes, policy

from django.core import mail
from icalendar import Calendar

from bookings import services
from bookings.states import CancellationKind
from project.notifications.calendars import MOST_FILES
from project.notifications.sending import send_waiting


def cancel(selection, by, **given):
    asked = {"kind": CancellationKind.CUSTOMER, "reason": "Flight AF719", "tell": True}
    return services.cancel(selection, by=by, **asked | given)


def edit(booking, by, *, tell=True, **values):
    """Save a booking with other values, as the form does; its batch."""
    booking.refresh_from_db()
    for name, value in values.items():
        setattr(booking, name, value)
    return services.edit(booking, by=by, tell=tell)


def sent():
    """Send all that waits: the messages that left by that, as a mail program reads them."""
    before = len(mail.outbox)
    while send_waiting():
        pass
    return [
        message_from_bytes(each.message().as_bytes(), policy=policy.default)
        for each in mail.outbox[before:]
    ]


def part(message, kind):
    (found,) = [each for each in message.walk() if each.get_content_type() == kind]
    return found.get_content()


def texts_of(message):
    """The text and the HTML as they read: no-break spaces are spaces."""
    return [
        part(message, kind).replace("\u202f", " ").replace("\xa0", " ")
        for kind in ("text/plain", "text/html")
    ]


def calendars_of(message):
    """The calendar files of a message: each is about one entry, unless there are many."""
    files = list(message.iter_attachments())
    calendars = [Calendar.from_ical(file.get_payload(decode=True)) for file in files]
    for file, calendar in zip(files, calendars, strict=True):
        assert file.get_content_type() == "text/calendar"
        assert file["Content-Type"].params["method"] == calendar["METHOD"]
        if len(calendar.events) > 1:
            assert (file.get_filename(), len(files)) == ("calendar.ics", 1)
            assert len(calendar.events) > MOST_FILES
        else:
            reference = str(calendar.events[0]["UID"]).partition("@")[0]
            assert file.get_filename() == f"{reference}.ics"
    return calendars


def method_of(message):
    """What all calendar files of a message ask for."""
    (method,) = {str(calendar["METHOD"]) for calendar in calendars_of(message)}
    return method


def entries_of(message):
    return [entry for calendar in calendars_of(message) for entry in calendar.events]


def entry_of(message):
    (entry,) = entries_of(message)
    return entry
