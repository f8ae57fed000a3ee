"""Tables of any length: every row, the head on every page, numbers right, nothing cut off."""

import re
from itertools import pairwise

import pytest

from project.exchange import columns
from project.exchange.pdf import sheet
from project.exchange.pdf.table import (
    Column,
    Heading,
    Table,
    Total,
    broken,
    shared_out,
    widths_of,
)
from tests.exchange.pdf.reading import pages_of, right_edges, squeezed, text_of, words_of

pytestmark = pytest.mark.poppler
WIDE = "{% block size %}a4 landscape{% endblock %}"
COLUMNS = (
    Column("Number", fixed=True),
    Column("Name", 20),
    Column("Price", fixed=True, right=True),
)


def rows(count):
    return [(f"N{number:05}", f"Éloïse {number}", f"{number} F") for number in range(count)]


@pytest.fixture
def printed(paper):
    def printed(rows, columns=COLUMNS, **given):
        return paper(
            "<h1>Liste</h1>{{ table }}<p>fin</p>", {"table": Table(columns, rows)}, **given
        )

    return printed


@pytest.mark.parametrize("count", [1, 2, 40, 41, 42, 43, 44, 45, 300])
def test_every_row_is_there_once_and_in_order(printed, count):
    found = re.findall(r"N\d{5}", text_of(printed(rows(count))))
    assert found == [row[0] for row in rows(count)]


def test_without_a_row_its_head_stands_alone(printed):
    text = text_of(printed([]))
    assert "Number Name Price" in text and text.index("Price") < text.index("fin")


def test_its_head_stands_on_every_page(printed):
    pages = pages_of(printed(rows(300)))
    assert len(pages) > 3
    for page in pages:
        assert re.search(r"Number +Name +Price", page)


def test_numbers_end_at_the_right(printed):
    edges = {edge for edge in right_edges(printed(rows(200)), r"F")}
    assert len(edges) == 1


def test_a_text_too_wide_is_broken_and_lost_nowhere(printed):
    words = " ".join(f"mot{number}" for number in range(60))
    address = "https://example.org/" + "a" * 400
    found = words_of(printed([("N1", words, "1 F"), ("N2", address, "2 F")]))
    assert words.replace(" ", "") in found
    assert address in found


def test_a_row_longer_than_a_page_goes_on_on_the_next(printed):
    note = "\n".join(f"ligne {number:03}" for number in range(200))
    pdf = printed([("N1", "before", "1 F"), ("N2", note, "2 F"), ("N3", "after", "3 F")])
    found = re.findall(r"ligne (\d{3})", text_of(pdf))
    assert found == [f"{number:03}" for number in range(200)]
    assert len(pages_of(pdf)) > 2
    assert text_of(pdf).index("after") > text_of(pdf).index("ligne 199")


def test_a_heading_is_never_the_last_line_of_a_page(printed):
    def days():
        for number, row in enumerate(rows(300)):
            if number % 3 == 0:
                yield Heading(f"Jour {number // 3}")
            yield row

    pages = pages_of(printed(days()))
    assert len(pages) > 3
    for page in pages[:-1]:
        lines = [line for line in page.splitlines() if re.search(r"Jour|N\d{5}", line)]
        assert "Jour" not in lines[-1]
    text = " ".join(pages)
    assert all(f"Jour {number} " in text or f"Jour {number}\n" in text for number in range(100))


def totals(count):
    return [Total(("", "", f"{number} F"), f"Total {number:03}") for number in range(count)]


def with_headings(rows):
    for number, row in enumerate(rows):
        if number % 5 == 0:
            yield Heading(f"Jour {number // 5}")
        yield row


def begun_low(lines):
    """What stands above a table, so that it begins low on a page."""
    return "".join(f"<p>ligne {number}</p>" for number in range(lines))


@pytest.mark.parametrize("sums", range(1, 7))
@pytest.mark.parametrize("headed", [False, True], ids=["plain", "headed"])
def test_totals_stay_with_the_row_before_them_under_one_head_a_page(printed, headed, sums):
    for count in range(27 if headed else 34, 45):
        given = with_headings(rows(count)) if headed else rows(count)
        pdf = printed([*given, *totals(sums)])
        check_pages(pdf, count, sums)


@pytest.mark.parametrize("sums", [1, 3, 6])
@pytest.mark.parametrize("count", [1, 2, 4])
def test_so_they_do_in_a_table_that_begins_low_on_a_page(paper, count, sums):
    for lines in range(28, 48):
        body = begun_low(lines) + "{{ table }}"
        pdf = paper(body, {"table": Table(COLUMNS, [*rows(count), *totals(sums)])})
        check_pages(pdf, count, sums)


def check_pages(pdf, count, sums):
    """That all of a table is there, in order, its totals on one page with its last row, and no
    page without a line of the table or what stands above it."""
    pages = pages_of(pdf)
    assert re.findall(r"N\d{5}", " ".join(pages)) == [row[0] for row in rows(count)]
    [last] = [page for page in pages if f"N{count - 1:05}" in page]
    assert re.findall(r"Total (\d{3})", last) == [f"{number:03}" for number in range(sums)]
    for page in pages:
        assert len(re.findall(r"Number +Name +Price", page)) <= 1
        assert re.search(r"N\d{5}|ligne \d|fin", page)


@pytest.mark.parametrize("above", [0, 20, 40, 44])
@pytest.mark.parametrize("sums", [40, 41, 42, 43, 44, 45, 46, 200])
def test_more_totals_than_a_page_holds_go_where_they_can(paper, sums, above):
    body = begun_low(above) + "{{ table }}"
    for given in (rows(3), [Heading("Jour"), *rows(1)], [Heading("Jour"), *rows(60)]):
        pages = pages_of(paper(body, {"table": Table(COLUMNS, [*given, *totals(sums)])}))
        found = re.findall(r"Total (\d{3})", " ".join(pages))
        assert found == [f"{number:03}" for number in range(sums)]
        for page in pages:
            assert len(re.findall(r"Number +Name +Price", page)) <= 1
            assert re.search(r"N\d{5}|Total|ligne", page)


def test_a_total_tells_its_label_and_sums(printed):
    text = text_of(printed([*rows(2), Total(("", "", "35 000 F"), "Total XOF")]))
    assert "Total XOF 35 000 F" in text


@pytest.mark.parametrize("cells", [("7", "", "35 000 F"), ("7", "x", "35 000 F")])
def test_a_total_of_a_table_that_begins_with_sums_has_a_label_and_all_of_them(printed, cells):
    text = text_of(printed([*rows(2), Total(cells, "Total XOF")]))
    assert " ".join(("Total XOF", *filter(None, cells))) in " ".join(text.split())


def test_a_label_longer_than_what_is_before_the_sums_stands_above_them(printed):
    columns = (Column("N", fixed=True, right=True), Column("Price", fixed=True, right=True))
    label = "Total of all that is in francs of the community " * 2
    [page] = pages_of(printed([("1", "5 F"), Total(("", "6 F"), label)], columns=columns))
    [line] = [line for line in page.splitlines() if "community" in line]
    assert squeezed(line) == label.strip()
    assert re.search(label.strip() + " 6 ?F", squeezed(page))


def test_many_columns_share_the_page(paper):
    columns = tuple(Column(f"Column{number}", 10, fixed=number % 2) for number in range(20))
    row = tuple(f"Cell{number:02}" for number in range(20))
    pdf = paper("{{ table }}", {"table": Table(columns, [row])}, blocks=WIDE)
    assert " ".join(row) in text_of(pdf)


def test_long_words_of_texts_are_broken_before_references_and_numbers(paper):
    columns = tuple(Column(f"N{number}", fixed=True, right=True) for number in range(10))
    columns += (Column("Reference"), *(Column(f"T{number}") for number in range(9)))
    row = (*["1 150 000 F"] * 10, "R-25-000004", *["souleymane.fournier@example.org"] * 9)
    pdf = paper("{{ table }}", {"table": Table(columns, [row])}, blocks=WIDE)
    assert text_of(pdf).count("1 150 000 F") == 10 and "R-25-000004" in text_of(pdf)
    assert "souleymane.fournier@example.org" not in text_of(pdf)


@pytest.mark.parametrize("fixed", [0, 20, 40])
def test_more_columns_than_have_room_stand_within_the_page_all_the_same(fixed):
    columns = [Column("N", fixed=place < fixed) for place in range(40)]
    widths = widths_of(columns, [("1 150 000 F CFA",) * 40], 500, 6)
    assert sum(widths) == pytest.approx(500) and min(widths) > 5


def test_it_is_told_of_every_row_that_a_page_takes(printed):
    told = []
    printed([Heading("x"), *rows(300), Total(("", "", "1 F"))], step=told.append)
    assert sum(told) == 300
    assert len(told) > 3


def test_text_is_broken_between_words_and_inside_one_too_wide():
    lines = broken("un deux trois", 30, "Helvetica", 10)
    assert "".join(lines).replace(" ", "") == "undeuxtrois"
    assert lines == ["un", "deux", "trois"]
    assert "".join(broken("x" * 50, 30, "Helvetica", 10)) == "x" * 50
    assert broken("", 30, "Helvetica", 10) == []
    assert broken("a\n\nb", 30, "Helvetica", 10) == ["a", "", "b"]


def test_a_tab_and_its_like_are_spaces_for_which_every_font_has_a_sign():
    assert broken("Awa\tNdiaye\nchez\u2009Fatou", 300, "Helvetica", 10) == [
        "Awa Ndiaye",
        "chez Fatou",
    ]
    assert broken("un\tdeux\ttrois", 30, "Helvetica", 10) == ["un", "deux", "trois"]
    assert broken("35\u202f000\xa0F", 300, "Helvetica", 10) == ["35\u202f000\xa0F"]


def test_width_is_shared_by_weight_and_no_more_than_wanted():
    assert shared_out([10, 100, 100], [1, 1, 3], 90) == pytest.approx([10, 20, 60])
    assert sum(shared_out([5, 50, 70, 1], [1, 2, 3, 4], 60)) == pytest.approx(60)
    for first, second in pairwise(shared_out([100, 100, 100], [3, 2, 1], 60)):
        assert first > second


def test_a_phone_number_in_a_text_is_not_broken_and_other_figures_may_be():
    column = columns.Column(name="x", title="x", fields=("x",))
    number, whole = "+221 33 111 11 11", "+221\xa033\xa0111\xa011\xa011"
    for text in ("{}", "Transit Sahel · {}", "Awa\n{} · le soir", "Awa · {}\nOusmane · {}"):
        assert sheet.cell(column, text.replace("{}", number)) == text.replace("{}", whole)
    for text in ("9 quai du Port, 13002 Marseille", "R-26-000001 · 2 passagers"):
        assert sheet.cell(column, text) == text
