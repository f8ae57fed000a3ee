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
from django.db.models import OuterRef, Q
from django.http import parse_cookie
from django.utils import timezone

from project.audit.models import Batch
from project.audit.recorder import log_model_of
from project.notifications.models import Announcement, Notification
from project.utilisateurs.backends import MOST_SHOWN, CountUpTo, granted
from project.utilisateurs.models import CustomUser

from .kinds import Page, openings, told
from .turns import PresentPoint, Since, TurnLimit

MOST_KEYS = 200  # of a batch that touched more, a page is not told which
MOST_RECALLED = 200  # announcements; who missed more is told just that
PAGE_AGE = timedelta(minutes=1)
AT_ONCE = 500  # parameters of one statement


@dataclass(frozen=True, slots=True)
class News:
    """An announcement as the streams need it: of one kind of record that its batch changed.

    `keys` is None where they are too many. One that was `heard` rings no bell: a page is told of it
    because it may have read too early, or because such records only went along.
    """

    id: int
    heard: bool
    batch: object
    slug: str
    keys: tuple | None
    page: Page | None


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


def news_since(point):
    """(news, point to go on from or None where there is none), oldest first."""
    return _read(point, Q(Since(point)))


def recalled(point, *, for_page):
    """What a stream missed since `point`: (news, point), or None where it is too much.

    A page may have read its rows before its point was taken: `for_page` adds the last minute.
    """
    missed = Q(Since(point))
    if for_page:
        recent = Batch.objects.filter(created_at__gte=timezone.now() - PAGE_AGE)
        keys = Announcement.objects.filter(batch__in=recent).order_by("-pk").values_list("pk")
        missed |= Q(pk__in=[pk for (pk,) in keys[: MOST_RECALLED + 1]])
    news, point = _read(point, missed, most=MOST_RECALLED + 1)
    return None if len(news) > MOST_RECALLED else (news, point)


def _read(point, condition, most=None):
    announcements = (
        Announcement.objects.filter(condition, turn__lt=TurnLimit())
        .annotate(new=Since(point), point=PresentPoint())
        .select_related("batch__user")
        .order_by("pk")[:most]
    )
    found = list(announcements)
    parts = [(row, model) for row in found for model in kinds_in(row.batch) if told(model)]
    keys = keys_of([(row.batch, model) for row, model in parts])
    news = [
        News(
            row.pk,
            not row.new or model != row.batch.model,
            row.batch,
            told(model).desk.slug,
            keys[row.batch_id, model],
            told(model).page,
        )
        for row, model in parts
    ]
    return news, found[-1].point if found else None


def kinds_in(batch):
    """{model: how many of its records a batch changed}: its own first, then what went along."""
    return {batch.model: batch.changed, **batch.also}


def keys_of(parts):
    """{(batch id, model): keys of its records of that kind, or None where they are many} of these
    (batch, model); a statement per desk."""
    few = [part for part in parts if kinds_in(part[0])[part[1]] <= MOST_KEYS]
    found = {(batch.pk, model): None for batch, model in parts}
    found |= {(batch.pk, model): () for batch, model in few}
    for model in {model for _batch, model in few}:
        log, key = log_model_of(told(model).desk.model)
        mine = [batch.pk for batch, kind in few if kind == model]
        for some in in_turns(mine):
            lines = log._base_manager.filter(batch__in=some)
            for batch_id, record in lines.values_list("batch_id", f"{key}_id"):
                found[batch_id, model] += (record,)
    return found


def standing(visitors):
    """{visitor: slugs of the desks and pages that they may hear of} of those whose session and
    account still hold."""
    sessions, users = set(), {}
    now = timezone.now()
    for keys in in_turns({each.session_key for each in visitors}):
        alive = Session.objects.filter(session_key__in=keys, expire_date__gt=now)
        sessions.update(alive.values_list("session_key", flat=True))
    doors = openings()
    codenames = {each.partition(".")[2] for permissions in doors.values() for each in permissions}
    for keys in in_turns({each.user_id for each in visitors}):
        active = CustomUser.objects.filter(pk__in=keys, is_active=True)
        for pk, password, every, names in active.values_list(
            "pk", "password", "is_superuser", granted(codename__in=codenames)
        ):
            may = set((names or "").split())
            seen = (slug for slug, permissions in doors.items() if every or permissions & may)
            users[pk] = password, frozenset(seen)
    return {
        each: users[each.user_id][1]
        for each in visitors
        if each.session_key in sessions
        and each.user_id in users
        and users[each.user_id][0] == each.password
    }


def concerned(news, users):
    """{batch's key: those of these users whom it concerns}, as the pages of its records say."""
    found = defaultdict(set)
    pages = {each.slug: each.page for each in news if each.page}
    for slug, page in pages.items():
        batches = [each.batch.pk for each in news if each.slug == slug]
        for some in in_turns(users):
            for batch, theirs in page.concerned(batches, some).items():
                found[batch] |= theirs
    return found


def rung(news, users):
    """{announcement id: users whose bell it rings}, of these users."""
    bells = defaultdict(set)
    for some in in_turns(users):
        rows = Notification.objects.filter(announcement__in=[each.id for each in news])
        for announcement, user in rows.filter(user__in=some).values_list("announcement", "user"):
            bells[announcement].add(user)
    return bells


def unread_of(users):
    """{user: how many unread notifications}, as far as their bell counts."""
    counts = {}
    for some in in_turns(users):
        counts.update(CustomUser.objects.filter(pk__in=some).values_list("pk", count_of_unread()))
    return counts


def count_of_unread():
    """What the bell of each user of a queryset shows; an expression."""
    theirs = Notification.objects.filter(user=OuterRef("pk"), read_at=None)
    return CountUpTo(theirs, MOST_SHOWN)


def in_turns(keys):
    """The keys in lists that a statement can take."""
    keys = iter(sorted(keys))
    while some := list(islice(keys, AT_ONCE)):
        yield some
