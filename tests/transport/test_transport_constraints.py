"""What must never be, the database refuses: written past every service, form and save."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.db.models import F, ProtectedError

from project.audit.recorder import Unrecorded
from tests.factories import (
    make_camion,
    make_caution,
    make_compagnie,
    make_conteneur,
    make_contrat,
    make_mission,
    make_paiement,
    make_prestation,
    make_transitaire,
)
from tests.transport.conftest import only
from transport import services
from transport.models import Conditions, FraisDeRoute, Tarif
from transport.models.terms import PENALITE_MAX

pytestmark = pytest.mark.django_db


def make_finished():
    mission = make_mission()
    mission.terminer_mission(date(2025, 1, 10))
    return mission


def make_frais():
    return FraisDeRoute.objects.create(mission=make_mission(), libelle="Toll", montant=500)


def make_suspension():
    contrat = make_contrat()
    days = {"debut": date(2025, 1, 8), "fin": date(2025, 1, 10)}
    services.suspendre(only(contrat), by=None, raison="Flood", **days)
    return contrat.suspensions.get()


# (constraint, what makes the record, what is then written to it): each breaks that one alone, but
# for a status that there is not, which can't be a whole one either.
CASES = [
    ("contrat_(status_known|cancelled_whole)", make_contrat, {"statut": "lost"}),
    ("contrat_deadline_after_start", make_contrat, {"date_limite_retour": F("date_debut")}),
    ("contrat_terms_sound", make_contrat, {"delai_jours": 0}),
    ("contrat_terms_sound", make_contrat, {"penalite_par_jour": -1}),
    ("contrat_terms_sound", make_contrat, {"penalite_par_jour": PENALITE_MAX + 1}),
    ("contrat_amounts_sound", make_contrat, {"avance": 900_001}),
    ("contrat_amounts_sound", make_contrat, {"avance": -1}),
    ("contrat_currency_decimals", make_contrat, {"montant_total": Decimal("900000.5")}),
    ("contrat_currency_decimals", make_contrat, {"penalite_par_jour": Decimal("0.5")}),
    ("contrat_exception_has_reason", make_contrat, {"echeance_exceptionnelle": True}),
    ("contrat_exception_has_reason", make_contrat, {"raison_exceptionnelle": "Because"}),
    ("contrat_cancelled_whole", make_contrat, {"statut": "annule"}),
    ("contrat_cancelled_whole", make_contrat, {"raison_annulation": "Why?"}),
    ("mission_(status_known|cancelled_whole|finished_is_back)", make_mission, {"statut": "lost"}),
    ("mission_cancelled_whole", make_mission, {"annule_le": "2025-01-01T00:00Z"}),
    ("mission_back_after_departure", make_finished, {"date_retour": date(2024, 12, 31)}),
    ("mission_finished_is_back", make_mission, {"statut": "terminée"}),
    ("mission_penalty_explained", make_mission, {"penalite": 5}),
    ("mission_penalty_explained", make_finished, {"limite_appliquee": None}),
    ("frais_kind_known", make_frais, {"genre": "lost"}),
    ("frais_amount_sound", make_frais, {"montant": -1}),
    ("frais_currency_decimals", make_frais, {"montant": Decimal("1.5")}),
    ("caution_(status_known|cancelled_whole)", make_caution, {"statut": "lost"}),
    ("caution_amount_sound", make_caution, {"montant": 0}),
    ("caution_currency_decimals", make_caution, {"montant": Decimal("1.5")}),
    ("caution_cancelled_whole", make_caution, {"statut": "annulee"}),
    (
        "paiement_(status_known|cancelled_whole|valid_or_not)",
        make_paiement,
        {"statut_paiement": "lost"},
    ),
    ("paiement_valid_or_not", make_paiement, {"statut_paiement": "valide"}),
    ("paiement_valid_has_date", make_paiement, {"date_validation": date(2025, 1, 1)}),
    ("paiement_refund_of_valid", make_paiement, {"remboursement": "rembourse"}),
    ("paiement_amount_sound", make_paiement, {"montant": 0}),
    ("paiement_currency_decimals", make_paiement, {"montant": Decimal("1.5")}),
    ("paiement_cancelled_whole", make_paiement, {"statut_paiement": "annule"}),
    ("prestation_amount_sound", make_prestation, {"montant": -1}),
    ("prestation_currency_decimals", make_prestation, {"montant": Decimal("1.5")}),
    ("suspension_ends_after", make_suspension, {"fin": date(2025, 1, 7)}),
    ("suspension_has_reason", make_suspension, {"raison": ""}),
    ("compagnie_has_a_name", make_compagnie, {"nom": ""}),
    ("transitaire_has_a_name", make_transitaire, {"name": ""}),
    ("camion_has_a_plate", make_camion, {"immatriculation": ""}),
    ("conteneur_size_known", make_conteneur, {"taille": "99"}),
    ("conteneur_number_whole", make_conteneur, {"numero": "MSCU1"}),
    ("tarif_has_days", Tarif.objects.create, {"delai_jours": 0}),
    ("tarif_has_a_name", Tarif.objects.create, {"nom": ""}),
    ("conditions_sound", Conditions.objects.create, {"delai_jours": 0}),
    ("conditions_sound", Conditions.objects.create, {"penalite_par_jour": PENALITE_MAX + 1}),
]


@pytest.mark.parametrize(("name", "make", "wrong"), CASES)
def test_the_database_refuses(name, make, wrong):
    record = make()
    with pytest.raises(IntegrityError, match=rf"\b{name}\b"), transaction.atomic():
        models.QuerySet(type(record)).filter(pk=record.pk).update(**wrong)


def test_each_check_of_the_wing_is_tried():
    checks = {
        constraint.name
        for model in apps.get_app_config("transport").get_models()
        for constraint in model._meta.constraints
        if isinstance(constraint, models.CheckConstraint)
    }
    tried = {name for name in checks if any(re.fullmatch(case[0], name) for case in CASES)}
    assert checks - tried == {"conditions_one_row"}


def test_there_is_one_row_of_defaults():
    Conditions.objects.create(pk=1)
    with pytest.raises(IntegrityError, match="conditions_one_row"), transaction.atomic():
        Conditions.objects.create(pk=2)


@pytest.mark.parametrize("make", [make_contrat, make_mission, make_caution, make_paiement])
def test_no_path_deletes_or_skips_the_log(make):
    record = make()
    with pytest.raises(ProtectedError):
        record.delete()
    with pytest.raises(Unrecorded):
        type(record).objects.filter(pk=record.pk).update(version=9)
    with pytest.raises(Unrecorded):
        type(record).objects.filter(pk=record.pk).delete()
