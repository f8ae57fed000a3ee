"""What is known of a series: its occurrences, their numbers, which were changed by hand."""

from dataclasses import dataclass, replace
from datetime import datetime, time
from itertools import groupby

from django.db import models
from django.db.models import Case, Count, Exists, F, Max, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy

from project.audit.models import Batch
from project.audit.refusals import Refusal

from .models import Booking, BookingLog, Series
from .models.booking import PATTERN
from .querysets import InLine
from .states import OPEN, Status

REPEAT, TIED = "bookings.repeat", "bookings.repeated"
CHANGE, UNTIE = "bookings.change_series", "bookings.untie"
FROM_FILE = "bookings.import_changes"
RESCHEDULE, MADE, KEPT = "bookings.reschedule", "bookings.rescheduled", "bookings.continued"
REINSTATE, DISCARD = "bookings.reinstate", "bookings.discard"
PUT_BACK = "bookings.put_back"
OF_THE_RULE = (RESCHEDULE, REINSTATE)
# The scope of an act on what is selected, by its name.
SELECTED = "segment"
# What is always about occurrences by themselves, be they many: the last splits their price. A
# change in the series is where it was asked for what is selected; without a scope, where it was of
# one ride.
BY_HAND = ("bookings.edit", "bookings.change", FROM_FILE, "bookings.returned")
OF_SOME = Q(batch__scope=SELECTED) | Q(batch__scope="", batch__changed__lte=1)
# What was done and not undone, or undone and done again.
STANDING = Q(Q(batch__undo_of=None) | Q(batch__redo=True), batch__undone_by=None)
# Times of day that a header tells: more say less than none.
MOST_TIMES = 3
# What the occurrences of a series have in common: the pattern, and who pays in which currency.
AGREED = (*PATTERN, "customer", "currency")


def told_by_hand():
    """An expression over a ride: whether the latest that was said of what they all agree on was
    about chosen occurrences alone, and was not undone."""
    about_one = Q(action_code__in=BY_HAND) | Q(OF_SOME, action_code=CHANGE)
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


def departed():
    """The refusal of rides that have left and were left open: nobody takes them back any more."""
    left = Q(pickup_at__lt=timezone.now(), status__in=OPEN)
    return Refusal("departed", left, gettext_lazy("already departed"))


def occurrences_of(series):
    """The occurrences in the order of their keys, the outbound before its return; each with
    `by_hand` and, where it is elsewhere, `planned`: the moment that it has with its series."""
    planned = with_series()
    elsewhere = Case(When(~Q(pickup_at=planned), then=planned))
    rides = with_by_hand(Booking.objects.filter(series=series)).annotate(planned=elsewhere)
    return rides.select_related("driver", "partner").order_by("original_start", "leg", "pk")


def with_series():
    """An expression over a ride: the moment that its series gave it last, when it was made or
    changed with it; what was said of it alone does not count, nor what was undone."""
    moving = Q(action_code=CHANGE, changes__has_key="pickup_at") & ~OF_SOME & STANDING
    given = Q(action_code__in=(REPEAT, TIED, MADE)) | moving
    lines = BookingLog._base_manager.filter(given, booking=OuterRef(OuterRef("pk")))
    last = lines.order_by("-pk").values("batch")[:1]
    row = Booking.history.filter(id=OuterRef("pk"), batch_id=Subquery(last))
    return Coalesce(Subquery(row.values("pickup_at")[:1]), F("pickup_at"))


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """At which time the occurrences leave from that of `since` on."""

    at: time
    since: datetime


def times_of(series):
    """The TimeOfDay of the occurrences to come: one, or several where it changed from one of them
    on; of all where none is to come, and [] where they differ too often. What was moved by hand
    is told beside the occurrence."""
    rides = Booking.objects.filter(series=series, planned_return=False)
    ahead = Case(When(pickup_at__gte=timezone.now(), status__in=OPEN, then=True), default=False)
    rides = with_by_hand(rides.annotate(given=with_series(), ahead=ahead))
    rides = rides.order_by("original_start", "pk")
    found = list(rides.values_list("given", "pickup_at", "by_hand", "ahead"))
    ahead = [each for each in found if each[-1]] or found
    # One that was changed by hand, were it in its price, was passed by where the others moved.
    coming = [given for given, own, by_hand, _is in ahead if given == own and not by_hand]
    coming = coming or [given for given, *_others in ahead]
    moments = map(timezone.localtime, coming or [series.starts_at])
    runs = groupby(moments, key=lambda moment: moment.time())
    times = [TimeOfDay(at, next(run)) for at, run in runs]
    return times if len(times) <= MOST_TIMES else []


def in_line(series, *, back=False):
    """A series and those that continue it, however many in turn; `back`, those that it continues.

    As a part of another query it takes no statement of its own.
    """
    return Series.objects.filter(pk__in=InLine(Series.objects.filter(pk=series.pk), back=back))


def continuations(series):
    """The series that continue this one, and those that continue them."""
    return in_line(series).exclude(pk=series.pk)


def rides_of_all(series):
    """The rides of a series and of those that continue it: what another rule may touch."""
    return Booking.objects.filter(series__in=in_line(series).values("pk"))


def left_alone_by(rides):
    """{round trip: its other segment, where that stays on without any of these}."""
    trips = {ride.round_trip_id for ride in rides} - {None}
    others = Booking.objects.filter(round_trip__in=trips).exclude(status=Status.CANCELLED)
    others = others.exclude(pk__in=[ride.pk for ride in rides])
    return {ride.round_trip_id: ride for ride in others}


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


def first_of(series):
    """The first occurrence that is there; of a series without any, the ride that it was made of."""
    rides = Booking.objects.filter(series=series).select_related("customer")
    return rides.order_by("original_start", "leg", "pk").first() or series.origin


def acts_on(series, most=50):
    """[(batch, how many rides of the series)] of what was done to it, newest first.

    Of a change of the rule the rides are those that came to the series or left it: it has its log
    lines under several codes, and most of those rides are of this series no more.
    """
    lines = BookingLog._base_manager.filter(
        booking__series=series, action_code=F("batch__action")
    ).exclude(action_code__in=OF_THE_RULE)
    acts = (
        lines.order_by()
        .values_list("batch")
        .annotate(rides=Count("booking", distinct=True), latest=Max("pk"))
    )
    rides = {batch: count for batch, count, _latest in acts.order_by("-latest")[:most]}
    rides |= changes_of_rule(series)
    batches = Batch.objects.select_related("user", "undone_by").in_bulk(rides)
    found = [(batches[batch], count) for batch, count in rides.items()]
    return sorted(found, key=lambda act: act[0].created_at, reverse=True)[:most]


def rules_written(series):
    """The changes of the rule of a series, and of those before it that may have taken its rides."""
    line = in_line(series, back=True)
    rows = Series.history.order_by().filter(id__in=line.values("pk")).values("batch_id")
    return Batch.objects.filter(action__in=OF_THE_RULE, pk__in=rows).order_by()


def changes_of_rule(series):
    """{batch: how many rides came to the series or left it} of the changes of its rule, and of
    those of a series before it that took rides from it."""
    written = rules_written(series)
    own = Series.history.order_by().filter(id=series.pk).values("batch_id")
    moved = (
        BookingLog._base_manager.filter(
            Q(changes__series__0=series.pk) | Q(changes__series__1=series.pk),
            batch__in=written.values("pk"),
        )
        .order_by()
        .values_list("batch")
        .annotate(rides=Count("booking", distinct=True))
    )
    own = written.filter(pk__in=own).values_list("pk", flat=True)
    return dict.fromkeys(own, 0) | dict(moved)


def cancelled_from(series):
    """The rides that changes of the rule cancelled, so that they are of the series no more."""
    lines = BookingLog._base_manager.filter(
        action_code=RESCHEDULE, batch__in=rules_written(series), changes__series__0=series.pk
    )
    gone = Booking.objects.filter(series=None, status=Status.CANCELLED)
    return gone.filter(pk__in=lines.values("booking"))


def gone_on_in(series):
    """The series that rides of this one are in by now: another rule, or its undo, took them."""
    lines = BookingLog._base_manager.filter(
        batch__in=rules_written(series), changes__series__0=series.pk
    )
    now = Booking.objects.filter(pk__in=lines.values("booking"), series__isnull=False)
    return Series.objects.filter(pk__in=now.values("series")).order_by("pk")


@dataclass(frozen=True, slots=True)
class Emptied:
    """What became of a series without rides: the `undo` that withdrew it, None where another rule
    took its place; and the series in which it goes on."""

    undo: Batch | None
    goes_on_in: list


def emptied(series):
    begun = series.made_in_id
    undo = Batch.objects.filter(undo_of=begun).select_related("user").first() if begun else None
    others = list(gone_on_in(series)) or list(Series.objects.filter(pk=series.follows_id))
    return Emptied(undo, others)


def place_of(booking):
    """(which occurrence this is, of how many): both segments of a round trip are one."""
    places = Booking.objects.filter(series=booking.series_id).aggregate(
        place=Count(
            "original_start", distinct=True, filter=Q(original_start__lte=booking.original_start)
        ),
        total=Count("original_start", distinct=True),
    )
    return places["place"], places["total"]
