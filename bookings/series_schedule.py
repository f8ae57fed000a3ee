"""Changing the rule of a series: more rides, fewer, or on other days, from one occurrence on.

From an occurrence in the middle, the series ends before it and another begins, which continues it.
What the new rule has and is there stays as it is. What it has not is cancelled and leaves the
series. What is missing is made.
"""

from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q, TextField, Value
from django.db.models.functions import JSONArray, JSONObject
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.audit.recorder import (
    SelectionChanged,
    Ticket,
    digest_of,
    line,
    lock,
    recorded,
    write_history,
)
from project.audit.refusals import Refusal, first_refusal

from .availability import CUSTOMER_LEFT, gone
from .models import Booking, Series
from .recurrence import Rule, ended_before
from .series_queries import KEPT, MADE, RESCHEDULE, with_by_hand
from .series_services import (
    Plan,
    check_years,
    keep_people,
    keep_series,
    make,
    new_series,
    people_of,
    rides_on,
    segments_of,
)
from .services import ARCHIVED, CANCELLED, OVER
from .states import CancellationKind, Status


@dataclass(slots=True)
class NewRule:
    """What another rule would make of a series, from `first` (a day) on."""

    series: Series
    segments: list
    begins: datetime
    days: list
    scope: models.QuerySet
    there: dict  # the occurrences that stay: {day: [ride]}
    dropped: models.QuerySet
    excluded: list = field(default_factory=list)
    rides: list = field(default_factory=list)

    @property
    def first(self):
        return day_of(self.begins)

    @property
    def splits(self):
        return self.first > day_of(self.series.starts_at)


def day_of(moment):
    return moment.astimezone(timezone.get_default_timezone()).date()


def new_rule(booking, rule, *, whole=False, excluded=()):
    """Plan another rule for the series of `booking`: of all, or of this one and the following.

    Raises ValidationError where the first ride is not on a day of it.
    """
    series = booking.series
    begins = series.starts_at if whole else booking.original_start
    first = day_of(begins)
    days = rule.days(first)
    if days[:1] != [first]:
        raise ValidationError(_("The first ride is not on a day of this rule."))
    check_years(days)
    zone = timezone.get_default_timezone()
    scope = Booking.objects.filter(series=series)
    if not whole:
        scope = scope.filter(original_start__gte=booking.original_start)
    there = {}
    for ride in scope.order_by("original_start", "leg"):
        there.setdefault(day_of(ride.original_start), []).append(ride)
    superfluous = [ride.pk for day in there.keys() - {*days} for ride in there[day]]
    missing = [day for day in days if day not in there]
    plan = NewRule(
        series=series,
        segments=[ride for ride in segments_of(booking) if ride.series_id == series.pk],
        begins=begins,
        days=days,
        scope=scope,
        there={day: there[day] for day in days if day in there},
        dropped=Booking.objects.filter(pk__in=superfluous),
        excluded=sorted({*excluded} & {*missing}),
    )
    plan.rides = rides_on([day for day in missing if day not in plan.excluded], plan.segments, zone)
    return plan


def not_droppable(selection, *, overwrite=False, now=None):
    """Why an occurrence that the new rule has not stays all the same."""
    refusals = (
        ARCHIVED,
        CANCELLED,
        OVER,
        Refusal("settled", Q(settled_amount__isnull=False), gettext_lazy("payout validated")),
        Refusal(
            "departed", Q(pickup_at__lt=now or timezone.now()), gettext_lazy("already departed")
        ),
    )
    if not overwrite:
        theirs = with_by_hand(Booking.objects.filter(pk__in=selection.values("pk")))
        refusals += (
            Refusal(
                "by_hand",
                Q(pk__in=theirs.filter(by_hand=True).values("pk")),
                gettext_lazy("changed by hand, so kept"),
            ),
        )
    return refusals


def reschedule(
    booking,
    *,
    by,
    rule,
    whole=False,
    excluded=(),
    overwrite=False,
    same_driver=False,
    seen=None,
    ticket=None,
):
    """Put another rule in force. The Outcome counts what was made and what was cancelled.

    `seen` is the digest of the series' rides that the user saw. Raises ValidationError,
    `SelectionChanged` and `AlreadyDone`.
    """
    reason = _("No longer in the series: %(rule)s") % {"rule": rule.words}
    with transaction.atomic():
        # Two rules for one series come one after the other, each from what it then finds.
        Series.objects.select_for_update().get(pk=booking.series_id)
        booking = Booking.objects.select_related("series").get(pk=booking.pk)
        if booking.series is None:
            raise SelectionChanged
        for people in people_of(segments_of(booking), same_driver):
            lock(people)
        plan = new_rule(booking, rule, whole=whole, excluded=excluded)
        if plan.rides:
            check_copyable(plan.segments, same_driver)
        _count, digest = digest_of(Booking.objects.filter(series=plan.series), lock=True)
        if seen and digest != seen:
            raise SelectionChanged
        with recorded(
            RESCHEDULE,
            plan.dropped,
            by=by,
            reason=reason,
            sentence=line(_("Cancelled with a change of its series")),
            ticket=Ticket(token=ticket.token if ticket else None),
            refusals=not_droppable(plan.dropped, overwrite=overwrite),
        ) as recording:
            batch = recording.batch
            recording.update(
                status_before=F("status"),
                status=Status.CANCELLED,
                cancellation_kind=CancellationKind.OPERATOR,
                cancellation_reason=reason,
                cancelled_at=batch.created_at,
                cancelled_by=by,
                series=None,
                original_start=None,
            )
            cancelled = recording.outcome.changed
            series = put_in_force(recording, plan, rule)
            if plan.rides:
                if same_driver:
                    keep_people(plan.rides)
                make(batch, series, plan.rides)
                made = models.QuerySet(Booking).filter(series=series, created_at=batch.created_at)
                tell_made(recording, made)
            recording.outcome.changed = cancelled + len(plan.rides)
    return recording.outcome


def put_in_force(recording, plan, rule):
    """Give the series its rule; from the middle, end it and begin the one that continues it."""
    batch, series = recording.batch, plan.series
    if not plan.splits:
        series.rule = str(rule)
        series.excluded = [day.isoformat() for day in plan.excluded]
        keep_series(series, batch, "~")
        return series
    first = day_of(series.starts_at)
    series.rule = str(ended_before(Rule.parse(series.rule), first, plan.first))
    series.excluded = [day for day in series.excluded if day < plan.first.isoformat()]
    keep_series(series, batch, "~")
    begun = Plan(plan.segments, plan.days, plan.excluded, begins=plan.begins)
    follower = new_series(batch, plan.segments[0], rule, begun, follows=series)
    staying = plan.scope.filter(series=series).order_by().values("pk")
    told = line(_("Goes on in the series that continues it"))
    rides = models.QuerySet(Booking).filter(pk__in=staying)
    recording.update_also(rides, KEPT, told, series=follower)
    return follower


def tell_made(recording, rides):
    """Log and history of what was made to fill the new rule."""
    nothing = Value(None, output_field=TextField())
    told = {
        name: JSONArray(nothing, F(attname))
        for name, attname in (
            ("reference", "reference"),
            ("pickup_at", "pickup_at"),
            ("original_start", "original_start"),
            ("series", "series_id"),
        )
    }
    recording.mention(MADE, line(_("Created from a series")), rides, changes=JSONObject(**told))
    write_history(rides, recording.batch, "+", "")


def check_copyable(segments, same_driver):
    """Raise ValidationError where the customer left, or who is to drive."""
    refusals = (CUSTOMER_LEFT, gone()) if same_driver else (CUSTOMER_LEFT,)
    rides = Booking.objects.filter(pk__in=[ride.pk for ride in segments])
    codes = set(rides.annotate(refusal=first_refusal(refusals)).values_list("refusal", flat=True))
    for refusal in refusals:
        if refusal.code in codes:
            raise ValidationError(
                _("This ride cannot recur: %(reason)s."), params={"reason": refusal.message}
            )
