"""What the wing's lists put into Excel and CSV files, read back."""

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from project.actions import desk as desks
from project.exchange import exporting, formats, reading
from project.exchange.cells import plain_decimal
from project.exchange.columns import Kind, sheet_of
from project.exchange.imports import cells, recognition
from project.exchange.imports import reading as reader
from project.exchange.models import Export, State
from project.ui.models import NamedFilter
from tests.asking import HTMX, act, picked, url_of
from tests.exchange.asking_for_files import (
    asked_for,
    export_at,
    fetched,
    lines_of_csv,
    values,
    workbook,
)
from tests.factories import (
    make_caution,
    make_compagnie,
    make_conteneur,
    make_contrat,
    make_customer,
    make_driver,
    make_mission,
    make_paiement,
    make_transitaire,
    make_user,
)
from tests.jobs.conftest import worker
from tests.transport.conftest import browser_of, only
from transport import actions, exports, queries, services
from transport.models import PaiementMission

pytestmark = pytest.mark.django_db
__all__ = ["worker"]
EXPORT = url_of("export", "contrats")
HOSTILE = ["=1+1", "+221 77 123 45 67", "-2+3", "@SUM(A1)", '=HYPERLINK("http://x.example","y")']
MAKERS = {
    "contrats": make_contrat,
    "missions": make_mission,
    "paiements": make_paiement,
    "cautions": make_caution,
}
SHEETS = [pytest.param(sheet, id=sheet.slug) for sheet in exports.SHEETS]


def names_in(sheet):
    return [column.name for column in sheet.columns]


def table(client, *records, **answers):
    """[{column: value}] of a workbook's first sheet, in the order of its rows, by their names."""
    sheet = sheet_of(desks.of_model(records[0]._meta.label_lower).slug)
    answers.setdefault("columns", names_in(sheet))
    book = workbook(fetched(client, asked_for(client, *records, **answers)))
    _heads, *rows = values(book.worksheets[0])
    return [dict(zip(answers["columns"], row, strict=True)) for row in rows]


def make_late(days, **fields):
    """A container that is so many days late today, on the house's terms."""
    debut = timezone.localdate() - timedelta(days=23 + days)
    return make_contrat(date_debut=debut, **fields)


# ------------------------------------------------------------------------------------ what they say
def test_a_contract_s_row(desk):
    today = timezone.localdate()
    contrat = make_late(
        5,
        client=make_customer("Société Éléphant", phone="+221 33 111 11 11"),
        transitaire=make_transitaire("Transit Sahel", phone="0033612345678"),
        chauffeur=make_driver("Ousmane Sarr"),
        conteneur=make_conteneur(taille="40", compagnie=make_compagnie("MSC")),
        montant_total=900_000,
        avance=350_000,
    )
    [row, *_total] = table(desk, contrat, totals="on")
    assert row["contract"] == contrat.pk_contrat
    assert row["deadline"] == datetime.combine(today - timedelta(days=5), datetime.min.time())
    assert (row["late_days"], row["penalty"]) == (5, 125_000)
    assert (row["total"], row["advance"], row["balance"]) == (900_000, 350_000, 550_000)
    assert (row["days"], row["suspended"], row["exceptional"]) == (23, 0, False)
    assert (row["status"], row["size"], row["line"]) == ("Active", "40 feet", "MSC")
    assert (row["customer"], row["customer_phone"]) == ("Société Éléphant", "+221 33 111 11 11")
    assert row["forwarder_phone"] == "0033612345678"
    assert row["contact"].splitlines() == [
        "Transit Sahel · 0033612345678",
        "Société Éléphant · +221 33 111 11 11",
    ]
    assert row["crew"] == f"{contrat.camion}\nOusmane Sarr"
    assert row["created"].date() == today


def test_only_what_is_out_past_its_deadline_is_late(desk, gestion):
    late, due, cancelled = make_late(1), make_late(0), make_late(8)
    services.annuler(only(cancelled), by=gestion, raison="Erreur")
    rows = {row["contract"]: row for row in table(desk, late, due, cancelled, totals="")}
    found = {name: (row["late_days"], row["penalty"]) for name, row in rows.items()}
    assert found == {
        late.pk_contrat: (1, 25_000),
        due.pk_contrat: (None, None),
        cancelled.pk_contrat: (None, None),
    }
    assert rows[cancelled.pk_contrat]["reason"] == "Erreur"


def test_a_penalty_follows_the_tiers(desk):
    contrat = make_late(12)
    contrat.paliers = [
        {"du": 1, "au": 10, "montant": "15000"},
        {"du": 11, "au": None, "montant": "25000"},
    ]
    contrat.save()
    [row] = table(desk, contrat, totals="")
    assert row["penalty"] == 10 * 15_000 + 2 * 25_000
    assert row["tiers"] == "1–10: 15000\n11+: 25000"


def test_a_mission_s_row(desk, bureau):
    mission = make_mission(make_contrat(date_debut=date(2025, 1, 1)), etapes=["Kaolack", "Kidira"])
    mission.terminer_mission(date(2025, 1, 29), confirmer=True, by=bureau)
    going = make_mission()
    finished, open_ = table(desk, mission, going, totals="")
    assert (finished["mission"], finished["contract"]) == (str(mission), str(mission.contrat))
    assert (finished["late_days"], finished["penalty"]) == (5, 125_000)
    assert finished["measured_by"] == datetime(2025, 1, 24)
    assert (finished["route"], finished["status"]) == ("Kaolack\nKidira", "Finished")
    assert (open_["return"], open_["late_days"], open_["penalty"]) == (None, None, None)


def test_the_penalty_of_a_contract_counts_once(desk, gestion):
    contrat, other = make_contrat(), make_contrat()
    made = [
        make_mission(contrat),
        make_mission(contrat),
        make_mission(contrat),
        make_mission(other),
    ]
    for mission, day in zip(made, (26, 29, 28, 25), strict=True):
        mission.terminer_mission(date(2025, 1, day), confirmer=True, by=gestion)
    made[1].annuler_mission("Billed twice", by=gestion)
    *rows, _blank, total = table(desk, *made, totals="on")
    assert [row["penalty"] for row in rows] == [50_000, 125_000, 100_000, 25_000]
    assert [row["penalty_counted"] for row in rows] == [None, None, 100_000, 25_000]
    pages = [queries.totals_of(each)["penalty"] for each in (contrat, other)]
    assert (total["penalty"], total["penalty_counted"]) == (None, sum(pages))


def test_a_payment_s_row(desk, gestion):
    paid = make_paiement(make_mission(make_contrat(devise="EUR")), montant="99.50", valide=True)
    services.annuler(only(paid.mission.contrat), by=gestion, raison="Erreur")
    [row] = table(desk, paid, totals="")
    assert (row["payment"], row["amount"], row["currency"]) == (str(paid), 99.5, "EUR")
    assert (row["status"], row["refund"]) == ("Cancelled", "To check")
    assert row["validated_on"] == datetime(2025, 1, 10)
    assert (row["means"], row["reason"]) == (
        "Cash",
        f"Contrat {paid.mission.contrat} annulé: Erreur",
    )


def test_a_deposit_s_row(desk, gestion):
    held, waiting = make_caution(make_late(3)), make_caution(make_late(3))
    actions.STATUT_CAUTION.run(only(held), by=gestion, statut="payee", date=date(2025, 1, 2))
    rows = table(desk, held, waiting, totals="")
    assert [row["at_risk"] for row in rows] == [True, False]
    assert (rows[0]["status"], rows[0]["since"]) == ("Paid", datetime(2025, 1, 2))
    assert rows[0]["line"] == held.contrat.conteneur.compagnie.nom


def test_totals_are_by_currency(desk):
    for devise, montant in (("XOF", 30_000), ("XOF", 40_000), ("EUR", "12.50")):
        make_paiement(make_mission(make_contrat(devise=devise)), montant=montant)
    rows = table(
        desk, *PaiementMission.objects.order_by("pk"), columns=["payment", "amount"], totals="on"
    )
    assert [tuple(row.values()) for row in rows[-2:]] == [
        ("Total EUR", 12.5),
        ("Total XOF", 70_000),
    ]


def test_words_are_in_the_users_language(desk, bureau):
    contrat = make_late(2)
    bureau.language = "fr"
    bureau.save()
    columns = ["contract", "status", "deadline", "late_days", "penalty"]
    sheet = workbook(fetched(desk, asked_for(desk, contrat, columns=columns))).worksheets[0]
    heads, row, *_total = values(sheet)
    assert heads == ["Contrat", "Statut", "Échéance", "Jours de retard", "Pénalité à ce jour"]
    assert row[1] == "Actif"
    assert sheet["C2"].number_format == "dd/mm/yyyy" and sheet["E2"].number_format == "#,##0"


# --------------------------------------------------------------------------------------- the sheets
@pytest.mark.parametrize(
    ("slug", "per", "names"),
    [
        ("contrats", "customer", ["Awa", "Éloi"]),
        ("contrats", "forwarder", ["Sahel", "Téranga"]),
        ("contrats", "driver", ["Demba", "Ousmane"]),
        ("contrats", "month", ["January 2025", "March 2025"]),
        ("missions", "customer", ["Awa", "Éloi"]),
        ("missions", "driver", ["Demba", "Ousmane"]),
        ("missions", "month", ["January 2025", "March 2025"]),
        ("paiements", "customer", ["Awa", "Éloi"]),
        ("paiements", "driver", ["Demba", "Ousmane"]),
        ("cautions", "line", ["CMA CGM", "MSC"]),
        ("cautions", "customer", ["Awa", "Éloi"]),
    ],
)
def test_there_is_a_sheet_for_each(desk, slug, per, names):
    contrats = [
        make_contrat(
            client=make_customer(client),
            transitaire=make_transitaire(transitaire),
            chauffeur=make_driver(driver),
            conteneur=make_conteneur(compagnie=make_compagnie(line)),
            date_debut=date(2025, month, 31),
        )
        for client, transitaire, driver, line, month in (
            ("Éloi", "Téranga", "Ousmane", "MSC", 3),
            ("Awa", "Sahel", "Demba", "CMA CGM", 1),
        )
    ]
    made = {
        "contrats": lambda contrat: contrat,
        "missions": make_mission,
        "paiements": lambda contrat: make_paiement(make_mission(contrat)),
        "cautions": make_caution,
    }
    records = [made[slug](contrat) for contrat in contrats]
    book = workbook(fetched(desk, asked_for(desk, *records, per=per)))
    sheets = {sheet.title: sheet for sheet in book.worksheets if sheet.title != "About this file"}
    assert sorted(sheets) == names
    for name, record, other in zip(names, records[::-1], records, strict=True):
        texts = {cell for row in values(sheets[name]) for cell in row}
        assert str(record) in texts and str(other) not in texts


# ----------------------------------------------------------------------------- texts, CSV, formulas
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_texts_that_look_like_formulas_stay_texts(desk, kind):
    contrats = [
        make_contrat(client=make_customer(text), numero_bl=text, date_debut=date(2025, 1, day))
        for day, text in enumerate(HOSTILE, 1)
    ]
    answers = {"format": kind, "columns": ["customer", "lading"], "totals": ""}
    data = fetched(desk, asked_for(desk, *contrats, **answers))
    if kind == "csv":
        assert lines_of_csv(data)[1:] == [[f"'{text}", f"'{text}"] for text in HOSTILE]
        return
    rows = list(workbook(data).worksheets[0].iter_rows(min_row=2))
    assert [[cell.value for cell in row] for row in rows] == [[text, text] for text in HOSTILE]
    assert {cell.data_type for row in rows for cell in row} == {"s"}


def test_a_csv_file_has_accents_and_the_signs_of_its_language(desk, bureau):
    contrat = make_contrat(
        client=make_customer("Œuvre d’Éléonore"), destination="Ségou", montant_total=900_000
    )
    bureau.language = "fr"
    bureau.save()
    columns = ["customer", "destination", "start", "total"]
    data = fetched(desk, asked_for(desk, contrat, format="csv", columns=columns))
    assert lines_of_csv(data, ";") == [
        ["Client", "Destination", "Date début", "Total"],
        ["Œuvre d’Éléonore", "Ségou", "2025-01-01", "900000"],
    ]


# ------------------------------------------------------------------------------------ which records
def test_all_that_match_are_in_the_file_and_no_other(desk):
    late, _fresh = make_late(3), make_contrat(date_debut=timezone.localdate())
    data = {"all": "1", "filter": "en_retard=1", "format": "xlsx", "columns": ["contract"]}
    export = export_at(act(desk, EXPORT, data, headers=HTMX))
    book = workbook(fetched(desk, export))
    assert values(book.worksheets[0]) == [["Contract"], [late.pk_contrat]]
    about = {label: value for label, value in values(book.worksheets[1])}
    assert (about["Filter"], about["Rows"]) == ("Late", 1)


def test_a_saved_filter_brings_its_records_and_columns(desk, bureau):
    late = make_late(3)
    make_contrat(date_debut=timezone.localdate())
    named = NamedFilter.objects.create(
        owner=bureau,
        slug="contrats",
        name="Retards",
        query="en_retard=1",
        options={
            "columns": ["late_days", "contract"],
            "format": "xlsx",
            "per": "",
            "totals": False,
        },
    )
    data = {"all": "1", "filter": "", "saved": str(named.pk)}
    dialog = desk.post(EXPORT, data | {"preview": "1"}, headers=HTMX)
    assert dialog.context["preview"].ready == 1
    fields = {"format": "xlsx", "columns": ["late_days", "contract"], "totals": ""}
    hidden = dict(dialog.context["hidden"]) | {"taken": str(named.pk)}
    export = export_at(desk.post(EXPORT, data | fields | hidden, headers=HTMX))
    book = workbook(fetched(desk, export))
    assert values(book.worksheets[0]) == [["Late days", "Contract"], [3, late.pk_contrat]]


def test_the_late_report_is_a_workbook_from_its_page(desk):
    late = make_late(
        5,
        transitaire=make_transitaire("Transit Sahel", phone="+221 33 111 11 11"),
        client=make_customer("Éléonore", phone="+221 77 222 22 22"),
        chauffeur=make_driver("Ousmane", phone="+223 76 33 33 33"),
    )
    later = make_late(12)
    make_late(0)
    excel, _pdf = desk.get(reverse("transport_retards")).context["files"]
    dialog = desk.post(excel.url, excel.fields, headers=HTMX)
    assert dialog.context["preview"].ready == 2
    hidden = dict(dialog.context["hidden"])
    asked = {name: value for name, value in excel.fields.items() if name != "preview"}
    export = export_at(desk.post(excel.url, asked | hidden, headers=HTMX))
    rows = values(workbook(fetched(desk, export)).worksheets[0])
    assert rows[0][:7] == [
        "Contract",
        "Container",
        "Shipping line",
        "Deadline",
        "Late days",
        "Penalty so far",
        "Currency",
    ]
    rows = [row for row in rows if row[0]]
    assert [row[0] for row in rows[1:]] == [later.pk_contrat, late.pk_contrat, "Total XOF"]
    found = dict(zip(exports.LATE, rows[2], strict=True))
    assert (found["late_days"], found["penalty"]) == (5, 125_000)
    assert (found["forwarder"], found["forwarder_phone"]) == ("Transit Sahel", "+221 33 111 11 11")
    assert (found["customer"], found["customer_phone"]) == ("Éléonore", "+221 77 222 22 22")
    assert (found["driver"], found["driver_phone"]) == ("Ousmane", "+223 76 33 33 33")
    assert dict(zip(exports.LATE, rows[3], strict=True))["penalty"] == 425_000


# -------------------------------------------------------------------------------------- all of them
@pytest.mark.parametrize("sheet", SHEETS)
def test_it_logs_each_record_shown_and_changes_none(desk, bureau, sheet):
    records = [MAKERS[sheet.slug]() for _ in range(3)]
    other = MAKERS[sheet.slug]()
    export = asked_for(desk, *records)
    assert (export.rows, export.state) == (3, State.READY)
    for record in records:
        version = record.version
        [line] = record.logs.filter(batch=export.batch)
        assert (line.action, line.action_code, line.user) == (
            "Exported (Excel)",
            "transport.export",
            bureau,
        )
        record.refresh_from_db()
        assert record.version == version
        assert not record.history.filter(batch_id=export.batch_id).exists()
    assert not other.logs.filter(batch=export.batch).exists()


@pytest.mark.parametrize("sheet", SHEETS)
def test_it_needs_its_own_permission(db, sheet):
    record = MAKERS[sheet.slug]()
    model = record._meta.model_name
    onlooker = make_user("onlooker")
    onlooker.user_permissions.set(
        Permission.objects.filter(codename__in=[f"view_{model}", f"print_{model}"])
    )
    client = browser_of(onlooker)
    url = url_of("export", sheet.slug)
    assert client.post(url, picked(record) | {"format": "xlsx"}).status_code == 403
    assert not Export.objects.exists()
    onlooker.user_permissions.add(Permission.objects.get(codename=f"export_{model}"))
    assert asked_for(browser_of(type(onlooker).objects.get(pk=onlooker.pk)), record).rows == 1


@pytest.mark.parametrize("sheet", SHEETS)
def test_its_list_offers_both_files(desk, sheet):
    MAKERS[sheet.slug]()
    page = desk.get(reverse(f"{sheet.slug.removesuffix('s')}_list")).content.decode()
    assert f'formaction="{url_of("export", sheet.slug)}"' in page
    assert f'formaction="{url_of("print", sheet.slug)}"' in page


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@pytest.mark.parametrize("sheet", SHEETS)
def test_its_statements_do_not_grow_with_the_records(bureau, sheet, kind):
    records = [MAKERS[sheet.slug]() for _ in range(12)]

    def statements(selection):
        with CaptureQueriesContext(connection) as captured:
            exporting.deliver(
                "transport.export", selection, by=bureau, format=kind, columns=names_in(sheet)
            )
        return len(captured)

    assert statements(only(*records)) <= statements(only(*records[:2]))


def test_a_large_one_is_written_by_a_job(desk, worker, monkeypatch):
    kind = replace(formats.get("xlsx"), at_once=1)
    monkeypatch.setitem(formats._formats, "xlsx", kind)
    contrats = [make_contrat() for _ in range(3)]
    export = asked_for(desk, *contrats, columns=["contract"], totals="")
    assert (export.state, export.job.total) == (State.UNDER_WAY, 3)
    worker.drain()
    export.refresh_from_db()
    assert (export.state, export.job.done) == (State.READY, 3)
    rows = values(workbook(fetched(desk, export)).worksheets[0])
    assert {row[0] for row in rows[1:]} == {contrat.pk_contrat for contrat in contrats}


# ---------------------------------------------------------------------------- ready to be read back
@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("sheet", SHEETS)
def test_no_two_columns_have_one_title(sheet, language):
    with translation.override(language):
        titles = Counter(recognition.word_of(str(column.title)) for column in sheet.columns)
    assert {title: n for title, n in titles.items() if n > 1} == {}


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@pytest.mark.parametrize("sheet", SHEETS)
def test_what_imports_read_in_a_file_is_what_was_written(desk, bureau, sheet, kind, language):
    """Each column is known by its title, and each cell is understood as the value that it had."""
    contrat = make_contrat(
        client=make_customer("-Œuvre d’Éléonore", phone="+221 77 123 45 67"),
        numero_bl="007",
        devise="EUR",
        montant_total=Decimal("1234.5"),
        commentaire="Une ligne\net une autre",
        date_debut=date(2025, 2, 3),  # 3/2 and 2/3 are both in the calendar
    )
    mission = make_mission(contrat, etapes=["Kaolack", "=Kidira"])
    record = {
        "contrats": lambda: contrat,
        "missions": lambda: mission,
        "paiements": lambda: make_paiement(mission, montant="12.34", valide=True),
        "cautions": lambda: make_caution(contrat),
    }[sheet.slug]()
    bureau.language = language
    bureau.save()
    answers = {"format": kind, "columns": names_in(sheet), "totals": ""}
    data = fetched(desk, asked_for(desk, record, **answers))
    heads, row = reader.read(f"a.{kind}", data).rows[:2]
    _place, known = recognition.heading_of([heads], SimpleNamespace(sheet=sheet))
    assert list(known.values()) == names_in(sheet)
    understand = cells.Reader(language, ZoneInfo(timezone.get_current_timezone_name()))
    [written] = reading.rows(only(record), sheet.columns)
    for column, cell, value in zip(sheet.columns, row, written, strict=True):
        if value in (None, ""):
            assert cell == "", column.name
        elif column.kind is Kind.MOMENT:  # files tell it to the minute
            assert understand.way(column)(column, cell)[:16] == f"{value:%Y-%m-%d %H:%M}"
        else:
            assert understand.way(column)(column, cell) == plain(column, value), column.name


def plain(column, value):
    """A value as imports have it."""
    if column.kind in (Kind.AMOUNT, Kind.NUMBER):
        return plain_decimal(value)
    return value.isoformat() if column.kind is Kind.DAY else value
