"""An engineer's day, on a phone: where to go, begin, and what shows that the work was done.

The office sees every day. An engineer who signs in sees their own, with the permission for it, and
begins and completes what is theirs.
"""

import uuid
from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from project.actions.views import tell
from project.audit.recorder import AlreadyDone, Ticket

from .actions import COMPLETE, START
from .days import (
    OWN,
    SEES_ALL,
    SLUG,
    check_may,
    day_asked,
    is_theirs,
    next_visit,
    visits_of,
)
from .models import Engineer, Evidence, Order
from .states import Status
from .work_forms import WorkForm

DIRECTIONS = "https://www.google.com/maps/dir/?"


# ---------------------------------------------------------------------------------------- the day
@require_safe
def my_day(request):
    """The way to one's own day; for the office, to the engineers."""
    engineer = Engineer.objects.filter(user=request.user).first()
    if engineer is not None and (request.user.has_perm(OWN) or _sees_all(request.user)):
        return redirect("installations:day", engineer.pk)
    if not request.user.has_perm("installations.view_engineer"):
        raise PermissionDenied(OWN)
    return redirect("installations:engineers")


def _sees_all(user):
    return user.has_perm(SEES_ALL)


@require_safe
@never_cache
def day(request, pk):
    """The stops of an engineer on a day, in their order."""
    engineer = get_object_or_404(Engineer, pk=pk)
    check_may(request.user, engineer, SEES_ALL)
    today = timezone.localdate()
    shown = day_asked(request.GET.get("day", ""), today)
    visits = (
        visits_of(engineer, shown)
        .select_related("order__customer")
        .prefetch_related("order__services", "order__lines__article")
        .order_by("start", "pk")
    )
    stops = [stop_of(visit) for visit in visits]
    theirs = is_theirs(request.user, engineer)
    context = {
        "engineer": engineer,
        "watched": SLUG,
        "page": urlencode({"engineer": engineer.pk, "day": shown}),
        "day": shown,
        "today": today,
        "before": shown - timedelta(days=1),
        "after": shown + timedelta(days=1),
        "stops": stops,
        "next": None if stops else next_visit(engineer, shown),
        "leave": engineer.leave.in_force().touching(shown, shown).first(),
        "sees_orders": _sees_all(request.user),
        "may_start": theirs or request.user.has_perm(START.permission),
        "may_complete": theirs or request.user.has_perm(COMPLETE.permission),
        "token": uuid.uuid4(),
        "refresh_on": "orders-changed",
    }
    return render(request, "installations/day.html", context)


def stop_of(visit):
    order = visit.order
    return {
        "visit": visit,
        "order": order,
        "services": order.services.all(),
        "lines": order.lines.all(),
        "who": order.contact_name or order.customer.name,
        "phone": order.contact_phone or order.customer.phone,
        "directions": directions_to(visit.address),
    }


def directions_to(address):
    """The way there, in whatever a phone opens maps with."""
    return DIRECTIONS + urlencode({"api": 1, "destination": address})


# --------------------------------------------------------------------------------------- the work
def found(request, number, permission):
    """(order, its booking) for who may work on it; 404 where it has no appointment."""
    order = get_object_or_404(
        Order.objects.select_related("customer", "booking__engineer"),
        number=number,
        booking__isnull=False,
    )
    check_may(request.user, order.booking.engineer, permission)
    return order, order.booking


def back_to_day(booking):
    on = timezone.localdate(booking.start)
    return f"{reverse('installations:day', args=[booking.engineer_id])}?day={on:%Y-%m-%d}"


def do(request, action, order, *, form=None, **answers):
    """Do what the user was already found to be allowed, once however often it is sent.

    Returns why it was refused, [] for done. A refusal is for the `form` to say, if there is one.
    """
    try:
        token = uuid.UUID(request.POST.get("token", ""))
    except ValueError:
        token = uuid.uuid4()
    selection = Order.objects.filter(pk=order.pk)
    try:
        outcome = action.service(selection, by=request.user, ticket=Ticket(token=token), **answers)
    except AlreadyDone as again:
        return [refusal.message for refusal in again.batch.refusals.all()]
    if outcome.changed or not form:
        tell(request, action, outcome)
    return [refused.message for refused in outcome.refused]


@require_POST
def start(request, number):
    order, booking = found(request, number, START.permission)
    do(request, START, order)
    return redirect(back_to_day(booking))


@require_http_methods(["GET", "POST"])
@never_cache
def complete(request, number):
    """What was fitted, a photo and the customer's signature: then it is done."""
    order, booking = found(request, number, COMPLETE.permission)
    if order.status != Status.IN_PROGRESS:
        if request.method == "POST":
            text = _("%(order)s: nothing was saved, it is not in progress (%(status)s).")
            messages.error(request, text % {"order": order, "status": order.get_status_display()})
        return redirect(back_to_day(booking))
    selection = Order.objects.filter(pk=order.pk)
    token = request.POST.get("token") or uuid.uuid4()
    form = WorkForm(
        request.POST or None, request.FILES or None, selection=selection, user=request.user
    )
    if request.method == "POST" and form.is_valid():
        try:
            refused = do(request, COMPLETE, order, form=form, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            if not refused:
                return redirect(back_to_day(booking))
            form.add_refusals(refused)
            token = uuid.uuid4()  # the one that came with it was used up by the refusal
    context = {
        "order": order,
        "booking": booking,
        "form": form,
        "token": token,
        "back_url": back_to_day(booking),
    }
    if form.errors:
        form.ask_for_files_again()
    status = 422 if form.errors else 200
    return render(request, "installations/complete.html", context, status=status)


@require_safe
@never_cache
def evidence(request, number, pk):
    """A photo or a signature, for who may see the order; nothing in it is ever run."""
    booking = found(request, number, SEES_ALL)[1]
    picture = get_object_or_404(Evidence, pk=pk, booking=booking, voided_in=None)
    response = HttpResponse(bytes(picture.content), content_type=picture.media_type)
    response["Content-Disposition"] = f'inline; filename="{number}-{picture.kind}.jpg"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
