"""What a message says, to a customer or to the engineer: the visit as a batch left it, and what it
changed.

Everything is read from the batch's log and history. Only who they are, where to write to and in
which language is asked of the present.
"""

from contextlib import contextmanager
from dataclasses import dataclass, replace

from django.conf import settings
from django.utils import timezone, translation
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from project.audit.timeline import Change, shown
from project.directory.models import Customer
from project.notifications.calendars import CANCEL, REQUEST, files_of
from project.notifications.letters import Dated, Letter, moment

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
    """The Letter to the customer of an OutgoingMail, from the templates called `template`."""
    row, order = left_by(mail)
    customer = Customer.objects.get(pk=order.customer_id)
    engineer = Engineer.objects.get(pk=row.engineer_id)
    with speaking(mail.language or customer.language) as language:
        return _letter(
            mail,
            template,
            Visit(row, order, engineer, services_of(order), changes_in(row)),
            appointment(row, order, engineer),
            to=customer,
            language=language,
            method=method,
            link=link_to(order.id) if method == REQUEST else "",
        )


def write_to_engineer(mail, template, *, method=REQUEST):
    """The Letter of an OutgoingMail to the engineer who has the visit, or, to CANCEL it, to the one
    who had it before the batch."""
    row, order = left_by(mail)
    had = row if method == REQUEST else row_before(row)
    customer = Customer.objects.get(pk=order.customer_id)
    engineer = Engineer.objects.select_related("user").get(pk=had.engineer_id)
    theirs = engineer.user.language if engineer.user else ""
    with speaking(mail.language or theirs or settings.LANGUAGE_CODE) as language:
        changes = changes_in(row) if method == REQUEST else []
        who = order.contact_name or customer.name
        entry = replace(
            appointment(had, order, engineer),
            version=row.version,
            summary=_("Installation at %(name)s") % {"name": who},
        )
        return _letter(
            mail,
            template,
            Visit(had, order, engineer, services_of(order), changes),
            entry,
            to=engineer,
            language=language,
            method=method,
            who=who,
            phone=order.contact_phone or customer.phone,
        )


def left_by(mail):
    """The history rows of the booking and of the order that an OutgoingMail's batch left."""
    row = InstallationBooking.history.get(batch_id=mail.batch_id, order_id=mail.object_id)
    return row, Order.history.get(batch_id=mail.batch_id, id=mail.object_id)


def services_of(order):
    return list(Service.objects.filter(order=order.id).order_by("pk"))


@contextmanager
def speaking(language):
    """In a language, and in the time of the installation."""
    with translation.override(language), timezone.override(timezone.get_default_timezone()):
        yield language


def _letter(mail, template, visit, entry, *, to, language, method, link="", **more):
    """The Letter about a visit, with its entry for the calendar of who can be written to."""
    context = {
        "rides": [visit],
        "first": visit,
        "count": 1,
        "in_full": True,
        "customer": to,
        "site": settings.SITE_NAME,
        "link": link,
        **more,
    }
    entries = [entry] if to.email else []
    return Letter.to(
        to,
        f"installations/email/{template}",
        context,
        language=language,
        calendars=files_of(entries, to, method=method, stamp=mail.batch.created_at),
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
                    shown(field, then, names, moment=moment),
                    shown(field, now, names, moment=moment),
                )
            )
    return changes


def letter_of_cancellation(mail, template):
    return write(mail, template, method=CANCEL)


def pages(keys):
    """{key: (number, URL)} of orders."""
    orders = Order.objects.filter(pk__in=keys).only("number")
    return {order.pk: (order.number, order.get_absolute_url()) for order in orders}
