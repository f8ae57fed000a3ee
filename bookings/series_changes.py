"""Changing what recurs: the rides of a series, this and the following or all.

What the pattern says is changed ride by ride; those changed by hand are kept, unless asked
otherwise.
"""

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.audit.refusals import Refusal

from . import changes
from .models import Booking
from .series_queries import CHANGE, with_by_hand
from .services import ARCHIVED, SETTLED
from .states import CLOSED

UNCHANGEABLE = (
    Refusal("no_series", Q(series__isnull=True), gettext_lazy("not of a series")),
    ARCHIVED,
    Refusal("closed", Q(status__in=CLOSED), gettext_lazy("over or cancelled")),
    SETTLED,
)


def not_changeable(selection, values, overwrite=False):
    """Why an occurrence can't take `values` ({name: To}), or is kept as someone made it."""
    refusals = UNCHANGEABLE
    if not overwrite:
        theirs = with_by_hand(Booking.objects.filter(pk__in=selection.order_by().values("pk")))
        refusals += (
            Refusal(
                "by_hand",
                Q(pk__in=theirs.filter(series__isnull=False, by_hand=True).values("pk")),
                gettext_lazy("changed by hand, so kept"),
            ),
        )
    return changes.not_changeable(selection, values, refusals)


def change_series(selection, *, by, values, overwrite=False, override="", tell=False, ticket=None):
    """Change occurrences of a series as `changes.change` changes rides; each keeps its day.

    `overwrite` changes those too that someone changed by hand.
    """
    return changes.write(
        selection,
        lambda: not_changeable(selection, values, overwrite),
        by=by,
        values=values,
        override=override,
        tell=tell,
        ticket=ticket,
        action=CHANGE,
        sentence=_("Changed with its series"),
    )
