"""Who is free to drive: the rule on overlaps and on people who left, for every path.

Whatever gives a driver time (assign, restore, edit, undo) first locks the people with `people_of`
and then asks the refusals here, so that no two writers decide on the same facts.
"""

from bisect import bisect_left, insort
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from itertools import chain
from operator import or_
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import (
    Case,
    CharField,
    Exists,
    F,
    Max,
    OuterRef,
    Q,
    RowRange,
    Subquery,
    Value,
    When,
    Window,
)
from django.db.models.functions import Concat, Left
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.audit.recorder import LONGEST_LINE, SelectionChanged
from project.audit.refusals import Refusal, any_refusal
from project.audit.rows import values_of
from project.audit.statements import lock
from project.directory.models import Customer, Driver, Partner
from project.ui import formats

from .models import Booking
from .querysets import LONGEST_RIDE
from .states import Leg, Status, occupies

# The permission to go ahead in spite of a warning: an overlap, a price that was invoiced, …
OVERRIDE = "bookings.override_overlap_booking"
DRIVER_BUSY = "driver_busy"
OVERLAP = gettext_lazy("in spite of an overlap")


def people_of(selection, *prefixes, customers=("customer",)):
    """The customers of a selection and those whose time it takes: querysets to lock, each once.

    An undo names the people it brings back as well: `people_of(selection, "", "before_")`, and
    among `customers` "before_customer".
    """
    rides = selection.order_by()
    paying = reduce(or_, (Q(pk__in=rides.values(name)) for name in customers))
    drivers, partners = Q(), Q()
    for prefix in prefixes or ("",):
        drivers |= Q(pk__in=rides.values(f"{prefix}driver"))
        partners |= Q(pk__in=rides.values(f"{prefix}partner"))
    return [
        Customer.objects.filter(paying),
        Driver.objects.filter(drivers),
        Partner.objects.filter(partners),
    ]


CUSTOMER_LEFT = Refusal(
    "customer_inactive", Q(customer__is_active=False), gettext_lazy("with an inactive customer")
)


def gone(driver="driver", partner="partner"):
    """The refusal of rides whose driver or partner no longer works with us."""
    left = Exists(Driver.objects.inactive().filter(pk=OuterRef(driver))) | Exists(
        Partner.objects.inactive().filter(pk=OuterRef(partner))
    )
    return Refusal("inactive", left, gettext_lazy("with an inactive driver or partner"))


class Taken(NamedTuple):
    """A time that a driver's ride takes. One without a reference is among those that are asked
    about together, and may have a name for that."""

    start: datetime
    end: datetime
    reference: str = ""
    name: str = ""

    @property
    def label(self):
        return self.reference or self.name or _("another one of these")

    @property
    def url(self):
        return reverse("bookings:detail", args=[self.reference]) if self.reference else ""

    @property
    def hint(self):
        """When it is: "1 Jul, 22:30–23:30"."""
        start, end = timezone.localtime(self.start), timezone.localtime(self.end)
        day = formats.short_day(start.date(), timezone.localdate().year)
        return f"{day}, {start:%H:%M}–{end:%H:%M}"

    def __str__(self):
        return f"{self.label} ({self.hint})"


def first_among(others):
    """What is in the way of refused rides: of each, the first of `others` (a queryset, which may
    refer to it) that is at its time. Two statements."""
    at_its_time = others.exclude(pk=OuterRef("pk"))
    at_its_time = at_its_time.overlapping(OuterRef("pickup_at"), OuterRef("ends_at"))
    first = Subquery(at_its_time.order_by("pickup_at", "pk").values("pk")[:1])

    def in_the_way(refused):
        found = dict(refused.annotate(_other=first).values_list("pk", "_other"))
        rides = Booking.objects.filter(pk__in=values_of(Booking, set(found.values()) - {None}))
        fields = ("pk", "pickup_at", "ends_at", "reference")
        times = {pk: Taken(*taken) for pk, *taken in rides.order_by().values_list(*fields)}
        return {pk: times[other] for pk, other in found.items() if other in times}

    return in_the_way


def driver_busy(driver):
    """The warning that another ride of `driver` (an id or an expression) is at the same time."""
    return Refusal(
        DRIVER_BUSY,
        Booking.objects.none().clashing_for(driver),
        gettext_lazy("the driver has another ride at that time"),
        override=OVERRIDE,
        spite=OVERLAP,
        in_the_way=first_among(Booking.objects.filter(driver=driver).occupying()),
    )


def doubled(selection, refusals, driver=None):
    """The warning that rides of this very selection, all that nothing refuses, overlap.

    Of two that do, the later is named. With `driver` (a field or annotation) only rides of the
    same driver count; without, all go to one.
    """
    candidates = selection.order_by().exclude(any_refusal(refusals))
    if driver:
        candidates = candidates.filter(**{f"{driver}__isnull": False})
    busy_until = Window(
        Max("ends_at"),
        partition_by=F(driver) if driver else None,
        order_by=[F("pickup_at").asc(), F("pk").asc()],
        frame=RowRange(None, -1),
    )
    same = candidates.filter(**{driver: OuterRef(driver)}) if driver else candidates
    late = candidates.annotate(busy_until=busy_until).filter(busy_until__gt=F("pickup_at"))
    return Refusal(
        "doubled",
        Q(pk__in=late.values("pk")),
        gettext_lazy("overlaps another ride of this selection"),
        override=OVERRIDE,
        spite=OVERLAP,
        in_the_way=first_among(same),
    )


EARLY = gettext_lazy("the return would begin before the outbound is over")


@dataclass(slots=True)
class Move:
    """A ride, the time that it has and the one that it shall have; who drives it then and now.

    What is still to be made has no `before`, and any number below 0 as its key. What takes nobody's
    time has no `driver`; what is no segment of a round trip, no `trip`.
    """

    pk: int
    driver: int | None
    after: tuple
    before: tuple | None = None
    former: int | None = None
    trip: int | None = None


def clashes(moved, refusals, driver="driver", partner="partner", *, override=False):
    """What refuses rides that move, to `new_start` and `new_end` (annotations): who drives them
    left, or is busy then, or a return would begin before its outbound is over. A ride that stays is
    not asked; one that takes nobody's time, only about the other segment.

    `driver` and `partner` name who shall drive, where that is another than now. `override` says
    that busy drivers are accepted, so that their rides move. Reads the rides: ask it under the
    locks of both segments and their people (see `hold`).
    """
    stays = Q(pickup_at=F("new_start"), ends_at=F("new_end"))
    for now, then in (("driver", driver), ("partner", partner)):
        if now != then:
            stays &= Q(**{now: F(then)}) | Q(**{f"{now}__isnull": True, f"{then}__isnull": True})
    moving = moved.order_by().exclude(stays)
    left = gone(driver, partner)
    leaving = moving.occupying().filter(left.condition)
    left = replace(left, condition=Q(pk__in=leaving.values("pk")))
    takes = Case(When(~Q(status=Status.CANCELLED), then=F(driver)))
    asked = moving.annotate(takes=takes).exclude(any_refusal((*refusals, left)))
    asked = asked.filter(Q(takes__isnull=False) | Q(round_trip__isnull=False))
    columns = ("new_start", "new_end", "pickup_at", "ends_at")
    moves = [
        Move(pk, then, (new_start, new_end), (start, end), now, trip)
        for pk, then, now, trip, new_start, new_end, start, end in asked.values_list(
            "pk", "takes", "driver_id", "round_trip_id", *columns
        )
    ]
    busy, early = staying_of(moves, override=override)
    return (
        left,
        Refusal("before_its_end", Q(pk__in=values_of(Booking, early)), EARLY),
        replace(
            driver_busy(OuterRef("driver")),
            condition=Q(pk__in=values_of(Booking, set(busy))),
            in_the_way=lambda _refused: busy,
        ),
    )


def segments_of_trips(trips):
    """Both segments of these round trips: (key, trip, leg, start, end) each."""
    if not trips:
        return ()
    segments = Booking.objects.filter(round_trip__in=values_of(Booking, trips))
    columns = ("pk", "round_trip", "leg", "pickup_at", "ends_at")
    return list(segments.order_by().values_list(*columns))


def staying_of(moves, *, override=False):
    """({key: Taken} of those whose driver is busy, with the ride that is in the way; keys of those
    that would be out of order).

    What stays for one reason may make another stay for the other: so again, until no more are
    found. Two statements.
    """
    segments = segments_of_trips({move.trip for move in moves if move.trip})
    driven = [move for move in moves if move.driver]
    driven.sort(key=lambda move: (move.after, abs(move.pk)))
    others = busy_of(
        {move.driver for move in driven},
        [move.after for move in driven],
        but={move.pk for move in driven},
    )
    early = set()
    while True:
        busy = clashing(driven, others, early)
        found = out_of_order(moves, segments, early if override else early | busy.keys())
        if not found:
            return busy, early
        early |= found


def out_of_order(moves, segments, staying):
    """The keys of those that move although a return would then begin before its outbound is over;
    whatever the status of the two, since what is cancelled may be restored."""
    after = {move.pk: move.after for move in moves if move.pk not in staying}
    trips = {}
    for pk, trip, leg, *present in segments:
        trips.setdefault(trip, {})[leg] = (pk, after.get(pk, present))
    found = set()
    for legs in trips.values():
        if len(legs) == len(Leg):
            outbound, (_start, over) = legs[Leg.OUTBOUND]
            back, (begins, _end) = legs[Leg.RETURN]
            if begins < over:
                found |= {outbound, back} & after.keys()
    return found


def clashing(moves, others, early):
    """{key: Taken} of rides that can't move because their driver is busy then, with the ride that
    is in the way. Those in `early` stay.

    One that stays where it is takes its time there, which may be in another's way: so again, until
    no more are found. `moves` are sorted, `others` the rides that do not move (see `busy_of`).
    """
    staying = dict.fromkeys(early)
    while True:
        taken = {driver: list(busy) for driver, busy in others.items()}
        for move in moves:
            if move.pk in staying and move.before and move.former in taken:
                insort(taken[move.former], Taken(*move.before))
        found = {}
        for move in moves:
            if move.pk not in staying:
                if other := clash(taken[move.driver], *move.after):
                    found[move.pk] = other
                else:
                    insort(taken[move.driver], Taken(*move.after))
        if not found:
            return {key: taken for key, taken in staying.items() if key not in early}
        staying |= found


def busy_of(drivers, times, but=()):
    """{driver: sorted [Taken]} around `times`, (start, end) each; one
    statement."""
    busy = {driver: [] for driver in drivers}
    if busy and times:
        start, end = min(start for start, _end in times), max(end for _start, end in times)
        taken = Booking.objects.filter(driver__in=drivers).occupying().overlapping(start, end)
        fields = ("pickup_at", "ends_at", "reference", "driver", "pk")
        for *when, driver, pk in taken.order_by("pickup_at").values_list(*fields):
            if pk not in but:
                busy[driver].append(Taken(*when))
    return busy


def clash(taken, start, end):
    """The first in `taken` (sorted) that shares a moment with [start, end); or None."""
    first = bisect_left(taken, (start - LONGEST_RIDE,))
    for ride in taken[first:]:
        if ride[0] >= end:
            break
        if ride[1] > start:
            return ride
    return None


def hold(selection, customer=None):
    """Lock the people of a selection and then itself, for a rule that reads the rides.

    With the `customer` whom they are to get, where they get one: all customers in one order. Who
    drives can't change any more; raises `SelectionChanged` where it did before the last lock.
    """
    customers, drivers, partners = people_of(selection)
    if customer:
        customers = customers | Customer.objects.filter(pk=customer.pk)
    held = set(drivers.order_by().values_list("pk", flat=True))
    lock(customers, Driver.objects.filter(pk__in=values_of(Driver, held)), partners)
    lock(selection)
    driven = selection.order_by().exclude(driver=None).values_list("driver", flat=True)
    if not held.issuperset(driven):
        raise SelectionChanged


def people_and_segments(selection, *prefixes, customers=("customer",)):
    """What the undo of a move locks, as the move did; `prefixes` and `customers` as `people_of`
    takes them."""
    return [*people_of(selection, *prefixes, customers=customers), selection.whole_trips()]


def in_spite_of(sentence, refusals, override):
    """The log line, which says so where a warning was overridden: which ones, and why."""
    warnings = {}
    for refusal in refusals:
        if refusal.override:
            warnings.setdefault(str(refusal.spite), []).append(refusal)
    if not (override and warnings):
        return sentence
    told = [Value(sentence)]
    for spite, those in warnings.items():
        told.append(Case(When(any_refusal(those), then=Value(f" — {spite}")), default=Value("")))
    told = Concat(*told, Value(f" — {override}"), output_field=CharField())
    return Case(
        When(any_refusal(chain(*warnings.values())), then=Left(told, LONGEST_LINE)),
        default=Value(sentence),
        output_field=CharField(),
    )


def is_moved(booking):
    """Whether an unsaved edit gives a ride another time."""
    times = {"pickup_at": booking.pickup_at, "ends_at": booking.ends_at}
    return not Booking.objects.filter(pk=booking.pk, **times).exists()


def check_order(booking, *, override=""):
    """Raise ValidationError where an unsaved edit lets a return begin before its outbound is
    over; no reason overrides that."""
    if not booking.round_trip_id or not is_moved(booking):
        return
    for other in Booking.objects.filter(round_trip=booking.round_trip_id).exclude(pk=booking.pk):
        outbound, back = sorted((booking, other), key=lambda ride: ride.leg != Leg.OUTBOUND)
        if back.pickup_at < outbound.ends_at:
            text = _("The return would begin before the outbound is over: see %(reference)s.")
            params = {"reference": other.reference}
            raise ValidationError({"pickup_at": ValidationError(text, params=params)})


def check_time(booking, *, override=""):
    """Raise ValidationError where the times of an unsaved edit give its people what they can't do.

    A ride that was not moved is not asked about again: an overlap may have been accepted.
    `override`, a reason, accepts an overlap and nothing else.
    """
    if not occupies(booking.status) or not is_moved(booking):
        return
    for person in filter(None, (booking.driver, booking.partner)):
        if inactive(type(person), {person.pk}):
            left = _("%(name)s is no longer active: unassign the booking first.")
            raise ValidationError({"pickup_at": ValidationError(left, params={"name": person})})
    if booking.driver_id is None or override:
        return
    move = Move(booking.pk, booking.driver_id, (booking.pickup_at, booking.ends_at))
    busy, _early = staying_of([move])
    for other in busy.values():
        raise ValidationError({"pickup_at": is_busy(other)})


def is_busy(other):
    """The error of a ride whose driver has another at that time (Taken), which `params` name."""
    text = _("The driver has another ride at that time: %(reference)s.")
    params = {"reference": other}
    return ValidationError(text, code=DRIVER_BUSY, params=params)


def check_customer(booking, *, override=""):
    """Raise ValidationError where an unsaved edit gives a ride to a customer who left; one whose
    customer left since keeps them. No reason overrides that."""
    stays = Booking.objects.filter(pk=booking.pk, customer=booking.customer_id).exists()
    if not stays and inactive(Customer, {booking.customer_id}):
        raise ValidationError({"customer": customer_left()})


def customer_left():
    return _("This customer is no longer active.")


def inactive(model, keys):
    """Those of these customers, drivers or partners who left: a set of keys."""
    keys = set(keys) - {None}
    if not keys:
        return set()
    parties = model.objects.inactive().filter(pk__in=values_of(model, keys))
    return set(parties.values_list("pk", flat=True))
