"""Changing what recurs: the rides of a series, this and the following or all.

What the pattern says is changed ride by ride; those changed by hand are kept, unless asked
otherwise.
"""

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.audit.refusals import Refusal

from . import changes
from .series_queries import CHANGE, CHANGED_BY_HAND
from .services import ARCHIVED, SETTLED
from .states import CLOSED

UNCHANGEABLE = (
    Refusal("no_series", Q(series__isnull=True), gettext_lazy("not of a series")),
    ARCHIVED,
    Refusal("closed", Q(status__in=CLOSED), gettext_lazy("over or cancelled")),
    SETTLED,
)


def not_changeable(selection, values, overwrite=False, *, override=False):
    """Why an occurrence can't take `values` ({name: To}), or is kept as someone made it."""
    refusals = UNCHANGEABLE if overwrite else (*UNCHANGEABLE, CHANGED_BY_HAND)
    return changes.not_changeable(selection, values, refusals, override=override)


def change_series(selection, *, by, values, overwrite=False, override="", tell=False, ticket=None):
    """Change occurrences of a series as `changes.change` changes rides; each keeps its day.

    `overwrite` changes those too that someone changed by hand.
    """
    return changes.write(
        selection,
        lambda: not_changeable(selection, values, overwrite, override=bool(override)),
        by=by,
        values=values,
        override=override,
        tell=tell,
        ticket=ticket,
        action=CHANGE,
        sentence=_("Changed with its series"),
    )
