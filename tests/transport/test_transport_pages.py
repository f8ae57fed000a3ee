"""The wing's pages: lists, records, the form with its live deadline, deletion, reports."""

import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.asking import HTMX, act, picked, ticket_of, toasts, url_of
from tests.factories import (
    make_camion,
    make_caution,
    make_compagnie,
    make_conteneur,
    make_contrat,
    make_customer,
    make_driver,
    make_mission,
    make_paiement,
    make_prestation,
    make_transitaire,
    make_user,
)
from transport import services
from transport.models import Cautions, Conteneur, ContratTransport, Tarif

pytestmark = pytest.mark.django_db

PAGES = [
    "contrat_list",
    "mission_list",
    "paiement_list",
    "caution_list",
    "transitaire_list",
    "camion_list",
    "transport_dashboard",
    "transport_retards",
    "contrat_create",
]


@pytest.mark.parametrize("name", PAGES)
def test_each_page_opens_and_asks_for_its_permission(client, desk, name):
    make_paiement(make_mission(), valide=True)
    assert desk.get(reverse(name)).status_code == 200
    client.force_login(make_user("onlooker"))
    assert client.get(reverse(name)).status_code == 403


def test_all_that_match_are_those_listed_where_nothing_filters(desk, gestion):
    make_contrat()
    make_contrat().annuler_contrat("Client parti", by=gestion)
    listed = desk.get(reverse("contrat_list"), {"statut": ""}).context["filterset"]
    asked = desk.post(
        url_of("export", "contrats"), {"all": "1", "filter": listed.query}, headers=HTMX
    )
    assert (listed.qs.count(), asked.context["preview"].total) == (2, 2)


def test_the_names_are_those_of_the_seeds():
    assert reverse("contrat_list") == "/transport/contrats/"
    assert reverse("delete_contrat", args=[7]) == "/transport/contrats/7/delete/"


def test_a_contract_s_page_shows_what_hangs_on_it(desk):
    contrat = make_contrat()
    paiement = make_paiement(make_mission(contrat))
    caution, service = make_caution(contrat), make_prestation(contrat)
    page = desk.get(contrat.get_absolute_url()).content.decode()
    for record in (contrat, paiement, paiement.mission, caution, service, contrat.conteneur):
        assert str(record) in page


def test_a_list_finds_by_container_customer_and_lading(desk):
    contrat = make_contrat(client=make_customer("Sahel Imports"), numero_bl="BL-777")
    make_contrat()
    for query in ("sahel imports", "bl-777", contrat.conteneur.numero, contrat.pk_contrat):
        body = desk.get(reverse("contrat_list"), {"q": query}).context["body"]
        assert re.findall(r'data-pk="(\d+)"', body) == [str(contrat.pk)], query


def test_late_ones_are_a_filter(desk):
    late = make_contrat()
    make_contrat(date_debut=timezone.localdate())
    body = desk.get(reverse("contrat_list"), {"en_retard": "1"}).context["body"]
    assert re.findall(r'data-pk="(\d+)"', body) == [str(late.pk)]


# ------------------------------------------------------------------------------------- the form
def answers(**changed):
    line = make_compagnie()
    given = {
        "transitaire": make_transitaire().pk,
        "client": make_customer().pk,
        "camion": make_camion().pk,
        "chauffeur": make_driver().pk,
        "numero_conteneur": "mscu 123456-6",
        "taille": "20",
        "compagnie": line.pk,
        "numero_bl": "BL-1",
        "origine": "Dakar",
        "destination": "Bamako",
        "montant_total": "900000",
        "avance": "0",
        "devise": "XOF",
        "date_debut": "2025-12-25",
    }
    return given | changed


def test_without_a_script_the_saved_deadline_is_right(desk):
    response = desk.post(reverse("contrat_create"), answers(caution="500000"))
    contrat = ContratTransport.objects.get()
    assert response.url == contrat.get_absolute_url()
    assert (contrat.date_limite_retour, contrat.delai_jours) == (date(2026, 1, 17), 23)
    assert contrat.conteneur.numero == "MSCU1234566"
    assert Cautions.objects.get().montant == 500_000


def test_a_posted_deadline_is_not_read(desk):
    desk.post(reverse("contrat_create"), answers(date_limite_retour="2030-01-01"))
    assert ContratTransport.objects.get().date_limite_retour == date(2026, 1, 17)


def test_terms_left_open_are_the_tariff_s(desk):
    given = answers()
    tiers = [{"du": 1, "au": None, "montant": "15000"}]
    Tarif.objects.create(compagnie_id=given["compagnie"], delai_jours=10, paliers=tiers)
    desk.post(reverse("contrat_create"), given)
    contrat = ContratTransport.objects.get()
    assert contrat.date_limite_retour == date(2026, 1, 4)
    assert contrat.paliers == [{"du": 1, "au": None, "montant": "15000"}]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"numero_conteneur": "MSCU1234567"}, "numero_conteneur"),
        ({"numero_conteneur": "nonsense"}, "numero_conteneur"),
        ({"compagnie": ""}, "compagnie"),
        ({"date_debut": "31/31/2025"}, "date_debut"),
        ({"date_debut": "1066-01-01"}, "date_debut"),
        ({"delai_jours": "0"}, "delai_jours"),
        ({"avance": "900001"}, "avance"),
        ({"montant_total": "0.5"}, "montant_total"),
        ({"caution": "0.5"}, "caution"),
        ({"transitaire": "999999"}, "transitaire"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(desk, wrong, field):
    response = desk.post(reverse("contrat_create"), answers(**wrong))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert not ContratTransport.objects.exists() and not Conteneur.objects.exists()


def test_a_known_container_keeps_its_size_and_line(desk):
    known = make_conteneur(numero="MSCU1234566", taille="40")
    desk.post(reverse("contrat_create"), answers(taille="20"))
    assert ContratTransport.objects.get().conteneur == known
    known.refresh_from_db()
    assert known.taille == "40"


@pytest.mark.parametrize(
    ("debut", "limite"),
    [("2025-01-01", "2025-01-24"), ("2025-12-25", "2026-01-17"), ("2025-02-05", "2025-02-28")],
)
def test_the_live_deadline_is_the_server_s(desk, debut, limite):
    page = desk.get(reverse("contrat_echeance"), {"date_debut": debut}, headers=HTMX)
    html = page.content.decode()
    assert f'value="{limite}" readonly' in html
    assert 'title="Calculated automatically: start + 23 days"' in html
    assert "computed fresh" in html


def test_its_tooltip_is_the_seeds_in_french(client, bureau):
    client.force_login(bureau)
    html = client.get(reverse("contrat_echeance"), {"date_debut": "2025-01-01"}).content.decode()
    assert 'title="Calculée automatiquement : Date début + 23 jours"' in html


def test_it_follows_the_terms_of_the_contract_itself(desk):
    contrat = make_contrat(delai_jours=30, penalite_par_jour=1)
    asked = {"contrat": contrat.pk, "date_debut": "2025-01-01", "delai_jours": "30"}
    html = desk.get(reverse("contrat_echeance"), asked).content.decode()
    assert 'value="2025-01-31"' in html and "start + 30 days" in html


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"date_debut": "x"},
        {"date_debut": "2025-13-45", "delai_jours": "1e99", "compagnie": "zz"},
        {"date_debut": "9999-12-31", "contrat": "abc"},
        {"date_debut": "2025-01-01", "delai_jours": "-4"},
        {"date_debut": "2025-01-01", "delai_jours": "NaN", "contrat": "9" * 18},
    ],
)
def test_nonsense_has_no_deadline_and_breaks_nothing(desk, asked):
    response = desk.get(reverse("contrat_echeance"), asked)
    assert response.status_code == 200


def test_an_edit_shows_the_contract_s_own_terms(desk):
    contrat = make_contrat(delai_jours=30, penalite_par_jour=1)
    html = desk.get(contrat.get_edit_url()).content.decode()
    assert 'value="2025-01-31" readonly' in html and "start + 30 days" in html


# --------------------------------------------------------------------------- cancelling, deleting
def test_the_dialog_lists_all_that_the_cascade_will_touch(boss):
    contrat = make_contrat()
    waiting = make_paiement(make_mission(contrat))
    validated, caution = make_paiement(waiting.mission, valide=True), make_caution(contrat)
    url = url_of("annuler_contrat", "contrats")
    asked = boss.post(url, picked(contrat), headers=HTMX)
    html = asked.content.decode()
    for record in (waiting, validated, caution, waiting.mission):
        assert str(record) in html
    boss.post(url, {**picked(contrat), **ticket_of(asked), "raison": "Storm"}, headers=HTMX)
    contrat.refresh_from_db()
    assert contrat.statut == "annule"


def test_the_preview_of_many_takes_no_more_statements(boss):
    url = url_of("annuler_contrat", "contrats")
    counts = []
    for many in (2, 30):
        contrats = [make_contrat() for _ in range(many)]
        for contrat in contrats:
            make_paiement(make_mission(contrat))
        with CaptureQueriesContext(connection) as statements:
            assert boss.post(url, picked(*contrats), headers=HTMX).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_a_reason_that_is_still_to_be_typed_hides_no_preview(boss):
    contrat = make_contrat()
    asked = boss.post(url_of("annuler_contrat", "contrats"), picked(contrat), headers=HTMX)
    [line] = asked.context["preview"].foresight.lines
    assert line.name == contrat.pk_contrat
    assert "status" in {change.field for change in line.changes}
    contrat.refresh_from_db()
    assert contrat.statut == "actif"


def test_without_a_script_it_is_a_page(boss):
    contrat = make_contrat()
    asked = boss.post(url_of("annuler_contrat", "contrats"), picked(contrat))
    assert "actions/confirm.html" in [template.name for template in asked.templates]
    assert "What will be touched" in asked.content.decode()


def test_undo_brings_the_whole_cascade_back(boss):
    contrat = make_contrat(commentaire="Signed")
    paiement, caution = make_paiement(make_mission(contrat), valide=True), make_caution(contrat)
    act(boss, url_of("annuler_contrat", "contrats"), {**picked(contrat), "raison": "Storm"})
    contrat.refresh_from_db()
    boss.post(reverse("undo", args=[contrat.annule_dans_id]))
    for record in (contrat, paiement, caution, paiement.mission):
        record.refresh_from_db()
    assert (contrat.statut, contrat.commentaire, caution.statut) == (
        "actif",
        "Signed",
        "en_attente",
    )
    assert (paiement.statut_paiement, paiement.observation) == ("valide", "")
    assert paiement.mission.statut == "en cours"


def test_a_late_end_shows_days_and_penalty_and_asks(boss):
    mission = make_mission()
    url = url_of("terminer_mission", "missions")
    data = {**picked(mission), "date_retour": "2025-01-29", "confirm": "1", "preview": "1"}
    asked = boss.post(url, data, headers=HTMX)
    html = asked.content.decode()
    assert "5 days" in html and "125,000" in html and "late: confirm the penalty" in html
    refused = boss.post(
        url, {**picked(mission), **ticket_of(asked), "date_retour": "2025-01-29"}, headers=HTMX
    )
    mission.refresh_from_db()
    assert mission.statut == "en cours" and refused.status_code == 200
    asked = boss.post(url, {**data, "confirmer": "on"}, headers=HTMX)
    confirmed = {"date_retour": "2025-01-29", "confirmer": "on"}
    boss.post(url, {**picked(mission), **ticket_of(asked), **confirmed}, headers=HTMX)
    mission.refresh_from_db()
    assert (mission.statut, mission.penalite) == ("terminée", 125_000)
    page = boss.get(mission.get_absolute_url()).content.decode()
    assert "<details" in page and re.search(r"× \D*25,000", page)


def test_the_missions_of_one_container_tell_its_penalty_once(boss):
    contrat = make_contrat()
    made = [make_mission(contrat), make_mission(contrat), make_mission()]
    data = {**picked(*made), "date_retour": "2025-01-29", "confirm": "1", "preview": "1"}
    asked = boss.post(url_of("terminer_mission", "missions"), data, headers=HTMX)
    told = re.search(r"2 containers late by 10 days.*in all", asked.content.decode())
    assert told and "250,000" in told[0]


def test_undoing_an_end_reopens_the_contract(boss):
    mission = make_mission()
    data = {**picked(mission), "date_retour": "2025-01-10"}
    act(boss, url_of("terminer_mission", "missions"), data)
    batch = mission.logs.order_by("-pk").first().batch
    boss.post(reverse("undo", args=[batch.pk]))
    mission.refresh_from_db()
    assert (mission.statut, mission.contrat.statut) == ("en cours", "actif")


def test_undoing_a_suspension_gives_the_days_back(boss):
    contrat = make_contrat()
    data = {**picked(contrat), "debut": "2025-01-08", "fin": "2025-01-10", "raison": "Flood"}
    act(boss, url_of("suspendre", "contrats"), data)
    contrat.refresh_from_db()
    assert contrat.date_limite_retour == date(2025, 1, 27)
    boss.post(reverse("undo", args=[contrat.suspensions.get().posee_dans_id]))
    contrat.refresh_from_db()
    assert contrat.date_limite_retour == date(2025, 1, 24)
    assert not contrat.suspensions.filter(levee_dans=None).exists()


@pytest.mark.parametrize("make", [make_mission, make_caution, make_prestation])
def test_a_contract_with_data_is_not_deleted(boss, make):
    contrat = make_contrat()
    child = make(contrat)
    url = reverse("delete_contrat", args=[contrat.pk])
    page = boss.get(url).content.decode()
    assert str(child) in page and "Cancel the contract instead" in page
    response = boss.post(url)
    assert response.url == reverse("contrat_list")
    assert "Cancel it instead" in toasts(response)[0]
    assert ContratTransport.objects.filter(pk=contrat.pk).exists()


def test_its_refusal_is_the_seeds_in_french(client, gestion):
    contrat = make_contrat()
    make_mission(contrat)
    client.force_login(gestion)
    [said] = toasts(client.post(reverse("delete_contrat", args=[contrat.pk])))
    assert said == (
        "❌ Impossible de supprimer ce contrat! Il a 1 mission(s) associée(s). "
        "Utilisez plutôt l'annulation pour garder la traçabilité."
    )


def test_an_empty_contract_is_deleted_by_whoever_may(client, desk, gestion):
    contrat = make_contrat()
    url = reverse("delete_contrat", args=[contrat.pk])
    assert desk.post(url).status_code == 403
    client.force_login(gestion)
    response = client.post(url)
    assert toasts(response) == ["✅ Contrat supprimé avec succès"]
    assert not ContratTransport.objects.filter(pk=contrat.pk).exists()


def test_admin_obeys_the_same(client):
    client.force_login(make_user("root", is_superuser=True, is_staff=True))
    contrat = make_contrat()
    make_mission(contrat)
    url = reverse("admin:transport_contrattransport_delete", args=[contrat.pk])
    assert client.post(url, {"post": "yes"}).url == reverse("delete_contrat", args=[contrat.pk])
    assert ContratTransport.objects.filter(pk=contrat.pk).exists()
    assert (
        "delete_selected"
        not in client.get(reverse("admin:transport_contrattransport_changelist")).content.decode()
    )


# --------------------------------------------------------------------------------------- reports
def test_the_late_report_tells_days_penalty_and_contact(desk):
    today = timezone.localdate()
    transitaire = make_transitaire("Transit Sahel", phone="+221 33 800 00 00")
    late = make_contrat(transitaire=transitaire, date_debut=today - timedelta(days=27))
    make_contrat(date_debut=today - timedelta(days=23))  # its last day is not late
    response = desk.get(reverse("transport_retards"))
    [row] = response.context["page"].object_list
    assert (row, row.retard, row.penalite_courue) == (late, 4, 100_000)
    assert response.context["totals"] == [{"devise": "XOF", "n": 1, "amount": 100_000}]
    page = response.content.decode()
    assert "+221 33 800 00 00" in page and "<b>4 days</b>" in page


def test_the_dashboard_adds_up(desk, gestion):
    today = timezone.localdate()
    for late in (0, 0, 3):
        mission = make_mission(make_contrat(date_debut=today - timedelta(days=23 + late)))
        mission.terminer_mission(today, confirmer=True, by=gestion)
    out = make_contrat(date_debut=today - timedelta(days=30))
    make_caution(out)
    charts = {
        chart.title: chart for chart in desk.get(reverse("transport_dashboard")).context["charts"]
    }
    assert charts["Returns on time"].rows[-1].figure == "67 % (2 of 3)"
    assert charts["Average days until the return"].rows[-1].figure == "24.0 days"
    assert charts["Penalties"].rows[-1].figure.endswith("75,000")
    assert [row.figure for row in charts["Containers out now"].rows] == [
        "1",
        "0",
        "0",
        "0",
        "0",
        "0",
    ]


def test_the_dashboard_takes_a_constant_few_statements(desk):
    counts = []
    for many in (1, 8):
        for _ in range(many):
            make_caution(make_mission().contrat)
        with CaptureQueriesContext(connection) as statements:
            desk.get(reverse("transport_dashboard"))
        counts.append(len(statements))
    assert counts[0] == counts[1]


# ---------------------------------------------------------------------------------------- editing
def test_a_child_is_made_from_its_parent_s_page(desk):
    contrat = make_contrat()
    response = desk.post(
        reverse("mission_create", args=[contrat.pk]),
        {"date_depart": "2025-01-02", "etapes": "Kaolack\n\nKidira"},
    )
    mission = contrat.missions.get()
    assert response.url == mission.get_absolute_url()
    assert mission.etapes == ["Kaolack", "Kidira"]
    desk.post(reverse("paiement_create", args=[mission.pk]), {"montant": "5000", "mode": "cheque"})
    assert mission.paiements.get().montant == 5000
    desk.post(reverse("caution_create", args=[contrat.pk]), {"montant": "700000"})
    desk.post(
        reverse("prestation_create", args=[contrat.pk]),
        {"libelle": "Escort", "date": "2025-01-03", "montant": "100"},
    )
    desk.post(
        reverse("frais_create", args=[mission.pk]),
        {"genre": "depense", "libelle": "Toll", "date": "2025-01-03", "montant": "2500"},
    )
    assert contrat.cautions.count() == contrat.prestations.count() == mission.frais.count() == 1


def test_a_departure_before_the_start_is_told_at_its_field(desk):
    contrat = make_contrat()
    url = reverse("mission_create", args=[contrat.pk])
    response = desk.post(url, {"date_depart": "2024-12-31"})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["date_depart"]


def test_a_customer_with_active_contracts_stays(boss):
    client = make_contrat().client
    data = {**picked(client), "reason": "Left"}
    asked = boss.post(url_of("deactivate", "customers"), data, headers=HTMX)
    assert "with active contracts" in asked.content.decode()


def edited(contrat, **changed):
    given = {
        name: str(getattr(contrat, f"{name}_id"))
        for name in ("transitaire", "client", "camion", "chauffeur")
    }
    given |= {
        "numero_conteneur": contrat.conteneur.numero,
        "taille": contrat.conteneur.taille,
        "compagnie": contrat.conteneur.compagnie_id,
        "date_debut": contrat.date_debut.isoformat(),
        "montant_total": "900000",
        "avance": "0",
        "version": contrat.version,
    }
    for name in ("numero_bl", "origine", "destination", "devise", "delai_jours", "commentaire"):
        given[name] = getattr(contrat, name)
    return given | {"penalite_par_jour": "25000"} | changed


def test_an_edit_moves_the_deadline_and_can_be_undone(desk):
    contrat = make_contrat()
    response = desk.post(contrat.get_edit_url(), edited(contrat, date_debut="2025-02-05"))
    assert response.status_code == 302
    contrat.refresh_from_db()
    assert contrat.date_limite_retour == date(2025, 2, 28)
    batch = contrat.logs.order_by("-pk").first().batch
    assert desk.post(reverse("undo", args=[batch.pk])).status_code == 302
    contrat.refresh_from_db()
    assert (contrat.date_debut, contrat.date_limite_retour) == (date(2025, 1, 1), date(2025, 1, 24))


def test_two_edits_do_not_overwrite_each_other(desk):
    contrat = make_contrat()
    desk.post(contrat.get_edit_url(), edited(contrat, origine="Thiès"))
    response = desk.post(contrat.get_edit_url(), edited(contrat, origine="Rufisque"))
    assert response.status_code == 409
    contrat.refresh_from_db()
    assert contrat.origine == "Thiès"


def test_a_driver_who_left_stays_on_their_contract(desk, gestion):
    contrat = make_contrat()
    contrat.chauffeur.is_active = False
    contrat.chauffeur.save(by=gestion)
    response = desk.post(contrat.get_edit_url(), edited(contrat, origine="Thiès"))
    assert response.status_code == 302


def test_undoing_a_creation_cancels_what_was_made(desk):
    desk.post(reverse("contrat_create"), answers())
    contrat = ContratTransport.objects.get()
    batch = contrat.logs.get().batch
    desk.post(reverse("undo", args=[batch.pk]))
    contrat.refresh_from_db()
    assert (contrat.statut, contrat.raison_annulation) == ("annule", "Created by mistake")


def test_a_form_posted_twice_makes_one_contract(desk):
    token = desk.get(reverse("contrat_create")).context["hidden"]
    given = answers(caution="5000") | {name: str(value) for name, value in token}
    first, second = (desk.post(reverse("contrat_create"), given) for _ in range(2))
    assert first.url == second.url
    assert ContratTransport.objects.count() == Cautions.objects.count() == 1


# ------------------------------------------------------------------- a deadline that leaves no day
TOO_EARLY = "The return deadline must be after the start"


@pytest.fixture
def excepted(gestion):
    """A contract whose deadline was set by hand, on the tenth day."""
    contrat = make_contrat()
    day = date(2025, 1, 10)
    services.fixer_echeance(
        ContratTransport.objects.filter(pk=contrat.pk), by=gestion, date=day, raison="Border"
    )
    contrat.refresh_from_db()
    return contrat


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2025-01-01", TOO_EARLY),
        ("2024-12-31", TOO_EARLY),
        ("1925-01-31", "The year must be between"),
        ("31/31/2025", "Saisissez une date valide."),
    ],
)
def test_the_dialog_says_at_the_field_that_a_deadline_can_t_be(boss, day, said):
    contrat = make_contrat()
    url = url_of("fixer_echeance", "contrats")
    data = {**picked(contrat), "date": day, "raison": "Border"}
    response = act(boss, url, data, headers=HTMX)
    assert response.status_code == 422
    [error] = response.context["form"].errors["date"]
    assert said in error
    contrat.refresh_from_db()
    assert not contrat.echeance_exceptionnelle


def test_of_many_the_dialog_names_those_that_it_does_not_suit(boss):
    first, second = make_contrat(), make_contrat(date_debut=date(2025, 3, 1))
    url = url_of("fixer_echeance", "contrats")
    given = {"date": "2025-02-10", "raison": "Border", "preview": "1"}
    asked = boss.post(url, {**picked(first, second), **given}, headers=HTMX)
    assert [reason.code for reason in asked.context["preview"].refused] == ["before_start"]


def test_the_form_says_it_at_the_deadline(desk, excepted):
    response = desk.post(excepted.get_edit_url(), edited(excepted, date_debut="2025-01-10"))
    assert response.status_code == 422
    assert response.context["form"].errors == {"date_limite_retour": [TOO_EARLY]}
    assert (
        TOO_EARLY
        in re.search(
            r'<div id="echeance".*?</div>\s*<div class="invalid-feedback">.*?</div>',
            response.content.decode(),
            re.DOTALL,
        )[0]
    )


def test_admin_says_it_at_the_start_which_is_its_field(client, excepted):
    client.force_login(make_user("root", is_superuser=True, is_staff=True, language="en"))
    url = reverse("admin:transport_contrattransport_change", args=[excepted.pk])
    form = client.get(url).context["adminform"].form
    given = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    response = client.post(url, given | {"date_debut": "2025-01-10"})
    assert response.context["adminform"].form.errors == {"date_debut": [TOO_EARLY]}
    moved = client.post(url, given | {"date_debut": "2025-01-09"})
    assert moved.status_code == 302
    excepted.refresh_from_db()
    assert (excepted.date_debut, excepted.date_limite_retour) == (
        date(2025, 1, 9),
        date(2025, 1, 10),
    )
