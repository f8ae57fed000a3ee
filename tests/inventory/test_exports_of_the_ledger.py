"""Files of articles, movements and sales; what a shop then tells of its ledger."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from inventory.models import MouvementStock, Vente
from inventory.states import TypeMouvement
from inventory.sync import synchronise
from project.audit.models import Batch
from project.exchange import exporting
from project.exchange.models import Export, ExportedRow
from project.jobs.worker import Worker
from tests.asking import act, browser_of, picked, url_of
from tests.exchange.asking_for_files import fetched, lines_of_csv, values, workbook
from tests.factories import (
    make_article,
    make_boutique,
    make_terminal,
    make_user,
    make_vente_json,
)
from tests.inventory.conftest import move
from tests.inventory.test_recap_of_shops import export_of

pytestmark = pytest.mark.django_db
MOVEMENTS = url_of("export_movements", "mouvements")
SALES = url_of("export_sales", "ventes")


def rows_of(book):
    titles, *rows = values(book.worksheets[0])
    return [dict(zip(titles, row, strict=True)) for row in rows]


@pytest.fixture
def sold(terminal, article):
    synchronise(terminal, [make_vente_json((article, 3), numero="F1")])
    return Vente.objects.get()


def test_movements_are_exported_by_their_filter(desk, boutique, article, sold):
    make_article(make_boutique("Shop 2"), 5)
    answers = {"all": "1", "filter": f"boutique={boutique.pk}", "format": "xlsx", "totals": "on"}
    export = export_of(act(desk, MOVEMENTS, answers))
    rows = rows_of(workbook(fetched(desk, export)))
    assert [row["Quantity"] for row in rows] == [10, -3, None, 7]
    assert (rows[1]["Type"], rows[1]["Document"]) == ("Sale", "F1")
    assert (rows[1]["Stock before"], rows[1]["Stock after"]) == (10, 7)
    assert export.options["filter_words"]


def test_sales_are_exported_as_csv(desk, sold):
    export = export_of(act(desk, SALES, picked(sold) | {"format": "csv"}))
    titles, [*cells] = lines_of_csv(fetched(desk, export))
    found = dict(zip(titles, cells, strict=True))
    assert (found["Invoice number"], found["Total"], found["Currency"]) == ("F1", "75000", "CDF")


def test_the_shops_tell_that_their_movements_were_shown(desk, bureau, boutique, article, sold):
    other = make_article(make_boutique("Shop 2"), 5).boutique
    make_boutique("Shop 3")
    act(desk, MOVEMENTS, {"all": "1", "filter": "", "format": "csv"})
    batch = Batch.objects.get(action="inventory.export_movements")
    assert (batch.model, batch.user, batch.changed) == ("inventory.boutique", bureau, 2)
    for shop in (boutique, other):
        line = shop.logs.get(batch=batch)
        assert line.action == "Exported (CSV)"
        assert "Movements exported" in desk.get(shop.get_absolute_url()).content.decode()
    page = desk.get(reverse("batch", args=[batch.pk]))
    assert "Ma Boutique" in page.content.decode()
    assert boutique.history.count() == 1


def test_what_comes_after_the_confirmation_is_not_in_a_file_that_a_job_writes(
    desk, boutique, monkeypatch, article
):
    for _ in range(3):
        move(article, 1)
    kind = exporting.formats.get("csv")
    few = type(kind)(**{**vars(kind), "at_once": 2})
    monkeypatch.setitem(exporting.formats._formats, "csv", few)
    export = export_of(act(desk, MOVEMENTS, {"all": "1", "filter": "", "format": "csv"}))
    assert (export.rows, export.noted.count()) == (4, 4)
    move(article, 1)
    Worker().drain()
    export.refresh_from_db()
    assert len(lines_of_csv(fetched(desk, export))) == 1 + 4
    assert not ExportedRow.objects.exists()


def test_the_shops_tell_that_a_file_of_their_movements_was_stopped(
    desk, boutique, monkeypatch, article
):
    move(article, 1)
    other = make_article(make_boutique("Shop 2"), 5).boutique
    kind = replace(exporting.formats.get("csv"), at_once=0)
    monkeypatch.setitem(exporting.formats._formats, "csv", kind)
    export = export_of(act(desk, MOVEMENTS, {"all": "1", "filter": "", "format": "csv"}))
    desk.post(reverse("exchange:stop", args=[export.pk]))
    Worker().drain()
    for shop in (boutique, other):
        lines = shop.logs.filter(batch=export.batch).order_by("pk")
        assert [line.action for line in lines] == [
            "Exported (CSV)",
            "No file was kept (CSV): stopped",
        ]
    assert exporting.records_of(export).count() == 3


def test_a_movement_that_came_meanwhile_is_no_reason_to_ask_again(desk, article):
    data = {"all": "1", "filter": "", "format": "csv"}
    asked = desk.post(MOVEMENTS, data)
    ticket = {name: dict(asked.context["hidden"])[name] for name in ("confirm", "token", "digest")}
    move(article, 1)
    export = export_of(desk.post(MOVEMENTS, data | ticket))
    assert export.rows == 2
    again = desk.post(MOVEMENTS, data | ticket)
    assert export_of(again) == export


def test_a_file_of_nothing_is_refused_and_logged_nowhere(desk, article, sold):
    MouvementStock.objects.all()
    data = {"all": "1", "filter": "reference=none", "format": "csv"}
    response = desk.post(MOVEMENTS, data | {"confirm": "1"})
    assert response.status_code in (302, 422)
    assert not Export.objects.exists()
    assert not Batch.objects.filter(action="inventory.export_movements").exists()


def test_a_sheet_for_each_shop_and_type(desk, article, sold):
    make_article(make_boutique("Shop 2"), 5)
    for per, names in (("shop", ["Ma Boutique", "Shop 2"]), ("type", ["Stock in", "Sale"])):
        answers = {"all": "1", "filter": "", "format": "xlsx", "per": per}
        export = export_of(act(desk, MOVEMENTS, answers))
        book = workbook(fetched(desk, export))
        assert [name for name in book.sheetnames if name != "About this file"] == names


@pytest.mark.parametrize("per", ["shop", "terminal"])
def test_sheets_stand_in_the_order_of_names_whatever_their_accents(desk, per):
    names = ["Aïr", "Élan", "zèbre", "Zone"]
    for name in reversed(names):
        shop = make_boutique(name if per == "shop" else None)
        till = make_terminal(shop, nom_terminal=name)
        synchronise(till, [make_vente_json((make_article(shop, 9), 1), numero=name)])
    answers = {"all": "1", "filter": "", "format": "xlsx", "per": per}
    book = workbook(fetched(desk, export_of(act(desk, SALES, answers))))
    assert [name for name in book.sheetnames if name != "About this file"] == names


def test_shops_and_terminals_stand_in_that_order_in_their_lists(desk):
    names = ["Aïr", "Élan", "zèbre", "Zone"]
    for name in reversed(names):
        make_terminal(make_boutique(name), nom_terminal=name)
    for slug in ("boutiques", "terminaux"):
        page = desk.get(reverse(f"inventory:{slug}")).content.decode()
        assert sorted(names, key=page.index) == names


def test_it_takes_the_permission_and_the_view(article, sold):
    for codename in ("view_mouvementstock", "export_mouvementstock"):
        user = make_user()
        user.user_permissions.add(Permission.objects.get(codename=codename))
        response = browser_of(user).post(MOVEMENTS, {"all": "1", "format": "csv"})
        assert response.status_code == 403


def test_its_statements_do_not_grow_with_the_movements(desk, article):
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as statements:
            act(desk, MOVEMENTS, {"all": "1", "filter": "", "format": "csv"})
        counts.append(len(statements))
        for _ in range(40):
            move(article, 1, TypeMouvement.ENTREE)
    assert counts[0] == counts[1]


def test_rows_noted_for_a_file_that_never_came_go_after_a_week(desk, bureau, article):
    act(desk, MOVEMENTS, {"all": "1", "filter": "", "format": "csv"})
    export = Export.objects.get()
    ExportedRow.objects.create(export=export, row=article.mouvements.get().pk)
    exporting.delete_expired()
    assert ExportedRow.objects.exists()
    exporting.delete_expired(timezone.now() + timedelta(days=8))
    assert not ExportedRow.objects.exists()


def test_articles_tell_what_their_stock_calls_for(desk, boutique):
    make_article(boutique, 2, code="LOW", prix=3, seuil_alerte=5)
    make_article(boutique, 0, code="OUT", seuil_alerte=5)
    answers = {"all": "1", "filter": "", "format": "xlsx", "totals": "on"}
    export = export_of(act(desk, url_of("export", "articles"), answers))
    rows = {row["Code"]: row for row in rows_of(workbook(fetched(desk, export)))}
    assert (rows["LOW"]["Level"], rows["LOW"]["Value at selling price"]) == ("low", 6)
    assert rows["OUT"]["Level"] == "out of stock"
    assert boutique.articles.first().logs.filter(batch__action="inventory.export").exists()
