"""What an action is: a value that every path reads. See docs/architecture.md."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from project.audit.recorder import Ticket
from project.audit.refusals import Refusal, in_force


@dataclass(frozen=True, slots=True)
class Scope:
    """How far a selection reaches: `widen` maps the selected queryset to the one acted on.

    It is offered where that reaches further; `offered(selection)` tells cheaply where it can't.
    `added` says what widening brings in: a plural-aware lazy text with `%(n)s`. `spares` is the
    refusal of what so wide a scope leaves alone, unless the box `anyway` is ticked; `keeps` gives,
    of the selection, the refusals of what it leaves alone in any case. One that `lists` names every
    record before it is done: those that change, and those left alone. `alone` is the label where
    one record is selected.
    """

    name: str
    label: Any
    widen: Callable
    alone: Any = None
    offered: Callable | None = None
    added: Any = None
    spares: Refusal | None = None
    anyway: Any = None
    keeps: Callable | None = None
    lists: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing that staff do to records, one or a million.

    `service(selection, *, by, ticket, **answers) -> Outcome` is the rule; the answers are the
    form's cleaned data. `refusals` is the tuple that the service itself uses, or a function of
    (selection, answers) that returns it, where `answers["spared"]` are the refusals of what the
    scope leaves alone, for a rule that asks what becomes of the others; `warns` is the permission
    that overrides those of them that are warnings. `question` and `done` are plural-aware lazy
    texts with `%(n)s`; what has no dialog asks no question. Where a box of the form or a wider
    scope may do what the dialog does not open with, `page_refusals(selection)` are the refusals
    that are left then: a page offers the action by those.

    Undo: `inverse` is the code of the action whose permission it needs and under which it is
    recorded; `writes` are the fields that it puts back. `undo_refusals` and `undo_locks` say what
    it must respect, as functions of the selection, which carries each field's former value as
    `before_<field>`; `undo_needs(batch)` tells which permissions it takes besides, going by what
    was written. `after_undo(batch, undone)` is called in the undo's transaction, its change logged.
    An edit form gives `revert(record, *, by, reason, undo_of) -> batch` instead: its own service,
    which is given the record with its former values. An act that is undone as a whole or not at all
    gives `take_back(batch, *, by) -> Outcome`. Where the inverse has something to ask
    (`undo_asks`), undoing opens its dialog on the batch's records.
    What an action `creates` is undone by the desk's `discard`.

    `hint` says in a word what it is for, where several would do; those that `edits` stand together
    as the ways to edit a record.

    `together(records)` widens some records to those on which it depends what becomes of them (they
    share an amount, or are in one order): a preview tries it on a few, and these belong to the few.

    What `reports` changes nothing: it shows the records. Without a form it does so at once. Where
    it does not end in a text, `leads_to(batch)` is the address of what it made. One that `filters`
    shows the filter that chose the records and lets one change it; the service gets it as `filter`
    (a query string, None for records picked one by one), with the `words` for what else chose them,
    how far they were `widened` in words, and the `sort` of their list (a code).
    """

    code: str
    label: Any
    done: Any
    permission: str
    question: Any = None
    service: Callable | None = None
    refusals: Any = ()
    page_refusals: Callable | None = None
    warns: str | None = None
    form: type | None = None
    scopes: tuple = ()
    together: Callable | None = None
    inverse: str | None = None
    writes: tuple = ()
    undo_refusals: Callable | None = None
    undo_locks: Callable | None = None
    undo_needs: Callable | None = None
    after_undo: Callable | None = None
    revert: Callable | None = None
    take_back: Callable | None = None
    undo_asks: bool = False
    creates: bool = False
    reports: bool = False
    leads_to: Callable | None = None
    filters: bool = False
    tone: str = "normal"
    icon: str = ""
    hint: Any = ""
    edits: bool = False
    primary: bool = False

    @property
    def name(self):
        return self.code.rpartition(".")[2]

    @property
    def effect(self):
        """What comes of it, in a word: menus keep those of one kind together, in this order."""
        if self.reports:
            return _("Show and export")
        makes, changes = pgettext_lazy("menu", "Create"), pgettext_lazy("menu", "Change")
        return makes if self.creates else changes

    def refusals_for(self, selection, answers, spared=()):
        """The refusals in force once the form is answered; warnings that were accepted are out.

        `spared` are the refusals of the scope, which come first.
        """
        refusals = self.refusals
        if callable(refusals):
            refusals = refusals(selection, {**answers, "spared": spared})
        return (*spared, *in_force(refusals, answers.get("override")))

    def refusals_on_page(self, selection):
        """The refusals by which a page judges whether to offer it, before anything is answered."""
        if self.page_refusals:
            return tuple(self.page_refusals(selection))
        return self.refusals_for(selection, {})

    def scope(self, name):
        """The scope called `name`, or the first; None where the action has none. Raises BadRequest
        for a name that none has: what was meant may be more, or less."""
        if not self.scopes:
            return None
        if not name:
            return self.scopes[0]
        for scope in self.scopes:
            if scope.name == name:
                return scope
        raise BadRequest(f"{self.code} has no scope {name}")

    def allow(self, user):
        """Raise PermissionDenied unless the user may do it."""
        if not user.has_perm(self.permission):
            raise PermissionDenied(self.permission)

    def run(self, selection, *, by, ticket=None, **answers):
        """Check the permission and do it. Raises PermissionDenied, SelectionChanged, AlreadyDone.

        `selection` is already widened: the permission is asked on all that will change.
        """
        self.allow(by)
        if answers.get("override") and not by.has_perm(self.warns):
            raise PermissionDenied(self.warns)
        return self.service(selection, by=by, ticket=ticket or Ticket(), **answers)


def forms_of(model, created, changed, *, revert=None, undoable=True):
    """(create, edit) for records of `model`: the acts that have a page of their own.

    `created` and `changed` are their `done`. Without `revert` an edit has no undo; a creation has
    one where it is `undoable`, by the desk's `discard`.
    """
    app, kind = model._meta.app_label, model._meta.model_name
    return (
        Action(
            code=f"{app}.create",
            label=_("Create"),
            done=created,
            permission=f"{app}.add_{kind}",
            creates=undoable,
        ),
        Action(
            code=f"{app}.edit",
            label=_("Edit"),
            done=changed,
            permission=f"{app}.change_{kind}",
            inverse=f"{app}.edit" if revert else None,
            revert=revert,
        ),
    )


def told(code, label, permission, done=None):
    """What befalls records by an act on others, or by a page: known for its words in log and bell.

    Without `done` the label tells it; `permission` counts where it is the inverse of another.
    """
    return Action(code=code, label=label, done=done or label, permission=permission)
