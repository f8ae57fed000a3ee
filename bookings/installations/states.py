"""Choices, and what is done to an order. Order, services and booking go through them together."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Status(models.TextChoices):
    """Of an order, of each of its services, and of its booking, which is never pending."""

    PENDING = "pending", pgettext_lazy("installation status", "To schedule")
    SCHEDULED = "scheduled", pgettext_lazy("installation status", "Scheduled")
    IN_PROGRESS = "in_progress", pgettext_lazy("installation status", "In progress")
    COMPLETED = "completed", pgettext_lazy("installation status", "Completed")
    CANCELLED = "cancelled", pgettext_lazy("installation status", "Cancelled")


# Its articles are kept for it, and its services are still to be done.
OPEN = (Status.PENDING, Status.SCHEDULED, Status.IN_PROGRESS)
# Somebody has it in the diary, or had.
PLANNED = (Status.SCHEDULED, Status.IN_PROGRESS, Status.COMPLETED)
# What a booking takes its engineer's time in.
APPOINTED = (Status.SCHEDULED, Status.IN_PROGRESS)


class Skill(models.TextChoices):
    CAR_KIT = "car_kit", _("Hands-free car kit")
    TRACKER = "tracker", _("GPS tracker")
    DASHCAM = "dashcam", _("Dashcam")
    TACHOGRAPH = "tachograph", _("Tachograph")
    FUEL = "fuel", _("Fuel sensor")


class Kind(models.TextChoices):
    """What is done at the customer's."""

    INSTALLATION = "installation", _("Installation")
    REPLACEMENT = "replacement", _("Replacement")
    INSPECTION = "inspection", _("Inspection")
    REMOVAL = "removal", _("Removal")


class Source(models.TextChoices):
    OFFICE = "office", pgettext_lazy("where an order comes from", "Office")
    ONLINE = "online", pgettext_lazy("where an order comes from", "On line")


class EvidenceKind(models.TextChoices):
    PHOTO = "photo", _("Photo")
    SIGNATURE = "signature", _("Customer's signature")
