"""An engineer's day: whose it is, what is on it, and whom a change in the diary concerns."""

from collections import defaultdict
from datetime import date

from django.core.exceptions import PermissionDenied
from django.db.models import F, OuterRef, Subquery
from django.utils import timezone

from .availability import moment
from .models import Engineer, InstallationBooking, Order, OrderLog
from .states import PLANNED

SLUG = "engineer-days"  # what the page is told as
OWN, SEES_ALL = "installations.work_engineer", "installations.view_order"


def is_theirs(user, engineer):
    """Whether it is the user's own day, and they may see and do it."""
    return engineer is not None and engineer.user_id == user.pk and user.has_perm(OWN)


def check_may(user, engineer, permission):
    """Raise PermissionDenied for who has neither the office's permission nor this day as theirs."""
    if not (user.has_perm(permission) or is_theirs(user, engineer)):
        raise PermissionDenied(permission)


def day_asked(text, today):
    """The day that a link asks for; today where it is none, or none that can be shown."""
    try:
        asked = date.fromisoformat(text)
    except ValueError:
        return today
    return asked if abs(asked.year - today.year) <= 5 else today


def visits_of(engineer, day):
    """The visits of an engineer that take any of a day."""
    visits = InstallationBooking.objects.occupying().filter(engineer=engineer)
    return visits.overlapping(moment(day, "00:00"), moment(day, "24:00"))


def next_visit(engineer, day):
    """The first visit of an engineer after a day; None if there is none."""
    visits = InstallationBooking.objects.appointed().filter(engineer=engineer)
    return visits.filter(start__gte=moment(day, "24:00")).order_by("start", "pk").first()


def shown(user, page):
    """The orders of the day that an open page says it shows: its `engineer` and `day`."""
    key = page.get("engineer", "")
    engineer = Engineer.objects.filter(pk=key if key.isdecimal() and len(key) < 19 else None)
    engineer = engineer.first()
    check_may(user, engineer, SEES_ALL)
    visits = visits_of(engineer, day_asked(page.get("day", ""), timezone.localdate()))
    return Order.objects.filter(pk__in=visits.values("order"))


def concerned(batches, users):
    """{batch's key: those of the users (keys of accounts) who are engineers with a visit that it
    changed}, or whose visit it was before. Three statements."""
    account = dict(Engineer.objects.filter(user__in=users).values_list("pk", "user"))
    found = defaultdict(set)
    if not account:
        return found
    lines = OrderLog._base_manager.filter(
        batch__in=batches, order__booking__engineer__in=account, order__booking__status__in=PLANNED
    )
    pairs = set(lines.values_list("batch", "order__booking__engineer").distinct())
    history = InstallationBooking.history.model._base_manager
    earlier = history.filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id"))
    earlier = earlier.order_by("-history_id")
    written = history.filter(batch_id__in=batches).annotate(
        was=Subquery(earlier.values("engineer_id")[:1]),
        was_status=Subquery(earlier.values("status")[:1]),
    )
    left = written.filter(was__in=account, was_status__in=PLANNED)
    pairs |= set(left.values_list("batch_id", F("was")).distinct())
    for batch, engineer in pairs:
        found[batch].add(account[engineer])
    return found
