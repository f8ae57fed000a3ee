"""What leaves by mail, and what open pages are told: written with the change itself."""

from django.conf import settings
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from project.audit.models import Batch

from .told import Overtaken


class OutgoingMailQuerySet(models.QuerySet):
    def waiting(self):
        return self.filter(state=self.model.State.WAITING)

    def due(self, now):
        """Those whose turn has come: of several for one addressee, the earliest, or the news would
        arrive in the wrong order. What could not be written is no news to wait for."""
        earlier = self.model.objects.waiting().filter(
            ~Q(trouble=self.model.Trouble.UNWRITTEN),
            addressee=OuterRef("addressee"),
            pk__lt=OuterRef("pk"),
        )
        return self.waiting().filter(~Exists(earlier), due_at__lte=now)

    def failed(self):
        return self.filter(state=self.model.State.FAILED)

    def taken_back(self):
        """What was to tell of something that was undone before it left."""
        return self.filter(state=self.model.State.DROPPED, trouble=self.model.Trouble.UNDONE)

    def resendable(self):
        """What failed, and what had no address to go to: there may be one now."""
        no_address = Q(state=self.model.State.DROPPED, trouble=self.model.Trouble.NO_ADDRESS)
        return self.filter(Q(state=self.model.State.FAILED) | no_address)

    def outdated(self):
        """Those whose addressee was sent a later one about one of the same records, or will be: the
        news would arrive in the wrong order."""
        State = self.model.State
        theirs = self.model.objects.filter(addressee__in=self.order_by().values("addressee"))
        news = Case(When(state__in=[State.SENT, State.WAITING], then=F("pk")))
        # As a value, looked up in what was found once: joined, PostgreSQL would find it anew for
        # each where its statistics know nothing of these yet.
        overtaken = When(pk__in=Overtaken(theirs, news), then=True)
        return self.filter(Case(overtaken, default=False, output_field=models.BooleanField()))


class OutgoingMail(models.Model):
    """The outbox: a message about one record of a batch, to be written and sent by the worker.

    The row commits with the change that it tells of. `kind` says which message; `object_id` is the
    key of a record of the batch's model, `records` are the keys of all that it tells of, that one
    included: which belonged together is asked when it is posted, and stays. What goes to one
    `addressee` ("customer 12") leaves in the order in which it was posted. Address, language and
    subject are settled when it is sent, the texts are written from the batch whenever they are
    asked for. `due_at` is the next attempt; while one is under way, the moment from which it
    counts as lost.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        DROPPED = "dropped", _("Not sent")

    class Trouble(models.TextChoices):
        UNREACHABLE = "unreachable", _("The mail server could not be reached.")
        BROKEN_OFF = (
            "broken_off",
            _("The mail server broke off before it had accepted the message."),
        )
        BUSY = "busy", _("The mail server asked to try again later.")
        BAD_ADDRESS = "bad_address", _("The mail server does not take messages for this address.")
        REFUSED = "refused", _("The mail server refused the message.")
        UNWRITTEN = "unwritten", _("The message could not be written: tell an administrator.")
        INTERRUPTED = "interrupted", _("Sending it was interrupted too many times.")
        NO_ADDRESS = "no_address", _("The customer has no e-mail address.")
        NOTHING_NEW = "nothing_new", _("Nothing that the customer sees had changed.")
        UNDONE = "undone", _("What it was to tell was undone before it left.")
        OUTDATED = (
            "outdated",
            _("Out of date: a later message about the same has been sent or is waiting."),
        )

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="mails")
    object_id = models.BigIntegerField()
    records = models.JSONField(editable=False)
    addressee = models.CharField(max_length=40, editable=False)
    kind = models.CharField(_("kind"), max_length=80)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    # Of these, those in which the server may have accepted it: it did not say that it had not.
    in_doubt = models.PositiveSmallIntegerField(default=0, editable=False)
    due_at = models.DateTimeField(_("next attempt"))
    created_at = models.DateTimeField(_("created"))
    sent_at = models.DateTimeField(_("sent"), null=True)
    recipient = models.EmailField(_("recipient"), blank=True)
    language = models.CharField(_("language"), max_length=5, blank=True)
    subject = models.CharField(_("subject"), max_length=255, blank=True)
    # Why it has not left, in our words and in those of the server.
    trouble = models.CharField(_("trouble"), max_length=20, choices=Trouble, blank=True)
    error = models.TextField(_("error"), blank=True)

    objects = OutgoingMailQuerySet.as_manager()

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
            models.CheckConstraint(
                name="mail_unsent_says_why",
                condition=~Q(state__in=["failed", "dropped"]) | ~Q(trouble=""),
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="mail_due", condition=Q(state="waiting")),
            # None by state as such: SQLite would take it, and sort all that waits at each claim.
            models.Index(fields=["-id"], name="mail_failed", condition=Q(state="failed")),
            models.Index(fields=["-id"], name="mail_dropped", condition=Q(state="dropped")),
            models.Index(
                fields=["addressee", "id"], name="mail_in_turn", condition=Q(state="waiting")
            ),
            # What one was told by a batch: of the rides on a page, among a hundred thousand others.
            models.Index(fields=["addressee", "batch"], name="mail_told_whom"),
        ]
        default_permissions = ("view",)
        permissions = [("resend_outgoingmail", _("Can send e-mails again"))]

    def __str__(self):
        return self.subject or f"{self.kind} {self.object_id}"

    def get_absolute_url(self):
        return reverse("mails:detail", args=[self.pk])

    @property
    def resendable(self):
        """As the queryset says it of many."""
        no_address = (self.state, self.trouble) == (self.State.DROPPED, self.Trouble.NO_ADDRESS)
        return self.state == self.State.FAILED or no_address

    @property
    def message_id(self):
        """The same at every attempt, so that a receiver can drop what it already has."""
        return f"<{self.pk}.{self.batch_id.hex}@{settings.SITE_DOMAIN}>"


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
