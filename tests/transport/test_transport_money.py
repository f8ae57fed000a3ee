"""Deposits, payments and services: what can follow what, and what is locked."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from tests.factories import make_caution, make_contrat, make_mission, make_paiement
from tests.transport.conftest import assert_recorded, codes, only
from transport import payments
from transport.models import Cautions, PaiementMission

pytestmark = pytest.mark.django_db
DAY = date(2025, 1, 12)


def test_validating_a_payment_says_when_and_by_whom(gestion):
    paiement = make_paiement()
    outcome = payments.valider(only(paiement), by=gestion, date=DAY)
    assert_recorded(paiement, outcome, "transport.valider_paiement", gestion)
    assert (paiement.statut_paiement, paiement.est_valide) == ("valide", True)
    assert (paiement.date_validation, paiement.valide_par) == (DAY, gestion)
    assert codes(payments.valider(only(paiement), by=gestion, date=DAY)) == {"valid": 1}


def test_a_validated_amount_is_locked_until_that_is_taken_back(gestion):
    paiement = make_paiement(valide=True)
    paiement.montant = 1
    with pytest.raises(ValidationError) as refused:
        payments.modifier_paiement(paiement, by=gestion)
    assert list(refused.value.message_dict) == ["montant"]
    paiement.refresh_from_db()
    payments.invalider(only(paiement), by=gestion, raison="Typing error")
    paiement.refresh_from_db()
    paiement.montant = 90_000
    assert payments.modifier_paiement(paiement, by=gestion).changed == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"statut_paiement": "valide"},
        {"est_valide": True, "date_validation": DAY},
        {"remboursement": "a_verifier"},
        {"montant": 0},
        {"montant": Decimal("10.5")},
        {"statut_paiement": "annule"},
        {"annule_le": "2025-01-01T00:00Z"},
    ],
)
def test_the_database_refuses_what_a_payment_never_is(wrong):
    paiement = make_paiement()
    with pytest.raises(IntegrityError), transaction.atomic():
        models.QuerySet(PaiementMission).filter(pk=paiement.pk).update(**wrong)


def test_a_payment_cancelled_by_itself_comes_back_as_it_was(gestion):
    paiement = make_paiement(valide=True)
    payments.annuler_paiement(only(paiement), by=gestion, raison="Twice")
    paiement.refresh_from_db()
    assert (paiement.est_annule, paiement.remboursement) == (True, "a_verifier")
    payments.retablir_paiement(only(paiement), by=gestion)
    paiement.refresh_from_db()
    assert (paiement.statut_paiement, paiement.est_valide) == ("valide", True)


def test_a_refund_is_settled_once(gestion):
    paiement = make_paiement(valide=True)
    paiement.mission.annuler_mission("Storm", by=gestion)
    payments.solder_remboursement(only(paiement), by=gestion, remboursement="rembourse")
    again = payments.solder_remboursement(only(paiement), by=gestion, remboursement="sans_suite")
    assert codes(again) == {"nothing_to_check": 1}
    paiement.mission.refresh_from_db()
    assert codes(payments.retablir_paiement(only(paiement), by=gestion)) == {"mission_cancelled": 1}


def test_nothing_is_paid_for_a_cancelled_mission(gestion):
    mission = make_mission()
    make_mission(mission.contrat)
    mission.annuler_mission("Storm", by=gestion)
    with pytest.raises(ValidationError):
        payments.creer_paiement(PaiementMission(mission=mission, montant=1), by=gestion)


# (the steps that are asked for, why the last one is refused, the status after it)
WAYS = [
    (("payee", "reclamable", "remboursee"), {}, "remboursee"),
    (("payee", "confisquee"), {}, "confisquee"),
    (("payee", "reclamable", "confisquee"), {}, "confisquee"),
    (("reclamable",), {"unreachable": 1}, "en_attente"),
    (("payee", "remboursee"), {"unreachable": 1}, "payee"),
    (("payee", "payee"), {"same": 1}, "payee"),
]


@pytest.mark.parametrize(("steps", "refused", "after"), WAYS)
def test_a_deposit_goes_one_step_at_a_time(gestion, steps, refused, after):
    caution = make_caution()
    for day, statut in enumerate(steps, 12):
        outcome = payments.changer_statut(
            only(caution), by=gestion, statut=statut, date=date(2025, 1, day)
        )
    assert codes(outcome) == refused
    caution.refresh_from_db()
    done = len(steps) - len(refused)
    since = date(2025, 1, 11 + done) if done else None
    assert (caution.statut, caution.date_statut) == (after, since)


def test_a_settled_deposit_is_not_cancelled(gestion):
    caution = make_caution()
    for statut in ("payee", "confisquee"):
        payments.changer_statut(only(caution), by=gestion, statut=statut, date=DAY)
    assert codes(payments.annuler_caution(only(caution), by=gestion)) == {"settled": 1}


def test_a_paid_deposit_keeps_its_amount(gestion):
    caution = make_caution()
    payments.changer_statut(only(caution), by=gestion, statut="payee", date=DAY)
    caution.refresh_from_db()
    caution.montant = 1
    with pytest.raises(ValidationError) as refused:
        payments.modifier_caution(caution, by=gestion)
    assert list(refused.value.message_dict) == ["montant"]


def test_the_balance_is_what_the_advance_leaves():
    assert make_contrat(montant_total=900_000, avance=350_000).solde == 550_000


def test_an_advance_is_never_more_than_the_total():
    contrat = make_contrat(montant_total=100, avance=50)
    contrat.avance = 101
    with pytest.raises(ValidationError) as refused:
        contrat.full_clean()
    assert list(refused.value.message_dict) == ["avance"]


def test_nothing_is_added_to_a_cancelled_contract(gestion):
    contrat = make_contrat()
    contrat.annuler_contrat("Storm", by=gestion)
    with pytest.raises(ValidationError):
        payments.creer_caution(Cautions(contrat=contrat, montant=1), by=gestion)
