"""Rules and their days: no database, no request."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from bookings.public_holidays import check_country, holidays_of
from bookings.recurrence import (
    LAST,
    MOST_OCCURRENCES,
    Rule,
    TooMany,
    ended_before,
    occurrences,
    places_of,
)
from bookings.wall_time import in_step

PARIS, DAKAR = ZoneInfo("Europe/Paris"), ZoneInfo("Africa/Dakar")
ZONES = st.sampled_from([PARIS, DAKAR, ZoneInfo("Africa/Casablanca"), ZoneInfo("America/New_York")])


def local(zone, *parts, fold=0):
    return datetime(*parts, tzinfo=zone, fold=fold)


def walls(moments, zone):
    return [f"{moment.astimezone(zone):%m-%d %H:%M}" for moment in moments]


# ------------------------------------------------------------------------------------- examples
@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [
        (Rule("DAILY", 2, count=3), (2026, 2, 27), ["02-27", "03-01", "03-03"]),
        (
            Rule("WEEKLY", weekdays=(0, 2), count=4),
            (2026, 11, 23),
            ["11-23", "11-25", "11-30", "12-02"],
        ),
        (
            Rule("WEEKLY", 2, weekdays=(0, 2), until=date(2026, 12, 9)),
            (2026, 11, 25),
            ["11-25", "12-07", "12-09"],
        ),
        (
            Rule("MONTHLY", month_day=31, count=4),
            (2026, 1, 31),
            ["01-31", "02-28", "03-31", "04-30"],
        ),
        (Rule("MONTHLY", month_day=30, count=3), (2026, 1, 30), ["01-30", "02-28", "03-30"]),
        (Rule("MONTHLY", month_day=29, count=3), (2028, 1, 29), ["01-29", "02-29", "03-29"]),
        (Rule("MONTHLY", month_day=28, count=3), (2026, 1, 28), ["01-28", "02-28", "03-28"]),
        (
            Rule("MONTHLY", weekdays=(1,), place=2, count=3),
            (2026, 1, 13),
            ["01-13", "02-10", "03-10"],
        ),
        (
            Rule("MONTHLY", 2, weekdays=(4,), place=LAST, count=3),
            (2026, 1, 30),
            ["01-30", "03-27", "05-29"],
        ),
    ],
)
def test_its_days(rule, start, expected):
    assert [f"{day:%m-%d}" for day in rule.days(date(*start))] == expected
    assert Rule.parse(str(rule)) == rule
    assert rule.has(date(*start))


def test_the_31st_is_counted_from_the_first_ride_all_year():
    days = Rule("MONTHLY", month_day=31, count=24).days(date(2027, 1, 31))
    assert all(day.day == monthrange(day.year, day.month)[1] for day in days)
    assert [(day.year, day.month) for day in days] == [
        (year, month) for year in (2027, 2028) for month in range(1, 13)
    ]


@pytest.mark.parametrize(
    ("zone", "start", "days", "expected"),
    [
        # Summer time begins on 29 March 2026: 08:30 is 07:30 UTC before, 06:30 after.
        (PARIS, (2026, 3, 28, 8, 30), 3, ["07:30", "06:30", "06:30"]),
        (PARIS, (2026, 10, 24, 8, 30), 3, ["06:30", "07:30", "07:30"]),
        # 02:30 does not exist on the 29th: the offset before the change, so 03:30 that day only.
        (PARIS, (2026, 3, 28, 2, 30), 3, ["01:30", "01:30", "00:30"]),
        # 02:30 comes twice on 25 October: its first coming.
        (PARIS, (2026, 10, 24, 2, 30), 3, ["00:30", "00:30", "01:30"]),
        (DAKAR, (2026, 3, 28, 8, 30), 3, ["08:30", "08:30", "08:30"]),
        (DAKAR, (2026, 10, 24, 2, 30), 3, ["02:30", "02:30", "02:30"]),
    ],
)
def test_its_time_of_day_is_kept_when_the_clocks_change(zone, start, days, expected):
    rule = Rule("DAILY", count=days)
    moments = occurrences(rule, local(zone, *start), zone)
    assert [f"{moment.astimezone(UTC):%H:%M}" for moment in moments] == expected


def test_a_return_after_midnight_stays_the_day_after():
    out, back = local(PARIS, 2026, 3, 27, 20, 0), local(PARIS, 2026, 3, 28, 2, 0)
    assert walls([in_step(back, out, date(2026, 10, 24), PARIS)], PARIS) == ["10-25 02:00"]


def test_excluded_days_are_left_out_and_do_not_lengthen_it():
    rule = Rule("DAILY", count=4)
    left = occurrences(rule, local(DAKAR, 2026, 1, 1, 9), DAKAR, {date(2026, 1, 2)})
    assert walls(left, DAKAR) == ["01-01 09:00", "01-03 09:00", "01-04 09:00"]


def test_more_than_a_thousand_are_refused_not_cut():
    assert len(Rule("DAILY", count=MOST_OCCURRENCES).days(date(2026, 1, 1))) == MOST_OCCURRENCES
    with pytest.raises(TooMany):
        Rule("DAILY", until=date(2029, 1, 1)).days(date(2026, 1, 1))


@pytest.mark.parametrize(
    "given",
    [
        {"frequency": "DAILY"},
        {"frequency": "DAILY", "count": 2, "until": date(2026, 1, 1)},
        {"frequency": "DAILY", "count": MOST_OCCURRENCES + 1},
        {"frequency": "DAILY", "count": 0},
        {"frequency": "DAILY", "count": 2, "interval": 0},
        {"frequency": "DAILY", "count": 2, "weekdays": (1,)},
        {"frequency": "WEEKLY", "count": 2},
        {"frequency": "WEEKLY", "count": 2, "weekdays": (7,)},
        {"frequency": "WEEKLY", "count": 2, "weekdays": (2, 1)},
        {"frequency": "WEEKLY", "count": 2, "weekdays": (1,), "place": 1},
        {"frequency": "MONTHLY", "count": 2},
        {"frequency": "MONTHLY", "count": 2, "month_day": 32},
        {"frequency": "MONTHLY", "count": 2, "month_day": 3, "place": 1},
        {"frequency": "MONTHLY", "count": 2, "weekdays": (1,), "place": 5},
        {"frequency": "YEARLY", "count": 2},
    ],
)
def test_a_rule_that_is_none(given):
    with pytest.raises(ValueError):
        Rule(**given)


@pytest.mark.parametrize(
    "text", ["", "FREQ=DAILY", "FREQ=YEARLY;COUNT=2", "FREQ=DAILY;COUNT=2;BYHOUR=3", "COUNT=x"]
)
def test_a_text_that_is_no_rule_of_ours(text):
    with pytest.raises(ValueError):
        Rule.parse(text)


def test_which_weekday_of_the_month_a_day_is():
    assert places_of(date(2026, 1, 13)) == [2]
    assert places_of(date(2026, 1, 30)) == [LAST]  # the fifth Friday: not every month has one
    assert places_of(date(2026, 2, 27)) == [4, LAST]


def test_a_rule_ends_before_a_day():
    rule = Rule("WEEKLY", weekdays=(0,), count=10)
    first, day = date(2026, 1, 5), date(2026, 2, 2)
    assert ended_before(rule, first, day).days(first) == rule.days(first)[:4]
    assert ended_before(rule, first, first) is None


def test_a_rule_in_words():
    with translation.override("en"):
        rule = Rule("WEEKLY", weekdays=(0, 2, 4), until=date(2026, 12, 31))
        assert rule.words == "every week on Monday, Wednesday and Friday, until 31 Dec 2026"
        assert Rule("DAILY", 3, count=1).words == "every 3 days, 1 time"
        assert Rule("MONTHLY", month_day=5, count=2).words == "every month on day 5, 2 times"
        last = Rule("MONTHLY", 2, weekdays=(4,), place=LAST, count=20)
        assert last.words == "every 2 months on the last Friday, 20 times"
    with translation.override("fr"):
        assert Rule("MONTHLY", month_day=1, count=2).day_of_month == "le 1er"
        assert Rule("MONTHLY", month_day=2, count=2).day_of_month == "le 2"


# ----------------------------------------------------------------------------------- properties
@st.composite
def rules(draw, starts=None):
    """(rule, its first day)."""
    first = draw(starts or st.dates(date(2024, 1, 1), date(2030, 12, 31)))
    end = draw(
        st.one_of(
            st.builds(lambda n: {"count": n}, st.integers(1, 60)),
            st.builds(lambda n: {"until": first + timedelta(days=n)}, st.integers(0, 400)),
        )
    )
    interval = draw(st.integers(1, 5))
    place = draw(st.sampled_from(places_of(first)))
    days = draw(st.sets(st.integers(0, 6))) | {first.weekday()}
    rule = draw(
        st.sampled_from(
            [
                Rule("DAILY", interval, **end),
                Rule("WEEKLY", interval, weekdays=tuple(sorted(days)), **end),
                Rule("MONTHLY", interval, month_day=first.day, **end),
                Rule("MONTHLY", interval, weekdays=(first.weekday(),), place=place, **end),
            ]
        )
    )
    return rule, first


@given(rules())
def test_any_rule_reads_back_begins_on_its_day_and_ends(case):
    rule, first = case
    days = rule.days(first)
    assert Rule.parse(str(rule)) == rule
    assert rule.has(first)
    assert days[0] == first
    assert all(one < other for one, other in pairwise(days))
    assert len(days) == rule.count if rule.count else days[-1] <= rule.until
    assert rule.words


@given(rules(), ZONES, st.times(), st.data())
def test_any_occurrence_is_at_the_same_wall_time(case, zone, at, data):
    rule, first = case
    start = datetime.combine(first, at, tzinfo=zone).astimezone(UTC)
    first = start.astimezone(zone).date()
    at = start.astimezone(zone).time()  # an hour that is skipped on the first day is read as later
    if not rule.has(first):
        return
    days = rule.days(first)
    excluded = data.draw(st.sets(st.sampled_from(days)))
    moments = occurrences(rule, start, zone, excluded)
    assert len(moments) == len(days) - len(excluded)
    for day, moment in zip([day for day in days if day not in excluded], moments, strict=True):
        wall = moment.astimezone(zone)
        assert wall.date() == day
        exists = datetime.combine(day, at, tzinfo=zone).astimezone(UTC).astimezone(zone)
        if exists.time() == at:
            assert wall.time() == at
        else:
            assert wall - datetime.combine(day, at, tzinfo=zone) == timedelta(hours=1)


@given(st.dates(date(2024, 1, 1), date(2030, 12, 31)), st.integers(1, 40))
def test_any_month_end_is_anchored_to_the_first_date(first, count):
    for day in Rule("MONTHLY", month_day=first.day, count=count).days(first):
        assert day.day == min(first.day, monthrange(day.year, day.month)[1])


# ------------------------------------------------------------------------------------- holidays
def test_holidays_are_those_of_the_country(settings):
    christmas, plain = date(2026, 12, 25), date(2026, 12, 23)
    with translation.override("fr"):
        assert holidays_of([christmas, plain]) == {christmas: "Noël"}
    with translation.override("en"):
        assert holidays_of([christmas]) == {christmas: "Christmas Day"}
        assert holidays_of([date(2026, 4, 4)]) == {date(2026, 4, 4): "Independence Day"}
        settings.HOLIDAYS_COUNTRY = "FR"
        assert holidays_of([date(2026, 4, 4)]) == {}
        assert holidays_of([]) == {}


@pytest.mark.parametrize("country", ["", "XX", "Senegal", "sn"])
def test_a_country_that_is_none_stops_the_start(settings, country):
    settings.HOLIDAYS_COUNTRY = country
    with pytest.raises(ImproperlyConfigured, match="HOLIDAYS_COUNTRY"):
        check_country()
