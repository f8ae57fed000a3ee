"""`make bench`: one line per measure, and a failure where a bar is missed.

Each measure is a ratio of two times of the same run, so that the machine cancels out. The bars
are stated for FULL rows; with fewer (CARNET_BENCH_ROWS, as on a small CI machine) the fixed costs
weigh more, so a miss is printed and fails nothing.
"""

import os
from typing import NamedTuple

import pytest
from django.db import connection

FULL = 1_000_000
MEASURES = pytest.StashKey[list]()


class Measure(NamedTuple):
    name: str
    database: str
    ratio: float
    bar: float

    @property
    def ok(self):
        return self.ratio <= self.bar

    def __str__(self):
        verdict = "ok" if self.ok else "misses"
        return f"{self.name:<56} {self.database:<10} {self.ratio:>9.3f} {self.bar:>9.3f}  {verdict}"


class Bench:
    """What a benchmark gets: how many `rows` to work on (are they `full`?), where to `report`."""

    def __init__(self, measures):
        self.rows = int(os.environ.get("CARNET_BENCH_ROWS", FULL))
        self.full = self.rows >= FULL
        self.measures = measures

    def report(self, name, ratio, bar):
        self.measures.append(Measure(name, connection.vendor, ratio, bar))


@pytest.fixture(scope="session")
def bench(pytestconfig):
    return Bench(pytestconfig.stash[MEASURES])


def pytest_configure(config):
    config.stash[MEASURES] = []


def pytest_terminal_summary(terminalreporter, config):
    if config.stash[MEASURES]:
        terminalreporter.write_line(f"\n{'measure':<56} {'database':<10} {'ratio':>9} {'bar':>9}")
    for measure in config.stash[MEASURES]:
        terminalreporter.write_line(str(measure))


def pytest_sessionfinish(session):
    measures = session.config.stash[MEASURES]
    if Bench(measures).full and not all(measure.ok for measure in measures):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
