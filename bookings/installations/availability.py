"""When engineers are free: working hours, leave and other bookings, for every path.

Whatever gives an engineer time (schedule, reschedule, reassign, restore, undo) locks the engineers
with `hold` and then asks `placed`, so that no two writers decide on the same facts.
"""

from bisect import insort
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from project.audit.recorder import SelectionChanged
from project.audit.refusals import Refusal
from project.audit.rows import values_of
from project.audit.statements import lock, plain

from . import queries
from .models import Engineer, InstallationBooking, Leave, Order
from .working_hours import minutes

STEP = timedelta(minutes=30)
DAYS_OFFERED, MOST_OFFERED = 14, 40
BUSY, AWAY, OFF, GONE = "busy", "on_leave", "off_hours", "engineer_inactive"
MESSAGES = {
    BUSY: _("the engineer has another installation then"),
    AWAY: _("the engineer is on leave then"),
    OFF: _("outside the engineer's working hours"),
    GONE: _("with an inactive engineer"),
}


@dataclass(frozen=True, slots=True)
class Slot:
    """A free stretch of an engineer's time, long enough for a visit."""

    engineer: Engineer
    start: datetime
    end: datetime

    @property
    def key(self):
        """How a form names it."""
        return f"{self.engineer.pk}|{self.start.isoformat()}"


@dataclass(slots=True)
class Visit:
    """An order to be placed: with which engineer, and when.

    Without a `start` it begins where the one placed before it ends. `before` is the time that it
    takes as it is, (engineer, start, end), where it takes any.
    """

    key: int
    minutes: int
    engineer: int
    start: datetime | None = None
    before: tuple | None = None

    @property
    def length(self):
        return timedelta(minutes=self.minutes)


class Agenda:
    """What is known of some engineers' time from `start` to `end`; three statements.

    The bookings of the orders in `but` (keys) are left out: their time is about to change.
    """

    def __init__(self, engineers, start, end, *, but=()):
        self.engineers = {
            engineer.pk: engineer for engineer in Engineer.objects.filter(pk__in=list(engineers))
        }
        self.busy = defaultdict(list)
        taken = InstallationBooking.objects.filter(engineer__in=list(self.engineers)).occupying()
        for engineer, order, begins, ends in (
            taken.overlapping(start, end)
            .order_by("start")
            .values_list("engineer", "order", "start", "ends_at")
        ):
            if order not in but:
                self.busy[engineer].append((begins, ends))
        self.leave = defaultdict(list)
        away = Leave.objects.in_force().filter(engineer__in=list(self.engineers))
        for engineer, first, last in away.touching(
            timezone.localdate(start), timezone.localdate(end)
        ).values_list("engineer", "first_day", "last_day"):
            self.leave[engineer].append((first, last))

    def taken(self):
        """A copy of the time that is taken, to plan with."""
        return defaultdict(list, {key: list(times) for key, times in self.busy.items()})

    def spans(self, engineer, day):
        """[(start, end)] of an engineer's work on a local day; none on leave."""
        if any(first <= day <= last for first, last in self.leave[engineer]):
            return []
        week = self.engineers[engineer].working_hours
        return [(moment(day, start), moment(day, end)) for start, end in week[day.weekday()]]

    def obstacle(self, engineer, start, end, busy=None, *, hours=True, leave=True):
        """Why an engineer can't be somewhere then: one of MESSAGES, '' if they can."""
        if engineer not in self.engineers or not self.engineers[engineer].is_active:
            return GONE
        day = timezone.localdate(start)
        if leave and any(first <= day <= last for first, last in self.leave[engineer]):
            return AWAY
        if hours and not any(
            opens <= start and end <= closes for opens, closes in self.spans(engineer, day)
        ):
            return OFF
        taken = (self.busy if busy is None else busy)[engineer]
        return BUSY if any(begins < end and start < ends for begins, ends in taken) else ""

    def slots(self, engineer, length, day, now):
        """The free slots of an engineer on a day, from `now` on: every half hour in each gap."""
        for opens, closes in self.spans(engineer, day):
            start = opens
            while start + length <= closes:
                if start >= now and not self.obstacle(engineer, start, start + length):
                    yield Slot(self.engineers[engineer], start, start + length)
                start += STEP


def moment(day, clock):
    """The aware moment of a local day's "HH:MM"; "24:00" is the midnight that ends it."""
    days, rest = divmod(minutes(clock), 24 * 60)
    at = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60))
    return timezone.make_aware(at, timezone.get_default_timezone())


def free_slots(
    length,
    *,
    skills=(),
    engineer=None,
    region="",
    first_day=None,
    days=DAYS_OFFERED,
    most=MOST_OFFERED,
    now=None,
    but=(),
):
    """Up to `most` free slots for a visit of `length` (a timedelta), the earliest first.

    Of engineers with all `skills`, or of one `engineer`; those of `region` come first at the same
    time. From `first_day` (a local day, by default today) and now on, for so many `days`. `but`
    are keys of orders whose own bookings are no obstacle. Four statements.
    """
    now = now or timezone.now()
    first_day = max(first_day or timezone.localdate(now), timezone.localdate(now))
    able = Engineer.objects.active().with_skill(*skills)
    if engineer is not None:
        able = able.filter(pk=engineer.pk)
    able = list(able.values_list("pk", flat=True))
    if not able:
        return []
    begins, ends = moment(first_day, "00:00"), moment(first_day + timedelta(days=days), "00:00")
    agenda = Agenda(able, begins, ends, but=but)
    found = []
    for offset in range(days):
        day = first_day + timedelta(days=offset)
        today = [slot for key in able for slot in agenda.slots(key, length, day, now)]
        today.sort(
            key=lambda slot: (slot.start, not is_near(slot.engineer, region), slot.engineer.pk)
        )
        found += today
        if len(found) >= most:
            break
    return found[:most]


def free_slots_for(order, **options):
    """The free slots for the visit of an order; `options` are those of `free_slots`.

    Its own appointment, if it has one, is no obstacle.
    """
    return free_slots(
        timedelta(minutes=order.duration_minutes),
        skills=queries.skills_of(Order.objects.filter(pk=order.pk)),
        region=order.region,
        but={order.pk},
        **options,
    )


def is_near(engineer, region):
    return bool(region) and engineer.region.casefold() == region.casefold()


def hold(selection, *engineers, between=()):
    """Lock these engineers (keys) and those of a selection of orders, what is `between` (querysets)
    and then the orders.

    Raises `SelectionChanged` where an order went to another engineer before the last lock.
    """
    theirs = InstallationBooking.objects.of(selection).order_by().values("engineer")
    lock(Engineer.objects.filter(Q(pk__in=theirs) | Q(pk__in=engineers)))
    held = {*theirs.values_list("engineer", flat=True), *engineers}
    for rows in between:
        lock(rows)
    lock(plain(selection))
    if not held.issuperset(theirs.values_list("engineer", flat=True)):
        raise SelectionChanged


def placed(visits, start=None, *, hours=True):
    """({order: start} of the visits that find their time, {order: why not} of the others).

    In the order given: each at its own start, or, one after the other, from `start` on. Who stays
    takes the time that they have, which may be in another's way; so again, until no more are found.
    Without `hours` an engineer's working hours are no obstacle, and leave is none to a visit that
    keeps the time it has: only what comes into the diary asks for the day. Three statements.
    """
    if not visits:
        return {}, {}
    starts = [visit.start for visit in visits if visit.start] or [start]
    longest = sum((visit.length for visit in visits), timedelta())
    people = {visit.engineer for visit in visits} | {
        visit.before[0] for visit in visits if visit.before
    }
    agenda = Agenda(people, min(starts), max(starts) + longest, but={visit.key for visit in visits})
    staying = {}
    while True:
        busy = agenda.taken()
        for visit in visits:
            if visit.key in staying and visit.before:
                engineer, begins, ends = visit.before
                insort(busy[engineer], (begins, ends))
        plan, found, cursors = {}, {}, {}
        for visit in visits:
            if visit.key in staying:
                continue
            begins = visit.start or cursors.get(visit.engineer, start)
            ends = begins + visit.length
            keeps = visit.before is not None and visit.before[:2] == (visit.engineer, begins)
            why = agenda.obstacle(
                visit.engineer, begins, ends, busy, hours=hours, leave=hours or not keeps
            )
            if why:
                found[visit.key] = why
                continue
            plan[visit.key] = begins
            cursors[visit.engineer] = ends
            insort(busy[visit.engineer], (begins, ends))
        if not found:
            return plan, staying
        staying |= found


def refusals_of(reasons):
    """The Refusals that `placed` found: {order: why}."""
    by_reason = defaultdict(list)
    for key, why in reasons.items():
        by_reason[why].append(key)
    return tuple(
        Refusal(why, Q(pk__in=values_of(Order, by_reason[why])), MESSAGES[why])
        for why in MESSAGES
        if why in by_reason
    )
