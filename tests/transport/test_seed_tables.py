"""The rows of the seeds' tables, each by its name there, and the seeds' texts word for word."""

import logging
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db.models import PROTECT
from django.urls import reverse
from django.utils import translation

from tests.asking import toasts
from tests.factories import (
    make_caution,
    make_contrat,
    make_mission,
    make_paiement,
    make_prestation,
)
from transport import services
from transport.models import Cautions, ContratTransport, Mission, PaiementMission
from transport.models import PrestationDeTransports as Prestation
from transport.states import StatutContrat, StatutPaiement

pytestmark = pytest.mark.django_db


@pytest.fixture
def contrat(gestion):
    """A contract with a mission, a service, a deposit, and a payment waiting and one validated."""
    contrat = make_contrat()
    mission = make_mission(contrat)
    make_paiement(mission)
    make_paiement(mission, valide=True)
    make_caution(contrat)
    make_prestation(contrat)
    return contrat


# -------------------------------------------- cancelling a mission: what was, and what is asked for
MISSION_ROWS = {
    "Mission": (Mission, {}, {"statut": "annulée"}),
    "Contrat": (ContratTransport, {}, {"statut": "annule"}),
    "Cautions": (Cautions, {}, {"statut": "annulee"}),
    "Paiements non validés": (
        PaiementMission,
        {"est_valide": False},
        {"statut_paiement": "annule", "remboursement": ""},
    ),
    "Paiements validés": (
        PaiementMission,
        {"est_valide": True},
        {"statut_paiement": "annule", "remboursement": "a_verifier"},
    ),
}


@pytest.mark.parametrize("row", MISSION_ROWS)
def test_cancelling_a_mission(contrat, gestion, row):
    model, which, becomes = MISSION_ROWS[row]
    contrat.missions.get().annuler_mission("Panne", by=gestion)
    [record] = model.objects.filter(**which)
    assert {name: getattr(record, name) for name in becomes} == becomes


# --------------------------------------------------- deleting a contract: nothing disappears now
DELETE_ROWS = {
    "Contrat": (ContratTransport, None, "actif"),
    "Missions": (Mission, "contrat", "en cours"),
    "Paiements": (PaiementMission, "mission", None),
    "Prestations": (Prestation, "contrat_transport", None),
    "Cautions": (Cautions, "contrat", "en_attente"),
}


@pytest.mark.parametrize("row", DELETE_ROWS)
def test_deleting_a_contract(contrat, gestion, row):
    model, path, statut = DELETE_ROWS[row]
    before = list(model.objects.order_by("pk").values())
    with pytest.raises(ValidationError):
        services.supprimer(contrat, by=gestion)
    assert list(model.objects.order_by("pk").values()) == before != []
    if path:
        assert model._meta.get_field(path).remote_field.on_delete is PROTECT
    if statut:
        assert {row["statut"] for row in before} == {statut}


# ------------------------------------------------------ the summary: what annuler_contrat leaves
SUMMARY = {
    "Contrat": (ContratTransport, {"statut": "annule"}),
    "Missions": (Mission, {"statut": "annulée"}),
    "Paiements": (PaiementMission, {"statut_paiement": "annule"}),
    "Cautions": (Cautions, {"statut": "annulee"}),
}


@pytest.mark.parametrize("row", SUMMARY)
def test_cancelling_a_contract(contrat, gestion, row):
    model, becomes = SUMMARY[row]
    count = model.objects.count()
    contrat.annuler_contrat("Client désisté", by=gestion)
    assert model.objects.filter(**becomes).count() == model.objects.count() == count


# ------------------------------------------------------------------------------------------ texts
def test_the_statuses_are_called_as_in_the_seeds():
    with translation.override("fr"):
        assert [(s.value, str(s.label)) for s in StatutContrat] == [
            ("actif", "Actif"),
            ("termine", "Terminé"),
            ("annule", "Annulé"),
        ]
        assert [(s.value, str(s.label)) for s in StatutPaiement] == [
            ("en_attente", "En attente"),
            ("valide", "Validé"),
            ("annule", "Annulé"),
        ]
        for model, name, text in (
            (ContratTransport, "statut", "Statut du contrat"),
            (PaiementMission, "statut_paiement", "Statut du paiement"),
        ):
            assert str(model._meta.get_field(name).help_text) == text


def test_a_deposit_alone_refuses_the_deletion_in_the_seeds_words(client, gestion):
    contrat = make_contrat()
    make_caution(contrat)
    client.force_login(gestion)
    [said] = toasts(client.post(reverse("delete_contrat", args=[contrat.pk])))
    assert said == (
        "❌ Impossible de supprimer ce contrat! Il a 1 caution(s) associée(s). "
        "Utilisez plutôt l'annulation pour garder la traçabilité."
    )


def test_the_confirmation_page_is_called_as_in_the_seeds(client, gestion):
    client.force_login(gestion)
    page = client.get(reverse("delete_contrat", args=[make_contrat().pk]))
    with translation.override("fr"):
        assert str(page.context["title"]) == "Supprimer le contrat"


def test_the_deadline_says_how_it_was_calculated(client, gestion):
    client.force_login(gestion)
    asked = {"date_debut": "2025-01-01"}
    page = client.get(reverse("contrat_echeance"), asked).content.decode()
    assert 'title="Calculée automatiquement : Date début + 23 jours"' in page
    assert 'value="2025-01-24" readonly' in page


def test_a_cancellation_is_logged_with_its_totals(contrat, gestion, caplog):
    with caplog.at_level(logging.INFO, logger="transport.services"):
        contrat.annuler_contrat("Client désisté", by=gestion)
    assert (
        f"Contrat {contrat.pk_contrat} annulé: 1 missions, 1 cautions, 1 prestations affectées"
        in caplog.messages
    )


def test_five_days_late_cost_125_000(gestion):
    mission = make_mission()
    with pytest.raises(ValidationError) as asked:
        mission.terminer_mission(date(2025, 1, 29), by=gestion)
    assert asked.value.messages == ["Pénalité estimée: 125000 FCFA"]
