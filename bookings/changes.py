"""Changing some fields of many rides at once, each on both segments of a round trip or on one."""

from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import Round
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project import money
from project.audit.recorder import line, recorded
from project.audit.refusals import Refusal, in_force
from project.audit.statements import lock, plain
from project.directory.models import Customer

from . import notifications
from .availability import clashes, hold, in_spite_of
from .models import Booking
from .models.booking import FIELDS, PATTERN, ends_at
from .services import ARCHIVED, BILLED, SETTLED, not_exact
from .states import Leg, PaymentState
from .wall_time import AtTime, OnDate

# What a change may set besides; it says who pays and how.
PAYING = ("customer", "currency", "payment_state")
# The pickup time is set by a day and a time of day, each by itself or both.
DAY, CLOCK = "day", "clock"
MOVING = {DAY, CLOCK, "duration_minutes"}
SETTABLE = (*FIELDS, *PAYING)
WRITES = (*PATTERN, *PAYING)
EVERY, NONE = Q(pk__isnull=False), Q(pk__in=[])
PRICED = ("price", "currency")
AMOUNTS = (*PRICED, "payout")
NO_FEE = Q(fee__isnull=True)
FOR_INACTIVE = gettext_lazy("for an inactive customer")
PAID_WITHOUT_PRICE = Refusal(
    "paid_needs_price",
    ~Q(payment_state=PaymentState.UNPAID) & NO_FEE,
    gettext_lazy("invoiced or paid: it needs a price"),
)


@dataclass(frozen=True, slots=True)
class To:
    """A new value, for the segment `leg` or, where that is '', for all rides."""

    value: Any
    leg: str = ""

    def or_else(self, new, present):
        """`new` on the rides that it is for, `present` on the others."""
        return Case(When(self.rides, then=new), default=present) if self.leg else new

    @property
    def rides(self):
        """A `Q`: the rides that it is for."""
        return Q(leg=self.leg) if self.leg else EVERY


class ToPlanned(To):
    """The same, where `leg` is the segment that a series planned a ride as."""

    __slots__ = ()

    @property
    def rides(self):
        return Q(planned_return=self.leg == Leg.RETURN) if self.leg else EVERY


def new_values(values):
    """{field: expression} of what `values` ({name: To}) set."""
    new = {}
    for name, to in values.items():
        if name in SETTABLE:
            model_field = Booking._meta.get_field(name)
            if model_field.is_relation:
                given = Value(to.value.pk, output_field=model_field.target_field)
            else:
                given = Value(to.value, output_field=model_field)
            new[name] = to.or_else(given, F(name))
    start = F("pickup_at")
    for name, moved in ((DAY, OnDate), (CLOCK, AtTime)):
        if name in values:
            start = values[name].or_else(moved(start, values[name].value), start)
            new["pickup_at"] = start
    return new


def not_changeable(selection, values, refusals=(ARCHIVED,), *, override=False):
    """Why a ride can't take `values` ({name: To}), beside `refusals`.

    Its driver's other rides count, if it moves, and the other segment of its round trip.
    `override` tells whether the warnings are accepted.
    """
    if values.keys() & set(AMOUNTS):
        settled = SETTLED.condition & renewed(values, AMOUNTS)
        refusals += (replace(SETTLED, condition=settled),)
    for name in ("price", "payout"):
        to = values.get(name)
        if to and to.value is not None:
            exact = not_exact(to.value, f"{name}_decimals")
            inexact_now = replace(exact, condition=inexact(to.value, values.get("currency")))
            refusals += (of_legs(inexact_now, to),)
        elif to and name == "price":
            refusals += (but(of_legs(PAID_WITHOUT_PRICE, to), made_unpaid(values)),)
    refusals += not_payable(values)
    if not values:
        return refusals
    new = new_values(values)
    refusals += (unchanged(values, new),)
    if values.keys() & set(PRICED):
        repriced = replace(BILLED, condition=BILLED.condition & renewed(values, PRICED))
        refusals += (but(repriced, made_unpaid(values)),)
    if new.keys().isdisjoint({"pickup_at", "duration_minutes"}):
        return refusals
    start = new.get("pickup_at", F("pickup_at"))
    moved = selection.order_by().annotate(
        new_start=start,
        new_end=ends_at(start, new.get("duration_minutes", F("duration_minutes"))),
    )
    return (*refusals, *clashes(moved, in_force(refusals, override), override=override))


def of_legs(refusal, to):
    """The refusal, of the segments that `to` is for."""
    return replace(refusal, condition=refusal.condition & to.rides)


def but(refusal, spared):
    """The refusal, of none of the rides that `spared` (a `Q`) is for."""
    return replace(refusal, condition=refusal.condition & ~spared)


def made_unpaid(values):
    """A `Q`: the rides that `values` set to unpaid, so that any price will do."""
    to = values.get("payment_state")
    return to.rides if to and to.value == PaymentState.UNPAID else NONE


def renewed(values, names):
    """A `Q`: the rides that get another value than they have in one of these fields."""
    given = [(name, values[name]) for name in names if name in values]
    return reduce(or_, (~same_as(name, to.value) & to.rides for name, to in given))


def same_as(name, value):
    """The rides that have this value already, as a condition."""
    return Q(**{f"{name}__isnull": True}) if value is None else Q(**{name: value})


def inexact(amount, currency):
    """A `Q`: the rides in whose currency, be it a new one (a `To`), `amount` has too many
    decimals."""
    exact = [code for code in money.DECIMALS if money.rounded(amount, code) == amount]
    present = ~Q(currency__in=exact)
    if currency is None:
        return present
    return (~currency.rides & present) | (currency.rides if currency.value not in exact else NONE)


def not_payable(values):
    """Why a ride can't take the new customer, currency or payment state among `values`."""
    refusals = ()
    if to := values.get("customer"):
        active = Exists(Customer.objects.active().filter(pk=to.value.pk))
        refusals += (Refusal("customer_left", Q(~active) & to.rides, FOR_INACTIVE),)
    if to := values.get("currency"):
        refusals += (
            Refusal(
                "fee_currency",
                Q(fee__isnull=False) & ~Q(currency=to.value) & to.rides,
                gettext_lazy("with a fee in its currency: restore it first"),
            ),
        )
        for name in ("price", "payout"):
            present = ~values[name].rides if name in values else EVERY
            exact = Q(**{name: Round(F(name), precision=money.DECIMALS[to.value])})
            refusals += (
                Refusal(
                    f"{name}_in_currency",
                    Q(**{f"{name}__isnull": False}) & ~exact & present & to.rides,
                    gettext_lazy("with an amount that the new currency has no decimals for"),
                ),
            )
    to = values.get("payment_state")
    if to and to.value != PaymentState.UNPAID:
        price = values.get("price")
        lacking = Q(price__isnull=True)
        if price:
            lacking = (~price.rides & lacking) | (price.rides if price.value is None else NONE)
        refusals += (replace(PAID_WITHOUT_PRICE, condition=lacking & NO_FEE & to.rides),)
    return refusals


def unchanged(values, new):
    """The refusal of rides that are already as they shall be: nothing to log."""
    same = Q()
    for name, to in values.items():
        if name in (DAY, CLOCK):
            continue
        already = same_as(name, to.value)
        same &= already | ~to.rides if to.leg else already
    if "pickup_at" in new:
        same &= Q(pickup_at=new["pickup_at"])
    return Refusal("unchanged", same, gettext_lazy("already so"), idle=True)


def differs(name):
    """Whether a field, which may be empty, is other than an undo would have it."""
    now, before = name, f"before_{name}"
    other = Q(**{f"{now}__lt": F(before)}) | Q(**{f"{now}__gt": F(before)})
    for one, none in ((now, before), (before, now)):
        other |= Q(**{f"{one}__isnull": False, f"{none}__isnull": True})
    return other


def not_changed_back(selection, writes=WRITES):
    """Why an undo can't give a ride the values that it had before, in the fields that it `writes`;
    the price is one of them."""
    other = differs("price")
    if "currency" in writes:
        other |= ~Q(currency=F("before_currency"))
    # As for a change: of what is settled the amounts stand, and who was paid them.
    paid = [name for name in ("payout", "driver", "partner") if name in writes]
    settled = reduce(or_, map(differs, paid), other)
    billed = BILLED.condition
    if "payment_state" in writes:  # what becomes unpaid by it may have any price, as in the form
        billed &= ~Q(before_payment_state=PaymentState.UNPAID)
    refusals = (
        ARCHIVED,
        replace(SETTLED, condition=SETTLED.condition & settled),
        replace(BILLED, condition=billed & other, override=None),
    )
    if "customer" in writes:
        inactive = Customer.objects.inactive().filter(pk=OuterRef("before_customer"))
        back = Exists(inactive) & ~Q(customer=F("before_customer"))
        refusals += (Refusal("customer_left", back, FOR_INACTIVE),)
    driver, partner = (
        f"before_{name}" if name in writes else name for name in ("driver", "partner")
    )
    moved = selection.order_by().annotate(
        new_start=F("before_pickup_at"),
        new_end=ends_at(F("before_pickup_at"), F("before_duration_minutes")),
    )
    return (*refusals, *clashes(moved, refusals, driver, partner))


def change(selection, *, by, values, override="", tell=False, ticket=None):
    """Give rides the new `values` ({name: To}); what is not named stays as it is.

    `override` is the reason to accept that a driver is busy at the new time, or another price of
    what was invoiced or paid. `tell` posts a message
    to each customer who sees a change.
    """
    return write(
        selection,
        lambda: not_changeable(selection, values, override=bool(override)),
        by=by,
        values=values,
        override=override,
        tell=tell,
        ticket=ticket,
    )


def whole_trips(selection):
    """These rides and the other segments of their trips, whose order counts where they move."""
    return Booking.objects.filter(pk__in=selection.order_by().values("pk")).whole_trips()


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
        customer = values["customer"].value if "customer" in values else None
        if values.keys() & MOVING:
            hold(whole_trips(selection), customer=customer)
        elif customer:
            lock(Customer.objects.filter(pk=customer.pk))
        refused = refusals()
        with recorded(
            action,
            selection,
            by=by,
            reason=override,
            ticket=ticket,
            refusals=in_force(refused, override),
            sentence=in_spite_of(line(sentence or _("Changed")), refused, override),
            savepoint=False,
        ) as batch:
            batch.update(**new_values(values))
            if tell and customer:
                notifications.tell_of_edit(batch.batch)
            elif tell:
                notifications.tell(batch.batch, notifications.CHANGED)
    return batch.outcome
