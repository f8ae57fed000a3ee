"""What ties an outbound and a return ride."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from project.audit.models import Batch, HistoryOfBatch
from project.audit.recorder import log_model_of


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

        One more where some were untied since: their rides are those of the act that tied them.
        """
        rides = cls._meta.get_field("segments").related_model
        tied = cls._references(rides._base_manager, keys)
        if untied := set(keys) - tied.keys():
            log, ride = log_model_of(rides)
            made_in = cls._base_manager.filter(pk__in=untied).values("made_in")
            touched = log._base_manager.filter(batch__in=made_in).values(f"{ride}_id")
            tied |= cls._references(rides.history.filter(id__in=touched), untied)
        nameless = dict.fromkeys(keys, (str(_("a former round trip")), ""))
        return nameless | {
            key: (" ⇄ ".join(references), reverse("bookings:round-trip", args=[key]))
            for key, references in tied.items()
        }

    @staticmethod
    def _references(rides, keys):
        """{key: references of the rides that are its segments}, the outbound first."""
        found = {}
        rows = rides.filter(round_trip__in=keys).order_by("leg", "reference")
        for key, _leg, reference in rows.values_list("round_trip", "leg", "reference").distinct():
            found.setdefault(key, []).append(reference)
        return found

    def get_absolute_url(self):
        return reverse("bookings:round-trip", args=[self.pk])
