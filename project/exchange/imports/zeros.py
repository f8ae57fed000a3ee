"""Zeros that only a cell's format shows: 771234567 that is seen as 0771234567.

The reader gives the number alone, so the formats are looked up here, where a workbook has such.
"""

import re
from xml.sax.saxutils import unescape

NUMBER_FORMAT = re.compile(rb"<(?:\w+:)?numFmt\s([^>]*)>")
CELL_FORMATS = re.compile(rb"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", re.S)
CELL_FORMAT = re.compile(rb"<(?:\w+:)?xf\s([^>]*)>")
ATTRIBUTE = re.compile(rb'([\w:]+)\s*=\s*"([^"]*)"')
SHEET_OF_BOOK = re.compile(rb"<(?:\w+:)?sheet\s([^>]*)>")
CELL = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})" s="(\d+)"(?: t="n")?><v>(\d{1,15})(?:\.0)?</v>')
RELATION = re.compile(rb"<(?:\w+:)?Relationship\s([^>]*)>")
# Letters in quotes, signs behind a backslash, colours and languages in brackets.
LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|[ ()./\-]')


def with_leading_zeros(rows, parts, sheet):
    """The rows, with the numbers that show leading zeros as the text that is seen."""
    by_name = {name.lower(): content for name, content in parts.items()}
    widths = widths_of(by_name.get("xl/styles.xml", b""))
    content = by_name.get(path_of(by_name, sheet), b"") if widths else b""
    for found in CELL.finditer(content):
        letters, number, style, digits = found.groups()
        width = widths.get(int(style), 0)
        if width > len(digits):
            row, column = int(number) - 1, column_number(letters) - 1
            if row < len(rows) and column < len(rows[row]):
                rows[row][column] = digits.decode().zfill(width)
    return rows


def widths_of(styles):
    """{style: how many digits it shows at least}, of those that show zeros in front."""
    formats = {}
    for found in NUMBER_FORMAT.findall(styles):
        given = dict(ATTRIBUTE.findall(found))
        width = width_of(unescape(given.get(b"formatCode", b"").decode(errors="replace")))
        if width > 1:
            formats[given.get(b"numFmtId")] = width
    if not formats:
        return {}
    cells = CELL_FORMATS.search(styles)
    used = CELL_FORMAT.findall(cells[0]) if cells else []
    used = [dict(ATTRIBUTE.findall(found)) for found in used]
    return {
        place: formats[given[b"numFmtId"]]
        for place, given in enumerate(used)
        if given.get(b"numFmtId") in formats
    }


def width_of(code):
    """How many digits a number format shows at least: 10 for `0000000000` and for `0# ## ## ## ##`.

    0 for a format of something else (a date, decimals, thousands).
    """
    signs = LITERAL.sub("", code.replace("&quot;", '"').split(";")[0])
    return len(signs) - signs.index("0") if re.fullmatch(r"#*0[0#]*", signs) else 0


def path_of(parts, sheet):
    """Where a sheet of this name is among the parts; '' if it isn't told."""
    for found in SHEET_OF_BOOK.findall(parts.get("xl/workbook.xml", b"")):
        given = dict(ATTRIBUTE.findall(found))
        if unescape(given.get(b"name", b"").decode(errors="replace"), {"&quot;": '"'}) == sheet:
            key = next((value for name, value in given.items() if name.endswith(b":id")), None)
            for relation in RELATION.findall(parts.get("xl/_rels/workbook.xml.rels", b"")):
                relation = dict(ATTRIBUTE.findall(relation))
                if relation.get(b"Id") == key:
                    target = relation.get(b"Target", b"").decode(errors="replace").lower()
                    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return ""


def column_number(letters):
    """1 for b"A", 27 for b"AA"."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
