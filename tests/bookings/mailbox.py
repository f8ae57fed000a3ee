"""Messages as customers' mail programs read them."""

from email import message_from_bytes, policy

from django.core import mail
from icalendar import Calendar

from bookings import services
from bookings.states import CancellationKind
from project.notifications.sending import send_waiting


def cancel(selection, by, **given):
    asked = {"kind": CancellationKind.CUSTOMER, "reason": "Flight AF719", "tell": True}
    return services.cancel(selection, by=by, **asked | given)


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


def calendar_of(message):
    (file,) = message.iter_attachments()
    assert file.get_content_type() == "text/calendar"
    assert file.get_filename() == "calendar.ics"
    calendar = Calendar.from_ical(file.get_payload(decode=True))
    assert file["Content-Type"].params["method"] == calendar["METHOD"]
    return calendar


def entry_of(message):
    (entry,) = calendar_of(message).events
    return entry
