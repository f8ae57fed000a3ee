"""A ride that recurs."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from project.audit.models import Batch, HistoryOfBatch

from ..recurrence import Rule


class Series(models.Model):
    """By which rule occurrences were made from a ride. Each occurrence is a booking of its own.

    `rule` is RFC 5545's RRULE without its name, in local wall time of `zone`, from `starts_at`.
    """

    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    made_in = models.ForeignKey(
        Batch, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    origin = models.ForeignKey(
        "bookings.Booking",
        on_delete=models.PROTECT,
        editable=False,
        related_name="series_begun",
        verbose_name=_("first ride"),
    )
    rule = models.CharField(_("rule"), max_length=255)
    starts_at = models.DateTimeField(_("from"))
    zone = models.CharField(_("time zone"), max_length=64)
    excluded = models.JSONField(_("days left out"), default=list, blank=True)
    # A change of "this and following" ends a series and begins another.
    follows = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="followed_by",
        verbose_name=_("continues"),
    )

    history = HistoricalRecords(bases=[HistoryOfBatch], no_db_index=["made_in", "origin"])

    class Meta:
        verbose_name = _("series")
        verbose_name_plural = pgettext_lazy("several", "series")

    def __str__(self):
        try:
            return Rule.parse(self.rule).words
        except ValueError:  # a rule of elsewhere, which has no words of ours
            return self.rule

    def get_absolute_url(self):
        return reverse("bookings:series", args=[self.pk])
