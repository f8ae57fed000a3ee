"""The house rules that a machine can hold."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

ROOT = settings.BASE_DIR
ROOMS = ("project", "bookings", "transport", "inventory")
LAYOUT = {*ROOMS, "templates", "static", "locale", "tests", "docs", "deployments"}
BESIDE = {"manage.py", "requirements.txt", "README.md", "CHANGELOG.md", ".env.example", ".ci"}
MADE = {"media", "mails", "staticfiles", "test-results", "__pycache__"}  # as in .gitignore
DRAWERS = {"utils", "helpers", "common", "core", "misc"}
LONGEST = 600
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source"}

PAGES = sorted((ROOT / "templates").rglob("*.html"))
# A mail reader and the PDF renderer take only inline styles, and no policy guards them.
SCREENS = [page for page in PAGES if not {"email", "pdf"} & set(page.parts)]
PARTIALS = [page for page in SCREENS if page.name.startswith("_")]
MODULES = sorted(
    path
    for room in (*ROOMS, "tests", "static")
    for path in (ROOT / room).rglob("*")
    if path.suffix in {".py", ".js"} and "migrations" not in path.parts
)
FORBIDDEN = {
    "a style attribute": r"<[^>]*\sstyle\s*=",
    "a style element": r"<style\b",
    "an inline handler": r"<[^>]*\s(on[a-z]+|hx-on[\w:-]*)\s*=",
    "an inline script": r"<script(?![^>]*\b(src=|application/json))",
    "a script address": r"javascript:",
    "an asset of another site": r"<(link|script|img|source)[^>]*(src|href)=.https?:",
    "a comment of several lines between {# and #}": r"\{#(?![^\n]*#\})",
}


def relative(path):
    return path.relative_to(ROOT).as_posix()


def test_imports_go_downwards_only():
    lint = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([lint, "--no-logo"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_top_level_is_as_the_house_says():
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "."}
    assert folders - MADE == LAYOUT
    assert {name for name in BESIDE if not (ROOT / name).exists()} == set()


@pytest.mark.django_db
def test_every_model_change_has_its_migration():
    call_command("makemigrations", check=True, dry_run=True)


def test_no_room_is_a_drawer():
    assert [relative(path) for path in MODULES if DRAWERS & {path.stem, path.parent.name}] == []


def test_numbers_are_read_in_one_way():
    """Django's own way, which `localize` asks for, makes 1250 of "12,50" in English."""
    own = ROOT / "project/ui/numbers.py"
    words = re.compile(r"localize=True|localized_fields")
    rooms = [path for path in MODULES if not path.is_relative_to(ROOT / "tests") and path != own]
    assert [relative(path) for path in rooms if words.search(path.read_text())] == []


def test_no_module_is_too_long_to_read():
    lengths = {relative(path): len(path.read_text().splitlines()) for path in MODULES}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


@pytest.mark.parametrize("screen", SCREENS, ids=relative)
def test_a_page_keeps_the_content_policy(screen):
    text = screen.read_text()
    assert [what for what, pattern in FORBIDDEN.items() if re.search(pattern, text)] == []


@pytest.mark.parametrize("partial", PARTIALS, ids=relative)
def test_a_partial_opens_with_its_context(partial):
    opening = re.match(
        r"\{#(.*?)#\}|\{% comment %\}(.*?)\{% endcomment %\}", partial.read_text(), re.S
    )
    assert opening and "context" in opening[0].lower()


@pytest.mark.parametrize("partial", PARTIALS, ids=relative)
def test_the_root_of_a_partial_is_named_after_it(partial):
    """By its id, alone or before the key of its record, or by a class where it has no key.

    A partial of several elements (rows, a swap far away) has no root to name.
    """
    text = re.sub(
        r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", "", partial.read_text(), flags=re.S
    )
    text = re.sub(r"\{% (end)?for\b.*?%\}", lambda tag: "</for>" if tag[1] else "<for>", text)
    roots = Roots()
    roots.feed(re.sub(r"\{%.*?%\}", "", text))
    if len(roots.found) == 1 and roots.found[0][0] != "for":
        root, name = roots.found[0][1], partial.stem.removeprefix("_").replace("_", "-")
        names = [root.get("id", "").split("-{{")[0], *root.get("class", "").split()]
        assert name in names


class Roots(HTMLParser):
    """Collect (tag, attributes) of the elements that are in no other."""

    def __init__(self):
        super().__init__()
        self.depth = 0
        self.found = []

    def handle_starttag(self, tag, attrs):
        if self.depth == 0:
            self.found.append((tag, dict(attrs)))
        self.depth += tag not in VOID

    def handle_startendtag(self, tag, attrs):
        if self.depth == 0:
            self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        self.depth -= tag not in VOID
