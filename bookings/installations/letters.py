"""What a message says, to a customer or to the engineer: the visit as a batch left it, and what it
changed.

Everything is read from the batch's log and history. Only who they are, where to write to and in
which language is asked of the present.
"""

from dataclasses import dataclass, replace

from django.conf import settings
from django.utils import timezone, translation
from django.utils.text import capfirst
from django.utils.translation import gettext as _

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


def write_to_engineer(mail, template, *, method=REQUEST):
    """The Letter of an OutgoingMail to the engineer who has the visit, or, to CANCEL it, to the one
    who had it before the batch."""
    row = InstallationBooking.history.get(batch_id=mail.batch_id, order_id=mail.object_id)
    shown_row = row if method == REQUEST else row_before(row)
    order = Order.history.get(batch_id=mail.batch_id, id=mail.object_id)
    customer = Customer.objects.get(pk=order.customer_id)
    engineer = Engineer.objects.select_related("user").get(pk=shown_row.engineer_id)
    language = mail.language or (engineer.user.language if engineer.user else "")
    language = language or settings.LANGUAGE_CODE
    with translation.override(language), timezone.override(timezone.get_default_timezone()):
        services = list(Service.objects.filter(order=order.id).order_by("pk"))
        changes = changes_in(row) if method == REQUEST else []
        visit = Visit(shown_row, order, engineer, services, changes)
        context = {
            "rides": [visit],
            "first": visit,
            "count": 1,
            "in_full": True,
            "customer": engineer,  # who it is for
            "who": order.contact_name or customer.name,
            "phone": order.contact_phone or customer.phone,
            "site": settings.SITE_NAME,
            "link": "",
        }
        calendar = ""
        if engineer.email:
            entry = replace(
                appointment(shown_row, order, engineer),
                version=row.version,
                summary=_("Installation at %(name)s") % {"name": context["who"]},
            )
            calendar = calendar_of([entry], engineer, method=method, stamp=mail.batch.created_at)
        return Letter.to(
            engineer,
            f"installations/email/{template}",
            context,
            language=language,
            calendar=calendar,
            method=method,
        )


def letter_of_loss(mail, template):
    return write_to_engineer(mail, template, method=CANCEL)


def row_before(row):
    """The history row of a booking before this one; None for the first."""
    earlier = InstallationBooking.history.filter(id=row.id, history_id__lt=row.history_id)
    return earlier.order_by("-history_id").first()


def changes_in(row):
    """What is another than before the batch, as far as it concerns the customer, in words."""
    former = row_before(row)
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
