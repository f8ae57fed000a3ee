"""Numbers are read as the language writes them, and not otherwise."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from project.ui.numbers import LocalDecimalField


@pytest.mark.parametrize(
    ("language", "text", "number"),
    [
        ("en", "1,250", "1250"),
        ("en", "1,234,567.5", "1234567.5"),
        ("en", "12.50", "12.5"),
        ("en", "-1,250.25", "-1250.25"),
        ("fr", "12,50", "12.5"),
        ("fr", "12.50", "12.5"),
        ("fr", "1 250,5", "1250.5"),
        ("fr", "1\u00a0234\u00a0567,5", "1234567.5"),
        ("fr", " 1250 ", "1250"),
    ],
)
def test_marks_of_thousands_are_read_where_they_belong(language, text, number):
    with translation.override(language):
        assert LocalDecimalField().clean(text) == Decimal(number)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "12,50"),
        ("en", "1,5"),
        ("en", "1.250,50"),
        ("en", "1,2,3"),
        ("en", "12345,678"),
        ("en", "1.5,000"),
        ("en", "0,500"),
        ("fr", "0 500"),
        ("fr", "12 50"),
        ("fr", "12,5 0"),
    ],
)
def test_what_could_be_another_number_is_refused(language, text):
    with translation.override(language), pytest.raises(ValidationError) as refused:
        LocalDecimalField().clean(text)
    assert text in refused.value.messages[0]
