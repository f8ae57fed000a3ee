"""Every error is a problem that programs and people can read."""

import pytest
from django.db.models import F

from project.api import services
from project.api.models import Integration, Rate
from tests.factories import make_integration
from tests.installations.api.conftest import PROBLEM, Caller, problem, wrong

pytestmark = pytest.mark.django_db


def test_a_problem_has_the_members_that_its_standard_names(caller):
    response = caller.get("orders/NONE-1/")
    assert response["Content-Type"] == PROBLEM
    assert response.json() == {
        "type": "urn:problem-type:carnet:not-found",
        "title": "This is not there.",
        "status": 404,
    }


def test_who_asks_without_a_token_or_with_another_gets_nothing(integration):
    bare = Caller().get("orders/")
    assert problem(bare) == (401, "token-required")
    assert bare["WWW-Authenticate"] == "Bearer"
    for guess in ("guess", "é", integration.secret + "x", integration.token_hash):
        response = Caller(None, Authorization=f"Bearer {guess}").get("orders/")
        assert problem(response) == (401, "token-invalid")


def test_a_token_that_was_revoked_or_replaced_opens_nothing(gestion, integration, caller):
    chosen = Integration.objects.filter(pk=integration.pk)
    assert caller.get("orders/").status_code == 200
    services.give_token(chosen, by=gestion)
    assert problem(caller.get("orders/")) == (401, "token-invalid")
    _outcome, integration.secret = services.give_token(chosen, by=gestion)
    fresh = Caller(integration)
    assert fresh.get("orders/").status_code == 200
    services.revoke_token(chosen, by=gestion)
    assert problem(fresh.get("orders/")) == (401, "token-invalid")


def test_an_inactive_integration_gets_nothing(integration, caller):
    integration.is_active = False
    integration.save()
    assert problem(caller.get("orders/")) == (401, "token-invalid")


def test_who_asks_too_often_has_to_wait(caller, settings):
    settings.API_PER_MINUTE = 3
    # A minute may begin between two of them.
    answers = [caller.get("engineers/") for _n in range(8)]
    assert [answer.status_code for answer in answers[:3]] == [200] * 3
    assert problem(answers[-1]) == (429, "too-many-requests")
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60
    assert Caller(make_integration()).get("engineers/").status_code == 200
    Rate.objects.update(minute=F("minute") - 120)
    assert caller.get("engineers/").status_code == 200


def test_who_guesses_tokens_has_to_wait_and_a_token_goes_on(caller, settings):
    settings.API_FAILURES_PER_MINUTE = 3
    guesses = [Caller(None, Authorization=f"Bearer {n}").get("orders/") for n in range(8)]
    assert problem(guesses[0]) == (401, "token-invalid")
    assert problem(guesses[-1]) == (429, "too-many-requests")
    assert caller.get("orders/").status_code == 200


@pytest.mark.parametrize("path", ["", "nothing/", "orders", "orders/a/b/c/", "orders/é/", "%00/"])
def test_what_is_not_there_is_a_problem_too(caller, path):
    assert problem(caller.get(path)) == (404, "not-found")


def test_a_method_that_is_not_meant_is_said(caller, order):
    response = caller.client.delete("/api/v1/orders/", headers=caller.headers)
    assert problem(response) == (405, "method-not-allowed")
    assert response["Allow"] == "GET, POST, HEAD"
    assert problem(caller.get(f"orders/{order.number}/start/")) == (405, "method-not-allowed")
    assert problem(caller.client.options("/api/v1/orders/"))[0] == 405
    assert caller.client.head("/api/v1/orders/", headers=caller.headers).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        "{",
        '{"lines": [NaN]}',
        "[" * 100_000,
        '{"lines": [%s]}' % ("1" * 5000),
        "\udcff".encode("utf-8", "surrogateescape"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_body_that_is_no_json_is_said(caller, body):
    assert problem(caller.post("orders/", body)) == (400, "invalid-json")


def test_no_body_is_an_object_without_members(caller):
    response = caller.post("orders/", "")
    assert problem(response) == (422, "invalid")
    assert "#/address" in wrong(response)


@pytest.mark.parametrize(
    "body",
    ["[]", "1", "null", '"text"', '{"address": "\\ud800\\u0000", "lines": {}, "services": 1}'],
)
def test_a_body_of_another_shape_is_said_at_its_fields(caller, body):
    assert problem(caller.post("orders/", body)) == (422, "invalid")


def test_a_body_that_is_too_large_is_refused_unread(caller, settings):
    settings.API_BODY_BYTES = 100
    assert problem(caller.post("orders/", {"notes": "x" * 100})) == (413, "body-too-large")


def test_another_type_of_body_is_refused(caller):
    response = caller.post("orders/", "a=1", content_type="application/x-www-form-urlencoded")
    assert problem(response) == (415, "unsupported-media-type")


def test_whatever_kind_of_answer_is_asked_for_it_is_json(caller):
    caller.headers["Accept"] = "text/html"
    assert caller.get("orders/")["Content-Type"] == "application/json"


def test_problems_are_told_in_the_language_that_is_asked_for(integration, order):
    said = {}
    for language in ("fr", "en"):
        caller = Caller(integration, **{"Accept-Language": language})
        response = caller.post(f"orders/{order.number}/start/")
        assert response["Content-Language"] == language
        said[language] = (response.json()["title"],)
        body = caller.post("orders/", {"contact_phone": "call me"}).json()
        details = {error["pointer"]: error["detail"] for error in body["errors"]}
        said[language] += (details["#/contact_phone"], details["#/address"])
    assert said["en"][0] == "This can't be done."
    assert all(french != english for french, english in zip(*said.values(), strict=True))


def test_what_nobody_expected_tells_nothing_of_its_insides(caller, settings, caplog):
    settings.API_PER_MINUTE = None  # which can't be compared with a number
    response = caller.get("orders/")
    assert problem(response) == (500, "server-error")
    assert "TypeError" not in response.content.decode()
    assert "TypeError" in caplog.text


def test_when_it_was_last_used_is_noted_once_a_minute(caller, integration):
    assert integration.last_used is None
    caller.get("orders/")
    first = integration.last_used
    caller.get("orders/")
    assert integration.last_used == first
