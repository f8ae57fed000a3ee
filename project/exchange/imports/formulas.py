"""What formulas left where a value should be: an error, or nothing that was ever worked out.

The reader takes both for empty cells, and an empty cell may empty a field.
"""

import re
from itertools import chain, pairwise

from .limits import check_extent
from .places import PREFIX, extent_of, given_of, places_of
from .signs import UNCALCULATED

OF_ERROR, OF_FORMULA = (b'"e"', b"'e'"), (b"<f", b":f")
# A byte that each of them has and most sheets lack: one byte is looked for ten times as fast.
RARE = {b"'e'": b"'", b":f": b":"}
FORMULA = re.compile(rb"\s*+<%sf[\s/>]" % PREFIX)
VALUE = re.compile(rb"<%sv(?:\s[^<>]*+)?>([^<]*+)|</%sc\s*+>" % (PREFIX, PREFIX))


def with_what_formulas_left(rows, content):
    """The rows of the sheet whose XML this is, with a word for what its formulas have not given."""
    start, end = extent_of(content)
    signs = [sign for sign in OF_ERROR + OF_FORMULA if RARE.get(sign, b"") in content]
    if all(content.find(sign, start, end) == -1 for sign in signs):
        return rows
    places = chain(places_of(content, start, end), [None])
    for (row, column, tag), following in pairwise(places):
        stop = following[2].start() if following else end
        word = column >= 0 and word_for(content, tag, stop)
        if word:
            check_extent(row, column + 1)
            rows += [[] for _row in range(row + 1 - len(rows))]
            rows[row] += [""] * (column + 1 - len(rows[row]))
            rows[row][column] = word
    return rows


def word_for(content, tag, stop):
    """The error in a cell, `UNCALCULATED` of a formula without a result; "" of any other cell. What
    comes next begins at `stop`."""
    given, is_formula = tag["given"], FORMULA.match(content, tag.end())
    if given.endswith(b"/") or not (is_formula or any(sign in given for sign in OF_ERROR)):
        return ""
    kind = given_of(given).get(b"t")
    if not (is_formula or kind == b"e"):
        return ""
    found = VALUE.search(content, tag.end(), stop)
    value = ((found and found[1]) or b"").strip().decode(errors="replace")
    if kind == b"e":
        return value  # the reader knows it, or else refuses the file
    # A formula may well give an empty text, and is of that type then.
    return "" if value or kind == b"str" else UNCALCULATED
