"""Who is free to drive: the rule on overlaps and on people who left, for every path.

Whatever gives a driver time (assign, restore, edit, undo) first locks the people with `people_of`
and then asks the refusals here, so that no two writers decide on the same facts.
"""

from bisect import bisect_left, insort
from dataclasses import dataclass, replace

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
    Value,
    When,
    Window,
)
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.audit.recorder import SelectionChanged, line, lock
from project.audit.refusals import Refusal, any_refusal
from project.directory.models import Customer, Driver, Partner

from .models import Booking
from .querysets import LONGEST_RIDE
from .states import Status

# The permission to accept an overlap.
OVERRIDE = "bookings.override_overlap_booking"
DRIVER_BUSY = "driver_busy"


def people_of(selection, *prefixes):
    """The customers of a selection and those whose time it takes: querysets to lock, each once.

    An undo names the people it brings back as well: `people_of(selection, "", "before_")`.
    """
    rides = selection.order_by()
    drivers, partners = Q(), Q()
    for prefix in prefixes or ("",):
        drivers |= Q(pk__in=rides.values(f"{prefix}driver"))
        partners |= Q(pk__in=rides.values(f"{prefix}partner"))
    return [
        Customer.objects.filter(pk__in=rides.values("customer")),
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


def driver_busy(driver):
    """The warning that another ride of `driver` (an id or an expression) is at the same time."""
    return Refusal(
        DRIVER_BUSY,
        Booking.objects.none().clashing_for(driver),
        gettext_lazy("the driver has another ride at that time"),
        override=OVERRIDE,
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
    late = candidates.annotate(busy_until=busy_until).filter(busy_until__gt=F("pickup_at"))
    return Refusal(
        "doubled",
        Q(pk__in=late.values("pk")),
        gettext_lazy("overlaps another ride of this selection"),
        override=OVERRIDE,
    )


@dataclass(slots=True)
class Move:
    """A ride, the time that it has and the one that it shall have."""

    pk: int
    driver: int
    before: tuple
    after: tuple


def clashes(moved, refusals):
    """What refuses rides that move, to `new_start` and `new_end` (annotations): who drives them
    left, or is busy then. A ride that stays, or takes nobody's time, is not asked.

    Reads the rides: ask it under the locks of their people (see `hold`).
    """
    moving = moved.order_by().occupying().exclude(pickup_at=F("new_start"), ends_at=F("new_end"))
    left = gone()
    refusals += (replace(left, condition=Q(pk__in=moving.filter(left.condition).values("pk"))),)
    columns = ("pk", "driver", "pickup_at", "ends_at", "new_start", "new_end")
    driven = moving.filter(driver__isnull=False).exclude(any_refusal(refusals))
    moves = [
        Move(pk, driver, (start, end), (new_start, new_end))
        for pk, driver, start, end, new_start, new_end in driven.values_list(*columns)
    ]
    busy = driver_busy(OuterRef("driver"))
    return (refusals[-1], replace(busy, condition=Q(pk__in=clashing(moves))))


def clashing(moves):
    """The keys of rides that can't move because their driver is busy then.

    One that stays where it is takes its time there, which may be in another's way: so again, until
    no more are found. One statement.
    """
    moves = sorted(moves, key=lambda move: (move.after, move.pk))
    others = busy_of(
        {move.driver for move in moves},
        [move.after for move in moves],
        but={move.pk for move in moves},
    )
    staying = set()
    while True:
        taken = {driver: list(busy) for driver, busy in others.items()}
        for move in moves:
            if move.pk in staying:
                insort(taken[move.driver], (*move.before, ""))
        found = {move.pk for move in moves if move.pk not in staying and not takes(move, taken)}
        if not found:
            return staying
        staying |= found


def takes(move, taken):
    """Take the driver's time; whether it was free."""
    if clash(taken[move.driver], *move.after):
        return False
    insort(taken[move.driver], (*move.after, ""))
    return True


def busy_of(drivers, times, but=()):
    """{driver: sorted [(start, end, reference)]} around `times`, (start, end) each; one
    statement."""
    busy = {driver: [] for driver in drivers}
    if busy and times:
        start, end = min(start for start, _end in times), max(end for _start, end in times)
        taken = Booking.objects.filter(driver__in=drivers).occupying().overlapping(start, end)
        fields = ("pickup_at", "ends_at", "reference", "driver", "pk")
        for *when, driver, pk in taken.order_by("pickup_at").values_list(*fields):
            if pk not in but:
                busy[driver].append(tuple(when))
    return busy


def clash(taken, start, end):
    """The (start, end, reference) of a ride in `taken` (sorted) that shares a moment with
    [start, end); or None."""
    first = bisect_left(taken, (start - LONGEST_RIDE,))
    for ride in taken[first:]:
        if ride[0] >= end:
            break
        if ride[1] > start:
            return ride
    return None


def hold(selection):
    """Lock the people of a selection and then itself, for a rule that reads the rides.

    Who drives can't change any more; raises `SelectionChanged` where it did before the last lock.
    """
    people = people_of(selection)
    for rows in people:
        lock(rows)
    drivers = set(people[1].values_list("pk", flat=True))
    lock(selection)
    if not drivers.issuperset(
        selection.order_by().exclude(driver=None).values_list("driver", flat=True)
    ):
        raise SelectionChanged


def in_spite_of(sentence, refusals, override):
    """The log line, which says so where a warning was overridden."""
    warnings = [refusal for refusal in refusals if refusal.override]
    if not (override and warnings):
        return sentence
    told = line(line(sentence, _("in spite of an overlap")), override)
    return Case(
        When(any_refusal(warnings), then=Value(told)),
        default=Value(sentence),
        output_field=CharField(),
    )


def check_time(booking, *, override=""):
    """Raise ValidationError where the times of an unsaved edit give its people what they can't do.

    A ride that was not moved is not asked about again: an overlap may have been accepted.
    `override`, a reason, accepts an overlap and nothing else.
    """
    unmoved = Booking.objects.filter(
        pk=booking.pk, pickup_at=booking.pickup_at, ends_at=booking.ends_at
    )
    if booking.status == Status.CANCELLED or unmoved.exists():
        return
    for person in filter(None, (booking.driver, booking.partner)):
        if not type(person).objects.active().filter(pk=person.pk).exists():
            left = _("%(name)s is no longer active: unassign the booking first.")
            raise ValidationError({"pickup_at": ValidationError(left, params={"name": person})})
    if booking.driver_id is None or override:
        return
    others = Booking.objects.filter(driver=booking.driver_id).occupying().exclude(pk=booking.pk)
    other = others.overlapping(booking.pickup_at, booking.ends_at).first()
    if other:
        busy = _("The driver has another ride at that time: %(reference)s.")
        params = {"reference": other.reference}
        raise ValidationError({"pickup_at": ValidationError(busy, code=DRIVER_BUSY, params=params)})
