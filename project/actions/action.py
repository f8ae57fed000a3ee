"""What an action is: a value that every path reads. See docs/architecture.md."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied

from project.audit.recorder import Ticket
from project.audit.refusals import in_force


@dataclass(frozen=True, slots=True)
class Scope:
    """How far a selection reaches: `widen` maps the selected queryset to the one acted on.

    `offered(selection)` tells where it would make a difference; without it, it is always offered.
    `added` says what widening brings in: a plural-aware lazy text with `%(n)s`.
    """

    name: str
    label: Any
    widen: Callable
    offered: Callable | None = None
    added: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing that staff do to records, one or a million.

    `service(selection, *, by, ticket, **answers) -> Outcome` is the rule; the answers are the
    form's cleaned data. `refusals` is the tuple that the service itself uses, or a function of
    (selection, answers) that returns it; `warns` is the permission that overrides those of them
    that are warnings. `question` and `done` are plural-aware lazy texts with `%(n)s`.

    Undo: `inverse` is the code of the action whose permission it needs and under which it is
    recorded; `writes` are the fields that it puts back. `undo_refusals` and `undo_locks` say what
    it must respect, as functions of the selection, which carries each field's former value as
    `before_<field>`. `after_undo(batch, undone)` is called in the undo's transaction, its change
    logged. An edit form gives `revert(record, values, *, by, undo_of) -> batch` instead. What an
    action `creates` is undone by the desk's `discard`.
    """

    code: str
    label: Any
    question: Any
    done: Any
    permission: str
    service: Callable | None = None
    refusals: Any = ()
    warns: str | None = None
    form: type | None = None
    scopes: tuple = ()
    inverse: str | None = None
    writes: tuple = ()
    undo_refusals: Callable | None = None
    undo_locks: Callable | None = None
    after_undo: Callable | None = None
    revert: Callable | None = None
    creates: bool = False
    reports: bool = False
    tone: str = "normal"
    icon: str = ""
    primary: bool = False

    @property
    def name(self):
        return self.code.rpartition(".")[2]

    def refusals_for(self, selection, answers):
        """The refusals in force once the form is answered; warnings that were accepted are out."""
        refusals = self.refusals
        if callable(refusals):
            refusals = refusals(selection, answers)
        return in_force(refusals, answers.get("override"))

    def scope(self, name):
        """The scope called `name`, or the first; None where the action has none."""
        for scope in self.scopes:
            if scope.name == name:
                return scope
        return self.scopes[0] if self.scopes else None

    def run(self, selection, *, by, ticket=None, **answers):
        """Check the permission and do it. Raises PermissionDenied, SelectionChanged, AlreadyDone.

        `selection` is already widened: the permission is asked on all that will change.
        """
        if not by.has_perm(self.permission):
            raise PermissionDenied(self.permission)
        if answers.get("override") and not by.has_perm(self.warns):
            raise PermissionDenied(self.warns)
        return self.service(selection, by=by, ticket=ticket or Ticket(), **answers)
