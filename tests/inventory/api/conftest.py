import pytest
from django.test import Client

SYNC = "/api/v2/simple/ventes/sync/"
MOVEMENTS = "/api/v2/simple/mouvements-stock/"
ARTICLES = "/api/v2/simple/articles/"


class Device:
    """A terminal's way to the server: its headers go with every request."""

    def __init__(self, serial=None, key=None, header="X-Device-Serial"):
        self.client = Client()
        self.headers = {header: serial} if serial else {}
        if key:
            self.headers["Authorization"] = f"Bearer {key}"

    def sync(self, *ventes):
        return self.post({"ventes": list(ventes)})

    def post(self, body, content_type="application/json"):
        return self.client.post(SYNC, body, content_type=content_type, headers=self.headers)

    def get(self, url=MOVEMENTS, **query):
        return self.client.get(url, query, headers=self.headers)


@pytest.fixture
def device(terminal):
    return Device(terminal.numero_serie)
