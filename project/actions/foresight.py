"""What an action would change, before it does: it is done to a few records, and taken back.

So what a dialog shows is what the service does, to the last unit of a shared fee; nobody writes the
outcome a second time. Messages, jobs, announcements and numbers go back with the rest.
"""

from dataclasses import dataclass, field
from functools import reduce

from django.core.exceptions import ValidationError
from django.db import OperationalError, router, transaction

from project.audit.recorder import SelectionChanged, log_model_of
from project.audit.timeline import changes_in, names_of_related, shown

UNSAID = "…"  # stands for a text that is asked for and not typed yet, while nothing is done
MOST_TRIED = 20
SHOWN = 3  # at once; the rest of them on demand


@dataclass(frozen=True, slots=True)
class Line:
    """A record and what would become of it. A new one has no name yet."""

    name: str
    url: str
    hint: str
    changes: list


@dataclass(frozen=True, slots=True)
class Foresight:
    """The first records that would change, and how many `others`.

    `also` are those that change beside them (the ride that a return is made from).
    """

    lines: list = field(default_factory=list)
    also: list = field(default_factory=list)
    others: int = 0

    @property
    def first(self):
        return self.lines[:SHOWN]

    @property
    def more(self):
        return self.lines[SHOWN:]


def foresee(desk, action, accepted, answers, *, ready, by):
    """The Foresight of doing `action` to `accepted`, which are `ready` in number.

    Done for real to the first of them, and to those that share an amount with these, in a
    transaction that is rolled back; a constant few statements. None where it can't be done, which
    the confirmation will say, or not now, while another write holds the lock.
    """
    keys = list(accepted.order_by("pk").values_list("pk", flat=True)[:MOST_TRIED])
    records = desk.model.objects.filter(pk__in=keys)
    if action.together:
        also = action.together(records).order_by().values("pk")
        keys = list(accepted.filter(pk__in=also).values_list("pk", flat=True))
        records = desk.model.objects.filter(pk__in=keys)
    if action.warns:
        # They were found acceptable among all; among a few, one that stays may seem in the way.
        answers = {**answers, "override": answers.get("override") or UNSAID}
    try:
        with transaction.atomic(using=router.db_for_write(desk.model)):
            batch = action.service(records, by=by, **answers).batch
            found = _read(desk, action, batch, ready)
            transaction.set_rollback(True, using=router.db_for_write(desk.model))
    except (SelectionChanged, ValidationError):
        return None
    except OperationalError:  # a long write is under way: the dialog does not wait for it
        return None
    return found


def _read(desk, action, batch, ready):
    log, key = log_model_of(desk.model)
    beyond = {f"{key}__{name.rpartition('__')[0]}" for name in desk.hints if "__" in name}
    written = log._base_manager.filter(batch=batch).select_related(key, *beyond).order_by("pk")
    own = list(written.filter(action_code=action.code)[:MOST_TRIED])
    also = list(written.exclude(action_code=action.code)[:MOST_TRIED])
    related = names_of_related(desk.model, [*own, *also])
    lines, beside = (
        [
            Line(
                "" if new else getattr(record, desk.label),
                "" if new else desk.record_url(record.pk, getattr(record, desk.label)),
                _hint(desk, record, line.changes),
                changes,
            )
            for line in some
            for record in [getattr(line, key)]
            if (
                changes := changes_in(
                    desk.model,
                    {
                        name: pair
                        for name, pair in line.changes.items()
                        if name != desk.label and UNSAID not in pair
                    },
                    related,
                    getattr(record, "currency", ""),
                )
            )
        ]
        for some, new in ((own, action.creates), (also, False))
    )
    return Foresight(lines, beside[:SHOWN], ready - len(own))


def _hint(desk, record, changes):
    """What tells people which record it is, beside its name: as it is before the change."""
    names = (name for name in desk.hints if name not in changes)
    return hint_of(desk, {name: reduce(getattr, name.split("__"), record) for name in names})


def hint_of(desk, values):
    """These values of a record, {field or path to one: value}, in words."""
    told = (shown(_field(desk.model, name), value) for name, value in values.items())
    return " · ".join(filter(None, told))


def _field(model, path):
    *ways, name = path.split("__")
    for way in ways:
        model = model._meta.get_field(way).related_model
    return model._meta.get_field(name)
