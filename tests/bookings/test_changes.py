from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from bookings import changes, payouts, services
from bookings.changes import To
from bookings.models import Booking
from bookings.states import Leg, PaymentState, Status
from project.actions.undo import undo
from project.notifications.models import OutgoingMail
from tests.asking import act, picked, ticket_of, toasts, url_of
from tests.bookings.conftest import assert_recorded, codes, only
from tests.bookings.mailbox import sent
from tests.factories import (
    make_booking,
    make_customer,
    make_driver,
    make_partner,
    make_round_trip,
)

pytestmark = pytest.mark.django_db
AT = timezone.now().replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=9)


def change(*bookings, by, override="", **values):
    given = {name: value if isinstance(value, To) else To(value) for name, value in values.items()}
    return changes.change(only(*bookings), by=by, values=given, override=override)


def test_only_what_is_named_changes_and_the_log_says_before_and_after(bureau):
    booking = make_booking(passenger_name="Awa", office_notes="VIP", stops=["Thiès"])
    outcome = change(
        booking, by=bureau, passenger_name="Élise", stops=["Mbour"], duration_minutes=90
    )
    entry = assert_recorded(booking, outcome, "bookings.change", bureau)
    assert entry.changes == {
        "passenger_name": ["Awa", "Élise"],
        "stops": [["Thiès"], ["Mbour"]],
        "duration_minutes": [60, 90],
    }
    assert booking.office_notes == "VIP"
    derived = (booking.ends_at, booking.search_text, booking.address_text)
    booking.derive()
    assert derived == (booking.ends_at, booking.search_text, booking.address_text)


def test_each_field_goes_to_one_segment_or_both(bureau):
    out, back = make_round_trip(price=Decimal(10))
    outcome = change(
        out,
        back,
        by=bureau,
        price=To(Decimal(12), Leg.OUTBOUND),
        driver_notes=To("Porte 3", Leg.RETURN),
        passenger_count=4,
    )
    assert outcome.changed == 2
    out.refresh_from_db(), back.refresh_from_db()
    assert (out.price, out.driver_notes, out.passenger_count) == (12, "", 4)
    assert (back.price, back.driver_notes, back.passenger_count) == (10, "Porte 3", 4)


def test_day_and_time_of_day_move_each_by_itself(bureau):
    out, back = make_round_trip(pickup_at=AT)
    change(out, back, by=bureau, day=date(2030, 5, 6), clock=To(time(23, 45), Leg.RETURN))
    out.refresh_from_db(), back.refresh_from_db()
    before = timezone.localtime(AT)
    assert timezone.localtime(out.pickup_at).replace(tzinfo=None) == before.replace(
        year=2030, month=5, day=6, tzinfo=None
    )
    assert timezone.localtime(back.pickup_at).strftime("%Y-%m-%d %H:%M") == "2030-05-06 23:45"
    assert back.ends_at - back.pickup_at == timedelta(minutes=60)


def test_what_is_already_so_is_left_alone(bureau):
    out, back = make_round_trip(passenger_name="Awa", price=None)
    outcome = change(out, back, by=bureau, passenger_name=To("Moussa", Leg.OUTBOUND))
    assert (outcome.changed, codes(outcome)) == (1, {"unchanged": 1})
    outcome = change(back, by=bureau, price=None, passenger_name="Awa")
    assert codes(outcome) == {"unchanged": 1}
    assert back.logs.count() == back.history.count() == 1


def test_it_names_what_it_refuses(bureau):
    paid = make_booking(price=Decimal(5), payment_state=PaymentState.PAID)
    archived = make_booking(status=Status.COMPLETED, archived_at=timezone.now())
    priced = make_booking(price=Decimal(5))
    outcome = change(paid, archived, priced, by=bureau, price=None)
    assert (outcome.changed, codes(outcome)) == (1, {"paid_needs_price": 1, "archived": 1})
    outcome = change(make_booking(), make_booking(currency="EUR"), by=bureau, price=Decimal("0.5"))
    assert (outcome.changed, codes(outcome)) == (1, {"price_decimals": 1})


def test_nothing_to_change_is_no_change(bureau):
    with pytest.raises(ValidationError):
        changes.change(only(make_booking()), by=bureau, values={})


# ------------------------------------------------------------------------------- time and drivers
def test_a_new_time_minds_the_drivers_other_rides(bureau, gestion):
    driver = make_driver()
    make_booking(driver=driver, pickup_at=AT)
    moving = make_booking(driver=driver, pickup_at=AT + timedelta(hours=3))
    clock = timezone.localtime(AT + timedelta(minutes=30)).time()
    outcome = change(moving, by=bureau, clock=clock)
    assert (outcome.changed, codes(outcome)) == (0, {"driver_busy": 1})
    outcome = change(moving, by=gestion, clock=clock, override="Two cars")
    assert outcome.changed == 1
    assert "Two cars" in moving.logs.get(batch=outcome.batch).action
    assert change(moving, by=bureau, passenger_name="Awa").changed == 1  # it does not move


def test_rides_that_move_together_keep_out_of_each_others_way(bureau):
    driver = make_driver()
    first = make_booking(driver=driver, pickup_at=AT)
    second = make_booking(driver=driver, pickup_at=AT + timedelta(hours=2))
    day = timezone.localdate(AT) + timedelta(days=1)
    assert change(first, second, by=bureau, day=day).changed == 2
    outcome = change(first, second, by=bureau, duration_minutes=150)
    # The second would be in the way of the first, whether it grows or not.
    assert (outcome.changed, codes(outcome)) == (0, {"driver_busy": 2})


def test_a_longer_ride_may_meet_the_next(bureau):
    driver = make_driver()
    first = make_booking(driver=driver, pickup_at=AT)
    make_booking(driver=driver, pickup_at=AT + timedelta(minutes=90))
    assert change(first, by=bureau, duration_minutes=90).changed == 1
    assert codes(change(first, by=bureau, duration_minutes=91)) == {"driver_busy": 1}


def test_clashes_of_many_take_no_more_parameters_than_of_few(bureau):
    most = []
    for many in (2, 30):
        driver = make_driver()
        for n in range(many):
            make_booking(driver=driver, pickup_at=AT + timedelta(hours=n))
        counts = []

        def count(execute, sql, params, *context, counts=counts):
            counts.append(len(params or ()))
            return execute(sql, params, *context)

        with connection.execute_wrapper(count):
            rides = Booking.objects.filter(driver=driver)
            outcome = changes.change(rides, by=bureau, values={"duration_minutes": To(90)})
        assert codes(outcome)["driver_busy"] == many
        most.append(max(counts))
    assert most[1] <= most[0]


def test_a_driver_who_left_gets_no_new_time(bureau):
    driver = make_driver()
    booking = make_booking(driver=driver, pickup_at=AT)
    driver.is_active = False
    driver.save()
    assert codes(change(booking, by=bureau, duration_minutes=70)) == {"inactive": 1}
    assert change(booking, by=bureau, passenger_count=2).changed == 1


# --------------------------------------------------------------------------- invoiced or paid
PAID = {"price": Decimal(5), "payment_state": PaymentState.PAID}


def test_the_price_of_what_is_invoiced_or_paid_stands_unless_for_a_reason(bureau, gestion):
    paid, free = make_booking(**PAID), make_booking(price=Decimal(5))
    invoiced = make_booking(price=Decimal(9), payment_state=PaymentState.INVOICED)
    outcome = change(paid, invoiced, free, by=bureau, price=Decimal(9))
    assert (outcome.changed, codes(outcome)) == (1, {"billed": 1, "unchanged": 1})
    outcome = change(paid, by=gestion, price=Decimal(9), override="They agreed")
    assert outcome.changed == 1
    assert outcome.batch.reason == "They agreed"
    line = paid.logs.get(batch=outcome.batch).action
    assert line.endswith(" — They agreed")
    assert line.count(" — ") == 2
    assert "overlap" not in line
    assert "chevauchement" not in line


def test_what_becomes_unpaid_takes_any_price_or_none(bureau):
    for price in (None, Decimal(9)):
        paid = make_booking(**PAID)
        outcome = change(paid, by=bureau, price=price, payment_state="unpaid")
        assert (outcome.changed, codes(outcome)) == (1, {})
        paid.refresh_from_db()
        assert (paid.price, paid.payment_state) == (price, "unpaid")
    out, back = make_round_trip(**PAID)
    unpaid = To("unpaid", Leg.OUTBOUND)
    outcome = change(out, back, by=bureau, price=None, payment_state=unpaid)
    assert (outcome.changed, codes(outcome)) == (1, {"paid_needs_price": 1})
    other = change(back, by=bureau, price=Decimal(9), payment_state=unpaid)
    assert codes(other) == {"billed": 1}


def test_what_is_not_its_price_changes_freely(bureau):
    paid = make_booking(**PAID)
    assert change(paid, by=bureau, payout=Decimal(1), driver_notes="Sign").changed == 1
    assert change(paid, by=bureau, price=Decimal(5), driver_notes="Bell").changed == 1


def test_the_price_of_one_segment_is_not_that_of_the_other(bureau, gestion):
    out, back = make_round_trip(price=Decimal(5), outbound=PAID)
    for values in ({"price": To(Decimal(7), Leg.RETURN)}, {"price": To(Decimal(5), Leg.OUTBOUND)}):
        assert change(out, back, by=bureau, driver_notes=f"{values}", **values).changed == 2
    paid_out = make_round_trip(price=Decimal(5))
    settle(paid_out[0], gestion)
    outcome = change(*paid_out, by=bureau, price=To(Decimal(7), Leg.RETURN), driver_notes="x")
    assert outcome.changed == 2
    outcome = change(*paid_out, by=bureau, price=Decimal(8), payout=Decimal(8))
    assert codes(outcome) == {"settled": 1}


def test_a_settled_ride_given_the_amounts_that_it_has_may_change_elsewhere(bureau, gestion):
    ride = make_booking(price=Decimal(5), payout=Decimal(3))
    settle(ride, gestion)
    same = {"price": Decimal(5), "payout": Decimal(3), "currency": "XOF"}
    outcome = change(ride, by=bureau, passenger_name="Awa", **same)
    assert (outcome.changed, codes(outcome)) == (1, {})
    for name, value in (("price", None), ("payout", Decimal(4)), ("currency", "EUR")):
        outcome = change(ride, by=bureau, driver_notes="Bell", **same | {name: value})
        assert codes(outcome) == {"settled": 1}


def settle(ride, by):
    services.assign(only(ride), by=by, partner=make_partner())
    payouts.settle(only(ride), by=by, amount=Decimal(3))


def test_both_warnings_are_told_where_both_were_overridden(gestion):
    driver = make_driver()
    make_booking(driver=driver, pickup_at=AT)
    paid = make_booking(driver=driver, pickup_at=AT + timedelta(hours=3), **PAID)
    clock = timezone.localtime(AT).time()
    with translation.override("en"):
        batch = change(paid, by=gestion, clock=clock, price=Decimal(6), override="Agreed").batch
    line = paid.logs.get(batch=batch).action
    assert line == "Changed — though invoiced or paid — in spite of an overlap — Agreed"


def test_undo_leaves_a_price_that_was_invoiced(gestion):
    paid = make_booking(**PAID)
    batch = change(paid, by=gestion, price=Decimal(9), override="They agreed").batch
    assert codes(undo(batch, by=gestion)) == {"billed": 1}


def test_an_undo_puts_prices_back_as_the_form_would(gestion):
    free = make_booking(price=Decimal(5))
    outcome = change(free, by=gestion, price=Decimal(9), payment_state="paid")
    undone = undo(outcome.batch, by=gestion)
    assert (undone.changed, codes(undone)) == (1, {})
    free.refresh_from_db()
    assert (free.price, free.payment_state) == (5, "unpaid")
    paid = make_booking(**PAID)
    outcome = change(paid, by=gestion, currency="EUR", override="They agreed")
    assert codes(undo(outcome.batch, by=gestion)) == {"billed": 1}
    paid.refresh_from_db()
    assert paid.currency == "EUR"
    noted = change(paid, by=gestion, driver_notes="Bell")
    assert undo(noted.batch, by=gestion).changed == 1


def test_the_dialog_warns_of_it_and_takes_a_reason_from_who_may(desk, boss):
    paid = make_booking(**PAID)
    data = picked(paid) | {"picked": ["price"], "price": "9"}
    asked = desk.post(url_of("change"), data | {"preview": "1"})
    assert [reason.code for reason in asked.context["preview"].warnings] == ["billed"]
    forged = data | {"override": "on", "override_reason": "Mine"}
    assert act(desk, url_of("change"), forged).status_code == 403
    done = act(boss, url_of("change"), forged)
    assert toasts(done) == ["1 booking changed."]


def test_who_may_go_ahead_is_asked_before_it_comes_to_nothing(boss, desk):
    paid = make_booking(**PAID)
    data = picked(paid) | {"picked": ["price"], "price": "9"}
    stopped = act(boss, url_of("change"), data)
    assert (stopped.status_code, stopped.context["override"] is None) == (422, False)
    assert not paid.logs.filter(action_code="bookings.change").exists()
    again = data | ticket_of(stopped) | {"override": "on", "override_reason": "Agreed"}
    assert toasts(boss.post(url_of("change"), again)) == ["1 booking changed."]
    other = make_booking(**PAID)
    told = act(desk, url_of("change"), picked(other) | {"picked": ["price"], "price": "9"})
    assert "1 invoiced or paid: the price stands" in toasts(told)[0]


# ----------------------------------------------------------------------- outbound, then the return
def test_a_return_is_not_moved_before_its_outbound_is_over(bureau):
    out, back = make_round_trip(pickup_at=AT)
    outcome = change(back, by=bureau, clock=timezone.localtime(AT + timedelta(minutes=59)).time())
    assert (outcome.changed, codes(outcome)) == (0, {"before_its_end": 1})
    assert change(back, by=bureau, clock=timezone.localtime(out.ends_at).time()).changed == 1
    assert codes(change(out, by=bureau, duration_minutes=61)) == {"before_its_end": 1}
    assert codes(change(out, by=bureau, day=date(2031, 1, 1))) == {"before_its_end": 1}


def test_both_segments_move_together_whichever_way(bureau):
    out, back = make_round_trip(pickup_at=AT)
    for day in (timezone.localdate(AT) + timedelta(days=9), timezone.localdate(AT)):
        assert change(out, back, by=bureau, day=day).changed == 2
    outcome = change(out, back, by=bureau, clock=time(7, 0))
    assert (outcome.changed, codes(outcome)) == (0, {"before_its_end": 2})
    outcome = change(out, back, by=bureau, clock=To(time(8, 0), Leg.OUTBOUND), driver_notes="x")
    assert outcome.changed == 2


def test_a_segment_that_stays_keeps_the_other_in_its_order(bureau, gestion):
    """Two reasons to stay, each because of the other; and neither once the overlap is accepted."""
    driver = make_driver()
    out, back = make_round_trip(pickup_at=AT, outbound={"driver": driver})
    earlier = timezone.localdate(AT) - timedelta(days=3)
    make_booking(driver=driver, pickup_at=AT - timedelta(days=3))
    outcome = change(out, back, by=bureau, day=earlier)
    assert codes(outcome) == {"driver_busy": 1, "before_its_end": 1}
    later = timezone.localdate(AT) + timedelta(days=1)
    assert change(back, by=bureau, day=later).changed == 1
    outcome = change(out, back, by=gestion, day=earlier, override="Two cars")
    assert (outcome.changed, codes(outcome)) == (2, {})


def test_what_was_paired_out_of_order_can_change_but_for_its_time(bureau):
    out, back = make_round_trip(pickup_at=AT, inbound={"pickup_at": AT + timedelta(minutes=30)})
    assert change(out, back, by=bureau, driver_notes="Sign").changed == 2
    assert codes(change(out, by=bureau, duration_minutes=50)) == {"before_its_end": 1}
    assert change(out, by=bureau, duration_minutes=30).changed == 1


def test_a_cancelled_segment_keeps_its_place(bureau):
    out, back = make_round_trip(pickup_at=AT, outbound={"status": Status.CANCELLED})
    outcome = change(back, by=bureau, day=timezone.localdate(AT) - timedelta(days=1))
    assert codes(outcome) == {"before_its_end": 1}
    assert out.status == Status.CANCELLED


def test_undo_puts_no_return_before_its_outbound(bureau):
    out, back = make_round_trip(pickup_at=AT)
    later = timezone.localdate(AT) + timedelta(days=1)
    batch = change(back, by=bureau, day=later).batch
    change(out, by=bureau, day=later, clock=time(0, 30))
    outcome = undo(batch, by=bureau)
    assert (outcome.changed, codes(outcome)) == (0, {"before_its_end": 1})


def test_trips_that_move_cost_as_many_statements_as_one(bureau):
    counts = []
    for many in (1, 30):
        rides = [ride for _ in range(many) for ride in make_round_trip(pickup_at=AT)]
        with CaptureQueriesContext(connection) as statements:
            outcome = change(*rides, by=bureau, day=date(2030, 3, 4))
        assert outcome.changed == 2 * many
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 21


# ------------------------------------------------------------------------------------------ undo
def test_undo_puts_back_all_that_was_changed(bureau):
    booking = make_booking(passenger_name="Awa", stops=["Thiès"], price=None, pickup_at=AT)
    outcome = change(
        booking,
        by=bureau,
        passenger_name="Élise",
        stops=[],
        price=Decimal(5),
        day=date(2030, 1, 1),
    )
    assert undo(outcome.batch, by=bureau).changed == 1
    booking.refresh_from_db()
    assert (booking.passenger_name, booking.stops, booking.price, booking.pickup_at) == (
        "Awa",
        ["Thiès"],
        None,
        AT,
    )
    derived = (booking.ends_at, booking.search_text, booking.address_text)
    booking.derive()
    assert derived == (booking.ends_at, booking.search_text, booking.address_text)


def test_undo_is_refused_where_the_driver_is_busy_at_the_former_time(bureau):
    driver = make_driver()
    moved = make_booking(driver=driver, pickup_at=AT)
    batch = change(moved, by=bureau, day=date(2030, 1, 1)).batch
    make_booking(driver=driver, pickup_at=AT)
    outcome = undo(batch, by=bureau)
    assert (outcome.changed, codes(outcome)) == (0, {"driver_busy": 1})


def test_many_cost_as_many_statements_as_one(bureau):
    counts = []
    for many in (1, 40):
        rides = [make_booking() for _ in range(many)]
        with CaptureQueriesContext(connection) as statements:
            assert change(*rides, by=bureau, clock=time(4, 4), price=Decimal(7)).changed == many
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 20


# ------------------------------------------------------------------------------------- the dialog
def test_the_dialog_asks_for_a_segment_only_where_there_are_some(desk):
    plain, (out, back) = make_booking(), make_round_trip()
    asked = desk.post(url_of("change"), picked(plain)).content.decode()
    assert 'name="price"' in asked
    assert 'name="price_leg"' not in asked
    asked = desk.post(url_of("change"), picked(out, back)).content.decode()
    assert 'name="price_leg"' in asked


def test_from_the_dialog_to_one_segment(desk):
    out, back = make_round_trip(price=Decimal(10))
    answers = {"picked": ["price", "driver_notes"], "price": "12", "price_leg": "return"}
    response = act(desk, url_of("change"), picked(back) | {"scope": "round_trip"} | answers)
    assert toasts(response)[0].startswith("1 booking changed.")
    out.refresh_from_db(), back.refresh_from_db()
    assert (out.price, back.price) == (10, 12)


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({}, "picked"),
        ({"price": "12"}, "picked"),
        ({"picked": ["reference"]}, "picked"),
        ({"picked": ["day"]}, "day"),
        ({"picked": ["day"], "day": "31/31/2026"}, "day"),
        ({"picked": ["day"], "day": "2099-01-01"}, "day"),
        ({"picked": ["clock"], "clock": "nine"}, "clock"),
        ({"picked": ["passenger_count"], "passenger_count": "0"}, "passenger_count"),
        ({"picked": ["passenger_count"]}, "passenger_count"),
        ({"picked": ["passenger_email"], "passenger_email": "nobody"}, "passenger_email"),
        ({"picked": ["passenger_phone"], "passenger_phone": "?"}, "passenger_phone"),
        ({"picked": ["price"], "price": "1.5"}, "price"),
        ({"picked": ["price"], "price": "-1"}, "price"),
        ({"picked": ["vehicle_class"], "vehicle_class": "rocket"}, "vehicle_class"),
        ({"picked": ["stops"], "stops": "x" * 300}, "stops"),
        ({"picked": ["pickup_address"], "pickup_address": " "}, "pickup_address"),
        ({"picked": ["duration_minutes"], "duration_minutes": "99999"}, "duration_minutes"),
        ({"picked": ["customer"]}, "customer"),
        ({"picked": ["customer"], "customer": "999999"}, "customer"),
        ({"picked": ["currency"], "currency": "FRF"}, "currency"),
        ({"picked": ["currency"]}, "currency"),
        ({"picked": ["payment_state"], "payment_state": "owed"}, "payment_state"),
    ],
)
def test_bad_answers_are_told_at_their_field_and_change_nothing(desk, answers, field):
    booking = make_booking()
    response = act(desk, url_of("change"), picked(booking) | answers)
    assert response.status_code == 422
    assert [*response.context["form"].errors] == [field]
    booking.refresh_from_db()
    assert booking.version == 1


def test_what_is_not_ticked_is_not_looked_at(desk):
    booking = make_booking(passenger_name="Awa")
    answers = {"picked": ["passenger_count"], "passenger_count": "3"}
    answers |= {"passenger_name": "Moussa", "price": "nothing", "day": "soon"}
    assert toasts(act(desk, url_of("change"), picked(booking) | answers)) == ["1 booking changed."]
    booking.refresh_from_db()
    assert (booking.passenger_count, booking.passenger_name, booking.price) == (3, "Awa", None)


def test_what_is_ticked_and_empty_is_emptied(desk):
    booking = make_booking(price=Decimal(5), office_notes="VIP", stops=["Thiès"])
    answers = {"picked": ["price", "office_notes", "stops"], "price": "", "stops": ""}
    act(desk, url_of("change"), picked(booking) | answers)
    booking.refresh_from_db()
    assert (booking.price, booking.office_notes, booking.stops) == (None, "", [])


def test_the_dialog_begins_with_what_the_rides_have(desk):
    out, back = make_round_trip(
        passenger_name="Awa", price=Decimal(10), inbound={"price": Decimal(12)}
    )
    form = desk.post(url_of("change"), picked(out, back)).context["form"]
    assert form["passenger_name"].value() == "Awa"
    assert form["price"].value() is None
    assert form["price"].field.widget.attrs["placeholder"].count("CFA") == 2
    shown = desk.post(url_of("change"), picked(out, back) | {"confirm": "1"}).content.decode()
    assert "What to change" not in shown and 'value="passenger_name"' in shown


# ------------------------------------------------------------------- who pays, how and in what
def test_customer_currency_and_payment_change_on_one_segment_or_both(bureau):
    out, back = make_round_trip(price=Decimal(10))
    other = make_customer()
    outcome = change(
        out,
        back,
        by=bureau,
        customer=To(other, Leg.RETURN),
        currency="EUR",
        payment_state=To(PaymentState.INVOICED, Leg.OUTBOUND),
    )
    assert outcome.changed == 2
    before = out.customer
    out.refresh_from_db(), back.refresh_from_db()
    assert (out.customer, back.customer) == (before, other)
    assert (out.currency, back.currency) == ("EUR", "EUR")
    assert (out.payment_state, back.payment_state) == ("invoiced", "unpaid")
    assert back.logs.get(batch=outcome.batch).changes["customer"] == [before.pk, other.pk]
    assert undo(outcome.batch, by=bureau).changed == 2
    out.refresh_from_db(), back.refresh_from_db()
    assert (back.customer, out.currency, out.payment_state) == (before, "XOF", "unpaid")


def test_it_names_what_can_not_be_paid_so(bureau, gestion):
    left = make_customer(is_active=False)
    assert codes(change(make_booking(), by=bureau, customer=left)) == {"customer_left": 1}
    cents = make_booking(currency="EUR", price=Decimal("1.50"))
    paid_out = make_booking(currency="EUR", payout=Decimal("1.50"))
    whole = make_booking(currency="EUR", price=Decimal(3))
    free = make_booking()
    assert codes(change(cents, paid_out, by=bureau, currency="XOF")) == {
        "price_in_currency": 1,
        "payout_in_currency": 1,
    }
    assert change(whole, by=bureau, currency="XOF").changed == 1
    # A new price counts in the new currency.
    assert change(cents, by=bureau, currency="XOF", price=Decimal(2)).changed == 1
    outcome = change(free, by=bureau, currency="XOF", price=Decimal("0.5"))
    assert codes(outcome) == {"price_decimals": 1}
    assert codes(change(free, by=bureau, payment_state="paid")) == {"paid_needs_price": 1}
    assert change(free, by=bureau, payment_state="paid", price=Decimal(9)).changed == 1
    billed = make_booking(status=Status.CANCELLED, price=Decimal(9), fee=Decimal(5), billable=True)
    assert codes(change(billed, by=bureau, currency="EUR")) == {"fee_currency": 1}
    settled = make_booking(driver=make_driver(), payout=Decimal(4))
    payouts.settle(only(settled), by=gestion)
    assert codes(change(settled, by=bureau, currency="EUR")) == {"settled": 1}


def test_a_new_customer_is_told_of_the_ride_and_the_former_that_it_is_gone(bureau, hotel):
    other = make_customer("Sahel", email="sahel@example.org", language="en")
    moved, stays = make_booking(customer=hotel), make_booking(customer=other)
    values = {"customer": To(other), "passenger_count": To(4)}
    changes.change(only(moved, stays), by=bureau, values=values, tell=True)
    subjects = {}
    for message in sent():
        subjects.setdefault(message["To"].addresses[0].addr_spec, []).append(message["Subject"])
    assert [len(subjects[to]) for to in ("hotel@example.org", "sahel@example.org")] == [1, 2]
    assert moved.reference in subjects["hotel@example.org"][0]
    kinds = dict(OutgoingMail.objects.values_list("kind", "object_id"))
    assert kinds == {
        "bookings.withdrawn": moved.pk,
        "bookings.created": moved.pk,
        "bookings.changed": stays.pk,
    }
    undone = undo(OutgoingMail.objects.first().batch, by=bureau)
    assert undone.changed == 2
    assert len(sent()) == 3
    moved.refresh_from_db()
    assert moved.customer == hotel


def test_an_undo_gives_no_ride_back_to_a_customer_who_left(bureau):
    left, other = make_customer(), make_customer()
    given, kept = make_booking(customer=left), make_booking(customer=make_customer())
    outcome = change(given, kept, by=bureau, customer=other)
    leave(left)
    undone = undo(outcome.batch, by=bureau)
    assert (undone.changed, codes(undone)) == (1, {"customer_left": 1})
    given.refresh_from_db()
    assert given.customer == other


def test_an_undo_that_leaves_the_customer_alone_does_not_ask_whether_they_left(bureau):
    booking = make_booking()
    outcome = change(booking, by=bureau, passenger_name="Awa")
    leave(booking.customer)
    assert undo(outcome.batch, by=bureau).changed == 1


def leave(customer):
    customer.is_active = False
    customer.save()


def test_a_customer_who_leaves_meanwhile_gets_no_ride(desk):
    booking, other = make_booking(), make_customer()
    answers = {"picked": ["customer"], "customer": other.pk}
    asked = desk.post(url_of("change"), picked(booking) | answers | {"preview": "1"})
    other.is_active = False
    other.save()
    data = picked(booking) | answers | ticket_of(asked)
    assert "customer" in desk.post(url_of("change"), data).context["form"].errors
