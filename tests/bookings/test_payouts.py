from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from bookings import changes, payouts, services
from bookings.changes import To
from bookings.models import Booking
from bookings.states import CancellationKind, Status
from project.actions.undo import CannotUndo, undo
from project.audit.models import Batch
from tests.asking import HTMX, act, browser_of, picked, ticket_of, toasts, url_of
from tests.bookings.conftest import assert_recorded, codes, only
from tests.factories import (
    make_booking,
    make_driver,
    make_partner,
    make_round_trip,
    make_user,
)

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
        driver=make_driver(), outbound={"payout": Decimal(800)}, inbound={"payout": Decimal(400)}
    )
    payouts.settle(only(out, back), by=gestion, amount=Decimal(1000))
    out.refresh_from_db(), back.refresh_from_db()
    assert (out.settled_amount, back.settled_amount) == (667, 333)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({}, {"settled": 1, "other_refused": 1}),
        ({"currency": "EUR"}, {"two_currencies": 2}),
    ],
)
def test_an_amount_for_the_trip_is_not_left_to_one_segment_alone(gestion, other, expected):
    out, back = make_round_trip(driver=make_driver(), payout=Decimal(2000), outbound=other)
    if not other:
        payouts.settle(only(out), by=gestion)
    outcome = payouts.settle(only(out, back), by=gestion, amount=Decimal(1000))
    assert (outcome.changed, codes(outcome)) == (0, expected)
    assert payouts.settle(only(back), by=gestion, amount=Decimal(1000)).changed == 1
    # The agreed payouts are everyone's own.
    assert payouts.settle(only(*make_two()), by=gestion).changed == 2


def make_two():
    return make_round_trip(driver=make_driver(), payout=Decimal(2), outbound={"currency": "EUR"})


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


# ------------------------------------------------------------------------------- a missed ride
@pytest.mark.parametrize("status", [Status.CANCELLED, Status.NO_SHOW])
def test_a_ride_that_did_not_take_place_is_paid_for_with_a_reason_alone(gestion, status):
    missed, done = driven(driver=make_driver(), status=status), driven(driver=make_driver())
    outcome = payouts.settle(only(missed, done), by=gestion)
    assert (outcome.changed, codes(outcome)) == (1, {"missed": 1})
    outcome = payouts.settle(only(missed), by=gestion, override="Waited for an hour")
    entry = assert_recorded(missed, outcome, "bookings.settle", gestion)
    assert (missed.settled_amount, missed.settled_by) == (4000, gestion)
    assert entry.action.endswith(" — bien que la course n’ait pas eu lieu — Waited for an hour")
    assert outcome.batch.reason == "Waited for an hour"


def test_an_amount_for_a_trip_counts_a_missed_segment_with_the_reason(gestion):
    out, back = make_round_trip(
        driver=make_driver(), payout=Decimal(2), outbound={"status": Status.CANCELLED}
    )
    both = {"by": gestion, "amount": Decimal(1000)}
    outcome = payouts.settle(only(out, back), **both)
    assert (outcome.changed, codes(outcome)) == (0, {"missed": 1, "other_refused": 1})
    assert payouts.settle(only(out, back), **both, override="Agreed").changed == 2
    out.refresh_from_db(), back.refresh_from_db()
    assert (out.settled_amount, back.settled_amount) == (500, 500)


# ---------------------------------------------------------------------- more than was agreed
def test_more_than_was_agreed_takes_a_reason_from_who_may(gestion):
    agreed, free = driven(driver=make_driver()), driven(driver=make_driver(), payout=None)
    outcome = payouts.settle(only(agreed, free), by=gestion, amount=Decimal(40000))
    assert (outcome.changed, codes(outcome)) == (1, {"above_agreed": 1})
    asked = {"by": gestion, "amount": Decimal(40000), "override": "A night of waiting"}
    entry = assert_recorded(
        agreed, payouts.settle(only(agreed), **asked), "bookings.settle", gestion
    )
    assert agreed.settled_amount == 40000
    why = " — bien qu’au-dessus de la rémunération convenue — A night of waiting"
    assert entry.action.endswith(why)


def test_both_segments_agreed_payouts_bound_an_amount_for_the_trip(gestion):
    out, back = make_round_trip(driver=make_driver(), payout=Decimal(500))
    asked = {"by": gestion, "amount": Decimal(1001)}
    assert codes(payouts.settle(only(out, back), **asked)) == {"above_agreed": 2}
    assert codes(payouts.settle(only(out), **asked | {"amount": Decimal(501)})) == {
        "above_agreed": 1
    }
    assert payouts.settle(only(out, back), **asked | {"amount": Decimal(1000)}).changed == 2


def test_the_dialog_asks_why_a_missed_ride_is_paid_for(boss, gestion):
    missed = driven(driver=make_driver(), status=Status.NO_SHOW)
    data = picked(missed) | {"date": "2026-03-04"}
    asked = boss.post(url_of("settle"), data)
    assert [reason.code for reason in asked.context["preview"].warnings] == ["missed"]
    assert asked.context["may_override"]
    unsaid = data | ticket_of(asked) | {"override": "1"}
    refused = boss.post(url_of("settle"), unsaid)
    assert "override_reason" in refused.context["override"].errors
    boss.post(url_of("settle"), unsaid | {"override_reason": "Waited for an hour"})
    missed.refresh_from_db()
    assert missed.settled_amount == 4000


def test_it_takes_the_permission_to_override(gestion):
    clerk = make_user("clerk")
    for name in ("view_booking", "settle_booking"):
        clerk.user_permissions.add(Permission.objects.get(codename=name))
    missed = driven(driver=make_driver(), status=Status.CANCELLED)
    said = {"date": "2026-03-04", "override": "1", "override_reason": "Waited"}
    browser = browser_of(clerk)
    asked = browser.post(url_of("settle"), picked(missed) | said)
    assert not asked.context["may_override"]
    data = picked(missed) | said | ticket_of(asked)
    assert browser.post(url_of("settle"), data).status_code == 403
    missed.refresh_from_db()
    assert missed.settled_on is None


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
    for fee in (None, Decimal(5)):
        missed = services.set_status(only(booking), by=bureau, status=Status.NO_SHOW, fee=fee)
        assert (missed.changed, codes(missed)) == (0, {"settled": 1})

    outcome = payouts.reopen(only(booking), by=gestion, reason="Wrong amount")
    entry = assert_recorded(booking, outcome, "bookings.reopen", gestion)
    assert "Wrong amount" in entry.action
    assert (booking.settled_amount, booking.settled_on, booking.settled_by) == (None, None, None)
    values = {"payout": To(Decimal(5))}
    assert changes.change(only(booking), by=bureau, values=values).changed == 1


def test_an_archived_payout_is_not_reopened(bureau, gestion):
    booking = make_booking(payout=Decimal(4), status=Status.COMPLETED, driver=make_driver())
    payouts.settle(only(booking), by=gestion)
    services.archive(only(booking), by=bureau)
    outcome = payouts.reopen(only(booking), by=gestion, reason="Slip")
    assert (outcome.changed, codes(outcome)) == (0, {"archived": 1})
    services.unarchive(only(booking), by=bureau)
    assert payouts.reopen(only(booking), by=gestion, reason="Slip").changed == 1


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_payout_is_reopened_by_no_road_without_a_reason(gestion, blank):
    booking = make_booking(payout=Decimal(4), status=Status.COMPLETED, driver=make_driver())
    payouts.settle(only(booking), by=gestion)
    with pytest.raises(ValidationError):
        payouts.reopen(only(booking), by=gestion, reason=blank)
    booking.refresh_from_db()
    assert booking.settled_on


@pytest.mark.parametrize(
    ("since", "status"), [("archive", Status.COMPLETED), ("unassign", Status.PENDING)]
)
def test_an_undo_validates_no_payout_again_once_the_ride_moved_on(bureau, gestion, since, status):
    booking = make_booking(payout=Decimal(4), driver=make_driver(), status=status)
    payouts.settle(only(booking), by=gestion)
    reopened = payouts.reopen(only(booking), by=gestion, reason="Slip").batch
    assert getattr(services, since)(only(booking), by=bureau).changed == 1
    outcome = undo(reopened, by=gestion)
    assert (outcome.changed, codes(outcome)) == (0, {"touched_since": 1})


def test_a_settled_ride_is_not_restored_either_nor_reassigned_by_an_undo(bureau, gestion):
    booking = make_booking(payout=Decimal(4))
    assigned = services.assign(only(booking), by=bureau, driver=make_driver()).batch
    cancelled = services.cancel(
        only(booking), by=bureau, kind=CancellationKind.CUSTOMER, reason="No"
    ).batch
    payouts.settle(only(booking), by=gestion, override="Was there")
    outcome = services.restore(only(booking), by=bureau)
    assert codes(outcome) == {"settled": 1}
    for batch in (assigned, cancelled):
        assert undo(batch, by=bureau).changed == 0


def test_what_may_change_of_a_settled_ride_may_change_back(gestion):
    booking = driven(passenger_name="Awa")
    payouts.settle(only(booking), by=gestion)
    given = {"passenger_name": To("Fatou"), "office_notes": To("Door 4")}
    batch = changes.change(only(booking), by=gestion, values=given).batch
    assert batch.changed == 1
    assert undo(batch, by=gestion).changed == 1
    booking.refresh_from_db()
    assert (booking.passenger_name, booking.settled_amount) == ("Awa", 4000)


def test_no_undo_reopens_without_a_reason(gestion):
    booking = driven()
    done = payouts.settle(only(booking), by=gestion).batch
    with pytest.raises(CannotUndo):
        undo(done, by=gestion)
    booking.refresh_from_db()
    assert booking.settled_on


@pytest.mark.parametrize("headers", [HTMX, {}], ids=["htmx", "plain"])
def test_to_undo_it_from_the_desk_asks_for_the_reason(boss, headers):
    rides = [driven(), driven()]
    data = picked(*rides) | {"date": "2026-03-04"}
    told = act(boss, url_of("settle"), data, headers=HTMX).content.decode()
    batch = Batch.objects.get(action="bookings.settle")
    url = reverse("undo", args=[batch.pk])
    assert f'action="{url}"' in told
    payouts.reopen(only(rides[1]), by=batch.user, reason="Slip")
    asked = boss.post(url, headers=headers)
    assert asked.headers.get("HX-Retarget") == ("#dialog" if headers else None)
    assert asked.context["post_url"] == url_of("reopen")
    assert (asked.context["preview"].total, asked.context["preview"].ready) == (1, 1)
    assert asked.context["notes"] == ["1 record was changed since and stays as it is."]
    answers = {name: str(value) for name, value in asked.context["hidden"]}
    refused = boss.post(url_of("reopen"), answers, headers=headers)
    assert "reason" in refused.context["form"].errors
    answers = {name: str(value) for name, value in refused.context["hidden"]}
    done = boss.post(url_of("reopen"), answers | {"reason": "Wrong month"}, headers=headers)
    assert done.status_code in (200, 302)
    assert Booking.objects.filter(settled_on=None).count() == 2
    line = rides[0].logs.latest("pk")
    assert (line.action_code, line.batch.reason) == ("bookings.reopen", "Wrong month")


def test_what_was_settled_anew_is_not_reopened_with_the_former_batch(boss, gestion):
    rides = [driven(), driven()]
    former = payouts.settle(only(*rides), by=gestion, date=date(2026, 3, 4)).batch
    payouts.reopen(only(*rides), by=gestion, reason="Slip")
    payouts.settle(only(*rides), by=gestion, amount=Decimal(70), date=date(2026, 3, 5))
    told = boss.post(reverse("undo", args=[former.pk]), headers=HTMX)
    assert toasts(told) == ["All of it was changed since: there is nothing left to undo."]
    refused = boss.post(url_of("reopen"), {"batch": former.pk, "reason": "x"}, headers=HTMX)
    assert toasts(refused) == toasts(told)
    assert Booking.objects.filter(settled_on=date(2026, 3, 5)).count() == 2


@pytest.mark.parametrize("batch", ["x", "5b1c3f3e-3c6f-4a43-9c3f-111111111111"])
def test_a_batch_that_is_none_selects_nothing(boss, batch):
    refused = boss.post(url_of("reopen"), {"batch": batch, "reason": "x"}, headers=HTMX)
    assert toasts(refused) == ["The selection is not valid: choose again."]


def test_undo_settles_again(gestion):
    booking = driven()
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


def test_the_page_offers_it_where_no_payout_was_agreed(boss, gestion):
    """The dialog asks for the amount."""
    booking = driven(payout=None)
    offered = url_of("settle")
    assert offered in boss.get(booking.get_absolute_url()).content.decode()
    out, _back = make_round_trip(driver=make_driver())
    assert offered in boss.get(out.round_trip.get_absolute_url()).content.decode()
    payouts.settle(only(booking), by=gestion, amount=Decimal(10))
    assert offered not in boss.get(booking.get_absolute_url()).content.decode()
    nobody = make_booking(payout=None)
    assert offered not in boss.get(nobody.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"date": ""}, "date"),
        ({"date": "soon"}, "date"),
        ({"date": "1990-01-01"}, "date"),
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
