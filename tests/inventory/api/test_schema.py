"""The API of terminals does what its description says."""

import pytest
import schemathesis
from django.conf import settings
from hypothesis import HealthCheck
from hypothesis import settings as settings_of_hypothesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from inventory.devices import give_key
from tests.asking import only
from tests.factories import make_article, make_boutique, make_terminal, make_user
from tests.sweeps import examples, slow

SWAGGER = settings.BASE_DIR / "docs" / "swagger.yaml"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
SERIAL = "0a1badae951f8473"


schema = schemathesis.openapi.from_path(SWAGGER).include(path_regex="^/api/v2/")


SETTINGS = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "derandomize": True,
}


@pytest.fixture
def shop(live_server, settings):
    """(the server's address, {who asks: its serial and key})."""
    settings.SYNC_PER_MINUTE = settings.SYNC_FAILURES_PER_MINUTE = 10**6
    settings.ALLOWED_HOSTS = ["*"]
    boutique = make_boutique()
    make_terminal(boutique, numero_serie=SERIAL)
    keyed = make_terminal(boutique, sans_cle=False)
    _outcome, key = give_key(only(keyed), by=make_user())
    for _ in range(3):
        make_article(boutique, 100)
    return live_server.url, {
        "an old terminal": (SERIAL, None),
        "a terminal with its key": (keyed.numero_serie, key),
        "a terminal without its key": (keyed.numero_serie, None),
        "a terminal with another key": (keyed.numero_serie, key[::-1]),
        "an unknown one": ("nobody", None),
        "who does not say": (None, None),
    }


def answered(shop, case, who):
    url, devices = shop
    serial, key = devices[who]
    for name, value in (("X-Device-Serial", serial), ("Authorization", key and f"Bearer {key}")):
        case.headers.pop(name, None)
        if value:
            case.headers[name] = value
    response = case.call(base_url=url)
    case.validate_response(response, checks=CHECKS)
    return response


@slow
@pytest.mark.parametrize("who", ["an old terminal", "a terminal with its key"])
@schema.parametrize()
@settings_of_hypothesis(max_examples=examples(25), **SETTINGS)
def test_it_answers_as_described_whatever_it_is_asked(shop, case, who):
    assert answered(shop, case, who).status_code not in (401, 404)


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("a terminal without its key", 401),
        ("a terminal with another key", 401),
        ("an unknown one", 404),
        ("who does not say", 400),
    ],
)
@schema.parametrize()
@settings_of_hypothesis(max_examples=5, **SETTINGS)
def test_who_may_not_ask_is_refused_as_described(shop, case, who, status):
    response = answered(shop, case, who)
    sent = response.request
    # Some cases are sent by other methods, or without the serial number, whatever is set here.
    if sent.method == case.operation.method.upper():
        assert response.status_code == (status if sent.headers.get("X-Device-Serial") else 400)
    assert response.status_code != 200 or sent.method == "OPTIONS"
