"""What the streams of a process read: for all of them at once, in a constant few statements."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from itertools import islice
from types import SimpleNamespace

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
from django.db.models import Count, Exists, OuterRef, Q
from django.http import parse_cookie
from django.utils import timezone

from project.audit.models import Batch
from project.audit.recorder import log_model_of
from project.notifications.models import Announcement, Notification
from project.utilisateurs.models import CustomUser

from .kinds import all_told, told, who_may
from .turns import ResumePoint, TurnLimit

MOST_KEYS = 200  # of a batch that touched more, a page is not told which
MOST_RECALLED = 200  # announcements; who missed more is told just that
PAGE_AGE = timedelta(minutes=1)
AT_ONCE = 500  # parameters of one statement


@dataclass(frozen=True, slots=True)
class News:
    """An announcement as the streams need it. `keys` is None where they are too many."""

    id: int
    turn: int
    batch: object
    slug: str
    keys: tuple | None


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who holds a stream: as they were when it opened."""

    user_id: int
    session_key: str
    password: str  # hashed; another one ends the stream
    language: str


def visitor(cookies):
    """Who sends this Cookie header; None for someone who is not signed in."""
    key = parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME)
    if not key:
        return None
    session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    user = get_user(SimpleNamespace(session=session))
    if not user.is_authenticated:
        return None
    return Visitor(user.pk, key, user.password, user.language)


def news_since(point, known):
    """(news, point to go on from), oldest first; but for those whose id is `known`."""
    return _read(Q(turn__gte=point), known=known)


def recalled(point, *, for_page):
    """What a stream missed since `point`: (news, point), or None where it is too much.

    A page may have read its rows before its point was taken: `for_page` adds the last minute.
    """
    missed = Q(turn__gte=point)
    if for_page:
        recent = Batch.objects.filter(created_at__gte=timezone.now() - PAGE_AGE)
        keys = Announcement.objects.filter(batch__in=recent).order_by("-pk").values_list("pk")
        missed |= Q(pk__in=[pk for (pk,) in keys[: MOST_RECALLED + 1]])
    news, point = _read(missed, most=MOST_RECALLED + 1)
    return None if len(news) > MOST_RECALLED else (news, point)


def _read(condition, most=None, known=()):
    announcements = (
        Announcement.objects.filter(condition, turn__lt=TurnLimit())
        .annotate(point=ResumePoint())
        .select_related("batch__user")
        .order_by("pk")[:most]
    )
    found = list(announcements)
    rows = [row for row in found if row.pk not in known and told(row.batch.model)]
    keys = keys_of([row.batch for row in rows])
    news = [
        News(row.pk, row.turn, row.batch, told(row.batch.model).desk.slug, keys[row.batch_id])
        for row in rows
    ]
    return news, found[-1].point if found else None


def keys_of(batches):
    """{batch id: keys of its records, or None where they are many}; a statement per desk."""
    found = {batch.pk: () if batch.changed <= MOST_KEYS else None for batch in batches}
    few = [batch for batch in batches if batch.changed <= MOST_KEYS]
    for model in {batch.model for batch in few}:
        log, key = log_model_of(told(model).desk.model)
        mine = [batch.pk for batch in few if batch.model == model]
        for some in in_turns(mine):
            lines = log._base_manager.filter(batch__in=some)
            for batch_id, record in lines.values_list("batch_id", f"{key}_id"):
                found[batch_id] += (record,)
    return found


def standing(visitors):
    """{visitor: slugs of the desks they may see} of those whose session and account still hold."""
    sessions, users = set(), {}
    now = timezone.now()
    for keys in in_turns({each.session_key for each in visitors}):
        alive = Session.objects.filter(session_key__in=keys, expire_date__gt=now)
        sessions.update(alive.values_list("session_key", flat=True))
    desks = all_told()
    may = {
        f"may_{place}": Exists(who_may(about.permission).filter(pk=OuterRef("pk")))
        for place, about in enumerate(desks)
    }
    for keys in in_turns({each.user_id for each in visitors}):
        active = CustomUser.objects.filter(pk__in=keys, is_active=True).annotate(**may)
        for pk, password, *seen in active.values_list("pk", "password", *may):
            slugs = frozenset(
                about.desk.slug for about, sees in zip(desks, seen, strict=True) if sees
            )
            users[pk] = password, slugs
    return {
        each: users[each.user_id][1]
        for each in visitors
        if each.session_key in sessions
        and each.user_id in users
        and users[each.user_id][0] == each.password
    }


def rung(news, users):
    """{announcement id: users whose bell it rings}, of these users."""
    bells = defaultdict(set)
    for some in in_turns(users):
        rows = Notification.objects.filter(announcement__in=[each.id for each in news])
        for announcement, user in rows.filter(user__in=some).values_list("announcement", "user"):
            bells[announcement].add(user)
    return bells


def unread_of(users):
    """{user: how many unread notifications}."""
    counts = {}
    for some in in_turns(users):
        unread = Notification.objects.filter(user__in=some, read_at=None).order_by()
        counts.update(unread.values_list("user").annotate(n=Count("pk")))
    return counts


def in_turns(keys):
    """The keys in lists that a statement can take."""
    keys = iter(sorted(keys))
    while some := list(islice(keys, AT_ONCE)):
        yield some
