"""Who may talk to the API, how often, and how much at once."""

import hashlib
import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from inventory import devices, scheduled
from inventory.models import Synchronisation, Terminal, Vente
from project.api.models import Rate
from tests.asking import only
from tests.factories import make_boutique, make_terminal, make_vente_json
from tests.inventory.api.conftest import ARTICLES, MOVEMENTS, SYNC, Device

pytestmark = pytest.mark.django_db


def refusal(response):
    return response.status_code, response.json()["code"]


@pytest.mark.parametrize("header", ["X-Device-Serial", "Device-Serial", "Serial-Number"])
def test_a_terminal_is_known_by_each_spelling_of_its_header(terminal, header):
    assert Device(terminal.numero_serie, header=header).get().status_code == 200


@pytest.mark.parametrize("url", [MOVEMENTS, ARTICLES])
def test_the_refusals_are_those_that_terminals_know(db, url):
    missing = Device().get(url)
    assert missing.status_code == 400
    assert missing.json() == {"error": "Header X-Device-Serial requis", "code": "MISSING_SERIAL"}
    unknown = Device("nobody").get(url)
    assert unknown.status_code == 404
    assert unknown.json() == {
        "error": "Terminal non trouvé ou inactif",
        "code": "TERMINAL_NOT_FOUND",
    }
    inactive = make_terminal(make_boutique(), est_actif=False)
    assert refusal(Device(inactive.numero_serie).get(url)) == (404, "TERMINAL_NOT_FOUND")
    homeless = Device(make_terminal(None).numero_serie).get(url)
    assert homeless.status_code == 400
    assert homeless.json() == {
        "error": "Terminal non associé à une boutique",
        "code": "NO_BOUTIQUE",
    }


@pytest.mark.parametrize(
    ("serial", "answer"),
    [
        (None, (400, "MISSING_SERIAL")),
        ("nobody", (404, "TERMINAL_NOT_FOUND")),
        ("homeless", (400, "NO_BOUTIQUE")),
    ],
)
def test_nobody_else_sends_sales(article, serial, answer):
    make_terminal(None, numero_serie="homeless")
    assert refusal(Device(serial).sync(make_vente_json((article, 1)))) == answer
    assert not Vente.objects.exists()


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?article_id=15",
        "?type_mouvement=VENTE",
        "?date_debut=2024-11-01T00:00:00Z&date_fin=2024-11-04T23:59:59Z",
    ],
)
def test_the_terminal_of_the_demo_asks_as_it_always_did(settings, query):
    settings.DEBUG = True
    call_command("seed", bookings=0, verbosity=0)
    response = Device("0a1badae951f8473").get(f"{MOVEMENTS}{query}")
    assert response.status_code == 200
    assert response.json()["success"] is True
    if query in ("", "?type_mouvement=VENTE"):
        assert response.json()["count"] > 0


def test_a_new_terminal_needs_its_key(boutique, gestion):
    terminal = make_terminal(boutique, sans_cle=False)
    bare = Device(terminal.numero_serie).get()
    assert refusal(bare) == (401, "KEY_REQUIRED")
    assert bare["WWW-Authenticate"] == "Bearer"
    assert refusal(Device(terminal.numero_serie, "guess").get()) == (401, "KEY_INVALID")
    outcome, key = devices.give_key(only(terminal), by=gestion)
    assert outcome.changed == 1
    assert Device(terminal.numero_serie, key).get().status_code == 200
    assert refusal(Device(terminal.numero_serie, key + "x").get()) == (401, "KEY_INVALID")
    assert refusal(Device(terminal.numero_serie, "clé").get()) == (401, "KEY_INVALID")
    assert refusal(Device(terminal.numero_serie).get()) == (401, "KEY_REQUIRED")


def test_an_old_terminal_that_is_given_a_key_needs_it_from_then_on(terminal, gestion):
    assert Device(terminal.numero_serie).get().status_code == 200
    devices.give_key(only(terminal), by=gestion)
    assert refusal(Device(terminal.numero_serie).get()) == (401, "KEY_REQUIRED")


def test_a_revoked_key_opens_nothing(terminal, gestion):
    _outcome, key = devices.give_key(only(terminal), by=gestion)
    devices.revoke_key(only(terminal), by=gestion, reason="Stolen")
    assert refusal(Device(terminal.numero_serie, key).get()) == (401, "KEY_INVALID")
    assert refusal(Device(terminal.numero_serie).get()) == (401, "KEY_REQUIRED")


def test_only_a_digest_of_the_key_is_kept_and_none_of_it_in_the_log(terminal, gestion):
    _outcome, key = devices.give_key(only(terminal), by=gestion)
    terminal.refresh_from_db()
    digest = hashlib.sha256(key.encode()).hexdigest()
    assert terminal.cle_empreinte == digest
    [line] = terminal.logs.filter(action_code="inventory.give_key")
    assert set(line.changes) == {"cle_donnee_le", "sans_cle"}
    assert line.user == gestion
    assert not hasattr(terminal.history.first(), "cle_empreinte")


def test_a_terminal_has_to_wait_when_it_asks_too_often(terminal, settings):
    settings.SYNC_PER_MINUTE = 3
    device = Device(terminal.numero_serie)
    # A minute may begin between two of them.
    answers = [device.get() for _ in range(8)]
    assert [answer.status_code for answer in answers[:3]] == [200] * 3
    last = answers[-1]
    assert refusal(last) == (429, "RATE_LIMITED")
    assert 1 <= int(last["Retry-After"]) <= 60
    assert Device(make_terminal(terminal.boutique).numero_serie).get().status_code == 200
    Rate.objects.update(minute=F("minute") - 120)
    assert device.get().status_code == 200


def test_the_office_sees_who_asks_too_often_once_a_minute(terminal, settings):
    settings.SYNC_PER_MINUTE = 3
    device = Device(terminal.numero_serie)
    answers = [device.get().status_code for _ in range(8)]
    minutes = Rate.objects.filter(who=f"terminal:{terminal.pk}", count__gt=3).count()
    noted = Synchronisation.objects.filter(code="RATE_LIMITED", statut=429, terminal=terminal)
    assert answers.count(429) > minutes == noted.count()
    assert Terminal.objects.get().etat.dernier_code == "RATE_LIMITED"


def test_a_refusal_is_answered_though_it_cant_be_noted(terminal):
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE inventory_synchronisation RENAME TO moved_away")
        answer = refusal(Device(terminal.numero_serie).post("{"))
        transaction.set_rollback(True)
    assert answer == (400, "INVALID_JSON")


def test_who_guesses_serial_numbers_has_to_wait_and_a_key_goes_on(boutique, settings, gestion):
    settings.SYNC_FAILURES_PER_MINUTE = 3
    old = make_terminal(boutique)
    keyed = make_terminal(boutique, sans_cle=False)
    _outcome, key = devices.give_key(only(keyed), by=gestion)
    answers = [Device(f"guess{n}").get() for n in range(8)]
    assert refusal(answers[0]) == (404, "TERMINAL_NOT_FOUND")
    assert refusal(answers[-1]) == (429, "RATE_LIMITED")
    assert refusal(Device(old.numero_serie).get()) == (429, "RATE_LIMITED")
    assert Device(keyed.numero_serie, key).get().status_code == 200


def test_a_body_that_is_too_large_is_refused_unread(device, settings, article):
    settings.SYNC_BODY_BYTES = 1000
    assert refusal(device.sync(*[make_vente_json((article, 1))] * 20)) == (413, "BODY_TOO_LARGE")
    assert not Vente.objects.exists()
    assert device.sync(make_vente_json((article, 1))).status_code == 201


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "INVALID_BODY"),
        ("{", "INVALID_JSON"),
        ('{"ventes": [NaN]}', "INVALID_JSON"),
        ("[" * 100_000, "INVALID_JSON"),
        ('{"ventes": [%s]}' % ("1" * 5000), "INVALID_JSON"),
        ("\udcff".encode("utf-8", "surrogateescape"), "INVALID_JSON"),
        ("[]", "INVALID_BODY"),
        ("{}", "INVALID_BODY"),
        ('{"ventes": {}}', "INVALID_BODY"),
        (json.dumps({"ventes": [1] * 2001}), "TOO_MANY_SALES"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_body_that_is_no_list_of_sales_is_refused(device, body, code):
    assert refusal(device.post(body)) == (400, code)


@pytest.mark.parametrize("depth", range(900, 1000, 7))
def test_nested_json_is_never_a_server_error(device, depth):
    body = '{"ventes": [' + "[" * depth + "]" * depth + "]}"
    assert device.post(body).status_code in (201, 400)


def test_another_type_of_body_is_refused(device):
    response = device.post("ventes=1", content_type="application/x-www-form-urlencoded")
    assert refusal(response) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_other_methods_are_not_there(device):
    assert device.client.get(SYNC, headers=device.headers).status_code == 405
    assert device.client.post(MOVEMENTS, headers=device.headers).status_code == 405


def test_what_went_well_and_what_failed_is_kept_for_the_office(device, terminal, article):
    device.sync(make_vente_json((article, 1)), make_vente_json((article, 99)))
    device.post("{")
    failed, went_well = Synchronisation.objects.all()
    assert (went_well.terminal, went_well.statut, went_well.code) == (terminal, 201, "")
    assert (went_well.creees, went_well.erreurs) == (1, 1)
    assert (failed.terminal, failed.statut, failed.code) == (terminal, 400, "INVALID_JSON")
    terminal.refresh_from_db()
    assert terminal.etat.derniere_sync == went_well.a
    assert (terminal.etat.dernier_echec, terminal.etat.dernier_code) == (failed.a, "INVALID_JSON")
    Device("nobody\x7f").get()
    assert Synchronisation.objects.first().code == "TERMINAL_NOT_FOUND"


def test_a_terminal_that_was_silent_is_found(terminal, device):
    since = timezone.now() - timedelta(days=2)
    assert list(Terminal.objects.unsynced_since(since)) == [terminal]
    device.sync()
    assert not Terminal.objects.unsynced_since(since).exists()


def test_the_latest_journals_are_kept(device):
    device.sync()
    [kept] = Synchronisation.objects.all()
    old = Synchronisation.objects.create(
        demande="POST", statut=201, a=timezone.now() - scheduled.KEEP - timedelta(hours=1)
    )
    scheduled.forget_old_requests.call()
    assert list(Synchronisation.objects.all()) == [kept]
    assert old.pk != kept.pk
