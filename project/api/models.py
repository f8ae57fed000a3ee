"""Integrations, what they were answered, and how often anyone asked."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from project.audit.models import HistoryOfBatch, LogEntry, RecordedModel, RecordedQuerySet

from . import scopes


class Rate(models.Model):
    """How many requests a caller made in a minute, for the limits."""

    who = models.CharField(max_length=120)
    minute = models.BigIntegerField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["who", "minute"], name="rate_once_a_minute")]
        indexes = [models.Index(fields=["minute"], name="rate_minute")]

    def __str__(self):
        return f"{self.who} {self.minute}: {self.count}"


class IntegrationQuerySet(RecordedQuerySet):
    def active(self):
        return self.filter(is_active=True)

    def inactive(self):
        return self.filter(is_active=False)


class Integration(RecordedModel):
    """Another system that works with this one. It acts under a user of its own, who can't sign in.

    `token_hash` is the SHA-256 of its token, '' for none. What it may do its `scopes` alone say.
    """

    name = models.CharField(_("name"), max_length=100, unique=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        editable=False,
        related_name="integration",
        verbose_name=_("user"),
    )
    scopes = models.JSONField(_("scopes"), default=list)
    is_active = models.BooleanField(_("active"), default=True, editable=False)
    token_hash = models.CharField(max_length=64, blank=True, editable=False)
    token_given_at = models.DateTimeField(_("token given"), null=True, editable=False)

    quiet_fields = frozenset({"token_hash", "user"})

    objects = IntegrationQuerySet.as_manager()
    history = HistoricalRecords(
        bases=[HistoryOfBatch], excluded_fields=["token_hash"], no_db_index=["user", "name"]
    )

    class Meta(RecordedModel.Meta):
        verbose_name = _("integration")
        verbose_name_plural = _("integrations")
        ordering = ["name", "id"]
        default_permissions = ("add", "change", "view")
        permissions = [
            ("activate_integration", _("Can activate integrations")),
            ("deactivate_integration", _("Can deactivate integrations")),
            ("give_token_integration", _("Can give integrations a token")),
            ("revoke_token_integration", _("Can revoke the tokens of integrations")),
        ]
        constraints = [
            models.CheckConstraint(name="integration_has_a_name", condition=~Q(name="")),
            models.CheckConstraint(
                name="integration_token_whole",
                condition=Q(token_hash="", token_given_at__isnull=True)
                | (~Q(token_hash="") & Q(token_given_at__isnull=False)),
            ),
            models.UniqueConstraint(
                fields=["token_hash"], condition=~Q(token_hash=""), name="integration_by_token"
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def has_token(self):
        return bool(self.token_hash)

    @property
    def scope_labels(self):
        return scopes.labels(self.scopes)

    @property
    def last_used(self):
        """When it last asked for something, to the minute; None for never."""
        use = IntegrationUse.objects.filter(integration=self).first()
        return use and use.at

    def get_absolute_url(self):
        return reverse("api:integration", args=[self.pk])

    def get_edit_url(self):
        return reverse("api:integration-edit", args=[self.pk])


class IntegrationLog(LogEntry):
    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="logs")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )


class IntegrationUse(models.Model):
    """When an integration was last heard of: beside it, so that asking changes no record."""

    integration = models.OneToOneField(
        Integration, on_delete=models.CASCADE, primary_key=True, related_name="use"
    )
    at = models.DateTimeField(_("last used"))

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"{self.integration_id}: {self.at}"


class Answer(models.Model):
    """What a write was answered, kept under its idempotency key; without a status while it is
    being worked out, which nobody outside its transaction sees."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="answers")
    key = models.CharField(max_length=255)
    # Of the method, the address and the values of the body.
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.TextField()  # JSON as it was written, which a database's own JSON reorders
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["integration", "key"], name="answer_once_per_key")
        ]

    def __str__(self):
        return f"{self.key}: {self.status}"
