"""What is known of a series: its occurrences, their numbers, which were changed by hand."""

from django.db.models import Case, Count, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from project.audit.models import Batch

from .models import Booking, BookingLog
from .states import OPEN, Status

REPEAT, TIED = "bookings.repeat", "bookings.repeated"
CHANGE, UNTIE = "bookings.change_series", "bookings.untie"
RESCHEDULE, MADE, KEPT = "bookings.reschedule", "bookings.rescheduled", "bookings.continued"
# What the pattern of a series says of each ride.
PATTERN = (
    "pickup_at",
    "duration_minutes",
    "passenger_name",
    "passenger_phone",
    "passenger_email",
    "passenger_count",
    "luggage_count",
    "transport_number",
    "pickup_address",
    "dropoff_address",
    "stops",
    "vehicle_class",
    "distance_km",
    "price",
    "payout",
    "driver_notes",
    "office_notes",
)
# {act: how many rides it may be about, to be about occurrences by themselves}: a change of chosen
# rides always is, one with their series only where it was of one.
ANY_NUMBER = 2**31 - 1
BY_HAND = {"bookings.edit": ANY_NUMBER, "bookings.change": ANY_NUMBER, CHANGE: 1}


def with_by_hand(rides):
    """Rides annotated with `by_hand`: the latest that was said of what the pattern says was about
    this occurrence alone, and was not undone."""
    about_one = Q(pk__in=[])
    for act, most in BY_HAND.items():
        about_one |= Q(action_code=act, batch__changed__lte=most)
    undone = Batch.objects.filter(undone_by__isnull=False).values("pk")
    alone = Q(about_one, changes__has_any_keys=PATTERN, batch__undo_of=None) & ~Q(batch__in=undone)
    lines = BookingLog._base_manager.filter(booking=OuterRef("pk"))
    told = lines.filter(alone | Q(action_code__in=(REPEAT, TIED, MADE, CHANGE)))
    told = told.annotate(alone=Case(When(alone, then=Value(True)), default=Value(False)))
    latest = Subquery(told.order_by("-pk").values("alone")[:1])
    return rides.annotate(by_hand=Coalesce(latest, Value(False)))


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
