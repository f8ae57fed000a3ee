"""Is the ledger true? What constraints can't hold, looked at over the whole of it.

The database refuses a false movement and a stock that is not the ledger's (`guards.py`); this finds
what got in where the guards were away: a restored file, a hand at the tables.
"""

from dataclasses import dataclass

from django.db import connections, router, transaction
from django.utils.translation import gettext as _

from .models import Article, MouvementStock
from .states import TypeMouvement
from .stock import Book

BREAKS = """
    SELECT id, article_id, stock_avant, before FROM (
        SELECT id, article_id, stock_avant,
            COALESCE(LAG(stock_apres) OVER (PARTITION BY article_id ORDER BY id), 0) AS before
        FROM inventory_mouvementstock
    ) AS chained WHERE stock_avant <> before ORDER BY id
"""
GAPS = """
    SELECT a.id, a.code, a.quantite_stock, COALESCE((
        SELECT m.stock_apres FROM inventory_mouvementstock m
        WHERE m.article_id = a.id ORDER BY m.id DESC LIMIT 1
    ), 0) AS ledger FROM inventory_article a
"""


@dataclass(frozen=True, slots=True)
class Rupture:
    """A movement that does not start where the one before it ended."""

    mouvement: int
    article: int
    stock_avant: int
    attendu: int


@dataclass(frozen=True, slots=True)
class Ecart:
    """An article whose stock is not where its ledger ends."""

    article: int
    code: str
    stock: int
    journal: int


def breaks():
    """Every `Rupture`, oldest first. One statement over the whole ledger."""
    return [Rupture(*row) for row in _rows(BREAKS)]


def gaps():
    """Every `Ecart`. One statement over all articles."""
    return [
        Ecart(*row) for row in _rows(f"SELECT * FROM ({GAPS}) g WHERE quantite_stock <> ledger")
    ]


def correct(*, by):
    """Write the adjustments that bring the ledger to the stock of the articles; the gaps closed.

    The stock is what people counted on; the ledger says how it came, and now says this as well.
    `by` is who does it, in words. Each article is judged under its lock.
    """
    with transaction.atomic():
        book = Book.open([gap.article for gap in gaps()], by=by)
        closed = [gap for gap in gaps() if gap.article in book.articles]
        for gap in closed:
            book.articles[gap.article].quantite = gap.journal
            book.move(
                gap.article,
                gap.stock - gap.journal,
                TypeMouvement.AJUSTEMENT,
                reference="verifier_stock",
                commentaire=_(
                    "Correction: the ledger ended at %(ledger)s, the stock was %(stock)s."
                )
                % {"ledger": gap.journal, "stock": gap.stock},
            )
        book.write()
    return closed


def _rows(sql):
    connection = connections[router.db_for_read(MouvementStock)]
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def totals():
    """(articles, movements) that were looked at."""
    return Article.objects.count(), MouvementStock.objects.count()
