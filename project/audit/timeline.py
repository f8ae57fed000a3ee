"""The life of a record, or of a few as one: log and field-by-field changes, newest first."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from .recorder import log_model_of


@dataclass(slots=True)
class Change:
    field: str
    before: str
    after: str


@dataclass(slots=True)
class Entry:
    when: datetime
    who: object
    label: str
    text: str
    reason: str
    batch: object
    undo: bool
    kind: str
    record: str = ""  # which one it was, where there are several
    changes: list = field(default_factory=list)
    remarks: list = field(default_factory=list)


def timeline(records, labels, *, can_undo=lambda batch: False, limit=200):
    """The entries of these records of one kind. `labels` maps action codes to words in the user's
    language, and `can_undo` tells of a batch whether this user may undo it.

    Two statements, and one for each kind of record that a changed field points to.
    """
    model = type(records[0])
    log, key = log_model_of(model)
    names = {record.pk: str(record) for record in records} if len(records) > 1 else {}
    lines = list(
        log._base_manager.filter(**{f"{key}__in": [record.pk for record in records]})
        .select_related("user", "batch", "batch__undone_by")
        .order_by("-timestamp", "-pk")[:limit]
    )
    related = _names_of_related(model, lines)
    return [
        Entry(
            when=line.timestamp,
            who=line.user,
            label=str(labels.get(line.action_code, line.action)),
            text=line.action,
            reason=line.batch.reason,
            batch=line.batch_id,
            undo=line.batch.action == line.action_code and can_undo(line.batch),
            kind=line.action_code.rpartition(".")[2],
            record=names.get(getattr(line, f"{key}_id"), ""),
            changes=[
                Change(
                    str(_field(model, name).verbose_name),
                    shown(_field(model, name), before, related),
                    shown(_field(model, name), after, related),
                )
                for name, (before, after) in line.changes.items()
                if _field(model, name) is not None
                and _value(_field(model, name), before) != _value(_field(model, name), after)
            ],
        )
        for line in lines
    ]


def _field(model, name):
    return next((f for f in model._meta.concrete_fields if f.name == name), None)


def _value(model_field, value):
    """The Python value of what the log's JSON kept; as it stands where the field has changed."""
    if value is None:
        return None
    try:
        return model_field.to_python(value)
    except ValidationError:
        return value


def shown(model_field, value, names=None):
    """A value as people read it: choices in words, records by name, moments in local time."""
    value = _value(model_field, value)
    if value is None or value == "" or value == []:
        return "—"
    if model_field.is_relation:
        return (names or {}).get((model_field.name, value), f"#{value}")
    if model_field.choices:
        return str(dict(model_field.flatchoices).get(value, value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        if timezone.is_naive(value):  # SQLite's JSON keeps UTC without saying so
            value = timezone.make_aware(value, timezone.get_fixed_timezone(0))
        return formats.date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")
    if isinstance(value, Decimal):  # as many decimals as are stored says nothing
        value = Decimal(f"{value.normalize():f}")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(formats.localize(value, use_l10n=True))


def _names_of_related(model, lines):
    """{(field, pk): name} of the records that the changes point to, one statement per field."""
    return {
        (model_field.name, record.pk): str(record)
        for model_field in model._meta.concrete_fields
        if model_field.is_relation
        if (keys := _keys(model_field.name, lines))
        for record in model_field.related_model._base_manager.filter(pk__in=keys)
    }


def _keys(name, lines):
    """The keys that a relation had, before or after, in any of the lines."""
    return {key for entry in lines for key in entry.changes.get(name, ()) if key is not None}
