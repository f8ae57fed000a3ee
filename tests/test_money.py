"""Parts sum to what was split, in Python and in SQL, and SQL splits as Python does."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import BooleanField, CharField, DecimalField, Value
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory import money as shops
from project import money
from project.directory.models import Customer
from tests.factories import make_customer

AMOUNT = DecimalField(max_digits=14, decimal_places=3)
CURRENCIES = st.sampled_from(["XOF", "EUR", "TND"])


@st.composite
def splits(draw, parts):
    currency = draw(CURRENCIES)
    amounts = st.decimals(0, 99_999_999, places=money.DECIMALS[currency])
    return currency, draw(amounts), draw(st.lists(amounts, min_size=parts, max_size=parts))


@pytest.mark.parametrize(
    ("total", "weights", "currency", "parts"),
    [
        ("100", [1, 1, 1], "XOF", ["34", "33", "33"]),
        ("0.05", [1, 1], "EUR", ["0.03", "0.02"]),
        ("10", [1, 2], "XOF", ["3", "7"]),
        ("7", [0, 0], "XOF", ["4", "3"]),
        ("7", [0, 5], "XOF", ["0", "7"]),
        ("0", [3, 5], "TND", ["0.000", "0.000"]),
    ],
)
def test_the_largest_remainder_gets_what_is_left(total, weights, currency, parts):
    assert list(map(str, money.split(Decimal(total), weights, currency))) == parts


@given(asked=st.integers(1, 5).flatmap(splits))
def test_the_parts_sum_exactly_and_none_is_off_by_a_unit(asked):
    currency, total, weights = asked
    parts = money.split(total, weights, currency)
    assert sum(parts) == total
    unit = Decimal(1).scaleb(-money.DECIMALS[currency])
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        exact = total * weight / whole if whole else total / len(weights)
        assert abs(part - exact) <= unit
        assert part == money.rounded(part, currency)


@pytest.mark.django_db
@given(asked=splits(2))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_sql_splits_as_python_does(asked):
    currency, total, (own, other) = asked
    Customer.objects.exists() or make_customer()

    def share(one, two, first):
        return money.Share(
            Value(total, AMOUNT),
            Value(one, AMOUNT),
            Value(two, AMOUNT),
            first=Value(first, BooleanField()),
            currency=Value(currency, CharField()),
        )

    both = share(own, other, True), share(other, own, False)
    parts = models.QuerySet(Customer).values_list(*both).first()
    assert list(parts) == money.split(total, [own, other], currency)


@pytest.mark.parametrize(
    ("amount", "currency", "told"),
    [
        ("10.5", "XOF", "An amount in XOF has no decimals."),
        ("10.505", "EUR", "An amount in EUR has at most 2 decimals."),
    ],
)
def test_too_many_decimals_are_told_in_a_sentence(amount, currency, told):
    for check in (money.check, shops.check_decimals):
        with translation.override("en"), pytest.raises(ValidationError) as refused:
            check(Decimal(amount), currency)
        assert refused.value.messages == [told]
