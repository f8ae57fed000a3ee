"""Imports where others come between: a second click, a right taken away, a rule of the database."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Permission
from django.db import connection

from bookings import payouts, services
from bookings.models import Booking
from project.exchange.imports import apart, writing
from project.exchange.imports import services as imports
from project.exchange.imports.models import Import
from project.exchange.imports.rows import State
from project.exchange.imports.services import NotNow
from project.jobs.models import Progress
from project.jobs.worker import Worker
from tests.at_once import at_once
from tests.bookings.importing import errors, file_of, row_for, states, take, write
from tests.bookings.test_import import only
from tests.exchange.imports.files import python_after
from tests.factories import make_booking, make_driver

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 6
START = datetime(2026, 12, 31, 14, 30, tzinfo=UTC)  # of `row_for`


def imported(user, *rows):
    """An import that was looked at and confirmed, and waits for a worker."""
    item = take(user, *rows)
    imports.confirm(item)
    return item


def test_an_import_that_is_confirmed_twice_at_once_is_written_by_one_job(bureau, customer):
    for number in range(1, ROUNDS + 1):
        item = take(bureau, row_for())
        outcomes = at_once(*[lambda pk=item.pk: imports.confirm(Import.objects.get(pk=pk))] * 2)
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NotNow", "Progress"]
        assert Progress.objects.count() == number
        Worker().drain()
        assert Booking.objects.count() == number


def test_columns_are_not_matched_again_while_an_import_is_confirmed(bureau, customer):
    for _ in range(ROUNDS):
        item = take(bureau, row_for())
        names = [name for _title, name in item.columns]
        confirmed, matched = at_once(
            lambda pk=item.pk: imports.confirm(Import.objects.get(pk=pk)),
            lambda pk=item.pk, names=names: imports.match(Import.objects.get(pk=pk), names),
        )
        assert isinstance(confirmed, Progress), confirmed
        assert matched is None or isinstance(matched, NotNow), matched
        Worker().drain()
        item.refresh_from_db()
        assert states(item) == [State.WRITTEN]


def test_a_driver_is_never_given_two_rides_at_once_by_a_file_and_a_clerk(gestion, customer):
    for number in range(ROUNDS):
        driver = make_driver(f"Ali {number}")
        new = row_for(Chauffeur=driver.name)
        item = imported(gestion, new)
        ride = make_booking(pickup_at=START)
        written, assigned = at_once(
            lambda pk=item.pk: writing.write_chunk(Import.objects.get(pk=pk), 0),
            lambda ride=ride, driver=driver: services.assign(
                Booking.objects.filter(pk=ride.pk), by=gestion, driver=driver
            ),
        )
        assert not isinstance(written, Exception), written
        (state,) = states(item)
        assert {state, assigned.changed} in ({State.WRITTEN, 0}, {State.ERROR, 1})
        assert Booking.objects.filter(driver=driver).count() == 1


def test_a_file_changes_no_price_of_a_ride_whose_payout_is_validated_meanwhile(gestion, customer):
    for _ in range(ROUNDS):
        ride = make_booking(customer=customer, driver=make_driver(), payout=4, price=10)
        item = imported(gestion, {"Référence": ride.reference, "Prix": 20})
        written, settled = at_once(
            lambda pk=item.pk: writing.write_chunk(Import.objects.get(pk=pk), 0),
            lambda ride=ride: payouts.settle(Booking.objects.filter(pk=ride.pk), by=gestion),
        )
        assert not isinstance(written, Exception), written
        assert settled.changed == 1
        ride.refresh_from_db()
        (state,) = states(item)
        assert (state, ride.price) in ((State.WRITTEN, 20), (State.ERROR, 10))
        # As the lines were written, under the lock: an act's time is that of its start.
        last = ride.logs.order_by("-pk").first().action_code
        assert last == "bookings.settle"  # what was written came before, or not at all


def test_a_right_taken_away_in_the_middle_is_gone_for_what_is_left(customer, monkeypatch):
    monkeypatch.setattr(imports, "CHUNK", 2)
    clerk = only("import_booking", "view_booking", "add_booking")
    item = take(clerk, *[row_for(Passager=f"Awa {number}") for number in range(4)])
    item = Import.objects.get(pk=item.pk)
    writing.write_chunk(item, 0)
    clerk.user_permissions.remove(Permission.objects.get(codename="add_booking"))
    writing.write_chunk(item, 1)
    assert states(item) == [State.WRITTEN] * 2 + [State.ERROR] * 2
    assert Booking.objects.count() == 2


@pytest.fixture
def one_of_each_name(transactional_db):
    """A rule of the database that no form knows of: no two rides with one passenger."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE UNIQUE INDEX one_of_each ON bookings_booking (passenger_name)")
        yield
        cursor.execute("DROP INDEX one_of_each")


def test_what_the_database_alone_refuses_keeps_nothing_else_out(bureau, customer, one_of_each_name):
    names = ["Awa", "Fatou", "Awa", "Moussa", "Ali"]
    item = write(take(bureau, *[row_for(Passager=name) for name in names]))
    refused = [number for number, state in enumerate(states(item)) if state == State.ERROR]
    assert len(refused) == 1 and refused[0] in (0, 2)
    assert "base de données" in " ".join(errors(item)[refused[0]].values())
    assert sorted(Booking.objects.values_list("passenger_name", flat=True)) == sorted({*names})
    ride = Booking.objects.get(passenger_name="Ali")
    assert ride.logs.count() == ride.history.count() == 1


@pytest.fixture
def slow_reader(tmp_path, monkeypatch):
    """From its call on, what reads a workbook begins when a file is closed, that can be opened once
    it would begin."""

    def slow():
        gate = tmp_path / "gate"
        os.mkfifo(gate)
        apart._end_spare()
        python = python_after(tmp_path, f"read line < {gate}")
        monkeypatch.setattr(apart.sys, "executable", python)
        return gate

    yield slow
    apart._end_spare()


@pytest.mark.parametrize("what", ["sheet", "columns"])
def test_nobody_waits_for_a_workbook_that_is_read(bureau, customer, slow_reader, what):
    item = take(bureau, data=file_of(row_for()))
    acts = {
        "sheet": lambda: imports.choose_sheet(item, item.sheet),
        "columns": lambda: imports.match(item, [name for _title, name in item.columns]),
    }

    def act():
        try:
            return acts[what]()
        finally:
            connection.close()

    gate = slow_reader()
    with ThreadPoolExecutor(1) as pool:
        acting = pool.submit(act)
        with gate.open("w"):
            Import.objects.filter(pk=item.pk).update(file_name="Nobody waits.xlsx")
        assert acting.result(60) is None
    assert states(item) == [State.NEW]
