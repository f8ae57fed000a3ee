"""What the dashboard's charts and the totals of a contract's page say, and the wing's filters."""

import re
from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import (
    make_camion,
    make_caution,
    make_compagnie,
    make_conteneur,
    make_contrat,
    make_mission,
    make_paiement,
    make_prestation,
    make_user,
)
from tests.transport.conftest import only
from transport import payments, queries, reports
from transport.models import Conditions

pytestmark = pytest.mark.django_db


@pytest.fixture
def today():
    return timezone.localdate()


def listed(client, name, **query):
    body = client.get(reverse(name), query).context["body"]
    return {int(pk) for pk in re.findall(r'data-pk="(\d+)"', body)}


# ---------------------------------------------------------------------------------------- charts
def deposit(contrat, amount, user, **fields):
    caution = make_caution(contrat, montant=amount, **fields)
    payments.changer_statut(only(caution), by=user, statut="payee", date=date(2025, 1, 2))
    return caution


def test_deposits_at_risk_are_those_of_late_containers(desk, gestion, today):
    line = make_compagnie("MSC")
    late, going = (
        make_contrat(
            date_debut=today - timedelta(days=days), conteneur=make_conteneur(compagnie=line)
        )
        for days in (24, 23)
    )
    risky = deposit(late, 400_000, gestion)
    deposit(going, 600_000, gestion)
    make_caution(late, montant=50_000)  # not paid yet: nobody holds it
    [row] = reports.deposits(today).rows
    assert (row.label, row.tone) == ("MSC", "wait")
    held, risk = (re.sub(r"\D", "", part) for part in row.figure.split("dont"))
    assert (held, risk) == ("1000000", "400000")
    assert listed(desk, "caution_list", a_risque="1") == {risky.pk}


@pytest.mark.parametrize(
    ("left", "place"),
    [(-5, 0), (-1, 0), (0, 1), (1, 2), (3, 2), (4, 3), (7, 3), (8, 4), (14, 4), (15, 5), (90, 5)],
)
def test_a_container_that_is_out_is_counted_by_its_days_left(gestion, today, left, place):
    make_contrat(date_debut=today + timedelta(days=left - 23))
    make_contrat(date_debut=today).annuler_contrat("Storm", by=gestion)
    counts = [row.figure for row in reports.containers_out(today).rows]
    assert counts == ["1" if at == place else "0" for at in range(6)]


def test_each_currency_has_bars_of_its_own_scale(gestion, today):
    """Of two lines each, the one that holds most in a currency has the whole width."""
    for name, devise, amount in (
        ("A", "XOF", 1_000_000),
        ("B", "XOF", 500_000),
        ("C", "EUR", 400),
        ("D", "EUR", 100),
    ):
        contrat = make_contrat(
            devise=devise,
            penalite_par_jour=40,
            date_debut=today,
            conteneur=make_conteneur(compagnie=make_compagnie(name)),
        )
        deposit(contrat, amount, gestion)
        if name in "AC":
            mission = make_mission(contrat)
            back = contrat.date_limite_retour + timedelta(days=1 if name == "A" else 2)
            mission.terminer_mission(back, confirmer=True, by=gestion)
    chart = reports.deposits(today)
    assert {row.label: row.share for row in chart.rows} == {"A": 100, "B": 50, "C": 100, "D": 25}
    later = reports.penalties(today + timedelta(days=30))
    assert [row.share for row in later.rows] == [100, 100]
    assert later.note and later.note in chart.note
    assert reports.penalties(today).note == ""


# ------------------------------------------------------------------------------ a contract's page
def test_services_are_part_of_what_is_left_to_pay(desk):
    contrat = make_contrat(montant_total=900_000, avance=300_000)
    make_prestation(contrat, montant=45_000)
    make_paiement(make_mission(contrat), valide=True, montant=100_000)
    assert queries.totals_of(contrat)["due"] == 545_000
    page = desk.get(contrat.get_absolute_url()).content.decode()
    money = page[page.index("Balance") : page.index("Left to pay") + 80]
    told = [part for part in re.findall(r"<dd>(.*?)</dd>", money) if "<b>" not in part]
    assert [re.sub(r"[^\d+−]", "", part) for part in told[:3]] == ["600000", "+45000", "−100000"]
    assert "545,000" in money


def test_a_cancelled_mission_tells_its_former_status_in_words(client, gestion):
    mission = make_mission()
    mission.annuler_mission("Storm", by=gestion)
    client.force_login(gestion)
    gestion.language = "en"
    gestion.save()
    page = client.get(mission.get_absolute_url()).content.decode()
    assert "<dd>In progress</dd>" in page and "<dd>en cours</dd>" not in page


# ---------------------------------------------------------------------------------------- filters
@pytest.mark.parametrize(
    ("field", "make"), [("camion", make_camion), ("conteneur", make_conteneur)]
)
def test_contracts_are_filtered_by_truck_and_container(desk, field, make):
    record = make()
    contrat, _other = make_contrat(**{field: record}), make_contrat()
    assert listed(desk, "contrat_list", **{field: record.pk}) == {contrat.pk}
    assert listed(desk, "contrat_list", **{f"{field}_text": str(record)}) == {contrat.pk}
    page = desk.get(record.get_absolute_url()).content.decode()
    assert f"{reverse('contrat_list')}?{field}={record.pk}" in page


def test_refunds_to_check_are_a_filter(desk, gestion):
    checked, waiting = (make_paiement(valide=True) for _ in range(2))
    make_paiement(valide=True)
    for paiement in (checked, waiting):
        paiement.mission.annuler_mission("Storm", by=gestion)
    assert listed(desk, "paiement_list", a_rembourser="1") == {checked.pk, waiting.pk}
    payments.solder_remboursement(only(checked), by=gestion, remboursement="sans_suite")
    assert listed(desk, "paiement_list", a_rembourser="1") == {waiting.pk}


# ------------------------------------------------------------------------- the terms in the admin
def test_the_house_s_terms_are_edited_in_admin_for_contracts_to_come(client):
    client.force_login(make_user("root", is_superuser=True, is_staff=True))
    before = make_contrat()
    Conditions.objects.create()
    url = reverse("admin:transport_conditions_change", args=[1])
    given = {"delai_jours": "10", "penalite_par_jour": "30000", "jours_rappel": "5"}
    refused = client.post(url, given | {"penalite_par_jour": "30000.5"})
    assert list(refused.context["adminform"].form.errors) == ["penalite_par_jour"]
    assert client.post(url, given).status_code == 302
    after, kept = make_contrat(), type(before).objects.get(pk=before.pk)
    assert (after.delai_jours, after.penalite_par_jour) == (10, 30_000)
    assert (kept.delai_jours, kept.penalite_par_jour) == (23, 25_000)
    assert Conditions.history.count() == 2
    assert client.get(reverse("admin:transport_conditions_add")).status_code == 403


# ------------------------------------------------------- one container, however many its missions
def test_a_container_is_late_once_whatever_its_missions(desk, gestion, today):
    contrat = make_contrat(date_debut=today - timedelta(days=30))
    made = [make_mission(contrat) for _ in range(3)]
    for mission, ago in zip(made, (3, 1, 1), strict=True):
        mission.terminer_mission(today - timedelta(days=ago), confirmer=True, by=gestion)
    totals = queries.totals_of(contrat)
    assert (totals["penalty"], totals["late"]) == (150_000, 3)
    figures = [re.sub(r"\D", "", row.figure) for row in reports.penalties(today).rows]
    assert figures == ["150000"]
    page = desk.get(contrat.get_absolute_url()).content.decode()
    assert "the largest of 3 missions" in page
