from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from bookings import changes, payouts, services
from bookings.changes import To
from bookings.states import CancellationKind, Status
from project.actions.undo import undo
from tests.asking import act, picked, toasts, url_of
from tests.bookings.conftest import assert_recorded, codes, only
from tests.factories import make_booking, make_driver, make_partner, make_round_trip

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


def driven(**given):
    return make_booking(
        **{"status": Status.COMPLETED, "price": Decimal(9000), "payout": Decimal(4000), **given}
    )


@pytest.mark.parametrize("carrier", ["driver", "partner"])
def test_it_keeps_the_amount_the_date_and_who(gestion, carrier):
    someone = {"driver": make_driver, "partner": make_partner}[carrier]()
    booking = driven(**{carrier: someone})
    outcome = payouts.settle(only(booking), by=gestion, date=date(2026, 3, 4))
    entry = assert_recorded(booking, outcome, "bookings.settle", gestion)
    assert (booking.settled_amount, booking.settled_on, booking.settled_by) == (
        4000,
        date(2026, 3, 4),
        gestion,
    )
    assert entry.changes["settled_on"] == [None, "2026-03-04"]


def test_an_amount_for_a_whole_trip_is_shared_by_the_agreed_payouts(gestion):
    out, back = make_round_trip(
        driver=make_driver(), outbound={"payout": Decimal(2)}, inbound={"payout": Decimal(1)}
    )
    payouts.settle(only(out, back), by=gestion, amount=Decimal(1000))
    out.refresh_from_db(), back.refresh_from_db()
    assert (out.settled_amount, back.settled_amount) == (667, 333)


def test_it_names_what_it_refuses(gestion):
    cases = {
        "archived": driven(archived_at=timezone.now()),
        "settled": driven(),
        "nobody": make_booking(payout=Decimal(1)),
        "no_payout": driven(payout=None),
    }
    payouts.settle(only(cases["settled"]), by=gestion)
    outcome = payouts.settle(only(*cases.values(), driven()), by=gestion)
    assert (outcome.changed, codes(outcome)) == (1, dict.fromkeys(cases, 1))
    assert payouts.settle(only(cases["no_payout"]), by=gestion, amount=Decimal(5)).changed == 1


# ----------------------------------------------------------------------------------- the lock
def test_a_settled_ride_is_locked_until_it_is_reopened(bureau, gestion):
    booking = make_booking(
        driver=make_driver(), status=Status.CONFIRMED, price=Decimal(9), payout=Decimal(4)
    )
    payouts.settle(only(booking), by=gestion)
    locked = (
        lambda: services.cancel(only(booking), by=bureau, kind="customer", reason="No"),
        lambda: services.assign(only(booking), by=bureau, driver=make_driver()),
        lambda: services.assign(only(booking), by=bureau, partner=make_partner()),
        lambda: services.unassign(only(booking), by=bureau),
        lambda: changes.change(only(booking), by=bureau, values={"price": To(Decimal(8))}),
        lambda: changes.change(only(booking), by=bureau, values={"payout": To(Decimal(8))}),
    )
    for attempt in locked:
        outcome = attempt()
        assert (outcome.changed, codes(outcome)) == (0, {"settled": 1})
    booking.refresh_from_db()
    for name, value in (("price", Decimal(8)), ("payout", None), ("currency", "EUR")):
        setattr(booking, name, value)
        with pytest.raises(ValidationError) as refusal:
            services.edit(booking, by=bureau)
        assert name in refusal.value.message_dict
        booking.refresh_from_db()
    booking.office_notes = "Rappeler"
    services.edit(booking, by=bureau)
    assert services.set_status(only(booking), by=bureau, status=Status.IN_PROGRESS).changed == 1

    outcome = payouts.reopen(only(booking), by=gestion, reason="Wrong amount")
    entry = assert_recorded(booking, outcome, "bookings.reopen", gestion)
    assert "Wrong amount" in entry.action
    assert (booking.settled_amount, booking.settled_on, booking.settled_by) == (None, None, None)
    values = {"payout": To(Decimal(5))}
    assert changes.change(only(booking), by=bureau, values=values).changed == 1


def test_a_settled_ride_is_not_restored_either_nor_reassigned_by_an_undo(bureau, gestion):
    booking = make_booking(payout=Decimal(4))
    assigned = services.assign(only(booking), by=bureau, driver=make_driver()).batch
    cancelled = services.cancel(
        only(booking), by=bureau, kind=CancellationKind.CUSTOMER, reason="No"
    ).batch
    payouts.settle(only(booking), by=gestion)
    outcome = services.restore(only(booking), by=bureau)
    assert codes(outcome) == {"settled": 1}
    for batch in (assigned, cancelled):
        assert undo(batch, by=bureau).changed == 0


def test_undo_reopens_and_settles_again(gestion):
    booking = driven()
    done = payouts.settle(only(booking), by=gestion, date=date(2026, 3, 4)).batch
    undo(done, by=gestion)
    booking.refresh_from_db()
    assert booking.settled_on is None
    payouts.settle(only(booking), by=gestion, date=date(2026, 3, 4))
    reopened = payouts.reopen(only(booking), by=gestion, reason="Slip").batch
    undo(reopened, by=gestion)
    booking.refresh_from_db()
    assert (booking.settled_on, booking.settled_by) == (date(2026, 3, 4), gestion)


# ------------------------------------------------------------------------------- who and what
@pytest.mark.parametrize("name", ["settle", "reopen"])
def test_the_office_may_neither(desk, name):
    assert desk.post(url_of(name), picked(driven())).status_code == 403


def test_a_manager_validates_from_the_desk(boss):
    booking = driven()
    response = act(boss, url_of("settle"), picked(booking) | {"date": TODAY().isoformat()})
    assert toasts(response) == ["Payout of 1 booking validated."]
    page = boss.get(booking.get_absolute_url()).content.decode()
    assert "Payout paid" in page


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"date": ""}, "date"),
        ({"date": "soon"}, "date"),
        ({"date": (TODAY() + timedelta(days=2)).isoformat()}, "date"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "10.5"}, "amount"),
        ({"amount": "much"}, "amount"),
    ],
)
def test_bad_answers_are_told_at_their_field(boss, answers, field):
    booking = driven()
    given = {"date": TODAY().isoformat(), **answers}
    response = act(boss, url_of("settle"), picked(booking) | given)
    assert response.status_code == 422
    assert field in response.context["form"].errors
    booking.refresh_from_db()
    assert booking.settled_on is None


def test_reopening_takes_a_reason(boss, gestion):
    booking = driven()
    payouts.settle(only(booking), by=gestion)
    response = act(boss, url_of("reopen"), picked(booking) | {"reason": "  "})
    assert "reason" in response.context["form"].errors
    booking.refresh_from_db()
    assert booking.settled_on is not None
