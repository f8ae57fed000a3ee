"""Imports where others come between: a second click, a right taken away, a rule of the database."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection

from bookings.models import Booking
from project.exchange.imports import services as imports
from project.exchange.imports import writing
from project.exchange.imports.models import Import
from project.exchange.imports.rows import State
from project.exchange.imports.services import NotNow
from project.jobs.models import Progress
from project.jobs.worker import Worker
from tests.at_once import at_once
from tests.bookings.importing import errors, row_for, states, take, write
from tests.bookings.test_import import only

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 6


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
