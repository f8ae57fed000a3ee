"""Messages about many bookings at once: a series, a bulk change, a batch that says little new."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import F, Value
from django.utils import timezone

from bookings import changes, notifications, services
from bookings.changes import To
from bookings.models import Booking, Series
from bookings.states import Status
from project.audit.recorder import recorded
from project.notifications import outbox
from project.notifications.models import OutgoingMail
from tests.bookings.conftest import only
from tests.bookings.mailbox import cancel, entries_of, sent, texts_of
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
    entries = {str(entry["UID"]).partition("@")[0] for entry in entries_of(message)}
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
        (message["To"].addresses[0].addr_spec, len(entries_of(message))) for message in messages
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


def test_what_changed_in_many_rides_is_told_once_where_it_is_the_same(bureau, hotel):
    rides = make_series(8, customer=hotel, price=Decimal(9000))
    values = {"price": To(Decimal(12_000)), "stops": To(["Thiès"])}
    changes.change(only(*rides), by=bureau, values=values, tell=True)
    (message,) = sent()
    for text in texts_of(message):
        text = text.replace("\u00a0", " ")
        assert text.count("CFA 9,000") == text.count("CFA 12,000") == text.count("Thiès") == 1
        assert text.index("CFA 9,000") < text.index("CFA 12,000") < text.index(rides[0].reference)
        assert all(ride.reference in text for ride in rides)


def test_what_changed_in_each_of_many_rides_is_told_with_it(bureau, hotel):
    rides = make_series(8, customer=hotel)
    for number, ride in enumerate(rides):
        ride.passenger_phone = f"77 000 00 0{number}"
        ride.save()
    values = {"passenger_phone": To("78 111 11 11"), "price": To(Decimal(12_000))}
    changes.change(only(*rides), by=bureau, values=values, tell=True)
    (message,) = sent()
    for text in texts_of(message):
        assert text.replace("\u00a0", " ").count("CFA 12,000") == 1
        for number, ride in enumerate(rides):
            assert text.index(ride.reference) < text.index(f"77 000 00 0{number}")


def test_a_cancellation_tells_what_it_costs_in_all_and_no_price(bureau, hotel):
    out, back = make_round_trip(customer=hotel, price=Decimal(35_000))
    cancel(only(out, back), bureau, billable=True, fee=Decimal(10_001))
    (message,) = sent()
    for text in texts_of(message):
        assert re.search(r"Cancelling costs F.CFA.10,001\.", text)
        assert "5,001" in text and "5,000" in text
        assert "35,000" not in text and "Price" not in text
    cancel(only(make_booking(customer=hotel, price=Decimal(35_000))), bureau)
    (message,) = sent()
    assert not any("35,000" in text or "costs" in text for text in texts_of(message))


def test_what_was_entered_after_the_ride_is_no_news(bureau, hotel):
    today = timezone.localdate()
    for day, heard in ((today - timedelta(days=3), 0), (today + timedelta(days=3), 1)):
        ride = make_booking(customer=hotel)
        services.duplicate(only(ride), by=bureau, date=day, tell=True)
        assert len(sent()) == heard
        copy = Booking.objects.latest("pk")
        services.set_status(only(copy), by=bureau, status=Status.CONFIRMED, tell=True)
        assert len(sent()) == heard
        cancel(only(copy), bureau)
        assert len(sent()) == 1  # that it costs nothing, or something, is
