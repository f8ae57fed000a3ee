"""The terms a contract is signed with: whose they are, in which currency, and what bounds them."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.urls import reverse
from django.utils import timezone

from project.directory.services import ACTIVATION
from tests.asking import HTMX, act, only, picked, url_of
from tests.factories import (
    make_caution,
    make_compagnie,
    make_conteneur,
    make_contrat,
    make_mission,
    make_paiement,
    make_prestation,
    make_user,
)
from tests.transport.test_transport_pages import answers, edited
from transport import missions, payments, penalties, services
from transport.forms import PaliersField
from transport.models import Conditions, Conteneur, ContratTransport, FraisDeRoute, Tarif
from transport.models.terms import PENALITE_MAX

pytestmark = pytest.mark.django_db
TIERS = penalties.paliers_de([(1, Decimal(15_000)), (11, Decimal(30_000))])


def shown(html):
    return html.split('name="date_limite_retour" value="')[1].split('"')[0]


# ------------------------------------------------------------------------------ a known container
@pytest.fixture
def known():
    """A container whose line has a tariff of ten days; what forms of it say is another line."""
    line = make_compagnie()
    Tarif.objects.create(compagnie=line, taille="40", delai_jours=10)
    return make_conteneur(numero="MSCU1234566", taille="40", compagnie=line)


def test_the_live_deadline_goes_by_the_known_container(desk, known):
    asked = answers(date_debut="2025-01-01")
    live = desk.get(reverse("contrat_echeance"), asked, headers=HTMX).content.decode()
    assert shown(live) == "2025-01-11"
    assert desk.post(reverse("contrat_create"), asked).status_code == 302
    assert ContratTransport.objects.get().date_limite_retour == date(2025, 1, 11)


def test_so_does_the_form_that_comes_back(desk, known):
    asked = answers(date_debut="2025-01-01", avance="900001")
    response = desk.post(reverse("contrat_create"), asked)
    assert response.status_code == 422
    assert shown(response.content.decode()) == "2025-01-11"


def test_the_form_sends_the_number_and_asks_again_when_it_changes(desk):
    html = desk.get(reverse("contrat_create")).content.decode()
    assert "penalite_par_jour,numero_conteneur,taille" in html
    assert "from:#id_numero_conteneur" in html


@pytest.mark.parametrize("field", ["taille", "compagnie"])
def test_an_edit_does_not_lose_what_is_changed_of_the_container(desk, field):
    contrat = make_contrat()
    changed = {"taille": "45", "compagnie": make_compagnie().pk}[field]
    response = desk.post(contrat.get_edit_url(), edited(contrat, **{field: changed}))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]


def test_another_container_keeps_its_own_size_in_an_edit(desk):
    contrat, other = make_contrat(), make_conteneur(taille="45")
    data = edited(contrat, numero_conteneur=other.numero)
    assert desk.post(contrat.get_edit_url(), data).status_code == 302
    contrat.refresh_from_db()
    assert contrat.conteneur == other


def test_a_size_that_there_is_not_is_told_at_its_field(desk):
    response = desk.post(reverse("contrat_create"), answers(taille="99"))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["taille"]


def test_a_container_made_meanwhile_as_another_is_looked_at_again(gestion):
    contrat = ContratTransport.objects.get(pk=make_contrat().pk)
    contrat.conteneur = Conteneur(numero="MSCU1234566", taille="20", compagnie=make_compagnie())
    make_conteneur(numero="MSCU1234566", taille="40")
    with pytest.raises(ValidationError) as refused:
        services.modifier(contrat, by=gestion)
    assert list(refused.value.message_dict) == ["conteneur"]


# ------------------------------------------------------------------------------------- currencies
@pytest.mark.parametrize("text", ["1: 15000.5", "1: 5000001"])
def test_a_tier_is_an_amount_in_the_house_s_currency(text):
    with pytest.raises(ValidationError):
        PaliersField().clean(text)
    with pytest.raises(ValidationError) as refused:
        montant = text.partition(": ")[2]
        Tarif(paliers=[{"du": 1, "au": None, "montant": montant}]).full_clean()
    assert "paliers" in refused.value.message_dict


def test_the_house_s_penalty_is_in_its_currency():
    with pytest.raises(ValidationError) as refused:
        Conditions(penalite_par_jour=Decimal("25000.5")).full_clean()
    assert list(refused.value.message_dict) == ["penalite_par_jour"]


def test_a_penalty_is_stored_with_the_decimals_of_its_currency(gestion):
    contrat = make_contrat()
    rows = models.QuerySet(ContratTransport).filter(pk=contrat.pk)
    rows.update(paliers=[{"du": 1, "au": None, "montant": "15000.5"}])
    mission = make_mission(contrat)
    mission.terminer_mission(date(2025, 1, 25), confirmer=True, by=gestion)
    assert mission.penalite == 15_001


def test_in_another_currency_the_penalty_is_asked_for(desk):
    given = answers(devise="EUR")
    Tarif.objects.create(compagnie_id=given["compagnie"], delai_jours=10, paliers=TIERS)
    response = desk.post(reverse("contrat_create"), given)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["penalite_par_jour"]
    assert desk.post(reverse("contrat_create"), given | {"penalite_par_jour": "40.5"}).url
    contrat = ContratTransport.objects.get()
    assert (contrat.delai_jours, contrat.penalite_par_jour) == (10, Decimal("40.5"))
    assert contrat.paliers == []


def test_no_save_signs_the_house_s_penalty_in_another_currency():
    with pytest.raises(ValidationError):
        make_contrat(devise="EUR", penalite_par_jour=None)


def change_currency(contrat, gestion):
    contrat.refresh_from_db()
    contrat.devise = "EUR"
    services.modifier(contrat, by=gestion)


def with_expense(contrat):
    FraisDeRoute.objects.create(mission=make_mission(contrat), libelle="Toll", montant=500)


def with_penalty(contrat):
    make_mission(contrat).terminer_mission(date(2025, 1, 25), confirmer=True)


def with_tiers(contrat):
    models.QuerySet(ContratTransport).filter(pk=contrat.pk).update(paliers=TIERS)


@pytest.mark.parametrize(
    "amount",
    [make_caution, with_expense, with_penalty, with_tiers],
    ids=["deposit", "expense", "penalty", "tiers"],
)
def test_the_currency_stays_while_something_is_in_it(gestion, amount):
    contrat = make_contrat()
    amount(contrat)
    with pytest.raises(ValidationError) as refused:
        change_currency(contrat, gestion)
    assert list(refused.value.message_dict) == ["devise"]


def test_without_amounts_the_currency_changes(gestion):
    contrat = make_contrat()
    make_mission(contrat)
    change_currency(contrat, gestion)
    contrat.refresh_from_db()
    assert contrat.devise == "EUR"


# ------------------------------------------------------------------------------------------ tiers
@pytest.fixture
def tiered():
    line = make_compagnie()
    Tarif.objects.create(compagnie=line, delai_jours=23, paliers=TIERS)
    return make_contrat(conteneur=make_conteneur(compagnie=line))


def test_another_penalty_takes_the_place_of_the_tiers(desk, tiered):
    html = desk.get(tiered.get_edit_url()).content.decode()
    assert "1–10: 15000, 11+: 30000" in html
    desk.post(tiered.get_edit_url(), edited(tiered, penalite_par_jour="5000"))
    tiered.refresh_from_db()
    assert (tiered.penalite_par_jour, tiered.paliers) == (5_000, [])
    batch = tiered.logs.latest("pk").batch
    desk.post(reverse("undo", args=[batch.pk]))
    tiered.refresh_from_db()
    assert (tiered.penalite_par_jour, tiered.paliers) == (25_000, TIERS)


def test_another_edit_leaves_them(desk, tiered):
    desk.post(tiered.get_edit_url(), edited(tiered, origine="Thiès"))
    tiered.refresh_from_db()
    assert (tiered.origine, tiered.paliers) == ("Thiès", TIERS)


def test_a_penalty_that_is_emptied_is_signed_anew_with_its_tiers(desk, tiered):
    Conditions.objects.create(penalite_par_jour=30_000)
    desk.post(tiered.get_edit_url(), edited(tiered, penalite_par_jour=""))
    tiered.refresh_from_db()
    assert (tiered.penalite_par_jour, tiered.paliers) == (30_000, TIERS)


# ----------------------------------------------------------------------------------------- bounds
def test_a_penalty_a_day_is_bounded_at_its_field_and_in_the_database(desk):
    most = int(PENALITE_MAX)
    data = answers(penalite_par_jour=str(most + 1))
    response = desk.post(reverse("contrat_create"), data)
    assert list(response.context["form"].errors) == ["penalite_par_jour"]
    contrat = make_contrat(penalite_par_jour=most)
    rows = models.QuerySet(ContratTransport).filter(pk=contrat.pk)
    with pytest.raises(IntegrityError, match="contrat_terms_sound"), transaction.atomic():
        rows.update(penalite_par_jour=most + 1)


def test_the_highest_penalty_of_the_longest_delay_can_be_stored(gestion):
    last = date(timezone.localdate().year + 5, 12, 31)
    contrat = make_contrat(date_debut=date(2000, 1, 1), penalite_par_jour=PENALITE_MAX)
    mission = make_mission(contrat)
    mission.terminer_mission(last, confirmer=True, by=gestion)
    assert mission.penalite == PENALITE_MAX * (last - contrat.date_limite_retour).days


def field_of(response, name):
    return list(response.context["form"].errors) == [name]


SLIP = "9999-12-31"


@pytest.mark.parametrize(
    ("slug", "action", "make", "given", "field"),
    [
        ("missions", "terminer_mission", make_mission, {"confirmer": "on"}, "date_retour"),
        ("paiements", "valider_paiement", make_paiement, {}, "date"),
        ("cautions", "statut_caution", make_caution, {"statut": "payee"}, "date"),
    ],
)
def test_a_slip_of_the_keyboard_is_told_at_the_day(boss, slug, action, make, given, field):
    record = make()
    data = {**picked(record), **given, field: SLIP}
    response = act(boss, url_of(action, slug), data, headers=HTMX)
    assert response.status_code == 422 and field_of(response, field)
    version = record.version
    record.refresh_from_db()
    assert record.version == version


def test_so_it_is_of_expenses_and_services(desk):
    mission = make_mission()
    toll = {"genre": "depense", "libelle": "Toll", "date": SLIP, "montant": "2500"}
    for url, data in (
        (reverse("frais_create", args=[mission.pk]), toll),
        (reverse("prestation_create", args=[mission.contrat_id]), toll),
    ):
        response = desk.post(url, data)
        assert response.status_code == 422 and field_of(response, "date")


def test_the_door_tells_it_at_the_return(gestion):
    mission = make_mission()
    for day in (date(9999, 12, 31), mission.date_depart - timedelta(days=1)):
        with pytest.raises(ValidationError) as refused:
            mission.terminer_mission(day, confirmer=True, by=gestion)
        assert list(refused.value.message_dict) == ["date_retour"]


def test_a_return_before_every_departure_is_told_at_its_field(boss):
    first, second = make_mission(), make_mission(date_depart=date(2025, 1, 5))
    data = {**picked(first, second), "date_retour": "2024-12-31"}
    response = act(boss, url_of("terminer_mission", "missions"), data, headers=HTMX)
    assert response.status_code == 422
    assert response.context["form"].errors == {
        "date_retour": ["The return is before the departure."]
    }
    asked = boss.post(
        url_of("terminer_mission", "missions"),
        {**data, "date_retour": "2025-01-03", "preview": "1"},
        headers=HTMX,
    )
    assert [reason.code for reason in asked.context["preview"].refused] == ["not_gone"]


# ----------------------------------------------------------------------- one tariff, one parent
def test_a_tariff_is_the_same_in_any_letters(boss, gestion):
    line = make_compagnie()
    Tarif.objects.create(compagnie=line, destination="Bamako")
    for destination in ("bamako", " BAMAKO "):
        data = {"compagnie": line.pk, "destination": destination, "delai_jours": "9"}
        assert boss.post(reverse("tarif_create"), data).status_code == 422
    with pytest.raises(IntegrityError), transaction.atomic():
        Tarif.objects.create(compagnie=line, destination="BAMAKO")
    waiting = Tarif.objects.create(compagnie=line, destination="BAMAKO", is_active=False)
    outcome = ACTIVATION.activate(only(waiting), by=gestion)
    assert [refused.code for refused in outcome.refused] == ["same"]


@pytest.mark.parametrize("accented", ["THIÈS", "thiès"])
def test_so_it_is_with_accents(boss, accented):
    Tarif.objects.create(destination="Thiès")
    data = {"destination": accented, "delai_jours": "9"}
    assert boss.post(reverse("tarif_create"), data).status_code == 422


def make_frais(mission=None):
    given = {"mission": mission or make_mission(), "libelle": "Toll", "montant": 500}
    return FraisDeRoute.objects.create(**given)


# (how to make it, what it belongs to, how to make another of that, the service that saves it)
CHILDREN = [
    (make_mission, "contrat", make_contrat, missions.modifier),
    (make_caution, "contrat", make_contrat, payments.modifier_caution),
    (make_paiement, "mission", make_mission, payments.modifier_paiement),
    (make_prestation, "contrat_transport", make_contrat, payments.noter_prestation),
    (make_frais, "mission", make_mission, missions.noter_frais),
]


@pytest.mark.parametrize(("make", "parent", "another", "save"), CHILDREN)
def test_what_hangs_on_one_does_not_move_to_another(gestion, make, parent, another, save):
    record, other = make(), another()
    setattr(record, parent, other)
    with pytest.raises(ValidationError):
        save(record, by=gestion)
    record.refresh_from_db()
    assert getattr(record, parent) != other


@pytest.mark.parametrize(("make", "parent", "another", "save"), CHILDREN)
def test_admin_does_not_move_it_either(client, make, parent, another, save):
    client.force_login(make_user("root", is_superuser=True, is_staff=True))
    record, name = make(), make().__class__._meta.model_name
    assert (
        parent
        in client.get(reverse(f"admin:transport_{name}_add")).context["adminform"].form.fields
    )
    page = client.get(reverse(f"admin:transport_{name}_change", args=[record.pk]))
    form = page.context["adminform"].form
    assert parent not in form.fields
    given = {each: form[each].value() for each in form.fields if form[each].value() is not None}
    client.post(page.request["PATH_INFO"], given | {parent: another().pk})
    kept = getattr(record, parent)
    record.refresh_from_db()
    assert getattr(record, parent) == kept
