"""The two actions that end in a file, for a desk to declare: what is its own, it says."""

from functools import partial

from django.utils.translation import gettext_lazy as _

from project.actions.action import Action

from . import exporting, printing
from .forms import ExportForm, PrintForm


def export(code, **own):
    """The action that puts records into an Excel or a CSV file.

    `own` is the desk's: the permission, the question, what is said when it is done, the scopes.
    """
    return _file(
        code,
        label=_("Export"),
        icon="export",
        service=partial(exporting.deliver, code),
        form=ExportForm,
        **own,
    )


def print_(code, *, form=PrintForm, **own):
    """The action that prints one of the desk's documents."""
    return _file(
        code,
        label=_("PDF"),
        icon="print",
        service=partial(printing.print_, code),
        refusals=printing.refusals_of,
        form=form,
        **own,
    )


def _file(code, **given):
    return Action(code=code, reports=True, leads_to=exporting.page_of, filters=True, **given)
