"""A PDF opens its fonts, its logo and our static files: no address, and no path from anywhere.

The documents here are worse than any that data could bring about: their hostile parts are markup,
as if a template had trusted them.
"""

import base64
import io
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from PIL import Image
from xhtml2pdf.document import pisaDocument

from project.exchange.pdf import files
from project.exchange.pdf.document import pdf_of
from tests.exchange.pdf.reading import text_of

pytestmark = pytest.mark.poppler
WATCHED = {"open", "socket.connect", "socket.getaddrinfo", "urllib.Request", "subprocess.Popen"}
seen = None


def hook(event, arguments):
    if seen is not None and event in WATCHED:
        seen.append((event, str(arguments[0] if event == "open" else arguments)))


sys.addaudithook(hook)  # for ever: it looks away unless a test watches


@contextmanager
def watching():
    """The list of what this process opens, and of whom it calls."""
    global seen
    seen = found = []
    try:
        yield found
    finally:
        seen = None


@pytest.fixture(scope="module")
def server():
    """An HTTP server of this machine; `asked` are the paths that were asked of it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(picture())

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.address = [], f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret.png"
    path.write_bytes(picture())
    return path


def picture():
    data = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(data, "PNG")
    return data.getvalue()


def svg(inner):
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'<svg {names} width="40" height="40">{inner}</svg>'


def data_uri(text, kind="image/svg+xml"):
    return f"data:{kind};base64,{base64.b64encode(text.encode()).decode()}"


ADDRESSES = {
    "a path": "{path}",
    "a file address": "file://{path}",
    "a file address in capitals": "FILE://{path}",
    "a file address with a host": "file://localhost{path}",
    "a way up": "../../../../../../../../../../..{path}",
    "a way up out of static": "static:../../../../../../../../../..{path}",
    "a path in static": "static:{path}",
    "a way up from a font": "font:sans/../../..{path}",
    "an address": "{server}/x.png",
    "an address without its scheme": "//127.0.0.1:{port}/x.png",
    "an address in capitals": "HTTP://127.0.0.1:{port}/x.png",
    "an address with spaces": "  {server}/x.png",
    "a redirect by name": "http://localhost:{port}/x.png",
    "an ftp address": "ftp://127.0.0.1:{port}/x.png",
    "a drawing that shows a file": "{svg_file}",
    "a drawing that shows an address": "{svg_address}",
    "a drawing with an entity": "{svg_entity}",
}
PLACES = {
    "an image": '<img src="{}" width="40" height="40">',
    "a background": '<p style="background-image: url({})">x</p>',
    "a background of the page": '<style>@page {{ background-image: url("{}"); }}</style>',
    "an import": '<style>@import url("{}");</style>',
    "a style sheet": '<link rel="stylesheet" href="{}">',
    "a font": '<style>@font-face {{ font-family: Own; src: url("{}"); }}</style><p>x</p>',
    "a list mark": '<ul style="list-style-image: url({})"><li>x</li></ul>',
    "an embedded font": '<pdf:font name="own" src="{}"></pdf:font>',
    "other pages": '<pdf:insertpdf src="{}"></pdf:insertpdf>',
    "a template of pages": '<pdf:template name="t" background="{}"></pdf:template>',
    "a link": '<a href="{}">x</a>',
    "a field": '<input type="image" src="{}">',
    "a drawing in the page": '<svg><image href="{}" width="9" height="9"/></svg>',
    "an object": '<object data="{}"></object><embed src="{}"><iframe src="{}"></iframe>',
}


@pytest.fixture
def addresses(server, secret):
    path = secret.as_posix()
    texts = {
        "svg_file": data_uri(svg(f'<image xlink:href="file://{path}" width="9" height="9"/>')),
        "svg_address": data_uri(
            svg(f'<image xlink:href="{server.address}/s.png" width="9" height="9"/>')
        ),
        "svg_entity": data_uri(
            f'<!DOCTYPE svg [<!ENTITY x SYSTEM "file://{path}">]>' + svg("<text>&x;</text>")
        ),
        "server": server.address,
        "port": server.server_port,
        "path": path,
    }
    return {name: address.format(**texts) for name, address in ADDRESSES.items()}


def allowed(opened, secret):
    """Whether a file is one that any Python program opens, or ours to open."""
    ours = {str(path) for path in files.FONTS.values()}
    return opened in ours or (
        str(secret.parent) not in opened
        and (opened.startswith((sys.prefix, sys.base_prefix)) or opened.isdigit())
        and not opened.endswith((".png", ".svg"))
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("place", PLACES)
def test_it_opens_nothing_that_a_document_names(server, secret, addresses, place):
    server.asked.clear()
    for name, address in addresses.items():
        markup = PLACES[place].format(*[address] * 3)
        html = f"<html><body>{markup}<p>the rest</p></body></html>"
        with watching() as opened:
            pdf = pdf_of(html)
        calls = [event for event in opened if event[0] != "open"]
        paths = [path for event, path in opened if event == "open"]
        assert calls == [], name
        assert [path for path in paths if not allowed(path, secret)] == [], name
        assert "the rest" in text_of(pdf), name
    assert server.asked == []


def test_what_is_looked_for_would_be_seen(server, secret):
    """The same without our rules: so the tests above look where something happens."""
    html = f'<html><body><img src="{secret.as_posix()}"></body></html>'
    with watching() as opened:
        pisaDocument(html, path=str(secret.parent / "x.html"))
    assert ("open", secret.as_posix()) in opened


def test_the_policy_alone_refuses_what_our_callback_never_sees(server, secret):
    server.asked.clear()
    for address in (secret.as_posix(), f"file://{secret}", f"{server.address}/x.png"):
        with watching() as opened:
            pisaDocument(
                f'<html><body><img src="{address}"></body></html>',
                resource_policy=files.the_policy(),
            )
        assert ("open", secret.as_posix()) not in opened
        assert [event for event in opened if event[0] == "socket.connect"] == []
    assert server.asked == []


def test_names_in_data_open_nothing(paper, server, secret, addresses):
    server.asked.clear()
    names = [
        PLACES[place].format(*[address] * 3) for place in PLACES for address in addresses.values()
    ]
    with watching() as opened:
        pdf = paper("{% for name in names %}<p>{{ name }}</p>{% endfor %}", {"names": names})
    assert [event for event in opened if event[0] != "open"] == []
    assert str(secret) not in {path for _event, path in opened}
    assert server.asked == []
    assert text_of(pdf).count("<img src=") == len(addresses)


@pytest.mark.parametrize(
    "name",
    ["static:../manage.py", "static:/etc/passwd", "static:img/../../manage.py", "static:", "x"],
)
def test_a_name_that_leads_nowhere_is_answered_with_nothing(name):
    assert files.path_of(name) == files.NOTHING


def test_our_own_static_files_are_found(settings):
    path = files.path_of("static:img/favicon.svg")
    assert path == str(settings.BASE_DIR / "static" / "img" / "favicon.svg")
