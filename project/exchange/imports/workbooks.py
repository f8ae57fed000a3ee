"""Workbooks that go with imports: the template to fill in, and the rows to correct."""

import io
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

from django.utils import timezone, translation
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from ..cells import cleaned, escaped
from ..columns import Kind
from ..languages import in_every_language
from .limits import MOST_ROWS
from .recognition import WRONG
from .rows import State

HEADING = Font(bold=True)
REQUIRED = PatternFill("solid", fgColor="FBEAE7")
FORMATS = {
    Kind.TEXT: "@",
    Kind.MOMENT: "dd/mm/yyyy hh:mm",
    Kind.DAY: "dd/mm/yyyy",
    Kind.WHOLE: "0",
    Kind.NUMBER: "0.0",
    Kind.AMOUNT: "#,##0.###",
}
KINDS = {
    Kind.MOMENT: lambda: _("Date and time"),
    Kind.DAY: lambda: _("Date"),
    Kind.WHOLE: lambda: _("Whole number"),
    Kind.NUMBER: lambda: _("Number"),
    Kind.AMOUNT: lambda: _("Amount"),
    Kind.FLAG: lambda: _("Yes or no"),
}


def template_of(importer):
    """A workbook to fill in, in the language of whoever asks: titles, an example, the values
    that a choice allows, and a sheet that explains. Returns its bytes."""
    book = Workbook()
    sheet = book.active
    sheet.title = str(importer.label)[:31]
    sheet.freeze_panes = "A2"
    for place, column in enumerate(importer.counting.values(), 1):
        intake = importer.intake.get(column.name)
        letter = get_column_letter(place)
        sheet.column_dimensions[letter].width = max(column.width, len(str(column.title)) + 4)
        sheet.column_dimensions[letter].number_format = FORMATS.get(column.kind, "General")
        heading = sheet.cell(1, place, str(column.title))
        heading.font = HEADING
        if column.name in importer.required:
            heading.fill = REQUIRED
        heading.comment = Comment(explanation(importer, column), str(importer.label))
        if column.kind == Kind.CHOICE:
            labels = ",".join(str(label) for _value, label in column.choices)
            allowed = DataValidation(type="list", formula1=f'"{labels}"', allow_blank=True)
            sheet.add_data_validation(allowed)
            allowed.add(f"{letter}2:{letter}{MOST_ROWS + 1}")
        for row in range(2, 50):
            sheet.cell(row, place).number_format = FORMATS.get(column.kind, "General")
        example = intake.example if intake else ""
        if example != "":
            sheet.cell(2, place, example)
    _explain(book.create_sheet(_("Explanations")), importer)
    return saved(book)


@cache
def explaining():
    """The names of the sheets that explain others, in files of ours and in any of our languages."""
    named = in_every_language(lambda: {_("Explanations"), _("About this file")})
    return set().union(*named.values())


def explanation(importer, column):
    """What a column takes, in a few sentences."""
    intake = importer.intake.get(column.name)
    if intake is None:
        return _("Of a record that is there: the row changes it. Empty: the row makes a new one.")
    said = [_("Required for a new record.")] if intake.required else []
    if column.kind == Kind.CHOICE:
        labels = ", ".join(str(label) for _value, label in column.choices)
        said.append(_("One of: %(labels)s.") % {"labels": labels})
    elif column.kind in KINDS:
        said.append(f"{KINDS[column.kind]()}{f' ({column.unit})' if column.unit else ''}.")
    if intake.note:
        said.append(str(intake.note))
    return " ".join(said)


def _explain(sheet, importer):
    """A row for each column; what is never imported; how empty cells and dates are taken."""
    sheet.freeze_panes = "A2"
    for letter, width in (("A", 26), ("B", 70), ("C", 34)):
        sheet.column_dimensions[letter].width = width
    sheet.append([_("Column"), _("What it takes"), _("Example")])
    for cell in sheet[1]:
        cell.font = HEADING
    for column in importer.counting.values():
        intake = importer.intake.get(column.name)
        example = intake.example if intake else ""
        sheet.append([str(column.title), explanation(importer, column), example])
    others = [
        str(column.title)
        for column in importer.sheet.columns
        if column.name not in importer.counting
    ]
    notes = [
        _("Columns may stand in any order, with their titles in French or in English."),
        _("An empty cell leaves the field as it is, unless you ask for the contrary."),
        _("Times are those of %(zone)s.") % {"zone": timezone.get_default_timezone_name()},
        _("The row below the titles is an example: write over it. As it is, it is refused."),
        _("Never imported: %(titles)s.") % {"titles": ", ".join(others)},
    ]
    sheet.append([])
    for note in notes:
        sheet.append(["", note])
    for row in sheet.iter_rows(min_row=2, min_col=2, max_col=2):
        row[0].alignment = Alignment(wrap_text=True, vertical="top")


def rows_in_error(item):
    """The rows in error as they stand, with the reasons in a last column, as a workbook's bytes.

    Corrected there, it can be imported again: dates and numbers that were understood are written as
    such, so that whoever imports them, and whatever they choose, they are read the same.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("Rows to correct"))
    sheet.freeze_panes = "A2"
    columns = [item.importer.counting[name] for name in item.names]
    widths = [*(column.width for column in columns), 60]
    for place, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    with translation.override(item.language):  # that of the cells, which the titles tell
        titles = [*(str(column.title) for column in columns), wrong_title(item)]
    sheet.append([_cell(sheet, title, font=HEADING) for title in titles])
    for chunk in item.chunks.filter(error__gt=0):
        for row in chunk.rows:
            if row.state == State.ERROR:
                told = told_errors(item, row)
                if item.together:
                    told.insert(0, f"{item.called(row.number)}:")
                wrong = [REQUIRED if name in row.errors else None for name in item.names]
                cells = [
                    _cell(sheet, *understood(item, row, place, column), fill=fill)
                    for place, (column, fill) in enumerate(zip(columns, wrong, strict=True))
                ]
                sheet.append([*cells, _cell(sheet, " ".join(told))])
    return saved(book)


def wrong_title(item):
    """What stands above the reasons. It says what is lost with a file: that empty cells count."""
    if not item.clears:
        return str(WRONG)
    empties = _("in this import an empty cell empties the field")
    return f"{WRONG} ({empties})"


def understood(item, row, place, column):
    """(what to write into a cell, its format or ""): the date or number that was understood; as it
    came where that was not, or is a time that came twice that night."""
    cell = row.cells[place]
    value = row.values[place] if row.values and isinstance(cell, str) else None
    written = None
    if value is not None and column.kind == Kind.MOMENT:
        moment = datetime.fromisoformat(value).astimezone(ZoneInfo(item.zone))
        if moment.utcoffset() == moment.replace(fold=not moment.fold).utcoffset():
            written = moment.replace(tzinfo=None)
    elif value is not None and column.kind == Kind.DAY:
        written = date.fromisoformat(value)
    elif value is not None and column.kind in (Kind.WHOLE, Kind.NUMBER, Kind.AMOUNT):
        written = Decimal(value)
    return (cell, "") if written is None else (written, FORMATS[column.kind])


def told_errors(item, row):
    """What is wrong with a row, a sentence for each cell, in the order of the file's columns."""
    columns = item.importer.sheet.by_name
    places = {name: place for place, name in enumerate(item.names)}
    told = sorted(row.errors.items(), key=lambda wrong: places.get(wrong[0], -1))
    return [
        _("%(label)s: %(value)s") % {"label": columns[name].title, "value": text} if name else text
        for name, text in told
    ]


def _cell(sheet, value, number_format="", font=None, fill=None):
    text = isinstance(value, str)
    cell = WriteOnlyCell(sheet, value=escaped(cleaned(value)) if text else value)
    if number_format:
        cell.number_format = number_format
    if text:
        cell.data_type = "s"  # never a formula
        cell.number_format = "@"
    if font:
        cell.font = font
    if fill:
        cell.fill = fill
    return cell


def saved(book):
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def name_for(item, text):
    """A file's name with what it holds: "rides — errors.xlsx"."""
    stem = item.file_name.rpartition(".")[0] or item.file_name
    return f"{stem[:100]} - {text}.xlsx"
