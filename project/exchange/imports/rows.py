"""The rows of a file, as they are understood."""

from dataclasses import dataclass, field

from django.db import models
from django.utils.translation import pgettext_lazy


class State(models.TextChoices):
    NEW = "new", pgettext_lazy("row of a file", "New")
    CHANGED = "changed", pgettext_lazy("row of a file", "Changed")
    UNCHANGED = "unchanged", pgettext_lazy("row of a file", "Unchanged")
    ERROR = "error", pgettext_lazy("row of a file", "Error")
    WRITTEN = "written", pgettext_lazy("row of a file", "Written")


COUNTED = tuple(State.values)
PENDING = (State.NEW, State.CHANGED)


# Where several sheets are read together, a number has the place of the sheet, from 0, in front.
PER_SHEET = 1_000_000  # more than a file may have rows


@dataclass(slots=True)
class Row:
    """A row: its number in the file (`Import.where` tells which row that is), and its `cells` as
    they came (or were corrected), in the order of the columns that count. `values` are the plain
    values understood, None where a cell is empty.

    `errors` maps columns to what is wrong with them, '' to what is wrong with the row. `before` are
    the present values, for people, of the columns that change; `pk`, `version` and `name` are of
    the record that the row is about. `was` is new or changed, of a row that
    is written, or that was refused while it was.
    """

    number: int
    cells: list
    state: str = State.ERROR.value
    values: list = field(default_factory=list)
    errors: dict = field(default_factory=dict)
    before: dict = field(default_factory=dict)
    pk: int | None = None
    version: int | None = None
    name: str = ""
    was: str = ""


# What is told of a row beside its cells, their values and its number; most have next to nothing.
TOLD = ("state", "errors", "before", "pk", "version", "name", "was")


def packed(rows):
    """What the rows of a file are, as what JSON has; column by column: the half, and a third of the
    time, of row by row."""
    width = len(rows[0].cells)
    nothing = [None] * width
    cells = list(zip(*[row.cells for row in rows], strict=True))
    values = list(zip(*[row.values or nothing for row in rows], strict=True))
    return {
        "numbers": [row.number for row in rows],
        "cells": cells,
        "values": [None if same(*pair) else pair[1] for pair in zip(cells, values, strict=True)],
    }


def outcomes(rows):
    """What is told of the rows beside that."""
    told = {name: [getattr(row, name) for row in rows] for name in TOLD}
    return {name: column for name, column in told.items() if any(column)}


def same(cells, values):
    """Whether the values are the cells: texts, mostly. (1 and True are equal, and not the same.)"""
    return cells == values and set(map(type, values)) == {str}


def unpacked(found, told):
    """The rows that were `packed`, with their `outcomes`."""
    cells = found["cells"]
    pairs = zip(cells, found["values"], strict=True)
    values = [own if read is None else read for own, read in pairs]
    rows = [
        Row(number, list(row), values=list(read))
        for number, row, read in zip(
            found["numbers"], zip(*cells, strict=True), zip(*values, strict=True), strict=True
        )
    ]
    for name, column in told.items():
        for row, value in zip(rows, column, strict=True):
            setattr(row, name, value)
    return rows


@dataclass(slots=True)
class Entry:
    """What a row says, for the wing: `values` maps columns to plain values (None: to be emptied).

    Without a `pk` it is to be made; with one, `values` is only what changes, and `version` what was
    read of the record, and `before` what that was, of the same columns.
    """

    number: int
    values: dict
    pk: int | None = None
    version: int | None = None
    before: dict = field(default_factory=dict)
