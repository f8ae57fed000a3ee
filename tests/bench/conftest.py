"""`make bench`: one line per measure, and a failure where a bar is missed.

Each measure is a ratio of two times of the same run, so that the machine cancels out. The bars
are stated for FULL rows; with fewer (CARNET_BENCH_ROWS, as on a small CI machine) the fixed costs
weigh more, so a miss is printed and fails nothing, but for the bars that hold `always`.
"""

import os
from typing import NamedTuple

import pytest
from django.core.management import call_command
from django.db import connection

from bookings.seed import seed_bookings
from tests.factories import make_customer, make_driver, make_partner, make_user

SMALL, FULL = 10_000, 1_000_000
MEASURES = pytest.StashKey[list]()


class Measure(NamedTuple):
    name: str
    database: str
    ratio: float
    bar: float
    always: bool

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

    def report(self, name, ratio, bar, *, always=False):
        """`always`: whatever the rows, a miss is a failure."""
        self.measures.append(Measure(name, connection.vendor, ratio, bar, always))


@pytest.fixture(scope="session")
def bench(pytestconfig):
    return Bench(pytestconfig.stash[MEASURES])


class Crowd:
    """The bookings that lists and searches share: few at first, all of them once it has grown."""

    def __init__(self, bench):
        self.rows, self.grown = bench.rows, False
        self.user = make_user("bench", is_superuser=True)
        for make, many in ((make_customer, 200), (make_driver, 100), (make_partner, 8)):
            for _ in range(many):
                make()
        seed_bookings(SMALL, seed=1)
        analyze()

    def grow(self):
        if not self.grown:
            seed_bookings(max(self.rows - SMALL, SMALL), seed=2)
            self.grown = True
            analyze()


def analyze():
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


@pytest.fixture(scope="session")
def crowd(bench, django_db_setup, django_db_blocker):
    """Seeding a million takes minutes, so it is done once for all that only read."""
    with django_db_blocker.unblock():
        yield Crowd(bench)
        call_command("flush", interactive=False, verbosity=0)


def pytest_configure(config):
    config.stash[MEASURES] = []


def pytest_terminal_summary(terminalreporter, config):
    if config.stash[MEASURES]:
        terminalreporter.write_line(f"\n{'measure':<56} {'database':<10} {'ratio':>9} {'bar':>9}")
    for measure in config.stash[MEASURES]:
        terminalreporter.write_line(str(measure))


def pytest_sessionfinish(session):
    measures = session.config.stash[MEASURES]
    full = Bench(measures).full
    if any((full or measure.always) and not measure.ok for measure in measures):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
