"""Which letters there are, and who writes them: each wing registers its own from its apps.py."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_kinds = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message in the recipient's language. `address` is '' where there is none any more.

    `calendar` is an iCalendar object whose method is `method`, or ''.
    """

    address: str
    name: str
    language: str
    subject: str
    text: str
    html: str
    calendar: str = ""
    method: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of message: what it is called, who writes it, and the pages of what it is about.

    `write(mail)` returns the Letter of an OutgoingMail, in `mail.language` or, where that is not
    settled, in the recipient's; None where there is nothing to tell. It says what was true at the
    mail's batch: it reads the batch's log and history, never the record as it is by now.
    `pages(keys)` maps the keys of records to (name, URL), in one statement.
    """

    code: str
    label: Any
    write: Callable
    pages: Callable


def register(kind):
    _kinds[kind.code] = kind


def kind(code):
    """The kind registered under `code`; KeyError if there is none."""
    return _kinds[code]


def labels():
    """{code: label} of all kinds."""
    return {code: each.label for code, each in _kinds.items()}
