"""Where the rows and cells in a sheet's XML are: as they say, or else one after the other.

The reader takes them so, whatever the prefix of their names and however they are written.
"""

import re
from functools import lru_cache

from .limits import MOST_CELLS, check_cells, check_extent, damaged

# The attributes of a tag, and one of them. Nothing is gone back on or looked at from each of its
# signs anew, so that what is not closed or no attribute costs no more than it is long.
GIVEN = rb"(?:[^<>\"']++|\"[^<\"]*+\"|'[^<']*+')*+"
ATTRIBUTE = re.compile(rb"(?<![^\s=/\"'])([^\s=/]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)')")
# What may stand before a tag's name: the reader takes all up to the first colon, even nothing.
PREFIX = rb"(?:(?:[^ \t\r\n<>/!?:][^ \t\r\n<>:]*+)?:)?"
# Most have their place first of all, and plainly.
ROW_OR_CELL = re.compile(
    rb"<(?P<ends>/?)%s(?P<what>row|c)(?=[\s/>])"
    rb"(?: r=\"(?P<letters>[A-Za-z]{0,3})(?P<digits>[0-9]{1,7})\")?"
    rb"(?P<given>%s)(?P<closed>>?)" % (PREFIX, GIVEN)
)
PLACE = re.compile(rb"\s*([A-Za-z]*)([0-9]*)")
YES = (b"1", b"true")
HIDDEN_ROW = re.compile(rb"<row r=\"([0-9]{1,7})\"[^<>]*?\shidden=[\"'](?:1|true)[\"']")
PREFIXED = re.compile(rb":(?:c|row)[\s/>]")
# The cheap look first: a place that is not plainly within what we take (GZ19999 is).
FAR = re.compile(rb' r="(?![A-G]?[A-Z]?[01]?[0-9]{1,4}")')


def check_places(content):
    """Refuse a sheet of more rows, columns or cells than we take, or with a cell far out: read as a
    table it would be mostly holes."""
    start, end = extent_of(content)
    tags = content.count(b"<c", start, end)
    if tags > MOST_CELLS:
        check_cells(sum(content.count(sign, start, end) for sign in (b"<c ", b"<c>", b"<c/")))
    if is_usual(content, start, end, tags):
        return
    cells = 0
    # In place, and no further than the first that is too much: there may be millions.
    for row, column, _tag in places_of(content, start, end):
        check_extent(row, column + 1)
        cells += column >= 0
        check_cells(cells)


def extent_of(content):
    """(start, end) of the rows in a sheet; of all where that is not plain to see."""
    start, end = content.find(b"<sheetData"), content.rfind(b"</sheetData>")
    if 0 <= start < end and content.count(b"sheetData") == 2:
        return start, end
    return 0, len(content)


def is_usual(content, start, end, tags):
    """Whether a sheet is within limits by a look at signs alone: each row and cell says where it is
    first of all, as every program writes it. `tags` is how many begin as that of a cell does."""
    return (
        content.count(b'<c r="', start, end) == tags
        and content.count(b'<row r="', start, end) == content.count(b"<row", start, end)
        and not PREFIXED.search(content, start, end)
        and not FAR.search(content, start, end)
    )


def hidden_rows(content):
    """The numbers, from 1, of the rows of a sheet that are hidden, by hand or by a filter."""
    start, end = extent_of(content)
    if content.find(b"hidden=", start, end) == -1:
        return frozenset()
    tags = content.count(b"<row", start, end)
    if tags == content.count(b'<row r="', start, end) and content.count(b":row", start, end) == 0:
        return frozenset(int(found[1]) for found in HIDDEN_ROW.finditer(content, start, end))
    rows = (each for each in places_of(content, start, end) if each[1] < 0)
    return frozenset(
        row + 1 for row, _column, tag in rows if given_of(tag["given"]).get(b"hidden") in YES
    )


def places_of(content, start, end):
    """Yield (row, column, the match of its tag) of each cell, both from 0; the column of a row
    itself is -1."""
    row = column = 0
    for tag in ROW_OR_CELL.finditer(content, start, end):
        ends, what, letters, digits, given, closed = tag.groups()
        if not closed:
            raise damaged()
        if digits is None and given:
            letters, digits = PLACE.match(given_of(given).get(b"r", b"")).groups()
        if what == b"row":
            if not ends:
                row = int(digits[:9]) - 1 if digits else row
                yield row, -1, tag
            if ends or given.endswith(b"/"):
                row, column = row + 1, 0
        elif not ends:
            column = column_number(letters[:9]) - 1 if letters else column
            yield int(digits[:9]) - 1 if digits else row, column, tag
            column += 1


def given_of(tag):
    """{name: value} of the attributes in a tag; of two of a name the first, as for the reader."""
    return {name: double or single for name, double, single in ATTRIBUTE.findall(tag)[::-1]}


@lru_cache(maxsize=1_000)
def column_number(letters):
    """1 for b"A", 27 for b"AA"."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
