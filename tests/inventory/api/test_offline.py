"""Tills without a network, time-outs, clocks that are off, a server that is killed."""

import json
import os
import signal
import socket
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Thread
from urllib.request import Request, urlopen

import pytest
from django.utils import timezone

from inventory.ledger_check import breaks, gaps
from inventory.models import LigneVente, MouvementStock, Vente, VenteEnQuarantaine
from inventory.states import TypeMouvement
from tests.factories import make_article, make_boutique, make_terminal, make_vente_json
from tests.inventory.api.conftest import SYNC
from tests.inventory.offline_terminal import OfflineTerminal
from tests.notifications.live.conftest import Server

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


class SlowLine(BadLine):
    """A line that holds back the answers that it loses: the other side hears nothing at all."""

    def serve(self):
        self.calls = []
        while True:
            try:
                client, _address = self.socket.accept()
            except OSError:
                return
            self.calls.append(Thread(target=self.carry, args=(client, self.lost > 0)))
            self.lost -= 1
            self.calls[-1].start()

    def carry(self, client, held):
        with client, socket.create_connection((self.host, self.port)) as server:
            server.sendall(read_request(client))
            if held:
                client.recv(1)  # until the other side gives up
            answer = b""
            while part := server.recv(65536):
                answer += part
            if not held:
                client.sendall(answer)

    def close(self):
        super().close()
        for call in self.calls:
            call.join(30)


@pytest.fixture
def slow_line(live_server):
    line = SlowLine(live_server.url, lost=2)
    yield line
    line.close()


def test_a_till_that_gave_up_waiting_sends_again_while_the_server_still_works(slow_line, tmp_path):
    boutique = make_boutique()
    article = make_article(boutique, 500)
    till = OfflineTerminal(
        slow_line.url,
        make_terminal(boutique).numero_serie,
        queue=tmp_path / "sales.json",
        timeouts=(0.05, 0.1, 60),
    )
    for _ in range(200):
        till.sell((article.pk, 1, 500))
    assert till.sync()
    assert till.attempts - till.refused == 3  # twice it heard nothing
    slow_line.close()
    assert Vente.objects.count() == 200
    article.refresh_from_db()
    assert article.quantite_stock == 300
    assert_true()


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
@contextmanager
def server():
    """A server in a process of its own, on the test's database: (process, its address)."""
    started = Server()
    try:
        yield started.process, started.url
    finally:
        started.close()


def post(address, terminal, ventes):
    request = Request(
        address + SYNC,
        json.dumps({"ventes": ventes}).encode(),
        {"X-Device-Serial": terminal.numero_serie, "Content-Type": "application/json"},
    )
    with urlopen(request, timeout=180) as response:
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
