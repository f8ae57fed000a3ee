"""What customers are told of another rule, and what the life of each ride says of it."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from bookings import changes, series_schedule, series_services
from bookings.changes import To
from bookings.models import Booking, Series
from bookings.recurrence import Rule
from bookings.series_queries import PUT_BACK
from project.actions.undo import undo
from project.notifications.models import OutgoingMail
from tests.bookings.conftest import only
from tests.bookings.mailbox import cancel, sent, texts_of
from tests.bookings.posting import text_of
from tests.factories import make_booking, make_customer

pytestmark = pytest.mark.django_db
MONDAY = datetime(2027, 1, 4, 8, 30, tzinfo=UTC)


@pytest.fixture
def rides(bureau, hotel):
    """Six days in a row, from the 4th to the 9th."""
    ride = make_booking(pickup_at=MONDAY, customer=hotel)
    series_services.repeat(ride, by=bureau, rule=Rule("DAILY", count=6))
    return rides_of(Series.objects.get())


def rides_of(series):
    return list(series.occurrences.select_related("series").order_by("original_start"))


def change_rule(rides, by):
    """From the 6th on every other day, five times: 7 and 9 go, 10, 12 and 14 come."""
    return series_schedule.reschedule(
        rides[2], by=by, rule=Rule("DAILY", 2, count=5), tell=True
    ).batch


def test_what_another_rule_calls_off_is_told_without_excuses(bureau, rides):
    change_rule(rides, bureau)
    off, new = sent()
    for text in texts_of(off):
        assert "Your 2 rides no longer take place" in text
        assert "The days of your recurring ride have changed; these are no longer" in text
        assert "sorry" not in text and "cancel" not in text
    assert off["Subject"].startswith("No longer take place: your 2 rides from 7 Jan")
    for text in texts_of(new):
        assert "Your 3 rides are booked" in text
        assert "The days of your recurring ride have changed; these are new." in text
    assert new["Subject"].startswith("Your 3 rides from 10 Jan")


def test_one_alone_is_told_in_the_singular(bureau, rides):
    rule = Rule("DAILY", count=5)
    series_schedule.reschedule(rides[0], by=bureau, rule=rule, whole=True, tell=True)
    (off,) = sent()
    assert "Your ride no longer takes place" in texts_of(off)[0]
    assert "have changed; this one is no longer among them." in texts_of(off)[0]
    assert off["Subject"].startswith("No longer takes place: your ride on 9 Jan")


def test_what_is_cancelled_by_itself_is_told_as_ever(bureau, rides):
    cancel(only(rides[1]), bureau, kind="operator")
    (letter,) = sent()
    assert "We are sorry: we had to cancel." in texts_of(letter)[0]


def test_the_page_of_another_rule_says_what_the_customer_is_told(desk, rides):
    text = text_of(desk.get(reverse("bookings:reschedule", args=[rides[0].reference])))
    assert "One message says which rides no longer take place, because the days have" in text


# --------------------------------------------------------------------------------- the life of each
def remarks_of(desk, ride):
    """{title: [its e-mails]} of a ride's entries that have any."""
    entries = desk.get(ride.get_absolute_url()).context["entries"]
    return {each.label: [mail["text"] for mail in each.remarks] for each in entries if each.remarks}


def test_a_ride_tells_of_the_messages_that_are_about_it(desk, bureau, rides):
    batch = change_rule(rides, bureau)
    waiting = ["E-mail waiting to be sent"]
    made = Booking.objects.filter(logs__action_code="bookings.rescheduled")
    assert [remarks_of(desk, ride) for ride in (rides[1], rides[2], rides[4])] == [{}, {}, {}]
    assert [remarks_of(desk, ride) for ride in (rides[3], rides[5])] == [
        {"Change the rule": waiting}
    ] * 2
    assert [remarks_of(desk, ride) for ride in made] == [{"Created from a series": waiting}] * 3
    sent()
    undo(batch, by=bureau)
    assert [{*remarks_of(desk, ride)} for ride in (rides[1], rides[2], rides[4])] == [set()] * 3
    for ride in (rides[3], rides[5]):
        assert {*remarks_of(desk, ride)} == {"Change of the rule undone", "Change the rule"}
    for ride in made:
        assert {*remarks_of(desk, ride)} == {"Discard", "Created from a series"}


def test_one_of_another_customer_tells_of_no_message_to_the_first(desk, bureau, rides):
    changes.change(only(rides[5]), by=bureau, values={"customer": To(make_customer())})
    rule = Rule("DAILY", count=3)
    series_schedule.reschedule(
        rides[0], by=bureau, rule=rule, whole=True, overwrite=True, tell=True
    )
    assert OutgoingMail.objects.count() == 1
    found = [bool(remarks_of(desk, ride)) for ride in rides]
    assert found == [False, False, False, True, True, False]


def test_the_undo_of_a_rule_is_called_so_on_what_it_put_back(desk, bureau, rides):
    with translation.override("en"):
        batch = undo(change_rule(rides, bureau), by=bureau).batch
    page = desk.get(rides[2].get_absolute_url())
    entry = page.context["entries"][0]
    assert (entry.batch, entry.label) == (batch.pk, "Change of the rule undone")
    assert entry.text == "Back in its former series"
    assert rides[2].logs.get(batch=batch).action_code == PUT_BACK
    gone = page.context["entries"][1]
    assert gone.label == "Goes on in another series"


def test_the_life_of_a_ride_takes_as_many_statements_however_long_its_series(desk, bureau, hotel):
    counts = []
    for count in (6, 60):
        ride = make_booking(pickup_at=MONDAY, customer=hotel)
        series_services.repeat(ride, by=bureau, rule=Rule("DAILY", count=count))
        rides = rides_of(Series.objects.latest("pk"))
        series_schedule.reschedule(
            rides[2], by=bureau, rule=Rule("DAILY", 2, count=count), tell=True
        )
        with CaptureQueriesContext(connection) as statements:
            desk.get(rides[3].get_absolute_url())
        counts.append(len(statements))
    assert counts[0] == counts[1]
