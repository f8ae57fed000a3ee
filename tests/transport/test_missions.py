"""Missions: their dates, how they end, and what that costs."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from tests.factories import make_contrat, make_mission
from tests.transport.conftest import assert_recorded, codes, only
from transport import missions, penalties, services
from transport.models import FraisDeRoute, Mission

pytestmark = pytest.mark.django_db
LATE = date(2025, 1, 29)


def test_a_late_end_tells_its_penalty_first(gestion):
    mission = make_mission()
    with pytest.raises(ValidationError, match="Pénalité estimée: 125000 FCFA"):
        mission.terminer_mission(LATE, by=gestion)
    mission.refresh_from_db()
    assert (mission.statut, mission.penalite) == ("en cours", 0)


def test_confirmed_it_ends_with_a_penalty_that_is_explained(gestion):
    mission = make_mission()
    mission.terminer_mission(LATE, confirmer=True, by=gestion)
    assert (mission.statut, mission.date_retour) == ("terminée", LATE)
    assert (mission.jours_retard, mission.penalite) == (5, 125_000)
    assert mission.limite_appliquee == date(2025, 1, 24)
    assert mission.detail_penalite == [penalties.Ligne(1, 5, 5, Decimal(25_000), Decimal(125_000))]


@pytest.mark.parametrize(("retour", "penalite"), [(24, 0), (25, 25_000)])
def test_the_deadline_day_costs_nothing(gestion, retour, penalite):
    mission = make_mission()
    mission.terminer_mission(date(2025, 1, retour), confirmer=True, by=gestion)
    assert mission.penalite == penalite


def test_a_return_on_the_day_of_the_departure_is_fine(gestion):
    mission = make_mission()
    mission.terminer_mission(mission.date_depart, by=gestion)
    assert (mission.statut, mission.jours_retard) == ("terminée", 0)


def test_other_terms_later_change_no_penalty(gestion):
    mission = make_mission()
    mission.terminer_mission(LATE, confirmer=True, by=gestion)
    contrat = mission.contrat
    contrat.penalite_par_jour = 1
    services.modifier(contrat, by=gestion)
    mission.refresh_from_db()
    assert sum(line.montant for line in mission.detail_penalite) == mission.penalite == 125_000


def test_a_contract_ends_when_its_last_mission_does(gestion):
    contrat = make_contrat()
    first, second = make_mission(contrat), make_mission(contrat)
    first.terminer_mission(date(2025, 1, 5), by=gestion)
    contrat.refresh_from_db()
    assert contrat.statut == "actif"
    second.terminer_mission(date(2025, 1, 6), by=gestion)
    contrat.refresh_from_db()
    assert contrat.statut == "termine"
    assert contrat.logs.order_by("-pk").first().action_code == "transport.contrat_termine"


def test_reopened_the_contract_goes_on(gestion):
    mission = make_mission()
    mission.terminer_mission(LATE, confirmer=True, by=gestion)
    outcome = missions.rouvrir(only(mission), by=gestion, raison="Wrong truck")
    assert_recorded(mission, outcome, "transport.rouvrir_mission", gestion)
    mission.contrat.refresh_from_db()
    assert (mission.statut, mission.penalite, mission.date_retour) == ("en cours", 0, None)
    assert mission.contrat.statut == "actif"


def test_many_end_at_once_each_by_its_own_deadline(gestion):
    starts = [date(2025, 1, 1), date(2025, 1, 3), date(2025, 1, 20)]
    made = [make_mission(make_contrat(date_debut=start)) for start in starts]
    late = only(*made)
    outcome = missions.terminer(late, by=gestion, date_retour=LATE)
    assert codes(outcome) == {"late": 2}
    missions.terminer(late, by=gestion, date_retour=LATE, confirmer=True)
    assert [each.penalite for each in late.order_by("pk")] == [125_000, 75_000, 0]


def test_it_refuses_a_return_before_the_departure(gestion):
    mission = make_mission(date_depart=date(2025, 1, 8))
    outcome = missions.terminer(only(mission), by=gestion, date_retour=date(2025, 1, 7))
    assert codes(outcome) == {"not_gone": 1}


def test_a_departure_before_the_contract_is_told_at_its_field(gestion):
    contrat = make_contrat()
    mission = Mission(contrat=contrat, date_depart=contrat.date_debut - timedelta(days=1))
    with pytest.raises(ValidationError) as refused:
        missions.creer(mission, by=gestion)
    assert list(refused.value.message_dict) == ["date_depart"]


def test_a_contract_that_is_over_gets_no_mission(gestion):
    contrat = make_contrat()
    make_mission(contrat).terminer_mission(date(2025, 1, 5), by=gestion)
    with pytest.raises(ValidationError, match="terminé"):
        missions.creer(Mission(contrat=contrat, date_depart=contrat.date_debut), by=gestion)


def test_road_expenses_are_in_the_contract_s_currency(gestion):
    mission = make_mission(make_contrat(devise="EUR", penalite_par_jour=40))
    frais = FraisDeRoute(mission=mission, libelle="Toll at Tamba", montant=Decimal("12.50"))
    missions.noter_frais(frais, by=gestion)
    assert frais.devise == "EUR"
    mission.annuler_mission("Storm", by=gestion)
    frais.montant = 1
    with pytest.raises(ValidationError):
        missions.noter_frais(frais, by=gestion)
