"""What the page of a series says: at which time its rides are, which of them differ, and where
those went that are no longer in it."""

import re
from datetime import UTC, datetime, time, timedelta

import pytest
from django.urls import reverse

from bookings import series_schedule, series_services, services
from bookings.models import Booking, Series
from bookings.recurrence import Rule
from project.actions.undo import undo
from tests.asking import HTMX
from tests.bookings.conftest import change_series, only
from tests.bookings.posting import text_of
from tests.factories import make_booking, make_driver, make_round_trip

pytestmark = pytest.mark.django_db
MONDAY = datetime(2027, 1, 4, 8, 30, tzinfo=UTC)


@pytest.fixture
def series(bureau):
    """Ten Mondays."""
    ride = make_booking(by=bureau, pickup_at=MONDAY)
    series_services.repeat(ride, by=bureau, rule=Rule("WEEKLY", weekdays=(0,), count=10))
    return Series.objects.get()


def rides_of(series):
    return list(series.occurrences.select_related("series").order_by("original_start", "leg"))


def rows_of(desk, series):
    return desk.get(series.get_absolute_url()).context["rows"].object_list


def planned_in(desk, series):
    """{place: the time for which it was planned} of the rides that are elsewhere."""
    rows = rows_of(desk, series)
    return {n: f"{row.planned:%d %H:%M}" for n, row in enumerate(rows) if row.planned}


def times_in(desk, series):
    times = desk.get(series.get_absolute_url()).context["times"]
    return [(f"{each.at:%H:%M}", f"{each.since:%d/%m}") for each in times]


def test_what_moved_with_its_series_is_where_it_is_planned(desk, bureau, series):
    rides = rides_of(series)
    assert (planned_in(desk, series), times_in(desk, series)) == ({}, [("08:30", "04/01")])
    batch = change_series(only(*rides), by=bureau, time=time(10, 0)).batch
    assert (planned_in(desk, series), times_in(desk, series)) == ({}, [("10:00", "04/01")])
    text = text_of(desk.get(series.get_absolute_url()))
    assert "<dd>10:00 (" in text
    assert "planned" not in text
    undo(batch, by=bureau)
    assert (planned_in(desk, series), times_in(desk, series)) == ({}, [("08:30", "04/01")])


def test_what_moved_by_itself_was_planned_where_the_others_are(desk, bureau, series):
    rides = rides_of(series)
    change_series(only(rides[1]), by=bureau, time=time(6, 0))
    change_series(only(*rides), by=bureau, time=time(10, 0))
    rides[2].refresh_from_db()
    rides[2].pickup_at += timedelta(days=1)
    services.edit(rides[2], by=bureau)
    rides[3].refresh_from_db()
    rides[3].passenger_name = "Awa Ndiaye"  # by hand, and where the others are
    services.edit(rides[3], by=bureau)
    assert planned_in(desk, series) == {1: "11 08:30", 2: "18 10:00"}
    assert [row.by_hand for row in rows_of(desk, series)[:5]] == [False, True, True, True, False]


def test_the_time_of_a_series_is_told_from_each_day_on_that_it_changed(desk, bureau, series):
    rides = rides_of(series)
    change_series(only(rides[4]).following(), by=bureau, time=time(10, 0))
    assert times_in(desk, series) == [("08:30", "04/01"), ("10:00", "01/02")]
    assert "08:30, 10:00 from 1 February 2027" in text_of(desk.get(series.get_absolute_url()))
    for place, hour in ((6, 11), (8, 12)):
        change_series(only(rides[place]).following(), by=bureau, time=time(hour, 0))
    assert times_in(desk, series) == []
    assert "At different times" in text_of(desk.get(series.get_absolute_url()))


def test_a_ride_that_was_moved_by_hand_tells_no_time_of_the_series(desk, bureau, series):
    rides = rides_of(series)
    services.assign(only(rides[5]), by=bureau, driver=make_driver())
    rides[3].pickup_at += timedelta(hours=2)
    services.edit(rides[3], by=bureau)
    change_series(only(*rides), by=bureau, time=time(9, 30))  # all but the one that was moved
    assert times_in(desk, series) == [("09:30", "04/01")]
    assert list(planned_in(desk, series)) == [3]


def test_one_that_was_passed_by_for_its_price_tells_no_time_either(desk, bureau, series):
    rides = rides_of(series)
    rides[6].price = 1
    services.edit(rides[6], by=bureau)
    change_series(only(rides[4]).following(), by=bureau, time=time(10, 0))  # but the seventh
    assert times_in(desk, series) == [("08:30", "04/01"), ("10:00", "01/02")]


def test_the_series_that_continues_one_tells_the_time_of_its_own_rides(desk, bureau, series):
    rides = rides_of(series)
    change_series(only(*rides), by=bureau, time=time(12, 0))
    ride = Booking.objects.select_related("series").get(pk=rides[4].pk)
    rule = Rule("WEEKLY", 2, weekdays=(0,), count=10)  # some stay, some are made
    series_schedule.reschedule(ride, by=bureau, rule=rule)
    for each in Series.objects.all():
        assert planned_in(desk, each) == {}
        assert [at for at, _since in times_in(desk, each)] == ["12:00"]


def test_a_return_is_planned_by_itself(desk, bureau):
    out, back = make_round_trip(by=bureau, pickup_at=MONDAY)
    series_services.repeat(out, by=bureau, rule=Rule("DAILY", count=3))
    series = Series.objects.get()
    assert planned_in(desk, series) == {}
    rides = series.occurrences.filter(leg="return")
    change_series(only(*rides), by=bureau, time=time(15, 0))
    change_series(only(back), by=bureau, time=time(16, 0))
    assert planned_in(desk, series) == {1: "04 15:00"}
    assert times_in(desk, series) == [("08:30", "04/01")]


# -------------------------------------------------------------------------- what is in it no more
def link_in(text, words):
    """The query of the link to the list that stands after these words."""
    place = text.index('href="/bookings/?', text.index(words))
    return text[place:].split('"')[1].partition("?")[2].replace("&amp;", "&")


def test_what_another_rule_cancelled_is_counted_and_leads_to_the_list(desk, bureau, series):
    rides = rides_of(series)
    rule = Rule("WEEKLY", 2, weekdays=(0,), count=3)  # of 6 weeks it has 3
    batch = series_schedule.reschedule(rides[4], by=bureau, rule=rule).batch
    new = Series.objects.latest("pk")
    page = desk.get(series.get_absolute_url())
    assert page.context["cancelled"] == 3
    listed = desk.get(reverse("bookings:list") + "?" + link_in(text_of(page), "a change of the"))
    found = re.findall(r'data-href="/bookings/([^/]+)/"', text_of(listed))
    assert found == [ride.reference for ride in rides[5::2]]
    words = "every week on Monday, until 31 Jan 2027"
    assert f"Cancelled by a change of the rule: {words}" in text_of(listed)
    assert desk.get(new.get_absolute_url()).context["cancelled"] == 0
    undo(batch, by=bureau)
    assert desk.get(series.get_absolute_url()).context["cancelled"] == 0


def test_each_series_counts_what_it_lost_to_the_rule_of_one_before_it(desk, bureau, series):
    rides = rides_of(series)
    series_schedule.reschedule(rides[4], by=bureau, rule=Rule("WEEKLY", weekdays=(0,), count=6))
    new = Series.objects.latest("pk")
    first = Booking.objects.select_related("series").get(pk=rides[0].pk)
    series_schedule.reschedule(first, by=bureau, rule=Rule("WEEKLY", 3, weekdays=(0,), count=4))
    lost = [desk.get(each.get_absolute_url()).context["cancelled"] for each in (series, new)]
    assert lost == [2, 4]


@pytest.mark.parametrize("value", ["none", "99999", "0"])
def test_a_series_that_is_none_breaks_no_list(desk, value):
    assert desk.get(reverse("bookings:list"), {"left_series": value}).status_code == 200


def test_a_series_that_an_undo_withdrew_says_so_and_leads_to_the_one_that_goes_on(
    desk, bureau, series
):
    rule = Rule("WEEKLY", 2, weekdays=(0,), count=10)
    batch = series_schedule.reschedule(rides_of(series)[4], by=bureau, rule=rule).batch
    new = Series.objects.latest("pk")
    assert desk.get(new.get_absolute_url()).context["emptied"] is None
    undo(batch, by=bureau)
    page = desk.get(new.get_absolute_url())
    assert page.context["emptied"].goes_on_in == [series]
    assert page.context["editing"] == []  # that would be the other's rule
    text = text_of(page)
    assert "What began this series was undone by awa on " in text
    notice = text[text.index('id="emptied"') :].partition("</div>")[0]
    assert f'<a href="{series.get_absolute_url()}">every week on Monday, 10 times</a>' in notice
    assert "<td" not in text
    assert desk.get(series.get_absolute_url()).context["emptied"] is None


def test_a_series_whose_making_was_undone_says_so(desk, bureau, series):
    undo(series.made_in, by=bureau)
    page = desk.get(series.get_absolute_url())
    assert "What began this series was undone by awa on " in text_of(page)
    assert page.context["emptied"].goes_on_in == []
    assert page.context["first"] == series.origin


def test_a_series_that_another_rule_emptied_leads_to_where_its_rides_are(desk, bureau, series):
    rides = rides_of(series)
    series_schedule.reschedule(rides[4], by=bureau, rule=Rule("WEEKLY", weekdays=(0,), count=6))
    middle = Series.objects.latest("pk")
    first = Booking.objects.select_related("series").get(pk=rides[2].pk)
    series_schedule.reschedule(first, by=bureau, rule=Rule("WEEKLY", weekdays=(0,), count=8))
    last = Series.objects.latest("pk")
    page = desk.get(middle.get_absolute_url())
    assert page.context["emptied"].goes_on_in == [last]
    assert "Another rule took the place of this one" in text_of(page)


def test_a_day_in_a_line_is_written_as_the_language_does(desk, bureau, series):
    ride = make_booking(by=bureau, pickup_at=MONDAY)
    for language, day in (("en", "Monday 11 January"), ("fr", "lundi 11 janvier")):
        bureau.language = language
        bureau.save()
        for url in ("bookings:repeat", "bookings:reschedule"):
            recurs = ride if url == "bookings:repeat" else rides_of(series)[0]
            page = desk.get(reverse(url, args=[recurs.reference]))
            assert f'<span class="on">{day}</span>' in text_of(page)
        shorter = {"scope": "series", "frequency": "DAILY", "interval": 1, "ends": "count"}
        page = desk.post(page.request["PATH_INFO"], shorter | {"count": 2}, headers=HTMX)
        assert f"<li>{day} 2027 <a" in text_of(page)
