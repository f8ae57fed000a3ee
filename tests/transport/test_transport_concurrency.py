"""Two writers at once on one contract: whoever comes second finds what the first one did."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from project.actions.undo import undo
from project.directory.services import ACTIVATION
from tests.at_once import at_once
from tests.factories import make_compagnie, make_contrat, make_mission, make_paiement, make_user
from tests.transport.conftest import only
from tests.transport.test_transport_pages import answers
from transport import missions, payments, services
from transport.models import (
    Camion,
    Cautions,
    Conteneur,
    ContratTransport,
    Mission,
    PaiementMission,
    Tarif,
)

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 4


@pytest.fixture
def user(db):
    return make_user("awa", is_superuser=True)


def test_a_payment_is_validated_before_its_contract_is_cancelled_or_not_at_all(user):
    for _ in range(ROUNDS):
        paiement = make_paiement()
        contrat = paiement.mission.contrat
        outcomes = at_once(
            lambda contrat=contrat: services.annuler(only(contrat), by=user, raison="Storm"),
            lambda paiement=paiement: payments.valider(
                only(paiement), by=user, date=date(2025, 1, 10)
            ),
        )
        assert not [each for each in outcomes if isinstance(each, Exception)], outcomes
        paiement.refresh_from_db()
        assert paiement.statut_paiement == "annule"
        validated_first = outcomes[1].changed == 1
        assert paiement.est_valide == validated_first
        assert (paiement.remboursement == "a_verifier") == validated_first
        assert ("PAIEMENT VALIDÉ" in paiement.observation) == validated_first


def test_two_last_missions_ended_at_once_end_their_contract(user):
    for _ in range(ROUNDS):
        contrat = make_contrat()
        made = [make_mission(contrat) for _ in range(2)]
        at_once(
            *(
                lambda one=one: missions.terminer(only(one), by=user, date_retour=date(2025, 1, 9))
                for one in made
            )
        )
        contrat.refresh_from_db()
        assert contrat.statut == "termine"


def test_two_last_missions_cancelled_at_once_cancel_their_contract(user):
    for _ in range(ROUNDS):
        contrat = make_contrat()
        made = [make_mission(contrat) for _ in range(2)]
        at_once(*(lambda one=one: missions.annuler(only(one), by=user) for one in made))
        contrat.refresh_from_db()
        assert contrat.statut == "annule"


def test_nothing_is_added_to_a_contract_that_is_being_cancelled(user):
    for _ in range(ROUNDS):
        mission = make_mission()
        contrat = mission.contrat
        at_once(
            lambda contrat=contrat: services.annuler(only(contrat), by=user),
            lambda mission=mission: payments.creer_paiement(
                PaiementMission(mission=mission, montant=5), by=user
            ),
            lambda contrat=contrat: payments.creer_caution(
                Cautions(contrat=contrat, montant=5), by=user
            ),
            lambda contrat=contrat: missions.creer(
                Mission(contrat=contrat, date_depart=contrat.date_debut), by=user
            ),
        )
        contrat.refresh_from_db()
        assert contrat.statut == "annule"
        assert not contrat.missions.en_cours().exists()
        assert not contrat.cautions.exclude(statut="annulee").exists()
        assert not PaiementMission.objects.filter(mission__contrat=contrat).non_annules().exists()


def test_a_contract_is_cancelled_once(user):
    for _ in range(ROUNDS):
        contrat = make_contrat()
        make_mission(contrat)
        outcomes = at_once(*[lambda contrat=contrat: services.annuler(only(contrat), by=user)] * 2)
        assert sorted(outcome.changed for outcome in outcomes) == [0, 1]
        contrat.refresh_from_db()
        assert contrat.commentaire.count("🚫 CONTRAT ANNULÉ") == 1


def test_of_two_tariffs_for_the_same_activated_at_once_one_is_refused(user):
    for _ in range(ROUNDS):
        same = {"compagnie": make_compagnie(), "is_active": False}
        made = [Tarif.objects.create(**same) for _ in range(2)]
        outcomes = at_once(
            *(lambda one=one: ACTIVATION.activate(only(one), by=user) for one in made)
        )
        assert not [each for each in outcomes if isinstance(each, Exception)], outcomes
        assert sorted(outcome.changed for outcome in outcomes) == [0, 1]
        assert sorted(outcome.refused_count for outcome in outcomes) == [0, 1]
        assert Tarif.objects.filter(pk__in=[one.pk for one in made], is_active=True).count() == 1


def sent(user, url, given):
    client = Client()
    client.force_login(user)
    return lambda: client.post(url, given)


def test_of_two_trucks_of_one_plate_made_at_once_one_is_told_at_the_field(user):
    for number in range(ROUNDS):
        given = {"immatriculation": f"DK {number}"}
        pages = at_once(*(sent(user, reverse("camion_create"), given) for _ in range(2)))
        assert sorted(page.status_code for page in pages) == [302, 422], pages
        [refused] = [page for page in pages if page.status_code == 422]
        assert list(refused.context["form"].errors) == ["immatriculation"]
        assert Camion.objects.filter(**given).count() == 1


def test_of_two_trucks_given_one_plate_at_once_one_is_told_at_the_field(user):
    for number in range(ROUNDS):
        made = [Camion.objects.create(immatriculation=f"{letter} {number}") for letter in "AB"]
        given = {"immatriculation": f"DK {number}", "version": "1"}
        pages = at_once(*(sent(user, one.get_edit_url(), given) for one in made))
        assert sorted(page.status_code for page in pages) == [302, 422], pages
        [refused] = [page for page in pages if page.status_code == 422]
        assert list(refused.context["form"].errors) == ["immatriculation"]


def test_two_contracts_of_one_new_container_make_it_once(user):
    """Thrice each: the race is met or it is not."""
    for number in ("MSCU1234566", "MSCU2000011", "MSCU3000021"):
        given = [answers(numero_conteneur=number) for _ in range(2)]
        given[1]["compagnie"] = given[0]["compagnie"]
        pages = at_once(*(sent(user, reverse("contrat_create"), each) for each in given))
        assert [page.status_code for page in pages] == [302, 302], pages
        assert ContratTransport.objects.filter(conteneur__numero=number).count() == 2
        assert Conteneur.objects.filter(numero=number).count() == 1


def test_the_same_holds_in_admin(user):
    user.is_staff = True
    user.save()
    for number in range(ROUNDS):
        given = {"immatriculation": f"DK {number}", "marque": "", "is_active": "on"}
        pages = at_once(*(sent(user, reverse("admin:transport_camion_add"), given),) * 2)
        assert sorted(page.status_code for page in pages) == [200, 302], pages
        [refused] = [page for page in pages if page.status_code == 200]
        assert list(refused.context["adminform"].form.errors) == ["immatriculation"]
        assert Camion.objects.filter(immatriculation=given["immatriculation"]).count() == 1


def test_a_tariff_comes_back_by_an_undo_or_another_takes_its_place(user):
    for _ in range(ROUNDS):
        same = {"compagnie": make_compagnie()}
        former = Tarif.objects.create(**same)
        gone = ACTIVATION.deactivate(only(former), by=user)
        other = Tarif.objects.create(**same, is_active=False)
        undone, activated = at_once(
            lambda gone=gone: undo(gone.batch, by=user),
            lambda other=other: ACTIVATION.activate(only(other), by=user),
        )
        assert not isinstance(undone, Exception), repr(undone)
        assert sorted(outcome.changed for outcome in (undone, activated)) == [0, 1]
        assert Tarif.objects.filter(**same, is_active=True).count() == 1
