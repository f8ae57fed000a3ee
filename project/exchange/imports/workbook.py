"""Workbooks (.xlsx): opened with care, then read by calamine.

A workbook is a zip of XML from anybody. What calamine gets is a copy of just the parts that hold
cells: no macros, no links to other files, nothing whose size is other than it says.
"""

import io
import re
import zipfile
import zlib

from django.utils.translation import gettext as _
from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from .cells import CONTROL
from .formulas import with_what_formulas_left
from .limits import (
    LONGEST_CELL,
    LONGEST_SHEET_NAME,
    MOST_PARTS,
    MOST_SHARED,
    MOST_SHEETS,
    MOST_UNPACKED,
    Unreadable,
    check_cells,
    damaged,
    too_large_unpacked,
)
from .number_formats import as_shown
from .places import check_places
from .sheets import SHEET_PART, content_of

# All that the reader opens. A sheet is read from wherever the workbook says that it is, so what is
# no sheet by its name may not hold one either.
NEEDED = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|xl/_rels/workbook\.xml\.rels"
    r"|xl/(workbook|sharedStrings|styles)\.xml|" + SHEET_PART.pattern,
    re.I,
)
SHARED = "xl/sharedstrings.xml"
HOLDS_CELLS = re.compile(rb"<(?:[^\s<>/!?:]++:)?sheetData[\s/>]")
SHARED_CELL = b'<c t="s"><v>0</v></c>'  # the shortest that has one of them
# Every program packs a workbook by these; others unpack more at once than one asks them for.
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What a workbook has no use for, and what grows: entities of its own, other alphabets' encodings.
DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
ENCODINGS = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")


def rows_of(data, sheet=""):
    """(rows of the sheet, its name, the names of all that hold something)."""
    parts = parts_of(data)
    check_parts(parts)
    try:
        book = CalamineWorkbook.from_filelike(packed(parts))
        names = names_of(book)
        sheet, rows, filled = pages_of(book, names, sheet, looks=looks_into(parts))
    except PasswordError:
        raise encrypted() from None
    except (CalamineError, ValueError, OverflowError, KeyError) as error:
        raise damaged() from error
    except BaseException as error:  # a panic of the reader, which is no Exception
        if type(error).__name__ != "PanicException":
            raise
        raise damaged() from error
    if not rows:
        raise Unreadable(_("There is nothing in this file."))
    content = content_of(parts, sheet)
    rows = with_what_formulas_left(as_shown(rows, parts, content), content)
    return rows, sheet, filled


def names_of(book):
    """{name: whether it is hidden} of the sheets that may have cells, as the workbook has them."""
    sheets = [each for each in book.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
    if len(sheets) > MOST_SHEETS:
        raise Unreadable(
            _("The workbook has too many sheets: %(most)s at most.") % {"most": MOST_SHEETS}
        )
    if any(len(each.name) > LONGEST_SHEET_NAME or CONTROL.search(each.name) for each in sheets):
        raise damaged()
    return {each.name: each.visible != SheetVisibleEnum.Visible for each in sheets}


def looks_into(parts):
    """How many sheets may be read. Many names may be of one part, which is then read as often: all
    of them together cost no more than some workbooks of the size that we take."""
    largest = max(len(content) for name, content in parts.items() if name.lower() != SHARED)
    return max(2 * MOST_UNPACKED // largest, 1)


def pages_of(book, names, wanted, *, looks):
    """(name, rows, names of all that hold something) of the sheet that is wanted, or else the first
    that is seen and holds something, or else of the hidden ones. Only its rows are kept; sheets
    beyond the `looks` count as if they did."""
    taken, rows, filled = "", None, set()
    first = sorted(names, key=lambda name: (name != wanted, names[name]))
    for place, name in enumerate(first):
        if place >= looks:
            filled.add(name)
            continue
        sheet = book.get_sheet_by_name(name)
        if sheet.end is not None:
            filled.add(name)
            if not rows:
                last_row, last_column = sheet.end
                check_cells((last_row + 1) * (last_column + 1))
                taken, rows = name, sheet.to_python(skip_empty_area=False)
    return taken, rows, [name for name in names if name in filled]


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
        IndexError,
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
            lengths = [len(text) for text in content.split(b"</si>")]
    longest = max(lengths, default=0)
    grown = longest * most_cells > MOST_UNPACKED and _shared(parts, lengths) > MOST_UNPACKED
    if grown or longest > 8 * LONGEST_CELL:
        raise too_large_unpacked()


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
