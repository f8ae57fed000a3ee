"""Files as tables: what other programs write is read, what can't be is refused with a reason."""

import datetime
import io
import struct
import tracemalloc
import zipfile

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from project.exchange.imports import limits, places, workbook
from project.exchange.imports.limits import Unreadable
from project.exchange.imports.reading import read
from project.exchange.imports.recognition import word_of
from tests.exchange.imports.files import csv, part, with_part
from tests.exchange.imports.files import workbook as book

SHEET = "xl/worksheets/sheet1.xml"
BOOK = "xl/workbook.xml"
CLOSED = b"</sheetData></worksheet>"


def refused(name, data):
    with pytest.raises(Unreadable) as error:
        read(name, data)
    return str(error.value)


# ------------------------------------------------------------------------------------ workbooks
def test_it_reads_numbers_texts_and_moments_of_a_workbook():
    moment = datetime.datetime(2026, 12, 31, 14, 30)
    table = read("a.xlsx", book(["Un", "Deux", "Trois", "Quatre"], [moment, "été", 12.5, 3]))
    assert table.rows == [
        ["Un", "Deux", "Trois", "Quatre"],
        ["2026-12-31 14:30:00", "été", 12.5, 3],
    ]


def test_a_number_of_a_phone_is_no_fraction():
    assert read("a.xlsx", book(["Téléphone"], [771234567])).rows[1] == [771234567]


def test_a_midnight_is_a_moment():
    table = read("a.xlsx", book(["Départ"], [datetime.datetime(2026, 12, 31)]))
    assert table.rows[1] == ["2026-12-31 00:00:00"]


def test_yes_and_no_are_words():
    assert read("a.xlsx", book(["x"], [True])).rows[1] == ["TRUE"]


def with_cells(cells, data=None):
    """A workbook with these cells, XML, in its second row."""
    data = data or book(["Un", "Deux", "Trois"], ["a", 1, 2])
    sheet = part(data, SHEET)
    start, end = sheet.index(b'<row r="2"'), sheet.index(b"</sheetData>")
    return with_part(data, SHEET, sheet[:start] + b"<row>%s</row>" % cells + sheet[end:])


def test_a_formula_is_what_it_last_gave():
    cells = b'<c r="A2"><f>1+1</f><v>2</v></c><c r="B2" t="str"><f>""</f><v></v></c>'
    cells += b'<c r="C2" t="str"><f aca="false">"x"</f><v>x</v></c>'
    assert read("a.xlsx", with_cells(cells)).rows[1] == [2, "", "x"]


def test_a_formula_without_a_result_is_no_empty_cell():
    data = io.BytesIO()
    opened = openpyxl.Workbook()
    opened.active.append(["x", "y"])
    opened.active.append(["a", "=1+1"])
    opened.active.append(["", "", "=A1"])
    opened.save(data)
    rows = read("a.xlsx", data.getvalue()).rows
    assert rows == [["x", "y", ""], ["a", "#FORMULA", ""], ["", "", "#FORMULA"]]


@pytest.mark.parametrize(
    "cells",
    [
        b'<c r="A2" t="e"><v>#N/A</v></c><c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v></c>',
        b"<c s = '1' t = 'e' ><v>#N/A</v></c><c t='e'><v>#DIV/0!</v></c>",
        b'<x:c t="e"><x:v>#N/A</x:v></x:c><x:c t="e"><x:f>1/0</x:f><x:v>#DIV/0!</x:v></x:c>',
    ],
)
def test_an_error_is_no_empty_cell_however_it_is_written(cells):
    assert read("a.xlsx", with_cells(cells)).rows[1] == ["#N/A", "#DIV/0!", ""]


def test_it_takes_the_first_sheet_that_holds_something_or_the_one_that_is_asked():
    data = book(sheet="Vide", others=[("Courses", [["a"], [1]]), ("Notes", [["b"], [2]])])
    assert read("a.xlsx", data).sheet == "Courses"
    assert read("a.xlsx", data).sheets == ["Courses", "Notes"]
    assert read("a.xlsx", data, "Notes").rows == [["b"], [2]]
    assert read("a.xlsx", data, "gone").sheet == "Courses"


def hiding(data, *numbers):
    """The workbook with these sheets, from 1, hidden."""
    content = part(data, BOOK)
    for number in numbers:
        shown = b'sheetId="%d"' % number
        content = content.replace(shown, b'%s state="hidden"' % shown)
    return with_part(data, BOOK, content)


def test_a_hidden_sheet_is_taken_where_it_is_asked_or_no_other_holds_anything():
    data = book(["a"], [1], sheet="Listes", others=[("Courses", [["b"], [2]]), ("Vide", [])])
    assert read("a.xlsx", hiding(data, 1)).sheet == "Courses"
    assert read("a.xlsx", hiding(data, 1)).sheets == ["Listes", "Courses"]
    assert read("a.xlsx", hiding(data, 1), "Listes").sheet == "Listes"
    assert read("a.xlsx", hiding(data, 1, 2)).sheet == "Listes"


def test_it_says_where_the_first_row_is():
    table = read("a.xlsx", book([], [], ["a"], [1]))
    assert (table.first, table.rows) == (3, [["a"], [1]])


def test_macros_and_links_to_other_files_are_not_even_unpacked():
    data = with_part(book(["a"], [1]), "xl/vbaProject.bin", b"macro")
    data = with_part(data, "xl/externalLinks/externalLink1.xml", b"<externalLink/>")
    parts = workbook.parts_of(data)
    assert SHEET in parts
    assert not [name for name in parts if "vba" in name or "external" in name]
    assert read("a.xlsx", data).rows == [["a"], [1]]


def test_a_number_without_an_end_is_a_text():
    sheet = part(book(["a"], [1]), SHEET).replace(b"<v>1</v>", b"<v>1e999</v>")
    assert read("a.xlsx", with_part(book(["a"], [1]), SHEET, sheet)).rows[1] == ["inf"]


# ------------------------------------------------------------------------------------------ CSV
@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_it_reads_any_usual_csv(separator, encoding):
    rows = [["Départ", "Client", "Prix"], ["31/12/2026 14:30", "Hôtel, Téranga; Dakar", "35,50"]]
    assert read("a.csv", csv(*rows, separator=separator, encoding=encoding)).rows == rows


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_the_quote_of_an_export_goes_and_others_stay(name):
    rows = [["Téléphone", "Passager"], ["'+221 77", "Jean d'-Arc"], [5, "''=1"], ["'t", "''"]]
    found = read(name, book(*rows) if name == "a.xlsx" else csv(*rows)).rows
    assert [[str(cell) for cell in row] for row in found[1:]] == [
        ["+221 77", "Jean d'-Arc"],
        ["5", "'=1"],
        ["'t", "''"],
    ]


def test_zeros_and_signs_of_a_phone_stay():
    rows = read("a.csv", b"a;b\n0771234567;'+221 77\n").rows
    assert rows[1] == ["0771234567", "+221 77"]


def test_a_line_that_names_the_separator_is_none_of_the_rows():
    assert read("a.csv", b"sep=;\r\na;b\r\n1;2\r\n").rows == [["a", "b"], ["1", "2"]]


def test_lines_within_a_cell_stay_together():
    assert read("a.csv", b'a;b\r\n"x\r\ny";2\r\n').rows[1] == ["x\r\ny", "2"]


CUT = "Départ;Client\n1;Aïssatou\n2;Hôtel Thiè"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_that_is_cut_within_a_letter_is_told_of(encoding):
    assert read("a.csv", CUT.encode(encoding)).rows[2] == ["2", "Hôtel Thiè"]
    assert "end of this file is missing" in refused("a.csv", CUT.encode(encoding)[:-1])


def test_damaged_letters_of_unicode_are_not_read_as_two_others():
    data = CUT.encode().replace("ï".encode(), b"\xef")
    assert "save it as UTF-8" in refused("a.csv", data)
    assert "save it as UTF-8" in refused("a.csv", b"\xef\xbb\xbfa;b\n\xe9;1\n2;3")


@pytest.mark.parametrize("text", [CUT, "a;b\n1;é", "a;b\nCAFÉ…;été\n"])
def test_letters_of_windows_are_read_where_they_are_no_unicode(text):
    rows = [line.split(";") for line in text.splitlines()]
    assert read("a.csv", text.encode("cp1252")).rows == rows


def test_it_knows_how_many_cells_rows_had_and_whether_the_last_one_ends():
    table = read("a.csv", b"\na;b;c\n1\n1;2;3;4\n1;2")
    assert (table.first, table.lengths, table.is_ended) == (2, [3, 1, 4, 2], False)
    for end in (b"\n", b"\r\n", b"\n;", b"\n;;\n"):
        assert read("a.csv", b"a;b\n1;2" + end).is_ended


# --------------------------------------------------------------------------------------- titles
def test_a_title_is_compared_by_its_beginning():
    assert word_of("Prix (FCFA)") == "prix"
    assert word_of("Prix" + "(" * 32_000) == "prix" + "(" * 196


# ------------------------------------------------------------------------------ what is refused
@pytest.mark.parametrize("name", ["a.xlsm", "a.xls", "a.ods", "a.pdf", "a", "xlsx"])
def test_other_kinds_of_files_are_refused_by_their_names(name):
    assert ".xlsx" in refused(name, book(["a"], [1]))


def test_a_name_that_lies_is_found_out():
    assert "no Excel workbook" in refused("a.xlsx", b"a;b\r\n1;2")
    assert ".xlsx" in refused("a.csv", book(["a"], [1]))
    assert "no text file" in refused("a.csv", b"\x00\x01\x02;a")


def test_an_encrypted_workbook_is_named_so():
    assert "password" in refused("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))


def test_a_part_under_a_password_is_named_so():
    data = bytearray(book(["a"], [1]))
    place = data.index(b"PK\x01\x02")
    while place != -1:  # the flag "encrypted" of every entry of the directory
        data[place + 8] |= 1
        place = data.find(b"PK\x01\x02", place + 4)
    assert "password" in refused("a.xlsx", bytes(data))


def test_a_truncated_workbook_is_damaged():
    data = book(["a"], *[[number] for number in range(200)])
    assert "damaged" in refused("a.xlsx", data[: len(data) // 2])
    assert "damaged" in refused("a.xlsx", data[:-10])


@pytest.mark.parametrize(
    ("name", "data"), [("a.csv", b""), ("a.csv", b"\r\n;;\r\n"), ("a.xlsx", b"")]
)
def test_an_empty_file_is_refused(name, data):
    assert refused(name, data)
    assert refused("a.xlsx", book([], []))


def test_a_zip_that_is_no_workbook_is_refused():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    assert "no Excel workbook" in refused("a.xlsx", target.getvalue())


def test_an_open_quote_is_named_with_its_row():
    assert "Row 2" in refused("a.csv", b'a;b\r\n"x;2\r\n3;4')


# ---------------------------------------------------------------------------------- the limits
def test_it_refuses_too_many_bytes(monkeypatch):
    monkeypatch.setattr(limits, "MOST_BYTES", 1_000)
    assert "too large" in refused("a.csv", b"x" * 1_001)


def test_it_refuses_too_many_rows_and_columns():
    most = limits.MOST_ROWS
    assert read("a.csv", b"a\n" + b"1\n" * most)
    assert "too many rows" in refused("a.csv", b"a\n" + b"1\n" * (most + 1))
    assert "too many cells" in refused("a.csv", (b";" * 150 + b"1\n") * 7_000)
    assert "too many columns" in refused("a.csv", b";".join([b"a"] * 201) + b"\n1")


def bomb(size):
    """A workbook whose sheet is `size` bytes of nothing."""
    return with_part(book(["a"], [1]), SHEET, b"<worksheet>" + b" " * size + b"</worksheet>")


def test_a_zip_bomb_is_refused_by_what_its_directory_says():
    data = bomb(limits.MOST_UNPACKED + 1)
    assert len(data) < limits.MEGABYTE
    assert "unpacked" in refused("a.xlsx", data)


def test_a_zip_bomb_whose_directory_lies_is_refused_while_it_is_read():
    data = bytearray(bomb(limits.MOST_UNPACKED + 1))
    for signature, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        place = data.find(signature)
        while place != -1:
            if struct.unpack_from("<I", data, place + offset)[0] > 1_000_000:
                struct.pack_into("<I", data, place + offset, 1_000)
            place = data.find(signature, place + 4)
    assert "damaged" in refused("a.xlsx", bytes(data))


def packed_by(method, content):
    """A workbook whose sheet is this, packed by another method than workbooks are."""
    data, target = book(["a"], [1]), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in zipfile.ZipFile(io.BytesIO(data)).namelist():
            if name == SHEET:
                archive.writestr(name, content, method)
            else:
                archive.writestr(name, part(data, name))
    return target.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_bomb_of_another_kind_is_not_even_unpacked(method):
    content = b"<worksheet>" + b" " * 50_000_000 + b"</worksheet>"
    data = bytearray(packed_by(method, content))
    assert len(data) < 20_000
    for signature, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):  # it says: 1 kB
        place = data.find(signature)
        while place != -1:
            if struct.unpack_from("<I", data, place + offset)[0] > 1_000_000:
                struct.pack_into("<I", data, place + offset, 1_000)
            place = data.find(signature, place + 4)
    tracemalloc.start()
    try:
        assert "packed" in refused("a.xlsx", bytes(data))
        assert tracemalloc.get_traced_memory()[1] < limits.MEGABYTE
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_is_packed_by_another_method_and_broken_is_refused(method):
    data = bytearray(packed_by(method, part(GOOD, SHEET)))
    entry = zipfile.ZipFile(io.BytesIO(data)).getinfo(SHEET)
    start, end = entry.header_offset + 30 + len(SHEET), entry.compress_size
    data[start + 9 : start + end] = b"\xff" * (end - 9)  # behind what it says of itself
    assert refused("a.xlsx", bytes(data))


def test_looking_for_a_cell_far_out_takes_no_memory():
    sheet = b"<worksheet><sheetData>" + b'<c r = "A1"/>' * 200_000 + CLOSED
    tracemalloc.start()
    try:
        places.check_places(sheet)
        assert tracemalloc.get_traced_memory()[1] < limits.MEGABYTE
    finally:
        tracemalloc.stop()


def test_the_first_cell_far_out_ends_the_look():
    cells = b'<c r = "%s1"/>' % (b"Z" * 1_000_000) + b'<c r = "A1"/>'
    with pytest.raises(Unreadable, match="too many columns"):
        places.check_places(b"<worksheet><sheetData>" + cells + CLOSED)


def test_a_cell_far_out_makes_no_giant_table():
    for reference in (b"XFD1048576", b"A1048576", b"ZZZ1", b"xfd9"):
        for way in (b' r="%s"', b" r='%s'", b'\tr="%s"', b' r = "%s"'):
            sheet = part(book(["a"], [1]), SHEET).replace(b' r="A2"', way % reference)
            said = refused("a.xlsx", with_part(book(["a"], [1]), SHEET, sheet))
            assert "too many" in said or "damaged" in said


ROW, CELL = b"<row>", b"<c><v>1</v></c>"


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        (b"<row/>" * 20_002, "rows"),
        (b"<x:row></x:row>" * 20_002, "rows"),
        (b"<row></row>" + b"</row>" * 20_002 + ROW + CELL, "rows"),
        (b'<row r="20000"/><row/><row/>', "rows"),
        (b"<row a='r=\"1\"' r\n=\n'20002'/>", "rows"),
        (ROW + b"<c/>" * 201, "columns"),
        (ROW + b'<c r="GR1"/>' + b"<y:c t='n' />" * 2, "columns"),
        ((ROW + b"<c/>" * 150 + b"</row>") * 7_000, "cells"),
        ((b'<row r="1">' + b'<c r="A1"/>' * 150 + b"</row>") * 7_000, "cells"),
        ((b"<x:row>" + b"<x:c/>" * 150 + b"</x:row>") * 7_000, "cells"),
    ],
)
def test_rows_and_cells_are_counted_before_they_are_read(monkeypatch, rows, what):
    monkeypatch.setattr(workbook, "CalamineWorkbook", None)
    sheet = b"<worksheet><sheetData>" + rows + CLOSED
    assert f"too many {what}" in refused("a.xlsx", with_part(book(["a"], [1]), SHEET, sheet))


@pytest.mark.parametrize("cell", [b'<c a="<">', b"<c <c>", b"<c a='>", b"<x:row "])
def test_a_tag_that_is_not_closed_hides_no_cell(monkeypatch, cell):
    monkeypatch.setattr(workbook, "CalamineWorkbook", None)
    sheet = b"<worksheet><sheetData><row>" + cell + b"<v>1</v></c></row>" + CLOSED
    assert "damaged" in refused("a.xlsx", with_part(book(["a"], [1]), SHEET, sheet))


def test_cells_far_apart_are_counted_with_what_is_between_them(monkeypatch):
    monkeypatch.setattr(limits, "MOST_CELLS", 1_000)
    rows = [[""] * 100 + ["a"], *[["1"] for _ in range(10)]]
    assert "too many cells" in refused("a.xlsx", book(*rows))
    assert "too many cells" in refused("a.csv", csv(*rows))


def naming(data, names, last=b"rId1"):
    """The workbook, with its first sheet under all of these names; the last may be another."""
    book = part(data, BOOK)
    start, end = book.index(b"<sheets>"), book.index(b"</sheets>")
    keys = [*[b"rId1"] * (len(names) - 1), last]
    sheets = b"".join(
        b'<sheet name="%s" sheetId="%d" r:id="%s"/>' % (name.encode(), number, key)
        for number, (name, key) in enumerate(zip(names, keys, strict=True), 1)
    )
    return with_part(data, BOOK, book[:start] + b"<sheets>" + sheets + book[end:])


def memory_for(data):
    """The bytes that reading takes at most, of what Python keeps."""
    tracemalloc.start()
    try:
        read("a.xlsx", data)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_many_names_of_one_sheet_take_the_memory_of_one():
    data = book(["a"] * 20, *[[1.5] * 20 for _ in range(500)])
    one = memory_for(naming(data, ["s1"]))
    assert memory_for(naming(data, [f"s{number}" for number in range(200)])) < 2 * one


def test_many_names_of_one_large_sheet_are_not_read_as_often(monkeypatch):
    data = book(sheet="Vide", others=[("Courses", [["a"], [1]])])
    data = with_part(data, SHEET, b"<worksheet><sheetData>" + b"<row/>" * 2_000 + CLOSED)
    monkeypatch.setattr(workbook, "MOST_UNPACKED", 5 * len(part(data, SHEET)))
    few, many = ([*(f"s{number}" for number in range(count)), "Courses"] for count in (9, 10))
    assert read("a.xlsx", naming(data, few, last=b"rId2")).rows == [["a"], [1]]
    many = naming(data, many, last=b"rId2")
    assert "nothing" in refused("a.xlsx", many)
    assert read("a.xlsx", many, "Courses").rows == [["a"], [1]]


def test_it_refuses_too_many_sheets():
    names = [f"s{number}" for number in range(limits.MOST_SHEETS + 1)]
    assert read("a.xlsx", naming(GOOD, names[:-1])).sheets == names[:-1]
    assert "too many sheets" in refused("a.xlsx", naming(GOOD, names))


@pytest.mark.parametrize("name", ["x" * 256, "x&#7;y"])
def test_a_sheet_has_a_name_that_can_be_kept(name):
    assert "damaged" in refused("a.xlsx", naming(GOOD, [name]))


def test_one_long_text_in_many_cells_is_counted_as_often_as_it_is_shown():
    data = book(["a"], *[["x"] for _ in range(6_000)])
    shared = part(data, "xl/sharedStrings.xml").replace(b">x<", b">%s<" % (b"x" * 30_000))
    assert "unpacked" in refused("a.xlsx", with_part(data, "xl/sharedStrings.xml", shared))


def test_entities_are_refused():
    laughs = b'<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">]>'
    sheet = part(book(["a"], [1]), SHEET)
    for data in (
        sheet.replace(b"<worksheet", laughs + b"<worksheet", 1),
        sheet.decode().encode("utf-16"),
    ):
        assert "damaged" in refused("a.xlsx", with_part(book(["a"], [1]), SHEET, data))


def test_an_entity_that_names_a_file_opens_none(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    shared = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]><sst><si><t>&e;</t></si></sst>'
    data = with_part(book(["a"], ["b"]), "xl/sharedStrings.xml", shared.encode())
    assert "secret" not in refused("a.xlsx", data)


GOOD = book(["Départ", "Client"], ["31/12/2026 14:30", "Hôtel"], [datetime.datetime(2026, 1, 1), 2])
FORMATTED = book(
    ["Départ", "Téléphone", "Code"],
    [datetime.datetime(2026, 1, 1), 771234567, 5],
    [datetime.datetime(2026, 1, 1, 14, 30), 331234567, 12],
    formats=[(0, "dd/mm/yyyy"), (1, '"0"#########'), (2, "000000")],
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([GOOD, FORMATTED]), st.data())
def test_no_mutation_of_a_workbook_is_more_than_unreadable(good, data):
    mutated = bytearray(good)
    for _ in range(data.draw(st.integers(1, 12))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    try:
        table = read("a.xlsx", bytes(mutated[: data.draw(st.integers(4, len(mutated)))]))
    except Unreadable:
        return
    assert table.rows


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([GOOD, FORMATTED]), st.data())
def test_no_mutation_of_its_parts_is_more_than_unreadable(good, data):
    name = data.draw(
        st.sampled_from([SHEET, "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml"])
    )
    content = bytearray(part(good, name))
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 6))] = data.draw(st.binary(max_size=6))
    try:
        table = read("a.xlsx", with_part(good, name, bytes(content)))
    except Unreadable:
        return
    assert table.rows


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=1, max_size=300))
def test_no_bytes_are_more_than_unreadable(data):
    for name in ("a.csv", "a.xlsx"):
        try:
            assert read(name, data).rows
        except Unreadable:
            continue
