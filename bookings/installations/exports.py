"""The columns that orders and engineers have in files."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from project.exchange.columns import Column, Kind, Sheet, joined, monthly, named

from .states import Skill, Source, Status


def unless_pending(value, status):
    """Of a booking that is no longer in the diary nothing is told."""
    return None if status == Status.PENDING else value


def skills_in_words(skills):
    return joined(str(Skill(skill).label) for skill in skills)


ORDERS = Sheet(
    "orders",
    (
        Column(
            name="number",
            title=pgettext_lazy("of a customer", "Order"),
            fields=("number",),
            width=13,
        ),
        Column(
            name="created", title=_("Ordered"), fields=("created_at",), kind=Kind.MOMENT, width=17
        ),
        Column(name="customer", title=_("Customer"), fields=("customer__name",), width=24),
        Column(name="contact", title=_("Contact"), fields=("contact_name",), width=22),
        Column(name="phone", title=_("Phone"), fields=("contact_phone",), width=18),
        Column(name="address", title=_("Address"), fields=("address",), width=30),
        Column(name="region", title=_("Region"), fields=("region",), usual=False, width=16),
        Column(name="vehicle", title=_("Vehicle"), fields=("vehicle_registration",), width=13),
        Column(
            name="visit",
            title=_("Visit"),
            fields=("booking__start", "status"),
            value=unless_pending,
            kind=Kind.MOMENT,
            width=17,
        ),
        Column(
            name="duration",
            title=_("Duration"),
            unit="min",
            fields=("duration_minutes",),
            kind=Kind.WHOLE,
            totals=True,
            width=10,
        ),
        Column(
            name="engineer",
            title=_("Engineer"),
            fields=("booking__engineer__name", "status"),
            value=unless_pending,
            width=22,
        ),
        Column(
            name="status",
            title=_("Status"),
            fields=("status",),
            kind=Kind.CHOICE,
            choices=Status.choices,
            width=13,
        ),
        Column(
            name="source",
            title=_("Source"),
            fields=("source",),
            kind=Kind.CHOICE,
            choices=Source.choices,
            usual=False,
            width=11,
        ),
        Column(
            name="total",
            title=_("Total"),
            fields=("total",),
            kind=Kind.AMOUNT,
            currency="currency",
            totals=True,
            width=14,
        ),
        Column(name="currency", title=_("Currency"), fields=("currency",), width=9),
        Column(
            name="completed",
            title=_("Completed"),
            fields=("booking__completed_at",),
            kind=Kind.MOMENT,
            usual=False,
            width=17,
        ),
        Column(
            name="cancellation_reason",
            title=_("Reason of the cancellation"),
            fields=("cancellation_reason",),
            usual=False,
            width=30,
        ),
        Column(name="notes", title=_("Notes"), fields=("notes",), usual=False, width=30),
    ),
    order=("created_at", "pk"),
    groupings=(
        named("customer", _("Customer"), "customer"),
        named("engineer", _("Engineer"), "booking__engineer", nobody=_("Without engineer")),
        monthly("created_at"),
    ),
)

ENGINEERS = Sheet(
    "engineers",
    (
        Column(name="name", title=_("Name"), fields=("name",), width=24),
        Column(name="region", title=_("Region"), fields=("region",), width=16),
        Column(name="phone", title=_("Phone"), fields=("phone",), width=18),
        Column(name="email", title=_("E-mail"), fields=("email",), width=26),
        Column(
            name="skills", title=_("Skills"), fields=("skills",), value=skills_in_words, width=26
        ),
        Column(name="active", title=_("Active"), fields=("is_active",), kind=Kind.FLAG, width=9),
        Column(name="notes", title=_("Notes"), fields=("notes",), usual=False, width=30),
    ),
    order=("sort_name", "pk"),
)
