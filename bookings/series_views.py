"""The pages about series."""

import uuid
from datetime import date

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import reselect, reswap, retarget

from project.actions import desk as desks
from project.actions import pages
from project.actions.flow import ticket_of
from project.actions.undo import extent
from project.actions.undo import why_not as why_not_undo
from project.actions.views import tell
from project.audit.former import standing
from project.audit.models import Batch
from project.audit.recorder import AlreadyDone, SelectionChanged
from project.audit.retelling import retold_reason
from project.audit.statements import digest_of
from project.audit.timeline import Entry
from project.ui.errors import asks_for_part
from project.ui.formats import Counted

from . import series_schedule, series_services
from .actions import RESCHEDULE, ways_to_edit
from .models import Booking, Series
from .series_forms import NewRuleForm, RepeatForm, seen_in
from .series_queries import (
    acts_on,
    cancelled_from,
    counts_of,
    emptied,
    first_of,
    in_force_by,
    next_of,
    occurrences_of,
    rides_of_all,
    times_of,
)
from .states import OPEN

PAGE = 100
CANCEL = "bookings.cancel_booking"
may_view = permission_required("bookings.view_booking", raise_exception=True)


@require_http_methods(["GET", "POST"])
@may_view
def booking_repeat(request, reference):
    """Make a ride recur: the rule, and the days that it gives, before anything is made."""
    desk = desks.get("bookings")
    action = desk.action("repeat")
    action.allow(request.user)
    booking = get_object_or_404(Booking.objects.with_people(), reference=reference)
    if request.method == "GET":
        rides = Booking.objects.filter(pk=booking.pk)
        if reason := series_services.why_not(rides, series_services.NOT_REPEATABLE):
            messages.warning(request, reason)
            return redirect(booking)
    form, question = asked(request, RepeatForm, booking, repeat_page)
    if question:
        return question
    try:
        outcome = series_services.repeat(
            booking,
            by=request.user,
            rule=form.cleaned_data["rule"],
            excluded=form.cleaned_data["excluded"],
            both=len(form.segments) > 1,
            same_driver=form.cleaned_data.get("same_driver", False),
            tell=form.cleaned_data["tell"],
            seen=seen_in(request.POST.get("seen", "")),
            ticket=ticket_of(request.POST),
        )
    except SelectionChanged:
        form.add_error(None, _("Someone else changed this ride in the meantime: look again."))
        return repeat_page(request, form, 409)
    except ValidationError as error:
        form.add_error(None, error)
        return repeat_page(request, form, 422)
    except AlreadyDone as already:
        return redirect(get_object_or_404(Series, made_in=already.batch))
    tell(request, action, outcome)
    return redirect(Series.objects.get(made_in=outcome.batch))


def asked(request, form_class, booking, page):
    """(the form, None) once its rule is confirmed; before that (the form, the page that asks).

    `page(request, form, status)` shows the form; a script asks for its list of days alone, and gets
    all of the page where it is about other rides by now.
    """
    if request.method == "GET":
        form = form_class.asked_first(booking, request.user)
        form.is_valid()
        return form, page(request, form, 200)
    form = form_class(request.POST, booking=booking, user=request.user)
    valid = form.is_valid()
    if asks_for_part(request) and form.of_others:
        anew = retarget(page(request, form, 200), "#main")
        return form, reswap(reselect(anew, "#main"), "outerHTML")
    if asks_for_part(request):
        return form, render(request, "bookings/_occurrences.html", {"form": form, "part": True})
    if request.POST.get("preview") or not valid:
        return form, page(request, form, 200 if valid else 422)
    return form, None


def repeat_page(request, form, status=200):
    names = " ⇄ ".join(ride.reference for ride in form.segments)
    context = {
        "title": _("Make %(reference)s recurring") % {"reference": names},
        "form": form,
        "booking": form.booking,
        "back_url": form.booking.get_absolute_url(),
        "submit_label": _("Create the rides"),
        "hidden": [
            ("token", uuid.uuid4()),
            ("seen", " ".join(f"{ride.pk}-{ride.version}" for ride in form.segments)),
        ],
    }
    return render(request, "bookings/repeat.html", context, status=status)


@require_http_methods(["GET", "POST"])
@may_view
def booking_reschedule(request, reference):
    """Give a series another rule, from this occurrence on or as a whole."""
    desk = desks.get("bookings")
    action = desk.action("reschedule")
    action.allow(request.user)
    rides = Booking.objects.select_related("series")
    booking = get_object_or_404(rides, reference=reference)
    token = ticket_of(request.POST).token
    if Batch.objects.filter(token=token, token__isnull=False).exists():  # the second of two clicks
        return redirect(booking.series or booking)
    if booking.series is None:
        messages.warning(request, _("This ride is not of a series."))
        return redirect(booking)
    form, question = asked(request, NewRuleForm, booking, reschedule_page)
    if question:
        return question
    if form.dropped and not request.user.has_perm(CANCEL):
        raise PermissionDenied(CANCEL)
    try:
        outcome = series_schedule.reschedule(
            booking,
            by=request.user,
            rule=form.cleaned_data["rule"],
            whole=form.whole,
            excluded=form.cleaned_data["excluded"],
            overwrite=form.cleaned_data["overwrite"],
            same_driver=form.cleaned_data.get("same_driver", False),
            tell=form.cleaned_data["tell"],
            seen=request.POST.get("seen") or "?",
            ticket=ticket_of(request.POST),
        )
    except SelectionChanged:
        form.add_error(None, _("Someone else changed this series in the meantime: look again."))
        return reschedule_page(request, form, 409)
    except ValidationError as error:
        form.add_error(None, error)
        return reschedule_page(request, form, 422)
    tell(request, action, outcome)
    return redirect(in_force_by(outcome.batch))


def reschedule_page(request, form, status=200):
    scope = rides_of_all(form.booking.series)
    context = {
        "title": _("Change the rule"),
        "form": form,
        "booking": form.booking,
        "back_url": form.booking.series.get_absolute_url(),
        "submit_label": _("Change the rule"),
        "hidden": [("token", uuid.uuid4()), ("seen", digest_of(scope)[1])],
    }
    return render(request, "bookings/reschedule.html", context, status=status)


@require_safe
@may_view
def series_detail(request, pk):
    """A series: its rule, and each of its rides."""
    series = get_object_or_404(Series.objects.select_related("follows"), pk=pk)
    desk = desks.get("bookings")
    rides = occurrences_of(series)
    rows = Paginator(rides, PAGE).get_page(request.GET.get("rides"))
    start, first = next_of(series), first_of(series)
    context = {
        "series": series,
        "first": first,
        "times": times_of(series),
        "emptied": None if start else emptied(series),
        "cancelled": cancelled_from(series).count(),
        "record": None,
        "desk": desk,
        "rows": rows,
        "excluded": [date.fromisoformat(day) for day in series.excluded],
        "followed_by": series.followed_by.filter(occurrences__isnull=False).distinct(),
        "counts": counts_of(series),
        "refresh_on": desk.event,
        "watched": {
            "filter": f"series={series.pk}&archived=all",
            "state": digest_of(Booking.objects.filter(series=series))[1],
        },
        "open": OPEN,
        # Asked of all of it; the dialog offers less.
        "pk": start and start.pk,
        "scope": "series",
        "actions": actions_on(series, request.user) if start else [],
        "editing": rule_of(first, request.user) if start else [],
        "entries": life_of(series, request.user),
        "older": False,
    }
    return render(request, "bookings/series.html", context)


def rule_of(ride, user):
    """The way to another rule, by a ride of the series; none where that is of none any more."""
    return [each for each in ways_to_edit(ride, user) if each["action"] is RESCHEDULE]


def actions_on(series, user):
    """What can be done with a series: with one of its rides at least; the commonest first."""
    return [
        each
        for each in pages.available(
            desks.get("bookings"), Booking.objects.filter(series=series), user
        )
        if any(scope.name == "series" for scope in each["action"].scopes)
    ]


def life_of(series, user):
    """What was done to the rides of a series, act by act: an entry each, whatever their number."""
    labels = desks.get("bookings").labels()
    acts = [(batch, rides) for batch, rides in acts_on(series) if batch.action in labels]
    left = standing(Booking, [batch.pk for batch, _rides in acts])
    return [
        Entry(
            when=batch.created_at,
            who=batch.user,
            label=str(labels[batch.action]),
            text=ngettext("%(n)s ride", "%(n)s rides", rides) % {"n": Counted(rides)},
            reason=retold_reason(batch.reason),
            batch=batch.pk,
            extent=extent(batch),
            undo=batch.pk in left and not why_not_undo(batch, user),
            kind=batch.action.rpartition(".")[2],
        )
        for batch, rides in acts
    ]
