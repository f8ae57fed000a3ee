"""The pages of the office: orders, what waits to be scheduled, engineers."""

from functools import partial

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from inventory.models import Boutique
from inventory.stock_forms import ShopForm
from project import money
from project.actions import desk as desks
from project.actions import pages
from project.ui.lists import render_list

from . import inbox as waiting_orders
from . import links, notifications, queries, services
from .filters import InboxFilter
from .models import Engineer, InstallationBooking, Order
from .order_forms import EngineerForm, OrderForm, PlaceForm
from .states import OPEN, Status
from .tables import EngineerTable, OrderTable

INBOX_PAGE = 25
MOST_UPCOMING = 10


def may(permission):
    return permission_required(f"installations.{permission}", raise_exception=True)


def list_of(request, slug, table, create):
    desk = desks.get(slug)
    may_create = request.user.has_perm(desk.action("create").permission)
    return render_list(request, desk, table, new_url=reverse(create) if may_create else None)


# ----------------------------------------------------------------------------------------- orders
@require_safe
@may("view_order")
def order_list(request):
    return list_of(request, "orders", OrderTable, "installations:order-create")


@require_safe
@may("view_order")
def order_detail(request, number):
    """An order: what was ordered, what is done for it, when and by whom, and its life."""
    order = get_object_or_404(Order.objects.with_people(), number=number)
    booking = getattr(order, "booking", None)
    shown = booking if order.status != Status.PENDING else None
    context = {
        "order": order,
        "lines": order.lines.select_related("article"),
        "services": order.services.select_related("engineer").order_by("pk"),
        "booking": shown,
        "fittings": queries.fittings_of(order),
        "evidence": queries.evidence_of(order),
        "confirmation_url": links.path_to(order.pk) if shown else "",
        "may_edit": request.user.has_perm("installations.change_order") and order.status in OPEN,
    }
    return pages.show(
        request,
        desks.get("orders"),
        order,
        "installations/order.html",
        context,
        remarks=lambda batches: notifications.remarks([order], request.user, batches),
    )


@require_http_methods(["GET", "POST"])
@may("view_order")
def order_create(request):
    """Place an order for articles of one shop, which is chosen first where there are several."""
    if not request.user.has_perm("installations.add_order"):
        raise PermissionDenied("installations.add_order")
    form = ShopForm(request.GET or None)
    form.fields["boutique"].queryset &= shops_of_orders()
    shop = form.cleaned_data["boutique"] if form.is_valid() else only_shop()
    if shop is None:
        context = {
            "shop_form": form,
            "title": _("New order"),
            "back_url": reverse("installations:orders"),
        }
        return render(request, "installations/place.html", context)
    return pages.create(
        request,
        desks.get("orders"),
        partial(PlaceForm, shop=shop),
        service=_place,
        title=_("New order"),
        initial={"customer": request.GET.get("customer")},
        template="installations/place.html",
    )


def shops_of_orders():
    """The shops whose currency an order may be in."""
    return Boutique.objects.active().filter(currency__in=money.DECIMALS)


def only_shop():
    shops = list(shops_of_orders()[:2])
    return shops[0] if len(shops) == 1 else None


def _place(form, *, by, token):
    return services.place(
        form.instance, lines=form.order_lines, tasks=form.tasks, by=by, token=token
    )


@require_http_methods(["GET", "POST"])
@may("view_order")
def order_edit(request, number):
    order = get_object_or_404(Order.objects.select_related("customer"), number=number)
    return pages.edit(
        request,
        desks.get("orders"),
        order,
        OrderForm,
        service=lambda form, *, by: services.edit(form.instance, by=by),
        title=_("Edit %(reference)s") % {"reference": order},
    )


@require_safe
@may("view_order")
@may("schedule_order")
def inbox(request):
    """What waits to be scheduled, the longest first, each with the slots that are free for it."""
    desk = desks.get("orders")
    asked = InboxFilter(request.GET, user=request.user)
    orders = asked.qs if asked.is_valid() else Order.objects.none()
    orders = orders.to_schedule().select_related("customer").order_by("created_at", "pk")
    page = Paginator(orders, INBOX_PAGE).get_page(request.GET.get("rows"))
    context = {
        "desk": desk,
        "asked": asked,
        "page": page,
        "waiting": waiting_orders.waiting(list(page.object_list)),
        "query": asked.query,
        "schedule_url": desk.action_url(desk.action("schedule")),
        "refresh_on": desk.event,
    }
    return render(request, "installations/inbox.html", context)


# -------------------------------------------------------------------------------------- engineers
@require_safe
@may("view_engineer")
def engineer_list(request):
    return list_of(request, "engineers", EngineerTable, "installations:engineer-create")


@require_safe
@may("view_engineer")
def engineer_detail(request, pk):
    """An engineer: what they can do, when they work and when they are away, where they go next."""
    engineer = get_object_or_404(Engineer.objects.select_related("user"), pk=pk)
    today = timezone.localdate()
    visits = ()
    if request.user.has_perm("installations.view_order"):
        visits = InstallationBooking.objects.appointed().filter(engineer=engineer)
        visits = visits.select_related("order__customer").order_by("start")[:MOST_UPCOMING]
    context = {
        "engineer": engineer,
        "week": [
            (WEEKDAYS[day], ["–".join(span) for span in spans])
            for day, spans in enumerate(engineer.working_hours)
        ],
        "leave": engineer.leave.in_force().filter(last_day__gte=today),
        "visits": visits,
        "may_edit": request.user.has_perm("installations.change_engineer"),
        "refresh_on": "orders-changed from:body, engineers-changed",
    }
    return pages.show(
        request, desks.get("engineers"), engineer, "installations/engineer.html", context
    )


@require_http_methods(["GET", "POST"])
@may("view_engineer")
def engineer_create(request):
    return pages.create(
        request,
        desks.get("engineers"),
        EngineerForm,
        title=_("New engineer"),
    )


@require_http_methods(["GET", "POST"])
@may("view_engineer")
def engineer_edit(request, pk):
    engineer = get_object_or_404(Engineer, pk=pk)
    return pages.edit(
        request,
        desks.get("engineers"),
        engineer,
        EngineerForm,
        title=_("Edit %(name)s") % {"name": engineer},
    )
