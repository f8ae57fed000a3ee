"""What customers' calendars make of the messages: an entry for each ride, through its life."""

import pytest

from bookings import changes, services
from bookings.changes import To
from bookings.models import Booking
from bookings.states import Status
from project.actions.undo import undo
from tests.bookings.conftest import only
from tests.bookings.mailbox import (
    calendars_of,
    cancel,
    entries_of,
    entry_of,
    method_of,
    sent,
    texts_of,
)
from tests.factories import make_booking, make_driver, make_round_trip

pytestmark = pytest.mark.django_db


def test_a_calendar_follows_the_ride_through_its_life(bureau, hotel):
    booking = Booking(
        customer=hotel,
        passenger_name="Awa",
        pickup_address="Gare",
        dropoff_address="Port",
        pickup_at=make_booking().pickup_at,
    )
    services.create(booking, by=bureau, tell=True)
    booking.pickup_address = "Port de Dakar"
    services.edit(booking, by=bureau, tell=True)
    services.set_status(only(booking), by=bureau, status=Status.CONFIRMED, tell=True)
    cancel(only(booking), bureau)
    services.restore(only(booking), by=bureau, tell=True)
    messages = sent()
    entries = [entry_of(message) for message in messages]
    assert len({entry["UID"] for entry in entries}) == 1
    assert entries[0]["UID"].startswith(f"{booking.reference}@")
    sequence = [entry["SEQUENCE"] for entry in entries]
    assert sequence == sorted(set(sequence))
    methods = [method_of(message) for message in messages]
    assert methods == ["REQUEST", "REQUEST", "REQUEST", "CANCEL", "REQUEST"]
    states = [entry["STATUS"] for entry in entries]
    assert states == ["TENTATIVE", "TENTATIVE", "CONFIRMED", "CANCELLED", "CONFIRMED"]
    for entry in entries:
        assert entry.start == booking.pickup_at.replace(microsecond=0)
        assert entry.end == booking.ends_at.replace(microsecond=0)
    assert entries[1]["LOCATION"] == "Port de Dakar"
    assert entries[0]["ATTENDEE"] == "mailto:hotel@example.org"


def test_each_ride_is_a_file_of_its_own_that_says_what_to_do_with_it(bureau, hotel):
    out, back = make_round_trip(customer=hotel)
    cancel(only(back), bureau, tell=False)
    trip = Booking.objects.filter(pk__in=[out.pk, back.pk])
    changes.change(trip, by=bureau, values={"passenger_name": To("Awa Diop")}, tell=True)
    (message,) = sent()
    told = [
        (str(calendar.events[0]["UID"]).partition("@")[0], calendar["METHOD"])
        for calendar in calendars_of(message)
    ]
    assert told == [(out.reference, "REQUEST"), (back.reference, "CANCEL")]
    assert all("The attached files" in text for text in texts_of(message))


# ------------------------------------------------------------------------------------ confirmation
def test_who_is_asked_to_hears_that_the_ride_is_confirmed(bureau, hotel):
    out, back = make_round_trip(customer=hotel)
    trip = Booking.objects.filter(pk__in=[out.pk, back.pk])
    services.set_status(trip, by=bureau, status=Status.CONFIRMED, tell=True)
    (message,) = sent()
    assert message["Subject"].startswith("Confirmed: your 2 rides")
    assert all("Your 2 rides are confirmed" in text for text in texts_of(message))
    assert [entry["STATUS"] for entry in entries_of(message)] == ["CONFIRMED"] * 2


def test_nobody_is_told_of_the_other_steps(bureau, hotel):
    booking = make_booking(customer=hotel, status=Status.CONFIRMED, driver=make_driver())
    for status in (Status.IN_PROGRESS, Status.COMPLETED):
        services.set_status(only(booking), by=bureau, status=status, tell=True)
    assert sent() == []


def test_undoing_a_confirmation_tells_who_heard_of_it(bureau, hotel):
    booking = make_booking(customer=hotel)
    confirmed = services.set_status(only(booking), by=bureau, status=Status.CONFIRMED, tell=True)
    (heard,) = sent()
    undone = undo(confirmed.batch, by=bureau)
    (message,) = sent()
    assert message["Subject"].startswith("Still to be confirmed: your ride")
    entry = entry_of(message)
    assert (entry["UID"], entry["STATUS"]) == (entry_of(heard)["UID"], "TENTATIVE")
    assert entry["SEQUENCE"] > entry_of(heard)["SEQUENCE"]
    undo(undone.batch, by=bureau)
    (again,) = sent()
    assert again["Subject"] == heard["Subject"]
    assert entry_of(again)["STATUS"] == "CONFIRMED"


def test_a_confirmation_that_was_undone_before_it_left_never_leaves(bureau, hotel):
    booking = make_booking(customer=hotel)
    confirmed = services.set_status(only(booking), by=bureau, status=Status.CONFIRMED, tell=True)
    undo(confirmed.batch, by=bureau)
    assert sent() == []
