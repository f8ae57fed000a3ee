"""What no stock can hold is refused with its article's name, whatever brings it in."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from inventory.movements import count, document, receive, take_back, transfer
from inventory.states import TypeMouvement
from inventory.stock import LARGEST_STOCK
from inventory.sync import synchronise
from tests.asking import only
from tests.factories import make_article, make_boutique, make_vente_json
from tests.inventory.conftest import move

pytestmark = pytest.mark.django_db


@pytest.fixture
def full(boutique):
    return make_article(boutique, LARGEST_STOCK - 5, code="FULL")


def stock(article):
    article.refresh_from_db()
    return article.quantite_stock


def codes(outcome):
    return [each.code for each in outcome.refused]


def test_receiving_fills_a_stock_and_no_more(bureau, article, full):
    outcome = receive(only(article, full), by=bureau, quantity=6, reference="BL")
    assert (outcome.changed, codes(outcome)) == (1, ["too_much"])
    assert (stock(article), stock(full)) == (16, LARGEST_STOCK - 5)
    assert receive(only(full), by=bureau, quantity=5, reference="BL").changed == 1
    assert stock(full) == LARGEST_STOCK


def test_a_document_says_which_article_has_no_room(desk, full):
    url = f"{reverse('inventory:document', args=['receive'])}?boutique={full.boutique_id}"
    form = {"reference": "BL", "article_0": "FULL", "quantity_0": 6}
    page = desk.post(url, form)
    assert page.status_code == 422
    assert f"FULL {full.nom}: more than a stock can hold." in page.content.decode()
    assert stock(full) == LARGEST_STOCK - 5


def test_neither_documents_nor_counts_nor_returns_go_beyond(bureau, boutique, terminal, full):
    below = make_article(boutique, 0)
    move(below, -LARGEST_STOCK)
    [sold] = synchronise(terminal, [make_vente_json((full, 3))]).creees
    move(full, 5)
    vente = boutique.ventes.get(pk=sold.vente_id)
    acts = (
        lambda: document(boutique, {full.pk: 9}, TypeMouvement.ENTREE, by=bureau, reference="D"),
        lambda: count(boutique, {full.pk: (0, 9)}, by=bureau, reference="C"),
        lambda: count(boutique, {below.pk: (-LARGEST_STOCK, 9)}, by=bureau, reference="C"),
        lambda: take_back(vente, {full.pk: 3}, by=bureau),
    )
    move(full, 2)
    for act in acts:
        with pytest.raises(ValidationError, match="plus qu’un stock"):
            act()
    assert (stock(full), stock(below)) == (LARGEST_STOCK - 1, -LARGEST_STOCK)


def test_nor_do_transfers(bureau, boutique):
    there = make_boutique()
    make_article(there, LARGEST_STOCK - 5, code="Rice-1")
    here = make_article(boutique, 10, code="Rice-1")
    outcome = transfer(only(here), by=bureau, shop=there, quantity=6, reference="TR")
    assert (outcome.changed, codes(outcome)) == (0, ["too_much"])


def test_a_code_is_the_same_in_both_shops_however_it_is_written(bureau, boutique):
    there = make_boutique()
    arrives = make_article(there, 1, code="RIZ-1")
    here = make_article(boutique, 10, code="Riz-1")
    outcome = transfer(only(here), by=bureau, shop=there, quantity=6, reference="TR")
    assert outcome.changed == 1
    assert (stock(here), stock(arrives)) == (4, 7)
