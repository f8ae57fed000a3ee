"""The pages of the bell, and what an open page asks after it heard of a change."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.core.paginator import Paginator
from django.db.models import F, Q
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from project.audit.recorder import log_model_of
from project.audit.statements import digest_of
from project.ui.lists import keys_on

from . import bell, words
from .kinds import MUTED, kinds_of, told_by_desk, told_to_page

PAGE = 50
LATEST = 8
MOST_SHOWN = 500  # records of one page
MOST_TOUCHED = 2000
MANY = "*"


@require_safe
def notification_list(request):
    """All that rang this user's bell, newest first."""
    rows = rows_of(request.user)
    newest = rows.values_list("pk", flat=True).first()  # of all pages, whichever this is
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    page.object_list = told_in_words(page.object_list)
    context = {
        "page": page,
        "newest": newest or 0,
        "unread": bell.unread(request.user).count(),
    }
    return render(request, "notifications/list.html", context)


@require_safe
def latest(request):
    """What opens under the bell."""
    return render(request, "notifications/_latest.html", latest_of(request.user))


@require_safe
def open_one(request, announcement):
    """Lead to what a notification tells of; it has then been read."""
    notification = get_object_or_404(rows_of(request.user), announcement=announcement)
    read(bell.unread(request.user).filter(pk=notification.pk))
    batch = notification.announcement.batch
    return redirect(words.url_of(batch, words.records_of([batch]).get(batch.pk)))


@require_POST
def mark_read(request):
    """Mark one notification as read, or all up to the newest that the user saw."""
    unread = bell.unread(request.user)
    one, newest = request.POST.get("one", ""), request.POST.get("newest", "")
    if some := numbers(one)[:1]:
        unread = unread.filter(announcement__in=some)
    elif some := numbers(newest)[:1]:
        unread = unread.filter(pk__lte=some[0])
    else:
        raise Http404
    read(unread)
    if request.htmx:
        return render(request, "notifications/_latest.html", latest_of(request.user))
    return redirect("notifications")


@require_POST
def set_kinds(request):
    """Keep which kinds ring the bell of this user; what they may not see stays as it was."""
    user, wanted = request.user, set(request.POST.getlist("kind"))
    offered = {kind.name for kind in kinds_of(user)}
    muted = (set(user.preferences.get(MUTED, ())) - offered) | (offered - wanted)
    user.preferences[MUTED] = dict.fromkeys(sorted(muted), True)
    user.save(update_fields=["preferences"])
    messages.success(request, _("Your notifications are saved."))
    return redirect("profile")


@require_POST
def changes(request):
    """What differs between the records that a page shows and those there are: in words, or 204.

    The page sends what it shows (`shown`, as key:version), and if it is a list its query string
    (`page`) and the keys that it heard of and does not show (`touched`, MANY if it wasn't told). A
    page about all that match a filter (`page`), shown or not, sends their digest (`state`).
    """
    slug = request.POST.get("desk", "")
    if about := told_to_page(slug):
        return changes_of_page(request, about)
    try:
        about = told_by_desk(slug)
    except KeyError:
        raise Http404 from None
    desk = about.desk
    if not about.is_open_to(request.user):
        raise PermissionDenied(about.permission)
    shown = dict(pairs(request.POST.get("shown", "")))
    if "state" in request.POST:
        return changes_of_all(request, desk, shown)
    present = desk.model.objects.filter(pk__in=shown).values_list("pk", "version")
    changed = {pk for pk, version in present if version != shown[pk]}
    touched, fresh = request.POST.get("touched", ""), set()
    if touched and "page" in request.POST:
        fresh = keys_on(request.POST["page"], desk, request.user) - shown.keys()
        if touched != MANY:
            fresh &= set(numbers(touched)[:MOST_TOUCHED])
    if not (changed or fresh):
        return HttpResponse(status=204)
    context = {"what": "rows", "changed": len(changed), "fresh": len(fresh), "event": desk.event}
    if changed and (what := request.POST.get("what")) in ("record", "form"):
        context |= {"what": what} | latest_change(desk, changed, request.user)
    return render(request, "notifications/_changed.html", context)


def changes_of_all(request, desk, shown):
    """The same for a page about all that match a filter: whether they are as they were."""
    matching = desk.matching(request.POST.get("page", ""), request.user)
    if not matching.is_valid():
        raise Http404
    matching = matching.qs.order_by()
    if digest_of(matching)[1] == request.POST["state"]:
        return HttpResponse(status=204)
    # Those that were shown may match no more.
    keys = desk.model.objects.filter(Q(pk__in=matching.values("pk")) | Q(pk__in=shown)).order_by()
    try:
        latest = latest_change(desk, keys.values("pk"), request.user)
    except ObjectDoesNotExist:  # nothing that was told
        return HttpResponse(status=204)
    context = {"what": "record", "event": desk.event} | latest
    return render(request, "notifications/_changed.html", context)


def changes_of_page(request, about):
    """The same for a page that is told on its own account: whether it would show the same now."""
    page = about.page
    shows = page.shows(request.user, QueryDict(request.POST.get("page", "")))
    if dict(shows.values_list("pk", "version")) == dict(pairs(request.POST.get("shown", ""))):
        return HttpResponse(status=204)
    context = {"what": "page", "text": page.changed, "event": about.desk.event}
    return render(request, "notifications/_changed.html", context)


@login_not_required
@require_safe
def no_stream(request):
    """Where an ASGI server holds the stream, a WSGI server says that there is none: 204."""
    return HttpResponse(status=204)


# -------------------------------------------------------------------------------------- the rows
def rows_of(user):
    return bell.mine(user).select_related("announcement__batch__user")


def latest_of(user):
    rows = list(rows_of(user)[: LATEST + 1])
    return {
        "rows": told_in_words(rows[:LATEST]),
        "more": len(rows) > LATEST,
        "unread": bell.unread(user).count(),
    }


def told_in_words(notifications):
    """The notifications as the templates show them; a statement for each kind of record."""
    batches = [each.announcement.batch for each in notifications]
    records = words.records_of(batches)
    return [
        {
            "pk": each.pk,
            "id": each.announcement_id,
            "who": batch.user,
            "what": words.what(batch),
            "name": str(records.get(batch.pk, "")),
            "reason": batch.reason,
            "when": batch.created_at,
            "unread": each.read_at is None,
        }
        for each, batch in zip(notifications, batches, strict=True)
    ]


def read(notifications):
    notifications.update(read_at=timezone.now())


def latest_change(desk, keys, user):
    """The last change of these records: who did what (`mine`, if that is `user`), why and when, and
    the page that shows it."""
    log, key = log_model_of(desk.model)
    # Of what was announced: a text recap is told in the log as well, and changed nothing.
    lines = log._base_manager.filter(**{f"{key}__in": keys}, batch__announcement__isnull=False)
    lines = lines.annotate(name=F(f"{key}__{desk.label}")).select_related("batch__user")
    line = lines.latest("pk")
    return {
        "latest": {
            "who": line.batch.user,
            "mine": line.batch.user_id == user.pk,
            "what": words.what(line.batch),
            "reason": line.batch.reason,
            "when": line.timestamp,
        },
        "url": desk.record_url(getattr(line, f"{key}_id"), line.name),
    }


# ------------------------------------------------------------------------ what a page sends along
def numbers(text):
    return [int(each) for each in text.split(",") if each.isdecimal() and len(each) < 19]


def pairs(text):
    """(key, version) of each "key:version"."""
    for each in text.split(",")[:MOST_SHOWN]:
        key, _colon, version = each.partition(":")
        if key.isdecimal() and version.isdecimal() and len(key) < 19 and len(version) < 10:
            yield int(key), int(version)
