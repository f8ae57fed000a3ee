"""Two writers at once, on two connections and in real transactions."""

import uuid
from datetime import time, timedelta
from time import sleep

import pytest
from django.db import models
from django.utils import timezone

from bookings import (
    changes,
    copies,
    payouts,
    round_trips,
    series_schedule,
    series_services,
    services,
)
from bookings.changes import To
from bookings.models import Booking, BookingLog, Series
from bookings.recurrence import Rule
from bookings.states import CancellationKind, Status
from project.actions.undo import CannotUndo, undo
from project.audit.models import Batch
from project.audit.numbering import allocate
from project.audit.recorder import AlreadyDone, SelectionChanged, Stale, Ticket
from tests.at_once import at_once
from tests.bookings.conftest import change_series, only
from tests.factories import make_booking, make_customer, make_driver, make_round_trip, make_user

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 6


@pytest.fixture
def user(db):
    return make_user("awa", is_superuser=True)


def overlapping_pairs(driver):
    rides = list(Booking.objects.filter(driver=driver).occupying().order_by("pickup_at"))
    return [
        (one, other)
        for index, one in enumerate(rides)
        for other in rides[index + 1 :]
        if one.pickup_at < other.ends_at and other.pickup_at < one.ends_at
    ]


def test_a_driver_is_never_given_two_rides_at_once(user):
    for _ in range(ROUNDS):
        driver, at = make_driver(), timezone.now() + timedelta(days=1)
        first, second = make_booking(pickup_at=at), make_booking(pickup_at=at)
        outcomes = at_once(
            lambda first=first, driver=driver: services.assign(only(first), by=user, driver=driver),
            lambda second=second, driver=driver: services.assign(
                only(second), by=user, driver=driver
            ),
        )
        assert sorted(outcome.changed for outcome in outcomes) == [0, 1]
        assert overlapping_pairs(driver) == []


def test_nor_by_an_assignment_and_a_restore(user):
    for _ in range(ROUNDS):
        driver, at = make_driver(), timezone.now() + timedelta(days=1)
        cancelled = make_booking(pickup_at=at, driver=driver, status=Status.CANCELLED)
        fresh = make_booking(pickup_at=at)
        outcomes = at_once(
            lambda cancelled=cancelled: services.restore(only(cancelled), by=user),
            lambda fresh=fresh, driver=driver: services.assign(only(fresh), by=user, driver=driver),
        )
        assert sorted(outcome.changed for outcome in outcomes) == [0, 1]
        assert overlapping_pairs(driver) == []


def test_nor_by_an_assignment_and_an_edit_of_the_time(user):
    for _ in range(ROUNDS):
        driver, at = make_driver(), timezone.now() + timedelta(days=1)
        moved = make_booking(pickup_at=at + timedelta(hours=9), driver=driver)
        fresh = make_booking(pickup_at=at)
        moved.pickup_at = at
        at_once(
            lambda moved=moved: services.edit(moved, by=user),
            lambda fresh=fresh, driver=driver: services.assign(only(fresh), by=user, driver=driver),
        )
        assert overlapping_pairs(driver) == []


def test_overlapping_selections_end_without_deadlock_and_without_a_lost_log(user):
    bookings = [make_booking(customer=make_customer()) for _ in range(40)]
    forward, backward = only(*bookings[:30]), only(*bookings[10:]).order_by("-pk")
    reason = {"kind": CancellationKind.OPERATOR, "reason": "Storm"}
    for _ in range(ROUNDS):
        outcomes = at_once(
            lambda: services.cancel(forward, by=user, **reason),
            lambda: services.cancel(backward, by=user, **reason),
        )
        assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        assert sum(outcome.changed for outcome in outcomes) == 40
        assert sum(outcome.refused_count for outcome in outcomes) == 20
        batches = [outcome.batch.pk for outcome in outcomes]
        lines = BookingLog.objects.filter(batch__in=batches)
        assert lines.count() == lines.values("booking").distinct().count() == 40
        assert Booking.history.filter(batch_id__in=batches).count() == 40
        services.restore(only(*bookings), by=user)


def test_one_form_sent_twice_at_once_is_done_once(user):
    booking = make_booking()
    ticket = Ticket(token="8a6e0804-2bd0-4672-b79d-d97027f9071a")
    given = {"by": user, "date": timezone.localdate(), "ticket": ticket}
    results = at_once(*[lambda: services.duplicate(only(booking), **given)] * 2)
    assert sum(isinstance(result, AlreadyDone) for result in results) == 1
    assert Booking.objects.count() == 2


def test_two_edits_at_once_do_not_overwrite_each_other(user):
    booking = make_booking()
    mine, yours = Booking.objects.get(pk=booking.pk), Booking.objects.get(pk=booking.pk)
    mine.passenger_name, yours.passenger_phone = "Awa", "+221 77 000 00 00"
    results = at_once(lambda: services.edit(mine, by=user), lambda: services.edit(yours, by=user))
    assert sum(isinstance(result, Stale) for result in results) == 1
    booking.refresh_from_db()
    assert booking.version == 2
    assert (booking.passenger_name == "Awa") != bool(booking.passenger_phone)


def test_two_undos_at_once_undo_once(user):
    booking = make_booking()
    batch = services.cancel(only(booking), by=user, kind="customer", reason="Flight").batch
    results = at_once(*[lambda: undo(Batch.objects.get(pk=batch.pk), by=user)] * 2)
    assert sum(isinstance(result, (AlreadyDone, CannotUndo)) for result in results) == 1
    booking.refresh_from_db()
    assert (booking.status, booking.version) == (Status.PENDING, 3)


def test_references_given_out_at_once_never_meet(user):
    customer = make_customer()
    results = at_once(*[lambda: make_booking(customer=customer).reference] * 8)
    assert len(set(results)) == 8


@pytest.mark.postgresql
def test_a_booking_that_begins_to_match_meanwhile_is_not_copied(user, monkeypatch):
    """The second writer commits between the lock on the selection and the copying."""
    customer = make_customer()
    for _ in range(3):
        make_booking(customer=customer, passenger_name="Awa")
    late = make_booking(customer=customer, passenger_name="Fatou")

    def meanwhile(prefix, count=1):
        at_once(lambda: models.QuerySet(Booking).filter(pk=late.pk).update(passenger_name="Awa"))
        return allocate(prefix, count)

    monkeypatch.setattr(copies.numbering, "allocate", meanwhile)
    outcome = services.duplicate(
        Booking.objects.filter(passenger_name="Awa"), by=user, date=timezone.localdate()
    )
    monkeypatch.undo()
    assert outcome.changed == 3
    assert Booking.objects.count() == 7
    assert not late.logs.filter(batch=outcome.batch).exists()
    assert make_booking(customer=customer).reference > late.reference


def a_ride_to_repeat(driver):
    start = timezone.now().replace(hour=9, minute=0) + timedelta(days=2)
    return make_booking(pickup_at=start, driver=driver)


def test_a_series_and_an_assignment_never_give_a_driver_two_rides_at_once(user):
    for _ in range(ROUNDS):
        driver = make_driver()
        ride = a_ride_to_repeat(driver)
        other = make_booking(pickup_at=ride.pickup_at + timedelta(days=1))
        outcomes = at_once(
            lambda ride=ride: series_services.repeat(
                ride, by=user, rule=Rule("DAILY", count=3), same_driver=True
            ),
            lambda other=other, driver=driver: services.assign(only(other), by=user, driver=driver),
        )
        assert not any(isinstance(outcome, Exception) for outcome in outcomes), outcomes
        assert overlapping_pairs(driver) == []


def test_a_ride_is_made_to_recur_once(user):
    for _ in range(ROUNDS):
        ride = a_ride_to_repeat(make_driver())
        read = [Booking.objects.get(pk=ride.pk) for _ in range(2)]
        outcomes = at_once(
            *(
                lambda one=one: series_services.repeat(one, by=user, rule=Rule("DAILY", count=3))
                for one in read
            )
        )
        refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        assert [type(each) for each in refused] == [SelectionChanged], outcomes
        assert Booking.objects.filter(series__origin=ride).count() == 3
        assert Series.objects.filter(origin=ride).count() == 1


def test_the_same_click_twice_at_once_makes_one_series(user):
    for _ in range(ROUNDS):
        ride, ticket = a_ride_to_repeat(make_driver()), Ticket(token=uuid.uuid4())
        read = [Booking.objects.get(pk=ride.pk) for _ in range(2)]
        outcomes = at_once(
            *(
                lambda one=one, ticket=ticket: series_services.repeat(
                    one, by=user, rule=Rule("DAILY", count=3), ticket=ticket
                )
                for one in read
            )
        )
        refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        assert [type(each) for each in refused] == [AlreadyDone], outcomes
        assert Series.objects.filter(origin=ride).count() == 1


def test_two_rules_for_one_series_come_one_after_the_other(user):
    for _ in range(ROUNDS):
        ride = a_ride_to_repeat(make_driver())
        series_services.repeat(ride, by=user, rule=Rule("DAILY", count=4))
        ride.refresh_from_db()
        second = ride.series.occurrences.order_by("original_start")[1]
        read = [Booking.objects.select_related("series").get(pk=second.pk) for _ in range(2)]
        outcomes = at_once(
            *(
                lambda one=one, count=count: series_schedule.reschedule(
                    one, by=user, rule=Rule("DAILY", count=count)
                )
                for one, count in zip(read, (6, 8), strict=True)
            )
        )
        assert not any(isinstance(outcome, Exception) for outcome in outcomes), outcomes
        begun = Series.objects.get(follows=ride.series)  # the second found the one of the first
        count = Rule.parse(begun.rule).count
        starts = begun.occurrences.values_list("original_start", flat=True)
        assert len(starts) == len(set(starts)) == count
        assert ride.series.occurrences.count() == 1


def test_a_series_is_not_moved_onto_a_ride_given_at_the_same_moment(user):
    for _ in range(ROUNDS):
        driver = make_driver()
        ride = a_ride_to_repeat(driver)
        series_services.repeat(ride, by=user, rule=Rule("DAILY", count=3), same_driver=True)
        ride.refresh_from_db()
        noon = timezone.localtime(ride.pickup_at).replace(hour=12)
        other = make_booking(pickup_at=noon + timedelta(days=1))
        at_once(
            lambda ride=ride: change_series(only(ride).whole_series(), by=user, time=time(12, 0)),
            lambda other=other, driver=driver: services.assign(only(other), by=user, driver=driver),
        )
        assert overlapping_pairs(driver) == []


def test_two_segments_moved_at_once_stay_in_their_order(user):
    """Each move is fine by itself. The customers differ, so nothing else holds them apart."""
    at = timezone.now().replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=3)
    clock = timezone.localtime(at + timedelta(hours=3)).time()
    for _ in range(ROUNDS):
        out, back = make_round_trip(pickup_at=at, inbound={"customer": make_customer()})
        outcomes = at_once(
            *(
                lambda ride=ride: changes.change(only(ride), by=user, values={"clock": To(clock)})
                for ride in (out, back)
            )
        )
        assert sorted(outcome.changed for outcome in outcomes) == [0, 1], outcomes
        out.refresh_from_db(), back.refresh_from_db()
        assert back.pickup_at >= out.ends_at


def test_a_payout_and_what_it_locks_never_happen_to_one_ride_at_once(user):
    """Whichever comes second is refused, or paid for what it found."""
    at = timezone.now() + timedelta(days=1)
    reason = {"kind": CancellationKind.OPERATOR, "reason": "Storm"}
    rivals = [
        lambda ride, other: services.cancel(only(ride), by=user, **reason),
        lambda ride, other: services.assign(only(ride), by=user, driver=other),
        lambda ride, other: changes.change(only(ride), by=user, values={"payout": To(9_000)}),
    ]
    for rival in rivals * (ROUNDS // 2):
        ride = make_booking(pickup_at=at, driver=make_driver(), price=30_000, payout=20_000)
        other = make_driver()
        outcomes = at_once(
            lambda ride=ride: payouts.settle(only(ride), by=user),
            lambda ride=ride, rival=rival, other=other: rival(ride, other),
        )
        assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)], outcomes
        ride.refresh_from_db()
        done = ride.logs.order_by("pk").values_list("batch__action", flat=True)[1:]
        assert len(done) == sum(outcome.changed for outcome in outcomes) > 0
        assert "bookings.settle" not in done[: len(done) - 1], done  # it locks what it finds
        if ride.settled_on:
            assert ride.settled_amount == ride.payout


def after(delay, work):
    """`work`, a moment late: where it meets the other's differs from round to round."""

    def late():
        sleep(delay)
        return work()

    return late


def rides_with_returns(user, count):
    """Rides, and the batch that gave each a return at half of its price."""
    rides = [make_booking(price=30_000, pickup_at=at(n)) for n in range(count)]
    when = {"date": timezone.localdate() + timedelta(days=400), "clock": time(18, 0)}
    split = round_trips.Pricing.SPLIT
    made = round_trips.create_return(only(*rides), by=user, pricing=split, **when)
    return only(*rides), made.batch


def at(days):
    return timezone.now() + timedelta(days=1 + days)


def test_returns_are_discarded_without_deadlock_while_their_trips_are_cancelled(user):
    reason = {"kind": CancellationKind.OPERATOR, "reason": "Storm"}
    for n in range(2 * ROUNDS):
        rides, made = rides_with_returns(user, 5)
        outcomes = at_once(
            lambda made=made: undo(made, by=user),
            after(
                n * 0.002,
                lambda rides=rides: services.cancel(rides.whole_trips(), by=user, **reason),
            ),
        )
        assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)], outcomes


def test_half_of_a_price_is_not_lost_where_the_other_half_changes_meanwhile(user):
    """Either the ride has all of its price again, and then another; or its return stays."""
    for n in range(2 * ROUNDS):
        rides, made = rides_with_returns(user, 1)
        undone, changed = at_once(
            lambda made=made: undo(made, by=user),
            after(
                n * 0.002,
                lambda rides=rides: changes.change(rides, by=user, values={"price": To(20_000)}),
            ),
        )
        assert changed.changed == 1
        ride = rides.get()
        had = ride.history.order_by("history_id").values_list("price", flat=True)
        assert list(had) == [30_000, 15_000, *([30_000] if undone.changed else []), 20_000]


def test_a_series_is_discarded_without_deadlock_while_it_is_cancelled(user):
    reason = {"kind": CancellationKind.OPERATOR, "reason": "Storm"}
    for n in range(2 * ROUNDS):
        ride = a_ride_to_repeat(make_driver())
        made = series_services.repeat(ride, by=user, rule=Rule("DAILY", count=5)).batch
        rides = Booking.objects.filter(pk=ride.pk).whole_series()
        outcomes = at_once(
            lambda made=made: undo(made, by=user),
            after(n * 0.002, lambda rides=rides: services.cancel(rides, by=user, **reason)),
        )
        assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)], outcomes
