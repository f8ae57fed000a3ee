"""Changing what recurs: the rides of a series, this and the following or all.

What the pattern says is changed ride by ride; those changed by hand are kept, unless asked
otherwise.
"""

from bisect import insort
from datetime import timedelta

from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project import money
from project.audit.recorder import line, lock, recorded
from project.audit.refusals import Refusal, any_refusal, in_force
from project.audit.rows import ValueOf

from . import notifications
from .availability import DRIVER_BUSY, OVERRIDE, gone, in_spite_of, people_of
from .models import Booking
from .series_queries import CHANGE, with_by_hand
from .series_services import busy_of, clash
from .services import ARCHIVED
from .states import CLOSED, Status
from .wall_time import at_time

AMOUNTS = ("price", "payout")
# What a change may say, besides the time of day.
FIELDS = (
    "duration_minutes",
    "pickup_address",
    "dropoff_address",
    "vehicle_class",
    "price",
    "payout",
    "driver_notes",
)
WRITES = ("pickup_at", "ends_at", *FIELDS)

UNCHANGEABLE = (
    Refusal("no_series", Q(series__isnull=True), gettext_lazy("not of a series")),
    ARCHIVED,
    Refusal("closed", Q(status__in=CLOSED), gettext_lazy("over or cancelled")),
    Refusal("settled", Q(settled_amount__isnull=False), gettext_lazy("payout validated")),
)


def not_changeable(selection, *, time=None, overwrite=False, **fields):
    """Why an occurrence can't be changed, or is kept as someone made it."""
    refusals = UNCHANGEABLE
    if not overwrite:
        theirs = with_by_hand(Booking.objects.filter(pk__in=selection.order_by().values("pk")))
        refusals += (
            Refusal(
                "by_hand",
                Q(pk__in=theirs.filter(series__isnull=False, by_hand=True).values("pk")),
                gettext_lazy("changed by hand, so kept"),
            ),
        )
    for name in AMOUNTS:
        amount = fields.get(name)
        if amount is not None:
            exact = [code for code in money.DECIMALS if money.rounded(amount, code) == amount]
            refusals += (
                Refusal(
                    f"{name}_decimals",
                    ~Q(currency__in=exact),
                    gettext_lazy("in a currency without the decimals of this amount"),
                ),
            )
    minutes = fields.get("duration_minutes")
    if time is None and minutes is None:
        return refusals
    refusals += (gone(),)
    moving = list(selection.order_by("pk").exclude(any_refusal(refusals)))
    return (
        *refusals,
        Refusal(
            DRIVER_BUSY,
            Q(pk__in=clashing(moving, time, minutes)),
            gettext_lazy("the driver has another ride at that time"),
            override=OVERRIDE,
        ),
    )


def clashing(rides, time=None, minutes=None):
    """The keys of rides that can't move because their driver is busy then.

    One that stays where it is takes its time there, which may be in another's way: so again, until
    no more are found.
    """
    moves = [Move(ride, time, minutes) for ride in rides if ride.driver_id]
    others = busy_of({move.driver for move in moves}, moves, but={move.pk for move in moves})
    moves.sort(key=lambda move: (move.pickup_at, move.pk))
    staying = set()
    while True:
        taken = {driver: list(busy) for driver, busy in others.items()}
        for move in moves:
            if move.pk in staying:
                insort(taken[move.driver], move.before)
        found = {move.pk for move in moves if move.pk not in staying and not move.made(taken)}
        if not found:
            return staying
        staying |= found


class Move:
    """A ride at its new time."""

    def __init__(self, ride, time=None, minutes=None):
        self.pk, self.driver, self.ride = ride.pk, ride.driver_id, ride
        self.pickup_at = ride.pickup_at
        if time is not None:
            zone = timezone.get_default_timezone()
            self.pickup_at = at_time(ride.pickup_at, time, zone)
        self.ends_at = self.pickup_at + timedelta(minutes=minutes or ride.duration_minutes)
        self.before = (ride.pickup_at, ride.ends_at, ride.reference)

    def made(self, taken):
        """Take the driver's time, if it is free."""
        if clash(taken[self.driver], self.pickup_at, self.ends_at):
            return False
        insort(taken[self.driver], (self.pickup_at, self.ends_at, self.ride.reference))
        return True


def change_series(
    selection, *, by, time=None, overwrite=False, override="", tell=False, ticket=None, **fields
):
    """Change what is given (a `time` of day, and any of `FIELDS`) of occurrences of a series.

    Each keeps its day, and the local `time` there. `overwrite` changes those too that someone
    changed by hand; `override` is the reason to accept an overlap.
    """
    given = {name: value for name, value in fields.items() if value not in (None, "")}
    with transaction.atomic():
        for people in people_of(selection):
            lock(people)
        refusals = not_changeable(selection, time=time, overwrite=overwrite, **given)
        with recorded(
            CHANGE,
            selection,
            by=by,
            reason=override,
            ticket=ticket,
            refusals=in_force(refusals, override),
            sentence=in_spite_of(line(_("Changed with its series")), refusals, override),
        ) as batch:
            rides = list(batch.accepted().order_by("pk"))
            batch.update(**given, **followed(rides, time, given))
            if tell:
                notifications.tell(batch.batch, notifications.CHANGED)
    return batch.outcome


def followed(rides, time, given):
    """{field: expression} of what is different for each ride: its times."""
    moments, minutes = {}, given.get("duration_minutes")
    if time is not None or minutes:
        moves = [Move(ride, time, minutes) for ride in rides]
        moments["ends_at"] = {move.pk: move.ends_at for move in moves}
        if time is not None:
            moments["pickup_at"] = {move.pk: move.pickup_at for move in moves}
    return {name: ValueOf("pk", by_key, models.DateTimeField()) for name, by_key in moments.items()}


# ------------------------------------------------------------------------------------------- undo
def not_changed_back(selection):
    """Why an undo can't give an occurrence its former time."""
    others = Booking.objects.filter(driver=OuterRef("driver")).occupying()
    others = others.exclude(pk__in=selection.order_by().values("pk"))
    busy = Exists(others.overlapping(OuterRef("before_pickup_at"), OuterRef("before_ends_at")))
    return (
        *UNCHANGEABLE,
        gone(),
        Refusal(
            DRIVER_BUSY,
            Q(busy) & ~Q(status=Status.CANCELLED),
            gettext_lazy("the driver has another ride at that time"),
        ),
    )
