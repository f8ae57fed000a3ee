"""What must never be, the database refuses: written past every service, form and save."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, models, transaction
from django.db.models import F
from django.utils import timezone

from bookings.models import Booking, BookingLog, Series
from bookings.states import Leg, Status
from project.audit.recorder import Unrecorded
from tests.factories import (
    make_booking,
    make_customer,
    make_driver,
    make_partner,
    make_round_trip,
    make_user,
)

pytestmark = pytest.mark.django_db
CANCELLED = {"status": Status.CANCELLED}
ARCHIVED = CANCELLED | {"archived_at": timezone.now()}
BILLED = CANCELLED | {"price": 900, "fee": 500, "billable": True}
SETTLED = {"settled_amount": 5, "settled_on": date(2026, 1, 2), "settled_by": make_user}

# (constraint, what the booking is, what is then written to it): each breaks that one alone.
CASES = [
    ("booking_driver_or_partner", {"driver": make_driver}, {"partner": make_partner}),
    ("booking_someone_drives_it", {}, {"status": Status.IN_PROGRESS}),
    ("booking_someone_drives_it", {"status": Status.COMPLETED}, {"driver": None}),
    ("booking_status_known", {}, {"status": "lost"}),
    ("booking_payment_state_known", {"price": 1}, {"payment_state": "gift"}),
    ("booking_vehicle_class_known", {}, {"vehicle_class": "rocket"}),
    ("booking_ends_after_it_starts", {}, {"ends_at": F("pickup_at")}),
    ("booking_ends_after_it_starts", {}, {"duration_minutes": 0}),
    ("booking_ends_after_it_starts", {}, {"duration_minutes": 7 * 24 * 60 + 1}),
    ("booking_has_passengers", {}, {"passenger_count": 0}),
    ("booking_amounts_not_negative", {}, {"price": Decimal(-1)}),
    ("booking_amounts_not_negative", {}, {"payout": Decimal(-1)}),
    ("booking_amounts_not_negative", BILLED, {"fee": Decimal(-1)}),
    ("booking_distance_not_negative", {}, {"distance_km": Decimal("-0.1")}),
    ("booking_currency_decimals", {}, {"price": Decimal("0.5")}),
    ("booking_currency_decimals", {"currency": "EUR"}, {"payout": Decimal("0.125")}),
    ("booking_currency_decimals", BILLED, {"fee": Decimal("0.5")}),
    ("booking_currency_decimals", {}, {"currency": "BTC"}),
    ("booking_paid_needs_price", {}, {"payment_state": "paid"}),
    ("booking_archived_is_closed", {}, {"archived_at": timezone.now()}),
    ("booking_archived_is_closed", {"status": Status.IN_PROGRESS}, {"archived_at": timezone.now()}),
    ("booking_cancelled_whole", {}, CANCELLED),
    ("booking_cancelled_whole", CANCELLED, {"cancelled_at": None}),
    ("booking_cancelled_whole", CANCELLED, {"cancellation_reason": ""}),
    ("booking_cancelled_whole", CANCELLED, {"cancellation_kind": "mood"}),
    (
        "booking_cancelled_whole",
        CANCELLED | {"driver": make_driver},
        {"status_before": Status.COMPLETED},
    ),
    ("booking_cancelled_whole", CANCELLED, {"status": Status.PENDING}),
    ("booking_cancelled_whole", {}, {"cancelled_at": timezone.now()}),
    ("booking_cancelled_whole", {}, {"cancelled_by": make_user}),
    ("booking_cancelled_whole", {}, {"status_before": Status.PENDING}),
    ("booking_cancelled_whole", {}, {"cancellation_kind": "customer"}),
    ("booking_cancelled_whole", {}, {"cancellation_reason": "Flight missed"}),
    ("booking_billable_has_fee", CANCELLED, {"billable": True}),
    ("booking_billable_has_fee", CANCELLED, {"fee": Decimal(1)}),
    ("booking_billable_has_fee", {}, {"billable": True, "fee": Decimal(1)}),
    ("booking_leg_with_round_trip", {}, {"leg": Leg.RETURN}),
    ("booking_settled_whole", {"driver": make_driver}, {"settled_amount": 5}),
    ("booking_settled_whole", {"driver": make_driver}, {"settled_on": date(2026, 1, 2)}),
    ("booking_settled_whole", {"driver": make_driver}, {"settled_by": make_user}),
    ("booking_settled_whole", {"driver": make_driver}, SETTLED | {"settled_by": None}),
    ("booking_settled_whole", {}, SETTLED),
    ("booking_amounts_not_negative", {"driver": make_driver}, SETTLED | {"settled_amount": -1}),
    ("booking_currency_decimals", {"driver": make_driver}, SETTLED | {"settled_amount": 0.5}),
    ("booking_planned_by_its_series", {}, {"original_start": timezone.now()}),
]


def write(booking, **values):
    """Straight into the row, as nothing in the house does."""
    models.QuerySet(Booking).filter(pk=booking.pk).update(**values)


def made(values):
    return {name: value() if callable(value) else value for name, value in values.items()}


def refused(work):
    """The message of the database's refusal; fails where it accepts."""
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        work()
    return str(refusal.value)


@pytest.mark.parametrize(
    ("name", "fields", "values"), CASES, ids=[f"{case[0]}-{'-'.join(case[2])}" for case in CASES]
)
def test_the_database_refuses_what_must_never_be(name, fields, values):
    booking, values = make_booking(**made(fields)), made(values)
    assert name in refused(lambda: write(booking, **values))


def test_a_round_trip_has_one_of_each_leg():
    out, back = make_round_trip()
    told = refused(lambda: write(back, leg=Leg.OUTBOUND))
    assert "booking_one_of_each_leg" in told or "round_trip_id, bookings_booking.leg" in told
    assert "booking_leg_with_round_trip" in refused(lambda: write(out, leg=""))
    assert "booking_leg_with_round_trip" in refused(lambda: write(out, leg="sideways"))


def test_an_occurrence_of_a_series_is_there_once():
    first, second = make_booking(), make_booking()
    day = first.pickup_at
    series = Series.objects.create(
        origin=first, rule="FREQ=DAILY;COUNT=2", starts_at=day, zone="Africa/Dakar"
    )
    write(first, series=series, original_start=day)
    told = refused(lambda: write(second, series=series, original_start=day))
    assert "booking_occurs_once" in told or "bookings_booking.original_start" in told
    assert "booking_planned_by_its_series" in refused(lambda: write(second, series=series))
    assert "booking_planned_by_its_series" in refused(lambda: write(second, planned_return=True))


def test_an_occurrence_is_there_once_whatever_it_was_paired_with():
    out, back = make_round_trip()
    plain = make_booking()
    day = out.pickup_at
    series = Series.objects.create(
        origin=out, rule="FREQ=DAILY;COUNT=2", starts_at=day, zone="Africa/Dakar"
    )
    key = {"series": series, "original_start": day}
    write(back, **key)  # an occurrence that was paired as the return of another ride
    for other in (plain, out):
        told = refused(lambda ride=other: write(ride, **key))
        assert "booking_occurs_once" in told or "bookings_booking.original_start" in told
    write(back, planned_return=True)  # the return that the series made with the ride
    write(out, **key)


def test_a_reference_is_given_once():
    first, second = make_booking(), make_booking()
    assert "reference" in refused(lambda: write(second, reference=first.reference))


def test_every_constraint_is_tried_here():
    tried = {name for name, *_ in CASES} | {"booking_one_of_each_leg", "booking_occurs_once"}
    assert {constraint.name for constraint in Booking._meta.constraints} == tried


@pytest.mark.parametrize(
    "fields",
    [
        {"driver": make_driver},
        {"partner": make_partner},
        {"status": Status.IN_PROGRESS},
        {"status": Status.NO_SHOW, "billable": True, "fee": 5},
        BILLED | {"payment_state": "paid"},
        ARCHIVED,
        {"price": Decimal("0.125"), "currency": "TND"},
        {"price": Decimal("0.25"), "currency": "EUR", "payment_state": "invoiced"},
        {"price": 0, "payout": 0, "distance_km": 0, "passenger_count": 99},
        {"duration_minutes": 7 * 24 * 60},
    ],
    ids=lambda fields: "-".join(fields),
)
def test_the_database_accepts_what_may_be(fields):
    booking = make_booking(**made(fields))
    write(booking, ends_at=F("ends_at") + timedelta(0))
    assert Booking.objects.filter(pk=booking.pk).exists()


# ------------------------------------------------------------------------- unrecorded and undeleted
@pytest.mark.parametrize(
    "unrecorded",
    [
        lambda: Booking.objects.update(passenger_name="x"),
        lambda: Booking.objects.all().update(passenger_name="x"),
        lambda: Booking.objects.filter(pk__gt=0).delete(),
        lambda: Booking.objects.all().delete(),
        lambda: Booking.objects.bulk_create([Booking()]),
        lambda: Booking.objects.bulk_update(Booking.objects.all(), ["passenger_name"]),
        lambda: Booking.objects.get().customer.bookings.update(passenger_name="x"),
        lambda: Booking.objects.get().customer.bookings.all().delete(),
        lambda: Booking.objects.get().save(update_fields=["passenger_name"]),
    ],
)
def test_a_write_that_would_leave_no_log_is_refused(unrecorded):
    booking = make_booking()
    with pytest.raises(Unrecorded):
        unrecorded()
    booking.refresh_from_db()
    assert (booking.version, booking.logs.count()) == (1, 1)


@pytest.mark.parametrize("of", ["booking", "log", "customer", "driver", "partner", "user", "trip"])
def test_nothing_that_a_booking_leans_on_is_deleted(of):
    out, back = make_round_trip(by=make_user("awa"), outbound={"driver": make_driver()},
                                inbound={"partner": make_partner()})  # fmt: skip
    leant_on = {
        "booking": out,
        "log": out.logs.get(),
        "customer": out.customer,
        "driver": out.driver,
        "partner": back.partner,
        "user": out.logs.get().user,
        "trip": out.round_trip,
    }
    with pytest.raises(models.ProtectedError):
        leant_on[of].delete()
    assert Booking.objects.count() == BookingLog.objects.count() == 2


def test_log_lines_are_neither_deleted_nor_changed_as_a_set():
    booking = make_booking()
    for forbidden in (
        lambda: BookingLog.objects.all().delete(),
        lambda: booking.logs.all().delete(),
        lambda: BookingLog.objects.update(action="forged"),
    ):
        with pytest.raises(Unrecorded):
            forbidden()
    assert booking.logs.get().action != "forged"


def test_a_customer_without_bookings_is_not_deleted_either():
    with pytest.raises(models.ProtectedError):
        make_customer().delete()
