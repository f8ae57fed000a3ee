"""A booking as plain text: what one reads out on the phone or pastes into a message."""

from django.db.models import Prefetch
from django.template.loader import render_to_string
from django.utils.translation import pgettext

from .models import BookingLog


def render_recap(bookings, *, by, at, but):
    """The text of all `bookings` as known at `at`; four statements, however many there are.

    Their log is told without the lines of batch `but`: the reading itself.
    """
    log = BookingLog.objects.exclude(batch=but)
    records = (
        bookings.with_people()
        .prefetch_related(
            "round_trip__segments",
            Prefetch("logs", log.select_related("user").order_by("timestamp", "pk")),
        )
        .order_by("pickup_at", "pk")
    )
    # Translators: what stands between a label and its value, spaces included.
    context = {"bookings": records, "by": by, "at": at, "colon": pgettext("label", ":")}
    return render_to_string("bookings/recap.txt", context)
