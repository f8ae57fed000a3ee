"""What a wing says of a kind of record that can come from files."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.utils.translation import gettext_lazy

from ..columns import Sheet

_importers = {}
BY_REFERENCE = gettext_lazy(
    "A row with a reference changes that record; one without makes a new one."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What is done with the cells of a column: `clean` maps the plain value that was read to the
    one that is kept, and raises ValidationError. `find`, of a column that names other records, maps
    the names to {name: (key, '') or (None, what is wrong)}, in one statement.

    `permission` is what filling it needs, `clearing` what emptying it needs, beside the right to
    write the record. A new record can't be without what is `required`; `clears` says whether an
    empty cell may empty the field. `suggests` names the page that the live search of a form asks
    for what a cell may hold.
    """

    column: str
    clean: Callable | None = None
    find: Callable | None = None
    required: bool = False
    clears: bool = True
    permission: str = ""
    clearing: str = ""
    suggests: str = ""
    example: Any = ""
    note: Any = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A record that a file names: its plain values by column, None for what is empty; `shown` are
    the names of the other records that it points to. `name` is its own, where that may be written
    otherwise in the file."""

    pk: int
    version: int
    values: dict
    shown: dict
    name: str = ""


@dataclass(slots=True)
class Written:
    """What became of a chunk of rows: {number of a row: name of its record}, {number: its key},
    where its page goes by that, {number: {column: what is wrong}}, and the batches."""

    names: dict = field(default_factory=dict)
    keys: dict = field(default_factory=dict)
    faults: dict = field(default_factory=dict)
    batches: list = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Importer:
    """How files become records of a desk.

    `key` is the column whose value names a record. `known(names)` gives {name: Known}, the names
    without their case.
    `check(entries)` gives {number: {column: what is wrong}} for what cells by themselves don't
    show; `write(entries, by, tell, source)` writes what can be, in the caller's transaction, and
    returns `Written`. An entry is a `rows.Entry`.

    Where a name is one only `within` what another column names (an article's code, in its shop),
    `known` is asked for pairs (key of that, the name). What `makes` records of names that nobody
    has yet takes the name as a value of the new one. `compare(given, present)` gives (changes, what
    they change from), both {column: plain value}, for columns that are not to be compared one by
    one. `currency(given, known)`, of a row's plain values and its `Known` or None, is the code of
    its amounts, "" where that can't be told. `of_desk` is the slug of the desk, where that is not
    the sheet's.
    """

    sheet: Sheet
    key: str
    intakes: tuple
    known: Callable
    check: Callable
    write: Callable
    permission: str
    add_permission: str
    change_permission: str
    label: Any
    tells: Any = ""
    within: str = ""
    makes: bool = False
    compare: Callable | None = None
    currency: Callable | None = None
    of_desk: str = ""
    how: Any = BY_REFERENCE

    @property
    def slug(self):
        return self.sheet.slug

    @property
    def desk(self):
        """The slug of the desk whose records these are."""
        return self.of_desk or self.slug

    @cached_property
    def intake(self):
        """{column: Intake}"""
        return {intake.column: intake for intake in self.intakes}

    @cached_property
    def counting(self):
        """{name: column} of those that count, in the sheet's order: of the key, and with an
        intake."""
        return {
            column.name: column
            for column in self.sheet.columns
            if column.name == self.key or column.name in self.intake
        }

    @property
    def required(self):
        return [intake.column for intake in self.intakes if intake.required]


def register(importer):
    _importers[importer.slug] = importer


def importer_of(slug):
    """The importer of a desk; KeyError if it has none."""
    return _importers[slug]


def open_to(user):
    return [each for each in _importers.values() if user.has_perm(each.permission)]
