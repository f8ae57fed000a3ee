"""Writing a change together with its log and its history, whatever the number of records.

The order is always the same, in one transaction:

1. the batch, whose unique token stops a double click;
2. the rows that the rule depends on, then the selection, locked in primary-key order; the digest
   of the locked keys and versions must be the one that the user saw;
3. the refusals, each with its reason;
4. the log, for all the others: from here on *the batch's log rows are the set that changes*;
5. the UPDATE of those, and their history rows read back from the table.

The number of statements does not grow with the selection, and no id comes to Python.

Whoever has to know of every change (open pages, …) joins `listeners`: each is called with the
batch, inside its transaction, once it is written.
"""

import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain

from django.apps import apps
from django.db import models, router, transaction
from django.db.models import F, Func, OuterRef, Q, Subquery, TextField, Value
from django.db.models.functions import JSONArray, JSONObject
from django.db.models.sql import InsertQuery
from django.utils import timezone
from django.utils.translation import gettext as _

from .acting import current_user
from .refusals import first_refusal
from .rows import table_of
from .statements import (
    compiled,
    connection_of,
    digest_of,
    insert_select,
    inserting,
    lock,
    plain,
    run,
)

listeners = []

LONGEST_LINE = 255  # what a log line can hold


class Unrecorded(RuntimeError):
    """A write that would leave no log."""


class Stale(Exception):
    """Someone saved the record since it was read. `current` is the row as it is now."""

    def __init__(self, current):
        super().__init__(_("Someone else changed this record in the meantime."))
        self.current = current


class SelectionChanged(Exception):
    """The records that match, or their versions, are no longer those the user saw."""


class AlreadyDone(Exception):
    """The form's one-time token was used: the same click, twice. `batch` is the first one's."""

    def __init__(self, batch):
        super().__init__(_("This was already done."))
        self.batch = batch


@dataclass(frozen=True, slots=True)
class Ticket:
    """What came back with a confirmed dialog: its one-time token, the digest it showed, the name
    of its scope, and the refusals of what that spares."""

    token: uuid.UUID | None = None
    digest: str | None = None
    spared: tuple = ()
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    code: str
    message: str
    count: int
    idle: bool = False  # already so: left alone, and nothing is wrong


@dataclass(slots=True)
class Outcome:
    """What a service did: the batch, how many records changed, how many were refused and why.

    `batch` is None where nothing was kept of it.
    `refused` counts by reason; `refusals()` is every refused record with its reason.
    """

    batch: models.Model
    changed: int = 0
    refused: list[Refused] = field(default_factory=list)
    report: str = ""

    @property
    def refused_count(self):
        return sum(reason.count for reason in self.refused)

    def refusals(self):
        return self.batch.refusals.order_by("object_id")


def log_model_of(model):
    """(log model, name of its foreign key): the reverse side of `logs`."""
    relation = model._meta.get_field("logs")
    return relation.related_model, relation.field.name


class AsJSON(Func):
    """JSON inside JSON: for SQLite a column of it is mere text, unless it is told."""

    template = "%(expressions)s"
    arity = 1
    output_field = models.JSONField()

    def as_sqlite(self, compiler, connection, **context):
        return self.as_sql(compiler, connection, template="JSON(%(expressions)s)", **context)


class Recording:
    """An open batch: what a service writes with. See the module's docstring for the order."""

    def __init__(self, batch, selection, sentence, total=1):
        self.batch = batch
        self.total = total  # records selected, refused ones included
        self.model = selection.model
        self.log, self.log_key = log_model_of(self.model)
        self.selection = selection
        by_record = hasattr(sentence, "resolve_expression")
        self.sentence = sentence if by_record else Value(str(sentence))
        # History tells why; where nobody was asked, it tells what.
        self.why = batch.reason or ("" if by_record else str(sentence))
        self.outcome = Outcome(batch=batch)
        self.noted = False  # no record was written, only log lines

    def accepted(self):
        """The selected records that nothing refuses."""
        if not self.outcome.refused:
            return self.selection
        return self.selection.exclude(pk__in=self.batch.refusals.values("object_id"))

    def touched(self, code=None):
        """The records of this batch: those its log rows (of that code) point to."""
        code = code or self.batch.action
        lines = self.log._base_manager.filter(batch=self.batch, action_code=code)
        return models.QuerySet(self.model).filter(pk__in=lines.values(f"{self.log_key}_id"))

    def update(self, **values):
        """Set `values` (plain or expressions over the row as it was) on all that is accepted.

        A value that depends on which others change (a fee shared with the ride back) is a function
        of them: it is given the records as a queryset, and returns an expression. The log is told
        such values once its lines are there: a query for the others by the selection itself, inside
        one for the selection, may be deeper than SQLite's parser goes.
        """
        by_others = any(map(callable, values.values()))
        self._log(self.accepted(), JSONObject() if by_others else self._changes(values))
        touched = self.touched()
        if by_others:
            values = {
                name: value(touched) if callable(value) else value for name, value in values.items()
            }
            self._tell(self._changes(values))
        self.write(touched, self.why, **values)

    def beside(self, model):
        """The same batch, to write on records of another kind: what a cascade takes along.

        Their log lines have codes of their own; the batch counts the records that it was asked for,
        and the others in `also`.
        """
        return Recording(self.batch, models.QuerySet(model), "")

    def update_also(self, records, code, sentence, **values):
        """Set `values` on other records, under a log line of their own; undo passes them by.

        Returns how many there are.
        """
        written = self.write(self.mention(code, sentence, records, **values), sentence, **values)
        label = self.model._meta.label_lower
        if written and label != self.batch.model:
            self.batch.also[label] = self.batch.also.get(label, 0) + written
        return written

    def write(self, records, why, **values):
        """The UPDATE and the history alone, of records that have their log line already."""
        values = {**values, **self.model.derived(values)}
        at = self.batch.created_at
        written = records.update(**values, version=F("version") + 1, updated_at=at)
        write_history(records, self.batch, "~", self.batch.reason or str(why))
        return written

    def update_each(self, rows, columns):
        """Set values of its own on each record: `rows` are dicts with its `key`, its `changes` as
        the log tells them, and a value for each of `columns` ({column: one of rows.TYPES}).

        The same statements as `update`. Only records of the selection are written.
        """
        connection = connection_of(self.model)
        quote = connection.ops.quote_name
        kinds = {"key": "key", "changes": "json", **columns}
        given, params = table_of(connection, "given", kinds, rows)
        records = self.accepted()
        table = quote(self.model._meta.db_table)
        selected, selected_params = compiled(records.order_by().values("pk"))
        names = ("user_id", "action", "action_code", "batch_id", "timestamp")
        batch = self.batch
        common = [
            self.log._meta.get_field(name.removesuffix("_id")).get_db_prep_value(value, connection)
            for name, value in zip(
                names,
                (batch.user_id, self.sentence.value, batch.action, batch.pk, batch.created_at),
                strict=True,
            )
        ]
        columns_of_log = ", ".join(map(quote, (f"{self.log_key}_id", *names, "changes")))
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {quote(self.log._meta.db_table)} ({columns_of_log}) "
                f"SELECT given.key, {', '.join(['%s'] * len(names))}, given.changes "
                f"FROM {given} WHERE given.key IN ({selected}) ORDER BY given.key",
                [*common, *params, *selected_params],
            )
            self.outcome.changed = cursor.rowcount
            touched, touched_params = compiled(self.touched().values("pk"))
            sets = ", ".join(f"{quote(name)} = given.{quote(name)}" for name in columns)
            cursor.execute(
                f"UPDATE {table} SET {sets}, version = {table}.version + 1, updated_at = %s "
                f"FROM {given} WHERE {table}.id = given.key AND {table}.id IN ({touched})",
                [common[-1], *params, *touched_params],
            )
        write_history(self.touched(), batch, "~", self.why)

    def note(self):
        """Write the log alone: for what was shown or printed and changed nothing."""
        self._log(self.accepted(), JSONObject())
        self.noted = True

    def mention(self, code, sentence, records=None, *, changes=None, **values):
        """Another log line, on the accepted or on other records; undo passes it by.

        It tells of the `values` that they are given, or of `changes` (JSON). Returns the records:
        from here on they are these, whatever else begins to match.
        """
        records = self.accepted() if records is None else records
        told = changes or self._changes(values)
        self._insert_log(records, code, Value(str(sentence)), told)
        return self.touched(code)

    def created(self, records, **told):
        """Log and history of records that the service just made; `told` goes into the log."""
        self._log(
            records,
            JSONObject(
                **{
                    name: JSONArray(Value(None, output_field=TextField()), value)
                    for name, value in told.items()
                }
            ),
        )
        write_history(records, self.batch, "+", self.why)

    def _changes(self, values):
        told = {}
        for name, value in {**values, **self.model.derived(values)}.items():
            model_field = self.model._meta.get_field(name)
            if name in self.model.quiet_fields:
                continue
            if isinstance(value, models.Model):
                value = value.pk
            if not hasattr(value, "resolve_expression"):
                value = Value(value, output_field=model_field)
            pair = (F(model_field.attname), value)
            if isinstance(model_field, models.JSONField):
                pair = map(AsJSON, pair)
            told[name] = JSONArray(*pair)
        return JSONObject(**told)

    def _log(self, records, changes):
        self.outcome.changed = self._insert_log(records, self.batch.action, self.sentence, changes)

    def _tell(self, changes):
        """Put `changes`, an expression over the record, into the batch's log lines."""
        record = models.QuerySet(self.model).filter(pk=OuterRef(f"{self.log_key}_id"))
        told = record.annotate(_changes=changes).values("_changes")
        lines = self.log._base_manager.filter(batch=self.batch, action_code=self.batch.action)
        lines.update(changes=Subquery(told))

    def _insert_log(self, records, code, sentence, changes):
        return insert_select(
            self.log,
            (
                f"{self.log_key}_id",
                "user_id",
                "action",
                "action_code",
                "batch_id",
                "timestamp",
                "changes",
            ),
            records.order_by("pk").select_for_update(of=("self",), no_key=True),
            F("pk"),
            Value(self.batch.user_id, output_field=models.BigIntegerField()),
            sentence,
            Value(code),
            Value(self.batch.pk, output_field=models.UUIDField()),
            Value(self.batch.created_at, output_field=models.DateTimeField()),
            changes,
        )


def tell_later(batch, code, sentence):
    """One more log line on each record of a batch that is written: what became of it since. Undo
    passes it by. Returns how many there are."""
    log, key = log_model_of(apps.get_model(batch.model))
    lines = log._base_manager.filter(batch=batch, action_code=batch.action)
    return insert_select(
        log,
        (f"{key}_id", "user_id", "action", "action_code", "batch_id", "timestamp", "changes"),
        lines.order_by("pk"),
        F(f"{key}_id"),
        F("user_id"),
        Value(line(sentence)),
        Value(code),
        F("batch_id"),
        Value(timezone.now(), output_field=models.DateTimeField()),
        JSONObject(),
    )


def write_history(records, batch, kind, why):
    """A history row for each of `records`, read from the table as it now stands.

    `kind` is "+" or "~", or an expression over the record.
    """
    run(connection_of(records.model), history_of(records, batch, kind, why))


def history_of(records, batch, kind, why):
    """The same as a statement to `run`."""
    history = records.model.history.model
    tracked = [tracked.attname for tracked in history.tracked_fields]
    return inserting(
        history,
        (
            *tracked,
            "history_date",
            "history_type",
            "history_user_id",
            "history_change_reason",
            "batch_id",
        ),
        records.order_by("pk"),
        *(F(name) for name in tracked),
        Value(batch.created_at, output_field=models.DateTimeField()),
        kind if hasattr(kind, "resolve_expression") else Value(kind),
        Value(batch.user_id, output_field=models.BigIntegerField()),
        Value(why, output_field=TextField()),
        Value(batch.pk, output_field=models.UUIDField()),
    )


@contextmanager
def recorded(
    action,
    selection,
    *,
    by,
    sentence,
    refusals=(),
    reason="",
    ticket=None,
    locks=(),
    undo_of=None,
    expected=0,
    announced=True,
    savepoint=True,
):
    """Open a batch on `selection` (a queryset); yield the `Recording` to write with.

    `sentence` is the log line: text, or an expression over the record. `locks` are querysets of
    other rows that the refusals read (drivers), or tuples of those to `lock` at once: locked first,
    so that no two batches decide on the same facts. `expected` is how many will have changed, where
    that is known beforehand: it spares the statement that corrects the batch's count. What is not
    `announced` (demo data, a bulk load) is told to no listener. A caller whose own transaction goes
    with whatever is raised here needs no `savepoint`. Raises `SelectionChanged` and `AlreadyDone`;
    nothing is written then.
    """
    selection = plain(selection)
    ticket = ticket or Ticket()
    with transaction.atomic(using=router.db_for_write(selection.model), savepoint=savepoint):
        batch = open_batch(
            action,
            selection.model,
            by,
            reason,
            ticket.token,
            undo_of,
            changed=expected,
            scope=ticket.scope,
        )
        for rows in locks:
            lock(*(rows if isinstance(rows, tuple) else (rows,)))
        count, digest = digest_of(selection, lock=True)
        if ticket.digest and digest != ticket.digest:
            raise SelectionChanged
        recording = Recording(batch, selection, sentence, count)
        if refusals := (*ticket.spared, *refusals):
            recording.outcome.refused = _refuse(batch, selection, refusals)
        yield recording
        outcome = recording.outcome
        if ticket.digest and outcome.refused_count + outcome.changed != count:
            # A record began to match between two statements: nobody saw it, nobody changes it.
            raise SelectionChanged
        if batch.also or (batch.changed, batch.refused) != (outcome.changed, outcome.refused_count):
            batch.changed, batch.refused = outcome.changed, outcome.refused_count
            batch.save(update_fields=["changed", "refused", "also"])
        if announced and outcome.changed and not recording.noted:
            tell(batch)


def tell(batch):
    """Tell the listeners of a batch that is written, but for its commit."""
    for listener in listeners:
        listener(batch)


def _refuse(batch, selection, refusals):
    """Store each refused record with its first reason; return the counts by reason."""
    model = apps.get_model("audit", "BatchRefusal")
    connection = connection_of(model)
    refused = selection.annotate(_refusal=first_refusal(refusals)).exclude(_refusal="")
    found, params = compiled(refused.order_by().values_list("pk", "_refusal"))
    messages = {refusal.code: str(refusal.message) for refusal in refusals}
    said = " ".join(["WHEN %s THEN %s"] * len(messages))
    idle = ["", *(refusal.code for refusal in refusals if refusal.idle)]
    key = model._meta.get_field("batch").get_db_prep_value(batch.pk, connection)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH refused(id, code) AS ({found}) "
            f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} "
            "(batch_id, object_id, code, message, idle) SELECT %s, id, code, "
            f"CASE code {said} END, code IN ({', '.join(['%s'] * len(idle))}) FROM refused",
            [*params, key, *chain(*messages.items()), *idle],
        )
        return refused_by_reason(batch) if cursor.rowcount else []


def refused_by_reason(batch):
    """What a batch refused, counted by reason, the commonest first."""
    counts = batch.refusals.values_list("code", "message", "idle").annotate(n=models.Count("pk"))
    return [
        Refused(code, message, count, idle)
        for code, message, idle, count in counts.order_by("-n", "code")
    ]


def open_batch(action, model, by, reason="", token=None, undo_of=None, changed=0, scope=""):
    """Insert the batch; `AlreadyDone` if its token was used before. An undo reaches as far as what
    it undoes."""
    batch_model = apps.get_model("audit", "Batch")
    batch = batch_model(
        action=action,
        model=model._meta.label_lower,
        user=by,
        reason=reason,
        created_at=timezone.now(),
        token=token,
        undo_of=undo_of,
        redo=bool(undo_of and undo_of.undo_of_id and not undo_of.redo),
        changed=changed,
        scope=undo_of.scope if undo_of else scope,
    )
    if not _inserted(batch):
        taken = Q(token=token, token__isnull=False) | Q(undo_of=undo_of, undo_of__isnull=False)
        raise AlreadyDone(batch_model.objects.filter(taken).first())
    return batch


def _inserted(record):
    """Insert a record unless one of its unique values is taken; whether it was inserted.

    In one statement, which leaves the transaction as it is either way: a savepoint takes three.
    """
    query = InsertQuery(type(record))
    query.insert_values(record._meta.concrete_fields, [record])
    connection = connection_of(type(record))
    [(sql, params)] = query.get_compiler(connection=connection).as_sql()
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} ON CONFLICT DO NOTHING", params)
        record._state.adding, record._state.db = False, connection.alias
        return cursor.rowcount == 1


def save(instance, write, *, by=None, reason="", action=None, token=None, undo_of=None):
    """One record's save, recorded: what `RecordedModel.save` does. Returns the batch or None."""
    model = type(instance)
    adding = instance._state.adding
    by = by or current_user()
    with transaction.atomic(using=router.db_for_write(model)):
        instance.derive()
        if adding:
            changes = {}
        else:
            before = model._base_manager.select_for_update(of=("self",), no_key=True).get(
                pk=instance.pk
            )
            if before.version != instance.version:
                raise Stale(before)
            for name in model.fields_of_services:
                setattr(instance, name, getattr(before, name))
            changes = _differences(before, instance)
            if not changes:
                return None
        verb = "create" if adding else "edit"
        code = action or f"{model._meta.app_label}.{verb}"
        batch = open_batch(code, model, by, reason, token, undo_of)
        if not adding:
            instance.version += 1
        instance.skip_history_when_saving = True  # written below, the same way as for a million
        try:
            write()
        except BaseException:
            if not adding:
                instance.version -= 1
            raise
        finally:
            del instance.skip_history_when_saving
        sentence = line(_("Created") if adding else _("Changed"), reason)
        recording = Recording(batch, models.QuerySet(model).filter(pk=instance.pk), sentence)
        recording.log._base_manager.create(
            **{recording.log_key: instance},
            user=by,
            action=sentence,
            action_code=batch.action,
            batch=batch,
            changes={
                name: pair for name, pair in changes.items() if name not in model.quiet_fields
            },
        )
        write_history(recording.selection, batch, "+" if adding else "~", recording.why)
        batch.changed = 1
        batch.save(update_fields=["changed"])
        tell(batch)
        return batch


def line(what, reason=""):
    """The text of a log line: what was done and why, in the 255 characters that it has."""
    return (f"{what} — {reason}" if reason else str(what))[:LONGEST_LINE]


def _differences(before, after):
    """{field: [before, after]} of what a save would change, as the log keeps it (JSON values)."""
    skipped = {"version", "created_at", "updated_at"}
    changes = {}
    for model_field in before._meta.concrete_fields:
        if model_field.name in skipped:
            continue
        old, new = (
            model_field.to_python(getattr(record, model_field.attname))
            for record in (before, after)
        )
        if old != new:
            changes[model_field.name] = [old, new]
    return changes
