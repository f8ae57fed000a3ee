"""What a longer rule makes: rides as the series has them by then, whichever it was asked of."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from bookings import changes, round_trips, series_schedule, series_services, services
from bookings.changes import To
from bookings.models import Booking, RoundTrip
from bookings.recurrence import Rule
from bookings.states import Leg
from tests.asking import HTMX
from tests.bookings.conftest import change_series, only
from tests.bookings.posting import text_of
from tests.factories import make_booking, make_customer, make_driver, make_round_trip

pytestmark = pytest.mark.django_db
MONDAY = datetime(2027, 1, 4, 8, 30, tzinfo=UTC)
MADE = {"logs__action_code": "bookings.rescheduled"}


def daily(count, interval=1):
    return Rule("DAILY", interval, count=count)


def a_series(by, count=6, *, rule=None, **fields):
    ride = make_booking(by=by, pickup_at=MONDAY, price=9_000, **fields)
    series_services.repeat(ride, by=by, rule=rule or daily(count))
    return rides_of(ride)


def rides_of(ride):
    series = Booking.objects.get(pk=ride.pk).series
    rides = Booking.objects.select_related("series").filter(series=series)
    return list(rides.order_by("original_start", "leg"))


def longer(ride, by, rule, **options):
    """What a rule makes that was asked of a ride, in the order of the days."""
    ride = Booking.objects.select_related("series").get(pk=ride.pk)
    outcome = series_schedule.reschedule(ride, by=by, rule=rule, **options)
    made = Booking.objects.filter(**MADE, logs__batch=outcome.batch)
    return list(made.order_by("original_start", "leg"))


def by_hand(ride, by, **values):
    batch = changes.change(
        only(ride), by=by, values={name: To(value) for name, value in values.items()}
    ).batch
    assert batch.changed == 1


def shown(rides):
    return [(f"{timezone.localtime(ride.pickup_at):%d %H:%M}", ride.price) for ride in rides]


def test_new_rides_are_as_the_last_change_of_the_following_left_them(bureau):
    rides = a_series(bureau)
    change_series(only(rides[3]).following(), by=bureau, time=time(10, 0), price=Decimal(14_000))
    made = longer(rides[0], bureau, daily(8), whole=True)  # asked of the first, as its page does
    assert shown(made) == [("10 10:00", 14_000), ("11 10:00", 14_000)]


def test_a_day_in_between_is_as_the_one_before_it(bureau):
    rides = a_series(bureau, rule=daily(4, interval=2))  # 4, 6, 8, 10
    change_series(only(rides[2]).following(), by=bureau, time=time(10, 0), price=Decimal(14_000))
    made = longer(rides[0], bureau, daily(7), whole=True)
    assert shown(made) == [("05 08:30", 9_000), ("07 08:30", 9_000), ("09 10:00", 14_000)]


@pytest.mark.parametrize("asked_of", [0, 5])
def test_what_was_changed_by_hand_is_copied_to_no_other_day(bureau, asked_of):
    rides = a_series(bureau)
    for ride in (rides[0], rides[5]):
        by_hand(
            ride,
            bureau,
            customer=make_customer(),
            passenger_name="Guest once",
            price=Decimal(999),
            clock=time(17, 0),
        )
    made = longer(rides[asked_of], bureau, daily(8 - asked_of), whole=not asked_of)
    assert shown(made) == [("10 08:30", 9_000), ("11 08:30", 9_000)]
    same = {(ride.passenger_name, ride.customer) for ride in made}
    assert same == {(rides[1].passenger_name, rides[1].customer)}


def test_where_each_was_changed_by_hand_it_is_as_the_one_that_it_was_asked_of(bureau):
    rides = a_series(bureau, 2)
    for ride, price in zip(rides, (100, 200), strict=True):
        by_hand(ride, bureau, price=Decimal(price))
    made = longer(rides[1], bureau, daily(2))
    assert shown(made) == [("06 08:30", 200)]


def test_a_series_of_round_trips_goes_on_by_trips_though_its_first_was_untied(bureau):
    out, _back = make_round_trip(pickup_at=MONDAY)
    series_services.repeat(out, by=bureau, rule=daily(3))
    first = rides_of(out)[0]
    round_trips.unpair(Booking.objects.filter(round_trip=first.round_trip_id), by=bureau)
    made = longer(first, bureau, daily(4), whole=True)
    assert [ride.leg for ride in made] == [Leg.OUTBOUND, Leg.RETURN]
    assert RoundTrip.objects.filter(segments__in=made).distinct().count() == 1


def test_trips_of_several_patterns_are_tied_each_by_itself(bureau):
    out, _back = make_round_trip(pickup_at=MONDAY)
    series_services.repeat(out, by=bureau, rule=daily(3, interval=2))
    rides = rides_of(out)
    change_series(
        Booking.objects.filter(pk__in=[ride.pk for ride in rides[4:]]), by=bureau, price=Decimal(7)
    )
    made = longer(rides[0], bureau, daily(6), whole=True)  # 5 and 7, then 9
    assert [ride.price == 7 for ride in made] == [False] * 4 + [True] * 2
    trips = [ride.round_trip_id for ride in made]
    assert trips[0::2] == trips[1::2] and len({*trips}) == 3


def test_the_hour_that_the_clocks_skipped_is_not_kept(bureau, settings):
    settings.TIME_ZONE = "Europe/Paris"
    paris = ZoneInfo("Europe/Paris")
    ride = make_booking(by=bureau, pickup_at=datetime(2027, 3, 26, 2, 30, tzinfo=paris))
    series_services.repeat(ride, by=bureau, rule=daily(3))  # the 28th has no 02:30
    rides = rides_of(ride)
    assert [f"{each.pickup_at.astimezone(paris):%H:%M}" for each in rides][-1] == "03:30"
    made = longer(rides[2], bureau, daily(3))
    at = [f"{each.pickup_at.astimezone(paris):%d %H:%M}" for each in made]
    assert at == ["29 02:30", "30 02:30"]


def test_those_who_drive_go_on_with_what_is_copied(bureau):
    one, other = make_driver(), make_driver()
    rides = a_series(bureau, driver=one)  # the copies are left to assign
    assert [ride.driver for ride in longer(rides[0], bureau, daily(7), same_driver=True)] == [one]
    services.assign(only(*rides_of(rides[0])), by=bureau, driver=other)
    made = longer(rides[0], bureau, daily(8), same_driver=True, whole=True)
    assert [ride.driver for ride in made] == [other]


def test_the_page_tells_what_is_copied(desk, bureau):
    rides = a_series(bureau)
    change_series(only(rides[3]).following(), by=bureau, time=time(10, 0), price=Decimal(14_000))
    last = Booking.objects.get(pk=rides[5].pk)
    url = reverse("bookings:reschedule", args=[rides[0].reference])
    asked = {"scope": "series", "frequency": "DAILY", "interval": "1", "month": "date"}
    asked |= {"ends": "count", "count": "8", "preview": "1"}
    text = text_of(desk.post(url, asked, headers=HTMX))
    copied = text.partition("New rides are copies of")[2].partition("</ul>")[0]
    assert "Saturday 9 January 2027, 10:00" in copied
    assert last.reference in copied and "14,000" in copied
    assert rides[0].reference not in copied
    nothing_new = text_of(desk.post(url, asked | {"count": "5"}, headers=HTMX))
    assert "New rides are copies of" not in nothing_new


def test_a_return_on_a_holiday_is_told(desk, bureau, settings):
    settings.HOLIDAYS_COUNTRY = "FR"
    out, back = make_round_trip(pickup_at=datetime(2026, 12, 22, 9, 0, tzinfo=UTC))
    by_hand(back, bureau, day=date(2026, 12, 25))
    url = reverse("bookings:repeat", args=[out.reference])
    asked = {"frequency": "WEEKLY", "interval": "1", "weekdays": ["1"], "month": "date"}
    asked |= {"ends": "count", "count": "3", "both": "on"}
    text = text_of(desk.post(url, asked, headers=HTMX))
    assert "New Year&#x27;s Day" in text or "New Year's Day" in text  # of Tuesday 29 December
    assert "1 is on a holiday." in text
    assert "Christmas Day" not in text  # that is of the trip itself
