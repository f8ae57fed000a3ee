"""How far an action on bookings reaches: what is selected, the round trip, the series."""

from dataclasses import replace

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from project.actions.action import Scope

from . import series_queries
from .models import Booking


def whole_trips(selection):
    return selection.whole_trips()


def tied(selection):
    return selection.filter(round_trip__isnull=False).exists()


def recurs(selection):
    return selection.occurrences().exists()


def recurs_in_pairs(selection):
    series = selection.occurrences().order_by().values("series")
    return Booking.objects.filter(series__in=series, planned_return=True).exists()


SPARING = {
    "spares": series_queries.OCCURRENCE_BY_HAND,
    "anyway": _("Also those changed by hand"),
    "lists": True,
}

SEGMENT = Scope(
    series_queries.SELECTED,
    _("Only what is selected"),
    lambda selection: selection,
    alone=_("This ride only"),
)
ROUND_TRIP = Scope(
    "round_trip",
    _("The whole round trip"),
    whole_trips,
    offered=tied,
    added=ngettext_lazy(
        "%(n)s added: the other segment of a round trip",
        "%(n)s added: the other segments of round trips",
        "n",
    ),
)
FOLLOWING = Scope(
    "following",
    _("This and the following of the series"),
    lambda selection: selection.following(),
    offered=recurs,
    added=ngettext_lazy(
        "%(n)s added: a following ride of the series",
        "%(n)s added: following rides of the series",
        "n",
    ),
    **SPARING,
)
SERIES = Scope(
    "series",
    _("The whole series"),
    lambda selection: selection.whole_series(),
    offered=recurs,
    added=ngettext_lazy(
        "%(n)s added: another ride of the series", "%(n)s added: other rides of the series", "n"
    ),
    **SPARING,
)
SCOPES = (SEGMENT, ROUND_TRIP, FOLLOWING, SERIES)


def sparing(refusal):
    """The scopes of an act on whole occurrences that passes by what `refusal` tells."""
    return (
        SEGMENT,
        ROUND_TRIP,
        replace(FOLLOWING, spares=refusal),
        replace(SERIES, spares=refusal),
    )


def departed(selection):
    """What the whole series does not call off: a ride that took place and was left open."""
    return (series_queries.departed(),)


def others_departed(selection):
    """The same of *this* and the following, which says itself that this one is meant."""
    refusal = series_queries.departed()
    chosen = Q(pk__in=selection.order_by().values("pk"))
    return (replace(refusal, condition=refusal.condition & ~chosen),)


CANCELLING_SCOPES = (
    SEGMENT,
    ROUND_TRIP,
    replace(FOLLOWING, keeps=others_departed),
    replace(SERIES, keeps=departed),
)
ASSIGNING_SCOPES = sparing(series_queries.ASSIGNED_BY_HAND)
RESTORING_SCOPES = sparing(series_queries.CANCELLED_BY_HAND)
# What changes no ride has no reason to pass any by.
READING_SCOPES = sparing(None)
# The pattern of one segment is not that of the other. (Its own form asks for what it spares.)
SAME_FOLLOWING = replace(
    FOLLOWING,
    widen=lambda selection: selection.following().planned_as(selection),
    spares=None,
)
SAME_SERIES = replace(
    SERIES,
    widen=lambda selection: selection.whole_series().planned_as(selection),
    spares=None,
)
BOTH_FOLLOWING = replace(
    FOLLOWING,
    name="following_both",
    label=_("This and the following, both segments"),
    offered=recurs_in_pairs,
    spares=None,
)
BOTH_SERIES = replace(
    SERIES,
    name="series_both",
    label=_("The whole series, both segments"),
    offered=recurs_in_pairs,
    spares=None,
)
