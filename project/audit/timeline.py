"""The life of a record, or of a few as one: log and field-by-field changes, newest first."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from project.ui import formats as ui_formats

from .recorder import line as line_of
from .recorder import log_model_of
from .retelling import retold, retold_reason


@dataclass(slots=True)
class Change:
    field: str
    before: str
    after: str
    before_url: str = ""
    after_url: str = ""


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
    extent: str = ""  # what an undo takes back, where that is more than one record
    changes: list = field(default_factory=list)
    remarks: list = field(default_factory=list)


def timeline(records, labels, *, can_undo=lambda batch: False, extent=lambda batch: "", limit=200):
    """The entries of these records of one kind. `labels` maps action codes to words in the user's
    language, and `can_undo` tells of a batch whether this user may undo it; what was changed again
    since can't be, and is not asked about. `extent` says of how many records that is the act.

    Three statements, and one for each kind of record that a changed field points to.
    """
    model = type(records[0])
    log, key = log_model_of(model)
    names = {record.pk: str(record) for record in records} if len(records) > 1 else {}
    currencies = {record.pk: getattr(record, "currency", "") for record in records}
    lines = list(
        log._base_manager.filter(**{f"{key}__in": [record.pk for record in records]})
        .select_related("user", "batch", "batch__undone_by")
        .order_by("-timestamp", "-pk")[:limit]
    )
    related = names_of_related(model, lines)
    last = last_acts(model, records)
    entries = []
    for line in lines:
        record = getattr(line, f"{key}_id")
        text, reason = retold_said(line.action, line.batch.reason)
        changes = changes_in(model, line.changes, related, currencies[record])
        # Going back in time: what was the currency before this line is that of all earlier ones.
        currencies[record] = line.changes.get("currency", [currencies[record]])[0]
        entries.append(
            Entry(
                when=line.timestamp,
                who=line.user,
                label=str(labels.get(line.action_code) or retold(line.action)),
                text=text,
                reason=reason,
                batch=line.batch_id,
                undo=line.batch.action == line.action_code
                and (record, line.batch_id) in last
                and can_undo(line.batch),
                kind=line.action_code.rpartition(".")[2],
                record=names.get(record, ""),
                extent=extent(line.batch),
                changes=changes,
            )
        )
    return entries


def last_acts(model, records):
    """{(key, batch)}: by which act each of these records became what it is."""
    versions = Q(*(Q(id=record.pk, version=record.version) for record in records), _connector=Q.OR)
    return set(model.history.filter(versions).values_list("id", "batch_id"))


def said(sentence, reason):
    """(what was done, why): a log line may hold the batch's reason already, and it is told once."""
    what = sentence.partition(" — ")[0]
    if reason and sentence == line_of(what, reason):
        return what, reason
    if all(part in sentence for part in reason.split(" — ")):
        return sentence, ""
    return sentence, reason


def retold_said(sentence, reason):
    """The same, in the reader's language."""
    what, why = said(sentence, reason)
    return retold(what, theirs=reason), retold_reason(why)


def changes_in(model, logged, related, currency=""):
    """The Changes of a log line's `logged` ({field: [before, after]}), in the model's order.

    `related` is that of `names_of_related`; `currency` is the record's after the change.
    """
    before_code, after_code = logged.get("currency", (currency, currency))
    changes = []
    for model_field in model._meta.concrete_fields:
        if model_field.name not in logged:
            continue
        before, after = logged[model_field.name]
        if _value(model_field, before) == _value(model_field, after):
            continue
        changes.append(
            Change(
                str(model_field.verbose_name),
                shown(model_field, before, related, before_code),
                shown(model_field, after, related, after_code),
                *(
                    related.get((model_field.name, key), ("", ""))[1]
                    if model_field.is_relation
                    else ""
                    for key in (before, after)
                ),
            )
        )
    return changes


def _value(model_field, value):
    """The Python value of what the log's JSON kept; as it stands where the field has changed."""
    if value is None:
        return None
    try:
        return model_field.to_python(value)
    except ValidationError:
        return value


def short_moment(at):
    return ui_formats.date_format(at, "SHORT_DATETIME_FORMAT")


def shown(model_field, value, names=None, currency="", moment=short_moment):
    """A value as people read it: choices in words, records by name, moments in local time, as
    `moment` writes it, amounts in their `currency`. `names` is that of `names_of_related`."""
    value = _value(model_field, value)
    if value is None or value == "" or value == []:
        return "—"
    if say := getattr(model_field.model, "in_words", {}).get(model_field.name):
        return say(value)
    if model_field.is_relation:
        return (names or {}).get((model_field.name, value), (f"#{value}", ""))[0]
    if model_field.choices:
        return str(dict(model_field.flatchoices).get(value, value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        if timezone.is_naive(value):  # SQLite's JSON keeps UTC without saying so
            value = timezone.make_aware(value, timezone.get_fixed_timezone(0))
        return moment(timezone.localtime(value))
    if isinstance(value, date):
        return ui_formats.date_format(value)
    if currency and model_field.name in getattr(model_field.model, "amount_fields", ()):
        return ui_formats.amount(value, currency)
    if isinstance(value, Decimal):  # as many decimals as are stored says nothing
        value = Decimal(f"{value.normalize():f}")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(formats.localize(value, use_l10n=True))


def names_of_related(model, lines):
    """{(field, key): (name, URL)} of the records that the lines' changes point to.

    One statement per field. A model whose records are called by others' names has `called(keys)`.
    """
    names = {}
    for model_field in model._meta.concrete_fields:
        if model_field.is_relation and (keys := _keys(model_field.name, lines)):
            for key, name in _called(model_field.related_model, keys).items():
                names[model_field.name, key] = name
    return names


def _called(model, keys):
    if hasattr(model, "called"):
        return model.called(keys)
    return {
        record.pk: (str(record), record.get_absolute_url() if _has_page(model) else "")
        for record in model._base_manager.filter(pk__in=keys)
    }


def _has_page(model):
    return hasattr(model, "get_absolute_url")


def _keys(name, lines):
    """The keys that a relation had, before or after, in any of the lines."""
    return {key for entry in lines for key in entry.changes.get(name, ()) if key is not None}
