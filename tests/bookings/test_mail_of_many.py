"""Messages about many bookings at once: a series, a bulk change, a batch that says little new."""

from datetime import timedelta

import pytest
from django.db.models import F, Value
from django.utils import timezone

from bookings import notifications
from bookings.models import Booking, Series
from project.audit.recorder import recorded
from project.notifications import outbox
from project.notifications.models import OutgoingMail
from tests.bookings.conftest import only
from tests.bookings.mailbox import calendar_of, cancel, sent, texts_of
from tests.factories import make_booking, make_customer, make_round_trip

pytestmark = pytest.mark.django_db


def make_series(count, **fields):
    origin = make_booking(**fields)
    series = Series.objects.create(
        origin=origin, rule="FREQ=DAILY", starts_at=origin.pickup_at, zone="Africa/Dakar"
    )
    return [
        make_booking(series=series, original_start=at, pickup_at=at, **fields)
        for at in (origin.pickup_at + timedelta(days=day) for day in range(count))
    ]


def change(selection, by, **values):
    """A bulk change, as a service makes one."""
    with recorded("bookings.edit", selection, by=by, sentence="Changed") as batch:
        batch.update(**values)
        return notifications.tell(batch.batch, notifications.CHANGED)


def test_a_series_is_one_message_with_all_its_entries(bureau, hotel):
    rides = make_series(9, customer=hotel)
    cancel(only(*rides[2:]), bureau)
    (message,) = sent()
    assert "Your 7 rides are cancelled" in texts_of(message)[0]
    entries = {str(entry["UID"]).partition("@")[0] for entry in calendar_of(message).events}
    assert entries == {ride.reference for ride in rides[2:]}
    for text in texts_of(message):
        assert all(ride.reference in text for ride in rides[2:])
        assert rides[0].reference not in text


def test_each_customer_gets_a_message_of_their_own(bureau, hotel):
    other = make_customer(email="awa@example.org", language="en")
    rides = make_series(3, customer=hotel) + make_series(2, customer=other)
    pairs = [*make_round_trip(customer=hotel), *make_round_trip(customer=other)]
    alone = [make_booking(customer=hotel), make_booking(customer=hotel)]
    cancel(only(*rides, *pairs, *alone), bureau)
    messages = sent()
    told = sorted(
        (message["To"].addresses[0].addr_spec, len(calendar_of(message).events))
        for message in messages
    )
    assert told == [
        ("awa@example.org", 2),
        ("awa@example.org", 2),
        ("hotel@example.org", 1),
        ("hotel@example.org", 1),
        ("hotel@example.org", 2),
        ("hotel@example.org", 3),
    ]


def test_of_a_bulk_change_those_hear_to_whom_it_is_news(bureau, hotel):
    there = make_booking(customer=hotel, pickup_address="Port de Dakar", price=1000)
    elsewhere = make_booking(customer=hotel, pickup_address="Gare de Dakar", price=1000)
    both = only(there, elsewhere)
    assert change(both, bureau, pickup_address="Port de Dakar") == 1
    assert OutgoingMail.objects.get().object_id == elsewhere.pk
    assert change(both, bureau, office_notes="VIP", payout=5) == 0
    assert change(both, bureau, pickup_at=F("pickup_at")) == 0
    assert change(both, bureau, price=F("price")) == 0
    assert change(both, bureau, stops=Value(["Colobane"], Booking.stops.field)) == 2
    moved = timezone.now() + timedelta(days=3)
    assert change(both, bureau, pickup_at=moved, ends_at=moved + timedelta(hours=1)) == 2


def test_what_shows_no_change_to_the_customer_is_dropped(bureau, hotel):
    booking = make_booking(customer=hotel)
    with recorded("bookings.edit", only(booking), by=bureau, sentence="Changed") as batch:
        batch.update(office_notes="VIP")
        outbox.post(batch.batch, notifications.CHANGED, batch.touched(), notifications.TO_CUSTOMER)
    assert sent() == []
    mail = OutgoingMail.objects.get()
    assert (mail.state, mail.trouble) == (mail.State.DROPPED, mail.Trouble.NOTHING_NEW)
