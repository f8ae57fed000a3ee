"""The constant records of `fixtures/`: loaded beside the services, and recorded all the same."""

import pytest
from django.core.management import call_command

from bookings.installations.models import Engineer
from inventory.models import Article
from tests.factories import make_customer, make_engineer, make_order, make_user
from tests.installations.conftest import schedule

pytestmark = pytest.mark.django_db


@pytest.fixture
def loaded(db):
    call_command("loaddata", "engineers_and_kits", verbosity=0)


def test_what_is_loaded_has_its_log_and_its_history(loaded):
    for model, many in ((Engineer, 2), (Article, 2)):
        assert model.objects.count() == many
        for record in model.objects.all():
            [line] = record.logs.all()
            [row] = record.history.all()
            assert line.batch_id == row.batch_id
            assert (row.history_type, row.version) == ("+", record.version)
            kept = record.search_text
            record.derive()
            assert record.search_text == kept


def test_what_is_loaded_works_as_any_other(loaded):
    sarah = Engineer.objects.get(name="Sarah Ndiaye")
    assert list(Engineer.objects.search("sarah")) == [sarah]
    clerk = make_user("awa", is_superuser=True)
    schedule(make_order(customer=make_customer()), sarah, clerk)
    sarah.region = "Thiès"
    sarah.save(by=clerk)
    assert sarah.history.count() == 2
    assert make_engineer().pk not in (None, sarah.pk)
