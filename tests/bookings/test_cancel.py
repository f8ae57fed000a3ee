from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from bookings import changes, services
from bookings.states import CancellationKind, PaymentState, Status
from tests.asking import act, picked, toasts, url_of
from tests.bookings.conftest import assert_recorded, codes, only
from tests.factories import make_booking, make_customer, make_driver, make_partner

pytestmark = pytest.mark.django_db
CUSTOMER = CancellationKind.CUSTOMER


def cancel(selection, by, **given):
    return services.cancel(
        selection, by=by, **{"kind": CUSTOMER, "reason": "Flight AF719", **given}
    )


@pytest.mark.parametrize("status", [Status.PENDING, Status.CONFIRMED, Status.IN_PROGRESS])
def test_it_cancels_from_any_open_state_and_keeps_it_for_the_restore(bureau, status):
    booking = make_booking(status=status)
    outcome = cancel(only(booking), bureau)
    assert (outcome.changed, codes(outcome)) == (1, {})
    entry = assert_recorded(booking, outcome, "bookings.cancel", bureau)
    assert booking.status == Status.CANCELLED
    assert booking.status_before == status
    assert (booking.cancellation_kind, booking.cancellation_reason) == (CUSTOMER, "Flight AF719")
    assert (booking.cancelled_by, booking.billable, booking.fee) == (bureau, False, None)
    assert entry.changes["status"] == [status, "cancelled"]
    assert "Flight AF719" in entry.action
    assert outcome.batch.reason == "Flight AF719"


def test_it_names_what_it_refuses(bureau):
    ready, cancelled, over = (
        make_booking(),
        make_booking(status=Status.CANCELLED),
        make_booking(status=Status.COMPLETED),
    )
    outcome = cancel(only(ready, cancelled, over), bureau)
    assert outcome.changed == 1
    assert codes(outcome) == {"cancelled": 1, "over": 1}
    assert {(row.object_id, row.code) for row in outcome.refusals()} == {
        (cancelled.pk, "cancelled"),
        (over.pk, "over"),
    }
    for refused in (cancelled, over):
        before = refused.version
        refused.refresh_from_db()
        assert refused.version == before
        assert refused.logs.count() == refused.history.count() == 1  # its creation


@pytest.mark.parametrize(
    ("price", "currency", "percent", "fee"),
    [
        ("35000", "XOF", 100, "35000"),
        ("35001", "XOF", 50, "17501"),
        ("100.01", "EUR", 50, "50.01"),
        ("10.001", "TND", 50, "5.001"),
    ],
)
def test_a_billable_one_has_a_fee_in_the_decimals_of_its_currency(
    bureau, price, currency, percent, fee
):
    booking = make_booking(price=Decimal(price), currency=currency)
    cancel(only(booking), bureau, billable=True, fee_percent=percent)
    booking.refresh_from_db()
    assert booking.billable
    assert booking.fee == Decimal(fee)


def test_it_does_not_bill_what_has_no_price(bureau):
    priced, unpriced = make_booking(price=1000), make_booking()
    outcome = cancel(only(priced, unpriced), bureau, billable=True)
    assert (outcome.changed, codes(outcome)) == (1, {"no_price": 1})


def test_a_fee_above_the_price_takes_a_reason_from_who_may(bureau, gestion):
    booking, unpriced = make_booking(price=Decimal(9000)), make_booking()
    asked = {"billable": True, "fee": Decimal(90000)}
    outcome = cancel(only(booking, unpriced), bureau, **asked)
    assert (outcome.changed, codes(outcome)) == (1, {"above_price": 1})
    outcome = cancel(only(booking), gestion, **asked, override="The contract says so")
    entry = assert_recorded(booking, outcome, "bookings.cancel", gestion)
    assert booking.fee == 90000
    assert booking.cancellation_reason == "Flight AF719"
    assert entry.action.endswith(" — The contract says so")
    assert outcome.batch.reason == "Flight AF719 — The contract says so"


def test_the_dialog_warns_of_such_a_fee(desk, boss):
    booking = make_booking(price=Decimal(9000))
    data = picked(booking) | {"kind": CUSTOMER, "reason": "No", "billable": "on", "fee": "90000"}
    asked = desk.post(url_of("cancel"), data | {"preview": "1"})
    assert [reason.code for reason in asked.context["preview"].warnings] == ["above_price"]
    forged = data | {"override": "on", "override_reason": "So"}
    assert act(desk, url_of("cancel"), forged).status_code == 403
    assert toasts(act(boss, url_of("cancel"), forged)) == ["1 booking cancelled."]


def test_a_fee_is_never_guessed(desk):
    booking = make_booking(price=Decimal(9000))
    data = picked(booking) | {"kind": CUSTOMER, "reason": "No", "billable": "on"}
    response = act(desk, url_of("cancel"), data | {"fee_percent": "", "fee": ""})
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["fee_percent"])
    act(desk, url_of("cancel"), data)  # of a door that asks no percentage: what is proposed
    booking.refresh_from_db()
    assert booking.fee == 9000


def test_restore_brings_back_the_status_before(bureau):
    booking = make_booking(status=Status.CONFIRMED, price=1000)
    cancel(only(booking), bureau, billable=True)
    outcome = services.restore(only(booking), by=bureau, reason="They called back")
    assert_recorded(booking, outcome, "bookings.restore", bureau)
    assert booking.status == Status.CONFIRMED
    assert (booking.status_before, booking.cancellation_kind, booking.cancellation_reason) == (
        "",
        "",
        "",
    )
    assert (booking.cancelled_at, booking.cancelled_by, booking.fee) == (None, None, None)
    assert not booking.billable


def test_restore_refuses_what_is_not_cancelled_archived_or_paid_for(bureau):
    never = make_booking()
    archived = make_booking(status=Status.CANCELLED, archived_at=timezone.now())
    paid = make_booking(
        status=Status.CANCELLED, billable=True, fee=500, price=500, payment_state=PaymentState.PAID
    )
    outcome = services.restore(only(never, archived, paid), by=bureau)
    assert outcome.changed == 0
    assert codes(outcome) == {"not_cancelled": 1, "archived": 1, "fee_settled": 1}


def paying(booking, state, by):
    booking.refresh_from_db()
    booking.payment_state = state
    services.edit(booking, by=by)


@pytest.mark.parametrize("state", [PaymentState.INVOICED, PaymentState.PAID])
def test_restore_brings_back_what_was_paid_before_its_billable_cancellation(bureau, state):
    booking = make_booking(price=1000)
    paying(booking, state, bureau)
    cancel(only(booking), bureau, billable=True, fee_percent=50)
    booking.refresh_from_db()
    booking.office_notes = "They called"
    services.edit(booking, by=bureau)  # a later change of something else
    assert services.restore(only(booking), by=bureau).changed == 1
    booking.refresh_from_db()
    assert (booking.status, booking.payment_state, booking.fee) == (Status.PENDING, state, None)


def test_restore_refuses_what_was_paid_since_its_cancellation(bureau):
    booking, more = make_booking(price=1000), make_booking(price=1000)
    paying(more, PaymentState.INVOICED, bureau)
    cancel(only(booking, more), bureau, billable=True)
    for each in (booking, more):
        paying(each, PaymentState.PAID, bureau)
    assert codes(services.restore(only(booking, more), by=bureau)) == {"fee_settled": 2}
    paying(more, PaymentState.INVOICED, bureau)  # back to how it was
    paying(booking, PaymentState.UNPAID, bureau)
    assert services.restore(only(booking, more), by=bureau).changed == 2


def test_it_is_the_latest_cancellation_that_counts(bureau):
    booking = make_booking(price=1000)
    cancel(only(booking), bureau, billable=True)
    services.restore(only(booking), by=bureau)
    paying(booking, PaymentState.PAID, bureau)
    cancel(only(booking), bureau, billable=True)
    assert services.restore(only(booking), by=bureau).changed == 1


def test_restore_refuses_what_is_paid_and_lost_its_price_since(bureau):
    booking = make_booking(price=1000)
    paying(booking, PaymentState.PAID, bureau)
    cancel(only(booking), bureau, billable=True)
    values = {"price": changes.To(None)}
    assert changes.change(only(booking), by=bureau, values=values, override="x").changed == 1
    assert codes(services.restore(only(booking), by=bureau)) == {"fee_settled": 1}


def test_restore_does_not_give_a_driver_two_rides_at_once(bureau, gestion):
    driver, at = make_driver(), timezone.now()
    booking = make_booking(driver=driver, pickup_at=at)
    cancel(only(booking), bureau)
    make_booking(driver=driver, pickup_at=at)
    assert codes(services.restore(only(booking), by=bureau)) == {"driver_busy": 1}
    outcome = services.restore(only(booking), by=gestion, override="Two vans")
    assert outcome.changed == 1
    entry = assert_recorded(booking, outcome, "bookings.restore", gestion)
    assert "Two vans" in entry.action
    assert "overlap" in entry.action or "chevauchement" in entry.action


def test_restore_sees_overlaps_inside_the_selection(bureau):
    driver, at = make_driver(), timezone.now()
    first, second = (
        make_booking(driver=driver, pickup_at=at + timedelta(minutes=minutes), status="cancelled")
        for minutes in (0, 30)
    )
    other = make_booking(driver=make_driver(), pickup_at=at, status="cancelled")
    outcome = services.restore(only(first, second, other), by=bureau)
    assert (outcome.changed, codes(outcome)) == (2, {"doubled": 1})
    assert outcome.refusals().get().object_id == second.pk


def test_restore_gives_no_ride_back_to_someone_who_left(bureau):
    driver, partner = make_driver(is_active=False), make_partner(is_active=False)
    rides = [
        make_booking(status=Status.CANCELLED, driver=driver),
        make_booking(status=Status.CANCELLED, partner=partner),
    ]
    assert codes(services.restore(only(*rides), by=bureau)) == {"inactive": 2}
    assert services.unassign(only(*rides), by=bureau).changed == 2
    assert services.restore(only(*rides), by=bureau).changed == 2


def test_both_reasons_of_an_overridden_restore_are_kept(gestion):
    driver, at = make_driver(), timezone.now()
    booking = make_booking(status=Status.CANCELLED, driver=driver, pickup_at=at)
    make_booking(driver=driver, pickup_at=at)
    why, spite = "They called back " * 10, "Two vans " * 10
    outcome = services.restore(only(booking), by=gestion, reason=why, override=spite)
    row = booking.history.get(batch_id=outcome.batch.pk)
    assert why in row.history_change_reason
    assert spite in row.history_change_reason


def test_restore_gives_no_ride_to_a_customer_who_left(bureau):
    booking = make_booking(status=Status.CANCELLED, customer=make_customer(is_active=False))
    assert codes(services.restore(only(booking), by=bureau)) == {"customer_inactive": 1}
