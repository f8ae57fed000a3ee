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

from tests.factories import make_article, make_boutique, make_terminal

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


@pytest.fixture
def shop(live_server, settings):
    settings.SYNC_PER_MINUTE = settings.SYNC_FAILURES_PER_MINUTE = 10**6
    settings.ALLOWED_HOSTS = ["*"]
    boutique = make_boutique()
    make_terminal(boutique, numero_serie=SERIAL)
    for _ in range(3):
        make_article(boutique, 100)
    return live_server.url


@schema.parametrize()
@settings_of_hypothesis(
    max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
def test_it_answers_as_described_whatever_it_is_asked(shop, case):
    case.headers["X-Device-Serial"] = SERIAL
    case.headers.pop("Authorization", None)
    response = case.call(base_url=shop)
    case.validate_response(response, checks=CHECKS)
