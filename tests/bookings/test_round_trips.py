from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookings import changes, round_trips, series_schedule, series_services, services
from bookings.actions import ACTIONS
from bookings.changes import To
from bookings.models import Booking, RoundTrip
from bookings.recurrence import Rule
from bookings.round_trips import Pricing
from bookings.scopes import ROUND_TRIP
from bookings.states import Leg, PaymentState, Status
from project.actions.undo import undo
from project.audit.models import Batch
from tests.asking import act, picked, toasts, url_of
from tests.bookings.conftest import assert_recorded, codes, only
from tests.factories import (
    make_booking,
    make_customer,
    make_driver,
    make_round_trip,
)

pytestmark = pytest.mark.django_db
ON = {"date": date(2030, 3, 4), "clock": time(18, 15)}


def create_return(*bookings, by, **given):
    return round_trips.create_return(only(*bookings), by=by, **ON | given)


def made():
    return Booking.objects.filter(leg=Leg.RETURN).order_by("pk")


# -------------------------------------------------------------------------------- create return
def test_a_return_goes_the_way_back_and_takes_nothing_that_came_of_the_ride(bureau):
    out = make_booking(
        status=Status.NO_SHOW,
        driver=make_driver(),
        price=Decimal(9000),
        payout=Decimal(4000),
        billable=True,
        fee=Decimal(500),
        payment_state=PaymentState.PAID,
        transport_number="AF718",
        stops=["Rufisque", "Pikine", "Yoff"],
    )
    outcome = create_return(out, by=bureau)
    assert outcome.changed == 1
    back = made().get()
    assert (back.pickup_address, back.dropoff_address) == (out.dropoff_address, out.pickup_address)
    assert back.stops == ["Yoff", "Pikine", "Rufisque"]
    assert (back.customer, back.passenger_name) == (out.customer, out.passenger_name)
    assert (back.status, back.driver, back.payment_state, back.fee) == (
        Status.PENDING,
        None,
        PaymentState.UNPAID,
        None,
    )
    assert (back.price, back.payout, back.transport_number) == (9000, 4000, "")
    local = timezone.localtime(back.pickup_at)
    assert (local.date(), local.time()) == (ON["date"], ON["clock"])
    assert back.ends_at - back.pickup_at == out.ends_at - out.pickup_at
    out.refresh_from_db()
    assert (out.round_trip, out.leg, out.status) == (
        back.round_trip,
        Leg.OUTBOUND,
        Status.NO_SHOW,
    )
    assert (out.round_trip.origin, out.round_trip.made_in) == (out, outcome.batch)
    assert out.round_trip.history.get().history_user == bureau
    assert_recorded(back, outcome, "bookings.return", bureau)
    line = assert_recorded(out, outcome, "bookings.returned", bureau)
    assert line.changes["leg"] == ["", "outbound"]
    derived = (back.search_text, back.address_text, back.ends_at)
    back.derive()
    assert derived == (back.search_text, back.address_text, back.ends_at)


@pytest.mark.parametrize(
    ("given", "price", "payout", "out_price", "out_payout"),
    [
        ({"pricing": Pricing.SAME}, 9001, 4001, 9001, 4001),
        ({"pricing": Pricing.SPLIT}, 4500, 2000, 4501, 2001),
        ({"pricing": Pricing.OTHER, "price": Decimal(7000)}, 7000, None, 9001, 4001),
    ],
)
def test_its_price_is_the_same_half_or_another(bureau, given, price, payout, out_price, out_payout):
    out = make_booking(price=Decimal(9001), payout=Decimal(4001))
    outcome = create_return(out, by=bureau, **given)
    out.refresh_from_db()
    back = made().get()
    assert (back.price, back.payout) == (price, payout)
    assert (out.price, out.payout) == (out_price, out_payout)
    assert undo(outcome.batch, by=bureau).changed == 1
    out.refresh_from_db()
    assert (out.price, out.payout, out.round_trip, out.leg) == (9001, 4001, None, "")


def test_it_says_why_a_ride_gets_no_return(bureau):
    paired, _ = make_round_trip()
    cases = {
        "archived": make_booking(status=Status.COMPLETED, archived_at=timezone.now()),
        "cancelled": make_booking(status=Status.CANCELLED),
        "paired": paired,
        "customer_inactive": make_booking(customer=make_customer(is_active=False)),
        "before_its_end": make_booking(pickup_at=timezone.now() + timedelta(days=9999)),
    }
    outcome = create_return(*cases.values(), make_booking(), by=bureau)
    assert (outcome.changed, codes(outcome)) == (1, dict.fromkeys(cases, 1))


def test_a_price_is_split_only_where_there_is_one_that_may_change(bureau, gestion):
    cases = {
        "no_price": make_booking(),
        "invoiced": make_booking(price=10, payment_state=PaymentState.INVOICED),
    }
    outcome = create_return(*cases.values(), by=bureau, pricing=Pricing.SPLIT)
    assert (outcome.changed, codes(outcome)) == (0, dict.fromkeys(cases, 1))


def test_a_return_that_is_undone_leaves_the_ride_as_it_was(bureau):
    out = make_booking()
    outcome = create_return(out, by=bureau)
    undone = undo(outcome.batch, by=bureau)
    back = Booking.objects.exclude(pk=out.pk).get()
    out.refresh_from_db()
    assert (back.status, back.round_trip, back.leg) == (Status.CANCELLED, None, "")
    assert back.archived_at is not None
    assert (out.round_trip, out.leg, out.archived_at) == (None, "", None)
    assert_recorded(out, undone, "bookings.untied", bureau)
    assert create_return(out, by=bureau).changed == 1


def test_a_ride_changed_since_keeps_its_change_when_the_return_is_undone(bureau):
    out = make_booking(price=Decimal(10))
    outcome = create_return(out, by=bureau)
    changes.change(only(out), by=bureau, values={"price": To(Decimal(8))})
    assert undo(outcome.batch, by=bureau).changed == 1
    out.refresh_from_db()
    assert (out.price, out.round_trip, out.leg) == (8, None, "")


def test_no_half_of_a_price_is_lost_with_a_return(bureau):
    out = make_booking(price=Decimal(100))
    outcome = create_return(out, by=bureau, pricing=Pricing.SPLIT)
    services.set_status(only(out), by=bureau, status=Status.CONFIRMED)
    undone = undo(outcome.batch, by=bureau)
    assert (undone.changed, codes(undone)) == (0, {"half_paid": 1})
    assert [ride.price for ride in Booking.objects.all()] == [50, 50]


@pytest.mark.parametrize("pricing", [Pricing.SAME, Pricing.SPLIT])
def test_no_return_is_discarded_whose_outbound_is_archived(bureau, pricing):
    out = make_booking(status=Status.COMPLETED, price=Decimal(100))
    made = create_return(out, by=bureau, pricing=pricing).batch
    archived = services.archive(only(out), by=bureau).batch
    before = list(Booking.objects.order_by("pk").values())
    undone = undo(made, by=bureau)
    assert (undone.batch, codes(undone)) == (None, {"other_archived": 1})
    assert list(Booking.objects.order_by("pk").values()) == before
    undo(archived, by=bureau)  # and of a price that was split the half is not as it was left
    refused = {"half_paid": 1} if pricing == Pricing.SPLIT else {}
    assert codes(undo(Batch.objects.get(pk=made.pk), by=bureau)) == refused


def test_nor_is_a_copied_segment_whose_other_is_archived(bureau):
    trip = make_round_trip()
    copied = services.duplicate(only(*trip), by=bureau, date=date(2030, 5, 6)).batch
    copies = Booking.objects.exclude(pk__in=[ride.pk for ride in trip]).order_by("pk")
    services.cancel(only(copies[0]), by=bureau, kind="customer", reason="Flight cancelled")
    services.archive(only(copies[0]), by=bureau)
    undone = undo(copied, by=bureau)
    assert (undone.changed, codes(undone)) == (0, {"touched_since": 1, "other_archived": 1})


def test_a_tie_is_undone_on_both_or_on_neither(bureau, customer):
    first = make_booking(customer=customer, passenger_name="Awa", pickup_at=timezone.now())
    second = make_booking(customer=customer, passenger_name="Awa")
    paired = round_trips.pair(only(first, second), by=bureau).batch
    services.set_status(only(first), by=bureau, status=Status.CONFIRMED)
    undone = undo(paired, by=bureau)
    assert (undone.changed, codes(undone)) == (0, {"touched_since": 1, "mate_stays": 1})
    untied = round_trips.unpair(only(first, second), by=bureau).batch
    third = make_booking(customer=customer, passenger_name="Awa")
    round_trips.pair(only(first, third), by=bureau)
    undone = undo(untied, by=bureau)
    assert (undone.changed, codes(undone)) == (0, {"touched_since": 1, "mate_stays": 1})


def test_a_pair_that_recurs_is_untied_and_undone(bureau):
    out, back = make_round_trip(pickup_at=timezone.now() + timedelta(days=2))
    made = series_services.repeat(out, by=bureau, rule=Rule("DAILY", count=3)).batch
    out.refresh_from_db(), back.refresh_from_db()
    untied = round_trips.unpair(only(out, back), by=bureau)
    assert untied.changed == 2
    back.refresh_from_db()
    assert (back.series, back.original_start) == (None, None)
    assert undo(untied.batch, by=bureau).changed == 2
    back.refresh_from_db()
    assert back.series == out.series
    assert undo(made, by=bureau).changed == 4
    assert set(
        Booking.objects.exclude(pk__in=[out.pk, back.pk]).values_list("status", flat=True)
    ) == {"cancelled"}


@pytest.fixture
def daily(bureau):
    """Five occurrences of a plain ride."""
    ride = make_booking(pickup_at=timezone.now() + timedelta(days=2), passenger_name="Awa")
    series_services.repeat(ride, by=bureau, rule=Rule("DAILY", count=5))
    return list(Booking.objects.filter(series__isnull=False).order_by("original_start"))


def keys_of(rides):
    rides = Booking.objects.filter(pk__in=[ride.pk for ride in rides])
    order = ("original_start", "planned_return", "pk")
    return list(rides.order_by(*order).values_list("series", *order[:2]))


def test_two_occurrences_that_were_paired_stay_in_their_series_when_untied(bureau, daily):
    before = keys_of(daily)
    assert round_trips.pair(only(*daily[1:3]), by=bureau).changed == 2
    assert keys_of(daily) == before
    untied = round_trips.unpair(only(*daily[1:3]), by=bureau)
    assert keys_of(daily) == before
    first = Booking.objects.select_related("series").get(pk=daily[0].pk)
    rule = Rule("DAILY", count=6)
    made = series_schedule.reschedule(first, by=bureau, rule=rule, whole=True)
    assert made.changed == 1  # the sixth day: the others are all there
    assert undo(untied.batch, by=bureau).changed == 2
    assert keys_of(daily) == before
    assert first.series.occurrences.count() == 6


def test_an_occurrence_that_was_the_return_of_a_plain_ride_stays_when_untied(bureau, daily):
    before = keys_of(daily)
    out = make_booking(
        pickup_at=daily[3].pickup_at - timedelta(hours=3),
        customer=daily[3].customer,
        passenger_name="Awa",
    )
    round_trips.pair(only(out, daily[3]), by=bureau)
    daily[3].refresh_from_db()
    assert daily[3].leg == Leg.RETURN
    assert round_trips.unpair(only(out, daily[3]), by=bureau).changed == 2
    assert keys_of(daily) == before


def test_to_untie_a_pair_that_recurs_is_undone_and_done_again_to_the_letter(bureau):
    pair = make_round_trip(pickup_at=timezone.now() + timedelta(days=2))
    series_services.repeat(pair[0], by=bureau, rule=Rule("DAILY", count=3))
    tied = keys_of(pair)
    batch = round_trips.unpair(only(*pair), by=bureau).batch
    untied = keys_of(pair)
    assert [len({key[:2] for key in keys}) for keys in (tied, untied)] == [1, 2]
    for expected in (tied, untied, tied):
        batch = undo(Batch.objects.get(pk=batch.pk), by=bureau).batch
        assert keys_of(pair) == expected


def test_what_has_no_place_in_its_series_any_more_stays_untied(bureau):
    out, back = make_round_trip(pickup_at=timezone.now() + timedelta(days=2))
    series_services.repeat(out, by=bureau, rule=Rule("DAILY", count=3))
    out.refresh_from_db()
    untied = round_trips.unpair(only(out, back), by=bureau).batch
    models.QuerySet(Booking).filter(pk=make_booking().pk).update(
        series=out.series, original_start=out.original_start, planned_return=True
    )
    undone = undo(untied, by=bureau)
    assert (undone.changed, codes(undone)) == (0, {"mate_stays": 1, "taken": 1})


def test_returns_of_many_take_as_many_statements_as_of_one(bureau):
    counts = []
    for many in (1, 30):
        rides = [make_booking(stops=["Thiès"]) for _ in range(many)]
        with CaptureQueriesContext(connection) as statements:
            assert create_return(*rides, by=bureau).changed == many
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 26
    for back in made():
        assert back.round_trip.segments.get(leg=Leg.OUTBOUND).pickup_address == back.dropoff_address


def test_the_desk_opens_the_return_that_it_made(desk):
    booking = make_booking()
    answers = {"date": "2030-03-04", "clock": "18:15", "pricing": "same"}
    response = act(desk, url_of("return"), picked(booking) | answers)
    assert response.url == made().get().get_edit_url()
    assert toasts(response) == ["1 return created."]


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"clock": "25:00"}, "clock"),
        ({"date": ""}, "date"),
        ({"date": "2090-01-01"}, "date"),
        ({"pricing": "free"}, "pricing"),
        ({"pricing": "other"}, "price"),
        ({"pricing": "other", "price": "10.5"}, "price"),
    ],
)
def test_bad_answers_are_told_at_their_field_and_make_nothing(desk, answers, field):
    booking = make_booking()
    given = {"date": "2030-03-04", "clock": "18:15", "pricing": "same", **answers}
    response = act(desk, url_of("return"), picked(booking) | given)
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert Booking.objects.count() == 1


@pytest.mark.parametrize("typed", ["9", "10.5", "much"])
@pytest.mark.parametrize(("pricing", "price"), [("same", 9000), ("split", 4500)])
def test_amounts_for_another_price_count_for_nothing_without_it(desk, pricing, price, typed):
    booking = make_booking(price=Decimal(9000), payout=Decimal(4000))
    answers = {"date": "2030-03-04", "clock": "18:15", "pricing": pricing}
    given = picked(booking) | answers | {"price": typed, "payout": typed}
    asked = desk.post(url_of("return"), given | {"preview": "1"})
    assert asked.context["preview"].foresight.lines
    assert act(desk, url_of("return"), given).status_code == 302
    back = made().get()
    assert (back.price, back.payout) == (price, price * 4 / 9)


# -------------------------------------------------------------------------------- pair, unpair
def test_two_rides_of_a_passenger_are_paired_by_departure(bureau, customer):
    now = timezone.now()
    late = make_booking(customer=customer, passenger_name="Awa", pickup_at=now + timedelta(days=3))
    early = make_booking(customer=customer, passenger_name="AWA", pickup_at=now)
    outcome = round_trips.pair(only(late, early), by=bureau)
    assert outcome.changed == 2
    assert_recorded(late, outcome, "bookings.pair", bureau)
    assert_recorded(early, outcome, "bookings.pair", bureau)
    assert (early.leg, late.leg) == (Leg.OUTBOUND, Leg.RETURN)
    assert early.round_trip == late.round_trip
    assert undo(outcome.batch, by=bureau).changed == 2
    early.refresh_from_db()
    assert (early.round_trip, early.leg) == (None, "")


def test_many_are_paired_each_with_their_own(bureau):
    now = timezone.now()
    rides, expected = [], set()
    for name in ("Awa", "Moussa"):
        for customer in (make_customer(), make_customer()):
            theirs = [
                make_booking(
                    customer=customer, passenger_name=name, pickup_at=now + timedelta(days=n)
                )
                for n in (4, 1, 3, 2, 5)
            ]
            rides += theirs
            first, second, third, fourth, _alone = sorted(theirs, key=lambda r: r.pickup_at)
            expected |= {(first.pk, second.pk), (third.pk, fourth.pk)}
    outcome = round_trips.pair(only(*rides), by=bureau)
    assert (outcome.changed, codes(outcome)) == (16, {"alone": 4})
    assert {
        tuple(trip.segments.order_by("leg").values_list("pk", flat=True))
        for trip in RoundTrip.objects.all()
    } == expected


def test_rides_that_are_no_pair_say_so(bureau, customer):
    paired, _back = make_round_trip()
    outcome = round_trips.pair(
        only(make_booking(), make_booking(customer=customer), paired), by=bureau
    )
    assert (outcome.changed, codes(outcome)) == (0, {"alone": 2, "paired": 1})


def test_rides_of_a_customer_are_pairs_whatever_the_names_where_one_says_so(bureau, customer):
    now = timezone.now()
    theirs = [
        make_booking(customer=customer, passenger_name=name, pickup_at=now + timedelta(days=n))
        for n, name in enumerate(["Awa Diop", "A. Diop", "Élise", "ÉLISE", "Moussa"])
    ]
    outcome = round_trips.pair(only(*theirs), by=bureau)
    assert (outcome.changed, codes(outcome)) == (2, {"alone": 3})
    for ride in theirs:
        ride.refresh_from_db()
    assert [ride.leg for ride in theirs] == ["", "", Leg.OUTBOUND, Leg.RETURN, ""]
    assert round_trips.pair(only(*theirs[:2]), by=bureau, any_name=True).changed == 2
    for ride in theirs:
        ride.refresh_from_db()
    assert [ride.leg for ride in theirs] == [*[Leg.OUTBOUND, Leg.RETURN] * 2, ""]
    assert theirs[0].round_trip == theirs[1].round_trip != theirs[2].round_trip


def test_two_that_are_left_of_more_need_the_same_name(bureau, customer):
    now = timezone.now()
    awa = make_booking(customer=customer, passenger_name="Awa", pickup_at=now)
    later = now + timedelta(days=1)
    moussa = make_booking(customer=customer, passenger_name="Moussa", pickup_at=later)
    paired, _back = make_round_trip(customer=customer)
    outcome = round_trips.pair(only(awa, moussa, paired), by=bureau)
    assert (outcome.changed, codes(outcome)) == (0, {"alone": 2, "paired": 1})


def test_the_dialog_asks_whether_names_matter(desk, customer):
    now = timezone.now()
    rides = [
        make_booking(customer=customer, passenger_name=name, pickup_at=now + timedelta(days=n))
        for n, name in enumerate(["Awa Diop", "A. Diop"])
    ]
    given = picked(*rides)
    assert desk.post(url_of("pair"), given).context["preview"].ready == 0
    act(desk, url_of("pair"), given | {"any_name": "on"})
    assert RoundTrip.objects.get().segments.count() == 2


def test_two_in_different_currencies_say_so(bureau, customer):
    now, awa = timezone.now(), {"customer": customer, "passenger_name": "Awa"}
    rides = [
        make_booking(pickup_at=now + timedelta(days=n), currency=currency, **awa)
        for n, currency in enumerate(["XOF", "EUR", "XOF"])
    ]
    outcome = round_trips.pair(only(*rides[:2]), by=bureau)
    assert (outcome.changed, codes(outcome)) == (0, {"other_currency": 2})
    outcome = round_trips.pair(only(*rides), by=bureau)
    assert (outcome.changed, codes(outcome)) == (2, {"alone": 1})


def test_no_return_begins_before_its_outbound_is_over(bureau, customer):
    now = timezone.now()
    awa = {"customer": customer, "passenger_name": "Awa", "duration_minutes": 60}
    rides = [make_booking(pickup_at=now + timedelta(minutes=at), **awa) for at in (0, 59, 600, 660)]
    outcome = round_trips.pair(only(*rides), by=bureau)
    assert (outcome.changed, codes(outcome)) == (2, {"before_its_end": 2})
    for ride in rides:
        ride.refresh_from_db()
    assert [ride.leg for ride in rides] == ["", "", Leg.OUTBOUND, Leg.RETURN]


def test_untying_takes_both_segments_whichever_was_picked(desk, bureau):
    out, back = make_round_trip()
    response = act(desk, url_of("unpair"), picked(back))
    assert toasts(response) == ["2 segments untied."]
    for segment in (out, back):
        segment.refresh_from_db()
        assert (segment.round_trip, segment.leg) == (None, "")
    batch = out.logs.order_by("pk").last().batch
    assert undo(batch, by=bureau).changed == 2
    out.refresh_from_db(), back.refresh_from_db()
    assert (out.leg, back.leg, out.round_trip) == ("outbound", "return", back.round_trip)


def test_no_segment_is_untied_alone(bureau):
    out, back = make_round_trip(outbound={"status": Status.COMPLETED})
    services.archive(only(out), by=bureau)
    outcome = round_trips.unpair(only(out, back), by=bureau)
    assert (outcome.changed, codes(outcome)) == (0, {"archived": 1, "other_archived": 1})


# ------------------------------------------------------------------------------------- a fee
@pytest.mark.parametrize(
    ("prices", "given", "fees"),
    [
        ((10_001, 5_000), {"fee": Decimal(3_000)}, (2_000, 1_000)),
        ((7, 7), {"fee": Decimal(5)}, (3, 2)),
        ((None, None), {"fee": Decimal(5)}, (3, 2)),
        ((0, 7_000), {"fee": Decimal(500)}, (0, 500)),
        ((5, 5), {"fee_percent": 50}, (3, 2)),
        ((3_333, 6_667), {"fee_percent": 33}, (1_100, 2_200)),
    ],
)
def test_a_fee_for_a_whole_trip_is_shared_to_the_last_unit(bureau, prices, given, fees):
    out, back = make_round_trip(outbound={"price": prices[0]}, inbound={"price": prices[1]})
    services.cancel(only(out, back), by=bureau, kind="late", reason="Late", billable=True, **given)
    out.refresh_from_db(), back.refresh_from_db()
    assert (out.fee, back.fee) == fees
    line = out.logs.get(action_code="bookings.cancel")
    assert Decimal(line.changes["fee"][1]) == out.fee


LATE = {"kind": "late", "reason": "Late", "billable": True}


@pytest.mark.parametrize(
    ("refused", "code"),
    [
        ({"status": Status.COMPLETED}, "over"),
        ({"status": Status.CANCELLED}, "cancelled"),
        ({"price": Decimal(1), "currency": "EUR"}, "two_currencies"),
    ],
)
def test_a_fee_for_the_trip_is_not_left_to_one_segment_alone(bureau, refused, code):
    out, back = make_round_trip(price=Decimal(10_000), outbound=refused)
    outcome = services.cancel(only(out, back), by=bureau, **LATE, fee=Decimal(5))
    assert outcome.changed == 0
    assert codes(outcome) == (
        {code: 2} if code == "two_currencies" else {code: 1, "other_refused": 1}
    )
    assert services.cancel(only(back), by=bureau, **LATE, fee=Decimal(5)).changed == 1
    back.refresh_from_db()
    assert back.fee == 5


def test_a_part_of_each_price_needs_no_sharing(bureau):
    out, back = make_round_trip(outbound={"price": 10_000}, inbound={"price": 9, "currency": "EUR"})
    assert services.cancel(only(out, back), by=bureau, **LATE, fee_percent=50).changed == 2
    out.refresh_from_db(), back.refresh_from_db()
    assert (out.fee, back.fee) == (5_000, Decimal("4.5"))


@pytest.mark.parametrize(
    ("price", "currency", "percent", "fee"),
    [(50, "XOF", 29, 15), ("45", "XOF", 70, 32), ("10.50", "EUR", 29, "3.05"), (3, "XOF", 33, 1)],
)
def test_a_part_of_a_price_is_rounded_half_up(bureau, price, currency, percent, fee):
    ride = make_booking(price=Decimal(price), currency=currency)
    assert services.cancel(only(ride), by=bureau, **LATE, fee_percent=percent).changed == 1
    ride.refresh_from_db()
    assert ride.fee == Decimal(fee)


def test_a_fee_for_a_trip_is_compared_with_both_prices(bureau):
    out, back = make_round_trip(price=Decimal(5_000))
    both = {"by": bureau, **LATE, "fee": Decimal(10_001)}
    assert codes(services.cancel(only(out, back), **both)) == {"above_price": 2}
    assert codes(services.cancel(only(out), **both)) == {"above_price": 1}
    assert services.cancel(only(out, back), **both | {"fee": Decimal(10_000)}).changed == 2


def test_a_fee_is_refused_where_its_currency_has_no_such_decimals(desk):
    booking = make_booking(price=Decimal(10))
    answers = {"kind": "late", "reason": "Late", "billable": "1", "fee": "10.5"}
    response = act(desk, url_of("cancel"), picked(booking) | answers)
    assert (response.status_code, "fee" in response.context["form"].errors) == (422, True)
    response = act(desk, url_of("cancel"), picked(booking) | answers | {"billable": "", "fee": "1"})
    assert "fee" in response.context["form"].errors
    booking.refresh_from_db()
    assert booking.status == Status.PENDING


# ------------------------------------------------------------------------------- the whole trip
OF_BOTH = {
    "archive": ({"status": Status.COMPLETED}, {}),
    "unarchive": ({"status": Status.COMPLETED, "archived_at": timezone.now()}, {}),
    "cancel": ({}, {"kind": "customer", "reason": "Storm"}),
    "restore": ({"status": Status.CANCELLED}, {}),
    "set_status": ({}, {"status": "confirmed"}),
    "assign": ({}, {"driver": make_driver}),
    "unassign": ({"driver": make_driver}, {}),
    "change": ({}, {"picked": ["transport_number"], "transport_number": "AF718"}),
    "settle": (
        {"status": Status.COMPLETED, "driver": make_driver, "payout": Decimal(4000)},
        {"date": "2026-03-04"},
    ),
    "reopen": (
        {"status": Status.COMPLETED, "settled_amount": Decimal(1), "settled_on": ON["date"]},
        {"reason": "Slip"},
    ),
    "unpair": ({}, {}),
}


def test_all_that_change_whole_trips_are_tried():
    assert OF_BOTH.keys() == {
        action.name for action in ACTIONS if ROUND_TRIP in action.scopes and action.writes
    }


@pytest.mark.parametrize("name", OF_BOTH)
def test_the_scope_takes_both_segments_whichever_was_picked(boss, gestion, name):
    state, answers = (
        {key: value() if value is make_driver else value for key, value in given.items()}
        for given in OF_BOTH[name]
    )
    if "driver" in answers:
        answers["driver"] = answers["driver"].pk
    if name == "reopen":
        state["settled_by"] = gestion
    trip = make_round_trip(**state)
    (action,) = (action for action in ACTIONS if action.name == name)
    before = [{field: getattr(ride, field) for field in action.writes} for ride in trip]
    act(boss, url_of(name), picked(trip[1]) | {"scope": "round_trip"} | answers)
    batch = trip[1].logs.latest("pk").batch
    assert (batch.action, batch.changed) == (action.code, 2)
    for ride, then in zip(trip, before, strict=True):
        ride.refresh_from_db()
        assert ride.logs.filter(batch=batch).count() == 1
        assert {field: getattr(ride, field) for field in action.writes} != then
