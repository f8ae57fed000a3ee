"""The catalogs are complete, and the command that keeps them notices when they are not."""

import ast
import gettext
import json
import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from project.ui.management.commands.catalogs import on_disk

PYTHON = """
from django.utils.translation import gettext_lazy as _, ngettext_lazy, pgettext

title = _("A ride")
count = ngettext_lazy("%(count)s ride", "%(count)s rides", "count")
month = pgettext("month", "May")
"""
PAGE = """
    {% translate "Today" context "period" %}
  {% translate "From" as start %}
{% blocktranslate trimmed count n=rides|length with who=user.name %}
    {{ who }} has one ride.
{% plural %}
    {{ who }} has {{ n }} rides.
{% endblocktranslate %}
{{ note|default:_("No “note” (yet") }}
"""
FRENCH = {
    "A ride": "Une course",
    "%(count)s ride": ["%(count)s course", "%(count)s courses"],
    "month\x04May": "Mai",
    "period\x04Today": "Aujourd’hui",
    "From": "Du",
    "%(who)s has one ride.": ["%(who)s a une course.", "%(who)s a %(n)s courses."],
    "No “note” (yet": "Pas encore de note",
}


@pytest.fixture
def site(tmp_path, settings):
    """A project of one module and one page, with a catalog translated in full."""
    settings.BASE_DIR = tmp_path
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    (tmp_path / "bookings").mkdir()
    (tmp_path / "bookings" / "models.py").write_text(PYTHON)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text(PAGE)
    fill(tmp_path, FRENCH)
    return tmp_path


def fill(site, french):
    (site / "french.json").write_text(json.dumps(french))
    call_command("catalogs", fill=site / "french.json")


def po(site, language="fr"):
    return site / "locale" / language / "LC_MESSAGES" / "django.po"


def translations(site, language):
    with po(site, language).with_suffix(".mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def test_the_catalogs_of_this_project_are_complete():
    call_command("catalogs", check=True)


SEEDED = ("❌", "Calculée automatiquement : ")  # words that are given, as they are


def test_the_french_of_this_project_is_written_one_way():
    """One apostrophe, and no line that begins with a colon or a guillemet. Staff restore what was
    cancelled: "restaurer", nowhere "rétablir"."""
    for message in on_disk("fr").values():
        said = " ".join([message.string] if isinstance(message.string, str) else message.string)
        if said.startswith(SEEDED):
            continue
        assert not re.search(r"[^\W\d_]'[^\W\d_]", said), said
        assert not re.search(r"\S [:;?!»]|« ", said), said
        assert "rétabli" not in said.lower(), said


def test_it_finds_every_message_of_code_and_templates(site):
    french = translations(site, "fr")
    assert french.gettext("A ride") == "Une course"
    assert french.pgettext("month", "May") == "Mai"
    assert french.pgettext("period", "Today") == "Aujourd’hui"
    assert french.gettext("From") == "Du"
    assert french.gettext("No “note” (yet") == "Pas encore de note"
    call_command("catalogs", check=True)


def test_french_counts_zero_as_one(site):
    french = translations(site, "fr")
    forms = ("%(count)s ride", "%(count)s rides")
    assert [french.ngettext(*forms, n) for n in (0, 1, 2)] == [
        "%(count)s course",
        "%(count)s course",
        "%(count)s courses",
    ]


def test_english_fills_itself(site):
    english = translations(site, "en")
    assert english.ngettext("%(who)s has one ride.", "?", 2) == "%(who)s has %(n)s rides."
    assert 'msgstr[1] "%(count)s rides"' in po(site, "en").read_text()


def test_a_second_run_changes_nothing(site):
    before = [path.read_bytes() for path in sorted(site.rglob("django.*"))]
    call_command("catalogs")
    assert [path.read_bytes() for path in sorted(site.rglob("django.*"))] == before


def test_a_moved_line_changes_nothing(site):
    before = po(site).read_bytes()
    (site / "bookings" / "models.py").write_text("\n\n" + PYTHON)
    call_command("catalogs")
    assert po(site).read_bytes() == before


def test_it_prints_what_french_lacks(site, capsys):
    (site / "bookings" / "views.py").write_text('_("New")\nngettext("a stop", "{n} stops", 2)')
    call_command("catalogs", missing=True)
    assert json.loads(capsys.readouterr().out) == {
        "New": "New",
        "a stop": ["a stop", "{n} stops"],
    }


def test_it_drops_what_the_code_no_longer_says(site):
    (site / "templates" / "page.html").unlink()
    call_command("catalogs")
    assert "Aujourd’hui" not in po(site).read_text()


def test_it_refuses_words_that_are_not_in_the_code(site):
    with pytest.raises(CommandError, match="A bride"):
        fill(site, {"A bride": "Une mariée"})


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('msgstr "Une course"', 'msgstr ""', "fr: untranslated: 'A ride'"),
        ('msgid "A ride"', '#, fuzzy\nmsgid "A ride"', "fr: fuzzy: 'A ride'"),
        (
            "%(count)s courses",
            "%(number)s courses",
            "fr: placeholders differ: '%\\(count\\)s ride'",
        ),
        ("Une course", "A ride", "fr: as in English, and not in same.txt: 'A ride'"),
        ("%(count)s courses", "", "fr: untranslated: '%\\(count\\)s ride'"),
        ('msgid "A ride"', 'msgid "A bride"', "fr: no longer in the code: 'A bride'"),
        ("Une course", "Un trajet", "fr: django.mo is not what django.po compiles to"),
        ("# Carnet", "# by hand", "fr: django.po is not as"),
    ],
)
def test_the_check_names_what_is_wrong(site, old, new, complaint):
    text = po(site).read_text()
    assert old in text
    po(site).write_text(text.replace(old, new, 1))
    with pytest.raises(CommandError, match=complaint):
        call_command("catalogs", check=True)


def test_words_that_are_alike_are_named_one_by_one(site):
    fill(site, {"From": "From"})
    alike = site / "locale" / "fr" / "same.txt"
    alike.write_text("From\n")
    call_command("catalogs", check=True)
    alike.write_text("From\nA ride\nA bride\n")
    with pytest.raises(CommandError) as complaint:
        call_command("catalogs", check=True)
    assert str(complaint.value).splitlines() == [
        "fr: in same.txt, and not as in English: 'A ride'",
        "fr: in same.txt, and not in the code: 'A bride'",
    ]


def test_the_check_names_a_message_that_is_not_in_the_catalog(site):
    (site / "bookings" / "views.py").write_text('_("New")')
    with pytest.raises(CommandError, match="fr: not in the catalog: 'New'\nen: not in the catalog"):
        call_command("catalogs", check=True)


def test_no_message_hides_in_an_f_string():
    """Extraction does not look there, so it would never be translated."""
    root = Path(__file__).parent.parent
    hidden = [
        f"{file.relative_to(root)}:{call.lineno}"
        for room in ("project", "bookings", "transport", "inventory")
        for file in (root / room).rglob("*.py")
        for text in ast.walk(ast.parse(file.read_text()))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call)
        and getattr(call.func, "id", "") in ("_", "gettext", "gettext_lazy", "ngettext", "pgettext")
    ]
    assert hidden == []
