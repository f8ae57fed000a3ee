"""Which letters there are, what they are made of, and who writes them: each wing registers its own
from its apps.py."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils.formats import time_format

from project.ui import formats

_kinds = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message in the recipient's language. `address` is '' where there is none any more.

    `calendars` are the CalendarFiles that it attaches.
    """

    address: str
    name: str
    language: str
    subject: str
    text: str
    html: str
    calendars: tuple = ()

    @classmethod
    def to(cls, whom, folder, context, *, language, calendars=()):
        """To `whom` (with a name and an email), from the templates `<folder>.subject.txt`, `.txt`
        and `.html`, in the language in force, which is `language`."""
        return cls(
            address=whom.email,
            name=one_line(whom.name),
            language=language,
            subject=one_line(render_to_string(f"{folder}.subject.txt", context)),
            text=render_to_string(f"{folder}.txt", context),
            html=render_to_string(f"{folder}.html", context),
            calendars=calendars,
        )


def one_line(text):
    """As a header takes it: a line break in a name must not begin another header."""
    return " ".join(text.split())


def moment(at):
    """A local moment in what changed, as the rest of a letter writes it: "Saturday 21 November
    2026, 10:30". Its short form would be read as another day where 12/11 is December."""
    return f"{day_of(at)}, {time_format(at, 'TIME_FORMAT')}"


def day_of(at):
    return formats.day(at.date(), 0)  # with its year, whichever that is


class Dated:
    """Something that a letter tells of, by its local time `at`."""

    __slots__ = ()

    @property
    def day(self):
        return day_of(self.at)

    @property
    def short_day(self):
        return formats.short_day(self.at.date(), 0)

    @property
    def zone(self):
        """Whose clock the time is of: the city's, as a customer knows it, or its offset."""
        return formats.clock_of(self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of message: what it is called, who writes it, and the pages of what it is about.

    `write(mail)` returns the Letter of an OutgoingMail, in `mail.language` or, where that is not
    settled, in the recipient's; None where there is nothing to tell. It says what was true at the
    mail's batch: it reads the batch's log and history, never the record as it is by now.
    `pages(keys)` maps the keys of records to (name, URL), in one statement. Where it may tell of
    several, `first` is an expression over the mail for the key of the one that its words name
    first.
    """

    code: str
    label: Any
    write: Callable
    pages: Callable
    first: Any = None


def register(kind):
    _kinds[kind.code] = kind


def kind(code):
    """The kind registered under `code`; KeyError if there is none."""
    return _kinds[code]


def labels():
    """{code: label} of all kinds."""
    return {code: each.label for code, each in _kinds.items()}
