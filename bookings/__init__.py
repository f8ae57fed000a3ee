"""Passenger rides: find them, act on them, know who did what."""
