"""A synchronisation of 1,000 sales against the same by hand, and against the ORM sale by sale; the
movements of a million against those of ten thousand.

By hand is what the work comes to when nothing is read, checked, decided or answered: the rows as
JSON, an INSERT … SELECT for each table and one conditional UPDATE of stock, for each chunk.
"""

import time
from decimal import Decimal
from functools import partial

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.models import Article, LigneVente, MouvementStock, Vente
from inventory.stock import COLUMNS
from inventory.sync import CHUNK, synchronise
from project.audit.rows import table_of
from tests.bench.conftest import analyze
from tests.factories import (
    make_article,
    make_boutique,
    make_terminal,
    make_user,
    make_vente_json,
)

SALES, LINES, ARTICLES = 1_000, 3, 200
ROUNDS = 5
BAR_RAW, BAR_ORM = 2, 0.15
LARGE_TO_SMALL = 1.2
SMALL = 10_000


# ------------------------------------------------------------------------------------------- sync
@pytest.fixture
def till(transactional_db):
    call_command("flush", interactive=False, verbosity=0)
    boutique = make_boutique()
    articles = [make_article(boutique, 1_000_000) for _ in range(ARTICLES)]
    return make_terminal(boutique), articles


def sales_of(articles, count=SALES):
    return [
        make_vente_json(*((articles[(n * 7 + k) % ARTICLES], 1) for k in range(LINES)))
        for n in range(count)
    ]


def by_hand(terminal, ventes):
    stock = dict(Article.objects.values_list("pk", "quantite_stock"))
    for start in range(0, len(ventes), CHUNK):
        with transaction.atomic():
            chunk_by_hand(terminal, ventes[start : start + CHUNK], stock)


def chunk_by_hand(terminal, ventes, stock):
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    moment = "%s::timestamptz" if connection.vendor == "postgresql" else "%s"
    shop = terminal.boutique_id
    with connection.cursor() as cursor:
        table, params = table_of(
            connection,
            "t",
            {"numero": "text", "date": "text", "total": "number"},
            [
                {"numero": each["numero_facture"], "date": each["date_vente"], "total": "75000"}
                for each in ventes
            ],
        )
        date = "t.date::timestamptz" if connection.vendor == "postgresql" else "t.date"
        cursor.execute(
            "INSERT INTO inventory_vente (boutique_id, terminal_id, numero_facture, date_vente, "
            "recue_le, montant_total, stock_negatif, empreinte) "
            f"SELECT {shop}, {terminal.pk}, t.numero, {date}, {moment}, t.total, "
            f"1 = 0, t.numero FROM {table} WHERE 1 = 1 RETURNING numero_facture, id",
            [now, *params],
        )
        keys = dict(cursor.fetchall())
        lines, before = [], {}
        for vente in ventes:
            for line in vente["lignes"]:
                key = line["article_id"]
                before.setdefault(key, stock[key])
                lines.append((keys[vente["numero_facture"]], vente, line, stock[key]))
                stock[key] -= line["quantite"]
        table, params = table_of(
            connection,
            "t",
            {"vente": "key", "article": "key", "quantite": "key", "prix": "number"},
            [
                {"vente": key, "article": line["article_id"], "quantite": 1, "prix": "25000"}
                for key, _vente, line, _stock in lines
            ],
        )
        cursor.execute(
            "INSERT INTO inventory_lignevente (vente_id, article_id, quantite, prix_unitaire) "
            f"SELECT t.vente, t.article, t.quantite, t.prix FROM {table}",
            params,
        )
        table, params = table_of(
            connection,
            "t",
            COLUMNS,
            [
                {
                    "article": line["article_id"],
                    "boutique": shop,
                    "genre": "VENTE",
                    "quantite": -1,
                    "avant": level,
                    "apres": level - 1,
                    "reference": vente["numero_facture"],
                    "commentaire": f"Vente #{vente['numero_facture']} - Prix: 25000.00 CDF",
                    "vente": key,
                }
                for key, vente, line, level in lines
            ],
        )
        cursor.execute(
            "INSERT INTO inventory_mouvementstock (article_id, boutique_id, type_mouvement, "
            "quantite, stock_avant, stock_apres, reference_document, commentaire, vente_id, "
            "utilisateur, date_mouvement) SELECT t.article, t.boutique, t.genre, t.quantite, "
            f"t.avant, t.apres, t.reference, t.commentaire, t.vente, 'hand', {moment} "
            f"FROM {table}",
            [now, *params],
        )
        table, params = table_of(
            connection,
            "t",
            {"id": "key", "avant": "key", "apres": "key"},
            [{"id": key, "avant": level, "apres": stock[key]} for key, level in before.items()],
        )
        cursor.execute(
            f"UPDATE inventory_article SET quantite_stock = t.apres FROM {table} "
            "WHERE inventory_article.id = t.id AND quantite_stock = t.avant",
            params,
        )
        assert cursor.rowcount == len(before)


def by_orm(terminal, ventes):
    """Sale by sale, as it is written without a thought for their number."""
    for data in ventes:
        with transaction.atomic():
            vente = Vente.objects.create(
                boutique=terminal.boutique,
                terminal=terminal,
                numero_facture=data["numero_facture"],
                date_vente=data["date_vente"],
                montant_total=Decimal(75000),
                empreinte="x",
            )
            for line in data["lignes"]:
                article = Article.objects.select_for_update().get(pk=line["article_id"])
                before = article.quantite_stock
                LigneVente.objects.create(
                    vente=vente, article=article, quantite=1, prix_unitaire=25000
                )
                MouvementStock.objects.create(
                    article=article,
                    boutique=terminal.boutique,
                    type_mouvement="VENTE",
                    quantite=-1,
                    stock_avant=before,
                    stock_apres=before - 1,
                    reference_document=vente.numero_facture,
                    commentaire=f"Vente #{vente.numero_facture} - Prix: 25000.00 CDF",
                    utilisateur=terminal.nom_terminal,
                    vente=vente,
                )
                with connection.cursor() as cursor:
                    cursor.execute(
                        "UPDATE inventory_article SET quantite_stock = %s WHERE id = %s",
                        [before - 1, article.pk],
                    )


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def test_a_thousand_sales(bench, till):
    terminal, articles = till
    ways = {"service": synchronise, "hand": by_hand, "orm": by_orm}
    fastest = dict.fromkeys(ways, float("inf"))
    for turn in range(ROUNDS):
        for name, way in ways.items():
            if name == "orm" and turn > 1:
                continue
            ventes = sales_of(articles)
            fastest[name] = min(fastest[name], timed(partial(way, terminal, ventes)))
    bench.report("sync of 1,000 sales / by hand", fastest["service"] / fastest["hand"], BAR_RAW)
    bench.report("sync of 1,000 sales / sale by sale", fastest["service"] / fastest["orm"], BAR_ORM)
    assert Vente.objects.count() == SALES * (2 * ROUNDS + 2)
    with CaptureQueriesContext(connection) as statements:
        synchronise(terminal, sales_of(articles))
    assert len(statements) <= 12 * SALES / CHUNK


# -------------------------------------------------------------------------------------- movements
def fill(articles, total):
    """Grow the ledger to `total` movements, each article's in an unbroken chain.

    Of the smallest ledger the first article has a whole page of returns.
    """
    first = MouvementStock.objects.count() // len(articles)
    rounds = total // len(articles)
    rows = [
        {"id": article.pk, "shop": article.boutique_id, "n": n}
        for n, article in enumerate(articles)
    ]
    table, params = table_of(connection, "a", {"id": "key", "shop": "key", "n": "key"}, rows)
    if connection.vendor == "postgresql":
        series = f"generate_series({first}, {rounds - 1}) AS s(j)"
        date = f"timestamptz '2020-01-01' + (s.j * {len(articles)} + a.n) * interval '1 second'"
    else:
        series = (
            f"(WITH RECURSIVE s(j) AS (SELECT {first} UNION ALL SELECT j + 1 FROM s "
            f"WHERE j < {rounds - 1}) SELECT j FROM s) AS s"
        )
        date = f"datetime('2020-01-01', (s.j * {len(articles)} + a.n) || ' seconds')"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO inventory_mouvementstock (article_id, boutique_id, type_mouvement, "
            "quantite, stock_avant, stock_apres, reference_document, commentaire, utilisateur, "
            "date_mouvement) SELECT a.id, a.shop, CASE WHEN s.j %% 50 = 0 OR "
            "a.n = 0 AND s.j < 100 THEN 'RETOUR' ELSE 'ENTREE' END, "
            f"1, s.j, s.j + 1, 'BL-' || s.j, '', 'bench', {date} "
            f"FROM {series} CROSS JOIN {table} ORDER BY s.j, a.n",
            params,
        )
        cursor.execute(
            f"UPDATE inventory_article SET quantite_stock = {rounds} WHERE boutique_id IN "
            f"({', '.join(str(each.boutique_id) for each in articles)})"
        )
    analyze()


def pages(device, user, articles):
    """{name: a request that answers with movements}."""
    office = Client()
    office.force_login(user)
    article, shop = articles[0].pk, articles[0].boutique_id
    part = {"HTTP_HX_REQUEST": "true"}

    def api(**query):
        return partial(device.get, "/api/v2/simple/mouvements-stock/", query, headers=HEADERS)

    def page(**query):
        return partial(office.get, "/inventory/mouvements/", query, **part)

    return {
        "endpoint": api(),
        "endpoint of an article": api(article_id=article),
        "endpoint of a type": api(type_mouvement="RETOUR"),
        "endpoint of an article and a type": api(article_id=article, type_mouvement="RETOUR"),
        "endpoint of a type in the first days": api(
            type_mouvement="RETOUR", date_fin="2020-01-01T00:30:00Z"
        ),
        "endpoint of a type since the first day": api(
            type_mouvement="RETOUR", date_debut="2020-01-01T00:00:00Z"
        ),
        "endpoint of the first days": api(date_fin="2020-01-01T00:30:00Z"),
        "page": page(),
        "page of a shop": page(boutique=shop),
        "page of a type": page(type_mouvement="RETOUR"),
        "page of an article and a type": page(article=article, type_mouvement="RETOUR"),
        "page of a shop and a type": page(boutique=shop, type_mouvement="RETOUR"),
        "page of a type in the first days": page(type_mouvement="RETOUR", until="2020-01-01"),
        "page, last": page(before="end"),
    }


HEADERS = {"X-Device-Serial": "bench"}


@override_settings(SYNC_PER_MINUTE=10**6, SYNC_FAILURES_PER_MINUTE=10**6)
def test_movements_of_a_million(bench, transactional_db):
    call_command("flush", interactive=False, verbosity=0)
    shops = [make_boutique(), make_boutique()]
    articles = [make_article(shops[n % 2]) for n in range(100)]
    make_terminal(shops[0], numero_serie="bench")
    user, device = make_user("bench", is_superuser=True), Client()
    times = []
    for total in (SMALL, max(bench.rows, 2 * SMALL)):
        fill(articles, total)
        ratios = {}
        for name, request in pages(device, user, articles).items():
            best = empty = float("inf")
            for _ in range(60):
                empty = min(empty, timed(partial(device.get, "/accounts/login/")))
                best = min(best, timed(request))
            assert request().status_code == 200
            ratios[name] = best / empty
        times.append(ratios)
    small, large = times
    for name in small:
        bench.report(f"movements, {name}: 1M / 10k", large[name] / small[name], LARGE_TO_SMALL)
