"""What can be checked of the look without a browser: nothing is missing, all of it can be read."""

import re
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string

from project.actions import desk as desks

CSS = settings.BASE_DIR / "static" / "css"
JS = settings.BASE_DIR / "static" / "js"
TOKEN = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
TEXT_ON_GROUND = [
    ("ink", "paper"),
    ("ink", "sheet"),
    ("ink-2", "paper"),
    ("ink-2", "sheet"),
    ("ink-2", "quiet-soft"),
    ("ink-2", "accent-soft"),
    ("accent", "paper"),
    ("accent", "sheet"),
    ("accent", "accent-soft"),
    ("accent-ink", "accent"),
    ("margin", "paper"),
    ("margin", "sheet"),
    ("margin", "margin-soft"),
    ("margin", "accent-soft"),
    ("margin-ink", "margin"),
    ("ok", "ok-soft"),
    ("wait", "wait-soft"),
    ("ink", "wait-soft"),
    ("night-ink", "night"),
]


def luminance(colour):
    """Relative luminance as WCAG 2 defines it, of "#rrggbb"."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON_GROUND)
def test_it_reads_well_in_both_themes(text, ground, theme):
    tokens = {name: pair for name, *pair in TOKEN.findall((CSS / "tokens.css").read_text())}
    assert contrast(tokens[text][theme], tokens[ground][theme]) >= 4.5


@pytest.mark.parametrize("sheet", sorted(CSS.glob("*.css")), ids=lambda sheet: sheet.name)
def test_its_stylesheets_ask_for_nothing_that_is_not_there(sheet):
    addresses = re.findall(r'url\("([^"]+)"\)', sheet.read_text())
    paths = [re.sub(r"^\.\./", "", a) if a.startswith("../") else f"css/{a}" for a in addresses]
    assert [path for path in paths if finders.find(path) is None] == []


@pytest.mark.parametrize("module", sorted(JS.glob("*.js")), ids=lambda module: module.name)
def test_its_scripts_import_nothing_that_is_not_there(module):
    imported = re.findall(r'(?:import|from) "\./([^"]+)"', module.read_text())
    assert [name for name in imported if not (JS / name).exists()] == []


def test_every_icon_that_is_named_is_drawn():
    drawn = set(re.findall(r"\.icon-([\w-]+) \{ --icon", (CSS / "parts.css").read_text()))
    pages = "".join(page.read_text() for page in (settings.BASE_DIR / "templates").rglob("*.html"))
    rooms = "".join(apps.read_text() for apps in settings.BASE_DIR.glob("*/**/apps.py"))
    named = set(re.findall(r"\bicon-([\w-]+)(?=[\" ])", pages)) - {"only"}
    named |= set(re.findall(r'\bicon="([\w-]+)"', rooms))
    named |= {action.icon for desk in desks.all_desks() for action in desk.actions if action.icon}
    assert named - drawn == set()


def test_the_page_of_a_fault_needs_no_request():
    assert "<h1>" in render_to_string("500.html")


def test_a_confirmation_that_can_not_be_sent_says_so_on_its_button():
    context = {
        "title": "Cancel 2 bookings",
        "submit_label": "Cancel 0 bookings",
        "preview": {"total": 2, "ready": 0, "refused": [{"reason": "already", "count": 2}]},
        "can_submit": False,
    }
    html = render_to_string("actions/_dialog.html", context)
    assert re.search(r'id="dialog-submit" disabled>\s*Cancel 0 bookings', html)
    assert "already" in html


@pytest.mark.parametrize(("changes", "folded"), [(3, False), (4, True)])
def test_a_long_list_of_changes_is_folded(changes, folded):
    change = {"field": "Price", "before": "1", "after": "2"}
    entry = {
        "when": datetime(2026, 1, 2, tzinfo=UTC),
        "label": "Edit",
        "changes": [change] * changes,
    }
    html = render_to_string("ui/_timeline.html", {"entries": [entry]})
    assert ("<details>" in html) is folded
    assert html.count("<ins>") == changes


def test_the_timeline_has_a_heading_for_each_day():
    entries = [
        {"when": datetime(2026, 1, day, hour, tzinfo=UTC), "label": "Edit"}
        for day, hour in [(3, 9), (2, 18), (2, 9)]
    ]
    html = render_to_string("ui/_timeline.html", {"entries": entries})
    assert html.count("<h3") == 2
    assert html.count("<li") == 3
