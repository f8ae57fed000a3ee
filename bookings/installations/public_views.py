"""The customer's page of their appointment: by a signed link, without an account.

Whoever has the link sees when, where and what, and nothing of prices or of other orders. A wrong
link and an old one are answered alike.
"""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from project.notifications.calendars import CANCEL, REQUEST, calendar_of
from project.ui import formats

from .calendars import appointment
from .links import order_of_token
from .models import Order
from .states import PLANNED, Status


def visit_of(token):
    """(order, its booking) that a link is about; None where the link is not good."""
    key = order_of_token(token)
    order = key and Order.objects.with_people().filter(pk=key).first()
    booking = order and getattr(order, "booking", None)
    return (order, booking) if booking else None


def hidden(response):
    """Nobody keeps the page, or tells its address on."""
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response


def gone(request):
    return hidden(render(request, "installations/no_confirmation.html", status=404))


@login_not_required
@require_safe
@never_cache
def confirmation(request, token):
    """When we come, where, and what for, in the customer's language; the calendar entry."""
    found = visit_of(token)
    if found is None:
        return gone(request)
    order, booking = found
    start, end = (timezone.localtime(at) for at in (booking.start, booking.ends_at))
    with translation.override(order.customer.language):
        context = {
            "order": order,
            "booking": booking,
            "stands": order.status in PLANNED,
            "done": order.status == Status.COMPLETED,
            "day": formats.day(start.date(), 0),
            "start": start,
            "end": end,
            "zone": formats.clock_of(start),
            "services": order.services.order_by("pk"),
            "calendar_url": reverse("installations:calendar", args=[token]),
            "company": settings.COMPANY_NAME,
        }
        return hidden(render(request, "installations/confirmation.html", context))


@login_not_required
@require_safe
@never_cache
def calendar(request, token):
    """The appointment as a calendar entry; of one that is off, its cancellation."""
    found = visit_of(token)
    if found is None:
        return gone(request)
    order, booking = found
    method = REQUEST if order.status in PLANNED else CANCEL
    with translation.override(order.customer.language):
        entry = appointment(booking, order, booking.engineer)
        text = calendar_of([entry], order.customer, method, stamp=timezone.now())
    response = HttpResponse(text, content_type=f"text/calendar; charset=utf-8; method={method}")
    response["Content-Disposition"] = f'attachment; filename="{order.number}.ics"'
    return hidden(response)
