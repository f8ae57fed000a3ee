"""Penalties: counted from the right end, the same in Python and in SQL."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.db.models import DateField, F, IntegerField, JSONField, Value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from project.utilisateurs.models import CustomUser
from transport import penalties
from transport.models.log import montant_field

LIMITE = date(2025, 1, 24)
TIERED = penalties.paliers_de([(1, Decimal(15_000)), (11, Decimal(30_000))])
PLAIN = penalties.bareme(Decimal(25_000), [])


@pytest.mark.parametrize(
    ("retour", "jours", "plain", "tiered"),
    [
        (LIMITE - timedelta(days=9), 0, 0, 0),
        (LIMITE, 0, 0, 0),
        (LIMITE + timedelta(days=1), 1, 25_000, 15_000),
        (date(2025, 1, 29), 5, 125_000, 75_000),
        (LIMITE + timedelta(days=10), 10, 250_000, 150_000),
        (LIMITE + timedelta(days=11), 11, 275_000, 180_000),
    ],
)
def test_the_deadline_day_is_free_and_the_day_after_is_day_one(retour, jours, plain, tiered):
    late = penalties.jours_de_retard(retour, LIMITE)
    assert late == jours
    assert penalties.penalite(late, PLAIN) == plain
    assert penalties.penalite(late, TIERED) == tiered


def test_it_tells_how_it_came_about():
    assert penalties.detail(12, TIERED) == [
        penalties.Ligne(1, 10, 10, Decimal(15_000), Decimal(150_000)),
        penalties.Ligne(11, 12, 2, Decimal(30_000), Decimal(60_000)),
    ]


MARCHES = st.dictionaries(
    st.integers(1, 80), st.integers(0, 99_999).map(Decimal), min_size=0, max_size=5
).map(lambda each: list(each.items()))
JOURS = st.integers(0, 120)


@given(marches=MARCHES, jours=JOURS)
def test_a_penalty_is_the_sum_of_its_days(marches, jours):
    paliers = penalties.paliers_de(marches)

    def of_day(day):
        return next(
            (Decimal(m) for du, m in sorted(marches, reverse=True) if du <= day), Decimal(0)
        )

    lines = penalties.detail(jours, paliers)
    assert penalties.penalite(jours, paliers) == sum(of_day(day) for day in range(1, jours + 1))
    assert all(line.montant == line.jours * line.par_jour for line in lines)
    assert all(one.au < other.du for one, other in pairwise(lines))


@given(marches=MARCHES, jours=JOURS)
def test_a_later_return_never_costs_less(marches, jours):
    paliers = penalties.paliers_de(marches)
    assert penalties.penalite(jours + 1, paliers) >= penalties.penalite(jours, paliers)


@pytest.mark.django_db
@given(marches=MARCHES, jours=JOURS, par_jour=st.integers(0, 50_000).map(Decimal))
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_database_works_it_out_alike(marches, jours, par_jour):
    CustomUser.objects.get_or_create(username="row")
    paliers = penalties.paliers_de(marches)
    retour = LIMITE + timedelta(days=jours)
    given_terms = (
        Value(par_jour, output_field=montant_field("")),
        Value(paliers, output_field=JSONField()),
    )
    row = CustomUser.objects.annotate(
        jours=penalties.JoursEntre(
            Value(retour, output_field=DateField()), Value(LIMITE, output_field=DateField())
        ),
        penalite=penalties.Penalite(F("jours"), *given_terms),
        bareme=penalties.Bareme(*given_terms),
        limite=penalties.PlusJours(
            Value(LIMITE, output_field=DateField()), Value(jours, output_field=IntegerField())
        ),
    ).values_list("jours", "penalite", "bareme", "limite")
    echelle = penalties.bareme(f"{par_jour:f}", paliers)
    assert row.get() == (jours, penalties.penalite(jours, echelle), echelle, retour)
