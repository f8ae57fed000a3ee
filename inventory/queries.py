"""Reads that span models."""

from datetime import datetime, timedelta

from django.core.signing import BadSignature, Signer
from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from project.ui.pages import From

from .models import Article, MouvementStock

BY_ID, BY_DATE = "id", "date"
MOVEMENT_FIELDS = (
    "id",
    "article_id",
    "article__nom",
    "article__code",
    "type_mouvement",
    "quantite",
    "stock_avant",
    "stock_apres",
    "reference_document",
    "commentaire",
    "date_mouvement",
    "utilisateur",
)
# A change that was under way when the catalogue was read may bear an earlier time.
OVERLAP = timedelta(minutes=1)
_signer = Signer(salt="mouvements")
_catalogue_signer = Signer(salt="articles")


class BadCursor(ValueError):
    """A cursor that no page gave out, or one of another order."""


def low_stock(shop):
    """{bas, zero}: how many active articles are at their threshold, and without stock.

    Whoever has no stock is at the threshold, which is never below 0: one index holds them all.
    """
    low = Article.objects.active().low().filter(boutique=shop).order_by()
    return low.aggregate(bas=Count("pk"), zero=Count("pk", filter=Q(quantite_stock__lte=0)))


def movements_page(
    shop, *, article=None, genre=None, since=None, until=None, limit=100, cursor=None
):
    """(rows as dicts, cursor of what is beyond or None): the movements of a shop, newest first.

    In the order of the ledger; between two dates, and of one type of an article, in the order of
    the dates. Each on its index: the deepest page costs what the first does. Raises BadCursor.
    """
    movements = MouvementStock.objects.order_by()
    if article is None:
        movements = movements.filter(boutique=shop)
    elif Article.objects.filter(pk=article, boutique=shop).exists():
        # An article has one shop: by itself it is one stretch of its index.
        movements = movements.filter(article=article)
    else:
        return [], None
    if genre:
        movements = movements.filter(type_mouvement=genre)
    if since:
        movements = movements.filter(date_mouvement__gte=since)
    if until:
        movements = movements.filter(date_mouvement__lte=until)
    order = BY_DATE if since or until or (article and genre) else BY_ID
    key = "date_mouvement" if order == BY_DATE else "id"
    if cursor:
        value, pk = read_cursor(cursor, order)
        movements = movements.filter(before(key, value, pk))
    ordering = ("-date_mouvement", "-id") if order == BY_DATE else ("-id",)
    rows = list(movements.order_by(*ordering).values(*MOVEMENT_FIELDS)[: limit + 1])
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], _signer.sign_object([order, str(last[key]), last["id"]])


def read_cursor(text, order):
    try:
        kind, value, pk = _signer.unsign_object(text)
    except (BadSignature, ValueError, TypeError):
        raise BadCursor from None
    if kind != order:
        raise BadCursor
    return (parse_datetime(value) if order == BY_DATE else int(value)), pk


def before(key, value, pk):
    """The condition that a row is beyond (value, pk), newest first."""
    if key == "id":
        return Q(id__lt=pk)
    return From(F(key), value, pk - 1, descending=True)


def catalogue_page(shop, *, since=None, limit=500, cursor=None):
    """(articles, cursor of what is beyond or None, from when on to ask the next time).

    What the shop sells, in the order of the keys. With `since` all that changed from then on, stock
    included, and what is sold no longer; without it what is sold now. Every page says the moment
    of the first page: what changes while they are read is asked for the next time. Raises
    BadCursor.
    """
    after, next_since = 0, timezone.now() - OVERLAP
    if cursor:
        after, next_since = read_catalogue_cursor(cursor)
    articles = Article.objects.filter(boutique=shop, pk__gt=after).order_by("pk")
    if since is None:
        articles = articles.active()
    else:
        moved = MouvementStock.objects.filter(boutique=shop, date_mouvement__gte=since)
        changed = Article.objects.filter(boutique=shop, updated_at__gte=since)
        articles = articles.filter(
            pk__in=changed.order_by().values("pk").union(moved.order_by().values("article"))
        )
    found = list(articles[: limit + 1])
    beyond = None
    if len(found) > limit:
        beyond = _catalogue_signer.sign_object([found[limit - 1].pk, next_since.isoformat()])
    return found[:limit], beyond, next_since


def read_catalogue_cursor(text):
    try:
        after, since = _catalogue_signer.unsign_object(text)
        return after, datetime.fromisoformat(since)
    except (BadSignature, ValueError, TypeError):
        raise BadCursor from None


SPARK_POINTS = 60


def sparkline(article, width=240, height=48):
    """The points of an SVG line of the article's stock over its last movements; '' for too few."""
    rows = MouvementStock.objects.filter(article=article).order_by("-id")
    levels = list(rows.values_list("stock_apres", flat=True)[:SPARK_POINTS])[::-1]
    if len(levels) < 2:
        return ""
    low, high = min(0, *levels), max(*levels, 1)
    across, up = width / (len(levels) - 1), (height - 4) / (high - low)
    return " ".join(
        f"{n * across:.1f},{height - 2 - (level - low) * up:.1f}" for n, level in enumerate(levels)
    )
