"""The recap of a shop: its numbers are those of its ledger."""

from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory import movements
from inventory.models import LigneVente, MouvementStock, Vente
from inventory.recap import SUMS, recap_of
from inventory.states import TypeMouvement
from inventory.stock import Book
from inventory.sync import synchronise
from project.audit.models import Batch
from project.exchange.models import Export
from tests.asking import act, picked, url_of
from tests.exchange.asking_for_files import fetched, values, workbook
from tests.exchange.pdf.reading import text_of
from tests.factories import make_article, make_boutique, make_vente_json

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


def at(days_ago):
    """A moment so many days ago, in the middle of the day."""
    noon = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)
    return noon - timedelta(days=days_ago)


def day(days_ago):
    return at(days_ago).date()


def move(article, quantity, genre, days_ago):
    with transaction.atomic():
        book = Book.open([article.pk], by="tests", at=at(days_ago))
        book.move(article.pk, quantity, genre)
        book.write()


@pytest.fixture
def month(boutique, terminal, gestion):
    """A shop whose articles moved in every way, before, within and after ten days."""
    rice = make_article(boutique, code="RIZ", nom="Riz", prix=1000, seuil_alerte=5)
    oil = make_article(boutique, code="HUILE", nom="Huile", prix=2000, seuil_alerte=50)
    make_article(boutique, code="VIDE", nom="Vide", prix=10)
    for n, days_ago in enumerate((30, 9, 5, 1)):
        move(rice, 20 + n, TypeMouvement.ENTREE, days_ago)
        move(oil, 10 + n, TypeMouvement.ENTREE, days_ago)
        synchronise(terminal, [make_vente_json((rice, 3), (oil, 2))], at=at(days_ago))
    move(oil, -4, TypeMouvement.SORTIE, 5)
    move(rice, -1, TypeMouvement.AJUSTEMENT, 5)
    for article in (rice, oil):
        article.refresh_from_db()
    counted = {rice.pk: (rice.quantite_stock, rice.quantite_stock - 2)}
    movements.count(boutique, counted, by=gestion, reference="INV-1")
    vente = Vente.objects.order_by("pk").last()
    movements.take_back(vente, {oil.pk: 1}, by=gestion)
    return boutique


def ledger(boutique, first, last, **among):
    rows = MouvementStock.objects.filter(
        boutique=boutique, date_mouvement__date__gte=first, date_mouvement__date__lte=last, **among
    )
    return rows.aggregate(n=Sum("quantite"))["n"] or 0


@pytest.mark.parametrize(("since", "until"), [(40, 0), (9, 5), (9, 9), (4, 0), (60, 31), (0, 0)])
def test_its_numbers_are_those_of_the_ledger(month, since, until):
    first, last = day(since), day(until)
    recap = recap_of(month, first, last)
    kinds = {
        "entrees": TypeMouvement.ENTREE,
        "sorties": TypeMouvement.SORTIE,
        "ventes": TypeMouvement.VENTE,
        "retours": TypeMouvement.RETOUR,
    }
    for name, genre in kinds.items():
        assert getattr(recap, name) == ledger(month, first, last, type_mouvement=genre), name
    adjusted = ledger(month, first, last, type_mouvement=TypeMouvement.AJUSTEMENT)
    assert recap.comptages + recap.ajustements == adjusted
    assert recap.debut == ledger(month, date(2000, 1, 1), first - timedelta(days=1))
    assert recap.fin == ledger(month, date(2000, 1, 1), last)
    for line in recap.lines:
        assert line.fin == line.debut + sum(getattr(line, name) for name in SUMS[1:-2])
        own = ledger(month, date(2000, 1, 1), last, article__code=line.code)
        assert line.fin == own
    booked = MouvementStock.objects.filter(
        type_mouvement=TypeMouvement.VENTE,
        date_mouvement__date__gte=first,
        date_mouvement__date__lte=last,
    )
    sales = LigneVente.objects.filter(vente__in=booked.values("vente"))
    assert recap.sold == (sales.aggregate(n=Sum("quantite"))["n"] or 0)
    assert recap.montant == sum(line.montant for line in sales)
    assert recap.nombre == booked.values("vente").distinct().count()
    assert recap.valeur == sum(line.fin * line.prix for line in recap.lines)


def test_counts_are_told_from_other_adjustments(month):
    recap = recap_of(month, day(40), day(0))
    assert (recap.comptages, recap.ajustements) == (-2, -1)


def test_what_is_low_and_what_is_gone_is_named(month):
    recap = recap_of(month, day(40), day(0))
    assert [line.code for line in recap.low] == ["VIDE", "HUILE"]
    assert (recap.bas, recap.vides) == (2, 1)


def test_a_sale_counts_when_it_was_booked(boutique, terminal, article):
    sold = make_vente_json((article, 2)) | {"date_vente": at(20).isoformat()}
    synchronise(terminal, [sold])
    assert recap_of(boutique, day(25), day(15)).nombre == 0
    assert recap_of(boutique, day(0), day(0)).nombre == 1


def test_another_shop_is_not_in_it(month):
    other = make_boutique("Shop 2")
    make_article(other, 7)
    recap = recap_of(other, day(40), day(0))
    assert (recap.nombre, recap.ventes, recap.fin) == (0, 0, 7)


def test_it_is_one_statement_whatever_the_articles(month):
    for n in range(30):
        make_article(month, 1, code=f"N-{n}")
    with CaptureQueriesContext(connection) as statements:
        recap_of(month, day(9), day(0))
    assert len(statements) == 1


# -------------------------------------------------------------------------------------- the files
def asked_for(client, *shops, **answers):
    answers = {"first": day(40), "last": day(0)} | answers
    return act(client, url_of("recap", "boutiques"), picked(*shops) | answers)


def export_of(response):
    return Export.objects.get(pk=response.url.rstrip("/").rpartition("/")[2])


def test_the_excel_file_has_a_row_for_each_shop_and_each_article(desk, month):
    other = make_boutique("Shop 2", currency="CDF")
    make_article(other, 7, code="PAIN", prix=2)
    export = export_of(asked_for(desk, month, other, format="recap.xlsx"))
    book = workbook(fetched(desk, export))
    shops, articles = book["Recap"], book["Articles"]
    recap = recap_of(month, day(40), day(0))
    head, first, second, *_totals = values(shops)
    found = dict(zip(head, first, strict=True))
    assert found["Number of sales"] == recap.nombre
    assert found["Stock at the end"] == recap.fin
    assert found["Value of the sales"] == recap.montant
    assert dict(zip(head, second, strict=True))["Stock at the end"] == 7
    rows = [dict(zip(values(articles)[0], row, strict=True)) for row in values(articles)[1:4]]
    assert {row["Code"] for row in rows} == {"RIZ", "HUILE", "VIDE"}
    assert "About this file" in book.sheetnames
    assert sum(row["Stock at the end"] for row in rows) == recap.fin


def test_the_pdf_says_the_same(desk, month):
    export = export_of(asked_for(desk, month, format="recap.pdf"))
    text = text_of(fetched(desk, export))
    recap = recap_of(month, day(40), day(0))
    for words in (month.nom, "Units sold", str(recap.sold), "Riz", "out of stock", "by awa"):
        assert words in text


def test_the_shop_tells_that_its_recap_was_made(desk, month):
    asked_for(desk, month, format="recap.pdf")
    line = month.logs.get(batch__action="inventory.recap")
    assert "(PDF)" in line.action
    assert month.history.count() == 1


def test_wrong_days_are_said_at_their_field(desk, month):
    response = asked_for(desk, month, first=day(0), last=day(3), format="x")
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"last", "format"}
    assert not Batch.objects.filter(action="inventory.recap").exists()
