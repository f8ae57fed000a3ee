"""Changing some fields of many rides at once, each on both segments of a round trip or on one."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.audit.recorder import line, plain, recorded
from project.audit.refusals import Refusal, in_force

from . import notifications
from .availability import clashes, hold, in_spite_of
from .models import Booking
from .models.booking import ends_at
from .services import ARCHIVED, SETTLED, not_exact
from .states import PaymentState
from .wall_time import AtTime, OnDate

# What an edit changes, but for what makes it another ride.
FIELDS = (
    "passenger_name",
    "passenger_phone",
    "passenger_email",
    "passenger_count",
    "luggage_count",
    "transport_number",
    "pickup_address",
    "dropoff_address",
    "stops",
    "duration_minutes",
    "vehicle_class",
    "distance_km",
    "price",
    "payout",
    "driver_notes",
    "office_notes",
)
# The pickup time is set by a day and a time of day, each by itself or both.
DAY, CLOCK = "day", "clock"
WRITES = ("pickup_at", *FIELDS)
PAID_WITHOUT_PRICE = Refusal(
    "paid_needs_price",
    ~Q(payment_state=PaymentState.UNPAID) & Q(fee__isnull=True),
    gettext_lazy("invoiced or paid: it needs a price"),
)


@dataclass(frozen=True, slots=True)
class To:
    """A new value, for the segment `leg` or, where that is '', for all rides."""

    value: Any
    leg: str = ""

    def or_else(self, new, present):
        """`new` on the rides that it is for, `present` on the others."""
        return Case(When(leg=self.leg, then=new), default=present) if self.leg else new


def new_values(values):
    """{field: expression} of what `values` ({name: To}) set."""
    new = {}
    for name, to in values.items():
        if name in FIELDS:
            given = Value(to.value, output_field=Booking._meta.get_field(name))
            new[name] = to.or_else(given, F(name))
    start = F("pickup_at")
    for name, moved in ((DAY, OnDate), (CLOCK, AtTime)):
        if name in values:
            start = values[name].or_else(moved(start, values[name].value), start)
            new["pickup_at"] = start
    return new


def not_changeable(selection, values, refusals=(ARCHIVED,)):
    """Why a ride can't take `values` ({name: To}), beside `refusals`.

    Its driver's other rides count, if it moves.
    """
    amounts = [(name, values[name].value) for name in ("price", "payout") if name in values]
    if amounts:
        refusals += (SETTLED,)
    for name, amount in amounts:
        if amount is not None:
            refusals += (not_exact(amount, f"{name}_decimals"),)
        elif name == "price":
            refusals += (PAID_WITHOUT_PRICE,)
    if not values:
        return refusals
    new = new_values(values)
    refusals += (unchanged(values, new),)
    if new.keys().isdisjoint({"pickup_at", "duration_minutes"}):
        return refusals
    start = new.get("pickup_at", F("pickup_at"))
    moved = selection.order_by().annotate(
        new_start=start,
        new_end=ends_at(start, new.get("duration_minutes", F("duration_minutes"))),
    )
    return (*refusals, *clashes(moved, refusals))


def unchanged(values, new):
    """The refusal of rides that are already as they shall be: nothing to log."""
    same = Q()
    for name, to in values.items():
        if name in (DAY, CLOCK):
            continue
        already = Q(**{f"{name}__isnull": True}) if to.value is None else Q(**{name: to.value})
        same &= already | ~Q(leg=to.leg) if to.leg else already
    if "pickup_at" in new:
        same &= Q(pickup_at=new["pickup_at"])
    return Refusal("unchanged", same, gettext_lazy("already so"))


def not_changed_back(selection):
    """Why an undo can't give a ride the values that it had before."""
    refusals = (ARCHIVED, SETTLED)
    moved = selection.order_by().annotate(
        new_start=F("before_pickup_at"),
        new_end=ends_at(F("before_pickup_at"), F("before_duration_minutes")),
    )
    return (*refusals, *clashes(moved, refusals))


def change(selection, *, by, values, override="", tell=False, ticket=None):
    """Give rides the new `values` ({name: To}); what is not named stays as it is.

    `override` is the reason to accept that a driver is busy at the new time. `tell` posts a message
    to each customer who sees a change.
    """
    return write(
        selection,
        lambda: not_changeable(selection, values),
        by=by,
        values=values,
        override=override,
        tell=tell,
        ticket=ticket,
    )


def write(
    selection,
    refusals,
    *,
    by,
    values,
    override="",
    tell=False,
    ticket=None,
    action="bookings.change",
    sentence="",
):
    """Change what `refusals()`, asked under lock, does not refuse."""
    if not values:
        raise ValidationError(_("Say what to change."))
    selection = plain(selection)
    with transaction.atomic():
        hold(selection)
        refused = refusals()
        with recorded(
            action,
            selection,
            by=by,
            reason=override,
            ticket=ticket,
            refusals=in_force(refused, override),
            sentence=in_spite_of(line(sentence or _("Changed")), refused, override),
        ) as batch:
            batch.update(**new_values(values))
            if tell:
                notifications.tell(batch.batch, notifications.CHANGED)
    return batch.outcome
