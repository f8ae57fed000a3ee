"""Sweeps: tests that try so many cases that a part of them has to do every time.

`make test` takes the part; `make test ARGS="--full -m slow"` takes all of them.
"""

import pytest

slow = pytest.mark.slow
FULL = False
SHARE = 4  # of so many cases, one


def examples(count):
    """How many examples hypothesis tries, where a full sweep tries `count`."""
    return count if FULL else max(count // SHARE, 5)


def part(cases):
    """All cases in a full sweep; else the first of every few."""
    return cases if FULL else cases[::SHARE]
