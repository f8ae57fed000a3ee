"""Changing the rides of a series: this and the following, or all."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings import (
    actions,
    changes,
    entries,
    round_trips,
    series_schedule,
    series_services,
    services,
)
from bookings.changes import To
from bookings.models import Booking
from bookings.recurrence import Rule
from bookings.round_trips import Pricing
from bookings.series_queries import with_by_hand
from bookings.states import CancellationKind, Leg, PaymentState, Status
from project.actions.undo import undo
from project.audit.models import Batch
from project.search.index import matching
from tests.asking import act, picked, toasts, url_of
from tests.bookings.conftest import change_series, codes, only
from tests.factories import make_booking, make_customer, make_driver, make_round_trip

pytestmark = pytest.mark.django_db
MONDAY = datetime(2027, 1, 4, 8, 30, tzinfo=UTC)
KEPT = {  # all but what every write touches
    field.attname
    for field in Booking._meta.concrete_fields
    if field.name not in ("version", "updated_at")
}


@pytest.fixture
def driver(db):
    return make_driver()


@pytest.fixture
def rides(bureau, driver):
    """Six days in a row, all with the same driver."""
    return a_series(bureau, 6, driver=driver, price=Decimal(9000))


def a_series(by, count, **fields):
    ride = make_booking(pickup_at=MONDAY, **fields)
    series_services.repeat(ride, by=by, rule=Rule("DAILY", count=count), same_driver=True)
    ride.refresh_from_db()
    return list(Booking.objects.filter(series=ride.series).order_by("original_start"))


def times(rides):
    fresh = Booking.objects.filter(pk__in=[ride.pk for ride in rides]).order_by("original_start")
    return [f"{ride.pickup_at:%d %H:%M}" for ride in fresh]


def state(rides):
    keys = [ride.pk for ride in rides]
    return list(Booking.objects.filter(pk__in=keys).order_by("pk").values(*KEPT))


def test_time_price_and_way_change_from_this_one_on(bureau, rides):
    outcome = change_series(
        only(rides[2]).following(),
        by=bureau,
        time=time(10, 15),
        duration_minutes=90,
        price=Decimal(12000),
        dropoff_address="Gare de Thiès",
    )
    assert outcome.changed == 4
    assert times(rides) == ["04 08:30", "05 08:30", "06 10:15", "07 10:15", "08 10:15", "09 10:15"]
    for ride in Booking.objects.filter(price=12000):
        assert ride.ends_at - ride.pickup_at == timedelta(minutes=90)
        assert ride.dropoff_address == "Gare de Thiès"
        stored = ride.search_text, ride.address_text, ride.ends_at
        ride.derive()
        assert stored == (ride.search_text, ride.address_text, ride.ends_at)
        entry, row = ride.logs.get(batch=outcome.batch), ride.history.first()
        assert {*entry.changes} == {"pickup_at", "duration_minutes", "price", "dropoff_address"}
        assert (row.batch_id, row.pickup_at, row.price) == (
            outcome.batch.pk,
            ride.pickup_at,
            12000,
        )
    assert matching(Booking.objects.all(), "thies").queryset.count() == 4
    assert [ride.original_start for ride in rides] == list(
        rides[0]
        .series.occurrences.order_by("original_start")
        .values_list("original_start", flat=True)
    )


def test_local_time_is_meant(bureau, settings):
    settings.TIME_ZONE = "Europe/Paris"
    ride = make_booking(pickup_at=datetime(2027, 3, 27, 7, 30, tzinfo=UTC))
    series_services.repeat(ride, by=bureau, rule=Rule("DAILY", count=3))
    change_series(only(ride).whole_series(), by=bureau, time=time(9, 0))
    pickups = Booking.objects.order_by("pickup_at").values_list("pickup_at", flat=True)
    assert [f"{at:%d %H:%M}" for at in pickups] == ["27 08:00", "28 07:00", "29 07:00"]


def test_what_was_changed_by_hand_is_kept_unless_asked_otherwise(bureau, rides):
    rides[1].pickup_address = "Almadies"
    services.edit(rides[1], by=bureau)
    services.set_status(only(rides[2]), by=bureau, status=Status.CONFIRMED)  # no departure
    everything = only(rides[0]).whole_series()
    outcome = change_series(everything, by=bureau, pickup_address="Ngor")
    assert (outcome.changed, codes(outcome)) == (5, {"by_hand": 1})
    outcome = change_series(everything, by=bureau, pickup_address="Yoff", overwrite=True)
    assert (outcome.changed, codes(outcome)) == (6, {})
    # From now on that one is like the others again.
    assert change_series(everything, by=bureau, pickup_address="Ngor").changed == 6


def test_a_change_of_one_occurrence_alone_is_by_hand(bureau, rides):
    change_series(only(rides[3]), by=bureau, driver_notes="Sign")
    everything = only(rides[0]).whole_series()
    assert codes(change_series(everything, by=bureau, driver_notes="Bell")) == {"by_hand": 1}


def hands(rides):
    return [ride.by_hand for ride in with_by_hand(only(*rides)).order_by("original_start")]


def test_one_that_gave_half_of_its_price_to_its_return_is_by_hand(bureau, rides):
    made = round_trips.create_return(
        only(rides[2]),
        by=bureau,
        date=rides[2].pickup_at.date(),
        clock=time(19),
        pricing=Pricing.SPLIT,
    )
    assert hands(rides) == [False, False, True, False, False, False]
    everything = only(rides[0]).whole_series()
    outcome = change_series(everything, by=bureau, price=Decimal(2000))
    assert (outcome.changed, codes(outcome)) == (5, {"by_hand": 1})
    rides[2].refresh_from_db()
    assert rides[2].price == 4500
    undo(made.batch, by=bureau)
    assert not any(hands(rides))


def test_a_return_at_a_price_of_its_own_is_no_departure(bureau, rides):
    day = rides[2].pickup_at.date()
    round_trips.create_return(only(rides[2]), by=bureau, date=day, clock=time(19))
    assert not any(hands(rides))


def test_some_that_were_changed_as_they_were_selected_are_by_hand(desk, bureau, rides):
    given = {"scope": "segment", "picked": ["driver_notes"], "driver_notes": "Sign"}
    done = act(desk, url_of("change_series"), picked(rides[1], rides[5]) | given)
    assert toasts(done) == ["2 rides of the series changed."]
    some = [False, True, False, False, False, True]
    assert hands(rides) == some
    batch = Batch.objects.get(action="bookings.change_series")
    for in_force in (False, True):
        batch = undo(Batch.objects.get(pk=batch.pk), by=bureau).batch
        assert hands(rides) == (some if in_force else [False] * 6)
    everything = only(rides[0]).whole_series()
    assert codes(change_series(everything, by=bureau, driver_notes="Bell")) == {"by_hand": 2}


def test_the_last_of_a_series_changed_with_what_follows_it_is_none_by_hand(desk, rides):
    given = {"scope": "following", "picked": ["driver_notes"], "driver_notes": "Sign"}
    act(desk, url_of("change_series"), picked(rides[5]) | given)
    assert not any(hands(rides))
    act(desk, url_of("change_series"), picked(rides[5]) | given | {"scope": "series"})
    assert not any(hands(rides))


def by_hand_of(rides):
    everything = with_by_hand(only(*rides)).order_by("original_start")
    return [ride.by_hand for ride in everything].index(True)


def test_one_changed_from_a_file_is_by_hand(bureau, rides):
    values = {"price": Decimal(77), "passenger_name": "Awa Ndiaye"}
    entry = entries.Entry(key=1, pk=rides[4].pk, version=rides[4].version, values=values)
    assert not entries.edit_all([entry], by=bureau).faults
    assert by_hand_of(rides) == 4


def test_a_series_gets_another_customer_and_another_currency_and_undo_gives_them_back(
    desk, bureau, rides
):
    rides[1].payment_state = PaymentState.PAID
    rides[1].save(action="bookings.pay", by=bureau)
    before, other = state(rides), make_customer("Hôtel Ngor")
    given = picked(rides[0]) | {"scope": "series", "picked": ["customer", "currency"]}
    given |= {"customer": other.pk, "currency": "EUR"}
    asked = desk.post(url_of("change_series"), given | {"preview": "1"})
    assert "payment_state" not in asked.context["form"].fields
    (told,) = toasts(act(desk, url_of("change_series"), given))
    assert told.startswith("5 rides of the series changed. 1 refused: 1 invoiced or paid")
    theirs = Booking.objects.filter(customer=other, currency="EUR")
    assert set(theirs) == {*rides} - {rides[1]}
    assert not any(hands(rides))
    assert undo(Batch.objects.get(action="bookings.change_series"), by=bureau).changed == 5
    assert state(rides) == before
    # Who pays, and not what: that of a paid one changes as well.
    given |= {"picked": ["customer"]}
    assert toasts(act(desk, url_of("change_series"), given)) == ["6 rides of the series changed."]


def test_a_series_goes_to_no_customer_who_left_and_keeps_amounts_its_currency_can_say(
    bureau, rides
):
    gone, everything = make_customer("Hôtel Ngor"), only(rides[0]).whole_series()
    gone.is_active = False
    gone.save()
    assert codes(change_series(everything, by=bureau, customer=gone)) == {"customer_left": 6}
    change_series(everything, by=bureau, currency="EUR")
    change_series(everything, by=bureau, price=Decimal("9.50"))
    refused = codes(change_series(everything, by=bureau, currency="XOF"))
    assert refused == {"price_in_currency": 6}


def test_a_customer_can_be_given_to_one_segment_of_the_trips_of_a_series(desk, trips):
    other = make_customer("Hôtel Ngor")
    given = {"scope": "series_both", "picked": ["customer"], "customer": other.pk}
    act(desk, url_of("change_series"), picked(trips[0][0]) | given | {"customer_leg": "return"})
    theirs = Booking.objects.filter(customer=other)
    assert set(theirs) == {back for _out, back in trips}


@pytest.mark.parametrize("name", ["customer", "currency"])
def test_one_for_another_customer_or_in_another_currency_is_by_hand(bureau, rides, name):
    value = make_customer() if name == "customer" else "EUR"
    changes.change(only(rides[2]), by=bureau, values={name: To(value)})
    assert by_hand_of(rides) == 2


def test_who_has_paid_is_no_departure(bureau, rides):
    paid = {"payment_state": To(PaymentState.PAID)}
    assert changes.change(only(rides[2]), by=bureau, values=paid).changed == 1
    assert not with_by_hand(only(*rides)).filter(by_hand=True).exists()


@pytest.mark.parametrize("act", ["edit", "change", "change_series"])
def test_what_an_undo_of_the_undo_gives_again_is_by_hand_again(bureau, rides, act):
    if act == "edit":
        rides[1].passenger_name = "Awa Ndiaye"
        batch = services.edit(rides[1], by=bureau)
    elif act == "change":
        values = {"passenger_name": To("Awa Ndiaye")}
        batch = changes.change(only(rides[1]), by=bureau, values=values).batch
    else:
        batch = change_series(only(rides[1]), by=bureau, driver_notes="Sign").batch
    for in_force in (False, True, False, True, False):
        batch = undo(Batch.objects.get(pk=batch.pk), by=bureau).batch
        found = [ride.by_hand for ride in with_by_hand(only(*rides)).order_by("original_start")]
        assert found == [False, in_force, False, False, False, False]


def test_what_is_over_cancelled_archived_or_settled_is_left_alone_and_named(bureau, rides):
    services.cancel(only(rides[0]), by=bureau, kind=CancellationKind.LATE, reason="x")
    services.cancel(only(rides[1]), by=bureau, kind=CancellationKind.LATE, reason="x")
    services.archive(only(rides[1]), by=bureau)
    make_booking()  # a plain ride
    rides[2].settled_amount, rides[2].settled_on, rides[2].settled_by = 5, MONDAY.date(), bureau
    rides[2].payment_state = PaymentState.PAID
    rides[2].save(action="bookings.settle", by=bureau)
    outcome = change_series(Booking.objects.all(), by=bureau, time=time(7, 0))
    assert outcome.changed == 3
    assert codes(outcome) == {"closed": 1, "archived": 1, "settled": 1, "no_series": 1}


def test_a_driver_who_is_busy_then_keeps_the_ride_where_it_is(bureau, driver, rides):
    other = MONDAY + timedelta(days=2, hours=3)
    make_booking(pickup_at=other, driver=driver)
    everything = only(rides[0]).whole_series()
    outcome = change_series(everything, by=bureau, time=time(12, 0))
    assert (outcome.changed, codes(outcome)) == (5, {"driver_busy": 1})
    assert times(rides)[2] == "06 08:30"
    outcome = change_series(everything, by=bureau, time=time(12, 0), override="They agreed")
    assert (outcome.changed, codes(outcome)) == (1, {"unchanged": 5})
    entry = rides[2].logs.get(batch=outcome.batch)
    assert entry.action.endswith(" — They agreed")


def test_rides_that_would_be_in_each_others_way_stay(bureau, driver):
    rides = a_series(bureau, 3, driver=driver)
    outcome = change_series(only(rides[0]).whole_series(), by=bureau, duration_minutes=25 * 60)
    # The second can't grow, and as it stays where it is, neither can the first.
    assert (outcome.changed, codes(outcome)) == (1, {"driver_busy": 2})
    busy = Booking.objects.filter(driver=driver)
    assert not any(
        one.pickup_at < other.ends_at and other.pickup_at < one.ends_at
        for one in busy
        for other in busy
        if one != other
    )


def test_a_driver_who_left_is_not_moved(bureau, driver, rides):
    driver.is_active = False
    driver.save()
    everything = only(rides[0]).whole_series()
    assert codes(change_series(everything, by=bureau, time=time(12, 0))) == {"inactive": 6}
    assert change_series(everything, by=bureau, price=Decimal(5)).changed == 6


def test_an_amount_must_have_the_currencys_decimals(bureau, rides):
    everything = only(rides[0]).whole_series()
    outcome = change_series(everything, by=bureau, price=Decimal("9.50"))
    assert (outcome.changed, codes(outcome)) == (0, {"price_decimals": 6})


def test_the_price_of_what_is_paid_stands_in_its_series_too(bureau, gestion, rides):
    rides[2].payment_state = PaymentState.PAID
    rides[2].save(action="bookings.pay", by=bureau)
    everything = only(rides[0]).whole_series()
    outcome = change_series(everything, by=bureau, price=Decimal(9500))
    assert (outcome.changed, codes(outcome)) == (5, {"billed": 1})
    outcome = change_series(everything, by=gestion, price=Decimal(9600), override="They agreed")
    assert (outcome.changed, codes(outcome)) == (6, {})


def test_undo_puts_every_field_back(bureau, rides):
    before = state(rides)
    outcome = change_series(
        only(rides[1]).following(),
        by=bureau,
        time=time(22, 0),
        duration_minutes=30,
        pickup_address="Ngor",
        payout=Decimal(4000),
        vehicle_class="van",
    )
    assert state(rides) != before
    services.unassign(only(rides[5]), by=bureau)  # touched since
    done = undo(outcome.batch, by=bureau)
    assert (done.changed, codes(done)) == (4, {"touched_since": 1})
    assert state(rides[:5]) == [row for row in before if row["id"] != rides[5].pk]
    assert undo(done.batch, by=bureau).changed == 4  # an undo is a batch like any other


def test_undo_respects_the_drivers_time(bureau, driver, rides):
    outcome = change_series(only(rides[0]).whole_series(), by=bureau, time=time(12, 0))
    make_booking(pickup_at=MONDAY + timedelta(days=3), driver=driver)
    done = undo(outcome.batch, by=bureau)
    assert (done.changed, codes(done)) == (5, {"driver_busy": 1})


def test_its_statements_do_not_grow_with_the_series(bureau):
    counts = []
    for count in (2, 200):
        rides = a_series(bureau, count, driver=make_driver())
        with CaptureQueriesContext(connection) as statements:
            outcome = change_series(
                only(rides[0]).whole_series(),
                by=bureau,
                time=time(11, 0),
                pickup_address="Ngor",
            )
        assert outcome.changed == count
        with CaptureQueriesContext(connection) as undoing:
            assert undo(outcome.batch, by=bureau).changed == count
        counts.append((len(statements), len(undoing)))
    assert counts[1][0] <= counts[0][0]
    assert counts[1][1] <= counts[0][1]


# ------------------------------------------------------------------------------- through its door
def at(clock):
    return {"picked": ["clock"], "clock": clock}


def test_the_dialog_previews_what_changes_what_is_kept_and_what_conflicts(
    desk, bureau, driver, rides
):
    rides[1].pickup_address = "Almadies"
    services.edit(rides[1], by=bureau)
    make_booking(pickup_at=MONDAY + timedelta(days=2, hours=3), driver=driver)
    given = picked(rides[0]) | {"scope": "series"} | at("12:00")
    asked = desk.post(url_of("change_series"), given | {"preview": "1"})
    preview = asked.context["preview"]
    assert (preview.total, preview.ready) == (6, 4)
    reasons = {
        reason.code: [each["label"] for each in reason.examples] for reason in preview.refused
    }
    assert reasons == {"by_hand": [rides[1].reference], "driver_busy": [rides[2].reference]}
    done = act(desk, url_of("change_series"), given)
    assert toasts(done)[0].startswith("4 rides of the series changed. 2 refused:")


def test_following_skips_neither_this_one_nor_takes_the_ones_before(desk, rides):
    act(desk, url_of("change_series"), picked(rides[4]) | {"scope": "following"} | at("06:00"))
    assert times(rides)[3:] == ["07 08:30", "08 06:00", "09 06:00"]


def test_of_a_round_trip_the_same_segment_changes(desk, bureau):
    out, back = make_round_trip(pickup_at=MONDAY)
    series_services.repeat(out, by=bureau, rule=Rule("DAILY", count=3))
    act(desk, url_of("change_series"), picked(back) | {"scope": "series"} | at("18:00"))
    hours = Booking.objects.order_by("original_start", "leg").values_list("leg", "pickup_at__hour")
    assert list(hours) == [(Leg.OUTBOUND, 8), (Leg.RETURN, 18)] * 3


@pytest.fixture
def trips(bureau):
    """Three round trips in a row, as [outbound, return] by day."""
    out, _back = make_round_trip(pickup_at=MONDAY, price=Decimal(9000))
    series_services.repeat(out, by=bureau, rule=Rule("DAILY", count=3))
    rides = list(Booking.objects.exclude(leg="").order_by("original_start", "leg"))
    return [rides[n : n + 2] for n in (0, 2, 4)]


@pytest.mark.parametrize(
    ("scope", "days"), [("following_both", [1, 2]), ("series_both", [0, 1, 2])]
)
def test_each_field_goes_to_one_segment_or_both_of_the_trips_of_a_series(desk, trips, scope, days):
    given = {
        "scope": scope,
        "picked": ["price", "clock", "driver_notes"],
        "price": "12000",
        "price_leg": "outbound",
        "clock": "19:00",
        "clock_leg": "return",
        "driver_notes": "Sign",
    }
    done = act(desk, url_of("change_series"), picked(trips[1][1]) | given)
    assert toasts(done) == [f"{2 * len(days)} rides of the series changed."]
    for day, trip in enumerate(trips):
        for ride in trip:
            ride.refresh_from_db()
        out, back = trip
        changed = day in days
        assert (out.price, back.price) == (12000 if changed else 9000, 9000)
        assert (out.pickup_at.hour, back.pickup_at.hour) == (8, 19 if changed else 13)
        assert {out.driver_notes, back.driver_notes} == {"Sign" if changed else ""}


def test_of_both_segments_those_changed_by_hand_are_kept(desk, bureau, trips):
    trips[1][0].pickup_address = "Almadies"
    services.edit(trips[1][0], by=bureau)
    given = {"scope": "series_both", "picked": ["driver_notes"], "driver_notes": "Sign"}
    done = act(desk, url_of("change_series"), picked(trips[0][0]) | given)
    assert "1 changed by hand, so kept" in toasts(done)[0]
    noted = Booking.objects.filter(driver_notes="Sign")
    assert noted.count() == 5
    assert trips[1][0] not in noted


def test_both_segments_are_offered_where_a_series_has_both(desk, rides, trips):
    def asked(ride, scope):
        return desk.post(url_of("change_series"), picked(ride) | {"scope": scope})

    one = ["segment", "following", "series"]
    for ride, scopes in ((rides[0], one), (trips[0][0], [*one, "following_both", "series_both"])):
        answer = asked(ride, "series")
        assert [scope["value"] for scope in answer.context["scopes"]] == scopes
        assert "price_leg" not in answer.context["form"].fields
    assert "price_leg" in asked(trips[0][0], "series_both").context["form"].fields


def test_an_occurrence_that_was_given_a_return_is_one_of_its_series(desk, bureau, rides):
    day = rides[2].pickup_at.date()
    round_trips.create_return(only(rides[2]), by=bureau, date=day, clock=time(19))
    for place, scope, days in ((0, "series", 6), (2, "series", 6), (2, "following", 4)):
        given = picked(rides[place]) | {"scope": scope} | at("12:00")
        asked = desk.post(url_of("change_series"), given | {"preview": "1"})
        offered = [each["value"] for each in asked.context["scopes"]]
        assert offered == ["segment", "following", "series"]
        assert asked.context["preview"].total == days
        assert "clock_leg" not in asked.context["form"].fields
    done = act(desk, url_of("change_series"), picked(rides[0]) | {"scope": "series"} | at("12:00"))
    assert toasts(done) == ["6 rides of the series changed."]
    assert {when[3:] for when in times(rides)} == {"12:00"}
    back = Booking.objects.get(leg=Leg.RETURN)
    assert back.pickup_at.hour == 19


def test_an_outbound_that_was_untied_is_one_of_its_series(desk, bureau, trips):
    alone, back = trips[1]
    round_trips.unpair(only(alone, back), by=bureau)
    given = {"scope": "series", "picked": ["driver_notes"], "driver_notes": "Sign"}
    act(desk, url_of("change_series"), picked(trips[0][0]) | given)
    noted = Booking.objects.filter(driver_notes="Sign")
    assert set(noted) == {out for out, _back in trips}
    both = given | {"scope": "series_both", "driver_notes": "Bell", "driver_notes_leg": "outbound"}
    act(desk, url_of("change_series"), picked(alone) | both)
    rung = Booking.objects.filter(driver_notes="Bell")
    assert set(rung) == {out for out, _back in trips}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "picked"),
        ({"clock": "25:00"}, "clock"),
        ({"duration_minutes": "0"}, "duration_minutes"),
        ({"duration_minutes": "999999"}, "duration_minutes"),
        ({"price": "-1"}, "price"),
        ({"price": "a lot"}, "price"),
        ({"vehicle_class": "rocket"}, "vehicle_class"),
        ({"pickup_address": "x" * 256}, "pickup_address"),
    ],
)
def test_wrong_input_is_said_at_its_field(desk, rides, given, field):
    given = given | {"picked": [*given]}
    done = act(desk, url_of("change_series"), picked(rides[0]) | {"scope": "series"} | given)
    assert done.status_code == 422
    assert field in done.context["form"].errors
    assert times(rides)[0] == "04 08:30"


def offers_it(client, record):
    page = client.get(record.get_absolute_url())
    return actions.CHANGE_SERIES in [each["action"] for each in page.context["actions"]]


def test_a_plain_ride_does_not_offer_it(desk, rides):
    assert offers_it(desk, rides[0])
    assert not offers_it(desk, make_booking())


def test_one_changed_by_hand_offers_it_for_its_box(desk, bureau, rides):
    rides[1].luggage_count = 7
    services.edit(rides[1], by=bureau)
    assert offers_it(desk, rides[1])
    given = picked(rides[1]) | at("12:00")
    asked = desk.post(url_of("change_series"), given | {"preview": "1"})
    assert asked.context["preview"].ready == 0
    act(desk, url_of("change_series"), given | {"overwrite": "on"})
    assert times(rides)[:2] == ["04 08:30", "05 12:00"]


def test_one_that_is_over_offers_it_for_the_others_while_there_are_any(desk, bureau, rides):
    cancel = {"by": bureau, "kind": CancellationKind.LATE, "reason": "x"}
    services.cancel(only(*rides[1:]), **cancel)
    assert offers_it(desk, rides[5])  # the whole series has the first
    services.cancel(only(rides[0]), **cancel)
    assert not offers_it(desk, rides[5])
    assert not offers_it(desk, rides[5].series)


def test_one_that_is_over_offers_it_for_the_series_that_continues_its_own(desk, bureau, rides):
    series_schedule.reschedule(rides[2], by=bureau, rule=Rule("DAILY", count=4))
    services.cancel(only(*rides[:2]), by=bureau, kind=CancellationKind.LATE, reason="x")
    assert offers_it(desk, rides[1])
    following = picked(rides[1]) | {"scope": "following"} | at("12:00")
    act(desk, url_of("change_series"), following)
    assert times(rides)[1:3] == ["05 08:30", "06 12:00"]
