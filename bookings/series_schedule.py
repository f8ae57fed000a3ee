"""Changing the rule of a series: more rides, fewer, or on other days, from one occurrence on.

From an occurrence in the middle, the series ends before it and another begins, which continues it.
What the new rule has and is there stays as it is. What it has not is cancelled and leaves the
series. What is missing is made, like what is there before it (`series_patterns`). Where the series
was continued by another already, "this and the following" goes on there; the whole of it ends where
the other begins.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q, Subquery, TextField, Value
from django.db.models.functions import JSONArray, JSONObject
from django.utils import timezone
from django.utils.translation import gettext as _

from project.actions.undo import CannotUndo
from project.audit.former import before, untouched_since
from project.audit.recorder import SelectionChanged, Ticket, line, recorded, write_history
from project.audit.statements import digest_of, lock
from project.ui.formats import date_format

from . import notifications, services
from .availability import CUSTOMER_LEFT, gone
from .availability import people_of as people_of_rides
from .models import Booking, BookingLog, Series
from .models.booking import CANCELLATION, OCCURRENCE, OF_NO_SERIES
from .recurrence import Rule, ended_before
from .series_patterns import patterns_on
from .series_queries import (
    DISCARD,
    KEPT,
    MADE,
    OCCURRENCE_BY_HAND,
    PUT_BACK,
    REINSTATE,
    RESCHEDULE,
    continuations,
    departed,
    in_line,
    rides_of_all,
)
from .series_services import (
    Plan,
    check_years,
    keep_people,
    make,
    new_series,
    rides_on,
    save_series,
    segments_of,
    why_not,
)
from .services import ARCHIVED, CANCELLED, OVER, SETTLED
from .states import CancellationKind, Status
from .wall_time import on_date

# What undoing a change of the rule takes, beside the permission to make it.
CANCEL, RESTORE = "bookings.cancel_booking", "bookings.restore_booking"
# What it puts back on the rides that were cancelled.
WRITES = (*CANCELLATION, *OCCURRENCE)


@dataclass(slots=True)
class NewRule:
    """What another rule would make of a series, from `first` (a day) on."""

    series: Series
    segments: list
    first: date  # from here on
    begins: datetime
    days: list
    scope: models.QuerySet
    there: dict  # the occurrences that stay: {day: [ride]}
    dropped: models.QuerySet
    excluded: list = field(default_factory=list)
    rides: list = field(default_factory=list)

    @property
    def copied(self):
        """The rides that others are copies of, in the order of the days."""
        return list({ride.template.pk: ride.template for ride in self.rides}.values())

    @property
    def splits(self):
        return self.first > day_of(self.series.starts_at)


def day_of(moment):
    return moment.astimezone(timezone.get_default_timezone()).date()


def new_rule(booking, rule, *, whole=False, excluded=()):
    """Plan another rule for the series of `booking`: of all, or of this one and the following.

    It begins with its first day from there on. Raises ValidationError where it has no ride, or
    where the rule of all would reach into the series that continues this one.
    """
    series = booking.series
    begins = series.starts_at if whole else booking.original_start
    first = day_of(begins)
    days = rule.days(first)
    check_years(days)
    zone = timezone.get_default_timezone()
    after = Q(series__in=continuations(series))
    scope = Booking.objects.filter(series=series)
    if not whole:
        following = Q(series=series, original_start__gte=booking.original_start)
        scope = Booking.objects.filter(following | after)
    there = {}
    next_ride = Booking.objects.filter(after).order_by("original_start").values("original_start")
    rides = scope.annotate(next_begins=Subquery(next_ride[:1]))
    rides = list(rides.order_by("original_start", "leg"))
    if whole and rides:
        check_end(days, rides[0].next_begins)
    for ride in rides:
        there.setdefault(day_of(ride.original_start), []).append(ride)
    superfluous = [ride.pk for day in there.keys() - {*days} for ride in there[day]]
    missing = [day for day in days if day not in there]
    plan = NewRule(
        series=series,
        segments=[ride for ride in segments_of(booking) if ride.series_id == series.pk],
        first=first,
        begins=on_date(begins, days[0], zone) if days else begins,
        days=days,
        scope=scope,
        there={day: there[day] for day in days if day in there},
        dropped=Booking.objects.filter(pk__in=superfluous),
        excluded=sorted({*excluded} & {*missing}),
    )
    wanted = [day for day in missing if day not in plan.excluded]
    plan.rides = list(copies_on(wanted, plan.segments, scope if whole else rides_of_all(series)))
    if not (plan.rides or plan.there):
        raise ValidationError(_("This rule makes no further ride."))
    return plan


def copies_on(days, asked, rides):
    """Yield what is made on these days, as `rides` have it by then; where nothing tells that, like
    the segments that it was `asked` of. Who drives none of what is copied is who drives those."""
    if not days:
        return
    zone = timezone.get_default_timezone()
    patterns, count = patterns_on(days, rides), 0
    for _keys, some in groupby(days, key=lambda day: [each.pk for each in patterns.get(day, ())]):
        some = list(some)
        segments = patterns.get(some[0]) or asked
        for ride in rides_on(some, segments, zone, after=count):
            if not (ride.template.driver_id or ride.template.partner_id):
                same = (
                    each for each in asked if each.planned_return == ride.template.planned_return
                )
                ride.like = next(same, None)
            yield ride
        count += len(some)


def check_end(days, begins):
    """Raise ValidationError where these days reach the moment when another series `begins`."""
    if begins and days and days[-1] >= day_of(begins):
        raise ValidationError(
            _(
                "Another series continues this one from %(day)s: end before that day, or change "
                "this and the following."
            ),
            params={"day": date_format(day_of(begins), "SHORT_DATE_FORMAT")},
        )


def not_droppable(*, overwrite=False):
    """Why an occurrence that the new rule has not stays all the same."""
    refusals = (ARCHIVED, CANCELLED, OVER, SETTLED, departed())
    return refusals if overwrite else (*refusals, OCCURRENCE_BY_HAND)


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
    tell=False,
    ticket=None,
):
    """Put another rule in force. The Outcome counts what was made and what was cancelled.

    `seen` is the digest of the rides (`rides_of_all`) that the user saw. `tell` posts a message of
    what was made and one of what was cancelled. Raises ValidationError, `SelectionChanged` and
    `AlreadyDone`.
    """
    reason = _("No longer in the series: %(rule)s") % {"rule": rule.words}
    with transaction.atomic():
        # Two rules for one series come one after the other, each from what it then finds.
        if booking.series is None:
            raise SelectionChanged
        hold_series(booking.series)
        booking = Booking.objects.select_related("series").get(pk=booking.pk)
        if booking.series is None:
            raise SelectionChanged
        customers, *people = people_of_rides(rides_of_all(booking.series))
        lock(customers, *(people if same_driver else ()))
        plan = new_rule(booking, rule, whole=whole, excluded=excluded)
        if plan.rides:
            check_copyable(plan, same_driver)
        _count, digest = digest_of(rides_of_all(plan.series), lock=True)
        if seen and digest != seen:
            raise SelectionChanged
        with recorded(
            RESCHEDULE,
            plan.dropped,
            by=by,
            reason=rule.words,  # told of all; that it left, of what left
            sentence=line(_("Cancelled with a change of its series"), reason),
            ticket=Ticket(token=ticket.token if ticket else None),
            refusals=not_droppable(overwrite=overwrite),
        ) as recording:
            batch = recording.batch
            recording.update(
                status_before=F("status"),
                status=Status.CANCELLED,
                cancellation_kind=CancellationKind.OPERATOR,
                cancellation_reason=reason,
                cancelled_at=batch.created_at,
                cancelled_by=by,
                **OF_NO_SERIES,
            )
            cancelled = recording.outcome.changed
            series = put_in_force(recording, plan, rule)
            if plan.rides:
                if same_driver:
                    keep_people(plan.rides)
                make(batch, series, plan.rides)
                made = models.QuerySet(Booking).filter(series=series, created_at=batch.created_at)
                record_made(recording, made)
            recording.outcome.changed = cancelled + len(plan.rides)
            if tell:
                notifications.tell(batch, notifications.CANCELLED)
                notifications.tell(batch, notifications.CREATED, code=MADE)
    return recording.outcome


def hold_series(series):
    """Lock a series and those that continue it, each after the one that it continues, which is
    older.

    Who waited for one of them may find that another was begun meanwhile: so again, until all that
    there are were locked. Two statements, where nobody was in the way.
    """
    held = set()
    while held != (there := set(in_line(series).values_list("pk", flat=True))):
        lock(Series.objects.filter(pk__in=there))
        held = there


def put_in_force(recording, plan, rule):
    """Give the series its rule; from the middle, end it and begin the one that continues it."""
    batch, series = recording.batch, plan.series
    staying = plan.scope  # what was cancelled has left the series
    told = line(_("Goes on in another series"))
    if not plan.splits:
        series.rule, series.starts_at = str(rule), plan.begins
        series.excluded = [day.isoformat() for day in plan.excluded]
        keep_series(series, batch, "~")
        recording.update_also(staying.exclude(series=series), KEPT, told, series=series)
        return series
    first = day_of(series.starts_at)
    series.rule = str(ended_before(Rule.parse(series.rule), first, plan.first))
    series.excluded = [day for day in series.excluded if day < plan.first.isoformat()]
    keep_series(series, batch, "~")
    begun = Plan(plan.segments, plan.days, plan.excluded, begins=plan.begins)
    follower = new_series(batch, plan.segments[0], rule, begun, follows=series)
    write_history(Series.objects.filter(pk=follower.pk), batch, "+", "")
    recording.update_also(staying, KEPT, told, series=follower)
    return follower


def keep_series(series, batch, kind):
    """Save a series with its history row."""
    save_series(series)
    write_history(Series.objects.filter(pk=series.pk), batch, kind, "")


def record_made(recording, rides):
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


def check_copyable(plan, same_driver):
    """Raise ValidationError where the customer left, or who is to drive."""
    refused = [(CUSTOMER_LEFT, plan.copied)]
    if same_driver:
        refused.append((gone(), [ride.people for ride in plan.rides]))
    for refusal, rides in refused:
        rides = Booking.objects.filter(pk__in={ride.pk for ride in rides})
        if reason := why_not(rides, (refusal,)):
            raise ValidationError(reason)


# ------------------------------------------------------------------------------------------- undo
def take_back(batch, *, by):
    """Undo a change of the rule: all of it, or nothing and CannotUndo.

    The rides that it cancelled are back, those that it made are discarded, the others are in the
    series that they were in, under its former rule. Half of that would leave days that no rule has.
    The series that it began stays for the history, without rides.
    """
    written = Series.history.filter(batch_id=batch.pk)
    lines = BookingLog.objects.filter(batch=batch)
    cancelled, kept, made = (
        models.QuerySet(Booking).filter(pk__in=lines.filter(action_code=code).values("booking"))
        for code in (RESCHEDULE, KEPT, MADE)
    )
    for permission, rides in ((RESTORE, cancelled), (CANCEL, made)):
        if rides.exists() and not by.has_perm(permission):
            raise CannotUndo(_("You may not undo this."))
    all_of_it = Booking.objects.filter(pk__in=lines.values("booking"))
    with transaction.atomic():
        for row in written.order_by("id"):
            lock_series(row)
        with recorded(
            REINSTATE,
            Booking.objects.filter(pk__in=cancelled.values("pk")),
            by=by,
            reason=line(_("Undo"), batch.reason),
            sentence=line(_("Undone: %(action)s") % {"action": _("Change the rule")}),
            locks=[*people_of_rides(all_of_it), all_of_it],
            undo_of=batch,
        ) as recording:
            touched = all_of_it.exclude(untouched_since(Booking, batch))
            check_nothing(touched, _("changed since"))
            reason = services.made_by_mistake()
            recording.update_also(
                made,
                DISCARD,
                line(_("Cancelled and archived"), reason),
                **services.discarded(reason, by=by, at=recording.batch.created_at),
            )
            refusals = services.not_restorable(recording.selection)
            for refusal in refusals:
                check_nothing(recording.selection.filter(refusal.condition), refusal.message)
            former = {name: before(Booking, batch, name) for name in WRITES}
            recording.update(**former)
            recording.update_also(
                kept, PUT_BACK, line(_("Back in its former series")), series=former["series"]
            )
            recording.outcome.changed += made.count() + kept.count()
            for row in written.order_by("id"):
                put_back_rule(row, recording.batch)
            notifications.take_back_rule(recording.batch, batch)
    return recording.outcome


def lock_series(row):
    """Lock the series of a history row; raise CannotUndo where it was changed since."""
    series = Series.objects.select_for_update().get(pk=row.id)
    if series.history.latest("history_id").pk != row.pk:
        raise CannotUndo(_("The rule was changed again since."))


def put_back_rule(row, batch):
    """Give a series what its rule was before this history row. A series begun by it stays."""
    earlier = Series.history.filter(id=row.id, history_id__lt=row.history_id)
    former = earlier.order_by("-history_id").first()
    if former is None:
        return
    series = Series.objects.get(pk=row.id)
    series.rule, series.starts_at = former.rule, former.starts_at
    series.excluded = former.excluded
    keep_series(series, batch, "~")


def check_nothing(rides, why):
    """Raise CannotUndo where there are any of these."""
    names = list(rides.order_by("pk").values_list("reference", flat=True)[:5])
    if names:
        params = {"references": ", ".join(names), "reason": why}
        raise CannotUndo(
            _("It can only be undone as a whole: %(references)s (%(reason)s).") % params
        )
