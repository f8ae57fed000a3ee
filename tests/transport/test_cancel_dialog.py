"""The dialog that cancels missions: it asks about their contracts, and shows what that takes."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.asking import HTMX, act, picked, ticket_of, url_of
from tests.factories import make_caution, make_contrat, make_mission, make_paiement

pytestmark = pytest.mark.django_db
URL = url_of("annuler_mission", "missions")


@pytest.fixture
def mission():
    """The only one of its contract, with a payment and a deposit."""
    mission = make_mission()
    make_paiement(mission, valide=True)
    make_caution(mission.contrat)
    return mission


def parts(response):
    return {part.label: part.count for part in response.context["form"].cascade}


def states(mission):
    mission.refresh_from_db()
    contrat = type(mission.contrat).objects.get(pk=mission.contrat_id)
    return mission.statut, contrat.statut, contrat.cautions.get().statut


WHOLE = {
    "Payments waiting": 0,
    "Validated payments, whose refund is to be checked": 1,
    "Contracts left without a mission": 1,
    "Their deposits": 1,
}


def test_it_asks_and_shows_all_with_the_box_ticked(boss, mission):
    asked = boss.post(URL, picked(mission), headers=HTMX)
    html = asked.content.decode()
    assert parts(asked) == WHOLE
    box = html[html.index('name="annuler_contrat"') :].split(">")[0]
    assert "checked" in box and "data-preview" in box
    assert mission.contrat.pk_contrat in html
    assert states(mission) == ("en cours", "actif", "en_attente")


def test_what_it_shows_follows_the_box(boss, mission):
    given = {**picked(mission), "preview": "1", "raison": "Storm"}
    without = boss.post(URL, given, headers=HTMX)
    assert parts(without) == {label: WHOLE[label] for label in list(WHOLE)[:2]}
    asked = boss.post(URL, given | {"annuler_contrat": "on"}, headers=HTMX)
    assert parts(asked) == WHOLE


@pytest.mark.parametrize(
    ("box", "after"),
    [
        ({"annuler_contrat": "on"}, ("annulée", "annule", "annulee")),
        ({}, ("annulée", "actif", "en_attente")),
    ],
    ids=["ticked", "not ticked"],
)
def test_it_does_what_the_box_says(boss, mission, box, after):
    asked = boss.post(URL, picked(mission), headers=HTMX)
    boss.post(URL, {**picked(mission), **ticket_of(asked), "raison": "Storm", **box}, headers=HTMX)
    assert states(mission) == after


def test_a_reason_is_asked_for(boss, mission):
    response = act(boss, URL, {**picked(mission), "annuler_contrat": "on"}, headers=HTMX)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["raison"]
    assert states(mission)[0] == "en cours"


def test_of_many_only_the_contracts_left_without_a_mission_are_listed(boss, mission):
    contrat = make_contrat()
    one, going = make_mission(contrat), make_mission(contrat)
    asked = boss.post(URL, picked(mission, one), headers=HTMX)
    assert parts(asked)["Contracts left without a mission"] == 1
    data = {**picked(mission, one), **ticket_of(asked), "raison": "Storm"}
    boss.post(URL, data | {"annuler_contrat": "on"}, headers=HTMX)
    assert states(mission)[1] == "annule"
    for record in (one, going, contrat):
        record.refresh_from_db()
    assert (one.statut, going.statut, contrat.statut) == ("annulée", "en cours", "actif")


def test_its_preview_of_many_takes_no_more_statements(boss):
    counts = []
    for many in (2, 30):
        made = [make_mission() for _ in range(many)]
        for each in made:
            make_paiement(each)
        with CaptureQueriesContext(connection) as statements:
            assert boss.post(URL, picked(*made), headers=HTMX).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1]
