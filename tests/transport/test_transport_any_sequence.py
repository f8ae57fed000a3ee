"""Whatever is done in whatever order: no orphan, no active child of a cancelled contract, a restore
takes a cancellation back exactly, and amounts add up."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from project.actions.undo import undo
from project.audit.recorder import log_model_of
from tests.factories import (
    make_caution,
    make_contrat,
    make_mission,
    make_paiement,
    make_prestation,
    make_user,
)
from tests.sweeps import examples, slow
from tests.transport.test_cascade import MODELS, state
from tests.trying import rolled_back
from transport import missions, payments, services
from transport.models import Cautions, ContratTransport, Mission, PaiementMission
from transport.states import CAUTION_SOLDEE

pytestmark = pytest.mark.django_db
START = date(2025, 1, 1)
DAYS = st.integers(0, 60).map(lambda days: START + timedelta(days=days))

ACTIONS = {
    ContratTransport: [
        lambda draw: (services.annuler, {"raison": "Storm"}),
        lambda draw: (services.retablir, {}),
        lambda draw: (services.terminer, {}),
        lambda draw: (services.rouvrir, {"raison": "Slip"}),
        lambda draw: (services.fixer_echeance, {"date": draw(DAYS), "raison": "Border"}),
        lambda draw: (services.calculer_echeance, {}),
        lambda draw: (services.lever, {}),
        lambda draw: (
            services.suspendre,
            {"debut": (day := draw(DAYS)), "fin": day + timedelta(days=2), "raison": "Flood"},
        ),
    ],
    Mission: [
        lambda draw: (missions.annuler, {"annuler_contrat": draw(st.booleans())}),
        lambda draw: (missions.retablir, {}),
        lambda draw: (missions.rouvrir, {"raison": "Slip"}),
        lambda draw: (missions.terminer, {"date_retour": draw(DAYS), "confirmer": True}),
    ],
    PaiementMission: [
        lambda draw: (payments.valider, {"date": draw(DAYS)}),
        lambda draw: (payments.invalider, {"raison": "Slip"}),
        lambda draw: (payments.annuler_paiement, {}),
        lambda draw: (payments.retablir_paiement, {}),
        lambda draw: (
            payments.solder_remboursement,
            {"remboursement": draw(st.sampled_from(["rembourse", "sans_suite"]))},
        ),
    ],
    Cautions: [
        lambda draw: (
            payments.changer_statut,
            {
                "statut": draw(
                    st.sampled_from(["payee", "reclamable", "remboursee", "confisquee"])
                ),
                "date": START,
            },
        ),
        lambda draw: (payments.annuler_caution, {}),
        lambda draw: (payments.retablir_caution, {}),
    ],
}


@st.composite
def steps(draw):
    """[(model, service, answers, which records: None for all)]"""
    made = []
    for _ in range(draw(st.integers(4, 10))):
        model = draw(st.sampled_from(list(ACTIONS)))
        service, answers = draw(st.sampled_from(ACTIONS[model]))(draw)
        made.append((model, service, answers, draw(st.none() | st.integers(0, 5))))
    return made


def make_world():
    for count in (1, 2):
        contrat = make_contrat(commentaire="Signed", avance=100_000)
        make_caution(contrat)
        make_prestation(contrat)
        for _ in range(count):
            mission = make_mission(contrat)
            make_paiement(mission)
            make_paiement(mission, valide=True)


def check():
    for contrat in ContratTransport.objects.all():
        if contrat.statut == "annule":
            assert not contrat.missions.non_annulees().exists()
            left = contrat.cautions.exclude(statut__in=(*CAUTION_SOLDEE, "annulee"))
            assert not left.exists()
        if contrat.statut == "termine":
            assert not contrat.missions.en_cours().exists()
        if not contrat.echeance_exceptionnelle:
            days = contrat.delai_jours + contrat.jours_suspendus
            assert contrat.date_limite_retour == contrat.date_debut + timedelta(days=days)
        in_force = contrat.suspensions.filter(levee_dans=None)
        assert sum(each.jours for each in in_force) == contrat.jours_suspendus
        assert contrat.solde + contrat.avance == contrat.montant_total
    for mission in Mission.objects.all():
        assert sum(line.montant for line in mission.detail_penalite) == mission.penalite
        assert sum(line.jours for line in mission.detail_penalite) == mission.jours_retard
        if mission.statut == "annulée":
            assert not mission.paiements.non_annules().exists()
    assert not Mission.objects.filter(contrat=None).exists()
    assert not Cautions.objects.filter(contrat=None).exists()
    for model in MODELS:
        log, key = log_model_of(model)
        for record in model.objects.all():
            rows = list(record.history.order_by("history_id"))
            for field in rows[-1].tracked_fields:
                assert getattr(rows[-1], field.attname) == getattr(record, field.attname)
            assert [row.version for row in rows] == list(range(1, record.version + 1))
            told = log.objects.filter(**{key: record}).values_list("batch", flat=True)
            assert {row.batch_id for row in rows} <= set(told)


@slow
@given(steps=steps())
@settings(
    max_examples=examples(160),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_is_done_the_books_stay_straight(steps):
    with rolled_back():
        by = make_user(is_superuser=True)
        make_world()
        for model, service, answers, picked in steps:
            keys = list(model.objects.order_by("pk").values_list("pk", flat=True))
            if picked is not None:
                keys = [keys[picked % len(keys)]]
            service(model.objects.filter(pk__in=keys), by=by, **answers)
            check()
        before = state()
        going = list(ContratTransport.objects.exclude(statut="annule").values_list("pk", flat=True))
        some = ContratTransport.objects.filter(pk__in=going)
        services.annuler(some, by=by, raison="Storm")
        check()
        between = state()
        restore = services.retablir(some, by=by).batch
        check()
        assert state() == before
        if going:
            assert not undo(restore, by=by).refused
            check()
            assert state() == between
