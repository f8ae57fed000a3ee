"""What a recorded model is, and the rows that say who did what to it."""

import uuid

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q, Value
from django.utils.translation import gettext_lazy as _

from . import recorder


class Batch(models.Model):
    """One act of one user on any number of records: the unit that is shown, counted and undone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    action = models.CharField(_("action"), max_length=80)
    model = models.CharField(_("kind of record"), max_length=80)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="batches",
        verbose_name=_("user"),
    )
    reason = models.TextField(_("reason"), blank=True)
    created_at = models.DateTimeField(_("when"), db_index=True)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    refused = models.PositiveIntegerField(_("refused"), default=0)
    # The one-time token of the form that asked: a double click finds it taken.
    token = models.UUIDField(null=True, unique=True, editable=False)
    undo_of = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="undone_by", editable=False
    )
    # What went along: how many records of each other kind, by the model's lower-case label.
    also = models.JSONField(default=dict, editable=False)
    # How far the selection was asked to reach: the name of the action's scope.
    scope = models.CharField(max_length=40, blank=True, default="", editable=False)
    # It undoes an undo: what was done first is in force again.
    redo = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        ordering = ["-created_at"]

    def __str__(self):
        return f"{self.action} {self.created_at:%Y-%m-%d %H:%M}"


class BatchRefusal(models.Model):
    """A record that a batch left alone, and why."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="refusals")
    object_id = models.BigIntegerField()
    code = models.CharField(max_length=40)
    message = models.TextField()
    # It was already as it should become: left alone, and nothing is wrong.
    idle = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "object_id"], name="refusal_once_per_batch")
        ]

    def __str__(self):
        return f"{self.object_id}: {self.code}"


class KeptQuerySet(models.QuerySet):
    """Rows that are written once, and then only read."""

    def _kept(self, *args, **kwargs):
        raise recorder.Unrecorded(f"{self.model.__name__}: what was logged stays as it is.")

    update = bulk_update = delete = _kept


class LogEntry(models.Model):
    """What a wing's log line holds beside the record that it points to.

    `changes` maps a field's name to [before, after]. `action` is the sentence as it was written;
    `action_code` is what code and translations go by.
    """

    action = models.CharField(max_length=255, help_text=_("Description of the action performed."))
    timestamp = models.DateTimeField(
        auto_now_add=True, help_text=_("Date and time when the action was performed.")
    )
    action_code = models.CharField(max_length=80)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="+")
    changes = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    objects = KeptQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["-timestamp"]

    def delete(self, *args, **kwargs):
        raise models.ProtectedError(_("A log line is never deleted."), {self})


class HistoryOfBatch(models.Model):
    """Added to each historical row: the batch that wrote it, so that undo finds what was before."""

    batch_id = models.UUIDField(null=True, editable=False)

    class Meta:
        abstract = True


class RecordedQuerySet(models.QuerySet):
    """Refuses the writes that would leave no log: those go through a service."""

    def _unrecorded(self, *args, **kwargs):
        raise recorder.Unrecorded(
            f"{self.model.__name__}: set-based writes go through project.audit.recorder, "
            "which keeps the log and the history."
        )

    update = bulk_update = bulk_create = delete = _unrecorded


class RecordedModel(models.Model):
    """A business record: versioned, never deleted, and never changed without a log line.

    A concrete model adds `history = HistoricalRecords(bases=[HistoryOfBatch])` and a log model
    whose foreign key back is named `logs`.
    """

    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(_("updated"), auto_now=True, editable=False)

    objects = RecordedQuerySet.as_manager()

    # Fields that follow from others: kept in the row (and in history), not told in the log.
    quiet_fields = frozenset()
    # Amounts of money in the record's `currency`.
    amount_fields = frozenset()
    # {field: function of its value} of those whose values are not read as they stand.
    in_words = {}
    # Fields that services alone write, by set: a save takes them as they stand in the row.
    fields_of_services = frozenset()

    class Meta:
        abstract = True

    def derive(self):
        """Recompute the fields that follow from others; called before every save."""

    @classmethod
    def derived(cls, values):
        """The same for a set of rows that get `values`: {field: expression over the row as it was}.

        Asked before every set-based update; {} where nothing that is set has a follower.
        """
        return {}

    @classmethod
    def with_values(cls, values):
        """A function from a field's name to an expression of it, once a row has these `values`."""

        def new(name):
            value = values.get(name, F(name))
            if hasattr(value, "resolve_expression"):
                return value
            return Value(value, output_field=cls._meta.get_field(name))

        return new

    def save(self, *args, by=None, reason="", action=None, token=None, undo_of=None, **kwargs):
        """Save, with a log line and a history row; a save that changes nothing writes nothing.

        `by` is the user (by default the one who is acting in this request). Raises
        `recorder.Stale` if someone saved in between, and `recorder.AlreadyDone` if `token` was
        used before. Returns the batch, or None. Always the whole row, since its version is of
        the whole row: `update_fields` raises `recorder.Unrecorded`.
        """
        if kwargs.get("update_fields") is not None:
            raise recorder.Unrecorded(f"{type(self).__name__}: a save is of the whole row.")
        return recorder.save(
            self,
            lambda: super(RecordedModel, self).save(*args, **kwargs),
            by=by,
            reason=reason,
            action=action,
            token=token,
            undo_of=undo_of,
        )

    def delete(self, *args, **kwargs):
        raise models.ProtectedError(_("Records are archived or cancelled, never deleted."), {self})


MOST_NUMBERS = 999_999


class NumberRange(models.Model):
    """The last number given out in a series ("R-26"): it only rises, so no number comes twice."""

    prefix = models.CharField(max_length=20, primary_key=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            # References sort as text because they have six digits; a series may not outgrow that.
            models.CheckConstraint(
                name="number_range_six_digits", condition=Q(last__lte=MOST_NUMBERS)
            )
        ]
        verbose_name = _("number range")
        verbose_name_plural = _("number ranges")

    def __str__(self):
        return f"{self.prefix}-{self.last:06d}"
