"""What ties an outbound and a return ride."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from project.audit.models import Batch, HistoryOfBatch


class RoundTrip(models.Model):
    """The tie alone: everything else is on the two bookings.

    `origin` is the ride that it was made from in a batch: what sets of them are found again by.
    Once unpaired it holds no segment, and stays for the history.
    """

    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    made_in = models.ForeignKey(
        Batch, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    origin = models.ForeignKey(
        "bookings.Booking",
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
    )

    history = HistoricalRecords(bases=[HistoryOfBatch], no_db_index=["made_in", "origin"])

    class Meta:
        verbose_name = _("round trip")
        verbose_name_plural = _("round trips")
        constraints = [
            models.UniqueConstraint(fields=["made_in", "origin"], name="round_trip_once_per_origin")
        ]

    def __str__(self):
        return f"{self.pk}"

    def get_absolute_url(self):
        return reverse("bookings:round-trip", args=[self.pk])
