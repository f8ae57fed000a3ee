"""The API of installations does what its description says."""

import pytest
import schemathesis
from hypothesis import HealthCheck
from hypothesis import settings as settings_of_hypothesis

from tests.factories import make_integration, make_order
from tests.inventory.api.test_schema import CHECKS, SWAGGER

schema = schemathesis.openapi.from_path(SWAGGER).include(path_regex="^/api/v1/")


@pytest.fixture
def site(live_server, settings):
    settings.API_PER_MINUTE = settings.API_FAILURES_PER_MINUTE = 10**6
    settings.ALLOWED_HOSTS = ["*"]
    integration = make_integration()
    orders = [make_order() for _n in range(3)]
    return live_server.url, integration.secret, orders[0].number


@schema.parametrize()
@settings_of_hypothesis(
    max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
def test_v1_answers_as_described_whatever_it_is_asked(site, case):
    url, secret, number = site
    case.headers["Authorization"] = f"Bearer {secret}"
    if "number" in case.path_parameters:
        case.path_parameters["number"] = number
    response = case.call(base_url=url)
    case.validate_response(response, checks=CHECKS)
