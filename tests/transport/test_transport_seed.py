"""The demo contracts: one in every state, and the same for a same seed."""

import pytest
from django.core.management import call_command

from project.notifications.models import Notification
from transport.models import Cautions, ContratTransport, Mission, PaiementMission

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def seeded(settings, db):
    settings.DEBUG = True
    call_command("seed", bookings=200, verbosity=0)


def test_there_are_contracts_missions_deposits_and_payments_in_every_state():
    def states(model, field="statut"):
        return set(model.objects.values_list(field, flat=True))

    assert states(ContratTransport) == {"actif", "termine", "annule"}
    assert states(Mission) == {"en cours", "terminée", "annulée"}
    assert states(PaiementMission, "statut_paiement") == {"en_attente", "valide", "annule"}
    assert states(Cautions) >= {"en_attente", "payee", "reclamable", "annulee"}
    assert PaiementMission.objects.remboursements_a_verifier().exists()
    assert Mission.objects.filter(penalite__gt=0).exists()


def test_the_first_active_one_has_plain_terms_and_money():
    first = ContratTransport.objects.actifs().order_by("pk").first()
    assert (first.delai_jours, first.penalite_par_jour, first.paliers) == (23, 25_000, [])
    assert (first.jours_suspendus, first.echeance_exceptionnelle) == (0, False)
    assert (first.date_limite_retour - first.date_debut).days == 23
    assert first.cautions.exists()
    assert PaiementMission.objects.valides().filter(mission__contrat=first).exists()


def test_each_has_its_log_and_history():
    for model in (ContratTransport, Mission, PaiementMission, Cautions):
        for record in model.objects.all():
            assert record.logs.exists()
            assert record.history.latest("history_id").version == record.version


def test_it_rings_no_bell_and_is_made_once():
    assert Notification.objects.count() == 0
    before = list(ContratTransport.objects.values_list("pk", "version"))
    call_command("seed", bookings=200, verbosity=0)
    assert list(ContratTransport.objects.values_list("pk", "version")) == before
