from datetime import date, time, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from bookings import changes, payouts, series_changes, services
from bookings.actions import ACTIONS
from bookings.changes import To
from bookings.models import Booking, Series
from bookings.states import CancellationKind, Status
from project.actions.undo import CannotUndo, undo, why_not
from project.audit.models import Batch
from project.audit.recorder import AlreadyDone
from tests.bookings.conftest import assert_recorded, codes, only
from tests.factories import make_booking, make_driver, make_partner, make_user

pytestmark = pytest.mark.django_db
REASON = {"kind": CancellationKind.CUSTOMER, "reason": "Flight"}
RECORDED = {"version", "updated_at"}
PAID = {"driver": make_driver, "payout": 400}
SETTLED = {"settled_amount": 400, "settled_on": date(2026, 1, 2), "settled_by": make_user}
OF_TWO = {"pair", "unpair"}  # in test_round_trips.py


def state(booking):
    """Every field but the version, as the database has it."""
    return {
        name: value
        for name, value in Booking.objects.filter(pk=booking.pk).values().get().items()
        if name not in RECORDED
    }


def acts():
    """(name, fields of the booking, what is done to it): one for each action that has an undo."""
    return {
        "archive": ({"status": Status.COMPLETED}, services.archive, {}),
        "unarchive": (
            {"status": Status.CANCELLED, "archived_at": timezone.now()},
            services.unarchive,
            {},
        ),
        "cancel": (
            {"status": Status.CONFIRMED, "price": 900},
            services.cancel,
            REASON | {"billable": True},
        ),
        "restore": ({"status": Status.CANCELLED}, services.restore, {}),
        "set_status": ({}, services.set_status, {"status": Status.CONFIRMED}),
        "assign": ({}, services.assign, {"driver": make_driver}),
        "unassign": ({"partner": make_partner}, services.unassign, {}),
        "change": (
            {"price": 900, "stops": ["Thiès"]},
            changes.change,
            {"values": {"price": To(None), "stops": To([]), "clock": To(time(4, 5))}},
        ),
        "reopen": (PAID | SETTLED, payouts.reopen, {"reason": "Slip"}),
        "change_series": (
            {"series": a_series, "original_start": timezone.now},
            series_changes.change_series,
            {
                "values": {
                    "clock": To(time(10, 15)),
                    "pickup_address": To("Ngor"),
                    "payout": To(4000),
                }
            },
        ),
    }


def a_series():
    now = timezone.now()
    return Series.objects.create(
        origin=make_booking(), rule="FREQ=DAILY;COUNT=2", starts_at=now, zone="Africa/Dakar"
    )


def made(values):
    return {name: value() if callable(value) else value for name, value in values.items()}


@pytest.mark.parametrize(
    "name",
    [
        action.name
        for action in ACTIONS
        if action.inverse and not action.undo_asks and action.name not in OF_TWO
    ],
)
def test_undo_brings_back_the_exact_state(name):
    by = make_user(is_superuser=True)
    fields, service, answers = acts()[name]
    booking = make_booking(**made(fields))
    before = state(booking)
    batch = service(only(booking), by=by, **made(answers)).batch
    assert state(booking) != before
    outcome = undo(batch, by=by)
    assert (outcome.changed, codes(outcome)) == (1, {})
    assert state(booking) == before
    assert outcome.batch.undo_of == batch
    assert_recorded(booking, outcome, outcome.batch.action, by)


def test_it_skips_and_names_what_changed_since(bureau):
    kept, touched = make_booking(), make_booking()
    batch = services.cancel(only(kept, touched), by=bureau, **REASON).batch
    services.restore(only(touched), by=bureau)
    services.cancel(only(touched), by=bureau, **REASON)
    outcome = undo(batch, by=bureau)
    assert (outcome.changed, codes(outcome)) == (1, {"touched_since": 1})
    assert outcome.refusals().get().object_id == touched.pk
    kept.refresh_from_db()
    touched.refresh_from_db()
    assert (kept.status, touched.status) == (Status.PENDING, Status.CANCELLED)


def test_each_booking_gets_its_own_former_values(bureau):
    drivers = [make_driver(), make_driver(), None]
    bookings = [
        make_booking(driver=driver, pickup_at=timezone.now() + timedelta(hours=5 * hour))
        for hour, driver in enumerate(drivers)
    ]
    batch = services.assign(only(*bookings), by=bureau, driver=make_driver()).batch
    undo(batch, by=bureau)
    for booking, driver in zip(bookings, drivers, strict=True):
        booking.refresh_from_db()
        assert booking.driver == driver


def test_it_does_not_give_a_driver_two_rides_at_once(bureau):
    driver, booking = make_driver(), make_booking()
    services.assign(only(booking), by=bureau, driver=driver)
    batch = services.assign(only(booking), by=bureau, driver=make_driver()).batch
    make_booking(driver=driver, pickup_at=Booking.objects.get(pk=booking.pk).pickup_at)
    assert codes(undo(batch, by=bureau)) == {"driver_busy": 1}


def test_a_batch_is_undone_once(bureau):
    booking = make_booking()
    batch = services.cancel(only(booking), by=bureau, **REASON).batch
    undo(batch, by=bureau)
    with pytest.raises(CannotUndo):
        undo(Batch.objects.get(pk=batch.pk), by=bureau)
    with pytest.raises((CannotUndo, AlreadyDone)):
        undo(batch, by=bureau)
    assert Batch.objects.filter(undo_of=batch).count() == 1


def test_an_undo_can_be_undone(bureau):
    booking = make_booking()
    batch = services.cancel(only(booking), by=bureau, **REASON).batch
    cancelled = state(booking)
    again = undo(undo(batch, by=bureau).batch, by=bureau)
    assert again.changed == 1
    assert state(booking) == cancelled


def test_it_is_offered_for_a_day(bureau):
    batch = services.cancel(only(make_booking()), by=bureau, **REASON).batch
    assert why_not(batch, bureau, now=batch.created_at + timedelta(hours=23)) == ""
    assert why_not(batch, bureau, now=batch.created_at + timedelta(hours=25))


def test_it_needs_the_permission_of_the_inverse(bureau):
    batch = services.cancel(only(make_booking()), by=bureau, **REASON).batch
    with pytest.raises((CannotUndo, PermissionDenied)):
        undo(batch, by=make_user())


def test_what_was_made_is_cancelled_and_archived_never_deleted(bureau):
    first, second = make_booking(), make_booking()
    batch = services.duplicate(only(first, second), by=bureau, date=timezone.localdate()).batch
    copies = Booking.objects.filter(logs__batch=batch, logs__action_code="bookings.duplicate")
    kept = copies.first()
    services.assign(only(kept), by=bureau, driver=make_driver())
    outcome = undo(batch, by=bureau)
    assert (outcome.changed, codes(outcome)) == (1, {"touched_since": 1})
    assert Booking.objects.count() == 4
    discarded = copies.exclude(pk=kept.pk).get()
    assert (discarded.status, discarded.cancellation_kind) == (
        Status.CANCELLED,
        CancellationKind.MISTAKE,
    )
    assert discarded.archived_at is not None
    assert_recorded(discarded, outcome, "bookings.discard", bureau)
    for original in (first, second):
        original.refresh_from_db()
        assert original.status == Status.PENDING


def test_an_edit_is_undone_with_its_search_text(bureau):
    booking = make_booking(passenger_name="Awa Ndiaye")
    before = state(booking)
    booking.passenger_name = "Fatou Sow"
    batch = services.edit(booking, by=bureau)
    outcome = undo(batch, by=bureau)
    assert outcome.changed == 1
    assert state(booking) == before
    assert "awa" in Booking.objects.get(pk=booking.pk).search_text


def test_creating_is_undone_by_discarding(bureau):
    booking = make_booking(by=bureau)
    batch = Batch.objects.get(action="bookings.create")
    assert undo(batch, by=bureau).changed == 1
    booking.refresh_from_db()
    assert booking.cancellation_kind == CancellationKind.MISTAKE


def test_statements_do_not_grow_with_the_batch(bureau, django_assert_max_num_queries):
    bookings = [make_booking(driver=make_driver()) for _ in range(30)]
    batch = services.cancel(only(*bookings), by=bureau, **REASON).batch
    with django_assert_max_num_queries(30):
        assert undo(batch, by=bureau).changed == 30


def test_it_gives_no_ride_back_to_someone_who_left(bureau):
    driver, booking = make_driver(), make_booking()
    services.assign(only(booking), by=bureau, driver=driver)
    batch = services.unassign(only(booking), by=bureau).batch
    driver.is_active = False
    driver.save(by=bureau)
    assert codes(undo(batch, by=bureau)) == {"inactive": 1}


def test_it_brings_back_no_overlap_among_its_own_rides(bureau, gestion):
    driver, at = make_driver(), timezone.now()
    pair = [make_booking(pickup_at=at), make_booking(pickup_at=at)]
    services.assign(only(*pair), by=gestion, driver=driver, override="Two vans")
    batch = services.unassign(only(*pair), by=bureau).batch
    outcome = undo(batch, by=bureau)
    assert (outcome.changed, codes(outcome)) == (1, {"doubled": 1})


def test_undoing_a_creation_needs_the_permission_to_cancel(bureau):
    make_booking(by=bureau)
    batch = Batch.objects.get(action="bookings.create")
    clerk = make_user()
    permissions = Permission.objects.filter(codename__in=["view_booking", "add_booking"])
    clerk.user_permissions.set(permissions)
    with pytest.raises(CannotUndo):
        undo(batch, by=clerk)


def test_a_cancelled_ride_that_is_given_back_takes_nobodys_time(bureau):
    driver, at = make_driver(), timezone.now()
    cancelled = make_booking(driver=driver, pickup_at=at, status=Status.CANCELLED)
    batch = services.unassign(only(cancelled), by=bureau).batch
    make_booking(driver=driver, pickup_at=at)
    assert undo(batch, by=bureau).changed == 1
