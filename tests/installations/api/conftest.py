import uuid

import pytest
from django.test import Client

from tests.factories import make_integration

V1 = "/api/v1"
PROBLEM = "application/problem+json"


class Caller:
    """An integration's way to the server: its token goes with every request."""

    def __init__(self, integration=None, **headers):
        self.integration = integration
        self.client = Client()
        self.headers = headers
        if integration:
            self.headers["Authorization"] = f"Bearer {integration.secret}"

    def get(self, path, **query):
        return self.client.get(f"{V1}/{path}", query, headers=self.headers)

    def post(self, path, body=None, *, key=None, content_type="application/json", **headers):
        """Post under a key of its own, or under `key`; '' for none."""
        key = str(uuid.uuid4()) if key is None else key
        headers = self.headers | ({"Idempotency-Key": key} if key else {}) | headers
        body = {} if body is None else body
        return self.client.post(f"{V1}/{path}", body, content_type=content_type, headers=headers)


def problem(response):
    """(status, the last part of the problem's type)"""
    assert response["Content-Type"] == PROBLEM, response.content
    body = response.json()
    assert body["status"] == response.status_code
    return response.status_code, body["type"].rpartition(":")[2]


def wrong(response):
    """{where: the first thing that is wrong there} of a problem."""
    found = {}
    for error in response.json()["errors"]:
        where = error.get("pointer") or error.get("parameter") or error.get("header")
        found.setdefault(where, error["detail"])
    return found


@pytest.fixture
def integration(db):
    return make_integration(name="On-line shop")


@pytest.fixture
def caller(integration):
    return Caller(integration, **{"Accept-Language": "en"})
