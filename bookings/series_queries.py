"""What is known of a series: its occurrences, their numbers, which were changed by hand."""

from dataclasses import replace

from django.db import models
from django.db.models import Case, Count, Exists, F, Max, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy

from project.audit.models import Batch
from project.audit.refusals import Refusal

from .models import Booking, BookingLog, Series
from .models.booking import PATTERN
from .states import OPEN, Status

REPEAT, TIED = "bookings.repeat", "bookings.repeated"
CHANGE, UNTIE = "bookings.change_series", "bookings.untie"
FROM_FILE = "bookings.import_changes"
RESCHEDULE, MADE, KEPT = "bookings.reschedule", "bookings.rescheduled", "bookings.continued"
REINSTATE, DISCARD = "bookings.reinstate", "bookings.discard"
# {act: how many rides it may be about, to be about occurrences by themselves}: a change of chosen
# rides always is, one with their series only where it was of one.
ANY_NUMBER = 2**31 - 1
BY_HAND = {
    "bookings.edit": ANY_NUMBER,
    "bookings.change": ANY_NUMBER,
    FROM_FILE: ANY_NUMBER,
    CHANGE: 1,
}
# What was done and not undone, or undone and done again.
STANDING = Q(Q(batch__undo_of=None) | Q(batch__redo=True), batch__undone_by=None)
# What the occurrences of a series have in common: the pattern, and who pays in which currency.
AGREED = (*PATTERN, "customer", "currency")


def told_by_hand():
    """An expression over a ride: whether the latest that was said of what they all agree on was
    about this occurrence alone, and was not undone."""
    about_one = Q(pk__in=[])
    for act, most in BY_HAND.items():
        about_one |= Q(action_code=act, batch__changed__lte=most)
    alone = Q(about_one, STANDING, changes__has_any_keys=AGREED)
    return latest_is(alone, among=alone | Q(action_code__in=(REPEAT, TIED, MADE, CHANGE)))


def latest_is(condition, *, among):
    """An expression over a ride: whether the latest of its log lines `among` these meets the
    condition."""
    lines = BookingLog._base_manager.filter(among, booking=OuterRef("pk"))
    told = lines.annotate(met=Case(When(condition, then=Value(True)), default=Value(False)))
    return Coalesce(Subquery(told.order_by("-pk").values("met")[:1]), Value(False))


def with_by_hand(rides):
    """Rides annotated with `by_hand`, which is `told_by_hand`."""
    return rides.annotate(by_hand=told_by_hand())


# What someone changed by hand: a change of the series, which is of one segment, passes it by.
CHANGED_BY_HAND = Refusal(
    "by_hand",
    Q(told_by_hand(), series__isnull=False),
    gettext_lazy("changed by hand, so kept"),
)
# What befalls whole occurrences passes by both segments of a round trip, were it for one of them.
OCCURRENCE_BY_HAND = replace(
    CHANGED_BY_HAND,
    condition=Q(
        Exists(
            models.QuerySet(Booking).filter(
                told_by_hand(),
                series=OuterRef("series"),
                original_start=OuterRef("original_start"),
            )
        )
    ),
)


def befell_one(*acts):
    """An expression over a ride: whether the latest of these acts that stands was about its
    occurrence alone: the ride, or both segments of its trip."""
    of_one = Q(batch__changed__lte=1) | Q(~Q(booking__leg=""), batch__changed__lte=2)
    return latest_is(of_one, among=Q(STANDING, action_code__in=acts))


# Who was given to one occurrence, or which one was called off by itself, stays so as well.
ASSIGNED_BY_HAND, CANCELLED_BY_HAND = (
    replace(
        OCCURRENCE_BY_HAND,
        condition=OCCURRENCE_BY_HAND.condition | Q(befell_one(*acts), series__isnull=False),
    )
    for acts in (("bookings.assign", "bookings.unassign"), ("bookings.cancel",))
)


def occurrences_of(series):
    """The occurrences in the order of their keys, the outbound before its return."""
    rides = with_by_hand(Booking.objects.filter(series=series))
    return rides.select_related("driver", "partner").order_by("original_start", "leg", "pk")


def continuations(series):
    """The keys of the series that continue this one, and of those that continue them."""
    found, last = [], [series.pk]
    while last:
        following = Series.objects.filter(follows__in=last).order_by("pk")
        last = list(following.values_list("pk", flat=True))
        found += last
    return found


def rides_of_all(series):
    """The rides of a series and of those that continue it: what another rule may touch."""
    return Booking.objects.filter(series__in=[series.pk, *continuations(series)])


def in_force_by(batch):
    """The series whose rule a batch put in force: the last that it wrote."""
    row = Series.history.filter(batch_id=batch.pk).latest("history_id")
    return Series.objects.get(pk=row.id)


def counts_of(series):
    """How many occurrences there are by key, and how many rides are open, over, cancelled."""
    return Booking.objects.filter(series=series).aggregate(
        occurrences=Count("original_start", distinct=True),
        rides=Count("pk"),
        open=Count("pk", filter=Q(status__in=OPEN)),
        cancelled=Count("pk", filter=Q(status=Status.CANCELLED)),
    )


def next_of(series):
    """The ride that is next, or else the last: whom an act on all of the series starts from."""
    rides = Booking.objects.filter(series=series).order_by("pickup_at", "pk")
    ahead = rides.filter(pickup_at__gte=timezone.now(), status__in=OPEN).first()
    return ahead or rides.last()


def acts_on(series, most=50):
    """[(batch, how many rides of the series)] of what was done to it, newest first."""
    lines = BookingLog._base_manager.filter(
        booking__series=series, action_code=F("batch__action")
    ).order_by()
    acts = lines.values_list("batch").annotate(
        rides=Count("booking", distinct=True), latest=Max("pk")
    )
    found = list(acts.order_by("-latest")[:most])
    batches = Batch.objects.select_related("user", "undone_by").in_bulk(
        [batch for batch, *_rest in found]
    )
    return [(batches[batch], rides) for batch, rides, _latest in found]


def place_of(booking):
    """(which occurrence this is, of how many): both segments of a round trip are one."""
    places = Booking.objects.filter(series=booking.series_id).aggregate(
        place=Count(
            "original_start", distinct=True, filter=Q(original_start__lte=booking.original_start)
        ),
        total=Count("original_start", distinct=True),
    )
    return places["place"], places["total"]
