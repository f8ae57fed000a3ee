"""A booking as plain text: what one reads out on the phone or pastes into a message."""

from django.db.models import Prefetch
from django.template.loader import render_to_string

from .models import BookingLog


def render_recap(bookings, *, by, at):
    """The text of all `bookings` as known at `at`; four statements, however many there are."""
    records = (
        bookings.select_related("customer", "driver", "partner", "cancelled_by", "round_trip")
        .prefetch_related(
            "round_trip__segments",
            Prefetch("logs", BookingLog.objects.select_related("user").order_by("timestamp", "pk")),
        )
        .order_by("pickup_at", "pk")
    )
    context = {"bookings": records, "by": by, "at": at}
    return render_to_string("bookings/recap.txt", context)
