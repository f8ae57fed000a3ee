import pytest
from django.db import transaction

from inventory.states import TypeMouvement
from inventory.stock import Book
from tests.bookings.conftest import boss, bureau, desk, gestion
from tests.factories import make_article, make_boutique, make_terminal

__all__ = ["boss", "bureau", "desk", "gestion"]


@pytest.fixture
def boutique(db):
    return make_boutique("Ma Boutique")


@pytest.fixture
def terminal(boutique):
    return make_terminal(boutique, nom_terminal="Terminal MAUI")


@pytest.fixture
def article(boutique):
    return make_article(boutique, 10, code="ART-001", nom="Article Test")


def move(article, quantity, genre=TypeMouvement.AJUSTEMENT, **fields):
    """Move the stock of an article, as the services do."""
    with transaction.atomic():
        book = Book.open([article.pk], by="tests")
        book.move(article.pk, quantity, genre, **fields)
        book.write()
    article.refresh_from_db()
