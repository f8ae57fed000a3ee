"""The database reads the clocks as Python does, on any day, in any zone, whatever they do there."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db.models import DateTimeField, Value
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings.models import Booking
from bookings.wall_time import AtTime, InStep, OnDate, at_time, in_step, on_date
from tests.factories import make_booking
from tests.sweeps import examples, slow

pytestmark = pytest.mark.django_db
# Half an hour more in summer; an hour less in Ramadan; no change at all; west of UTC; far east.
ZONES = [
    "Europe/Paris",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Africa/Dakar",
    "America/New_York",
    "Pacific/Auckland",
]


def changes_of(name, year=2027):
    """The days of that year on which the clocks of this zone change."""
    zone, hour = ZoneInfo(name), timedelta(hours=1)
    found, moment = [], datetime(year, 1, 1, tzinfo=UTC)
    while moment.year == year:
        if moment.astimezone(zone).utcoffset() != (moment + hour).astimezone(zone).utcoffset():
            found.append((moment + hour).astimezone(zone).date())
        moment += hour
    return found


@st.composite
def moves(draw):
    """(zone, moment, anchor, day, clock), near the changes of the clocks."""
    name = draw(st.sampled_from(ZONES))
    near = changes_of(name) or [date(2027, 5, 5)]
    day = draw(st.sampled_from(near)) + timedelta(days=draw(st.integers(-1, 1)))
    clock = draw(st.builds(time, st.integers(0, 4), st.sampled_from([0, 15, 30, 45])))
    moment = datetime.combine(
        draw(st.sampled_from([*near, date(2027, 6, 15), date(2027, 12, 20)])), clock, ZoneInfo(name)
    )
    apart = timedelta(days=draw(st.integers(-1, 2)), hours=draw(st.integers(-5, 5)))
    wanted = draw(st.builds(time, st.integers(0, 4), st.sampled_from([0, 15, 30, 45])))
    return name, moment.astimezone(UTC), moment.astimezone(UTC) + apart, day, wanted


@slow
@given(moves())
@settings(
    max_examples=examples(1_000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_the_database_moves_a_moment_as_python_does(move):
    name, moment, anchor, day, clock = move
    if not Booking.objects.exists():
        make_booking()
    zone = ZoneInfo(name)
    with override_settings(TIME_ZONE=name):
        moved = {
            "on_date": OnDate(kept(moment), day),
            "in_step": InStep(kept(moment), kept(anchor), day),
            "at_time": AtTime(kept(moment), clock),
        }
        assert Booking.objects.values(**moved).get() == {
            "on_date": on_date(moment, day, zone),
            "in_step": in_step(moment, anchor, day, zone),
            "at_time": at_time(moment, clock, zone),
        }


def kept(moment):
    return Value(moment, output_field=DateTimeField())


@pytest.mark.parametrize(
    ("zone", "clock", "moved"),
    [
        ("Europe/Paris", time(2, 30), "2027-10-31 00:30"),
        ("Europe/Paris", time(3, 30), "2027-10-31 02:30"),
        ("Australia/Lord_Howe", time(1, 45), "2027-04-03 14:45"),
    ],
)
def test_of_an_hour_that_comes_twice_it_is_the_first(zone, clock, moved):
    moved = datetime.fromisoformat(f"{moved}+00:00")
    day = moved.astimezone(ZoneInfo(zone)).date()
    noon = datetime.combine(day, time(12), ZoneInfo(zone))
    assert at_time(noon, clock, ZoneInfo(zone)) == moved
