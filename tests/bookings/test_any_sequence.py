"""Whatever staff do in whatever order, the books stay straight.

Random rides, round trips among them, and random actions on random parts of them. After each:
every row is as its latest history says, the log tells what the history shows, amounts of a trip
sum up; undo brings back the exact state, and undoing that what was done. What was done earlier is
undone as well, after all that came in between; or it is refused, and then nothing changes.
"""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings import (
    changes,
    entries,
    payouts,
    round_trips,
    series_changes,
    series_schedule,
    series_services,
    services,
)
from bookings.changes import To
from bookings.models import Booking, Series
from bookings.recurrence import Rule
from bookings.states import CancellationKind, Leg, PaymentState, Status
from project import money
from project.actions.undo import CannotUndo, undo, why_not
from project.audit.models import Batch
from project.audit.recorder import Outcome
from project.notifications import letters
from project.notifications.models import OutgoingMail
from tests.factories import (
    make_booking,
    make_customer,
    make_driver,
    make_partner,
    make_round_trip,
    make_user,
)
from tests.sweeps import examples, slow
from tests.trying import rolled_back

pytestmark = pytest.mark.django_db

UNTOLD = {"id", "version", "created_at", "updated_at"}
MOVED_ON = {"version", "updated_at"}
CURRENCIES = ["XOF", "EUR", "TND"]  # with none, two and three decimals
# Of all rides of an example, with amounts as fine as it has decimals.
CURRENCY = st.shared(st.sampled_from(CURRENCIES), key="currency")
AMOUNTS = CURRENCY.flatmap(
    lambda currency: st.integers(0, 99_999_999).map(
        lambda units: Decimal(units).scaleb(-money.DECIMALS[currency])
    )
)
LEGS = st.sampled_from(["", Leg.OUTBOUND, Leg.RETURN])


SHARED = {"bookings.cancel": "fee", "bookings.settle": "settled_amount"}


def act(service, **answers):
    def step(rides, by, world):
        return service(rides, by=by, **answers)

    # What a whole round trip costs, where it is asked for as one amount; or as a part of its price.
    step.total = answers.get("amount", answers.get("fee") if answers.get("billable") else None)
    billed = answers.get("billable") and answers.get("fee") is None
    step.percent = answers["fee_percent"] if billed else None
    step.halves = answers.get("pricing") == round_trips.Pricing.SPLIT
    return step


def exactly(service, name, field, **answers):
    """For one of the rides, or both of its trip, an amount of exactly their `field`: none of them
    is above it."""

    def step(rides, by, world):
        first = rides.order_by("pk").first()
        if first is None:
            raise ValidationError("No ride")
        rides = rides.filter(pk=first.pk).whole_trips()
        step.total = total_of(rides, field)
        outcome = service(rides, by=by, **answers | {name: step.total})
        assert not [each for each in outcome.refused if each.code.startswith("above")]
        return outcome

    return step


def assign(carrier):
    return lambda rides, by, world: services.assign(rides, by=by, **{carrier: world[carrier]})


def changed(draw):
    leg = draw(LEGS)
    values = {
        "price": draw(AMOUNTS),
        "passenger_name": "Élise",
        "clock": draw(st.sampled_from([time(6), time(18, 30)])),
        "stops": [],
        "currency": draw(st.sampled_from(CURRENCIES)),
        "payment_state": draw(st.sampled_from(PaymentState)),
    }
    asked = {"price"} | draw(st.sets(st.sampled_from(sorted(values))))
    to_another = draw(st.booleans())
    given = {"override": draw(st.sampled_from(["", "Agreed"])), "tell": draw(st.booleans())}

    def step(rides, by, world):
        new = {name: To(values[name], leg) for name in asked}
        if to_another:
            new["customer"] = To(world["customer"], leg)
        return changes.change(rides, by=by, values=new, **given)

    return step


def edited(draw):
    price, hours = draw(AMOUNTS), draw(st.integers(-30, 30))
    given = {"override": draw(st.sampled_from(["", "Agreed"])), "tell": draw(st.booleans())}

    def step(rides, by, world):
        ride = rides.order_by("pk").first()
        ride.price, ride.passenger_name = price, "Fatou"
        ride.pickup_at += timedelta(hours=hours)
        ride.full_clean()
        batch = services.edit(ride, by=by, **given)
        if batch is None:
            raise ValidationError("Nothing to change")
        return Outcome(batch=batch, changed=1)

    return step


def cancelled(draw):
    return act(
        services.cancel,
        kind=CancellationKind.LATE,
        reason="Late",
        billable=draw(st.booleans()),
        fee=draw(st.none() | AMOUNTS),
        fee_percent=draw(st.integers(1, 100)),
        override=draw(st.sampled_from(["", "Agreed"])),
        tell=draw(st.booleans()),
    )


def returned(draw):
    pricing = draw(st.sampled_from(round_trips.Pricing))
    return act(
        round_trips.create_return,
        date=date(2032, 2, 2),
        clock=time(7, 30),
        pricing=pricing,
        price=Decimal(5) if pricing == round_trips.Pricing.OTHER else None,
        tell=draw(st.booleans()),
    )


def repeated(draw):
    rule = Rule("DAILY", count=draw(st.integers(2, 4)))
    both, same_driver = draw(st.booleans()), draw(st.booleans())

    def step(rides, by, world):
        return series_services.repeat(
            rides.order_by("pk").first(), by=by, rule=rule, both=both, same_driver=same_driver
        )

    return step


def changed_in_series(draw):
    values = {
        "passenger_name": To("Binta"),
        "clock": To(draw(st.sampled_from([time(5), time(21)]))),
    }
    overwrite = draw(st.booleans())

    def step(rides, by, world):
        occurrences = rides.whole_series()
        return series_changes.change_series(occurrences, by=by, values=values, overwrite=overwrite)

    return step


def rescheduled(draw):
    rule = draw(
        st.sampled_from(
            [
                Rule("DAILY", count=2),
                Rule("DAILY", count=5),
                Rule("DAILY", 2, count=3),
                Rule("WEEKLY", weekdays=(1, 4), count=3),
            ]
        )
    )
    given = {name: draw(st.booleans()) for name in ("whole", "overwrite", "same_driver", "tell")}

    def step(rides, by, world):
        occurrence = rides.occurrences().select_related("series").order_by("pk").first()
        if occurrence is None:
            raise ValidationError("No ride of a series")
        return series_schedule.reschedule(occurrence, by=by, rule=rule, **given)

    return step


def imported(draw):
    """What a file may change of rides that are there."""
    price, hours, tell = draw(AMOUNTS), draw(st.sampled_from([0, 3, 48])), draw(st.booleans())
    whom = draw(st.sampled_from([None, "driver", "partner", "customer"]))

    def step(rides, by, world):
        wanted = {"price": price, "passenger_name": "Ndèye"}
        if whom:
            wanted[f"{whom}_id"] = world[whom].pk
        asked = []
        for place, ride in enumerate(rides.order_by("pk")):
            moved = {"pickup_at": ride.pickup_at + timedelta(hours=hours)}
            values = {
                name: value
                for name, value in (wanted | moved).items()
                if getattr(ride, name) != value
            }
            if values:
                asked.append(entries.Entry(place, values, ride.pk, ride.version))
        return outcome_of(entries.edit_all(asked, by=by, tell=tell))

    return step


def made_by_a_file(draw):
    price, count, tell = draw(AMOUNTS), draw(st.integers(1, 3)), draw(st.booleans())
    is_driven = draw(st.booleans())

    def step(rides, by, world):
        start = timezone.now().replace(microsecond=0) + timedelta(days=3)
        given = {"customer_id": world["customer"].pk, "passenger_name": "Omar", "price": price}
        given |= {"pickup_address": "Thiès", "dropoff_address": "Mbour"}
        if is_driven:
            given["driver_id"] = world["driver"].pk
        asked = [
            entries.Entry(place, given | {"pickup_at": start + timedelta(hours=2 * place)})
            for place in range(count)
        ]
        return outcome_of(entries.create_all(asked, by=by, tell=tell))

    return step


def outcome_of(done):
    if done.batch is None:
        raise ValidationError("No row without a fault")
    return Outcome(batch=done.batch, changed=len(done.references))


def moved_on(draw):
    status = draw(st.sampled_from(MOVES))
    fee = draw(st.none() | AMOUNTS) if status == Status.NO_SHOW else None
    return act(services.set_status, status=status, fee=fee, tell=draw(st.booleans()))


MOVES = [Status.CONFIRMED, Status.IN_PROGRESS, Status.COMPLETED, Status.NO_SHOW]
ACTIONS = [
    cancelled,
    changed,
    edited,
    returned,
    repeated,
    changed_in_series,
    rescheduled,
    imported,
    made_by_a_file,
    moved_on,
    lambda draw: act(services.restore, reason="On again", tell=draw(st.booleans())),
    lambda draw: act(services.archive),
    lambda draw: act(services.unarchive),
    lambda draw: assign(draw(st.sampled_from(["driver", "partner"]))),
    lambda draw: act(services.unassign),
    lambda draw: act(services.duplicate, date=date(2031, 1, 31)),
    lambda draw: act(round_trips.pair),
    lambda draw: lambda rides, by, world: round_trips.unpair(rides.whole_trips(), by=by),
    lambda draw: act(
        payouts.settle,
        amount=draw(st.none() | AMOUNTS),
        override=draw(st.sampled_from(["", "Was there"])),
    ),
    lambda draw: act(payouts.reopen, reason="Slip"),
    lambda draw: exactly(
        services.cancel, "fee", "price", kind=CancellationKind.LATE, reason="Late", billable=True
    ),
    lambda draw: exactly(payouts.settle, "amount", "payout"),
]


# As scopes widen a selection; "" leaves it as it was picked.
SCOPES = ["", "", "whole_trips", "following", "whole_series"]


@st.composite
def steps(draw):
    """[(action, which rides: None for all, how far that is widened, how often it is undone: twice
    is done again; which of all that was done is to be undone then)]"""
    return [
        (
            draw(st.sampled_from(ACTIONS))(draw),
            draw(st.none() | st.sets(st.integers(0, 7), min_size=1)),
            draw(st.sampled_from(SCOPES)),
            draw(st.sampled_from([0, 0, 1, 2])),
            draw(st.none() | st.integers(0, 15)),
        )
        for _ in range(draw(st.integers(5, 10)))
    ]


# [(what it costs, whether it is a round trip, what the way back costs then)]
COSTS = st.one_of(AMOUNTS, AMOUNTS, st.none())
RIDES = st.lists(st.tuples(COSTS, st.booleans(), COSTS), min_size=2, max_size=4)


def make_world(rides, currency):
    """Single rides and round trips, of one customer, at different times."""
    hotel, other = (make_customer(email=f"{name}@example.org") for name in ("hotel", "other"))
    world = {"driver": make_driver(), "partner": make_partner(), "customer": other}
    start = timezone.now() + timedelta(days=1)
    for n, (price, is_trip, back) in enumerate(rides):
        given = {"price": price, "payout": price, "pickup_at": start + timedelta(days=2 * n)}
        given |= {"stops": ["Thiès", "Mbour"], "passenger_name": "Awa", "customer": hotel}
        given["currency"] = currency
        if is_trip:
            make_round_trip(inbound={"price": back, "payout": back}, **given)
        else:
            make_booking(**given)
    return world


def state():
    """{key: every field that an undo brings back} of rides, by their pk, and of series' rules."""
    rides = {row.pop("id"): row for row in Booking.objects.values()}
    rules = {("series", row.pop("id")): row for row in Series.objects.values()}
    return {
        key: {name: value for name, value in row.items() if name not in MOVED_ON}
        for key, row in (rides | rules).items()
    }


def check():
    occurrences = Booking.objects.filter(series__isnull=False)
    keys = Counter(occurrences.values_list("series", "original_start", "planned_return"))
    assert set(keys.values()) <= {1}
    pairs = Counter(key[:2] for key in keys)
    for ride in occurrences.filter(planned_return=False, leg=Leg.RETURN):
        # Paired by hand: what its series planned for that moment is this ride, and no other.
        assert pairs[ride.series_id, ride.original_start] == 1
    for ride in Booking.objects.all():
        rows = list(ride.history.order_by("history_id"))
        lines = list(ride.logs.order_by("pk"))
        latest = rows[-1]
        for field in latest.tracked_fields:
            assert getattr(latest, field.attname) == getattr(ride, field.attname), field.name
        assert [row.version for row in rows] == list(range(1, ride.version + 1))
        told = {line.batch_id: {} for line in lines}
        for line in lines:
            told[line.batch_id] |= line.changes
        assert {row.batch_id for row in rows} <= told.keys()
        for before, after in pairwise(rows):
            for field in latest.tracked_fields:
                if field.name in Booking.quiet_fields | UNTOLD:
                    continue
                old, new = getattr(before, field.attname), getattr(after, field.attname)
                if old != new:
                    logged = told[after.batch_id][field.name]
                    pairs = zip(logged, (old, new), strict=True)
                    assert all(is_logged_as(field, *pair) for pair in pairs), field.name
        found = (ride.ends_at, ride.search_text, ride.address_text)
        ride.derive()
        assert found == (ride.ends_at, ride.search_text, ride.address_text)
        if ride.round_trip_id:
            assert ride.round_trip.segments.count() <= 2


def is_logged_as(field, logged, value):
    """Whether the log's JSON keeps this value; of a moment, to the millisecond, in UTC."""
    if logged is None or value is None:
        return logged is value
    logged = getattr(field, "target_field", field).to_python(logged)
    if isinstance(logged, datetime):
        logged = timezone.make_aware(logged, UTC) if timezone.is_naive(logged) else logged
        return abs(logged - value) < timedelta(milliseconds=1)
    return logged == value


@slow
@given(rides=RIDES, steps=steps(), currency=CURRENCY)
@settings(
    max_examples=examples(200),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_is_done_the_books_stay_straight(rides, steps, currency):
    with rolled_back():
        by, world = make_user(is_superuser=True), make_world(rides, currency)
        done = []
        for step, picked, scope, times, earlier in steps:
            before = state()
            try:
                outcome = step(chosen(picked, scope), by, world)
            except ValidationError:  # a ride that can't recur
                assert state() == before
                continue
            check()
            check_told(outcome.batch)
            check_amounts(outcome.batch, step, before)
            done.append(outcome)
            done += take_back(outcome, by, before, times)
            if earlier is not None:
                done += take_back(done[earlier % len(done)], by)


def chosen(picked, scope):
    """The rides of a step."""
    keys = list(Booking.objects.order_by("pk").values_list("pk", flat=True))
    if picked is not None:
        keys = [keys[n % len(keys)] for n in picked]
    some = Booking.objects.filter(pk__in=keys)
    return getattr(some, scope)() if scope else some


def take_back(outcome, by, before=None, times=1):
    """Undo what was done, then the undo, as often: the Outcomes of what came of it. Where nothing
    was done since, `before` is what it was before."""
    undos = []
    for _time in range(times):
        after, batch = state(), Batch.objects.get(pk=outcome.batch.pk)
        try:
            undone = None if why_not(batch, by) else undo(batch, by=by)
        except CannotUndo:
            undone = None
        if undone is None or undone.batch is None:
            assert state() == after
            break
        check()
        check_told(undone.batch)
        if before is not None:
            check_undone(before, after, undone)
        undos.append(undone)
        outcome, before = undone, None if before is None else after
    return undos


def check_told(batch):
    """Of what a batch did to a ride, each customer hears once, and every message has words."""
    mails = OutgoingMail.objects.filter(batch=batch)
    told = Counter((mail.addressee, ride) for mail in mails for ride in mail.records)
    assert set(told.values()) <= {1}
    written = Booking.history.filter(batch_id=batch.pk if batch else None).values_list(
        "id", flat=True
    )
    assert {ride for _whom, ride in told} <= set(written)
    for mail in mails:
        assert mail.object_id in mail.records
        letter = letters.kind(mail.kind).write(mail)
        assert letter is None or letter.subject


def check_amounts(batch, step, before):
    """What was asked for a whole trip is what its two segments bear together; a part of its price,
    that part of both; and a price that was split is what both cost."""
    name = SHARED.get(batch.action)
    trips = Booking.objects.filter(logs__batch=batch, leg=Leg.OUTBOUND)
    for ride in trips:
        both = ride.round_trip.segments.filter(logs__batch=batch)
        if both.count() < 2:
            continue
        if name and getattr(step, "total", None) is not None:
            assert total_of(both, name) == step.total
        if getattr(step, "percent", None):
            part = total_of(both, "price") * step.percent / 100
            assert total_of(both, "fee") == money.rounded(part, ride.currency)
        if getattr(step, "halves", False):
            for amount in ("price", "payout"):
                assert total_of(both, amount) == (before[ride.pk][amount] or 0)


def total_of(rides, name):
    return sum(amount or 0 for amount in rides.values_list(name, flat=True))


def check_undone(before, after, undone):
    """The rides that were there are exactly as before; those that a batch made are discarded."""
    refused = set(undone.refusals().values_list("object_id", flat=True))
    rides = set(Booking.objects.values_list("pk", flat=True))
    for pk, fields in state().items():
        if pk in before and pk not in refused:
            assert fields == before[pk]
        elif pk in rides - before.keys() - refused:
            assert (fields["status"], fields["cancellation_kind"]) == ("cancelled", "mistake")
            assert fields["archived_at"] is not None
