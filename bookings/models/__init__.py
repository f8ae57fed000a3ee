"""A booking, what ties two or many of them, and the lines of what was done."""

from .booking import (
    FIRST_YEAR,
    YEARS_AHEAD,
    Booking,
    desk_indexes,
    faults_in,
    following,
    reference_prefix,
)
from .log import BookingLog
from .round_trip import RoundTrip
from .series import Series

__all__ = [
    "FIRST_YEAR",
    "YEARS_AHEAD",
    "Booking",
    "BookingLog",
    "RoundTrip",
    "Series",
    "desk_indexes",
    "faults_in",
    "following",
    "reference_prefix",
]
