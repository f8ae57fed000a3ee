"""Two terminals at once: on two connections, and as two processes."""

import json
import os
import subprocess
import sys
from functools import partial

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection

from inventory.ledger_check import breaks, gaps
from inventory.models import Article, LigneVente, MouvementStock, Vente, VenteEnQuarantaine
from inventory.movements import take_back, transfer
from inventory.quarantine import replay
from inventory.states import TypeMouvement
from inventory.sync import CHUNK, synchronise
from tests.at_once import at_once
from tests.factories import (
    make_article,
    make_boutique,
    make_terminal,
    make_user,
    make_vente_json,
)
from tests.inventory.api.conftest import Device
from tests.inventory.conftest import move

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 5

CHILD = """
import json, sys
import django
django.setup()
from inventory.models import Terminal
from inventory.sync import synchronise
terminal = Terminal.objects.select_related("boutique").get(pk=int(sys.argv[1]))
ventes = json.loads(sys.stdin.readline())
print("ready", flush=True)
sys.stdin.readline()
result = synchronise(terminal, ventes)
print(json.dumps([len(result.creees), len(result.deja_recues), len(result.erreurs)]))
"""


def on_connections(works):
    """Each list of sales by its terminal, on a connection of its own, started together."""
    results = at_once(*(partial(synchronise, terminal, ventes) for terminal, ventes in works))
    return [[len(each.creees), len(each.deja_recues), len(each.erreurs)] for each in results]


def in_processes(works):
    """The same, each in a process of its own."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite:///{database['NAME']}"
    else:
        url = (
            f"postgres://{database['USER']}@{database['HOST']}:{database['PORT']}"
            f"/{database['NAME']}"
        )
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "PYTHONPATH": str(settings.BASE_DIR),
    }
    children = []
    for terminal, ventes in works:
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(terminal.pk)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=settings.BASE_DIR,
            env=environment,
        )
        child.stdin.write(json.dumps(ventes) + "\n")
        child.stdin.flush()
        children.append(child)
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    return [json.loads(child.communicate(timeout=180)[0]) for child in children]


@pytest.fixture(params=[on_connections, in_processes], ids=["connections", "processes"])
def doors(request):
    return request.param


def assert_true():
    assert (breaks(), gaps()) == ([], [])


def test_the_last_piece_is_sold_once_and_no_sale_is_lost(doors):
    boutique = make_boutique()
    tills = [make_terminal(boutique), make_terminal(boutique)]
    rounds = ROUNDS if doors is on_connections else 2
    for round_ in range(1, rounds + 1):
        article = make_article(boutique, 1)
        results = doors([(till, [make_vente_json((article, 1))]) for till in tills])
        assert sorted(results) == [[0, 0, 1], [1, 0, 0]]
        article.refresh_from_db()
        assert article.quantite_stock == 0
        assert (Vente.objects.count(), VenteEnQuarantaine.objects.count()) == (round_, round_)
    assert_true()


def test_the_same_sales_from_two_connections_are_booked_once(doors):
    boutique = make_boutique()
    terminal = make_terminal(boutique)
    articles = [make_article(boutique, 1000) for _ in range(4)]
    ventes = [make_vente_json((articles[n % 4], 1), (articles[(n + 1) % 4], 1)) for n in range(300)]
    results = doors([(terminal, ventes), (terminal, ventes[::-1])])
    assert sum(created for created, _again, _errors in results) == 300
    assert sum(again for _created, again, _errors in results) == 300
    assert Vente.objects.count() == 300
    assert LigneVente.objects.count() == 600
    assert sum(Article.objects.values_list("quantite_stock", flat=True)) == 4000 - 600
    assert_true()


def test_the_same_bad_sale_from_two_connections_is_kept_once():
    boutique = make_boutique()
    terminal = make_terminal(boutique)
    for round_ in range(1, ROUNDS + 1):
        vente = make_vente_json((10**9, 1))
        assert on_connections([(terminal, [vente])] * 2) == [[0, 0, 1]] * 2
        assert VenteEnQuarantaine.objects.count() == round_


def test_one_number_for_two_sales_of_other_articles_is_booked_once():
    boutique = make_boutique()
    terminal = make_terminal(boutique)
    for _ in range(ROUNDS):
        one, other = (make_article(boutique, 5) for _ in range(2))
        numero = f"F{one.pk}"
        results = on_connections(
            [(terminal, [make_vente_json((each, 1), numero=numero)]) for each in (one, other)]
        )
        assert sorted(results) == [[0, 0, 1], [1, 0, 0]]
    assert_true()


def test_parallel_movements_each_start_where_the_other_ended():
    article = make_article(make_boutique(), 100)

    def sell():
        for _ in range(10):
            move(Article.objects.get(pk=article.pk), -1, TypeMouvement.SORTIE)

    assert at_once(*[sell] * 4) == [None] * 4
    article.refresh_from_db()
    assert article.quantite_stock == 60
    assert MouvementStock.objects.filter(type_mouvement=TypeMouvement.SORTIE).count() == 40
    assert_true()


def test_what_was_sold_comes_back_once():
    user, boutique = make_user("awa"), make_boutique()
    terminal = make_terminal(boutique)
    for _ in range(ROUNDS):
        article = make_article(boutique, 1)
        [sold] = synchronise(terminal, [make_vente_json((article, 1))]).creees
        vente = Vente.objects.get(pk=sold.vente_id)
        results = at_once(
            *[lambda vente=vente, a=article: take_back(vente, {a.pk: 1}, by=user)] * 2
        )
        assert sorted(isinstance(result, ValidationError) for result in results) == [False, True]
        article.refresh_from_db()
        assert article.quantite_stock == 1
    assert_true()


def test_transfers_both_ways_and_sales_end_without_deadlock():
    user = make_user("awa")
    here, there = make_boutique(), make_boutique()
    ours = [make_article(here, 500, code=f"A{n}") for n in range(10)]
    theirs = [make_article(there, 500, code=f"A{n}") for n in range(10)]

    def send(articles, shop):
        selection = Article.objects.filter(pk__in=[each.pk for each in articles])
        return transfer(selection, by=user, shop=shop, quantity=2, reference="TR")

    till = make_terminal(here)
    for _ in range(ROUNDS):
        ventes = [make_vente_json((each, 1)) for each in reversed(ours)]
        results = at_once(
            lambda: send(ours, there),
            lambda: send(theirs, here),
            lambda ventes=ventes: synchronise(till, ventes),
        )
        assert [result for result in results if isinstance(result, Exception)] == []
    total = sum(Article.objects.values_list("quantite_stock", flat=True))
    assert total == 10_000 - 10 * ROUNDS
    assert_true()


@pytest.mark.postgresql  # SQLite locks all or nothing: it is busy from the first chunk on
def test_what_was_booked_before_the_database_was_busy_is_kept():
    boutique = make_boutique()
    first, second = make_article(boutique, 1000), make_article(boutique, 1000)
    device = Device(make_terminal(boutique).numero_serie)
    ventes = [make_vente_json((first, 1)) for _ in range(CHUNK)]
    ventes += [make_vente_json((second, 1)) for _ in range(10)]
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM inventory_article WHERE id = %s FOR UPDATE", [second.pk])
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        busy = device.sync(*ventes)
        other.rollback()
    finally:
        other.close()
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
    assert (busy.status_code, busy.json()["code"]) == (503, "TRY_AGAIN")
    assert int(busy["Retry-After"]) > 0
    assert Vente.objects.count() == CHUNK
    answer = device.sync(*ventes).json()
    assert (answer["ventes_creees"], len(answer["details"]["deja_recues"])) == (10, CHUNK)
    assert_true()


def test_a_sale_in_quarantine_is_booked_once_by_two_people_at_once():
    user, boutique = make_user("awa"), make_boutique()
    terminal = make_terminal(boutique)
    for round_ in range(1, ROUNDS + 1):
        article = make_article(boutique, 0)
        synchronise(terminal, [make_vente_json((article, 1))])
        move(article, 5)
        waiting = VenteEnQuarantaine.objects.waiting()
        outcomes = at_once(*[lambda waiting=waiting: replay(waiting.all(), by=user)] * 2)
        assert sum(outcome.changed for outcome in outcomes) == 1
        assert Vente.objects.count() == round_
        article.refresh_from_db()
        assert article.quantite_stock == 4
    assert_true()
