"""The pages about series: what they ask, list, refuse and show."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from bookings import series_schedule, series_services, series_views, services
from bookings.models import Booking, Series
from bookings.recurrence import Rule
from bookings.series_queries import next_of
from bookings.states import CancellationKind, Status
from project.actions.undo import undo
from project.audit.models import Batch
from tests.asking import HTMX, act, toasts
from tests.asking import url_of as action_url
from tests.bookings.conftest import browser_of, only
from tests.bookings.posting import text_of
from tests.factories import make_booking, make_driver, make_round_trip, make_user

pytestmark = pytest.mark.django_db
MONDAY = datetime(2027, 1, 4, 8, 30, tzinfo=UTC)


@pytest.fixture
def ride(bureau):
    return make_booking(by=bureau, pickup_at=MONDAY, driver=make_driver())


def url_of(ride):
    return reverse("bookings:repeat", args=[ride.reference])


def asked(**given):
    return {
        "frequency": "WEEKLY",
        "interval": "1",
        "weekdays": ["0"],
        "month": "date",
        "ends": "count",
        "count": "4",
        "until": "",
        **given,
    }


def sent(client, ride, **given):
    """What the page sends: what it hid, what is asked, and the days that its list shows."""
    hidden = dict(client.get(url_of(ride)).context["hidden"])
    return asked(**given) | {name: str(value) for name, value in hidden.items()}


def test_the_page_opens_with_every_week_on_that_day(desk, ride):
    page = desk.get(url_of(ride))
    assert page.status_code == 200
    text = text_of(page)
    assert "Every week on Monday, 10 times" in text
    assert "9 rides will be created." in text
    assert "January 2027" in text
    assert Booking.objects.count() == 1


def test_a_change_of_the_rule_brings_the_list_alone(desk, ride):
    part = desk.post(url_of(ride), asked(frequency="DAILY"), headers=HTMX)
    text = text_of(part)
    assert "<html" not in text
    assert 'id="occurrences"' in text
    assert "Every day, 4 times" in text
    assert Booking.objects.count() == 1


def test_without_script_a_button_brings_the_page_with_the_list(desk, ride):
    page = desk.post(url_of(ride), sent(desk, ride, frequency="DAILY") | {"preview": "1"})
    assert page.status_code == 200
    assert "<html" in text_of(page)
    assert "Every day, 4 times" in text_of(page)
    assert Booking.objects.count() == 1


def test_the_list_marks_holidays_days_past_and_drivers_who_are_busy(desk, bureau):
    today = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    driver = make_driver()
    past = make_booking(pickup_at=today - timedelta(days=3), driver=driver)
    other = make_booking(pickup_at=today + timedelta(days=1), driver=driver)
    text = text_of(
        desk.post(
            url_of(past),
            asked(frequency="DAILY", count="400", same_driver="on"),
            headers=HTMX,
        )
    )
    assert text.count("Past: left out") == 2
    link = f'<a class="ref" href="{other.get_absolute_url()}">{other.reference}</a>'
    assert f"{link}, " in text and ", 12:00–13:00</span>)" in text  # which one, and when
    assert "Christmas Day" in text
    assert "1 is without its driver, who has another ride." in text


def test_the_list_and_what_is_made_are_the_same(desk, ride):
    data = sent(desk, ride, frequency="DAILY", count="6", same_driver="on")
    made = desk.post(url_of(ride), data)
    series = Series.objects.get()
    assert made.status_code == 302
    assert made["Location"] == series.get_absolute_url()
    assert toasts(made) == ["5 rides of a series created."]
    listed = desk.get(series.get_absolute_url()).context["rows"].object_list
    assert [f"{ride.pickup_at:%d}" for ride in listed] == ["04", "05", "06", "07", "08", "09"]
    assert {ride.driver for ride in listed} == {ride.driver}


def test_days_that_are_not_ticked_are_left_out(desk, ride):
    listed = "2027-01-04,2027-01-11,2027-01-18,2027-01-25"
    days = {"listed": listed, "day": ["2027-01-04", "2027-01-18"]}
    part = text_of(desk.post(url_of(ride), asked(count="5") | days, headers=HTMX))
    assert "2 rides will be created." in part  # the fifth was not listed yet
    assert 'value="2027-01-11">' in part
    assert 'value="2027-01-18" checked>' in part
    desk.post(url_of(ride), sent(desk, ride) | days)
    assert Series.objects.get().excluded == ["2027-01-11", "2027-01-25"]
    assert Booking.objects.count() == 2


def test_a_thousand_boxes_can_be_sent(desk, ride):
    part = desk.post(url_of(ride), asked(frequency="DAILY", count="1000"), headers=HTMX)
    days = [day["iso"] for day in part.context["form"].days]
    data = sent(desk, ride, frequency="DAILY", count="1000")
    made = desk.post(url_of(ride), data | {"listed": ",".join(days), "day": days})
    assert made.status_code == 302
    assert Booking.objects.count() == 1000


@pytest.mark.parametrize(
    "given",
    [
        {"ends": "until", "until": "2027-02-01", "count": "1"},
        {"ends": "until", "until": "2027-02-01", "count": "many"},
        {"ends": "count", "count": "5", "until": "some day"},
        {"frequency": "DAILY", "count": "5", "weekdays": ["9"], "month": "7"},
    ],
)
def test_what_is_out_of_sight_is_not_scolded(desk, ride, given):
    assert desk.post(url_of(ride), sent(desk, ride, **given)).status_code == 302


def test_an_error_is_told_once_at_its_field_and_once_above(desk, ride):
    told = "Ensure this value is greater than or equal to 2."
    page = text_of(desk.post(url_of(ride), sent(desk, ride, count="1")))
    assert page.count(told) == 2
    assert told not in page[page.index('id="occurrences"') :]
    part = text_of(desk.post(url_of(ride), asked(count="1"), headers=HTMX))
    assert part.count(told) == 1  # it replaces the list alone
    assert 'class="occurrences fresh"' in part


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"frequency": "YEARLY"}, "frequency"),
        ({"interval": "0"}, "interval"),
        ({"interval": "x"}, "interval"),
        ({"weekdays": ["2"]}, "weekdays"),
        ({"weekdays": []}, "weekdays"),
        ({"weekdays": ["9"]}, "weekdays"),
        ({"frequency": "MONTHLY", "month": "7"}, "month"),
        ({"count": ""}, "count"),
        ({"count": "1"}, "count"),
        ({"count": "1001"}, "count"),
        ({"ends": "until"}, "until"),
        ({"ends": "until", "until": "2026-12-31"}, "until"),
        ({"ends": "until", "until": "2027-01-10"}, "until"),  # no further ride
        ({"ends": "until", "until": "soon"}, "until"),
        ({"ends": "until", "until": "2029-12-31", "frequency": "DAILY"}, "until"),  # over 1,000
        ({"ends": "until", "until": "2090-01-01"}, "until"),
        ({"ends": "until", "until": "9999-12-31"}, "until"),
        ({"ends": "count", "count": "1000"}, "count"),  # 19 years of weeks
        ({"ends": "count", "count": "1000", "interval": "99", "frequency": "MONTHLY"}, "count"),
        ({"ends": "never"}, "ends"),
    ],
)
def test_wrong_input_is_said_at_its_field(desk, ride, given, field):
    page = desk.post(url_of(ride), sent(desk, ride, **given))
    assert page.status_code == 422
    assert [*page.context["form"].errors] == [field]
    assert desk.post(url_of(ride), asked(**given), headers=HTMX).status_code == 200
    assert (Booking.objects.count(), Series.objects.count()) == (1, 0)


def test_a_driver_who_left_is_said_at_its_field(desk, bureau):
    ride = make_booking(by=bureau, pickup_at=MONDAY, driver=make_driver(is_active=False))
    page = desk.post(url_of(ride), sent(desk, ride, same_driver="on"))
    assert page.status_code == 422
    assert [*page.context["form"].errors] == ["same_driver"]
    assert desk.post(url_of(ride), sent(desk, ride)).status_code == 302


def test_listed_days_that_are_none_are_passed_over(desk, ride):
    data = sent(desk, ride) | {"listed": "x,,2027-13-01,9999-99-99", "day": ["nonsense", ""]}
    assert desk.post(url_of(ride), data).status_code == 302
    assert Booking.objects.count() == 4


def test_a_double_click_makes_one_series_and_leads_to_it_twice(desk, ride):
    data = sent(desk, ride)
    first, second = desk.post(url_of(ride), data), desk.post(url_of(ride), data)
    assert first["Location"] == second["Location"] == Series.objects.get().get_absolute_url()
    assert Booking.objects.count() == 4


def test_a_ride_that_changed_since_the_page_was_shown_is_asked_about_again(desk, bureau, ride):
    data = sent(desk, ride)
    services.unassign(only(ride), by=bureau)
    page = desk.post(url_of(ride), data)
    assert page.status_code == 409
    assert "Someone else changed this ride in the meantime" in text_of(page)
    assert Booking.objects.count() == 1
    again = data | {name: str(value) for name, value in page.context["hidden"]}
    assert desk.post(url_of(ride), again).status_code == 302


@pytest.mark.parametrize("seen", ["", "x", "1-2-3", "9" * 40, "1-x"])
def test_a_page_that_was_tampered_with_breaks_nothing(desk, ride, seen):
    assert desk.post(url_of(ride), sent(desk, ride) | {"seen": seen}).status_code in (302, 409)


def test_what_cannot_recur_leads_back_with_the_reason(desk, bureau, ride):
    services.cancel(only(ride), by=bureau, kind=CancellationKind.LATE, reason="x")
    page = desk.get(url_of(ride))
    assert page["Location"] == ride.get_absolute_url()
    assert toasts(page) == ["This ride cannot recur: already cancelled."]


def test_a_round_trip_lists_both_times_and_can_recur_by_one_segment(desk, bureau):
    out, back = make_round_trip(by=bureau, pickup_at=MONDAY)
    text = text_of(desk.get(url_of(back)))
    assert "18 rides will be created." in text
    assert "08:30 ⇄ 13:30" in text
    alone = text_of(desk.post(url_of(back), asked(), headers=HTMX))  # its box is not ticked
    assert "3 rides will be created." in alone
    assert "13:30" in alone
    assert "08:30" not in alone
    desk.post(url_of(out), sent(desk, out) | {"both": "on"})
    assert Booking.objects.count() == 8


def test_the_page_names_the_rides_that_recur(desk, bureau):
    out, back = make_round_trip(by=bureau, pickup_at=MONDAY)

    def named(page):
        text = text_of(page)
        way = (out, back) if f"{out.pickup_address} ⇄ {out.dropoff_address}" in text else (back,)
        return page.context["title"], way

    both = f"Make {out.reference} ⇄ {back.reference} recurring"
    for ride in (out, back):
        assert named(desk.get(url_of(ride))) == (both, (out, back))
    page = desk.post(url_of(back), sent(desk, back, preview="1"))  # its box is not ticked
    assert named(page) == (f"Make {back.reference} recurring", (back,))
    assert f"{back.pickup_address} → {back.dropoff_address}. This ride is" in text_of(page)


@pytest.mark.parametrize(
    ("asked_for", "words"),
    [
        ({}, "Every week on Wednesday, 4 times"),
        ({"weekdays": ["0", "4"]}, "Every week on Wednesday and Friday, 4 times"),
        ({"weekdays": ["0", "2"]}, "Every week on Monday and Wednesday, 4 times"),
        ({"frequency": "MONTHLY", "month": "3"}, "Every month on the first Wednesday, 4 times"),
        ({"frequency": "MONTHLY"}, "Every month on day 6, 4 times"),
    ],
)
def test_the_days_follow_the_ride_that_recurs(desk, bureau, asked_for, words):
    inbound = {"pickup_at": datetime(2027, 1, 6, 9, 55, tzinfo=UTC)}
    _out, back = make_round_trip(by=bureau, pickup_at=MONDAY, inbound=inbound)
    asked = sent(desk, back, **asked_for)  # the return alone, which is on a Wednesday
    part = desk.post(url_of(back), asked, headers=HTMX)
    assert [part.headers[name] for name in ("HX-Retarget", "HX-Reselect")] == ["#main"] * 2
    assert words in text_of(part)
    assert part.context["form"].errors == {}
    again = asked | {name: str(value) for name, value in part.context["hidden"]}
    again |= {name: part.context["form"].data.getlist(name) for name in ("weekdays", "month")}
    assert "HX-Retarget" not in desk.post(url_of(back), again, headers=HTMX).headers
    assert desk.post(url_of(back), asked).status_code == 302
    assert Series.objects.get().occurrences.count() == 4


@pytest.mark.parametrize(
    ("language", "times"),
    [("en", "22:40 ⇄ Wednesday 13 January 09:55"), ("fr", "22:40 ⇄ mercredi 13 janvier 09:55")],
)
def test_a_return_on_another_day_says_which(desk, bureau, language, times):
    at = MONDAY.replace(hour=22, minute=40)
    inbound = {"pickup_at": datetime(2027, 1, 6, 9, 55, tzinfo=UTC)}
    out, _back = make_round_trip(by=bureau, pickup_at=at, inbound=inbound)
    bureau.language = language
    bureau.save()
    assert times in text_of(desk.post(url_of(out), asked(both="on"), headers=HTMX))


def test_the_number_of_rides_says_what_a_round_trip_counts(desk, bureau, ride):
    counts = "A round trip counts as one."
    out, _back = make_round_trip(by=bureau, pickup_at=MONDAY)
    assert counts in text_of(desk.get(url_of(out)))
    assert counts not in text_of(desk.get(url_of(ride)))
    for each in (out, ride):
        series_services.repeat(each, by=bureau, rule=Rule("DAILY", count=4))
    rules = [reverse("bookings:reschedule", args=[each.reference]) for each in (out, ride)]
    assert [counts in text_of(desk.get(rule)) for rule in rules] == [True, False]


def test_it_takes_the_permission(db, ride):
    clerk = make_user("clerk")
    clerk.user_permissions.set(Permission.objects.filter(codename="view_booking"))
    client = browser_of(clerk)
    assert client.get(url_of(ride)).status_code == 403
    assert client.post(url_of(ride), asked()).status_code == 403
    assert url_of(ride) not in text_of(client.get(ride.get_absolute_url()))
    assert Booking.objects.count() == 1


# ------------------------------------------------------------------------------------- the series
@pytest.fixture
def series(bureau, ride):
    series_services.repeat(
        ride,
        by=bureau,
        rule=Rule("WEEKLY", weekdays=(0,), count=20),
        excluded=[date(2027, 1, 11)],
    )
    return Series.objects.get()


def test_a_series_shows_its_rule_and_rides_and_what_became_of_them(desk, bureau, series):
    rides = list(series.occurrences.order_by("original_start"))
    services.cancel(only(rides[2]), by=bureau, kind=CancellationKind.LATE, reason="x")
    rides[3].pickup_at += timedelta(hours=1)
    services.edit(rides[3], by=bureau)
    services.set_status(only(rides[4]), by=bureau, status=Status.CONFIRMED)
    page = desk.get(series.get_absolute_url())
    text = text_of(page)
    assert "Every week on Monday, 20 times" in text
    assert "11 Jan 2027" in text
    assert page.context["counts"] == {"occurrences": 19, "rides": 19, "open": 18, "cancelled": 1}
    rows = page.context["rows"].object_list
    assert [row.by_hand for row in rows[:6]] == [False, False, False, True, False, False]
    assert "Mon 1 Feb 2027, 09:30" in text  # where it is now; where it was planned beside it
    assert "planned 1 Feb 2027, 08:30" in text
    assert rides[0].passenger_name in text
    assert f"{rides[0].pickup_address} → {rides[0].dropoff_address}" in text


def test_a_series_tells_its_life_act_by_act(desk, bureau, series):
    rides = list(series.occurrences.order_by("original_start"))
    services.cancel(only(*rides[2:5]), by=bureau, kind=CancellationKind.LATE, reason="Storm")
    services.set_status(only(rides[6], make_booking()), by=bureau, status=Status.CONFIRMED)
    entries = desk.get(series.get_absolute_url()).context["entries"]
    assert [(entry.label, entry.text, entry.undo) for entry in entries[:3]] == [
        ("Change status", "1 ride", True),
        ("Cancel", "3 rides", True),
        ("Make recurring", "18 rides", True),
    ]
    assert (entries[1].who, entries[1].reason) == (bureau, "Storm")


def rule_acts_of(client, series):
    entries = client.get(series.get_absolute_url()).context["entries"]
    acts = [(each.label, each.text, each.undo) for each in entries]
    return [act for act in acts if "rule" in act[0]]


def test_a_change_of_the_rule_is_of_the_life_of_the_series_that_it_ends_and_begins(
    desk, bureau, series
):
    third = series.occurrences.order_by("original_start")[2]
    rule = Rule("WEEKLY", 2, weekdays=(0,), count=10)  # of 17 weeks it has 9, and one beyond
    outcome = series_schedule.reschedule(third, by=bureau, rule=rule)
    new = Series.objects.latest("pk")
    assert rule_acts_of(desk, series) == [("Change the rule", "17 rides", True)]
    assert rule_acts_of(desk, new) == [("Change the rule", "10 rides", True)]
    desk.post(reverse("undo", args=[outcome.batch.pk]))
    for each, text in ((series, "17 rides"), (new, "10 rides")):
        assert rule_acts_of(desk, each) == [
            ("Change of the rule undone", text, False),
            ("Change the rule", text, False),
        ]


def test_a_change_of_the_whole_rule_is_of_its_life_were_no_ride_concerned(desk, bureau, series):
    first = Booking.objects.select_related("series").get(pk=series.origin_id)
    series_schedule.reschedule(
        first, by=bureau, rule=Rule("WEEKLY", weekdays=(0,), count=22), whole=True
    )
    assert rule_acts_of(desk, series) == [("Change the rule", "3 rides", True)]
    series_schedule.reschedule(
        first, by=bureau, rule=Rule("WEEKLY", weekdays=(0,), until=date(2027, 5, 31)), whole=True
    )
    assert rule_acts_of(desk, series)[0] == ("Change the rule", "0 rides", False)


def test_a_series_that_another_rule_emptied_tells_where_its_rides_went(desk, bureau, series):
    rides = list(series.occurrences.select_related("series").order_by("original_start"))
    rule = Rule("WEEKLY", weekdays=(0,), count=17)
    series_schedule.reschedule(rides[2], by=bureau, rule=rule)
    emptied = Series.objects.latest("pk")
    series_schedule.reschedule(rides[0], by=bureau, rule=Rule("WEEKLY", weekdays=(0,), count=20))
    assert not emptied.occurrences.exists()
    assert rule_acts_of(desk, emptied) == [
        ("Change the rule", "17 rides", True),
        ("Change the rule", "17 rides", False),
    ]


def test_that_it_left_the_series_is_told_of_no_ride_but_those_that_did(desk, bureau, series):
    def told(ride):
        page = desk.get(ride.get_absolute_url())
        lines = [each for each in page.context["entries"] if each.batch == batch.pk]
        return [(each.text, each.reason) for each in lines]

    rides = list(series.occurrences.select_related("series").order_by("original_start"))
    rule = Rule("WEEKLY", 2, weekdays=(0,), count=10)
    with translation.override("en"):
        batch = series_schedule.reschedule(rides[2], by=bureau, rule=rule).batch
    words = "every 2 weeks on Monday, 10 times"
    left = f"No longer in the series: {words}"
    made = Booking.objects.get(logs__batch=batch, logs__action_code="bookings.rescheduled")
    assert told(rides[2]) == [("Goes on in another series", words)]
    assert told(made) == [("Created from a series", words)]
    assert told(rides[3]) == [(f"Cancelled with a change of its series — {left}", "")]
    assert Booking.objects.get(pk=rides[3].pk).cancellation_reason == left
    assert desk.get(series.get_absolute_url()).context["entries"][0].reason == words


def test_a_series_is_cancelled_from_its_page_by_the_one_dialog(desk, series):
    page = desk.get(series.get_absolute_url())
    names = [each["action"].name for each in page.context["actions"]]
    assert "cancel" in names and "change_series" in names and "return" not in names
    assert 'name="scope" value="series"' in page.content.decode()
    data = {"pk": page.context["pk"], "scope": "series"}
    asked = desk.post(action_url("cancel"), data)
    assert (asked.context["preview"].total, asked.context["preview"].ready) == (19, 19)
    scopes = [scope["value"] for scope in asked.context["scopes"]]
    assert scopes == ["segment", "following", "series"]
    act(desk, action_url("cancel"), data | {"kind": "customer", "reason": "Moved"})
    assert not series.occurrences.exclude(status=Status.CANCELLED).exists()
    assert desk.get(series.get_absolute_url()).status_code == 200


def test_a_series_offers_what_one_of_its_rides_allows(boss, bureau, series):
    def offered():
        page = boss.get(series.get_absolute_url())
        return {each["action"].name for each in page.context["actions"]}

    rides = list(series.occurrences.order_by("original_start"))
    services.unassign(only(rides[0]), by=bureau)
    assert offered().isdisjoint({"restore", "settle", "unassign"})
    services.cancel(only(*rides[5:7]), by=bureau, kind=CancellationKind.LATE, reason="Storm")
    rides[3].payout, rides[3].driver = Decimal(100), make_driver()
    services.edit(rides[3], by=bureau)
    assert offered() >= {"restore", "settle", "unassign", "cancel"}
    data = {"pk": boss.get(series.get_absolute_url()).context["pk"], "scope": "series"}
    preview = boss.post(action_url("restore"), data).context["preview"]
    assert (preview.total, preview.ready) == (19, 2)


def test_a_series_shows_the_first_ride_that_is_there_and_leads_to_another_rule(
    desk, bureau, series
):
    assert desk.get(series.get_absolute_url()).context["first"] == series.origin
    origin = Booking.objects.select_related("series").get(pk=series.origin_id)
    wednesdays = Rule("WEEKLY", weekdays=(2,), count=4)
    series_schedule.reschedule(origin, by=bureau, rule=wednesdays, whole=True)
    first = series.occurrences.earliest("original_start")
    page = desk.get(series.get_absolute_url())
    [way] = page.context["editing"]
    assert way["url"] == reverse("bookings:reschedule", args=[first.reference])
    assert desk.get(way["url"]).status_code == 200
    assert f'href="{first.get_absolute_url()}">{first.reference}</a></dd>' in text_of(page)


def test_a_series_without_rides_shows_the_ride_that_it_was_made_of(desk, bureau, series):
    undo(Batch.objects.get(action="bookings.repeat"), by=bureau)
    page = desk.get(series.get_absolute_url())
    assert page.context["first"] == series.origin
    assert (page.context["actions"], page.context["editing"]) == ([], [])


def test_the_next_ride_is_whom_an_act_starts_from(bureau, series):
    rides = list(series.occurrences.order_by("pickup_at"))
    assert next_of(series) == rides[0]
    services.cancel(only(rides[0]), by=bureau, kind=CancellationKind.LATE, reason="Storm")
    assert next_of(series) == rides[1]
    services.cancel(only(*rides), by=bureau, kind=CancellationKind.LATE, reason="Storm")
    assert next_of(series) == rides[-1]


def test_an_edit_that_was_undone_is_no_departure(desk, bureau, series):
    one = series.occurrences.order_by("original_start")[5]
    one.driver_notes = "Sign"
    batch = services.edit(one, by=bureau)
    assert [row.by_hand for row in rows_of(desk, series)].count(True) == 1
    desk.post(reverse("undo", args=[batch.pk]))
    assert [row.by_hand for row in rows_of(desk, series)].count(True) == 0


def rows_of(desk, series):
    return desk.get(series.get_absolute_url()).context["rows"].object_list


def test_a_booking_says_which_occurrence_it_is(desk, series):
    third = series.occurrences.order_by("original_start")[2]
    text = text_of(desk.get(third.get_absolute_url()))
    assert "Occurrence 3 of 19:" in text
    assert series.get_absolute_url() in text
    assert url_of(third) not in text


def test_the_list_can_be_of_one_series(desk, series):
    make_booking()
    page = desk.get(reverse("bookings:list"), {"series": series.pk})
    assert page.context["page"].count.number == 19
    assert "Series: every week on Monday, 20 times" in text_of(page)
    assert desk.get(reverse("bookings:list"), {"series": "none"}).status_code == 200
    assert desk.get(reverse("bookings:list"), {"series": "99999"}).status_code == 200


def test_the_page_of_a_series_takes_as_many_statements_however_long_it_is(desk, bureau):
    counts = []
    for count in (3, 60):
        ride = make_booking(pickup_at=MONDAY, driver=make_driver())
        series_services.repeat(ride, by=bureau, rule=Rule("DAILY", count=count), same_driver=True)
        url = Series.objects.latest("pk").get_absolute_url()
        with CaptureQueriesContext(connection) as statements:
            assert desk.get(url).status_code == 200
        counts.append(len(statements))
    assert counts == [counts[0]] * 2


def test_an_open_page_is_told_of_any_of_its_rides_shown_or_not(
    desk, bureau, gestion, series, monkeypatch
):
    monkeypatch.setattr(series_views, "PAGE", 3)

    def told():
        answer = desk.post(reverse("live-changes"), shows)
        return answer.status_code == 200 and " ".join(text_of(answer).split())

    def shown():
        watched = desk.get(series.get_absolute_url()).context["watched"]
        return {"desk": "bookings", "page": watched["filter"], "state": watched["state"]}

    shows = shown()
    rides = list(series.occurrences.select_related("series").order_by("original_start"))
    services.unassign(only(make_booking(driver=make_driver())), by=gestion)
    assert not told()
    services.cancel(only(rides[-1]), by=gestion, kind=CancellationKind.LATE, reason="Storm")
    assert "Changed by moussa in the meantime" in told()
    assert "1 booking cancelled. <q>Storm</q>" in told()
    shows = shown()
    assert not told()
    longer = Rule("WEEKLY", weekdays=(0,), count=22)
    series_schedule.reschedule(rides[0], by=gestion, rule=longer, whole=True)
    assert "Rule changed: 3 rides created or cancelled." in told()


@pytest.mark.parametrize(
    "sent", [{"state": ""}, {"state": "x", "page": "series=x"}, {"state": "x", "page": "series=0"}]
)
def test_what_no_page_of_a_series_sends_breaks_nothing(desk, sent):
    answer = desk.post(reverse("live-changes"), {"desk": "bookings", **sent})
    assert answer.status_code in (204, 404)


def test_who_may_not_see_bookings_sees_no_series(db, series):
    client = browser_of(make_user("nobody"))
    assert client.get(series.get_absolute_url()).status_code == 403


def test_the_timeline_offers_to_undo_the_making(desk, bureau, series):
    copy = series.occurrences.order_by("original_start")[1]
    batch = Batch.objects.get(action="bookings.repeat")
    assert reverse("undo", args=[batch.pk]) in text_of(desk.get(copy.get_absolute_url()))
    desk.post(reverse("undo", args=[batch.pk]))
    assert Booking.objects.filter(archived_at=None).get() == series.origin
