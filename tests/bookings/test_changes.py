from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookings import changes
from bookings.changes import To
from bookings.states import Leg, PaymentState, Status
from project.actions.undo import undo
from tests.asking import act, picked, toasts, url_of
from tests.bookings.conftest import assert_recorded, codes, only
from tests.factories import make_booking, make_driver, make_round_trip

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


def test_a_driver_who_left_gets_no_new_time(bureau):
    driver = make_driver()
    booking = make_booking(driver=driver, pickup_at=AT)
    driver.is_active = False
    driver.save()
    assert codes(change(booking, by=bureau, duration_minutes=70)) == {"inactive": 1}
    assert change(booking, by=bureau, passenger_count=2).changed == 1


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
    answers = {"price": "12", "price_leg": "return", "clear": ["driver_notes"]}
    response = act(desk, url_of("change"), picked(back) | {"scope": "round_trip"} | answers)
    assert toasts(response)[0].startswith("1 booking changed.")
    out.refresh_from_db(), back.refresh_from_db()
    assert (out.price, back.price) == (10, 12)


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({}, "day"),
        ({"day": "31/31/2026"}, "day"),
        ({"day": "2099-01-01"}, "day"),
        ({"clock": "nine"}, "clock"),
        ({"passenger_count": "0"}, "passenger_count"),
        ({"passenger_email": "nobody"}, "passenger_email"),
        ({"passenger_phone": "?"}, "passenger_phone"),
        ({"price": "1.5"}, "price"),
        ({"price": "-1"}, "price"),
        ({"vehicle_class": "rocket"}, "vehicle_class"),
        ({"stops": "x" * 300}, "stops"),
        ({"price": "1", "clear": ["price"]}, "clear"),
        ({"clear": ["pickup_address"]}, "clear"),
        ({"duration_minutes": "99999"}, "duration_minutes"),
    ],
)
def test_bad_answers_are_told_at_their_field_and_change_nothing(desk, answers, field):
    booking = make_booking()
    response = act(desk, url_of("change"), picked(booking) | answers)
    assert response.status_code == 422
    assert field in response.context["form"].errors
    booking.refresh_from_db()
    assert booking.version == 1
