import uuid

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Cancelled(Exception):
    """Raised inside a job, at its next step, when its owner asked to stop it."""


class State(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", pgettext_lazy("job", "Stopped")


FINISHED = (State.DONE, State.FAILED, State.CANCELLED)


class ProgressQuerySet(models.QuerySet):
    def unfinished(self):
        return self.exclude(state__in=FINISHED)

    def visible_to(self, user):
        """A person's own jobs; everybody's for those who may view progress in general."""
        return self if user.has_perm("jobs.view_progress") else self.filter(owner=user)

    def move(self, state, **fields):
        """Set the state, and the moment where that is an end. Returns how many rows changed."""
        now = timezone.now()
        finished_at = now if state in FINISHED else None
        return self.update(state=state, updated_at=now, finished_at=finished_at, **fields)


class Progress(models.Model):
    """How far a job is, for the person who started it. Shares its id with the task's row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="jobs",
        verbose_name=_("owner"),
    )
    title = models.CharField(_("title"), max_length=200)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.WAITING
    )
    done = models.PositiveIntegerField(_("done"), default=0)
    total = models.PositiveIntegerField(_("total"), null=True)
    message = models.CharField(_("message"), max_length=500, blank=True)
    result_url = models.CharField(_("result"), max_length=500, blank=True)
    cancel_asked = models.BooleanField(_("asked to stop"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    objects = ProgressQuerySet.as_manager()

    class Meta:
        verbose_name = _("background job")
        verbose_name_plural = _("background jobs")
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["owner", "-created_at"], name="progress_of_owner")]
        constraints = [
            models.CheckConstraint(
                name="progress_finished_has_a_date",
                condition=Q(state__in=FINISHED, finished_at__isnull=False)
                | (~Q(state__in=FINISHED) & Q(finished_at=None)),
            ),
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("jobs:detail", args=[self.pk])

    @classmethod
    def of(cls, context):
        """The progress of the job that is running, from the context that it takes."""
        return cls.objects.get(pk=context.task_result.id)

    @property
    def is_finished(self):
        return self.state in FINISHED

    @property
    def has_result(self):
        """Whether something came of it: of a job that was stopped as well."""
        return self.state in (State.DONE, State.CANCELLED) and bool(self.result_url)

    def step(self, done=None, **fields):
        """Write how far the job is; fields: total, message, result_url.

        Called between a job's transactions, never inside one: others could not see it before the
        commit, and SQLite has a single writer. RuntimeError otherwise. One UPDATE, so once per
        chunk of rows, not once per row.

        Raises Cancelled when the owner asked to stop, and how far the job is written as well; a job
        lets it pass, or says first what became of its work (`leave`).
        """
        if done is not None:
            fields["done"] = done
        for name, value in fields.items():
            setattr(self, name, value)
        mine = Progress.objects.filter(pk=self.pk, state=State.RUNNING)
        fields["updated_at"] = timezone.now()
        with transaction.atomic(durable=True):
            goes_on = mine.filter(cancel_asked=False).update(**fields)
            if not goes_on:
                mine.update(done=self.done, updated_at=fields["updated_at"])
        if not goes_on:
            raise Cancelled

    def leave(self, *, message, result_url):
        """Say what became of the work of a job that was stopped."""
        mine = Progress.objects.filter(pk=self.pk, state=State.RUNNING)
        mine.update(message=message, result_url=result_url)


class Slot(models.Model):
    """A slot of a schedule that was started: the constraint makes it once."""

    name = models.CharField(_("job"), max_length=200)
    at = models.DateTimeField(_("slot"))
    task_id = models.UUIDField(_("task"), null=True)
    created_at = models.DateTimeField(_("started"), auto_now_add=True)

    class Meta:
        verbose_name = _("scheduled run")
        verbose_name_plural = _("scheduled runs")
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(fields=["name", "at"], name="slot_runs_once"),
        ]

    def __str__(self):
        return f"{self.name} {self.at:%Y-%m-%d %H:%M}"


class Heartbeat(models.Model):
    """A living worker. One that has not been seen for a while is dead, its job up for another."""

    worker_id = models.CharField(_("worker"), max_length=64, primary_key=True)
    place = models.CharField(_("machine and process"), max_length=200)
    started_at = models.DateTimeField(_("started"), auto_now_add=True)
    seen_at = models.DateTimeField(_("last seen"), default=timezone.now)

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")
        ordering = ["worker_id"]

    def __str__(self):
        return self.place
