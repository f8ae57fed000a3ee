"""Articles and counts from files: what a row is, what it writes, what it may not."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from inventory import entries
from inventory.models import Article, ArticleLog, MouvementStock
from inventory.states import TypeMouvement
from project.audit.models import Batch
from project.exchange.imports import writing
from project.exchange.imports.models import Import
from project.exchange.imports.rows import State
from tests.asking import act, picked, url_of
from tests.bookings.importing import errors, rows_of, states, take, undo, write
from tests.exchange.asking_for_files import fetched, values, workbook
from tests.exchange.imports.files import workbook as made
from tests.factories import make_article, make_boutique
from tests.inventory.conftest import move
from tests.inventory.test_recap_of_shops import export_of

pytestmark = pytest.mark.django_db(transaction=True)


def row(code="A1", shop="Ma Boutique", **more):
    return {"Shop": shop, "Code": code, "Name": "Rice", "Price": 1200} | more


def articles_from(user, *rows, **more):
    return take(user, *rows, slug="articles", language="en", **more)


def counts_from(user, *rows, **more):
    return take(user, *rows, slug="counts", language="en", **more)


# ------------------------------------------------------------------------------------- articles
def test_rows_are_new_changed_unchanged_or_in_error(bureau, boutique, article):
    other = make_boutique("Shop 2", code_boutique="S2")
    item = articles_from(
        bureau,
        row(),
        row(code="art-001", Name=article.nom, Price=25000),
        row(code="ART-001", shop="S2"),
        row(code="ART-001", Price=26000),
        row(code="a1"),
        row(code="x y"),
        row(code="B2", shop="Nowhere"),
        row(code="B3", Name=""),
        row(code="B4", Price="1.234"),
        row(code="B5", Price=-1),
    )
    assert states(item) == [
        State.NEW,
        State.UNCHANGED,
        State.NEW,
        State.ERROR,  # the article of row 3 once more
        *[State.ERROR] * 6,
    ]
    found = [set(faults) for faults in errors(item)[3:]]
    assert found == [{"code"}, {"code"}, {"code"}, {"shop"}, {"name"}, {"price"}, {"price"}]
    assert not other.articles.exists()
    assert not Batch.objects.filter(action=entries.CREATED).exists()


def test_articles_are_made_and_changed_with_log_and_history(bureau, boutique, article):
    item = write(
        articles_from(
            bureau,
            row(code="A1", **{"Alert threshold": 7}),
            row(code="A2", Price="12,50", Name="Huile d'arachide"),
            row(code="art-001", Name="Thé vert", Price=26000),
        )
    )
    assert states(item) == [State.WRITTEN] * 3
    first, second = Article.objects.filter(code__in=["A1", "A2"]).order_by("code")
    assert (first.nom, first.seuil_alerte, first.quantite_stock, first.boutique) == (
        "Rice",
        7,
        0,
        boutique,
    )
    assert (second.prix, second.search_text) == (Decimal("12.5"), "a2 huile darachide")
    article.refresh_from_db()
    assert (article.nom, article.prix, article.version) == ("Thé vert", 26000, 2)
    assert article.search_text == "art-001 the vert"
    line = article.logs.get(action_code=entries.CHANGED)
    assert line.changes["nom"] == ["Article Test", "Thé vert"]
    assert set(line.changes) == {"nom", "prix"}
    assert line.batch.reason == "Import de courses.xlsx"
    assert article.history.first().batch_id == line.batch_id
    assert first.history.get().history_type == "+"
    assert first.logs.get().batch.user == bureau
    assert list(Article.objects.search("the vert")) == [article]


def test_undoing_takes_the_new_ones_out_of_use_and_puts_the_others_back(bureau, gestion, article):
    item = write(articles_from(gestion, row(), row(code="ART-001", Name="Other", Price=1)))
    undo(item)
    assert not Article.objects.get(code="A1").est_actif
    article.refresh_from_db()
    assert (article.nom, article.prix) == ("Article Test", 25000)
    assert article.search_text == "art-001 article test"
    assert Import.objects.get().stage == Import.Stage.UNDONE


def test_what_changed_since_the_preview_is_left_alone(bureau, article):
    item = articles_from(bureau, row(code="ART-001", Name="Other"), row())
    move(article, 1)
    article.nom = "Meanwhile"
    article.save(by=bureau)
    make_article(article.boutique, code="a1")
    item = write(item)
    assert [set(faults) for faults in errors(item)] == [{""}, {"code"}]
    article.refresh_from_db()
    assert article.nom == "Meanwhile"


def test_a_closed_shop_gets_no_new_article(bureau, boutique, article):
    boutique.est_actif = False
    boutique.save(by=bureau)
    item = articles_from(bureau, row(), row(code="ART-001", Name="Other"))
    assert states(item) == [State.ERROR, State.CHANGED]
    assert set(errors(item)[0]) == {"shop"}


def test_an_export_comes_back_unchanged(desk, bureau, boutique, article):
    make_article(make_boutique("Shop 2"), 3, code="ART-001", seuil_alerte=4)
    articles = Article.objects.all()
    answers = picked(*articles) | {"format": "xlsx", "totals": "on"}
    export = export_of(act(desk, url_of("export", "articles"), answers))
    item = articles_from(bureau, data=fetched(desk, export))
    assert states(item) == [State.UNCHANGED] * 2


def test_its_statements_do_not_grow_with_its_rows(bureau, boutique):
    counts = []
    for start, many in ((0, 5), (100, 300)):
        rows = [row(code=f"N-{start + n}") for n in range(many)]
        item = articles_from(bureau, *rows)
        with CaptureQueriesContext(connection) as statements:
            writing.write_chunk(item, 0)
        counts.append(len(statements))
        changed = [row(code=f"N-{start + n}", Price=5 + n) for n in range(many)]
        item = articles_from(bureau, *changed)
        with CaptureQueriesContext(connection) as statements:
            writing.write_chunk(item, 0)
        counts.append(len(statements))
    assert counts[:2] == counts[2:]
    assert Article.objects.count() == 305
    assert ArticleLog.objects.filter(action_code=entries.CHANGED).count() == 305


def test_the_page_of_an_import_leads_to_what_it_made(desk, bureau, boutique):
    item = articles_from(bureau, row())
    page = desk.get(item.get_absolute_url())
    assert "A1" in page.content.decode()
    item = write(item)
    page = desk.get(item.get_absolute_url())
    assert Article.objects.get().get_absolute_url() in page.content.decode()


def test_it_asks_for_its_permission(desk, boss, client):
    assert desk.get(reverse("imports:new", args=["articles"])).status_code == 200
    assert desk.get(reverse("imports:new", args=["counts"])).status_code == 403
    assert boss.get(reverse("imports:new", args=["counts"])).status_code == 200


@pytest.mark.parametrize("slug", ["articles", "counts"])
def test_the_template_can_be_filled_in_and_brought_back(boss, gestion, boutique, article, slug):
    response = boss.get(reverse("imports:template", args=[slug]))
    sheet = workbook(response.content).worksheets[0]
    titles = values(sheet)[0]
    given = {"Shop": boutique.nom, "Code": "ART-001", "Name": "x", "Price": 9, "Counted": 4}
    data = made(titles, [given.get(title, "") for title in titles])
    item = take(gestion, data=data, slug=slug, language="en")
    assert states(item) == [State.CHANGED]


# --------------------------------------------------------------------------------------- counts
def counted(code="ART-001", found=8, shop="Ma Boutique", **more):
    return {"Shop": shop, "Code": code, "Counted": found} | more


def test_a_count_shows_its_differences_and_writes_them_as_adjustments(gestion, boutique, article):
    same = make_article(boutique, 5, code="SAME")
    skipped = make_article(boutique, 3, code="SKIP")
    item = counts_from(
        gestion,
        counted(),
        counted("same", 5),
        counted("SKIP", ""),
        counted("NONE", 1),
        counted("", 1),
        counted("SAME", -1),
        name="count.xlsx",
    )
    assert states(item) == [
        State.CHANGED,
        State.UNCHANGED,
        State.UNCHANGED,
        *[State.ERROR] * 3,
    ]
    assert rows_of(item)[0].before == {"counted": 10}
    assert MouvementStock.objects.filter(type_mouvement=TypeMouvement.AJUSTEMENT).count() == 0
    item = write(item)
    movement = MouvementStock.objects.get(type_mouvement=TypeMouvement.AJUSTEMENT)
    assert (movement.quantite, movement.stock_apres) == (-2, 8)
    assert movement.reference_document == "Import de count.xlsx"
    assert movement.batch.action == "inventory.count"
    stocks = {each.code: each.quantite_stock for each in Article.objects.all()}
    assert stocks == {"ART-001": 8, "SAME": 5, "SKIP": skipped.quantite_stock}
    assert article.logs.get(action_code="inventory.count").changes == {"quantite_stock": [10, 8]}
    assert same.logs.filter(action_code="inventory.count").count() == 0


def test_what_is_sold_between_the_preview_and_the_writing_stays_sold(gestion, article):
    item = counts_from(gestion, counted())
    move(article, -3, TypeMouvement.SORTIE)
    write(item)
    article.refresh_from_db()
    assert article.quantite_stock == 5


def test_a_sheet_that_was_printed_says_what_was_expected(gestion, article):
    move(article, -3, TypeMouvement.SORTIE)  # after it was printed, and after the count
    item = counts_from(gestion, counted(found=10, Stock=10), counted(found=8, Stock=10))
    assert states(item) == [State.UNCHANGED, State.ERROR]
    write(counts_from(gestion, counted(found=8, Stock=10)))
    article.refresh_from_db()
    assert article.quantite_stock == 5


def test_an_export_with_the_column_counted_is_a_count_sheet(boss, gestion, article):
    columns = ["shop", "code", "name", "stock", "counted"]
    answers = picked(article) | {"format": "xlsx", "columns": columns, "columns_order": columns}
    export = export_of(act(boss, url_of("export", "articles"), answers))
    [titles, [*cells]] = values(workbook(fetched(boss, export)).worksheets[0])
    assert titles == ["Shop", "Code", "Name", "Stock", "Counted"]
    assert cells == ["Ma Boutique", "ART-001", "Article Test", 10, None]
    cells[-1] = 12
    write(counts_from(gestion, data=made(titles, cells)))
    article.refresh_from_db()
    assert article.quantite_stock == 12


def test_counts_of_two_shops_are_an_act_each(gestion, article):
    other = make_boutique("Shop 2")
    make_article(other, 4, code="ART-001")
    item = write(counts_from(gestion, counted(), counted(shop=other.code_boutique)))
    assert states(item) == [State.WRITTEN] * 2
    assert Batch.objects.filter(action="inventory.count", user=gestion).count() == 2
    assert item.batches.count() == 2


def test_what_is_out_of_use_is_not_counted(gestion, article):
    article.est_actif = False
    article.save(by=gestion)
    item = counts_from(gestion, counted())
    assert states(item) == [State.ERROR]
    assert set(errors(item)[0]) == {"code"}


def test_the_statements_of_a_count_do_not_grow_with_its_rows(gestion, boutique):
    counts = []
    for start, many in ((0, 5), (100, 150)):
        codes = [f"N-{start + n}" for n in range(many)]
        for code in codes:
            make_article(boutique, code=code)
        item = counts_from(gestion, *(counted(code, 3) for code in codes))
        with CaptureQueriesContext(connection) as statements:
            writing.write_chunk(item, 0)
        counts.append(len(statements))
    assert counts[0] == counts[1]
