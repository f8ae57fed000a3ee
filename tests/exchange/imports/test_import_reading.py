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

from project.exchange.imports import limits, workbook
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


@pytest.mark.parametrize("code", ["0000000000", '0#" "##" "##" "##" "##', "00 00 00 00 00"])
def test_zeros_that_only_a_format_shows_are_kept(code):
    table = read("a.xlsx", book(["Téléphone", "x"], [771234567, 5], formats=[(0, code)]))
    assert table.rows[1] == ["0771234567", 5]


def test_a_format_of_thousands_adds_no_zeros():
    assert read("a.xlsx", book(["Prix"], [5000], formats=[(0, "#,##0")])).rows[1] == [5000]


def test_a_midnight_is_a_moment():
    table = read("a.xlsx", book(["Départ"], [datetime.datetime(2026, 12, 31)]))
    assert table.rows[1] == ["2026-12-31 00:00:00"]


def test_yes_and_no_are_words():
    assert read("a.xlsx", book(["x"], [True])).rows[1] == ["TRUE"]


def test_a_formula_is_what_it_last_gave():
    data = io.BytesIO()
    opened = openpyxl.Workbook()
    opened.active.append(["x", "=1+1"])
    opened.save(data)
    assert read("a.xlsx", data.getvalue()).rows == [["x"]]


def test_it_takes_the_first_sheet_that_holds_something_or_the_one_that_is_asked():
    data = book(sheet="Vide", others=[("Courses", [["a"], [1]]), ("Notes", [["b"], [2]])])
    assert read("a.xlsx", data).sheet == "Courses"
    assert read("a.xlsx", data).sheets == ["Courses", "Notes"]
    assert read("a.xlsx", data, "Notes").rows == [["b"], [2]]
    assert read("a.xlsx", data, "gone").sheet == "Courses"


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
        workbook.check_places(sheet)
        assert tracemalloc.get_traced_memory()[1] < limits.MEGABYTE
    finally:
        tracemalloc.stop()


def test_the_first_cell_far_out_ends_the_look():
    cells = b'<c r = "%s1"/>' % (b"Z" * 1_000_000) + b'<c r = "A1"/>'
    with pytest.raises(Unreadable, match="too many columns"):
        workbook.check_places(b"<worksheet><sheetData>" + cells + CLOSED)


def test_a_cell_far_out_makes_no_giant_table():
    for reference in (b"XFD1048576", b"A1048576", b"ZZZ1", b"xfd9"):
        for way in (b' r="%s"', b" r='%s'", b'\tr="%s"', b' r = "%s"'):
            sheet = part(book(["a"], [1]), SHEET).replace(b' r="A2"', way % reference)
            said = refused("a.xlsx", with_part(book(["a"], [1]), SHEET, sheet))
            assert "too many" in said or "damaged" in said


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


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_mutation_of_a_workbook_is_more_than_unreadable(data):
    mutated = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 12))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    try:
        table = read("a.xlsx", bytes(mutated[: data.draw(st.integers(4, len(mutated)))]))
    except Unreadable:
        return
    assert table.rows


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_mutation_of_its_parts_is_more_than_unreadable(data):
    name = data.draw(
        st.sampled_from([SHEET, "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml"])
    )
    content = bytearray(part(GOOD, name))
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 6))] = data.draw(st.binary(max_size=6))
    try:
        table = read("a.xlsx", with_part(GOOD, name, bytes(content)))
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
