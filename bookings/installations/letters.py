"""What a message to a customer says: the visit as a batch left it, and what it changed.

Everything is read from the batch's log and history. Only who the customer is, where to write to and
in which language is asked of the present.
"""

from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone, translation
from django.utils.text import capfirst

from project.audit.timeline import Change, shown
from project.directory.models import Customer
from project.notifications.calendars import CANCEL, REQUEST, calendar_of
from project.notifications.letters import Dated, Letter

from .calendars import appointment
from .links import link_to
from .models import Engineer, InstallationBooking, Order, Service

TOLD = ("start", "engineer", "address")


@dataclass(frozen=True, slots=True)
class Visit(Dated):
    """A booking as a batch left it (a history row), with its order, its engineer and its services;
    and what the batch changed in it."""

    now: object
    order: object
    engineer: Engineer
    services: list
    changes: list

    @property
    def at(self):
        return timezone.localtime(self.now.start)


def write(mail, template, *, method=REQUEST):
    """The Letter of an OutgoingMail from the templates called `template`."""
    row = InstallationBooking.history.get(batch_id=mail.batch_id, order_id=mail.object_id)
    order = Order.history.get(batch_id=mail.batch_id, id=mail.object_id)
    customer = Customer.objects.get(pk=order.customer_id)
    language = mail.language or customer.language
    with translation.override(language), timezone.override(timezone.get_default_timezone()):
        engineer = Engineer.objects.get(pk=row.engineer_id)
        services = list(Service.objects.filter(order=order.id).order_by("pk"))
        visit = Visit(row, order, engineer, services, changes_in(row))
        context = {
            "rides": [visit],
            "first": visit,
            "count": 1,
            "in_full": True,
            "customer": customer,
            "site": settings.SITE_NAME,
            "link": link_to(order.id) if method == REQUEST else "",
        }
        calendar = ""
        if customer.email:
            entries = [appointment(row, order, engineer)]
            calendar = calendar_of(entries, customer, method=method, stamp=mail.batch.created_at)
        return Letter.to(
            customer,
            f"installations/email/{template}",
            context,
            language=language,
            calendar=calendar,
            method=method,
        )


def changes_in(row):
    """What is another than before the batch, as far as it concerns the customer, in words."""
    earlier = InstallationBooking.history.filter(id=row.id, history_id__lt=row.history_id)
    former = earlier.order_by("-history_id").first()
    if former is None or former.status != row.status:
        return []
    changes = []
    for name in TOLD:
        field = InstallationBooking._meta.get_field(name)
        then, now = getattr(former, field.attname), getattr(row, field.attname)
        if then != now:
            names = {}
            if field.is_relation:
                names = {
                    (name, engineer.pk): (engineer.name, "")
                    for engineer in Engineer.objects.filter(pk__in=[then, now])
                }
            changes.append(
                Change(
                    capfirst(field.verbose_name),
                    shown(field, then, names),
                    shown(field, now, names),
                )
            )
    return changes


def letter_of_cancellation(mail, template):
    return write(mail, template, method=CANCEL)


def pages(keys):
    """{key: (number, URL)} of orders."""
    orders = Order.objects.filter(pk__in=keys).only("number")
    return {order.pk: (order.number, order.get_absolute_url()) for order in orders}
