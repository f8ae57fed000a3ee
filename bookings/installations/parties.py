"""What installations tell the directory and the inventory: who can't be deactivated, and which
articles are kept for orders."""

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from inventory import reservations
from project.audit.refusals import Refusal
from project.directory import ties
from project.directory.models import Customer

from . import queries, staff
from .models import Engineer, Order


def register():
    waiting = Order.objects.open().filter(customer=OuterRef("pk"))
    ties.register_refusal(
        Customer, Refusal("installations", Exists(waiting), _("with open installation orders"))
    )
    ties.register_link(Customer, link_to_orders)
    ties.register_refusal(
        Engineer, Refusal("appointments", staff.appointments(), _("with appointments to come"))
    )
    reservations.register("installations", queries.reserved)


def link_to_orders(customer, user):
    if not user.has_perm("installations.view_order"):
        return None
    return _("Installations"), f"{reverse('installations:orders')}?customer={customer.pk}"
