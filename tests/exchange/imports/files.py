"""Files as other programs write them, and as nobody should."""

import io
import sys
import zipfile
from datetime import datetime

import xlsxwriter

REQUIRED = ("Départ", "Client", "Passager", "Prise en charge", "Destination")


def workbook(*rows, sheet="Feuille1", formats=(), others=()):
    """The bytes of a workbook that XlsxWriter writes; `formats` are (column, number format).

    `others` are further sheets: (name, rows).
    """
    target = io.BytesIO()
    book = xlsxwriter.Workbook(
        target, {"in_memory": True, "default_date_format": "dd/mm/yyyy hh:mm"}
    )
    # Not when it was made: the same content is the same bytes.
    book.set_properties({"created": datetime(2026, 1, 1)})
    named = [(sheet, rows), *others]
    for name, content in named:
        page = book.add_worksheet(name)
        for column, code in formats:
            page.set_column(column, column, 20, book.add_format({"num_format": code}))
        codes = {column: book.add_format({"num_format": code}) for column, code in formats}
        for place, cells in enumerate(content):
            for column, cell in enumerate(cells):
                if cell is None or cell == "":
                    continue
                options = (codes[column],) if column in codes and place else ()
                page.write(place, column, cell, *options)
    book.close()
    return target.getvalue()


def csv(*rows, separator=";", encoding="utf-8"):
    lines = [separator.join(f'"{cell}"' for cell in cells) for cells in rows]
    return "\r\n".join(lines).encode(encoding)


def with_part(data, name, content):
    """A workbook with a part put in the place of its own, or added."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for entry in source.infolist():
            if entry.filename != name:
                archive.writestr(entry, source.read(entry))
        archive.writestr(name, content)
    return target.getvalue()


def python_after(folder, *lines):
    """The path of a script in this folder that does these lines of a shell and becomes Python."""
    script = folder / "python"
    script.write_text("\n".join(["#!/bin/sh", *lines, f'exec {sys.executable} "$@"']))
    script.chmod(0o700)
    return str(script)


def part(data, name):
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        return source.read(name)
