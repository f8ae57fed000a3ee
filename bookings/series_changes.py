"""Changing what recurs: the rides of a series, this and the following or all.

What they agree on (the pattern, who pays and in which currency) is changed ride by ride; those
changed by hand are kept, unless asked otherwise.
"""

from django.db.models import Exists, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.audit.refusals import Refusal, any_refusal

from . import changes
from .series_queries import AGREED, CHANGE, CHANGED_BY_HAND
from .services import ARCHIVED, SETTLED
from .states import CLOSED

WRITES = AGREED
NO_SERIES = Refusal("no_series", Q(series__isnull=True), gettext_lazy("not of a series"))
UNCHANGEABLE = (
    NO_SERIES,
    ARCHIVED,
    Refusal("closed", Q(status__in=CLOSED), gettext_lazy("over or cancelled")),
    SETTLED,
)


def not_changeable(selection, values, overwrite=False, *, override=False):
    """Why an occurrence can't take `values` ({name: To}), or is kept as someone made it."""
    refusals = UNCHANGEABLE if overwrite else (*UNCHANGEABLE, CHANGED_BY_HAND)
    return changes.not_changeable(selection, values, refusals, override=override)


def nowhere_changeable(selection):
    """Why a page does not offer to change these: there is no ride that any scope would change, not
    even of those changed by hand."""
    reached = selection.whole_series().following()  # and what continues it
    changeable = reached.exclude(any_refusal(UNCHANGEABLE))
    return (NO_SERIES, Refusal("nowhere", ~Q(Exists(changeable)), NO_SERIES.message))


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
