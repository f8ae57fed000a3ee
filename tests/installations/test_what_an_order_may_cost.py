"""An order's total stays within its column and its currency, whoever places it."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, models

from bookings.installations.models import Order
from bookings.installations.services import Line
from inventory.money import LARGEST
from tests.factories import make_article, make_boutique, make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def kit(db):
    return make_article(make_boutique(currency="XOF"), 10)


def refused(*lines, **fields):
    with pytest.raises(ValidationError) as problem:
        make_order(lines=lines, **fields)
    assert not Order.objects.exists()
    return problem.value.message_dict


def test_what_comes_to_too_much_is_refused_at_the_lines(kit):
    assert "lines" in refused(Line(kit, 2, LARGEST - 1))
    other = make_article(kit.boutique, 10)
    assert "lines" in refused(Line(kit, 1, LARGEST - 1), Line(other, 1, Decimal(1)))
    assert make_order(lines=[Line(kit, 1, LARGEST - 1)]).total == LARGEST - 1


@pytest.mark.parametrize("price", [LARGEST, Decimal("1e40")])
def test_a_price_that_is_too_large_is_refused_too(kit, price):
    assert "lines" in refused(Line(kit, 1, price))


def test_the_database_holds_it_as_well(kit):
    order = make_order(lines=[Line(kit)])
    # PostgreSQL's column is no larger than the constraint, and speaks first.
    with pytest.raises((IntegrityError, DataError), match=r"order_total_fits|overflow"):
        models.QuerySet(Order).filter(pk=order.pk).update(total=LARGEST)


def test_a_shop_in_a_currency_that_orders_do_not_know(kit):
    abroad = make_article(make_boutique(currency="CDF"), 10)
    [problem] = refused(Line(abroad), currency="CDF")["lines"]
    assert problem == "Aucune commande ne se passe en CDF\u00a0: choisissez une autre boutique."
