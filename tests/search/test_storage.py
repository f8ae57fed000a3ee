"""The index is built where it is missing or broken, and left alone where it is whole."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from project.directory.models import Customer
from project.search import storage
from project.search.index import matching
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
        run("DELETE FROM directory_customer_search")
    assert count("elodie") == 0

    storage.ensure(Customer, COLUMNS)

    assert count("elodie") == 1


def test_it_builds_anew_what_indexes_other_columns():
    make_customer("Élodie Ndiaye", phone="+221 77 123 45 67")

    storage.ensure(Customer, ("search_text", "phone"))

    assert matching(Customer.objects.all(), "77 123", column="phone").count == 1


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
