"""The pages about bookings."""

from functools import partial

from django.contrib.auth.decorators import permission_required
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from project import money
from project.actions import desk as desks
from project.actions import pages
from project.ui.lists import render_list

from . import notifications, services
from .actions import CHANGE, ways_to_edit, ways_to_edit_trip
from .forms import BookingForm
from .models import Booking
from .queries import known_addresses
from .series_queries import place_of
from .states import BILLABLE, OPEN
from .tables import BookingTable

may_view = permission_required("bookings.view_booking", raise_exception=True)


@require_safe
@may_view
def booking_list(request):
    may_add = request.user.has_perm("bookings.add_booking")
    new_url = reverse("bookings:create") if may_add else None
    return render_list(request, desks.get("bookings"), BookingTable, new_url=new_url)


@require_safe
@may_view
def booking_detail(request, reference):
    """All of one booking, what can be done with it, and its life."""
    booking = get_object_or_404(Booking.objects.with_people(), reference=reference)
    other = None
    if booking.round_trip_id:
        other = booking.round_trip.segments.exclude(pk=booking.pk).first()
    context = {
        "booking": booking,
        "other_segment": other,
        "editing": ways_to_edit(booking, request.user),
    }
    if booking.series_id:
        context["occurrence"] = place_of(booking)
    return pages.show(
        request,
        desks.get("bookings"),
        booking,
        "bookings/detail.html",
        context,
        remarks=partial(notifications.remarks, [booking], request.user),
    )


@require_safe
@may_view
def round_trip_detail(request, pk):
    """Both segments of a round trip side by side, their life as one, and one form for both."""
    segments = list(Booking.objects.with_people().filter(round_trip=pk).order_by("leg"))
    if not segments:
        return untied(request, pk)
    form = None
    if request.user.has_perm(CHANGE.permission) and not all(each.archived_at for each in segments):
        selection = Booking.objects.filter(round_trip=pk)
        form = CHANGE.form(selection=selection, user=request.user, auto_id="trip_%s")
    desk = desks.get("bookings")
    context = {
        "segments": segments,
        "totals": totals_of(segments),
        "open": OPEN,
        "missed": BILLABLE,
        "form": form,
        "change_url": desk.action_url(CHANGE),
        "editing": ways_to_edit_trip(segments, request.user),
    }
    remarks = partial(notifications.remarks, segments, request.user)
    return pages.show_all(
        request, desk, segments, "bookings/round_trip.html", context, remarks=remarks
    )


def untied(request, pk):
    """What is left of a round trip that was untied: where its rides are, and their life."""
    once = Booking.history.filter(round_trip=pk).order_by().values("id")
    rides = list(Booking.objects.with_people().filter(pk__in=once).order_by("pickup_at", "pk"))
    if not rides:
        raise Http404
    return pages.show_all(
        request,
        desks.get("bookings"),
        rides,
        "bookings/untied.html",
        {"rides": rides, "actions": []},
        remarks=partial(notifications.remarks, rides, request.user),
    )


def totals_of(segments):
    """{field: [(sum, currency)]} of the segments' amounts; a currency each where they differ.

    A ride that did not take place is not paid: it costs its fee, if it is billable. `due` is what
    the customer pays in all.
    """
    totals = {}
    for name in ("price", "payout", "settled_amount", "fee", "due"):
        sums = money.sums_of((counted(segment, name), segment.currency) for segment in segments)
        totals[name] = [(total, currency) for currency, total in sums.items()]
    return totals


def counted(segment, name):
    """What a segment adds to the total of an amount; None for nothing."""
    missed = segment.status in BILLABLE
    if name == "due":
        return segment.fee if missed else segment.price
    if missed and name in ("price", "payout"):
        return None
    return getattr(segment, name)


@require_http_methods(["GET", "POST"])
@may_view
def booking_create(request):
    return pages.create(
        request,
        desks.get("bookings"),
        BookingForm,
        service=_make,
        title=_("New booking"),
        initial={"customer": request.GET.get("customer")},
    )


@require_http_methods(["GET", "POST"])
@may_view
def booking_edit(request, reference):
    booking = get_object_or_404(Booking, reference=reference)
    return pages.edit(
        request,
        desks.get("bookings"),
        booking,
        BookingForm,
        service=_save,
        title=_("Edit %(reference)s") % {"reference": reference},
        user=request.user,
    )


def _make(form, *, by, token):
    return services.create(form.instance, by=by, tell=form.cleaned_data["tell"], token=token)


def _save(form, *, by):
    asked = form.cleaned_data
    return services.edit(
        form.instance, by=by, override=asked["override_reason"], tell=asked["tell"]
    )


@require_safe
@may_view
def addresses(request):
    """Addresses typed before that hold what is being typed: options for the address fields."""
    context = {
        "options": known_addresses(request.GET.get("q", "")),
    }
    return render(request, "ui/widgets/_suggestions.html", context)
