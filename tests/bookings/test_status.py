from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from bookings import services
from bookings.states import TRANSITIONS, Status
from tests.bookings.conftest import assert_recorded, codes, only
from tests.factories import make_booking, make_driver

pytestmark = pytest.mark.django_db
STEPS = {(before, after) for before, following in TRANSITIONS.items() for after in following}
SETTABLE = [s for s in Status if s not in (Status.PENDING, Status.CANCELLED)]


@pytest.mark.parametrize("before", Status)
@pytest.mark.parametrize("after", SETTABLE)
def test_only_the_steps_of_the_state_machine_are_taken(bureau, before, after):
    booking = make_booking(status=before, driver=make_driver())
    outcome = services.set_status(only(booking), by=bureau, status=after)
    if (before, after) in STEPS:
        assert outcome.changed == 1
        entry = assert_recorded(booking, outcome, "bookings.set_status", bureau)
        assert booking.status == after
        assert entry.changes["status"] == [before, after]
    else:
        assert codes(outcome) == {"same" if before == after else "unreachable": 1}
        booking.refresh_from_db()
        assert booking.status == before


def test_a_ride_under_way_needs_someone_to_drive(bureau):
    booking = make_booking(status=Status.CONFIRMED)
    outcome = services.set_status(only(booking), by=bureau, status=Status.IN_PROGRESS)
    assert codes(outcome) == {"nobody": 1}


def test_an_archived_one_does_not_move(bureau):
    booking = make_booking(status=Status.COMPLETED, archived_at=timezone.now())
    outcome = services.set_status(only(booking), by=bureau, status=Status.NO_SHOW)
    assert codes(outcome) == {"archived": 1}


def test_a_no_show_may_be_billed(bureau):
    booking = make_booking(status=Status.IN_PROGRESS, price=9000)
    services.set_status(only(booking), by=bureau, status=Status.NO_SHOW, fee=Decimal(4500))
    booking.refresh_from_db()
    assert (booking.status, booking.billable, booking.fee) == (Status.NO_SHOW, True, 4500)


def test_nothing_else_can_be_billed_here(bureau):
    booking = make_booking(status=Status.IN_PROGRESS, price=9000)
    with pytest.raises(ValidationError) as refused:
        services.set_status(only(booking), by=bureau, status=Status.COMPLETED, fee=Decimal(1))
    assert "fee" in refused.value.message_dict
    booking.refresh_from_db()
    assert booking.status == Status.IN_PROGRESS


def test_a_fee_is_an_amount_of_the_bookings_own_currency(bureau):
    francs, euros = (
        make_booking(status=Status.IN_PROGRESS, price=9000, currency=currency)
        for currency in ("XOF", "EUR")
    )
    outcome = services.set_status(
        only(francs, euros), by=bureau, status=Status.NO_SHOW, fee=Decimal("10.5")
    )
    assert (outcome.changed, codes(outcome)) == (1, {"fee_decimals": 1})


def test_a_fee_above_the_price_takes_a_reason(bureau, gestion):
    booking = make_booking(status=Status.IN_PROGRESS, price=9000)
    no_show = {"status": Status.NO_SHOW, "fee": Decimal(9001)}
    outcome = services.set_status(only(booking), by=bureau, **no_show)
    assert codes(outcome) == {"above_price": 1}
    outcome = services.set_status(only(booking), by=gestion, **no_show, override="Agreed")
    assert outcome.changed == 1
    assert booking.logs.get(batch=outcome.batch).action.endswith("Agreed")
