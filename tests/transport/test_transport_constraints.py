"""What must never be, the database refuses: written past every service, form and save."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, models, transaction
from django.db.models import F, ProtectedError

from project.audit.recorder import Unrecorded
from tests.factories import make_caution, make_contrat, make_mission, make_paiement, make_prestation
from transport.models import Conditions, Conteneur

pytestmark = pytest.mark.django_db

# (constraint, what makes the record, what is then written to it): each breaks that one alone.
CASES = [
    ("contrat_status_known", make_contrat, {"statut": "lost"}),
    ("contrat_deadline_after_start", make_contrat, {"date_limite_retour": F("date_debut")}),
    ("contrat_terms_sound", make_contrat, {"delai_jours": 0}),
    ("contrat_terms_sound", make_contrat, {"penalite_par_jour": -1}),
    ("contrat_amounts_sound", make_contrat, {"avance": 900_001}),
    ("contrat_amounts_sound", make_contrat, {"avance": -1}),
    ("contrat_currency_decimals", make_contrat, {"montant_total": Decimal("900000.5")}),
    ("contrat_exception_has_reason", make_contrat, {"echeance_exceptionnelle": True}),
    ("contrat_exception_has_reason", make_contrat, {"raison_exceptionnelle": "Because"}),
    ("contrat_cancelled_whole", make_contrat, {"statut": "annule"}),
    ("contrat_cancelled_whole", make_contrat, {"raison_annulation": "Why?"}),
    ("mission_cancelled_whole", make_mission, {"annule_le": "2025-01-01T00:00Z"}),
    ("mission_back_after_departure", make_mission, {"date_retour": date(2024, 1, 1)}),
    ("mission_finished_is_back", make_mission, {"statut": "terminée"}),
    ("mission_penalty_explained", make_mission, {"penalite": 5}),
    ("caution_status_known", make_caution, {"statut": "lost"}),
    ("caution_amount_sound", make_caution, {"montant": 0}),
    ("caution_currency_decimals", make_caution, {"montant": Decimal("1.5")}),
    ("caution_cancelled_whole", make_caution, {"statut": "annulee"}),
    ("paiement_valid_or_not", make_paiement, {"statut_paiement": "valide"}),
    ("paiement_valid_has_date", make_paiement, {"date_validation": date(2025, 1, 1)}),
    ("paiement_refund_of_valid", make_paiement, {"remboursement": "rembourse"}),
    ("paiement_cancelled_whole", make_paiement, {"statut_paiement": "annule"}),
    ("prestation_amount_sound", make_prestation, {"montant": -1}),
]


@pytest.mark.parametrize(("name", "make", "wrong"), CASES)
def test_the_database_refuses(name, make, wrong):
    record = make()
    with pytest.raises(IntegrityError), transaction.atomic():
        models.QuerySet(type(record)).filter(pk=record.pk).update(**wrong)
    assert name in {constraint.name for constraint in type(record)._meta.constraints}


def test_a_container_has_a_whole_number():
    contrat = make_contrat()
    rows = models.QuerySet(Conteneur).filter(pk=contrat.conteneur_id)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(numero="MSCU1")


def test_there_is_one_row_of_defaults():
    Conditions.objects.create(pk=1)
    with pytest.raises(IntegrityError), transaction.atomic():
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
