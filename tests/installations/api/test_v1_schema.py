"""The API of installations does what its description says."""

import uuid

import pytest
import schemathesis
from hypothesis import HealthCheck
from hypothesis import settings as settings_of_hypothesis

from bookings.installations.models import Engineer, OrderLine
from tests.factories import make_engineer, make_integration, make_order
from tests.inventory.api.test_schema import CHECKS, SWAGGER
from tests.sweeps import examples, slow

schema = schemathesis.openapi.from_path(SWAGGER).include(path_regex="^/api/v1/")


@pytest.fixture
def site(live_server, settings):
    settings.API_PER_MINUTE = settings.API_FAILURES_PER_MINUTE = 10**6
    settings.ALLOWED_HOSTS = ["*"]
    integration = make_integration()
    orders = [make_order() for _n in range(3)]
    make_engineer()
    return live_server.url, integration.secret, orders[0].number


@slow
@schema.parametrize()
@settings_of_hypothesis(
    max_examples=examples(30),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
def test_v1_answers_as_described_whatever_it_is_asked(site, case):
    url, secret, number = site
    case.headers["Authorization"] = f"Bearer {secret}"
    if "number" in case.path_parameters:
        case.path_parameters["number"] = number
    response = case.call(base_url=url)
    case.validate_response(response, checks=CHECKS)


ENDS = ("9999-12-31", "0001-01-01")
HUGE = 2**63 - 1


@pytest.mark.parametrize(
    ("path", "query"),
    [
        *(("orders/", {name: day}) for name in ("since", "until") for day in ENDS),
        *(("services/", {name: day}) for name in ("since", "until") for day in ENDS),
        *(("bookings/", {name: day}) for name in ("day", "since", "until") for day in ENDS),
        *(("orders/{number}/slots/", {"from_day": day}) for day in ENDS),
        ("orders/", {"customer": HUGE, "engineer": HUGE}),
        ("orders/", {"limit": 10**30}),
        ("orders/{number}/slots/", {"engineer": HUGE}),
    ],
)
def test_the_edges_of_parameters_are_answered_as_described(site, path, query):
    url, secret, number = site
    case = schema[f"/api/v1/{path}"]["GET"].Case(query=query)
    assert ask(case, url, secret, number) in (200, 400)


@pytest.mark.parametrize(
    "changed",
    [
        {"lines": [{"quantity": 2, "unit_price": "99999999999"}]},
        {"lines": [{"quantity": 10_000, "unit_price": "99999999999.999"}]},
        {"lines": [{"quantity": HUGE}]},
        {"lines": [{"product": HUGE}]},
        {"lines": [{"unit_price": "1e40"}]},
        {"services": [{"required_skill": "fuel", "duration_minutes": HUGE}]},
        {"customer": HUGE},
        {"currency": "CDF"},
    ],
)
def test_the_edges_of_an_order_are_answered_as_described(site, changed):
    url, secret, number = site
    line = {"product": OrderLine.objects.first().article_id}
    asked = {
        "new_customer": {"name": "John Kane"},
        "address": "12 rue Carnot, Dakar",
        "lines": [line],
        "services": [{"required_skill": "fuel"}],
    } | changed
    if "customer" in changed:
        del asked["new_customer"]
    asked["lines"] = [line | each for each in asked["lines"]]
    case = schema["/api/v1/orders/"]["POST"].Case(
        body=asked, media_type="application/json", headers={"Idempotency-Key": str(uuid.uuid4())}
    )
    assert ask(case, url, secret, number) == 422


@pytest.mark.parametrize("start", [f"{day}T23:59:59Z" for day in ENDS])
def test_the_edges_of_an_appointment_are_answered_as_described(site, start):
    url, secret, number = site
    case = schema["/api/v1/orders/{number}/schedule/"]["POST"].Case(
        body={"engineer": Engineer.objects.get().pk, "start": start},
        media_type="application/json",
        headers={"Idempotency-Key": str(uuid.uuid4())},
    )
    assert ask(case, url, secret, number) == 422


def ask(case, url, secret, number):
    """The status of the answer, which is as described."""
    case.headers["Authorization"] = f"Bearer {secret}"
    if "{number}" in case.path:
        case.path_parameters["number"] = number
    response = case.call(base_url=url)
    case.validate_response(response, checks=CHECKS)
    return response.status_code
