"""Which part of a workbook a sheet is in, for what has to be looked up beside its cells' values."""

import re
from xml.sax.saxutils import unescape

from .places import GIVEN, given_of

QUOTES = {"&quot;": '"', "&apos;": "'"}
SHEET_PART = re.compile(r"xl/worksheets/[^/]+\.xml", re.I)
SHEET_OF_BOOK = re.compile(rb"<(?:\w+:)?sheet(?=\s)(%s)>" % GIVEN)
RELATION = re.compile(rb"<(?:\w+:)?Relationship(?=\s)(%s)>" % GIVEN)


def content_of(parts, sheet):
    """The XML of the sheet of this name; the only one there is, or nothing, if that isn't told."""
    by_name = {name.lower(): content for name, content in parts.items()}
    path = path_of(by_name, sheet)
    if path not in by_name:
        paths = [name for name in by_name if SHEET_PART.fullmatch(name)]
        path = paths[0] if len(paths) == 1 else ""
    return by_name.get(path, b"")


def path_of(parts, sheet):
    """Where a sheet of this name is among the parts; '' if it isn't told."""
    for found in SHEET_OF_BOOK.findall(parts.get("xl/workbook.xml", b"")):
        given = given_of(found)
        if unescape(given.get(b"name", b"").decode(errors="replace"), QUOTES) == sheet:
            key = next((value for name, value in given.items() if name.endswith(b":id")), None)
            for relation in RELATION.findall(parts.get("xl/_rels/workbook.xml.rels", b"")):
                relation = given_of(relation)
                if relation.get(b"Id") == key:
                    target = relation.get(b"Target", b"").decode(errors="replace").lower()
                    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return ""
