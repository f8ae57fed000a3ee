import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from project.audit.models import NumberRange
from project.audit.numbering import allocate, reference

pytestmark = pytest.mark.django_db


def test_numbers_rise_from_one_in_each_series():
    assert [allocate("R-26") for _ in range(3)] == [0, 1, 2]
    assert allocate("R-27") == 0
    assert allocate("R-26") == 3


def test_several_are_taken_at_once():
    assert allocate("R-26", 10) == 0
    assert allocate("R-26") == 10


def test_what_is_rolled_back_is_free_again():
    allocate("R-26")
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        assert allocate("R-26", 5) == 1
        raise ZeroDivisionError
    assert allocate("R-26") == 1


def test_a_series_ends_before_its_references_stop_sorting_as_text():
    allocate("R-26", 999_998)
    assert reference("R-26", allocate("R-26") + 1) == "R-26-999999"
    with pytest.raises(ValidationError):
        allocate("R-26")
    with pytest.raises(IntegrityError), transaction.atomic():
        NumberRange.objects.update(last=1_000_000)
    assert NumberRange.objects.get(prefix="R-26").last == 999_999


def test_references_sort_as_their_numbers_do():
    numbers = [1, 9, 10, 99_999, 100_000, 999_999]
    references = [reference("R-26", number) for number in numbers]
    assert references == sorted(references)
    assert references[0] == "R-26-000001"
