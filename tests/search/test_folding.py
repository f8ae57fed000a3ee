"""The fold in SQL is the fold in Python, on both databases."""

import pytest
from django.db import models
from django.db.models import JSONField, TextField, Value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from project.directory.models import Customer
from project.search.folding import Normalised, Texts
from project.search.text import normalise
from tests.factories import make_customer

pytestmark = pytest.mark.django_db

LETTERS = st.text(
    st.characters(max_codepoint=0x24F, exclude_characters="\0") | st.sampled_from("œ’ʼ‘éŒßς ١"),
    max_size=30,
)
PHONES = st.from_regex(r"\+?[0-9][0-9 ().-]{4,20}", fullmatch=True)


def fold_in_sql(*expressions):
    return models.QuerySet(Customer).values_list(Normalised(*expressions), flat=True).first()


def text(value):
    return Value(value, TextField())


@pytest.mark.parametrize(
    "parts",
    [
        ("Élodie   NDIAYE ", "N’Diaye", "N'Diaye"),
        ("Cœur", "", "Straße", "ΟΔΟΣ"),
        ("+221 77 123 45 67", "33 82 40 01"),
        ("771234567 et 77 123 45 67",),
        ("\xa0 Rue\tdu  Café\n",),
        ("",),
    ],
)
def test_it_folds_as_python_does(parts):
    make_customer()
    assert fold_in_sql(*map(text, parts)) == normalise(*parts)


@given(parts=st.lists(LETTERS | PHONES, min_size=1, max_size=4))
@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_it_folds_any_text_as_python_does(parts):
    Customer.objects.exists() or make_customer()
    assert fold_in_sql(*map(text, parts)) == normalise(*parts)


def test_it_reads_the_texts_of_a_list():
    make_customer()
    stops = Value(["Thiès, gare", "Mbour"], JSONField())
    assert fold_in_sql(text("a"), Texts(stops)) == "a thies, gare mbour"
    assert fold_in_sql(text("a"), Texts(Value([], JSONField()))) == "a"
