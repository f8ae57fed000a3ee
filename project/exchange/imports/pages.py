"""Which sheets of a workbook are read: one, or those with its titles together with it."""

from collections.abc import Callable
from dataclasses import dataclass

from .limits import check_cells, fit_together

HEADING_WITHIN = 10  # rows: there may be a title above


@dataclass(slots=True)
class Page:
    """A sheet: its rows as the reader gives them, and the numbers of those that are hidden."""

    name: str
    rows: list
    hidden: frozenset = frozenset()


@dataclass(slots=True)
class Wanted:
    """Which sheets are asked for: one, or else the first that holds something; `also` the others
    that are to be read with it, by their names. Or else `alike` finds these: a function of the
    first rows of the one that gives whether another is like it, by its first rows. They are read
    with it if `together`."""

    sheet: str = ""
    also: tuple = ()
    alike: Callable | None = None
    together: bool = True


class Look:
    """A look into the sheets of a workbook, whose `names` are as `names_of` gives them: the `pages`
    that are wanted, and what there is besides.

    The first is the sheet that is wanted, or else the first that is seen and holds something, or
    else of the hidden ones. Only rows that are read are kept; of others the first are compared.
    """

    def __init__(self, wanted, names, places):
        self.wanted, self.names, self.paths = wanted, names, places.paths
        self.pages = []
        self.filled, self.alike = set(), set()
        self.parts = set()  # that were looked into: one under many names costs what it does once
        self.first, self.is_like = [], None
        self.rows = self.width = 0  # of the pages, with what is empty in them

    def into(self, book, looks):
        """Sheets beyond the `looks` count as if they held something."""
        names, wanted = self.names, self.wanted.sheet
        first = sorted(names, key=lambda name: (name != wanted, names[name]))
        for place, name in enumerate(first):
            if place >= looks:
                self.filled.add(name)
                continue
            sheet = book.get_sheet_by_name(name)
            if sheet.end is not None:
                self.filled.add(name)
                if not self.pages:
                    self._take(sheet)
                elif self._belongs(sheet):
                    self.alike.add(name)
                    self._take_too(sheet)

    def found(self):
        """(names of the sheets that hold something, of those that are alike), in their order."""
        alike = self.alike and {*self.alike, self.pages[0].name}
        return self._ordered(self.filled), self._ordered(alike)

    def _ordered(self, some):
        return [name for name in self.names if name in some]

    def _take(self, sheet):
        last_row, last_column = sheet.end
        check_cells((last_row + 1) * (last_column + 1))
        page = Page(sheet.name, sheet.to_python(skip_empty_area=False))
        self.rows, self.width = last_row + 1, last_column + 1
        self.pages.append(page)
        self.parts.add(self.paths.get(sheet.name))
        if self.wanted.alike:
            start = sheet.start[0]
            self.first = page.rows[start : start + HEADING_WITHIN]

    def _belongs(self, sheet):
        """Whether a sheet is like the first one. Each has a part of its own, and a hidden one is
        not like one that is seen."""
        if sheet.name in self.wanted.also:
            return True
        part, own = self.paths.get(sheet.name), self.pages[0].name
        if not self.wanted.alike or part is None or {part, None} & self.parts:
            return False
        self.parts.add(part)
        if self.names[sheet.name] != self.names[own]:
            return False
        self.is_like = self.is_like or self.wanted.alike(self.first)
        before = [""] * sheet.start[1]
        rows = sheet.to_python(skip_empty_area=True, nrows=HEADING_WITHIN)
        return self.is_like([[*before, *row] for row in rows])

    def _take_too(self, sheet):
        """Read a further sheet, unless they all are too much together: then none but the first."""
        last_row, last_column = sheet.end
        self.rows, self.width = self.rows + last_row + 1, max(self.width, last_column + 1)
        if not self.wanted.together or not fit_together(len(self.alike) + 1, self.rows, self.width):
            del self.pages[1:]
        else:
            self.pages.append(Page(sheet.name, sheet.to_python(skip_empty_area=False)))
