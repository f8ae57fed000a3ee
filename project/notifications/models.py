"""What leaves by mail, and what open pages are told: written with the change itself."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from project.audit.models import Batch


class OutgoingMail(models.Model):
    """The outbox: a message about one record of a batch, to be written and sent by the worker.

    The row commits with the change that it tells of. `kind` says which message; `object_id` is the
    key of a record of the batch's model. Address, subject and texts are settled when it is sent.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        DROPPED = "dropped", _("Not sent")

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="mails")
    object_id = models.BigIntegerField()
    kind = models.CharField(_("kind"), max_length=80)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("next attempt"))
    created_at = models.DateTimeField(_("created"))
    sent_at = models.DateTimeField(_("sent"), null=True)
    recipient = models.EmailField(_("recipient"), blank=True)
    subject = models.CharField(_("subject"), max_length=255, blank=True)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        verbose_name = _("e-mail")
        verbose_name_plural = _("e-mails")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "object_id", "kind"], name="mail_once_per_record_of_a_batch"
            ),
            models.CheckConstraint(
                name="mail_state_known",
                condition=Q(state__in=["waiting", "sent", "failed", "dropped"]),
            ),
            models.CheckConstraint(
                name="mail_sent_has_time", condition=~Q(state="sent") | Q(sent_at__isnull=False)
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="mail_due", condition=Q(state="waiting")),
            models.Index(fields=["state", "-id"], name="mail_by_state"),
        ]

    def __str__(self):
        return self.subject or f"{self.kind} {self.object_id}"


class Announcement(models.Model):
    """That a batch happened, for the open pages: each stream tells it to whom it concerns.

    `turn` orders announcements so that a reader who saw one can ask for all that came after it,
    those included that committed out of order (see `live`).
    """

    batch = models.OneToOneField(Batch, on_delete=models.PROTECT, related_name="announcement")
    kind = models.CharField(_("kind"), max_length=80)
    created_at = models.DateTimeField(_("when"))
    turn = models.BigIntegerField(db_index=True, editable=False)

    class Meta:
        verbose_name = _("announcement")
        verbose_name_plural = _("announcements")

    def __str__(self):
        return f"{self.kind} {self.created_at:%Y-%m-%d %H:%M}"


class Notification(models.Model):
    """An announcement in one user's bell."""

    announcement = models.ForeignKey(
        Announcement, on_delete=models.CASCADE, related_name="notifications"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications"
    )
    read_at = models.DateTimeField(_("read"), null=True)

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "announcement"], name="notification_once_per_user"
            )
        ]
        indexes = [
            models.Index(
                fields=["user"], name="notification_unread", condition=Q(read_at__isnull=True)
            ),
            models.Index(fields=["user", "-id"], name="notification_of_user"),
        ]

    def __str__(self):
        return f"{self.user}: {self.announcement}"
