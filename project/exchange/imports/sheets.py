"""Which part of a workbook a sheet is in, for what has to be looked up beside its cells' values."""

import re

from .places import GIVEN, PREFIX, given_of

ESCAPED = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&"}  # & comes last
SHEET_PART = re.compile(r"xl/worksheets/[^/]+\.xml", re.I)
SHEET_OF_BOOK = re.compile(rb"<%ssheet(?=\s)(%s)>" % (PREFIX, GIVEN))
RELATION = re.compile(rb"<%sRelationship(?=\s)(%s)>" % (PREFIX, GIVEN))


class Places:
    """Where the sheets of a workbook are among its parts: {name: path}, of those that it tells."""

    def __init__(self, parts):
        self.parts = {name.lower(): content for name, content in parts.items()}
        self.paths = {name: path for name, path in paths_of(self.parts) if path in self.parts}

    def content_of(self, sheet):
        """The XML of the sheet of this name; the only one there is, or nothing, if that isn't
        told."""
        if sheet in self.paths:
            return self.parts[self.paths[sheet]]
        found = [name for name in self.parts if SHEET_PART.fullmatch(name)]
        return self.parts[found[0]] if len(found) == 1 else b""


def paths_of(parts):
    """[(name of a sheet, where it is said to be)], of two of a name the one that counts last."""
    targets = {}
    for found in RELATION.findall(parts.get("xl/_rels/workbook.xml.rels", b"")):
        given = given_of(found)
        targets.setdefault(given.get(b"Id"), given.get(b"Target", b""))
    found = []
    for tag in SHEET_OF_BOOK.findall(parts.get("xl/workbook.xml", b"")):
        given = given_of(tag)
        key = next((value for name, value in given.items() if name.endswith(b":id")), None)
        if key in targets:
            name = given.get(b"name", b"").decode(errors="replace")
            for written, sign in ESCAPED.items():
                name = name.replace(written, sign)
            target = targets[key].decode(errors="replace").lower()
            found.append((name, target.lstrip("/") if target.startswith("/") else f"xl/{target}"))
    return found[::-1]
