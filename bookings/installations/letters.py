"""What a message to a customer says: the visit as a batch left it, and what it changed.

Everything is read from the batch's log and history. Only who the customer is, where to write to and
in which language is asked of the present.
"""

from dataclasses import dataclass

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.text import capfirst

from bookings.letters import one_line
from project.audit.timeline import Change, shown
from project.directory.models import Customer
from project.notifications.letters import Letter
from project.ui import formats

from .calendars import CANCEL, REQUEST, calendar_of
from .links import link_to
from .models import Engineer, InstallationBooking, Order, Service

TOLD = ("start", "engineer", "address")


@dataclass(frozen=True, slots=True)
class Visit:
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

    @property
    def day(self):
        return formats.day(self.at.date(), 0)  # with its year, whichever that is

    @property
    def short_day(self):
        return formats.short_day(self.at.date(), 0)

    @property
    def zone(self):
        return formats.clock_of(self.at)


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
        folder = f"installations/email/{template}"
        calendar = ""
        if customer.email:
            stamp = mail.batch.created_at
            calendar = calendar_of(row, order, engineer, customer, stamp, method=method)
        return Letter(
            address=customer.email,
            name=one_line(customer.name),
            language=language,
            subject=one_line(render_to_string(f"{folder}.subject.txt", context)),
            text=render_to_string(f"{folder}.txt", context),
            html=render_to_string(f"{folder}.html", context),
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
