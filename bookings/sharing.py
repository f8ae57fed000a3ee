"""An amount for a whole round trip, shared between its segments so that the parts sum to it."""

from dataclasses import replace

from django.db import models
from django.db.models import (
    Case,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.db.models.lookups import LessThan
from django.utils.translation import gettext_lazy

from project import money
from project.audit.former import untouched_since
from project.audit.refusals import Refusal, any_refusal

from .availability import OVERRIDE
from .models import Booking, BookingLog
from .states import Leg

# The conditions of these depend on the amount.
ABOVE_PRICE = Refusal(
    "above_price",
    Q(pk__in=[]),
    gettext_lazy("the fee is above the price"),
    override=OVERRIDE,
    spite=gettext_lazy("though above the price"),
)
ABOVE_AGREED = Refusal(
    "above_agreed",
    Q(pk__in=[]),
    gettext_lazy("the amount is above the agreed payout"),
    override=OVERRIDE,
    spite=gettext_lazy("though above the agreed payout"),
)
ZERO = Value(0, output_field=models.DecimalField())


def other_among(rides):
    """The other segment of the outer ride, where it is among `rides`."""
    return (
        models.QuerySet(Booking)
        .filter(pk__in=rides.order_by().values("pk"), round_trip=OuterRef("round_trip"))
        .exclude(pk=OuterRef("pk"))
    )


def not_shareable(selection, refusals):
    """Why a ride can't get its part of one amount for the whole round trip, where both segments are
    selected: the other one is in another currency, or is refused and would leave it all to this."""
    other = other_among(selection)
    return (
        Refusal(
            "two_currencies",
            Exists(other.exclude(currency=OuterRef("currency"))),
            gettext_lazy("its other segment is in another currency: an amount for each, please"),
        ),
        Refusal(
            "other_refused",
            Exists(other.filter(any_refusal(refusals))),
            gettext_lazy("its other segment is refused: an amount for this one alone, please"),
        ),
    )


def above_price(selection, fee):
    """The warning that a `fee` is above the price of the ride, or of both that share it."""
    return above(ABOVE_PRICE, selection, fee, "price")


def above_agreed(selection, amount):
    """The warning that `amount` is above the agreed payout of the ride, or of both that share it;
    where none was agreed, any amount will do."""
    return above(ABOVE_AGREED, selection, amount, "payout")


def above(warning, selection, amount, field):
    """The `warning` where `amount` is above the `field` of the ride, or of both that share it.

    To come after `not_shareable`: whose other segment is refused shares nothing with it.
    """
    known = {f"{field}__isnull": False}
    other = other_among(selection).filter(**known)
    other_amount = Coalesce(Subquery(other.values(field)[:1]), ZERO)
    both = money.sum_in_sql(Coalesce(F(field), ZERO), other_amount)
    return replace(warning, condition=(Q(**known) | Exists(other)) & Q(LessThan(both, amount)))


def shared(field, total):
    """What each segment gets of `total`, in proportion to `field`: a function of the set that
    changes, as `Recording.update` takes it.

    `total(other)` is the amount of the ride; `other` is the `field` of the other segment where that
    changes as well and is in the same currency, or None.
    """

    def share(members):
        other_segment = other_among(members).filter(currency=OuterRef("currency"))
        other = Subquery(other_segment.values(field)[:1])
        first = ExpressionWrapper(Q(leg=Leg.OUTBOUND), output_field=models.BooleanField())
        return Case(
            When(
                Exists(other_segment),
                then=money.Share(total(other), F(field), other, first=first),
            ),
            default=total(None),
        )

    return share


def half_paid(undo_of):
    """The refusal of a return that got half of a price, where someone changed the other half since:
    it could not be made whole again."""
    halved = BookingLog._base_manager.filter(
        batch=undo_of,
        booking=OuterRef("pk"),
        action_code="bookings.returned",
        changes__has_key="price",
    )
    changed = (
        models.QuerySet(Booking)
        .filter(Exists(halved), round_trip=OuterRef("round_trip"))
        .exclude(untouched_since(Booking, undo_of))
    )
    text = gettext_lazy("the ride whose price it shares was changed since")
    return Refusal("half_paid", Exists(changed), text)
