"""Choices, and what can follow what. Written once; services, forms and constraints read it here."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Status(models.TextChoices):
    PENDING = "pending", pgettext_lazy("booking status", "Pending")
    CONFIRMED = "confirmed", pgettext_lazy("booking status", "Confirmed")
    IN_PROGRESS = "in_progress", pgettext_lazy("booking status", "In progress")
    COMPLETED = "completed", pgettext_lazy("booking status", "Completed")
    NO_SHOW = "no_show", pgettext_lazy("booking status", "No-show")
    CANCELLED = "cancelled", pgettext_lazy("booking status", "Cancelled")


OPEN = (Status.PENDING, Status.CONFIRMED, Status.IN_PROGRESS)
CLOSED = (Status.COMPLETED, Status.NO_SHOW, Status.CANCELLED)
# From here on somebody drives, or drove.
UNDER_WAY = (Status.IN_PROGRESS, Status.COMPLETED, Status.NO_SHOW)
# Ended without the ride, and yet possibly charged.
BILLABLE = (Status.CANCELLED, Status.NO_SHOW)


def occupies(status):
    """Whether a ride of this status takes the time of who drives: all but the cancelled."""
    return status != Status.CANCELLED


# Cancelling is not listed: it has its own action, from any open state, with a reason.
TRANSITIONS = {
    Status.PENDING: (Status.CONFIRMED,),
    Status.CONFIRMED: (Status.IN_PROGRESS,),
    Status.IN_PROGRESS: (Status.COMPLETED, Status.NO_SHOW),
}


def leads_to(target):
    """The statuses from which `target` can be reached in one step."""
    return tuple(status for status, following in TRANSITIONS.items() if target in following)


class PaymentState(models.TextChoices):
    """The customer's side. What the driver gets is the payout."""

    UNPAID = "unpaid", pgettext_lazy("payment", "Unpaid")
    INVOICED = "invoiced", pgettext_lazy("payment", "Invoiced")
    PAID = "paid", pgettext_lazy("payment", "Paid")


class CancellationKind(models.TextChoices):
    CUSTOMER = "customer", _("By the customer")
    OPERATOR = "operator", _("By us")
    LATE = "late", _("By the customer, too late")
    MISTAKE = "mistake", _("Created by mistake")


class VehicleClass(models.TextChoices):
    SEDAN = "sedan", _("Sedan")
    BUSINESS = "business", _("Business")
    VAN = "van", _("Van")
    MINIBUS = "minibus", _("Minibus")


class Leg(models.TextChoices):
    OUTBOUND = "outbound", _("Outbound")
    RETURN = "return", _("Return")
