"""Tills without a network, time-outs, clocks that are off, a server that is killed."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Thread
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest
from django.conf import settings as site_settings
from django.db import connection
from django.utils import timezone

from inventory.ledger_check import breaks, gaps
from inventory.models import LigneVente, MouvementStock, Vente, VenteEnQuarantaine
from inventory.states import TypeMouvement
from tests.factories import make_article, make_boutique, make_terminal, make_vente_json
from tests.inventory.api.conftest import SYNC
from tests.inventory.offline_terminal import OfflineTerminal

pytestmark = pytest.mark.django_db(transaction=True)


def assert_true():
    assert (breaks(), gaps()) == ([], [])


class BadLine:
    """A line to the server on which answers get lost: the request arrives, its answer does not."""

    def __init__(self, server, lost):
        self.host, _, port = server.removeprefix("http://").partition(":")
        self.port, self.lost = int(port), lost
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _address = self.socket.accept()
            except OSError:
                return
            with client, socket.create_connection((self.host, self.port)) as server:
                server.sendall(read_request(client))
                answer = b""
                while part := server.recv(65536):
                    answer += part
                if self.lost:
                    self.lost -= 1
                else:
                    client.sendall(answer)

    def close(self):
        self.socket.close()


def read_request(client):
    """A whole request, told to close the connection after its answer."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += client.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    headers = [each for each in head.split(b"\r\n") if not each.lower().startswith(b"connection")]
    length = next(
        int(each.partition(b":")[2]) for each in headers if each.lower().startswith(b"content-len")
    )
    while len(body) < length:
        body += client.recv(65536)
    return b"\r\n".join([*headers, b"Connection: close", b"", b""]) + body


@pytest.fixture
def bad_line(live_server):
    line = BadLine(live_server.url, lost=2)
    yield line
    line.close()


def test_a_till_behind_a_bad_line_sends_each_sale_once(bad_line, tmp_path):
    boutique = make_boutique()
    article = make_article(boutique, 100)
    terminal = make_terminal(boutique)
    till = OfflineTerminal(bad_line.url, terminal.numero_serie, queue=tmp_path / "sales.json")
    numbers = [till.sell((article.pk, 1, 500)) for _ in range(30)]
    assert not Vente.objects.exists()
    assert till.sync()
    assert till.attempts == 3  # two answers were lost
    assert len(till.answers["deja_recues"]) == 30
    assert sorted(Vente.objects.values_list("numero_facture", flat=True)) == sorted(numbers)
    article.refresh_from_db()
    assert article.quantite_stock == 70
    assert_true()


def test_a_clock_that_is_off_changes_no_order_of_the_ledger(live_server, tmp_path):
    boutique = make_boutique()
    article = make_article(boutique, 10)
    for name, skew in (("ahead", 86_400), ("behind", -86_400)):
        terminal = make_terminal(boutique)
        till = OfflineTerminal(
            live_server.url, terminal.numero_serie, queue=tmp_path / f"{name}.json", skew=skew
        )
        till.sell((article.pk, 2, 500))
        assert till.sync()
    ahead, behind = Vente.objects.order_by("id")
    assert ahead.date_vente > timezone.now() + timedelta(hours=23)
    assert behind.date_vente < timezone.now() - timedelta(hours=23)
    assert ahead.recue_le <= behind.recue_le <= timezone.now()
    assert [row.stock_apres for row in MouvementStock.objects.order_by("id")] == [10, 8, 6]
    assert_true()


def test_what_is_in_quarantine_may_be_dropped_and_is_not_lost(live_server, tmp_path):
    boutique = make_boutique()
    article = make_article(boutique, 1)
    terminal = make_terminal(boutique)
    till = OfflineTerminal(live_server.url, terminal.numero_serie, queue=tmp_path / "sales.json")
    numbers = {till.sell((article.pk, 1, 500)) for _ in range(3)}
    assert till.sync()
    assert till.waiting == []
    kept = set(VenteEnQuarantaine.objects.values_list("numero_facture", flat=True))
    assert kept | set(Vente.objects.values_list("numero_facture", flat=True)) == numbers
    assert len(kept) == 2


# ---------------------------------------------------------------------------------------- kill -9
def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


@contextmanager
def server():
    """A server in a process of its own, on the test's database: (process, its address)."""
    port = free_port()
    where = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite:///{where['NAME']}"
    else:
        url = f"postgres://{where['USER']}@{where['HOST']}:{where['PORT']}/{where['NAME']}"
    process = subprocess.Popen(
        [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"],
        cwd=site_settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": url, "DEBUG": "true"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(address)
        yield process, address
    finally:
        process.kill()
        process.wait()


def wait_for(address):
    for _ in range(600):
        try:
            urlopen(f"{address}/accounts/login/", timeout=5).close()
            return
        except URLError:
            time.sleep(0.05)
    raise AssertionError("the server did not start")


def post(address, terminal, ventes):
    request = Request(
        address + SYNC,
        json.dumps({"ventes": ventes}).encode(),
        {"X-Device-Serial": terminal.numero_serie, "Content-Type": "application/json"},
    )
    with urlopen(request, timeout=60) as response:
        return json.load(response)


def swallow(*work):
    with suppress(OSError, ValueError):  # the server is killed under it
        post(*work)


def test_a_server_killed_in_the_middle_leaves_exactly_the_sales_sent():
    boutique = make_boutique()
    terminal = make_terminal(boutique)
    articles = [make_article(boutique, 10_000) for _ in range(10)]
    batches = 0
    for _attempt in range(5):
        ventes = [
            make_vente_json(*((articles[(n + k) % 10], 1) for k in range(3))) for n in range(1000)
        ]
        before = Vente.objects.count()
        with server() as (process, address):
            sender = Thread(target=swallow, args=(address, terminal, ventes))
            sender.start()
            while Vente.objects.count() == before and sender.is_alive():
                pass
            os.kill(process.pid, signal.SIGKILL)
            sender.join()
        batches += 1
        in_the_middle = Vente.objects.count() - before
        assert in_the_middle % 250 == 0
        assert_true()
        with server() as (_process, address):
            answer = post(address, terminal, ventes)
        assert answer["ventes_creees"] == 1000 - in_the_middle
        assert len(answer["details"]["deja_recues"]) == in_the_middle
        assert Vente.objects.count() == 1000 * batches
        if 0 < in_the_middle < 1000:
            break
    else:
        pytest.fail("it was never killed in the middle")
    assert LigneVente.objects.count() == 3000 * batches
    assert MouvementStock.objects.filter(type_mouvement=TypeMouvement.VENTE).count() == (
        3000 * batches
    )
    assert_true()
