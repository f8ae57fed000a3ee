"""Which rides a message tells of: settled when it is posted, and each in one message."""

import re
from datetime import UTC, datetime, time
from decimal import Decimal
from importlib import import_module

import pytest
from django.apps import apps
from django.db.models.functions import JSONArray

from bookings import changes, series_changes, series_schedule, series_services
from bookings.changes import To
from bookings.models import Booking
from bookings.recurrence import Rule
from project.actions.undo import undo
from project.notifications.models import OutgoingMail
from tests.bookings.conftest import only
from tests.bookings.mailbox import cancel, entries_of, sent, texts_of
from tests.bookings.posting import text_of
from tests.factories import make_booking, make_customer, make_round_trip

pytestmark = pytest.mark.django_db
MONDAY = datetime(2027, 1, 4, 8, 30, tzinfo=UTC)


@pytest.fixture
def rides(bureau, hotel):
    """Five days in a row."""
    ride = make_booking(pickup_at=MONDAY, customer=hotel)
    series_services.repeat(ride, by=bureau, rule=Rule("DAILY", count=5))
    return list(Booking.objects.order_by("pickup_at"))


def at_seven(rides, by):
    """All of their series at another time, which is told."""
    values = {"clock": To(time(7))}
    selection = only(*rides).whole_series()
    return series_changes.change_series(selection, by=by, values=values, tell=True).batch


def told():
    """{message: the rides that it tells of}"""
    return {mail.pk: sorted(mail.records) for mail in OutgoingMail.objects.all()}


def references_in(message):
    return sorted(str(entry["UID"]).partition("@")[0] for entry in entries_of(message))


def references_of(rides):
    return sorted(ride.reference for ride in rides)


# ----------------------------------------------------------------- whatever they are tied to by now
def test_what_left_the_series_before_the_message_did_is_told_all_the_same(bureau, rides):
    batch = at_seven(rides, bureau)
    rule = Rule("DAILY", 2, count=3)
    series_schedule.reschedule(rides[2], by=bureau, rule=rule, tell=True)
    moved = sent()[0]
    assert references_in(moved) == references_of(rides)
    assert OutgoingMail.objects.get(batch=batch).subject == moved["Subject"]


def test_the_page_of_a_message_shows_what_left_whatever_came_after(desk, bureau, rides):
    batch = at_seven(rides, bureau)
    sent()
    page = OutgoingMail.objects.get(batch=batch).get_absolute_url()
    left = desk.get(page).context["letter"].text
    assert all(ride.reference in left for ride in rides)
    series_schedule.reschedule(rides[2], by=bureau, rule=Rule("DAILY", 2, count=3))
    assert desk.get(page).context["letter"].text == left


def test_the_page_of_each_ride_keeps_the_message_that_told_of_it(desk, bureau, rides):
    at_seven(rides, bureau)
    series_schedule.reschedule(rides[2], by=bureau, rule=Rule("DAILY", 2, count=3))
    for ride in rides:
        assert "E-mail waiting to be sent" in text_of(desk.get(ride.get_absolute_url()))


def test_of_an_undo_hears_who_heard_of_a_ride_that_left_the_series_since(bureau, rides):
    batch = cancel(only(*rides), bureau).batch
    sent()
    earliest = Booking.objects.get(pk=rides[0].pk)
    earliest.series, earliest.original_start = None, None
    earliest.save()
    undo(batch, by=bureau)
    (back,) = sent()
    assert references_in(back) == references_of(rides[1:])


def test_messages_of_before_it_was_kept_tell_what_they_told(bureau, hotel, rides):
    at_seven(rides, bureau)
    series_schedule.reschedule(rides[2], by=bureau, rule=Rule("DAILY", 2, count=3), tell=True)
    pair = make_round_trip(customer=hotel)
    cancel(only(*pair, *rides[:2], make_booking(customer=hotel)), bureau)
    values = {"customer": To(make_customer(email="awa@example.org"))}
    changes.change(only(*make_round_trip(customer=hotel)), by=bureau, values=values, tell=True)
    kept = told()
    assert sorted(map(len, kept.values())) == [1, 1, 1, 2, 2, 2, 2, 5]
    OutgoingMail.objects.update(records=JSONArray("object_id"))
    import_module("bookings.migrations.0005_mails_records").tell_which_rides(apps, None)
    assert told() == kept


# ------------------------------------------------------------------------------ each in one message
def test_a_ride_of_a_series_is_told_with_its_return_and_not_twice(bureau, hotel):
    out, back = make_round_trip(customer=hotel, pickup_at=MONDAY, price=Decimal(10_000))
    series_services.repeat(out, by=bureau, rule=Rule("DAILY", count=3), both=False)
    cancel(only(out, back), bureau, billable=True)
    (message,) = sent()
    assert references_in(message) == references_of([out, back])
    assert re.search(r"Cancelling costs F CFA 20,000\.", texts_of(message)[0])


def test_one_of_them_alone_is_told_alone(bureau, hotel):
    out, back = make_round_trip(customer=hotel, pickup_at=MONDAY)
    series_services.repeat(out, by=bureau, rule=Rule("DAILY", count=3), both=False)
    cancel(only(back), bureau)
    (message,) = sent()
    assert references_in(message) == [back.reference]


def test_the_return_of_another_customer_is_told_to_them(bureau, hotel):
    other = make_customer("Awa Diop", email="awa@example.org", language="en")
    out, back = make_round_trip(customer=hotel, pickup_at=MONDAY, inbound={"customer": other})
    series_services.repeat(out, by=bureau, rule=Rule("DAILY", count=3), both=False)
    cancel(only(out, back), bureau)
    told = {each["To"].addresses[0].addr_spec: references_in(each) for each in sent()}
    assert told == {
        "hotel@example.org": [out.reference],
        "awa@example.org": [back.reference],
    }
