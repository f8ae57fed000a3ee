"""The ledger: it only grows, it adds up, and the stock is where it ends."""

import io

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django_tasks_db.models import DBTaskResult

from inventory.guards import keep
from inventory.ledger_check import breaks, gaps
from inventory.models import Article, LigneVente, MouvementStock, Vente
from inventory.states import TypeMouvement
from inventory.stock import Book, StockChanged
from inventory.sync import synchronise
from project.audit.recorder import Unrecorded
from tests.factories import make_article, make_boutique, make_vente_json
from tests.inventory.conftest import move

pytestmark = pytest.mark.django_db


def refused(statement, *params):
    with (
        pytest.raises(DatabaseError) as refusal,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, params)
    return str(refusal.value)


@pytest.mark.parametrize("model", [Vente, LigneVente, MouvementStock])
def test_the_database_changes_and_deletes_no_row_of_it(terminal, article, model):
    synchronise(terminal, [make_vente_json((article, 1))])
    table = model._meta.db_table
    assert "only grows" in refused(f"UPDATE {table} SET id = id")
    assert "only grows" in refused(f"DELETE FROM {table}")
    assert model.objects.exists()


@pytest.mark.parametrize("model", [Vente, LigneVente, MouvementStock])
def test_nor_does_the_code(terminal, article, model):
    synchronise(terminal, [make_vente_json((article, 1))])
    row = model.objects.last()
    with pytest.raises(models.ProtectedError):
        row.save()
    with pytest.raises(models.ProtectedError):
        row.delete()
    with pytest.raises(Unrecorded):
        model.objects.update(id=1)
    with pytest.raises(Unrecorded):
        model.objects.all().delete()


@pytest.mark.parametrize("model", [Vente, LigneVente, MouvementStock])
def test_the_ledger_is_its_own_history(model):
    assert not hasattr(model, "history")
    assert "quantite_stock" not in {each.name for each in Article.history.model._meta.get_fields()}


def movement(article, **fields):
    given = {
        "article": article,
        "boutique": article.boutique,
        "type_mouvement": TypeMouvement.AJUSTEMENT,
        "quantite": 1,
        "stock_avant": 10,
        "stock_apres": 11,
    }
    with transaction.atomic():
        return MouvementStock.objects.create(**given | fields)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"stock_apres": 12}, "mouvement_adds_up"),
        ({"quantite": 0, "stock_apres": 10}, "mouvement_goes_its_way"),
        ({"type_mouvement": "SORTIE"}, "mouvement_goes_its_way"),
        ({"type_mouvement": "VOL"}, "mouvement_goes_its_way"),
        ({"type_mouvement": "VENTE", "quantite": -1, "stock_apres": 9}, "mouvement_sale"),
        ({"stock_avant": 9, "stock_apres": 10}, "starts where the last one ended"),
    ],
)
def test_the_database_takes_no_false_movement(article, fields, why):
    with pytest.raises(IntegrityError, match=why):
        movement(article, **fields)


def test_nor_one_in_another_shop(article):
    with pytest.raises(IntegrityError, match="starts where"):
        movement(article, boutique=make_boutique())


def test_nor_a_stock_that_is_not_the_ledgers(article):
    text = refused("UPDATE inventory_article SET quantite_stock = 11 WHERE id = %s", article.pk)
    assert "that of its ledger" in text
    with pytest.raises(IntegrityError), transaction.atomic():
        models.QuerySet(Article).bulk_create(
            [Article(boutique=article.boutique, code="X", nom="X", prix=1, quantite_stock=3)]
        )


def test_nor_moves_an_article_with_a_ledger_to_another_shop(article):
    article.boutique = make_boutique()
    with pytest.raises(IntegrityError, match="keeps its shop"), transaction.atomic():
        article.save()


def test_a_save_of_an_article_leaves_its_stock_as_it_stands(article):
    stale = Article.objects.get(pk=article.pk)
    move(article, -3)
    stale.nom = "Another name"
    stale.save()
    article.refresh_from_db()
    assert (article.nom, article.quantite_stock) == ("Another name", 7)
    [line] = [line for line in article.logs.all() if line.action_code == "inventory.edit"]
    assert set(line.changes) == {"nom"}
    assert article.save() is None


def test_the_book_refuses_a_stock_that_was_written_behind_it(article):
    with pytest.raises(StockChanged), transaction.atomic():
        book = Book.open([article.pk], by="tests")
        book.move(article.pk, 1, TypeMouvement.ENTREE)
        book.articles[article.pk].avant = 9
        book.articles[article.pk].quantite = 11
        book.write_stock()


# ------------------------------------------------------------------------------- verifier_stock
def verify(*options):
    out = io.StringIO()
    call_command("verifier_stock", *options, stdout=out)
    return out.getvalue()


def test_verifier_stock_finds_a_true_ledger_true(article):
    move(article, -4)
    assert "1" in verify()
    assert (breaks(), gaps()) == ([], [])


def test_it_reports_a_gap_and_closes_it_with_an_adjustment(article):
    movement(article, quantite=-3, stock_apres=7)  # without the article's stock
    with pytest.raises(CommandError):
        verify()
    assert [(gap.stock, gap.journal) for gap in gaps()] == [(10, 7)]
    verify("--corriger")
    last = MouvementStock.objects.first()
    assert (last.type_mouvement, last.quantite) == (TypeMouvement.AJUSTEMENT, 3)
    assert (last.stock_avant, last.stock_apres) == (7, 10)
    assert last.utilisateur == "verifier_stock"
    article.refresh_from_db()
    assert article.quantite_stock == 10
    assert gaps() == []


def test_it_reports_a_movement_that_does_not_follow(article):
    with without_guard("mouvement_follows"):
        movement(article, stock_avant=40, stock_apres=41)
    [found] = breaks()
    assert (found.stock_avant, found.attendu) == (40, 10)
    with pytest.raises(CommandError):
        verify("--corriger")


class without_guard:
    """The movements' trigger out of the way, as where the file was made by hand."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute(f"DROP TRIGGER {self.name}")
            else:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute(f"ALTER TABLE inventory_mouvementstock DISABLE TRIGGER {self.name}")

    def __exit__(self, *error):
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute(f"ALTER TABLE inventory_mouvementstock ENABLE TRIGGER {self.name}")


def test_a_migrate_puts_missing_guards_back(article):
    name = "mouvement_follows"
    with connection.cursor() as cursor:
        on = " ON inventory_mouvementstock" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER {name}{on}")
    keep(sender=apps.get_app_config("inventory"), using="default")
    with pytest.raises(IntegrityError):
        movement(article, stock_avant=40, stock_apres=41)


# ------------------------------------------------------------------------------------ low stock
def alerts():
    return [task.args_kwargs["kwargs"]["articles"] for task in DBTaskResult.objects.all()]


def test_low_stock_is_told_once_per_crossing(boutique):
    article = make_article(boutique, 10, seuil_alerte=5)
    move(article, -4)
    assert alerts() == []
    move(article, -1)
    assert alerts() == [[article.pk]]
    move(article, -1)
    move(article, -1)
    assert len(alerts()) == 1
    move(article, 10)
    move(article, -9)
    assert len(alerts()) == 2


def test_nothing_is_told_of_what_was_rolled_back(boutique):
    article = make_article(boutique, 10, seuil_alerte=5)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        move(article, -9)
        raise ZeroDivisionError
    assert alerts() == []
