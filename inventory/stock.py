"""The one way in which stock changes: articles locked in id order, movements written, stock set.

    with transaction.atomic():
        book = Book(article_ids)
        book.move(article_id, -2, TypeMouvement.VENTE, ...)
        book.write()

What is decided between is decided on the stock as it is, since no one else can open the book of
these articles. Three statements, whatever the number of articles and movements.
"""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import connections, models, router
from django.utils import timezone

from project.audit.rows import table_of

from . import notifications
from .models import Article, MouvementStock

LARGEST_STOCK = 2**31 - 1
COLUMNS = {
    "article": "key",
    "boutique": "key",
    "genre": "text",
    "quantite": "key",
    "avant": "key",
    "apres": "key",
    "reference": "text",
    "commentaire": "text",
    "vente": "key",
}


class StockChanged(Exception):
    """Stock is not what the book says: somebody wrote it without opening the book."""


@dataclass(slots=True)
class Etat:
    """An article under lock: `quantite` follows the movements, `avant` is where it began."""

    id: int
    boutique: int
    code: str
    nom: str
    avant: int
    seuil: int
    actif: bool
    quantite: int

    @property
    def crossed(self):
        """Whether the stock has come down to its threshold."""
        return self.actif and self.avant > self.seuil >= self.quantite


@dataclass(slots=True)
class Book:
    """The ledger of some articles, open to be written: their rows are locked, in id order.

    `by` is who moves the stock, in words.
    """

    articles: dict
    by: str = ""
    at: datetime = None
    moved: list = field(default_factory=list)

    @classmethod
    def open(cls, ids, *, by, at=None):
        """Lock the articles with these ids; those that don't exist are not in `articles`."""
        connection = _connection()
        table, params = table_of(connection, "t", {"id": "key"}, [{"id": key} for key in ids])
        lock = "FOR NO KEY UPDATE OF a" if connection.vendor == "postgresql" else ""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT a.id, a.boutique_id, a.code, a.nom, a.quantite_stock, a.seuil_alerte, "
                f"a.est_actif, a.quantite_stock FROM {_table(Article)} a "
                f"WHERE a.id IN (SELECT t.id FROM {table}) ORDER BY a.id {lock}",
                params,
            )
            articles = {row[0]: Etat(*row) for row in cursor.fetchall()}
        return cls(articles, by[:100], at or timezone.now())

    def move(self, article, quantite, genre, *, reference="", commentaire="", vente=None):
        """Note a movement of an article (its id); stock follows at once, in memory.

        `vente` is a sale's id, or what `write` finds that id by.
        """
        etat = self.articles[article]
        avant = etat.quantite
        etat.quantite += quantite
        self.moved.append(
            (article, etat.boutique, genre, quantite, avant, reference, commentaire, vente)
        )

    def quantities(self):
        """(article, how many) of each movement that was noted."""
        return [(article, quantity) for article, _shop, _genre, quantity, *_rest in self.moved]

    def write(self, *, batch=None, ventes=None):
        """Write the movements and the stock they leave.

        `ventes` maps what `move` was told of a sale to its id.
        """
        self.write_movements(batch=batch, ventes=ventes)
        self.write_stock()

    def write_movements(self, *, batch=None, ventes=None):
        """The movements alone: whoever sets the stock as well calls `follow_up` then."""
        if not self.moved:
            return
        connection = _connection()
        rows = [
            {
                "article": article,
                "boutique": boutique,
                "genre": str(genre),
                "quantite": quantite,
                "avant": avant,
                "apres": avant + quantite,
                "reference": reference,
                "commentaire": commentaire,
                "vente": ventes[vente] if ventes and vente is not None else vente,
            }
            for article, boutique, genre, quantite, avant, reference, commentaire, vente in (
                self.moved
            )
        ]
        table, params = table_of(connection, "t", COLUMNS, rows)
        moment = connection.ops.adapt_datetimefield_value(self.at)
        key = batch and MouvementStock._meta.get_field("batch").get_db_prep_value(
            batch.pk, connection
        )
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {_table(MouvementStock)} (article_id, boutique_id, type_mouvement, "
                "quantite, stock_avant, stock_apres, reference_document, commentaire, vente_id, "
                "utilisateur, date_mouvement, batch_id) "
                "SELECT t.article, t.boutique, t.genre, t.quantite, t.avant, t.apres, t.reference, "
                f"t.commentaire, t.vente, %s, {_moment(connection)}, {_uuid(connection)} "
                f"FROM {table}",
                [self.by, moment, key, *params],
            )

    def write_stock(self):
        """Set the stock, where it is still what the book says. Raises StockChanged."""
        changed = [etat for etat in self.articles.values() if etat.quantite != etat.avant]
        if changed:
            connection = _connection()
            table, params = table_of(
                connection,
                "t",
                {"id": "key", "avant": "key", "apres": "key"},
                [{"id": etat.id, "avant": etat.avant, "apres": etat.quantite} for etat in changed],
            )
            with connection.cursor() as cursor:
                cursor.execute(
                    f"UPDATE {_table(Article)} SET quantite_stock = t.apres FROM {table} "
                    f"WHERE {_table(Article)}.id = t.id AND quantite_stock = t.avant",
                    params,
                )
                if cursor.rowcount != len(changed):
                    raise StockChanged
        self.follow_up()

    def follow_up(self):
        """Tell of what has just become low; in the same transaction, so once per crossing."""
        notifications.tell_crossed(etat.id for etat in self.articles.values() if etat.crossed)


def stock_left_by(batch):
    """An expression over an article: the stock that the movement of this batch left it."""
    movement = MouvementStock.objects.filter(article=models.OuterRef("pk"), batch=batch)
    return models.Subquery(movement.order_by().values("stock_apres")[:1])


def _connection():
    return connections[router.db_for_write(MouvementStock)]


def _table(model):
    return model._meta.db_table


def _moment(connection):
    return "%s::timestamptz" if connection.vendor == "postgresql" else "%s"


def _uuid(connection):
    return "%s::uuid" if connection.vendor == "postgresql" else "%s"
