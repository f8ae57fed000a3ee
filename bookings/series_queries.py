"""What is known of a series: its occurrences, their numbers, which were changed by hand."""

from django.db.models import BooleanField, Case, Count, OuterRef, Q, Subquery, Value, When

from project.audit.models import Batch

from .models import Booking, BookingLog
from .states import OPEN, Status

REPEAT, TIED = "bookings.repeat", "bookings.repeated"
CHANGE, UNTIE = "bookings.change_series", "bookings.untie"
# What the pattern of a series says of each ride.
PATTERN = (
    "pickup_at",
    "duration_minutes",
    "pickup_address",
    "dropoff_address",
    "stops",
    "vehicle_class",
    "price",
    "payout",
    "driver_notes",
)
BY_HAND = ("bookings.edit", "bookings.change")
MOST_BY_HAND = 2  # one ride, or both of its round trip: an act on more is not about one occurrence


def changed_by_hand():
    """Whether an occurrence departs from its series: its latest line about what the pattern says
    is an edit of this ride alone, which was not undone."""
    by_hand = Q(
        action_code__in=BY_HAND,
        changes__has_any_keys=PATTERN,
        batch__changed__lte=MOST_BY_HAND,
        batch__undo_of=None,
    ) & ~Q(batch__in=Batch.objects.filter(undone_by__isnull=False).values("pk"))
    lines = BookingLog._base_manager.filter(booking=OuterRef("pk"))
    told = lines.filter(by_hand | Q(action_code__in=(REPEAT, TIED, CHANGE)))
    latest = Subquery(told.order_by("-pk").values("action_code")[:1])
    return Case(
        When(Q(_latest_line__in=BY_HAND), then=Value(True)),
        default=Value(False),
        output_field=BooleanField(),
    ), latest


def with_by_hand(rides):
    """Occurrences annotated with `by_hand`."""
    by_hand, latest = changed_by_hand()
    return rides.annotate(_latest_line=latest).annotate(by_hand=by_hand)


def occurrences_of(series):
    """The occurrences in the order of their keys, the outbound before its return."""
    rides = with_by_hand(Booking.objects.filter(series=series))
    return rides.select_related("driver", "partner").order_by("original_start", "leg", "pk")


def counts_of(series):
    """How many occurrences there are by key, and how many rides are open, over, cancelled."""
    return Booking.objects.filter(series=series).aggregate(
        occurrences=Count("original_start", distinct=True),
        rides=Count("pk"),
        open=Count("pk", filter=Q(status__in=OPEN)),
        cancelled=Count("pk", filter=Q(status=Status.CANCELLED)),
    )


def place_of(booking):
    """(which occurrence this is, of how many): both segments of a round trip are one."""
    places = Booking.objects.filter(series=booking.series_id).aggregate(
        place=Count(
            "original_start", distinct=True, filter=Q(original_start__lte=booking.original_start)
        ),
        total=Count("original_start", distinct=True),
    )
    return places["place"], places["total"]
