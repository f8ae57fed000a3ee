"""An amount for a whole round trip, shared between its segments so that the parts sum to it."""

from django.db import models
from django.db.models import Case, Exists, ExpressionWrapper, F, OuterRef, Q, Subquery, When

from project import money

from .models import Booking
from .states import Leg


def shared(field, total):
    """What each segment gets of `total`, in proportion to `field`: a function of the set that
    changes, as `Recording.update` takes it.

    `total(other)` is the amount of the ride; `other` is the `field` of the other segment where that
    changes as well and is in the same currency, or None.
    """

    def share(members):
        other_segment = (
            models.QuerySet(Booking)
            .filter(
                pk__in=members.order_by().values("pk"),
                round_trip=OuterRef("round_trip"),
                currency=OuterRef("currency"),
            )
            .exclude(pk=OuterRef("pk"))
        )
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
