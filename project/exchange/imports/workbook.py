"""Workbooks (.xlsx): opened with care, then read by calamine.

A workbook is a zip of XML from anybody. What calamine gets is a copy of just the parts that hold
cells: no macros, no links to other files, nothing whose size is other than it says.
"""

import io
import re
import struct
import zipfile
import zlib

from django.utils.translation import gettext_noop as _
from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from .formulas import with_what_formulas_left
from .limits import (
    LONGEST_CELL,
    LONGEST_SHEET_NAME,
    MOST_PARTS,
    MOST_SHARED,
    MOST_SHEETS,
    MOST_UNPACKED,
    Unreadable,
    damaged,
    too_large_unpacked,
)
from .number_formats import as_shown, shown_by
from .pages import Look
from .places import PREFIX, check_places, hidden_rows
from .sheets import SHEET_PART, Places
from .signs import CONTROL

# All that the reader opens. A sheet is read from wherever the workbook says that it is, so what is
# no sheet by its name may not hold one either.
NEEDED = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|xl/_rels/workbook\.xml\.rels"
    r"|xl/(workbook|sharedStrings|styles)\.xml|" + SHEET_PART.pattern,
    re.I,
)
SHARED = "xl/sharedstrings.xml"
HOLDS_CELLS = re.compile(rb"<%ssheetData[\s/>]" % PREFIX)
# How many shared texts a workbook says it has: the reader makes room for them before it reads one,
# and where there is no such room the whole process ends. (`count` is how often cells use them.)
SHARED_HEAD = re.compile(rb"""[<:]sst\s(?:[^<>"']|"[^"]*+"|'[^']*+')*+>?""")
PROMISED = re.compile(rb"""uniqueCount\s*+=\s*+["']\D*+(\d++)""")
SHARED_TEXT = b"<si/>"  # the shortest
SHARED_CELL = b'<c t="s"><v>0</v></c>'  # the shortest that has one of them
# Every program packs a workbook by these; others unpack more at once than one asks them for.
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What a workbook has no use for, and what grows: entities of its own, other alphabets' encodings.
DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
ENCODINGS = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")


def pages_of(data, wanted):
    """(the pages that are read, the first one first; the names of all sheets that hold something;
    the names of the sheets that are like the first one, and its own).

    The pages are finished one by one as they are taken."""
    parts = parts_of(data)
    check_parts(parts)
    try:
        book = CalamineWorkbook.from_filelike(packed(parts))
        names = names_of(book)
        places = Places(parts)
        look = Look(wanted, names, places)
        look.into(book, looks_into(parts))
    except PasswordError:
        raise encrypted() from None
    except (CalamineError, ValueError, OverflowError, KeyError) as error:
        raise damaged() from error
    except BaseException as error:  # a panic of the reader, which is no Exception
        if type(error).__name__ != "PanicException":
            raise
        raise damaged() from error
    if not look.pages:
        raise Unreadable(_("There is nothing in this file."))
    return finished(look.pages, places), *look.found()


def finished(pages, places):
    """Yield the pages with what the reader does not tell."""
    shown = shown_by(places.parts.get("xl/styles.xml", b""))
    for page in pages:
        content = places.content_of(page.name)
        page.rows = with_what_formulas_left(as_shown(page.rows, shown, content), content)
        page.hidden = hidden_rows(content)
        yield page


def names_of(book):
    """{name: whether it is hidden} of the sheets that may have cells, as the workbook has them."""
    sheets = [each for each in book.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
    if len(sheets) > MOST_SHEETS:
        raise Unreadable(_("The workbook has too many sheets: %(most)s at most."), most=MOST_SHEETS)
    if any(len(each.name) > LONGEST_SHEET_NAME or CONTROL.search(each.name) for each in sheets):
        raise damaged()
    return {each.name: each.visible != SheetVisibleEnum.Visible for each in sheets}


def looks_into(parts):
    """How many sheets may be read. Many names may be of one part, which is then read as often: all
    of them together cost no more than some workbooks of the size that we take."""
    largest = max(len(content) for name, content in parts.items() if name.lower() != SHARED)
    return max(2 * MOST_UNPACKED // largest, 1)


def parts_of(data):
    """{name: content} of what has cells, unpacked within the limits."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _unpacked(archive)
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        EOFError,
        OSError,
        ValueError,
        OverflowError,
        IndexError,
        struct.error,
    ) as error:
        raise damaged() from error
    except RuntimeError as error:  # what zipfile raises for a part with a password
        raise encrypted() from error


def _unpacked(archive):
    entries = archive.infolist()
    if len(entries) > MOST_PARTS or sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise too_large_unpacked()
    parts, found, left = {}, set(), MOST_UNPACKED
    for entry in entries:
        name = entry.filename.replace("\\", "/").lstrip("/")
        if entry.flag_bits & 1:
            raise encrypted()
        if not NEEDED.fullmatch(name):
            continue
        if entry.compress_type not in PACKED:
            raise Unreadable(
                _("The file is packed as no spreadsheet packs one: open it and save it again.")
            )
        with archive.open(entry) as part:
            content = part.read(left + 1)  # never on what the directory says alone
        left -= len(content)
        if left < 0:
            raise too_large_unpacked()
        if name.lower() in found:  # which of the two is read is not ours to know
            raise damaged()
        found.add(name.lower())
        parts[name] = content
    return parts


def check_parts(parts):
    """Refuse what would grow beyond measure once it is read."""
    if not any(SHEET_PART.fullmatch(name) for name in parts):
        raise Unreadable(_("This is no Excel workbook, whatever its name says."))
    most_cells, lengths = 0, []
    for name, content in parts.items():
        declares = any(sign in content for sign in DECLARATIONS)
        if declares or content.startswith(ENCODINGS):
            raise damaged()
        if SHEET_PART.fullmatch(name):
            most_cells += len(content) // len(SHARED_CELL)
            check_places(content)
        elif b"sheetData" in content and HOLDS_CELLS.search(content):
            raise damaged()
        if name.lower() == SHARED:
            if len(content) > MOST_SHARED:
                raise too_large_unpacked()
            check_promises(content)
            lengths = [len(text) for text in content.split(b"</si>")]
    longest = max(lengths, default=0)
    grown = longest * most_cells > MOST_UNPACKED and _shared(parts, lengths) > MOST_UNPACKED
    if grown or longest > 8 * LONGEST_CELL:
        raise too_large_unpacked()


def check_promises(content):
    """Refuse shared texts that are said to be more than there is room for."""
    most = len(content) // len(SHARED_TEXT)
    for head in SHARED_HEAD.finditer(content):
        if any(len(number) > 9 or int(number) > most for number in PROMISED.findall(head[0])):
            raise damaged()


def _shared(parts, lengths):
    """How long the shared texts are, each as often as the sheets have it."""
    total = 0
    for name, content in parts.items():
        if SHEET_PART.fullmatch(name):
            for found in re.finditer(rb"<v(?:\s[^<>]*+)?>(\d{1,9})</v>", content):
                number = int(found[1])
                total += lengths[number] if number < len(lengths) else 0
    return total


def packed(parts):
    """The parts as a workbook again, not compressed."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    target.seek(0)
    return target


def encrypted():
    return Unreadable(_("The file is protected by a password: save it without one."))
