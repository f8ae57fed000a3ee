"""Keep locale/ in step with the code, without GNU gettext on the machine.

Identifiers are the English words, so the English catalog fills itself; French is translated by
hand. Both .po and .mo are committed. Entries carry file names and no line numbers or dates, so
that a change touches only the lines it is about.
"""

import io
import json
import re
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation.template import templatize

SOURCES = ("project", "bookings", "transport", "inventory", "templates")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")
WORD = re.compile(r"[^\W\d_]{2}")
CONTEXT_SEPARATOR = "\x04"  # gettext's own, so "month\x04May" names May in the context "month"


class QuietCatalog(Catalog):
    """A catalog whose header says nothing that changes from run to run."""

    @property
    def mime_headers(self):
        return [
            ("Language", str(self.locale)),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", self.plural_forms),
        ]


class Message(NamedTuple):
    id: str | tuple[str, str]  # the words, or (singular, plural)
    context: str | None
    files: set[str]


class Command(BaseCommand):
    help = "Update locale/*/LC_MESSAGES/django.po and .mo from the code and the templates."
    requires_system_checks = []

    def add_arguments(self, parser):
        mode = parser.add_mutually_exclusive_group()
        mode.add_argument(
            "--check", action="store_true", help="change nothing; list what is wrong and fail"
        )
        mode.add_argument(
            "--missing", action="store_true", help="print what French lacks, as JSON for --fill"
        )
        mode.add_argument(
            "--fill", metavar="FILE", help="load French from JSON: English to French (or a list)"
        )

    def handle(self, *, check=False, missing=False, fill=None, **options):
        messages = extracted(settings.BASE_DIR)
        if check:
            problems = [line for code, _ in settings.LANGUAGES for line in faults(code, messages)]
            if problems:
                raise CommandError("\n".join(problems))
            self.stdout.write(f"{len(messages)} messages, complete.")
        elif missing:
            self.stdout.write(json.dumps(untranslated(messages), ensure_ascii=False, indent=1))
        else:
            french = json.loads(Path(fill).read_text()) if fill else {}
            if unknown := sorted(french.keys() - messages.keys()):
                raise CommandError("Not in the code:\n" + "\n".join(map(repr, unknown)))
            for language, _ in settings.LANGUAGES:
                catalog = updated(language, messages, french if language == "fr" else {})
                path = po_path(language)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(po_bytes(catalog))
                path.with_suffix(".mo").write_bytes(mo_bytes(catalog))
            left = len(untranslated(messages))
            self.stdout.write(f"{len(messages)} messages, {left} untranslated in French.")


def extracted(root):
    """{name: Message} of our own code and templates under `root`, in a steady order."""
    found = {}
    for path in sorted(path for room in SOURCES for path in (root / room).rglob("*")):
        if path.suffix == ".py" and "migrations" not in path.parts:
            source = path.read_text()
        elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
            # templatize() leaves the indentation of the page, which Python would refuse.
            page = templatize(path.read_text())
            source = "\n".join(line.lstrip() for line in page.splitlines())
        else:
            continue
        stream = io.BytesIO(source.encode())
        for _, id, _, context in extract("python", stream, keywords=KEYWORDS):
            message = found.setdefault(name(id, context), Message(id, context, set()))
            message.files.add(path.relative_to(root).as_posix())
            if isinstance(message.id, str):  # a plural use covers the singular one
                found[name(id, context)] = message._replace(id=id)
    return dict(sorted(found.items()))


def name(id, context):
    """What JSON files call a message: its singular, after its context where it has one."""
    singular = id if isinstance(id, str) else id[0]
    return f"{context}{CONTEXT_SEPARATOR}{singular}" if context else singular


def po_path(language):
    return Path(settings.LOCALE_PATHS[0], language, "LC_MESSAGES", "django.po")


def on_disk(language):
    """{name: entry} of the committed catalog."""
    if not po_path(language).exists():
        return {}
    with po_path(language).open("rb") as file:
        catalog = read_po(file, locale=language)
    return {name(entry.id, entry.context): entry for entry in catalog if entry.id}


def updated(language, messages, translations):
    """The catalog of exactly `messages`: what was translated stays, `translations` win over it."""
    before = on_disk(language)
    catalog = QuietCatalog(language, header_comment="# Carnet", fuzzy=False)
    for key, (id, context, files) in messages.items():
        known = before.get(key)
        if language == "en":
            string = id
        elif key in translations:
            string = translations[key]
        elif known and not known.fuzzy and isinstance(known.string, str) == isinstance(id, str):
            string = known.string
        else:
            string = "" if isinstance(id, str) else ("", "")
        if isinstance(string, list):
            string = tuple(string)
        locations = [(file, None) for file in sorted(files)]
        catalog.add(id, string, locations=locations, context=context)
    return catalog


def po_bytes(catalog):
    stream = io.BytesIO()
    write_po(stream, catalog, width=100, include_lineno=False)
    return stream.getvalue()


def mo_bytes(catalog):
    stream = io.BytesIO()
    write_mo(stream, catalog)
    return stream.getvalue()


def untranslated(messages):
    """{name: id} of what French lacks; the id of a plural is the pair."""
    known = {name(entry.id, entry.context): entry for entry in updated("fr", messages, {})}
    return {key: message.id for key, message in messages.items() if not complete(known[key])}


def complete(entry):
    strings = (entry.string,) if isinstance(entry.string, str) else entry.string
    return bool(strings) and all(strings)


def faults(language, messages):
    """What is wrong with the committed files of `language`, a line each."""
    path, disk, wanted = po_path(language), on_disk(language), updated(language, messages, {})
    alike = same(language)
    lines = [f"not in the catalog: {key!r}" for key in messages if key not in disk]
    lines += [f"no longer in the code: {key!r}" for key in disk if key not in messages]
    for key, entry in disk.items():
        if entry.fuzzy:
            lines.append(f"fuzzy: {key!r}")
        elif not complete(entry):
            lines.append(f"untranslated: {key!r}")
        elif language != "en" and copied(entry) and key not in alike:
            lines.append(f"as in English, and not in same.txt: {key!r}")
        elif not placeholders_agree(entry):
            lines.append(f"placeholders differ: {key!r}")
        elif key in alike and not copied(entry):
            lines.append(f"in same.txt, and not as in English: {key!r}")
    lines += [f"in same.txt, and not in the code: {key!r}" for key in sorted(alike - disk.keys())]
    if not lines:
        compiled = path.with_suffix(".mo")
        if not path.exists() or path.read_bytes() != po_bytes(wanted):
            lines.append("django.po is not as `manage.py catalogs` writes it")
        if not compiled.exists() or compiled.read_bytes() != mo_bytes(wanted):
            lines.append("django.mo is not what django.po compiles to: run `manage.py catalogs`")
    return [f"{language}: {line}" for line in lines]


def same(language):
    """The names of the messages that this language and English have alike."""
    path = po_path(language).parent.parent / "same.txt"
    return set(path.read_text().splitlines()) if path.exists() else set()


def copied(entry):
    """Whether it says the same as its original, where that says anything in words."""
    return entry.id == entry.string and bool(WORD.search(PLACEHOLDER.sub("", words_of(entry))))


def words_of(entry):
    return entry.id if isinstance(entry.id, str) else entry.id[0]


def placeholders_agree(entry):
    """Whether the translation fills in what its original does.

    A singular may spell its number out ("one booking") where the other language counts.
    """
    if isinstance(entry.id, str):
        return placeholders(entry.id) == placeholders(entry.string)
    allowed = [placeholders(text) for text in entry.id]
    return placeholders(entry.string[-1]) == allowed[-1] and all(
        placeholders(text) in allowed for text in entry.string
    )


def placeholders(text):
    return sorted(PLACEHOLDER.findall(text))
