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

    @classmethod
    def called(cls, keys):
        """{key: (the references of its segments, URL)}; one statement.

        Of one that was untied since there is no page, and no more than the ride it was made from.
        """
        found, tied = {}, {}
        rows = cls._base_manager.filter(pk__in=keys).order_by("segments__leg")
        for key, origin, segment in rows.values_list(
            "pk", "origin__reference", "segments__reference"
        ):
            found[key] = (origin or str(_("a former round trip")), "")
            if segment:
                tied.setdefault(key, []).append(segment)
        return found | {
            key: (" ⇄ ".join(references), reverse("bookings:round-trip", args=[key]))
            for key, references in tied.items()
        }

    def get_absolute_url(self):
        return reverse("bookings:round-trip", args=[self.pk])
