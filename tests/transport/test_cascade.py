"""Cancelling contracts and missions: what goes along, what stays, what comes back."""

import re
from datetime import date, timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from project.actions.undo import extent
from project.audit.models import Batch
from project.notifications.sending import send_waiting
from tests.factories import (
    make_caution,
    make_contrat,
    make_mission,
    make_paiement,
    make_prestation,
    make_transitaire,
)
from tests.transport.conftest import assert_recorded, codes, only
from transport import missions, payments, reminders, services
from transport.models import (
    Cautions,
    ContratTransport,
    Mission,
    PaiementMission,
    Rappel,
    Suspension,
)

pytestmark = pytest.mark.django_db
MODELS = (ContratTransport, Mission, Cautions, PaiementMission)
MOVED_ON = {"version", "updated_at"}


def state():
    """Every field of every record that a cascade may touch, but those that count its changes."""
    return {
        (model.__name__, row.pop("id")): {k: v for k, v in row.items() if k not in MOVED_ON}
        for model in MODELS
        for row in model._base_manager.values()
    }


@pytest.fixture
def contrat(gestion):
    """A contract with an open, a finished and a cancelled mission, and money on all of them."""
    contrat = make_contrat(commentaire="Signed at the port")
    going, ended, gone = (make_mission(contrat) for _ in range(3))
    make_paiement(going, observation="First half")
    make_paiement(ended, valide=True)
    make_paiement(gone, valide=True)
    ended.terminer_mission(date(2025, 1, 20), by=gestion)
    gone.annuler_mission("Truck broke down", by=gestion)
    make_caution(contrat)
    settled = make_caution(contrat)
    for statut in ("payee", "reclamable", "remboursee"):
        payments.changer_statut(only(settled), by=gestion, statut=statut, date=date(2025, 1, 21))
    make_prestation(contrat)
    contrat.refresh_from_db()
    return contrat


# ---------------------------------------------------------------------------------- annuler_contrat
def test_it_takes_everything_along_and_tells_how_many(contrat, gestion):
    totals = contrat.annuler_contrat("Customer left", by=gestion)
    assert totals == {
        "missions_annulees": 2,
        "cautions_annulees": 1,
        "prestations": 1,
        "paiements_annules": 2,
    }
    assert contrat.statut == "annule"
    assert (contrat.annule_par, contrat.raison_annulation) == (gestion, "Customer left")
    assert set(contrat.missions.values_list("statut", flat=True)) == {"annulée"}
    former = contrat.missions.order_by("pk").values_list("statut_avant", flat=True)
    assert list(former) == ["en cours", "terminée", "en cours"]
    assert sorted(contrat.cautions.values_list("statut", flat=True)) == ["annulee", "remboursee"]
    of_contract = PaiementMission.objects.filter(mission__contrat=contrat)
    assert set(of_contract.values_list("statut_paiement", flat=True)) == {"annule"}
    assert contrat.prestations.count() == 1


def test_its_comment_says_when_and_why(contrat, gestion):
    contrat.annuler_contrat("Customer left", by=gestion)
    assert re.fullmatch(
        r"Signed at the port\n\n🚫 CONTRAT ANNULÉ\nDate: \d\d/\d\d/\d{4} \d\d:\d\d\n"
        r"Raison: Customer left",
        contrat.commentaire,
    )


def test_without_a_reason_the_comment_has_none(gestion):
    contrat = make_contrat()
    contrat.annuler_contrat(by=gestion)
    assert re.fullmatch(
        r"\n\n🚫 CONTRAT ANNULÉ\nDate: \d\d/\d\d/\d{4} \d\d:\d\d", contrat.commentaire
    )


def test_a_waiting_payment_is_noted_and_a_validated_one_warned_of(contrat, gestion):
    contrat.annuler_contrat("Customer left", by=gestion)
    why = f"Contrat {contrat.pk_contrat} annulé: Customer left"
    waiting, validated, _gone = PaiementMission.objects.order_by("pk")
    stamp = r"\d\d/\d\d/\d{4} \d\d:\d\d"
    assert re.fullmatch(
        rf"First half\n\n❌ PAIEMENT ANNULÉ\nMission annulée le {stamp}\nRaison: {why}",
        waiting.observation,
    )
    assert re.fullmatch(
        rf"\n\n⚠️ PAIEMENT VALIDÉ MAIS MISSION ANNULÉE\nMission annulée le {stamp}\n"
        rf"Raison: {why}\nACTION REQUISE: Vérifier si remboursement nécessaire",
        validated.observation,
    )
    assert (waiting.est_valide, waiting.est_annule, waiting.remboursement) == (False, True, "")
    assert (validated.est_valide, validated.est_annule) == (True, True)
    assert validated in PaiementMission.objects.remboursements_a_verifier()


def test_its_undo_is_said_to_take_all_of_it_back(contrat, gestion):
    services.annuler(only(contrat), by=gestion)
    with translation.override("en"):
        assert extent(Batch.objects.latest("created_at")) == (
            "1 contract, 1 deposit, 2 missions, 2 payments"
        )


def test_the_missions_bear_the_contract_s_reason(gestion):
    contrat = make_contrat()
    mission = make_mission(contrat)
    contrat.annuler_contrat(by=gestion)
    mission.refresh_from_db()
    assert mission.raison_annulation == f"Contrat {contrat.pk_contrat} annulé: Non spécifiée"


def test_a_second_call_is_refused_in_the_seeds_words(contrat, gestion):
    contrat.annuler_contrat("Once", by=gestion)
    before, batches = state(), Batch.objects.count()
    with pytest.raises(ValidationError, match=r"⚠️ Ce contrat est déjà annulé\."):
        contrat.annuler_contrat("Twice", by=gestion)
    assert (state(), Batch.objects.count()) == (before, batches)


def test_each_that_it_touched_has_its_log_and_history(contrat, gestion):
    outcome = services.annuler(only(contrat), by=gestion, raison="Storm")
    assert_recorded(contrat, outcome, "transport.annuler_contrat", gestion)
    for model, code, count in (
        (Mission, "transport.mission_annulee", 2),
        (Cautions, "transport.caution_annulee", 1),
        (PaiementMission, "transport.paiement_annulee", 2),
    ):
        touched = model.objects.filter(annule_dans=outcome.batch)
        assert touched.count() == count
        for record in touched:
            assert_recorded(record, outcome, code, gestion)


def test_the_batch_counts_what_went_along(client, contrat, gestion):
    batch = services.annuler(only(contrat), by=gestion, raison="Storm").batch
    batch.refresh_from_db()
    counts = {"mission": 2, "cautions": 1, "paiementmission": 2}
    assert batch.changed == 1
    assert batch.also == {f"transport.{name}": count for name, count in counts.items()}
    client.force_login(gestion)
    page = client.get(reverse("batch", args=[batch.pk]))
    assert page.context["batch"]["also"] == [("cautions", 1), ("missions", 2), ("paiements", 2)]


def test_nothing_is_deleted(contrat, gestion):
    before = {model: model.objects.count() for model in MODELS}
    contrat.annuler_contrat("Storm", by=gestion)
    assert {model: model.objects.count() for model in MODELS} == before


def test_its_statements_do_not_grow_with_what_it_takes_along(gestion):
    counts = []
    for many in (1, 6):
        contrats = []
        for _ in range(many):
            contrats.append(make_contrat())
            for _ in range(many):
                make_paiement(make_mission(contrats[-1]), valide=True)
                make_caution(contrats[-1])
        with CaptureQueriesContext(connection) as statements:
            services.annuler(only(*contrats), by=gestion, raison="Storm")
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 30


# ------------------------------------------------------------------------------------------ restore
def test_restoring_brings_back_just_what_went_along(contrat, gestion):
    before = state()
    services.annuler(only(contrat), by=gestion, raison="Mistake")
    outcome = services.retablir(only(contrat), by=gestion, raison="It was one")
    assert state() == before
    line = contrat.logs.get(batch=outcome.batch)
    assert line.changes["statut"] == ["annule", "actif"]
    gone = contrat.missions.order_by("pk").last()
    assert gone.statut == "annulée"


def test_what_was_paid_back_meanwhile_stays_cancelled(contrat, gestion):
    services.annuler(only(contrat), by=gestion, raison="Mistake")
    validated = PaiementMission.objects.order_by("pk")[1]
    payments.solder_remboursement(only(validated), by=gestion, remboursement="rembourse")
    services.retablir(only(contrat), by=gestion)
    validated.refresh_from_db()
    assert (validated.statut_paiement, validated.remboursement) == ("annule", "rembourse")


def test_it_refuses_to_restore_what_is_not_cancelled(contrat, gestion):
    assert codes(services.retablir(only(contrat), by=gestion)) == {"not_cancelled": 1}


# ---------------------------------------------------------------------------------- annuler_mission
def test_a_mission_takes_all_its_payments_and_leaves_its_contract(gestion):
    contrat = make_contrat()
    mission, other = make_mission(contrat), make_mission(contrat)
    waiting, validated = make_paiement(mission), make_paiement(mission, valide=True)
    kept, deposit = make_paiement(other), make_caution(contrat)
    totals = mission.annuler_mission("Breakdown", by=gestion)
    assert totals == {
        "missions_annulees": 1,
        "cautions_annulees": 0,
        "prestations": 0,
        "paiements_annules": 2,
    }
    for record in (contrat, deposit, kept, waiting, validated):
        record.refresh_from_db()
    assert (contrat.statut, contrat.commentaire, deposit.statut) == ("actif", "", "en_attente")
    assert [p.statut_paiement for p in (kept, waiting, validated)] == [
        "en_attente",
        "annule",
        "annule",
    ]
    assert waiting.observation.endswith("Raison: Breakdown")


def test_beside_a_finished_one_the_contract_stays_too(gestion):
    contrat = make_contrat()
    ended, mission, deposit = make_mission(contrat), make_mission(contrat), make_caution(contrat)
    ended.terminer_mission(date(2025, 1, 5), by=gestion)
    mission.annuler_mission("Breakdown", by=gestion)
    contrat.refresh_from_db()
    deposit.refresh_from_db()
    assert (contrat.statut, deposit.statut) == ("actif", "en_attente")


def test_the_last_one_takes_the_contract_along(gestion):
    contrat = make_contrat()
    mission, deposit = make_mission(contrat), make_caution(contrat)
    totals = mission.annuler_mission("Breakdown", by=gestion)
    assert totals["cautions_annulees"] == 1
    contrat.refresh_from_db()
    deposit.refresh_from_db()
    assert (contrat.statut, deposit.statut) == ("annule", "annulee")
    assert "🚫 CONTRAT ANNULÉ" in contrat.commentaire
    assert contrat.commentaire.endswith("Raison: Breakdown")
    assert contrat.annule_dans == mission.annule_dans == deposit.annule_dans


def test_unless_told_not_to(gestion):
    contrat = make_contrat()
    mission, deposit = make_mission(contrat), make_caution(contrat)
    mission.annuler_mission("Breakdown", annuler_contrat=False, by=gestion)
    contrat.refresh_from_db()
    deposit.refresh_from_db()
    assert (contrat.statut, deposit.statut) == ("actif", "en_attente")


def test_restoring_the_last_mission_restores_its_contract(gestion):
    contrat = make_contrat(commentaire="Signed")
    mission = make_mission(contrat)
    make_caution(contrat)
    make_paiement(mission, valide=True)
    before = state()
    missions.annuler(only(mission), by=gestion, raison="Breakdown")
    missions.retablir(only(mission), by=gestion)
    assert state() == before


def test_a_mission_of_a_contract_cancelled_in_another_act_stays(contrat, gestion):
    gone = contrat.missions.order_by("pk").last()
    contrat.annuler_contrat("Storm", by=gestion)
    assert codes(missions.retablir(only(gone), by=gestion)) == {"contract_cancelled": 1}


def test_a_cancelled_mission_is_not_cancelled_again(gestion):
    mission = make_mission()
    mission.annuler_mission("Once", by=gestion)
    with pytest.raises(ValidationError):
        mission.annuler_mission("Twice", by=gestion)


# ---------------------------------------------------------------------------------- no deletion
def test_what_has_data_is_never_deleted(contrat, gestion):
    with pytest.raises(ValidationError, match=r"Impossible de supprimer ce contrat"):
        services.supprimer(contrat, by=gestion)
    assert ContratTransport.objects.filter(pk=contrat.pk).exists()


def test_an_empty_contract_goes_and_leaves_its_history(gestion):
    contrat = make_contrat()
    key = contrat.pk
    batch = services.supprimer(contrat, by=gestion)
    assert not ContratTransport.objects.filter(pk=key).exists()
    row = ContratTransport.history.filter(id=key).first()
    assert (row.history_type, row.history_user, row.batch_id) == ("-", gestion, batch.pk)


def test_suspensions_and_reminders_are_part_of_it_and_go_along(gestion):
    transitaire = make_transitaire(email="transit@example.org")
    contrat = make_contrat(transitaire=transitaire)
    kept = make_contrat()
    days = {"debut": date(2025, 1, 8), "fin": date(2025, 1, 10), "raison": "Flood"}
    services.suspendre(only(contrat, kept), by=gestion, **days)
    reminders.rappeler(today=date(2025, 1, 26))
    assert contrat.suspensions.exists() and contrat.rappels.exists()
    services.supprimer(contrat, by=gestion)
    assert not ContratTransport.objects.filter(pk=contrat.pk).exists()
    assert list(Suspension.objects.values_list("contrat", flat=True)) == [kept.pk]
    assert list(Rappel.objects.values_list("contrat", flat=True)) == [kept.pk]
    send_waiting()  # the letter that still waited has nothing to tell
    assert mail.outbox == []


def test_the_database_protects_what_hangs_on_a_contract(contrat):
    protected = {"contrat": (Mission, Cautions), "mission": (PaiementMission,)}
    for name, models_ in protected.items():
        for model in models_:
            assert model._meta.get_field(name).remote_field.on_delete.__name__ == "PROTECT"


def test_a_late_departure_is_no_hindrance_to_cancelling(gestion):
    contrat = make_contrat()
    mission = make_mission(contrat, date_depart=contrat.date_debut + timedelta(days=40))
    assert mission.annuler_mission("Late", by=gestion)["missions_annulees"] == 1
