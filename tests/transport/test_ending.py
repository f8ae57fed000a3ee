"""Contracts that staff end: all their missions are over, but the last one was cancelled."""

from datetime import date

import pytest
from django.urls import reverse

from project.actions.undo import undo
from tests.asking import HTMX, act, picked, url_of
from tests.factories import make_caution, make_contrat, make_mission
from tests.transport.conftest import assert_recorded, codes, only
from transport import missions, services
from transport.models import ContratTransport, Mission

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(gestion):
    """A contract with a finished mission, whose other one was cancelled after that."""
    contrat = make_contrat()
    done, dropped = make_mission(contrat), make_mission(contrat)
    make_caution(contrat)
    done.terminer_mission(date(2025, 1, 5), by=gestion)
    dropped.annuler_mission("No load", by=gestion)
    contrat.refresh_from_db()
    assert contrat.statut == "actif"
    return contrat


def test_it_ends_as_with_its_last_mission(waiting, bureau):
    outcome = services.terminer(only(waiting), by=bureau, raison="Back at the port")
    entry = assert_recorded(waiting, outcome, "transport.terminer_contrat", bureau)
    assert "Back at the port" in entry.action
    assert waiting.statut == "termine"
    assert waiting.cautions.get().statut == "en_attente"
    assert waiting not in ContratTransport.objects.en_retard(date(2026, 1, 1))


def test_it_refuses_what_is_not_over(waiting, gestion):
    empty, going, left = make_contrat(), make_contrat(), make_contrat()
    make_mission(going)
    make_mission(left).annuler_mission("Storm", annuler_contrat=False, by=gestion)
    gone = make_contrat()
    gone.annuler_contrat("Storm", by=gestion)
    outcome = services.terminer(only(waiting, empty, going, left, gone), by=gestion)
    assert outcome.changed == 1
    assert codes(outcome) == {"open": 1, "none_finished": 2, "not_active": 1}
    assert codes(services.terminer(only(waiting), by=gestion)) == {"not_active": 1}


def test_undone_it_goes_on_and_can_end_again(waiting, gestion):
    batch = services.terminer(only(waiting), by=gestion).batch
    for expected in ("actif", "termine"):
        batch = undo(batch, by=gestion).batch
        waiting.refresh_from_db()
        assert waiting.statut == expected


def test_reopened_it_takes_missions_again(waiting, gestion):
    services.terminer(only(waiting), by=gestion)
    outcome = services.rouvrir(only(waiting), by=gestion, raison="Out once more")
    assert_recorded(waiting, outcome, "transport.rouvrir_contrat", gestion)
    mission = Mission(contrat=waiting, date_depart=waiting.date_debut)
    missions.creer(mission, by=gestion)
    assert codes(services.terminer(only(waiting), by=gestion)) == {"open": 1}
    refused = undo(outcome.batch, by=gestion)
    assert codes(refused) == {"open": 1}
    mission.terminer_mission(date(2025, 1, 9), by=gestion)
    waiting.refresh_from_db()
    assert waiting.statut == "termine"


def test_the_office_ends_and_management_reopens(waiting, desk, boss):
    end, reopen = url_of("terminer_contrat", "contrats"), url_of("rouvrir_contrat", "contrats")
    act(desk, end, picked(waiting), headers=HTMX)
    waiting.refresh_from_db()
    assert waiting.statut == "termine"
    assert desk.post(reopen, picked(waiting), headers=HTMX).status_code == 403
    act(boss, reopen, {**picked(waiting), "raison": "Slip"}, headers=HTMX)
    waiting.refresh_from_db()
    assert waiting.statut == "actif"


def test_the_pages_of_the_contract_and_its_missions_offer_it(waiting, desk, gestion):
    pages = [waiting.get_absolute_url(), *(m.get_absolute_url() for m in waiting.missions.all())]
    for url in pages:
        page = desk.get(url)
        assert page.context["ending"]["contrat"] == waiting
        assert page.context["ending"]["request"].url == url_of("terminer_contrat", "contrats")
        assert 'id="a-terminer"' in page.content.decode()
    services.terminer(only(waiting), by=gestion)
    for url in pages:
        assert 'id="a-terminer"' not in desk.get(url).content.decode()


def test_nothing_is_said_while_a_mission_is_open(desk):
    contrat = make_mission().contrat
    assert desk.get(contrat.get_absolute_url()).context["ending"] is None


def test_they_are_a_filter(waiting, desk):
    make_mission()
    found = desk.get(reverse("contrat_list"), {"a_terminer": "1"}).context["filterset"].qs
    assert list(found) == [waiting]
