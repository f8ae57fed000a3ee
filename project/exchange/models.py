"""A file made of records, kept for its owner for some days."""

import uuid
from datetime import timedelta
from pathlib import PurePath

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from project.audit.models import Batch
from project.jobs.models import Progress
from project.jobs.models import State as JobState

# How long a file that is written in the request itself can take; later, it was interrupted.
LONGEST_AT_ONCE = timedelta(minutes=2)


class State(models.TextChoices):
    """Where the file is."""

    UNDER_WAY = "under_way", _("Being written")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Stopped")
    EXPIRED = "expired", _("Expired")


class Export(models.Model):
    """One file: asked for by its owner, written at once or by a job, then fetched until it expires.

    The log lines of its batch say which records it shows, so writing it again writes the same.
    `options` are what the dialog asked, as JSON. `file` is empty until the whole is written.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="exports",
        verbose_name=_("owner"),
    )
    batch = models.OneToOneField(Batch, on_delete=models.PROTECT, related_name="+")
    job = models.OneToOneField(Progress, on_delete=models.SET_NULL, null=True, related_name="+")
    slug = models.CharField(_("desk"), max_length=40)
    label = models.CharField(_("kind of record"), max_length=100)
    title = models.CharField(_("title"), max_length=200)
    format = models.CharField(_("format"), max_length=20)
    options = models.JSONField(default=dict)
    rows = models.PositiveIntegerField(_("rows"))
    file = models.FileField(_("file"), max_length=200, blank=True, editable=False)
    size = models.PositiveBigIntegerField(_("size in bytes"), null=True)
    problem = models.TextField(_("problem"), blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    written_at = models.DateTimeField(_("written"), null=True)
    fetched_at = models.DateTimeField(_("fetched first"), null=True)
    expires_at = models.DateTimeField(_("kept until"), null=True)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["expires_at"], name="export_on_disk", condition=~Q(file="")
            ),  # what the clean-up looks for
        ]
        constraints = [
            models.CheckConstraint(
                name="export_file_expires",
                condition=Q(file="")
                | Q(expires_at__isnull=False, written_at__isnull=False, size__isnull=False),
            )
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("exchange:export", args=[self.pk])

    @property
    def stem(self):
        """What its file is called, there or not, before the dot: "bookings-2026-11-21-1530"."""
        at = timezone.localtime(self.created_at)
        return f"{slugify(self.label) or self.slug}-{at:%Y-%m-%d-%H%M}"

    @property
    def name(self):
        """What the file is called where it is saved: "bookings-2026-11-21-1530.xlsx"."""
        return f"{self.stem}{PurePath(self.file.name).suffix}"

    @property
    def holds(self):
        """Which records it shows, a line for each condition: the words of the filter, or what the
        first of those that were picked are called."""
        words, picked = self.options.get("filter_words") or [], self.options.get("picked")
        return [picked, *words[1:]] if picked else words or [_("Picked one by one")]

    @property
    def state(self):
        if self.expires_at and self.expires_at <= timezone.now():
            return State.EXPIRED
        if self.file:
            return State.READY
        if self.problem:
            return State.FAILED
        if self.job and not self.job.is_finished:
            return State.UNDER_WAY
        if self.job and self.job.state == JobState.CANCELLED:
            return State.CANCELLED
        if self.job is None and timezone.now() - self.created_at < LONGEST_AT_ONCE:
            return State.UNDER_WAY
        return State.FAILED


class ExportedRow(models.Model):
    """A row of a ledger that a file shows, until the file is written."""

    export = models.ForeignKey(
        Export, on_delete=models.CASCADE, related_name="noted", db_index=False
    )
    row = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["export", "row"], name="exported_row_once"),
        ]

    def __str__(self):
        return f"{self.export_id} {self.row}"
