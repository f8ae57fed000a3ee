"""What staff do to parties. One declaration for the three kinds, in the words of each."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from project.actions.action import Action

from . import services
from .forms import DeactivateForm
from .models import Customer, Driver, Partner

# By kind and act: the question (None for what has a page of its own) and what was done.
WORDS = {
    Customer: {
        "activate": (
            ngettext_lazy("Activate %(n)s customer", "Activate %(n)s customers", "n"),
            ngettext_lazy("%(n)s customer activated.", "%(n)s customers activated.", "n"),
        ),
        "deactivate": (
            ngettext_lazy("Deactivate %(n)s customer", "Deactivate %(n)s customers", "n"),
            ngettext_lazy("%(n)s customer deactivated.", "%(n)s customers deactivated.", "n"),
        ),
        "create": (
            None,
            ngettext_lazy("%(n)s customer created.", "%(n)s customers created.", "n"),
        ),
        "edit": (None, ngettext_lazy("%(n)s customer changed.", "%(n)s customers changed.", "n")),
    },
    Driver: {
        "activate": (
            ngettext_lazy("Activate %(n)s driver", "Activate %(n)s drivers", "n"),
            ngettext_lazy("%(n)s driver activated.", "%(n)s drivers activated.", "n"),
        ),
        "deactivate": (
            ngettext_lazy("Deactivate %(n)s driver", "Deactivate %(n)s drivers", "n"),
            ngettext_lazy("%(n)s driver deactivated.", "%(n)s drivers deactivated.", "n"),
        ),
        "create": (None, ngettext_lazy("%(n)s driver created.", "%(n)s drivers created.", "n")),
        "edit": (None, ngettext_lazy("%(n)s driver changed.", "%(n)s drivers changed.", "n")),
    },
    Partner: {
        "activate": (
            ngettext_lazy("Activate %(n)s partner", "Activate %(n)s partners", "n"),
            ngettext_lazy("%(n)s partner activated.", "%(n)s partners activated.", "n"),
        ),
        "deactivate": (
            ngettext_lazy("Deactivate %(n)s partner", "Deactivate %(n)s partners", "n"),
            ngettext_lazy("%(n)s partner deactivated.", "%(n)s partners deactivated.", "n"),
        ),
        "create": (None, ngettext_lazy("%(n)s partner created.", "%(n)s partners created.", "n")),
        "edit": (None, ngettext_lazy("%(n)s partner changed.", "%(n)s partners changed.", "n")),
    },
}


def declare(model, name, *, verb=None, **how):
    """An action on parties of `model`; `verb` is the permission's, where it is not the name."""
    question, done = WORDS[model][name]
    return Action(
        code=f"directory.{name}",
        permission=f"directory.{verb or name}_{model._meta.model_name}",
        question=question,
        done=done,
        **how,
    )


def actions_of(model):
    """(activate, deactivate) for the parties of `model`."""
    return (
        declare(
            model,
            "activate",
            label=_("Activate"),
            icon="restore",
            service=services.activate,
            refusals=services.NOT_ACTIVABLE,
            inverse="directory.deactivate",
            writes=("is_active",),
            undo_refusals=lambda selection: services.not_deactivable(model),
        ),
        declare(
            model,
            "deactivate",
            label=_("Deactivate"),
            icon="archive",
            service=services.deactivate,
            refusals=lambda selection, answers: services.not_deactivable(model),
            form=DeactivateForm,
            inverse="directory.activate",
            writes=("is_active",),
            primary=True,
        ),
    )


def forms_of(model):
    """(create, edit): the acts that have a page of their own."""
    return (
        declare(model, "create", verb="add", label=_("Create"), creates=True),
        declare(
            model,
            "edit",
            verb="change",
            label=_("Edit"),
            inverse="directory.edit",
            revert=services.revert,
        ),
    )
