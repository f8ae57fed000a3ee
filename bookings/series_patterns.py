"""What a further occurrence of a series is like: as the series has been since its last change.

A change of "this and the following" changes rides, not the series, so the pattern in force on a day
is that of the last occurrence before it. One that someone changed by itself tells nothing of the
others, nor does half of a round trip, nor one whose hour the clocks skipped.
"""

from bisect import bisect_right
from datetime import datetime, time, timedelta
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from django.utils import timezone

from .models import Booking
from .series_queries import with_by_hand
from .states import Leg


def patterns_on(days, rides):
    """{day: the segments to copy on it, the outbound first} from these rides (of a series and those
    that continue it): those of the last usual occurrence up to the day, or else of the first; {}
    where none is usual. Two statements, however many there are."""
    zone = timezone.get_default_timezone()
    found = with_by_hand(rides).order_by("original_start", "planned_return", "pk")
    found = found.values_list(
        "original_start", "planned_return", "pk", "round_trip", "leg", "pickup_at", "by_hand"
    )
    occurrences = [[Told(*row) for row in some] for _key, some in groupby(found, key=itemgetter(0))]
    both = any(ride.is_return for some in occurrences for ride in some)
    usual = [some for some in occurrences if is_usual(some, both)]
    usual = [some for some in usual if not skips_an_hour(some, zone)] or usual
    if not usual:
        return {}
    starts = [some[0].start.astimezone(zone).date() for some in usual]
    chosen = {day: usual[max(bisect_right(starts, day) - 1, 0)] for day in days}
    rides = Booking.objects.with_people().in_bulk(
        {ride.pk for some in chosen.values() for ride in some}
    )
    return {day: [rides[ride.pk] for ride in some] for day, some in chosen.items()}


class Told(NamedTuple):
    """What tells whether a ride is as its series has it."""

    start: datetime
    is_return: bool
    pk: int
    trip: int | None
    leg: str
    pickup_at: datetime
    by_hand: bool


def is_usual(some, both):
    """Whether an occurrence is as the series made or changed it: none of it by hand, and of a
    series of round trips (`both`) the two segments of one trip."""
    if any(ride.by_hand for ride in some):
        return False
    if not both:
        return len(some) == 1
    [trip, *others] = {ride.trip for ride in some}
    legs = [ride.leg for ride in some]
    return trip is not None and not others and legs == [Leg.OUTBOUND, Leg.RETURN]


def skips_an_hour(some, zone):
    """Whether the clocks of `zone` go forward on a day of these rides: an hour is missing there,
    and may be theirs."""
    return any(is_short(ride.pickup_at.astimezone(zone).date(), zone) for ride in some)


def is_short(day, zone):
    midnights = (
        datetime.combine(each, time.min, tzinfo=zone) for each in (day, day + timedelta(days=1))
    )
    before, after = (midnight.utcoffset() for midnight in midnights)
    return after > before
