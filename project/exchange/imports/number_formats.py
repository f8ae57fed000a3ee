"""What of a cell only its number format shows: zeros in front, as in 0771234567, where the reader
gives 771234567; and that a day has no time of day, where it gives midnight either way.

The formats are looked up here, and the cells only where a workbook has such formats.
"""

import re
from datetime import date
from functools import partial
from html import unescape
from itertools import islice

from .places import GIVEN, PREFIX, column_number, extent_of, given_of, is_usual, places_of
from .signs import LONGEST_NUMBER

PARTS = re.compile(rb"<(/?)%s(numFmts|numFmt|cellXfs|xf)(?=[\s/>])(%s)" % (PREFIX, GIVEN))
MOST_PARTS = 200_000  # Excel takes some 65,000 formats of cells
LONGEST_FORMAT = 255  # characters, in Excel
# Letters in quotes, signs behind a backslash, colours and languages in brackets, the width of a
# sign and what fills a cell, and signs that stand for themselves.
LITERAL = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<sign>.)|\[[^\]]*\]|[_*].|[ \u00a0\u202f()+\-]', re.S
)
DIGITS = re.compile(r"(?P<front>z*)[#?]*(?P<shown>(?:0[0#?]*)?)z*")
DAYS = {b"14", b"15", b"16", b"17"}  # the formats of days that every workbook has


def as_shown(rows, shown, content):
    """The rows of the sheet whose XML this is: numbers that show zeros in front as the text that is
    seen, and midnights of which only the day is seen as that day. `shown` is what `shown_by` finds
    in the workbook's styles."""
    if day in shown.values() and not any(type(cell) is date for row in rows for cell in row):
        shown = {style: show for style, show in shown.items() if show is not day}
    if not shown:
        return rows
    for row, column, style in styled(content, shown):
        if 0 <= row < len(rows) and column < len(rows[row]):
            rows[row][column] = shown[style](rows[row][column])
    return rows


def styled(content, styles):
    """Yield (row, column, style) of each cell in a sheet's XML that is of one of the styles."""
    start, end = extent_of(content)
    if not is_usual(content, start, end, content.count(b"<c", start, end)):
        for row, column, tag in places_of(content, start, end):
            if column >= 0 and (style := number(given_of(tag["given"]).get(b"s"))) in styles:
                yield row, column, style
        return
    few = b"|".join(b"%d" % style for style in styles) if len(styles) < 100 else rb"\d{1,6}"
    cell = rb"<c r=\"([A-Za-z]{1,3})(\d{1,7})\"[^<>]*?\ss\s*+=\s*+[\"'](%s)[\"']" % few
    for found in re.compile(cell).finditer(content, start, end):
        letters, digits, style = found.groups()
        if int(style) in styles:
            yield int(digits) - 1, column_number(letters) - 1, int(style)


def shown_by(styles):
    """{style: what makes of a cell what it shows}, of those that show more than a value tells."""
    formats, used, within = dict.fromkeys(DAYS, day), [], b""
    for part in islice(PARTS.finditer(styles), MOST_PARTS):
        ends, what, tag = part.groups()
        if what in (b"numFmts", b"cellXfs"):
            within = b"" if ends or tag.endswith(b"/") else what
        elif not ends and (what, within) == (b"xf", b"cellXfs"):
            used.append(given_of(tag).get(b"numFmtId"))
        elif not ends and (what, within) == (b"numFmt", b"numFmts"):
            given = given_of(tag)
            code = unescape(given.get(b"formatCode", b"").decode(errors="replace"))
            formats[given.get(b"numFmtId")] = shown_as(code)
    return {style: formats[key] for style, key in enumerate(used) if key and formats.get(key)}


def shown_as(code):
    """What makes of a cell what this number format shows of it; None where that is its value, and
    where it is more than zeros in front or a day (decimals, thousands, a time)."""
    if len(code) > LONGEST_FORMAT:
        return None
    signs = LITERAL.sub(zeros_in, code).partition(";")[0].lower()
    if found := DIGITS.fullmatch(signs):
        front, least = len(found["front"]), len(found["shown"])
        more_than_value = least > 1 or (front and signs.strip("z"))
        if more_than_value and front + least <= LONGEST_NUMBER:
            return partial(with_zeros, "0" * front, least)
    elif set("dy") & set(signs) and not set("hs") & set(signs) and "general" not in signs:
        return day
    return None


def zeros_in(literal):
    """Zeros that a format has as letters, as `DIGITS` knows them; nothing of other letters."""
    letters = literal["quoted"] or literal["sign"] or ""
    return "" if letters.strip("0 ()+-.") else "z" * letters.count("0")


def with_zeros(front, least, value):
    """A whole number as its format shows it; any other value as it is."""
    if type(value) not in (int, float) or not 0 <= value < 1e15 or value != int(value):
        return value
    shown = f"{front}{int(value):0{least}}"
    return shown if shown.startswith("0") and len(shown) > 1 else value


def day(value):
    """Of a midnight the day alone; any other value as it is."""
    return value.isoformat() if type(value) is date else value


def number(digits):
    return int(digits) if digits and digits.isdigit() and len(digits) < 10 else None
