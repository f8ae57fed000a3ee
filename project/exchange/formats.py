"""The formats that a file can have, each with who writes it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import models

from .models import Export

_formats = {}


@dataclass(frozen=True, kw_only=True)
class Format:
    """One kind of file. `write(content, file)` writes a `Content` into an open binary file.

    A writer calls `content.step(rows so far)` between its rows, in no transaction; it raises
    `project.jobs.declare.GiveUp` with words for its reader where the file can't be.
    Up to `at_once` rows are written while the user waits, more in the background.
    """

    name: str
    label: Any
    suffix: str
    content_type: str
    write: Callable
    at_once: int = 2_000


@dataclass(frozen=True)
class Content:
    """What a file is made of: the export that asks for it, and the records that it shows."""

    export: Export
    records: models.QuerySet
    step: Callable = lambda done: None

    @property
    def options(self):
        return self.export.options


def register(format):
    _formats[format.name] = format


def get(name):
    """The format of this name; KeyError if there is none."""
    return _formats[name]
