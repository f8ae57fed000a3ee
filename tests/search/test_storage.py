"""The index is built where it is missing or broken, and left alone where it is whole."""

from functools import partial

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from project.directory.models import Customer
from project.jobs.scheduled import settle_search
from project.search import storage
from project.search.index import matching
from tests.at_once import at_once
from tests.factories import make_customer

pytestmark = pytest.mark.django_db

COLUMNS = ("search_text",)
TRIGGER = "directory_customer_search_inserted"


def run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def drop_trigger():
    run(f"DROP TRIGGER {TRIGGER}" + " ON directory_customer" * (connection.vendor == "postgresql"))


def count(query):
    return matching(Customer.objects.all(), query).count


def test_it_builds_anew_what_lost_its_triggers():
    make_customer("Élodie Ndiaye")
    drop_trigger()
    make_customer("Rokhaya Fall")
    assert count("rokhaya") == 0

    storage.ensure(Customer, COLUMNS)

    assert (count("rokhaya"), count("elodie")) == (1, 1)
    make_customer("Rokhaya Sow")
    assert count("rokhaya") == 2


def test_it_builds_anew_what_lacks_records():
    make_customer("Élodie Ndiaye")
    if connection.vendor == "sqlite":
        run(
            "INSERT INTO directory_customer_search(directory_customer_search) VALUES ('delete-all')"
        )
    else:
        run("TRUNCATE directory_customer_search, directory_customer_search_recent")
    assert count("elodie") == 0

    storage.ensure(Customer, COLUMNS)

    assert count("elodie") == 1


def test_it_builds_anew_what_indexes_other_columns():
    make_customer("Élodie Ndiaye", phone="+221 77 123 45 67")

    storage.ensure(Customer, ("search_text", "phone"))

    assert matching(Customer.objects.all(), "77 123", column="phone").count == 1


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has nothing to tune")
def test_it_tunes_an_index_that_an_older_version_made():
    run("DELETE FROM directory_customer_search_config WHERE k = 'automerge'")
    storage.ensure(Customer, COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute("SELECT v FROM directory_customer_search_config WHERE k = 'automerge'")
        assert cursor.fetchall() == [(8,)]


def test_it_leaves_alone_what_is_whole():
    make_customer("Élodie Ndiaye")
    with CaptureQueriesContext(connection) as captured:
        storage.ensure(Customer, COLUMNS)

    changes = ("CREATE", "DROP", "INSERT", "TRUNCATE")
    assert not [q["sql"] for q in captured.captured_queries if q["sql"].startswith(changes)]


def test_a_load_without_triggers_is_found_afterwards():
    with storage.suspended(Customer, COLUMNS):
        make_customer("Élodie Ndiaye")
        assert count("elodie") == 0

    assert count("elodie") == 1
    assert make_customer("Élodie Sow")
    assert count("elodie") == 2


def rows_of(table):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM directory_customer_search{table}")
        return cursor.fetchone()[0]


@pytest.mark.postgresql
def test_what_is_new_is_found_before_and_after_it_is_settled(monkeypatch):
    monkeypatch.setattr(storage, "MOST_SETTLED", 2)
    made = [make_customer(f"Élodie {letters}") for letters in ("Ndiaye", "Sow", "Fall")]
    assert (count("elodie"), rows_of(""), rows_of("_recent")) == (3, 0, 3)

    settle_search.call()

    assert (count("elodie"), rows_of(""), rows_of("_recent")) == (3, 3, 0)
    assert storage.settle(Customer, COLUMNS) == 0
    made[0].name = "Rokhaya Ndiaye"
    made[0].save()
    models.QuerySet(Customer).filter(pk=made[1].pk).delete()
    assert (count("elodie"), count("rokhaya"), count("sow")) == (1, 1, 0)
    assert (rows_of(""), rows_of("_recent")) == (1, 1)


@pytest.mark.postgresql
def test_it_builds_anew_what_has_no_place_for_what_is_new():
    make_customer("Élodie Ndiaye")
    storage_run("unwatch")
    run("DROP TABLE directory_customer_search_recent")

    storage.ensure(Customer, COLUMNS)

    assert make_customer("Élodie Sow")
    assert (count("elodie"), rows_of(""), rows_of("_recent")) == (2, 1, 1)


def storage_run(step):
    with connection.cursor() as cursor:
        storage._run(cursor, connection, Customer, COLUMNS, step)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_change_at_the_same_moment_leaves_one_text():
    customer = make_customer("Élodie Ndiaye")

    def rename(number):
        models.QuerySet(Customer).filter(pk=customer.pk).update(search_text=f"rokhaya {number}")

    for number in range(10):
        done = at_once(partial(rename, number), partial(storage.settle, Customer, COLUMNS))
        assert done in ([None, 0], [None, 1])
        assert (count(f"rokhaya {number}"), count("rokhaya"), count("elodie")) == (1, 1, 0)
        assert rows_of("") + rows_of("_recent") == 1


@pytest.mark.postgresql
def test_it_says_what_to_do_where_the_extension_may_not_be_made():
    run("CREATE ROLE searcher")
    run("DROP EXTENSION pg_trgm CASCADE")
    run("SET LOCAL ROLE searcher")

    with pytest.raises(ImproperlyConfigured, match="CREATE EXTENSION pg_trgm"):
        storage.ensure(Customer, COLUMNS)


def test_the_text_can_be_derived_again(capsys):
    customer = make_customer("Élodie Ndiaye")
    models.QuerySet(Customer).filter(pk=customer.pk).update(search_text="as it was once")

    call_command("search_rebuild")

    assert (count("elodie"), count("once")) == (1, 0)
    assert customer.logs.count() == customer.history.count() == 1
    call_command("search_rebuild")
    assert ": 1 " in capsys.readouterr().out
