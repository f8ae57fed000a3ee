"""An action on this occurrence, on this and the following, on all."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from bookings import round_trips, series_schedule, series_services, services
from bookings.models import Booking
from bookings.recurrence import Rule
from bookings.scopes import BOTH_FOLLOWING, SAME_FOLLOWING
from bookings.series_queries import continuations, in_line
from bookings.states import CancellationKind, Leg, Status
from project.actions.undo import undo
from project.audit.models import Batch
from project.ui import formats
from tests.asking import HTMX, act, picked, toasts, url_of
from tests.bookings.conftest import only
from tests.factories import make_booking, make_driver, make_partner, make_round_trip
from tests.trying import rolled_back

pytestmark = pytest.mark.django_db
MONDAY = datetime(2027, 1, 4, 8, 30, tzinfo=UTC)
REASON = {"kind": CancellationKind.CUSTOMER, "reason": "Holiday", "fee_percent": "100"}


@pytest.fixture
def rides(bureau):
    """Five occurrences, in order; there is another series and a plain ride as well."""
    ride = make_booking(pickup_at=MONDAY)
    series_services.repeat(ride, by=bureau, rule=Rule("DAILY", count=5))
    other = make_booking(pickup_at=MONDAY)
    series_services.repeat(other, by=bureau, rule=Rule("DAILY", count=5))
    make_booking(pickup_at=MONDAY)
    ride.refresh_from_db()
    return list(Booking.objects.filter(series=ride.series).order_by("original_start"))


def test_following_takes_this_one_and_what_comes_after(rides):
    assert list(only(rides[2]).following().order_by("original_start")) == rides[2:]
    assert list(only(rides[3], rides[1]).following().order_by("original_start")) == rides[1:]
    assert list(only(rides[0]).following().order_by("original_start")) == rides


def test_the_whole_series_is_that_one_alone(rides):
    assert list(only(rides[2]).whole_series().order_by("original_start")) == rides


@pytest.fixture
def continued(bureau, rides):
    """The rule changed on the third occurrence, and again on the fourth: three series in turn."""
    for place, rule in ((2, Rule("DAILY", count=5)), (3, Rule("DAILY", 2, count=2))):
        ride = Booking.objects.select_related("series").get(pk=rides[place].pk)
        series_schedule.reschedule(ride, by=bureau, rule=rule)
    going_on = Booking.objects.filter(series__follows__isnull=False)
    return [*rides[:2], *going_on.order_by("original_start")]


def test_following_goes_on_into_the_series_that_continue_this_one(continued):
    assert len({ride.series_id for ride in continued}) == 3
    for place in range(len(continued)):
        following = only(continued[place]).following()
        assert list(following.order_by("original_start")) == continued[place:]
    both = only(continued[3], continued[1], Booking.objects.get(pickup_at=MONDAY, series=None))
    assert both.following().count() == len(continued)
    assert not Booking.objects.none().following().exists()


def test_following_takes_one_statement_however_often_the_series_was_continued(
    continued, django_assert_num_queries
):
    with django_assert_num_queries(1):
        assert only(continued[0]).following().count() == len(continued)


def test_however_often_a_series_was_continued_its_pages_take_as_many_statements(
    desk, bureau, rides
):
    def statements(do):
        with CaptureQueriesContext(connection) as queries, rolled_back():
            do()
        return len(queries)

    first = Booking.objects.select_related("series").get(pk=rides[0].pk)
    desk.get(first.get_absolute_url())  # who is asking is read once
    counts = []
    for times in range(4):
        last = Booking.objects.filter(series__in=in_line(first.series)).select_related("series")
        last = last.order_by("original_start").last()
        assert continuations(first.series).count() == times
        assert in_line(last.series, back=True).count() == times + 1
        found = [statements(partial(series_schedule.hold_series, first.series))]
        for ride in (first, last):
            for url in (
                reverse("bookings:reschedule", args=[ride.reference]),
                ride.series.get_absolute_url(),
            ):
                found.append(statements(partial(desk.get, url)))
        counts.append(found)
        series_schedule.reschedule(last, by=bureau, rule=Rule("DAILY", count=3))
    assert counts[0] == counts[1] == counts[3]


def test_the_dialog_offers_and_counts_what_continues_the_series(desk, continued):
    last_of_its_own, *later = continued[1:]
    asked = desk.post(url_of("cancel"), picked(last_of_its_own) | {"scope": "following"})
    assert asked.context["preview"].total == 1 + len(later)
    assert f"{len(later)} added: following rides" in asked.content.decode()
    offered = [scope["value"] for scope in asked.context["scopes"]]
    assert offered == ["segment", "following", "series"]
    done = act(desk, url_of("cancel"), picked(last_of_its_own) | REASON | {"scope": "following"})
    assert toasts(done) == [f"{1 + len(later)} bookings cancelled."]


def test_both_segments_follow_into_the_series_that_continues_theirs(bureau):
    out, _back = make_round_trip(pickup_at=MONDAY)
    series_services.repeat(out, by=bureau, rule=Rule("DAILY", count=4))
    outbound = Booking.objects.filter(leg=Leg.OUTBOUND).select_related("series")
    outbound = list(outbound.order_by("original_start"))
    series_schedule.reschedule(outbound[2], by=bureau, rule=Rule("DAILY", count=2))
    second = only(outbound[1])
    assert BOTH_FOLLOWING.widen(second).count() == 6
    assert list(SAME_FOLLOWING.widen(second).order_by("original_start")) == outbound[1:]


def test_a_plain_ride_stays_alone(rides):
    plain = Booking.objects.get(series=None)
    assert list(only(plain).following()) == list(only(plain).whole_series()) == [plain]
    assert only(plain, rides[4]).following().count() == 2


def test_a_moved_occurrence_follows_by_its_key(rides):
    rides[3].pickup_at = MONDAY - timedelta(days=30)
    rides[3].save()
    assert rides[3] in only(rides[2]).following()
    assert rides[2] not in only(rides[3]).following()


def test_both_segments_of_a_round_trip_follow(bureau):
    out, _back = make_round_trip(pickup_at=MONDAY)
    series_services.repeat(out, by=bureau, rule=Rule("DAILY", count=3))
    of_return = Booking.objects.filter(leg=Leg.RETURN).order_by("original_start")[1]
    following = only(of_return).following()
    assert sorted(following.values_list("leg", flat=True)) == [Leg.OUTBOUND] * 2 + [Leg.RETURN] * 2


@pytest.mark.parametrize(
    ("scope", "changed"), [("segment", [2]), ("following", [2, 3, 4]), ("series", [0, 1, 2, 3, 4])]
)
def test_cancel_this_this_and_following_or_all(desk, rides, scope, changed):
    done = act(desk, url_of("cancel"), picked(rides[2]) | REASON | {"scope": scope})
    count = len(changed)
    assert toasts(done) == [f"{count} booking{'s'[: count - 1]} cancelled."]
    cancelled = Booking.objects.filter(status=Status.CANCELLED).order_by("original_start")
    assert list(cancelled) == [rides[place] for place in changed]
    for ride in cancelled:  # the log and the history go by the same set as the change
        assert ride.logs.first().action_code == "bookings.cancel"
        assert ride.history.first().status == Status.CANCELLED


def test_the_dialog_says_what_the_scope_brings_in(desk, rides):
    asked = desk.post(url_of("cancel"), picked(rides[2]) | {"scope": "following"})
    assert asked.context["preview"].total == 3
    assert "2 added: following rides of the series" in asked.content.decode()


def test_a_scope_is_offered_where_it_reaches_further(desk, rides):
    plain = Booking.objects.get(series=None)
    out, back = make_round_trip()
    for chosen, expected in (
        ([plain], ["segment"]),
        ([out], ["segment", "round_trip"]),
        ([out, back], ["segment"]),
        ([rides[0]], ["segment", "following", "series"]),
        (rides[-1:], ["segment", "series"]),
        (rides, ["segment"]),
        ([plain, back, rides[-1]], ["segment", "round_trip", "series"]),
    ):
        asked = desk.post(url_of("cancel"), picked(*chosen))
        assert [scope["value"] for scope in asked.context["scopes"]] == expected


def test_a_chosen_scope_stays_to_be_seen(desk, rides):
    asked = desk.post(url_of("cancel"), picked(*rides) | {"scope": "series"})
    scopes = {scope["value"]: scope["checked"] for scope in asked.context["scopes"]}
    assert scopes == {"segment": False, "series": True}


def test_undo_restores_all_that_the_scope_took(desk, bureau, rides):
    services.cancel(only(rides[4]), by=bureau, kind=CancellationKind.LATE, reason="Alone")
    act(desk, url_of("cancel"), picked(rides[1]) | REASON | {"scope": "series"})
    batch = Batch.objects.filter(action="bookings.cancel").latest("created_at")
    assert (batch.changed, batch.refused) == (4, 1)
    assert undo(batch, by=bureau).changed == 4
    assert list(Booking.objects.filter(status=Status.CANCELLED)) == [rides[4]]


# ------------------------------------------------------------------------------ already departed
@pytest.fixture
def under_way(bureau):
    """Six occurrences of a series that began three days ago: three have left, none was closed."""
    ride = make_booking(pickup_at=timezone.now() - timedelta(days=2, hours=12), by=bureau)
    series_services.repeat(ride, by=bureau, rule=Rule("DAILY", count=6))
    return list(Booking.objects.order_by("original_start"))


@pytest.mark.parametrize("box", [{}, {"anyway": "on"}])
@pytest.mark.parametrize(
    ("scope", "place", "called_off", "kept"),
    [
        ("following", 1, [1, 3, 4, 5], 1),  # this one was looked at, and is meant
        ("following", 4, [4, 5], 0),
        ("series", 1, [3, 4, 5], 3),
        ("series", 4, [3, 4, 5], 3),
        ("segment", 1, [1], 0),
    ],
)
def test_cancelling_a_series_keeps_what_took_place_and_was_left_open(
    desk, under_way, scope, place, called_off, kept, box
):
    done = act(desk, url_of("cancel"), picked(under_way[place]) | REASON | box | {"scope": scope})
    cancelled = Booking.objects.filter(status=Status.CANCELLED).order_by("original_start")
    assert list(cancelled) == [under_way[each] for each in called_off]
    assert (f"{kept} already departed" in toasts(done)[0]) == bool(kept)


def test_what_departed_is_named_in_the_dialog_and_what_was_closed_is_told_as_that(
    desk, bureau, under_way
):
    services.assign(only(under_way[0]), by=bureau, partner=make_partner())
    for status in (Status.CONFIRMED, Status.IN_PROGRESS, Status.COMPLETED):
        services.set_status(only(under_way[0]), by=bureau, status=status)
    asked = desk.post(url_of("cancel"), picked(under_way[3]) | {"scope": "series"})
    reasons = {each.code: [one["label"] for one in each.examples] for each in seen(asked)}
    assert reasons == {
        "over": [under_way[0].reference],
        "departed": [under_way[1].reference, under_way[2].reference],
    }


# ------------------------------------------------------------------------------ changed by hand
@pytest.fixture
def by_hand(bureau, rides):
    """The fourth occurrence, which someone changed by itself."""
    rides[3].pickup_address = "Almadies"
    services.edit(rides[3], by=bureau)
    return rides[3]


def test_a_wide_scope_lists_every_ride_with_its_date(desk, bureau):
    def told(moment):
        with translation.override("en"):
            return formats.date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT")

    first = make_booking(pickup_at=MONDAY, passenger_name="Awa")
    series_services.repeat(first, by=bureau, rule=Rule("DAILY", count=40))
    rides = list(Booking.objects.order_by("pickup_at"))
    for ride in rides[:8]:
        ride.pickup_address = "Almadies"
        services.edit(ride, by=bureau)
    services.cancel(only(*rides[8:15]), by=bureau, kind=CancellationKind.LATE, reason="Strike")
    answers = picked(rides[0]) | {"scope": "series"}
    asked = desk.post(url_of("cancel"), answers, headers=HTMX)
    preview = asked.context["preview"]
    listed = {reason.code: reason.examples for reason in preview.refused} | {"": preview.changing}
    for code, those in (("by_hand", rides[:8]), ("cancelled", rides[8:15]), ("", rides[15:])):
        assert [each["label"] for each in listed[code]] == [ride.reference for ride in those]
        for each, ride in zip(listed[code], those, strict=True):
            assert each["hint"] == f"{told(ride.pickup_at)} · Awa"
    for ride in rides:
        assert ride.reference in asked.content.decode()
    alone = desk.post(url_of("cancel"), picked(*rides), headers=HTMX).context["preview"]
    assert [len(reason.examples) for reason in alone.refused] == [5]
    assert alone.changing == []
    with CaptureQueriesContext(connection) as of_many:
        desk.post(url_of("cancel"), answers, headers=HTMX)
    services.cancel(only(*rides[16:]), by=bureau, kind=CancellationKind.LATE, reason="Strike")
    with CaptureQueriesContext(connection) as of_one:
        desk.post(url_of("cancel"), answers, headers=HTMX)
    assert len(of_many) == len(of_one)


@pytest.mark.parametrize(("scope", "changed"), [("following", 2), ("series", 4)])
def test_cancelling_a_series_names_and_keeps_what_was_changed_by_hand(
    desk, rides, by_hand, scope, changed
):
    asked = desk.post(url_of("cancel"), picked(rides[2]) | {"scope": scope})
    (reason,) = asked.context["preview"].refused
    assert (reason.reason, reason.count) == ("changed by hand, so kept", 1)
    assert [example["label"] for example in reason.examples] == [by_hand.reference]
    done = act(desk, url_of("cancel"), picked(rides[2]) | REASON | {"scope": scope})
    assert toasts(done) == [f"{changed} bookings cancelled. 1 refused: 1 changed by hand, so kept."]
    by_hand.refresh_from_db()
    assert by_hand.status == Status.PENDING
    batch = Batch.objects.filter(action="bookings.cancel").get()
    assert [row.object_id for row in batch.refusals.all()] == [by_hand.pk]


def test_a_box_takes_those_changed_by_hand_too(desk, rides, by_hand):
    data = picked(rides[2]) | REASON | {"scope": "following", "anyway": "on"}
    done = act(desk, url_of("cancel"), data | {"preview": ""})
    assert toasts(done) == ["3 bookings cancelled."]
    by_hand.refresh_from_db()
    assert by_hand.status == Status.CANCELLED


@pytest.mark.parametrize("door", [HTMX, {}])
def test_the_box_is_offered_with_a_series_scope_alone(desk, rides, door):
    for scope, offered in (("segment", 0), ("round_trip", 0), ("following", 1), ("series", 1)):
        data = picked(rides[2]) | {"scope": scope}
        asked = desk.post(url_of("cancel"), data, headers=door).content.decode()
        assert asked.count("Also those changed by hand") == offered
        assert asked.count('name="anyway"') == offered


def test_one_changed_by_hand_is_cancelled_by_itself(desk, by_hand):
    act(desk, url_of("cancel"), picked(by_hand) | REASON | {"scope": "segment", "anyway": ""})
    by_hand.refresh_from_db()
    assert by_hand.status == Status.CANCELLED


@pytest.mark.parametrize("name", ["set_status", "unassign"])
def test_every_change_of_a_series_keeps_them(boss, bureau, rides, by_hand, name):
    services.assign(only(*rides), by=bureau, partner=make_partner())
    data = picked(rides[0]) | {"scope": "series", "status": "confirmed"}
    assert "4 booking" in toasts(act(boss, url_of(name), data))[0]
    before = by_hand.version
    by_hand.refresh_from_db()
    assert by_hand.version == before + 1  # the assignment alone


def test_what_changes_no_ride_passes_none_by(desk, rides, by_hand):
    data = picked(rides[0]) | {"scope": "series", "date": "2027-03-01"}
    assert toasts(act(desk, url_of("duplicate"), data)) == ["5 bookings created."]


@pytest.fixture
def pairs(bureau):
    """Three round trips a day apart, [outbound, return] each; the last outbound changed by hand."""
    out, _back = make_round_trip(pickup_at=MONDAY, price=100)
    series_services.repeat(out, by=bureau, rule=Rule("DAILY", count=3))
    out.refresh_from_db()
    segments = list(Booking.objects.filter(series=out.series).order_by("original_start", "leg"))
    segments[4].passenger_name = "Awa Ndiaye"
    services.edit(segments[4], by=bureau)
    return [segments[:2], segments[2:4], segments[4:]]


@pytest.mark.parametrize("answers", [{}, {"billable": "on", "fee": "150"}])
@pytest.mark.parametrize("every", [False, True])
def test_an_occurrence_is_kept_whole_where_one_segment_was_changed_by_hand(
    desk, pairs, answers, every
):
    chosen = {"all": "1"} if every else picked(pairs[0][1])
    data = chosen | REASON | answers | {"scope": "series"}
    asked = desk.post(url_of("cancel"), data | {"preview": "1", "confirm": "1"})
    (reason,) = seen(asked)
    assert [one["label"] for one in reason.examples] == [ride.reference for ride in pairs[2]]
    done = act(desk, url_of("cancel"), data)
    assert toasts(done) == ["4 bookings cancelled. 2 refused: 2 changed by hand, so kept."]
    kept = Booking.objects.exclude(status=Status.CANCELLED)
    assert list(kept.order_by("leg")) == pairs[2]


# ------------------------------------------------- rules that look at the others of the selection
@pytest.fixture
def half(bureau, rides, by_hand):
    """The return of the fourth occurrence, which is of no series: a scope spares the other half."""
    services.assign(only(*rides), by=bureau, partner=make_partner())
    only_return = make_booking(
        customer=by_hand.customer,
        passenger_name=by_hand.passenger_name,
        pickup_at=by_hand.pickup_at + timedelta(hours=5),
        price=100,
        payout=50,
        partner=make_partner(),
    )
    assert round_trips.pair(only(by_hand, only_return), by=bureau).changed == 2
    return only_return


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("cancel", REASON | {"billable": "on", "fee": "80"}),
        ("settle", {"amount": "80", "date": "2026-01-05"}),
    ],
)
def test_an_amount_for_the_whole_trip_falls_on_no_half_of_which_the_other_is_spared(
    boss, by_hand, half, name, answers
):
    data = picked(by_hand, half) | answers | {"scope": "series"}
    asked = boss.post(url_of(name), data | {"preview": "1", "confirm": "1"})
    reasons = {each.code: [one["label"] for one in each.examples] for each in seen(asked)}
    assert reasons["by_hand"] == [by_hand.reference]
    assert reasons["other_refused"] == [half.reference]
    act(boss, url_of(name), data)
    batch = Batch.objects.get(action=f"bookings.{name}")
    assert batch.refusals.get(object_id=half.pk).code == "other_refused"
    half.refresh_from_db()
    assert (half.status, half.fee, half.settled_amount) == (Status.PENDING, None, None)


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("cancel", REASON | {"billable": "on", "fee": "80"}),
        ("settle", {"amount": "80", "date": "2026-01-05"}),
    ],
)
def test_it_is_shared_where_the_box_takes_the_other_half_too(boss, by_hand, half, name, answers):
    data = picked(by_hand, half) | answers | {"scope": "series", "anyway": "on"}
    asked = boss.post(url_of(name), data | {"preview": "1", "confirm": "1"})
    assert {"by_hand", "other_refused"}.isdisjoint(each.code for each in seen(asked))


def seen(asked):
    return asked.context["preview"].refused


def test_a_fee_above_the_price_is_warned_of_for_what_pays_it(boss, by_hand, half):
    data = picked(by_hand, half) | REASON | {"billable": "on", "fee": "150", "scope": "series"}
    asked = boss.post(url_of("cancel"), data | {"preview": "1", "confirm": "1"})
    assert {each.code: each.count for each in seen(asked)} == {"by_hand": 1, "other_refused": 1}
    asked = boss.post(url_of("cancel"), data | {"preview": "1", "confirm": "1", "anyway": "on"})
    assert {each.code: each.count for each in seen(asked)} == {"above_price": 2}


def test_a_ride_that_is_spared_takes_no_time_of_the_driver_who_gets_the_others(
    boss, bureau, rides, by_hand
):
    by_hand.refresh_from_db()
    by_hand.pickup_at = rides[4].pickup_at - timedelta(minutes=10)
    services.edit(by_hand, by=bureau)
    data = picked(rides[0]) | {"scope": "series", "driver": make_driver().pk}
    asked = boss.post(url_of("assign"), data | {"preview": "1", "confirm": "1"})
    assert {each.code: each.count for each in seen(asked)} == {"by_hand": 1}
    assert toasts(act(boss, url_of("assign"), data)) == [
        "4 bookings assigned. 1 refused: 1 changed by hand, so kept."
    ]


def test_nor_of_the_driver_whose_rides_come_back(boss, bureau, rides, by_hand):
    by_hand.refresh_from_db()
    by_hand.pickup_at = rides[4].pickup_at - timedelta(minutes=10)
    services.edit(by_hand, by=bureau)
    services.assign(only(*rides), by=bureau, driver=make_driver(), override="Two cars")
    services.cancel(only(*rides), by=bureau, kind=CancellationKind.LATE, reason="Storm")
    data = picked(rides[0]) | {"scope": "series"}
    assert toasts(act(boss, url_of("restore"), data)) == [
        "4 bookings restored. 1 refused: 1 changed by hand, so kept."
    ]


def test_who_was_given_to_one_occurrence_stays_with_it(desk, bureau, rides):
    usual, other, third = make_driver(), make_driver(), make_driver()
    services.assign(only(*rides), by=bureau, driver=usual)
    services.assign(only(rides[1]), by=bureau, driver=other)
    undone = services.assign(only(rides[3]), by=bureau, driver=other)
    undo(undone.batch, by=bureau)
    redone = undo(services.assign(only(rides[4]), by=bureau, driver=other).batch, by=bureau)
    undo(redone.batch, by=bureau)
    whole = picked(rides[2]) | {"scope": "series", "driver": third.pk}
    kept = "2 refused: 2 changed by hand, so kept."
    assert toasts(act(desk, url_of("assign"), whole)) == [f"3 bookings assigned. {kept}"]
    drivers = Booking.objects.filter(series=rides[0].series).order_by("original_start")
    assert list(drivers.values_list("driver", flat=True)) == [
        third.pk,
        other.pk,
        third.pk,
        third.pk,
        other.pk,
    ]
    act(desk, url_of("assign"), whole | {"anyway": "on"})
    assert set(drivers.values_list("driver", flat=True)) == {third.pk}


def test_one_that_was_called_off_by_itself_stays_off(desk, bureau, rides):
    services.cancel(only(rides[1]), by=bureau, kind=CancellationKind.CUSTOMER, reason="Holiday")
    act(desk, url_of("cancel"), picked(rides[2]) | REASON | {"scope": "series"})
    back = picked(rides[2]) | {"scope": "series"}
    kept = "1 refused: 1 changed by hand, so kept."
    assert toasts(act(desk, url_of("restore"), back)) == [f"4 bookings restored. {kept}"]
    rides[1].refresh_from_db()
    assert rides[1].status == Status.CANCELLED
    assert toasts(act(desk, url_of("restore"), picked(rides[1]))) == ["1 booking restored."]
