"""The pages about series."""

import uuid
from datetime import date

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from project.actions import desk as desks
from project.actions.flow import ticket_of
from project.actions.views import tell
from project.audit.models import Batch
from project.audit.recorder import AlreadyDone, SelectionChanged, digest_of
from project.audit.refusals import first_refusal
from project.ui.errors import asks_for_part

from . import series_schedule, series_services
from .models import Booking, Series
from .series_forms import NewRuleForm, RepeatForm
from .series_queries import counts_of, occurrences_of

PAGE = 100
CANCEL = "bookings.cancel_booking"
may_view = permission_required("bookings.view_booking", raise_exception=True)


@require_http_methods(["GET", "POST"])
@may_view
def booking_repeat(request, reference):
    """Make a ride recur: the rule, and the days that it gives, before anything is made."""
    desk = desks.get("bookings")
    action = desk.action("repeat")
    if not request.user.has_perm(action.permission):
        raise PermissionDenied(action.permission)
    booking = get_object_or_404(Booking.objects.with_people(), reference=reference)
    if request.method == "GET":
        if reason := why_not(booking):
            messages.warning(request, reason)
            return redirect(booking)
        form = RepeatForm.asked_first(booking)
        form.is_valid()
        return repeat_page(request, form)
    form = RepeatForm(request.POST, booking=booking)
    valid = form.is_valid()
    if asks_for_part(request):
        return render(request, "bookings/_occurrences.html", {"form": form})
    if request.POST.get("preview") or not valid:
        return repeat_page(request, form, 200 if valid else 422)
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


def repeat_page(request, form, status=200):
    context = {
        "title": _("Make %(reference)s recurring") % {"reference": form.booking.reference},
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
    if not request.user.has_perm(action.permission):
        raise PermissionDenied(action.permission)
    rides = Booking.objects.select_related("series")
    booking = get_object_or_404(rides, reference=reference)
    token = ticket_of(request.POST).token
    if Batch.objects.filter(token=token, token__isnull=False).exists():  # the second of two clicks
        return redirect(booking.series or booking)
    if booking.series is None:
        messages.warning(request, _("This ride is not of a series."))
        return redirect(booking)
    if request.method == "GET":
        form = NewRuleForm.asked_first(booking)
        form.is_valid()
        return reschedule_page(request, form)
    form = NewRuleForm(request.POST, booking=booking)
    valid = form.is_valid()
    if asks_for_part(request):
        return render(request, "bookings/_occurrences.html", {"form": form})
    if request.POST.get("preview") or not valid:
        return reschedule_page(request, form, 200 if valid else 422)
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
            same_driver=form.cleaned_data["same_driver"],
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
    booking.refresh_from_db()
    return redirect(booking.series)


def reschedule_page(request, form, status=200):
    scope = Booking.objects.filter(series=form.booking.series_id)
    context = {
        "title": _("Change the rule"),
        "form": form,
        "booking": form.booking,
        "back_url": form.booking.series.get_absolute_url(),
        "submit_label": _("Change the rule"),
        "hidden": [("token", uuid.uuid4()), ("seen", digest_of(scope)[1])],
    }
    return render(request, "bookings/reschedule.html", context, status=status)


def seen_in(text):
    """{key: version} as the page had them; what is neither is a version that no ride has."""
    pairs = [pair.partition("-") for pair in text.split()]
    return {
        int(key): int(version)
        for key, _dash, version in pairs
        if key.isdecimal() and version.isdecimal() and len(key + version) < 30
    }


def why_not(booking):
    """Why this ride can't recur, in words; '' if it can."""
    refusals = series_services.NOT_REPEATABLE
    rides = Booking.objects.filter(pk=booking.pk).annotate(refusal=first_refusal(refusals))
    code = rides.values_list("refusal", flat=True).get()
    for refusal in refusals:
        if refusal.code == code:
            return _("This ride cannot recur: %(reason)s.") % {"reason": refusal.message}
    return ""


@require_safe
@may_view
def series_detail(request, pk):
    """A series: its rule, and each of its rides."""
    series = get_object_or_404(Series.objects.select_related("origin", "follows"), pk=pk)
    rides = occurrences_of(series)
    rows = Paginator(rides, PAGE).get_page(request.GET.get("rides"))
    context = {
        "series": series,
        "rows": rows,
        "excluded": [date.fromisoformat(day) for day in series.excluded],
        "followed_by": series.followed_by.all(),
        "counts": counts_of(series),
        "refresh_on": desks.get("bookings").event,
    }
    return render(request, "bookings/series.html", context)
