"""What customers are told, in whose words, and what their calendars make of it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from icalendar import Calendar

from bookings import notifications, services
from bookings.models import Booking
from bookings.states import CancellationKind
from project.actions.undo import undo
from project.notifications.models import OutgoingMail
from project.notifications.sending import send_waiting
from tests.bookings.conftest import only
from tests.factories import make_booking, make_customer, make_round_trip

pytestmark = pytest.mark.django_db
State, Trouble = OutgoingMail.State, OutgoingMail.Trouble


@pytest.fixture
def hotel(db):
    return make_customer("Hôtel Téranga", email="hotel@example.org", language="en")


def cancel(selection, by, **given):
    asked = {"kind": CancellationKind.CUSTOMER, "reason": "Flight AF719", "tell": True}
    return services.cancel(selection, by=by, **asked | given)


def edit(booking, by, **values):
    booking.refresh_from_db()
    for name, value in values.items():
        setattr(booking, name, value)
    return services.edit(booking, by=by, tell=True)


def sent():
    """Send all that waits; the messages that left by that."""
    before = len(mail.outbox)
    while send_waiting():
        pass
    return mail.outbox[before:]


def texts_of(message):
    """(text, HTML) as they read: no-break spaces are spaces."""
    html, kind = message.alternatives[0]
    assert kind == "text/html"
    return [text.replace("\u202f", " ").replace("\xa0", " ") for text in (message.body, html)]


def calendar_of(message):
    part = message.attachments[0]
    assert part.get_content_type() == "text/calendar"
    calendar = Calendar.from_ical(part.get_payload(decode=True))
    assert part.get_param("method") == calendar["METHOD"]
    return calendar


def entry_of(message):
    (entry,) = calendar_of(message).events
    return entry


def test_a_change_is_told_with_what_it_was_before(bureau, hotel):
    booking = make_booking(customer=hotel, price=35000, pickup_address="Gare de Dakar")
    edit(booking, bureau, pickup_address="Port de Dakar", price=40000)
    (message,) = sent()
    assert (
        message.to == ["Hôtel Téranga <hotel@example.org>"] or "hotel@example.org" in message.to[0]
    )
    assert booking.reference in message.subject
    print(message.body)
    for text in texts_of(message):
        assert "Gare de Dakar" in text
        assert "Port de Dakar" in text
