"""The lines of what was done to a booking."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from project.audit.models import LogEntry

from .booking import Booking


class BookingLog(LogEntry):
    """
    Model for tracking actions performed on a booking.
    """

    booking = models.ForeignKey(
        Booking,
        on_delete=models.CASCADE,
        related_name="logs",
        help_text=_("Booking associated with this log entry."),
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="booking_logs",
        help_text=_("User who performed the action."),
    )

    class Meta(LogEntry.Meta):
        verbose_name = _("Booking Log")
        verbose_name_plural = _("Booking Logs")

    def __str__(self):
        return (
            f"Log for Booking {self.booking_id} - {self.action} at "
            f"{self.timestamp.strftime('%Y-%m-%d %H:%M:%S')}"
        )
