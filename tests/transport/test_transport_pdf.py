"""What is printed of contracts: the paper to sign, the late report and the lists, read back."""

import io
import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from project.exchange import printing
from project.exchange.formats import Content
from project.exchange.models import Export, State
from project.jobs.models import State as JobState
from tests.asking import HTMX, act, picked, ticket_of, url_of
from tests.exchange.asking_for_files import export_at, fetched, printed
from tests.exchange.pdf.reading import fonts_of, pages_of, right_edges, squeezed, text_of, words_of
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
from tests.jobs.conftest import worker
from tests.transport.conftest import browser_of, only
from transport import actions, documents, services
from transport.models import Cautions, ContratTransportLog

pytestmark = [pytest.mark.django_db, pytest.mark.poppler]
__all__ = ["worker"]
PRINT = url_of("print", "contrats")
CASES = [
    pytest.param(document, id=f"{document.slug}-{document.name}")
    for each in documents.PRINTED
    for document in each.values()
]
MAKERS = {
    "contrats": make_contrat,
    "missions": make_mission,
    "paiements": make_paiement,
    "cautions": make_caution,
}


@pytest.fixture
def paper(desk):
    """The text of the contract to sign of these contracts, as the office gets it."""

    def paper(*contrats):
        return text_of(fetched(desk, printed(desk, *contrats, document="contracts")))

    return paper


def make_late(days, **fields):
    """A container that is so many days late today, on the house's terms."""
    debut = timezone.localdate() - timedelta(days=23 + days)
    return make_contrat(date_debut=debut, **fields)


# ------------------------------------------------------------------------------------ the contract
def test_it_names_the_parties_and_what_is_carried(paper, settings):
    settings.COMPANY_NAME = "Transports Téranga"
    settings.COMPANY_ADDRESS = "Rue 12, Dakar"
    contrat = make_contrat(
        client=make_customer("Société Éléphant", billing_address="BP 12\nThiès", phone="+221 1234"),
        transitaire=make_transitaire("Transit Sahel", phone="+221 5678"),
        camion=make_camion(immatriculation="DK 1200 A", marque="Volvo FH"),
        chauffeur=make_driver("Ousmane Sarr", licence_number="SN-42"),
        conteneur=make_conteneur(
            numero="MSCU1234566", taille="40HC", compagnie=make_compagnie("MSC")
        ),
        numero_bl="BL-777",
        destination="Ségou",
    )
    text = paper(contrat)
    for said in (
        contrat.pk_contrat,
        "Transports Téranga Rue 12, Dakar",
        "Société Éléphant",
        "BP 12",
        "Transit Sahel",
        "MSCU 123456 6 · 40 pieds high cube · MSC",
        "BL-777",
        "Port de Dakar → Ségou",
        "DK 1200 A · Volvo FH",
        "Ousmane Sarr · permis n° SN-42",
    ):
        assert said in text, said


def test_it_says_the_deadline_and_the_penalty_of_the_plain_terms(paper):
    text = paper(make_contrat(date_debut=date(2025, 1, 1)))
    assert "dispose de 23 jours à compter du 1er janvier 2025, ce jour non compris, pour" in text
    assert "au plus tard le vendredi 24 janvier 2025, ce jour compris" in text
    assert re.search(r"Une pénalité de 25.000.F.CFA par jour de retard est due", text)
    assert "due une seule fois pour le conteneur, quel que soit le nombre de missions" in text
    assert re.search(r"un retard de 5 jours coûte 125.000.F.CFA\.", text)


def test_it_says_the_contract_s_own_number_of_days(paper):
    text = paper(make_contrat(delai_jours=1, penalite_par_jour=10_000))
    assert "dispose de 1 jour à compter" in text and "23 jours" not in text
    assert re.search(r"pénalité de 10.000.F.CFA par jour", text)


def test_it_says_the_tiers_as_they_were_copied(paper):
    contrat = make_contrat(delai_jours=21, penalite_par_jour=25_000)
    contrat.paliers = [
        {"du": 3, "au": 5, "montant": "15000"},
        {"du": 6, "au": 6, "montant": "20000"},
        {"du": 7, "au": None, "montant": "30000"},
    ]
    contrat.save()
    text = paper(contrat)
    assert "du 1er au 2e jour sans pénalité" in text
    for days, amount in (("du 3e au 5e", 15), ("le 6e", 20), ("à partir du 7e", 30)):
        assert re.search(rf"{days} jour {amount}.000.F.CFA par jour", text)
    assert "ces montants s’additionnent" in text
    added = r"3 × 15.000.F.CFA \+ 1 × 20.000.F.CFA \+ 1 × 30.000.F.CFA, soit 95.000.F.CFA\."
    assert re.search(rf"un retard de 7 jours coûte {added}", text)
    assert "25" not in text.partition("Article 4")[2].partition("Article 5")[0]


def test_without_a_penalty_it_says_so(paper):
    text = paper(make_contrat(delai_jours=10, penalite_par_jour=0))
    assert "Aucune pénalité n’est convenue" in text and "à la charge" not in text


def test_it_lists_suspensions_in_force_and_counts_them_in(paper, gestion):
    contrat = make_contrat(date_debut=date(2025, 1, 1))
    given = {"by": gestion, "debut": date(2025, 1, 5), "fin": date(2025, 1, 8)}
    services.suspendre(only(contrat), raison="Frontière fermée", **given)
    text = paper(contrat)
    assert "auxquels s’ajoutent 4 jours de suspension (article 5), pour ramener" in text
    assert "premier et dernier jours compris" in text
    assert "au plus tard le mardi 28 janvier 2025" in text
    assert "du 5 janvier 2025 au 8 janvier 2025 4 jours Frontière fermée" in text
    services.lever(only(contrat), by=gestion)
    text = paper(contrat)
    assert "Frontière fermée" not in text and "24 janvier 2025" in text


def test_an_exceptional_deadline_overrides_the_days_with_its_reason(paper, gestion):
    contrat = make_contrat(date_debut=date(2025, 1, 1))
    services.fixer_echeance(
        only(contrat), by=gestion, date=date(2025, 3, 1), raison="Grève des douaniers"
    )
    text = paper(contrat)
    assert "Par dérogation au délai de 23 jours" in text
    assert "au plus tard le samedi 1er mars 2025" in text
    assert "Motif : Grève des douaniers" in text.replace("\xa0", " ")
    # A suspension does not move it: the paper may not say that it does.
    assert "L’échéance est reculée" not in text
    assert "n’en est pas reculée" in text


def test_it_says_amounts_services_and_deposits(paper, gestion):
    contrat = make_contrat(montant_total=900_000, avance=350_000)
    make_prestation(contrat, libelle="Escorte à Kidira", montant=45_000)
    caution = make_caution(contrat, montant=1_500_000)
    gone = make_caution(contrat)
    actions.ANNULER_CAUTION.run(only(gone), by=gestion, raison="Erreur")
    text = paper(contrat)
    assert re.search(r"Montant total du transport 900.000.F.CFA Avance 350.000.F.CFA", text)
    assert re.search(r"Solde 550.000.F.CFA", text)
    assert re.search(r"Escorte à Kidira, le \d\d/\d\d/\d{4} 45.000.F.CFA", text)
    assert re.search(rf"Caution n° {caution} · en attente 1.500.000.F.CFA", text)
    assert gone.numero not in text
    assert "Aucune caution" in paper(make_contrat())


def test_amounts_of_another_currency_have_its_decimals(paper):
    text = paper(make_contrat(devise="EUR", montant_total="1234.50", penalite_par_jour="40"))
    assert re.search(r"1.234,50.€", text) and re.search(r"40,00.€ par jour", text)


def test_the_three_of_them_have_room_to_sign(paper):
    contrat = make_contrat(client=make_customer("Awa Ndiaye"))
    end = paper(contrat).partition("Fait en trois exemplaires")[2]
    assert end.count("Nom, signature et cachet") == 3
    assert "Awa Ndiaye" in end and contrat.transitaire.name in end


def test_a_cancelled_one_says_so_over_everything(paper, gestion):
    contrat = make_contrat()
    services.annuler(only(contrat), by=gestion, raison="Client désisté")
    text = paper(contrat).replace("\xa0", " ")
    assert re.search(r"CONTRAT ANNULÉ le \d\d/\d\d/\d{4} : Client désisté", text)
    assert text.index("CONTRAT ANNULÉ") < text.index("Entre les soussignés")


def test_it_is_in_french_for_an_english_reader_too(desk):
    contrat = make_contrat()
    make_caution(contrat)
    export = printed(desk, contrat, document="contracts")
    text = text_of(fetched(desk, export))
    assert "page 1 sur 2" in text and "Imprimé le" in text
    for english in ("Printed", "page 1 of", "January", "Waiting", "feet"):
        assert english not in text
    assert export.title == "PDF of 1 contract"


def test_several_are_in_one_file_each_with_pages_of_its_own(desk):
    contrats = [make_contrat() for _ in range(documents.TOGETHER + 1)]
    pages = pages_of(fetched(desk, printed(desk, *contrats, document="contracts")))
    starts = [page for page in pages if "Entre les soussignés" in page]
    assert len(starts) == len(contrats)
    for contrat, page in zip(contrats, starts, strict=True):
        assert re.search(rf"{contrat} · page 1 sur \d", page)


def test_long_names_and_many_services_fit(desk):
    long = "Société sénégalaise de transit et de manutention, " * 3
    contrat = make_contrat(
        client=make_customer(long[:120], billing_address="Étage 14\n" * 4),
        transitaire=make_transitaire(long[::-1][:120]),
        origine=long[:120],
        destination=long[:120],
        numero_bl="7" * 40,
        montant_total=99_999_999_999,
    )
    for number in range(30):
        make_prestation(contrat, libelle=f"Escorte {number:02} {long}"[:120])
    pdf = fetched(desk, printed(desk, contrat, document="contracts"))
    words = words_of(pdf)
    assert len(pages_of(pdf)) >= 3
    assert re.findall(r"Escorte(\d\d)", words) == [f"{number:02}" for number in range(30)]
    assert "99999999999" in re.sub(r"\D", "", words) and "7" * 40 in words
    assert max(right_edges(pdf, ".+")) <= 595 - 39  # 14 mm of margin
    assert all(fonts_of(pdf).values())


def test_its_page_asks_for_it_in_one_step(desk):
    contrat = make_contrat()
    asked = desk.get(contrat.get_absolute_url()).context["paper"]
    dialog = desk.post(asked.url, asked.fields, headers=HTMX)
    assert dialog.context["form"]["document"].value() == "contracts"
    fields = {name: value for name, value in asked.fields.items() if name != "preview"}
    export = export_at(desk.post(asked.url, fields | ticket_of(dialog), headers=HTMX))
    assert contrat.pk_contrat in text_of(fetched(desk, export))


# ------------------------------------------------------------------------------------- late report
def test_the_late_report_says_days_penalty_and_whom_to_call(desk):
    late = make_late(
        5,
        transitaire=make_transitaire("Transit Sahel", phone="+221 33 111 11 11"),
        client=make_customer("Éléonore", phone="+221 77 222 22 22"),
        chauffeur=make_driver("Ousmane", phone="+223 76 33 33 33"),
    )
    later = make_late(12)
    text = text_of(fetched(desk, printed(desk, late, later, document="late")))
    assert text.index(later.pk_contrat) < text.index(late.pk_contrat)
    row = text[text.index(late.pk_contrat) :]
    assert re.search(r" 5 F.CFA.125,000 Transit Sahel · \+221 33 111 11 11", row)
    assert "Éléonore · +221 77 222 22 22" in row and "Ousmane · +223 76 33 33 33" in row
    assert str(late.conteneur) in row and str(late.camion) in row
    assert re.search(r"Total F.CFA.425,000", text) and "2 containers" in text


def test_what_is_not_late_is_left_out_of_it_and_named(desk, bureau):
    late, due_today, done = make_late(1), make_late(0), make_late(9)
    mission = make_mission(done)
    mission.terminer_mission(timezone.localdate(), confirmer=True, by=bureau)
    asked = desk.post(
        PRINT, picked(late, due_today, done) | {"document": "late", "preview": "1"}, headers=HTMX
    )
    assert asked.context["preview"].ready == 1
    assert [each.reason for each in asked.context["preview"].refused] == ["not late"]
    export = printed(desk, late, due_today, done, document="late")
    logged = ContratTransportLog.objects.filter(batch=export.batch)
    assert [line.contrat for line in logged] == [late]
    text = text_of(fetched(desk, export))
    assert due_today.pk_contrat not in text and done.pk_contrat not in text


def test_the_page_the_files_and_the_dashboard_agree(desk, gestion):
    """The late report as page and PDF, and what the dashboard says of it and of its deposits."""
    for days in (1, 4, 30):
        held = only(make_caution(make_late(days), montant=100_000))
        actions.STATUT_CAUTION.run(held, by=gestion, statut="payee", date=date(2025, 1, 2))
    contrat = make_late(2, delai_jours=23, penalite_par_jour=15_000)
    make_caution(contrat, montant=100_000)  # which nobody paid yet
    make_late(0)
    page = desk.get(reverse("transport_retards"))
    [total] = page.context["totals"]
    assert (total["n"], total["amount"]) == (4, (1 + 4 + 30) * 25_000 + 2 * 15_000)
    excel, pdf = page.context["files"]
    assert pdf.fields["document"] == "late" and excel.fields["format"] == "xlsx"
    export = export_at(confirmed(desk, pdf))
    text = text_of(fetched(desk, export))
    assert export.rows == 4 and contrat.pk_contrat in text
    assert re.search(r"Total F.CFA.905,000", text)
    out, *_others, deposits = desk.get(reverse("transport_dashboard")).context["charts"]
    assert (out.rows[0].label, out.rows[0].figure) == ("Late", "4")
    lines = [row.figure for row in deposits.rows]
    assert len(lines) == 3 and all(re.search(r"at risk F.CFA.100,000", line) for line in lines)
    risky = Cautions.objects.at_risk(timezone.localdate()).aggregate(sum=Sum("montant"))
    assert risky["sum"] == 300_000


def confirmed(client, request):
    """The response to a request's dialog, confirmed as it stands."""
    dialog = client.post(request.url, request.fields, headers=HTMX)
    fields = {name: value for name, value in request.fields.items() if name != "preview"}
    return client.post(request.url, fields | ticket_of(dialog), headers=HTMX)


def test_there_is_no_button_where_nothing_is_late_or_one_may_not(desk, bureau):
    url = reverse("transport_retards")
    assert PRINT not in desk.get(url).content.decode()
    make_late(1)
    assert PRINT in desk.get(url).content.decode()
    bureau.groups.clear()
    bureau.user_permissions.set(Permission.objects.filter(codename="view_contrattransport"))
    page = desk.get(url)
    assert page.status_code == 200 and PRINT not in page.content.decode()


# ------------------------------------------------------------------------------------------- lists
def test_a_list_of_many_has_every_row_under_a_head_on_every_page(desk):
    given = {"client": make_customer("Hôtel Téranga"), "conteneur": make_conteneur()}
    contrats = [
        make_contrat(**given, montant_total=1_000, avance=400, destination=f"Kayes {number:03}")
        for number in range(70)
    ]
    pdf = fetched(desk, printed(desk, *contrats, document="list"))
    pages, text = pages_of(pdf), text_of(pdf)
    assert re.findall(r"Kayes (\d{3})", text) == [f"{number:03}" for number in range(70)]
    assert len(pages) > 2
    for number, page in enumerate(pages, 1):
        assert re.search(r"Deadline +Contract +Status", page)
        assert f"page {number} of {len(pages)}" in page
    assert re.search(r"Total F.CFA.70,000 F.CFA.42,000", text)


def test_each_list_says_its_filter_and_sums(desk):
    mission = make_mission(make_contrat(client=make_customer("Hôtel Téranga")))
    make_paiement(mission, montant=70_000, valide=True)
    other = make_paiement(montant=30_000)
    url = url_of("print", "paiements")
    data = {"all": "1", "filter": "statut=valide", "document": "list"}
    text = text_of(fetched(desk, export_at(act(desk, url, data, headers=HTMX))))
    assert "List of payments Validated" in text and "Hôtel Téranga" in text
    assert re.search(r"Total F.CFA.70,000", text) and other.numero not in text


# -------------------------------------------------------------------------------------- all of them
@pytest.mark.parametrize("document", CASES)
def test_it_logs_each_record_shown_and_changes_none(desk, bureau, document):
    records = [MAKERS[document.slug]() for _ in range(3)]
    versions = [record.version for record in records]
    export = printed(desk, *records, document=document.name)
    for record, version in zip(records, versions, strict=True):
        [line] = record.logs.filter(batch=export.batch)
        assert (line.action_code, line.user) == ("transport.print", bureau)
        with translation.override("en"):
            assert line.action == f"Printed as PDF ({document.label})"
        record.refresh_from_db()
        assert record.version == version
        assert not record.history.filter(batch_id=export.batch_id).exists()


@pytest.mark.parametrize("document", CASES)
def test_it_needs_its_own_permission(db, document):
    onlooker = make_user("onlooker")
    record = MAKERS[document.slug]()
    model = record._meta.model_name
    onlooker.user_permissions.set(
        Permission.objects.filter(codename__in=[f"view_{model}", f"export_{model}"])
    )
    client = browser_of(onlooker)
    data = picked(record) | {"document": document.name}
    assert client.post(url_of("print", document.slug), data).status_code == 403
    assert not Export.objects.exists()


@pytest.mark.parametrize("document", CASES)
def test_what_people_typed_is_text(desk, document):
    typed = '</td><pdf:nextpage><img src="file:///etc/passwd"> & <b>'
    contrat = make_contrat(
        client=make_customer(typed, billing_address=typed),
        transitaire=make_transitaire(typed),
        chauffeur=make_driver(typed),
        destination=typed,
        numero_bl=typed[:40],
    )
    make_prestation(contrat, libelle=typed)
    record = {
        "contrats": lambda: contrat,
        "missions": lambda: make_mission(contrat),
        "paiements": lambda: make_paiement(make_mission(contrat)),
        "cautions": lambda: make_caution(contrat),
    }[document.slug]()
    pdf = fetched(desk, printed(desk, record, document=document.name))
    assert len(pages_of(pdf)) <= 2
    assert re.sub(r"\s", "", '<pdf:nextpage><img src="file') in words_of(pdf)
    assert squeezed(str(record)) in text_of(pdf)


@pytest.mark.parametrize("document", CASES)
def test_one_about_nothing_says_so(bureau, document):
    """As when what a job should print is gone by then."""
    model = MAKERS[document.slug]()._meta.model
    file = io.BytesIO()
    with translation.override("en"):
        document.write(Content(Export(owner=bureau), model.objects.none()), file)
    [page] = pages_of(file.getvalue())
    assert re.search(r"There is no \w+ to show|No container is late|aucun contrat", page)


@pytest.mark.parametrize("document", CASES)
def test_its_statements_do_not_grow_with_the_records(bureau, document):
    records = [MAKERS[document.slug]() for _ in range(12)]
    for record in records:
        if document.name == "contracts":
            make_caution(record)
            make_prestation(record)

    def statements(selection):
        file = io.BytesIO()
        with CaptureQueriesContext(connection) as captured:
            document.write(Content(Export(owner=bureau), selection), file)
        return len(captured)

    assert statements(only(*records)) <= statements(only(*records[:2]))


def test_a_large_one_is_printed_by_a_job(desk, worker):
    contrats = [make_contrat() for _ in range(documents.CONTRACTS.at_once + 1)]
    export = printed(desk, *contrats, document="contracts")
    assert (export.state, export.job.total) == (State.UNDER_WAY, len(contrats))
    worker.drain()
    export.refresh_from_db()
    assert (export.state, export.job.state) == (State.READY, JobState.DONE)
    assert export.job.done == len(contrats)
    text = text_of(fetched(desk, export))
    assert all(contrat.pk_contrat in text for contrat in contrats)


def test_more_than_a_document_holds_is_refused_in_words(desk, monkeypatch):
    few = replace(documents.CONTRACTS, most=1)
    monkeypatch.setitem(printing.documents_of("contrats"), "contracts", few)
    asked = picked(make_contrat(), make_contrat()) | {"document": "contracts"}
    response = act(desk, PRINT, asked, headers=HTMX)
    assert "holds at most 1 records: choose fewer." in response.content.decode()
    assert not Export.objects.exists()
    assert not ContratTransportLog.objects.filter(action_code="transport.print").exists()
