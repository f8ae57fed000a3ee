"""Records that are in use or no longer, of whatever kind: the verbs, and how they are declared."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import IntegrityError
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.audit.recorder import line, recorded
from project.audit.refusals import Refusal

from .action import Action
from .forms import OptionalReasonForm


def no_refusals(selection):
    return ()


@dataclass(frozen=True, slots=True)
class Activation:
    """How a wing takes records out of use, and back into it.

    `field` is the boolean that says whether one is in use; `ties(model)` are the refusals of those
    that are still needed, `to_activate(selection)` of those that may not be used again. What the
    records did stays either way.
    """

    field: str
    ties: Callable
    to_activate: Callable = no_refusals

    def not_activable(self, selection):
        """Why some of the selection can't be used again."""
        active = Q((self.field, True))
        already = Refusal("active", active, gettext_lazy("already active"), idle=True)
        return (already, *self.to_activate(selection))

    def not_deactivable(self, model):
        """Why a record of `model` can't be taken out of use."""
        inactive = Q((self.field, False))
        already = Refusal("inactive", inactive, gettext_lazy("already inactive"), idle=True)
        return (already, *self.ties(model))

    def activate(self, selection, *, by, ticket=None):
        """Use these again."""
        try:
            return self._activate(selection, by, ticket)
        except IntegrityError:  # someone was first with another: now the refusals see it
            return self._activate(selection, by, ticket)

    def _activate(self, selection, by, ticket):
        with recorded(
            f"{selection.model._meta.app_label}.activate",
            selection,
            by=by,
            ticket=ticket,
            sentence=line(_("Activated")),
            refusals=self.not_activable(selection),
        ) as batch:
            batch.update(**{self.field: True})
        return batch.outcome

    def deactivate(self, selection, *, by, reason="", ticket=None, refusals=(), undo_of=None):
        """No longer use these."""
        with recorded(
            f"{selection.model._meta.app_label}.deactivate",
            selection,
            by=by,
            reason=reason,
            ticket=ticket,
            sentence=line(_("Deactivated"), reason),
            refusals=(*refusals, *self.not_deactivable(selection.model)),
            undo_of=undo_of,
        ) as batch:
            batch.update(**{self.field: False})
        return batch.outcome

    def discard(self, selection, *, by, refusals, undo_of):
        """Undo a creation: nothing is deleted, it is only no longer used."""
        reason = _("Created by mistake")
        return self.deactivate(selection, by=by, reason=reason, refusals=refusals, undo_of=undo_of)

    def actions(self, model, words, *, primary=False):
        """(activate, deactivate) for the records of `model`.

        `words` maps each of these names to its `question` and `done`, in the words of the kind.
        """
        app = model._meta.app_label

        def declare(name, **how):
            question, done = words[name]
            return Action(
                code=f"{app}.{name}",
                permission=f"{app}.{name}_{model._meta.model_name}",
                question=question,
                done=done,
                writes=(self.field,),
                **how,
            )

        return (
            declare(
                "activate",
                label=gettext_lazy("Activate"),
                icon="restore",
                service=self.activate,
                refusals=lambda selection, answers: self.not_activable(selection),
                inverse=f"{app}.deactivate",
                undo_refusals=lambda selection: self.not_deactivable(model),
            ),
            declare(
                "deactivate",
                label=gettext_lazy("Deactivate"),
                icon="archive",
                service=self.deactivate,
                refusals=lambda selection, answers: self.not_deactivable(model),
                form=OptionalReasonForm,
                inverse=f"{app}.activate",
                undo_refusals=self.not_activable,
                primary=primary,
            ),
        )
