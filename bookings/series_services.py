"""The verbs on series: make a ride recur, and change what recurs."""

from bisect import insort
from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import connections, models, router
from django.db.models import Case, F, Q, TextField, Value, When
from django.db.models.functions import JSONArray, JSONObject
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.actions.undo import CannotUndo
from project.audit import numbering
from project.audit.recorder import SelectionChanged, Ticket, history_of, line, recorded
from project.audit.refusals import Refusal, any_refusal, first_refusal
from project.audit.rows import table_of
from project.audit.statements import inserting, run, updating
from project.directory.models import Customer, Driver, Partner

from . import notifications, services
from .availability import CUSTOMER_LEFT, Taken, busy_of, clash, gone
from .copies import FRESH
from .models import YEARS_AHEAD, Booking, BookingLog, RoundTrip, Series, reference_prefix
from .models.booking import COPIED, OF_NO_SERIES
from .recurrence import moments
from .series_queries import REPEAT, TIED, UNTIE
from .services import ARCHIVED, CANCELLED, IN_ARCHIVES
from .states import Leg
from .wall_time import in_step

NOT_REPEATABLE = (
    ARCHIVED,
    CANCELLED,
    Refusal("in_series", Q(series__isnull=False), gettext_lazy("already in a series")),
    CUSTOMER_LEFT,
)


@dataclass(slots=True)
class Ride:
    """A ride that a plan makes. `clash` is another at that time (Taken), if asked; `like` is the
    ride whose driver or partner it has, where that is not its template."""

    template: Booking
    day: date
    pickup_at: datetime
    ends_at: datetime
    planned: datetime
    trip: int | None
    driver: int | None = None
    partner: int | None = None
    clash: Taken | None = None
    like: Booking | None = None

    @property
    def people(self):
        """The ride whose driver or partner it keeps, if it keeps them."""
        return self.like or self.template


@dataclass(slots=True)
class Plan:
    """What a rule makes of a ride (or of both of a round trip): its days, and the rides to make."""

    segments: list
    days: list
    excluded: list = field(default_factory=list)
    rides: list = field(default_factory=list)
    begins: datetime | None = None

    @property
    def start(self):
        return self.begins or self.segments[0].pickup_at


# ------------------------------------------------------------------------------------- the plan
def segments_of(booking, *, both=True):
    """The ride, or the two of its round trip, the outbound first: what occurs together."""
    if not (both and booking.round_trip_id):
        return [booking]
    trip = Booking.objects.filter(round_trip=booking.round_trip_id)
    if booking.series_id:  # two occurrences of one series may have been paired: they are two
        same = Q(series=booking.series_id, original_start=booking.original_start)
        trip = trip.filter(same | Q(series__isnull=True))
    return sorted(trip, key=lambda segment: segment.leg != Leg.OUTBOUND)


def plan_of(segments, rule, *, excluded=()):
    """Plan the occurrences after the first. Raises ValidationError where the rule has none."""
    zone = timezone.get_default_timezone()
    first = segments[0].pickup_at
    today = first.astimezone(zone).date()
    days = rule.days(today)
    if days[:1] != [today]:
        raise ValidationError(_("The first ride is not on a day of this rule."))
    check_years(days)
    plan = Plan(segments, days, sorted({*excluded} & {*days[1:]}))
    plan.rides = rides_on([day for day in days[1:] if day not in plan.excluded], segments, zone)
    if not plan.rides:
        raise ValidationError(_("This rule makes no further ride."))
    return plan


def check_years(days):
    """Raise ValidationError where a ride would be too far ahead."""
    last_year = timezone.localdate().year + YEARS_AHEAD
    if days and days[-1].year > last_year:
        raise ValidationError(
            _("The last ride would be in %(year)s: no later than %(last)s, please."),
            params={"year": days[-1].year, "last": last_year},
        )


def rides_on(days, segments, zone, *, after=0):
    """A ride of each segment on each day, at its local time. Their trips are numbered from the one
    `after` those that there are."""
    first, rides = segments[0].pickup_at, []
    planned_on = zip(days, moments(first, days, zone), strict=True)
    for place, (day, planned) in enumerate(planned_on, after + 1):
        for segment in segments:
            pickup_at = in_step(segment.pickup_at, first, day, zone)
            ends_at = pickup_at + timedelta(minutes=segment.duration_minutes)
            trip = place if len(segments) > 1 else None
            rides.append(Ride(segment, day, pickup_at, ends_at, planned, trip))
    return rides


def keep_people(rides):
    """Give planned rides their driver or partner; one statement.

    Where the driver has another ride at that time, of this plan too, it stays unassigned and names
    the other.
    """
    drivers = {ride.people.driver_id for ride in rides} - {None}
    busy = busy_of(drivers, [(ride.pickup_at, ride.ends_at) for ride in rides])
    for ride in sorted(rides, key=lambda ride: ride.pickup_at):
        ride.partner = ride.people.partner_id
        taken = busy.get(ride.people.driver_id)
        if taken is None:
            continue
        other = clash(taken, ride.pickup_at, ride.ends_at)
        if other:
            ride.clash = other
        else:
            ride.driver = ride.people.driver_id
            name = _("another ride of this series")
            insort(taken, Taken(ride.pickup_at, ride.ends_at, name=name))


# --------------------------------------------------------------------------------- make it recur
def repeat(
    booking,
    *,
    by,
    rule,
    excluded=(),
    both=True,
    same_driver=False,
    seen=None,
    tell=False,
    announced=True,
    ticket=None,
):
    """Make a ride recur: it becomes the first occurrence, the others are copies of it.

    `both`: of a round trip both segments recur, each pair tied in a round trip of its own. The
    copies are pending and unpaid; with `same_driver` they keep their driver where that one is free.
    `seen` is {key: version} of what the user saw, where that is not what `booking` was read as.
    `tell` posts a message to the customer; what is not `announced` (demo data) rings no bell.
    Raises ValidationError, `SelectionChanged` for a ride that is no longer as it was seen, and
    `AlreadyDone`. The Outcome counts the copies.
    """
    segments = segments_of(booking, both=both)
    plan = plan_of(segments, rule, excluded=excluded)
    as_seen = rides_at({ride.pk: ride.version for ride in segments} | (seen or {}), segments)
    selection = as_seen.exclude(any_refusal(not_repeatable(same_driver)))
    with recorded(
        REPEAT,
        selection,
        by=by,
        sentence=line(_("Created from a series")),
        ticket=Ticket(token=ticket.token if ticket else None),
        locks=[people_of(segments, same_driver)],
        expected=len(plan.rides),
        announced=announced,
    ) as recording:
        if recording.total != len(segments):
            raise refused(as_seen, not_repeatable(same_driver))
        if same_driver:
            keep_people(plan.rides)
        series = new_series(recording.batch, segments[0], rule, plan)
        its_history = history_of_series(series, recording.batch, "+")
        first = updating(
            models.QuerySet(Booking).filter(pk__in=[segment.pk for segment in segments]),
            series=series,
            original_start=plan.start,
            planned_return=Q(leg=Leg.RETURN) if len(segments) > 1 else False,
            version=F("version") + 1,
            updated_at=recording.batch.created_at,
        )
        make(recording.batch, series, plan.rides, its_history, first)
        told(recording, series, segments, _("Made to recur"))  # how, says the series beside it
        if tell:
            notifications.tell(recording.batch, notifications.CREATED)
    return recording.outcome


def not_repeatable(same_driver):
    return (*NOT_REPEATABLE, gone()) if same_driver else NOT_REPEATABLE


def rides_at(versions, segments):
    """These rides, as long as they are still at these versions."""
    seen = Q(pk__in=[])
    for ride in segments:
        seen |= Q(pk=ride.pk, version=versions[ride.pk])
    return Booking.objects.filter(seen)


def refused(as_seen, refusals):
    """What to raise where not all of the rides can be taken: the first reason, or that they
    changed."""
    reason = why_not(as_seen, refusals)
    return ValidationError(reason) if reason else SelectionChanged()


def why_not(rides, refusals):
    """The first reason why one of these rides can't recur, in words; '' if they can."""
    found = rides.order_by().annotate(refusal=first_refusal(refusals)).exclude(refusal="")
    codes = set(found.values_list("refusal", flat=True))
    for refusal in refusals:
        if refusal.code in codes:
            return _("This ride cannot recur: %(reason)s.") % {"reason": refusal.message}
    return ""


def people_of(segments, same_driver):
    """Whom to lock: the customer, and with `same_driver` those who drive."""
    people = (Customer.objects.filter(pk__in={segment.customer_id for segment in segments}),)
    if same_driver:
        for model, name in ((Driver, "driver_id"), (Partner, "partner_id")):
            keys = {getattr(segment, name) for segment in segments} - {None}
            people += (model.objects.filter(pk__in=keys),) if keys else ()
    return people


def new_series(batch, origin, rule, plan, follows=None):
    """Save a series; its history is the caller's to write."""
    series = Series(
        made_in=batch,
        origin=origin,
        rule=str(rule),
        starts_at=plan.start,
        zone=timezone.get_default_timezone_name(),
        excluded=[day.isoformat() for day in plan.excluded],
        follows=follows,
    )
    save_series(series)
    return series


def save_series(series):
    series.skip_history_when_saving = True
    series.save()


def history_of_series(series, batch, kind):
    """A history row of a series, as a statement to `run`."""
    return history_of(Series.objects.filter(pk=series.pk), batch, kind, "")


# What each has of its own.
OWN = ("reference", "pickup_at", "ends_at", "original_start", "search_text")
PLANNED = {
    "template": "key",
    "reference": "text",
    "pickup_at": "moment",
    "ends_at": "moment",
    "original_start": "moment",
    "search_text": "text",
    "trip": "key",
    "driver": "key",
    "partner": "key",
}


def row_of(ride, reference):
    """A planned ride as a row; what follows from its fields is worked out as a save would."""
    copied = copy(ride.template)
    copied.reference, copied.pickup_at = reference, ride.pickup_at
    copied.derive()
    return {
        "template": ride.template.pk,
        "reference": reference,
        "pickup_at": ride.pickup_at,
        "ends_at": copied.ends_at,
        "original_start": ride.planned,
        "search_text": copied.search_text,
        "trip": ride.trip,
        "driver": ride.driver,
        "partner": ride.partner,
    }


def make(batch, series, rides, *also):
    """Insert the planned rides, any number, and their round trips; and run what `also` (statements)
    is to be written. Two statements on PostgreSQL, beside the one for their references."""
    connection = connections[router.db_for_write(Booking)]
    prefix = reference_prefix()
    last = numbering.allocate(prefix, len(rides))
    rows = [
        row_of(ride, numbering.reference(prefix, number))
        for number, ride in enumerate(rides, last + 1)
    ]
    planned, params = table_of(connection, "planned", PLANNED, rows)
    trips = max((ride.trip or 0 for ride in rides), default=0)
    if trips:
        run(connection, *also, trips_to_make(batch, connection, trips))
        made_here = RoundTrip.objects.filter(made_in=batch)
        also = (history_of(made_here, batch, "+", ""),)
    values = {
        **{Booking._meta.get_field(name).attname: f"t.{column(name)}" for name in COPIED},
        **{name: f"planned.{name}" for name in OWN},
        "driver_id": "planned.driver",
        "partner_id": "planned.partner",
        "round_trip_id": "trips.id",
        "leg": "CASE WHEN trips.id IS NULL THEN '' ELSE t.leg END",
        "planned_return": "trips.id IS NOT NULL AND t.leg = 'return'",
    }
    given = {name: value for name, value in FRESH.items() if name not in values}
    given |= {"series_id": series.pk, "created_at": batch.created_at}
    given["updated_at"] = batch.created_at
    values |= dict.fromkeys(given, "%s")
    names = ", ".join(column(name) for name in values)
    sql = (
        f"INSERT INTO {table(Booking)} ({names}) SELECT {', '.join(values.values())} "
        f"FROM {planned} JOIN {table(Booking)} t ON t.id = planned.template "
        f"LEFT JOIN (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place FROM {table(RoundTrip)} "
        f"WHERE made_in_id = %s) trips ON trips.place = planned.trip ORDER BY planned.reference"
    )
    told_values = [
        Booking._meta.get_field(name).get_db_prep_value(value, connection)
        for name, value in given.items()
    ]
    made_in = RoundTrip._meta.get_field("made_in").get_db_prep_value(batch.pk, connection)
    run(connection, *also, (sql, [*told_values, *params, made_in]))


def trips_to_make(batch, connection, count):
    """The statement that inserts as many round trips. (The n-th ties the n-th occurrence.)"""
    places, params = table_of(connection, "places", {"place": "key"}, [{"place": 0}] * count)
    created_at = RoundTrip._meta.get_field("created_at").get_db_prep_value(
        batch.created_at, connection
    )
    made_in = RoundTrip._meta.get_field("made_in").get_db_prep_value(batch.pk, connection)
    sql = f"INSERT INTO {table(RoundTrip)} (created_at, made_in_id) SELECT %s, %s FROM {places}"
    return sql, [created_at, made_in, *params]


def table(model):
    return connections[router.db_for_write(model)].ops.quote_name(model._meta.db_table)


def column(name):
    return Booking._meta.get_field(name).column


def told(recording, series, segments, tied):
    """All log lines and all history: of the copies, and of the first."""
    batch = recording.batch
    first = Q(pk__in=[segment.pk for segment in segments])
    rides = models.QuerySet(Booking).filter(series=series)
    nothing = Value(None, output_field=TextField())
    tie = {"series": JSONArray(nothing, F("series_id"))}
    tie["original_start"] = JSONArray(nothing, F("original_start"))
    made = {name: JSONArray(nothing, F(name)) for name in ("reference", "pickup_at")}
    lines = inserting(
        BookingLog,
        ("booking_id", "user_id", "action", "action_code", "batch_id", "timestamp", "changes"),
        rides.order_by("pk"),
        F("pk"),
        Value(batch.user_id, output_field=models.BigIntegerField()),
        either(first, Value(line(tied)), recording.sentence),
        either(first, Value(TIED), Value(REPEAT)),
        Value(batch.pk, output_field=models.UUIDField()),
        Value(batch.created_at, output_field=models.DateTimeField()),
        Case(
            When(first, then=JSONObject(**tie)),
            default=JSONObject(**made, **tie),
            output_field=models.JSONField(),
        ),
    )
    history = history_of(rides, batch, either(first, Value("~"), Value("+")), recording.why)
    written = run(connections[router.db_for_write(Booking)], lines, history)
    recording.outcome.changed = written - len(segments)


def either(condition, one, other):
    return Case(When(condition, then=one), default=other, output_field=TextField())


# ------------------------------------------------------------------------------------------- undo
def discard(selection, *, by, refusals, undo_of):
    """Undo the making of bookings. Where that was a series, its first ride is a plain one again,
    unless an occurrence stays because someone touched it. CannotUndo where that one is archived by
    now: it would have to change."""

    def untie(recording):
        if undo_of.action == REPEAT and not recording.outcome.refused:
            first = Booking.objects.filter(
                logs__batch=undo_of, logs__action_code=TIED, series__made_in=undo_of
            )
            if first.filter(IN_ARCHIVES).exists():
                raise CannotUndo(_("An archived booking does not change: unarchive it first."))
            told = line(_("Taken out of its series"))
            recording.update_also(first, UNTIE, told, **OF_NO_SERIES)

    return services.discard(selection, by=by, refusals=refusals, undo_of=undo_of, beside=untie)
