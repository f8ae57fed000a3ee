"""Rides that are made from others: what they take over, what they begin with, how they are tied."""

from django.db import models
from django.db.models import (
    CharField,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    Subquery,
    UUIDField,
    Value,
    Window,
)
from django.db.models.functions import Cast, Concat, LPad, RowNumber
from django.utils.translation import gettext_lazy

from project.audit import numbering
from project.audit.recorder import SelectionChanged, write_history
from project.audit.refusals import Refusal
from project.audit.statements import insert_select

from .models import Booking, RoundTrip, reference_prefix
from .models.booking import COPIED
from .states import PaymentState, Status

# What a copy begins with: nothing that came of the ride it is made from.
FRESH = {
    "status": Status.PENDING.value,
    "payment_state": PaymentState.UNPAID.value,
    "billable": False,
    "status_before": "",
    "cancellation_kind": "",
    "cancellation_reason": "",
    "leg": "",
    "planned_return": False,
    "version": 1,
}
# What is logged, and so told in a preview, of a copy.
TOLD_OF_COPIES = {name: F(name) for name in ("reference", "pickup_at", "price", "payout")}
# Why a ride can't be untied: that writes on both segments, and what is archived does not change.
OTHER_ARCHIVED = Refusal(
    "other_archived",
    Exists(
        models.QuerySet(Booking).filter(
            round_trip=OuterRef("round_trip"), archived_at__isnull=False
        )
    ),
    gettext_lazy("its other segment is archived"),
)


def insert_copies(batch, originals, count, **changed):
    """Insert a booking for each of the `count` originals, with what is `changed` (expressions).

    Returns them. A copy is pending, unassigned, unpaid and tied to nothing. Raises
    `SelectionChanged` where the originals are not as many.
    """
    prefix = reference_prefix()
    last = numbering.allocate(prefix, count)
    row = Window(RowNumber(), order_by=F("pk").asc())
    number = Cast(row + Value(last), CharField())
    now = Value(batch.batch.created_at, output_field=DateTimeField())
    changed["reference"] = Concat(Value(f"{prefix}-"), LPad(number, 6, Value("0")))
    columns = {
        **{name: F(name) for name in COPIED},
        **{name: Value(value) for name, value in FRESH.items()},
        "created_at": now,
        "updated_at": now,
        **changed,
        **Booking.derived(changed),
    }
    made = insert_select(
        Booking,
        [Booking._meta.get_field(name).attname for name in columns],
        originals.order_by("pk"),
        *columns.values(),
    )
    if made != count:  # one began to match meanwhile: it has no number, and nobody chose it
        raise SelectionChanged
    return models.QuerySet(Booking).filter(
        reference__gt=numbering.reference(prefix, last),
        reference__lte=numbering.reference(prefix, last + count),
    )


def tie_from(batch, origins):
    """A round trip for each of `origins`, none of which holds a segment yet. Returns them."""
    insert_select(
        RoundTrip,
        ("created_at", "made_in_id", "origin_id"),
        origins.order_by("pk"),
        Value(batch.batch.created_at, output_field=DateTimeField()),
        Value(batch.batch.pk, output_field=UUIDField()),
        F("pk"),
    )
    made = models.QuerySet(RoundTrip).filter(made_in=batch.batch)
    write_history(made, batch.batch, "+", batch.why)
    return made


def trip_from(batch, origin):
    """The round trip that `tie_from` made from `origin`, an expression, as its key."""
    made = models.QuerySet(RoundTrip).filter(made_in=batch.batch, origin=origin)
    return Subquery(made.values("pk")[:1])
