"""A document from its template: paper, head and foot, pages that are counted, fonts."""

import io
import re
import threading

import pytest
from django.template.loader import get_template
from django.utils import translation
from django.utils.html import escape
from PIL import Image
from pypdf import PdfReader

from project.exchange.pdf.document import bind, render
from project.exchange.pdf.table import Column, Table
from project.exchange.templatetags.paper import paragraphs
from tests.exchange.pdf.reading import fonts_of, pages_of, poppler, sizes_of, squeezed, text_of

pytestmark = pytest.mark.poppler
A4 = (595, 842)
FRENCH = "ÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸŒÆ àâäçéèêëîïôöùûüÿœæ «guillemets» l’apostrophe – — … € ½"
SENEGALESE = "Ñaaŋ Ŋaam ɓaleejo ɗuɗal ñaari"


def test_every_accent_is_there_in_every_face(paper):
    pdf = paper(f"<h1>{FRENCH}</h1><p>{FRENCH}</p><p><b>{FRENCH}</b></p><p><i>{FRENCH}</i></p>")
    assert text_of(pdf).count(squeezed(FRENCH)) == 4


def test_the_letters_of_the_country_are_there(paper):
    assert SENEGALESE in text_of(paper(f"<p>{SENEGALESE}</p>"))


def test_all_fonts_are_embedded_and_nothing_else_is_named(paper):
    table = Table((Column("Nom"),), [("Éloïse",)])
    fonts = fonts_of(paper("<h1>x</h1><p>x <b>x</b> <i>x</i></p>{{ table }}", {"table": table}))
    assert fonts == {
        "SourceSerifPro-Semibold": True,
        "SourceSansPro-Regular": True,
        "SourceSansPro-Semibold": True,
        "SourceSansPro-It": True,
    }


def test_it_is_a4_upright_or_wide(paper):
    assert sizes_of(paper("<p>x</p>")) == {A4}
    wide = paper("<p>x</p>", blocks="{% block size %}a4 landscape{% endblock %}")
    assert sizes_of(wide) == {A4[::-1]}


def test_head_and_foot_stand_on_every_page(paper, settings):
    settings.COMPANY_NAME = "Téranga & Fils"
    settings.COMPANY_ADDRESS = "12 rue Carnot, Dakar"
    pages = pages_of(paper("<p>ligne</p>" * 200, {"by": "Awa Diop"}))
    assert len(pages) > 2
    for page in pages:
        assert "Téranga & Fils" in page
        assert "12 rue Carnot, Dakar" in page
        assert "Awa Diop" in page


def test_the_logo_is_the_file_that_the_settings_name(paper, settings, tmp_path):
    bare = paper("<p>x</p>")
    logo = tmp_path / "logo.png"
    Image.new("RGB", (60, 40), "navy").save(logo)
    settings.COMPANY_LOGO = str(logo)
    assert bare.count(b"/Subtype /Image") == 0
    assert paper("<p>x</p>").count(b"/Subtype /Image") == 1


@pytest.mark.parametrize("size", [(1000, 100), (400, 130), (100, 100), (100, 300)])
def test_the_address_stands_beside_the_logo_however_wide_or_long_they_are(
    paper, settings, tmp_path, caplog, size
):
    logo = tmp_path / "logo.png"
    Image.new("RGB", size, "navy").save(logo)
    settings.COMPANY_NAME = "Téranga Transport & Logistique"
    settings.COMPANY_ADDRESS = (
        "27 boulevard de la République, immeuble Fahd, 3e étage, BP 12345 Dakar-Plateau · "
        "+221 33 800 00 00 · contact@teranga.example · NINEA 1234567 2V3"
    )
    settings.COMPANY_LOGO = str(logo)
    pdf = paper("<p>x</p>")
    edges = []

    def images(operator, operands, matrix, text):
        if operator == b"Do" and matrix[0] > 1:
            edges.append(matrix[0] + matrix[4])

    PdfReader(io.BytesIO(pdf)).pages[0].extract_text(visitor_operand_before=images)
    lefts = re.findall(
        r'xMin="([\d.]+)"[^>]*>Téranga<', poppler("pdftotext", pdf, "-bbox", "-", "-")
    )
    assert float(lefts[0]) > max(edges) + 8
    assert "NINEA 1234567 2V3" in text_of(pdf)
    assert "static frame" not in caplog.text  # it would be made smaller, and the margin lost


def test_each_page_says_which_it_is_of_how_many(paper):
    pages = pages_of(paper("<p>ligne</p>" * 200, language="en"))
    count = len(pages)
    assert count > 2
    for number, page in enumerate(pages, 1):
        assert page.count(f"page {number} of {count}") == 1


def test_a_page_that_is_full_to_its_end_is_followed_by_no_empty_one(paper):
    for size in range(680, 740):  # points; a page has some 716
        pages = pages_of(paper(f'<div style="height: {size}pt">x</div><p>last words</p>'))
        assert "last words" in pages[-1]


def test_pages_are_counted_anew_in_each_section_under_its_name(paper):
    sections = '<pdf:section name="{}"></pdf:section><p>{}</p>'
    body = sections.format("Awa", "a") + sections.format("Moussa", "<p>m</p>" * 90)
    pages = pages_of(paper(body, language="en"))
    assert len(pages) >= 3
    assert "Awa · page 1 of 1" in pages[0]
    for number, page in enumerate(pages[1:], 1):
        assert f"Moussa · page {number} of {len(pages) - 1}" in page


def test_it_is_written_in_the_language_that_is_active(paper):
    assert "page 1 of 1" in text_of(paper("<p>x</p>", language="en"))
    assert "page 1 sur 1" in text_of(paper("<p>x</p>", language="fr"))


def test_what_data_says_is_text_and_no_markup(paper):
    name = '</p><h1>Big</h1><pdf:nextpage><pdf:rows table="0"><b>&amp;</b><!-- x'
    pdf = paper("<p>{{ name }}</p><p>after</p>", {"name": name})
    assert len(pages_of(pdf)) == 1
    assert name in text_of(pdf)
    assert "after" in text_of(pdf)


def test_a_table_can_be_placed_nowhere_but_in_a_document():
    with pytest.raises(LookupError):
        str(Table((Column("x"),), []))


def test_one_is_made_at_a_time(paper):
    """The second begins only when the first, which is held in its table, has ended."""
    inside, go_on, order = threading.Event(), threading.Event(), []

    def held():
        order.append("first begins")
        inside.set()
        go_on.wait(10)
        order.append("first ends")
        yield ("x",)

    def second():
        order.append("second begins")
        yield ("x",)

    def make(rows):
        with translation.override("fr"):
            render("test/document.html", {"table": Table((Column("x"),), rows)})

    paper("{{ table }}", {"table": Table((Column("x"),), [])})  # the template is there from here on
    get_template("test/document.html")
    threads = [threading.Thread(target=make, args=[rows()]) for rows in (held, second)]
    threads[0].start()
    assert inside.wait(10)
    threads[1].start()
    threads[1].join(0.3)
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert order == ["first begins", "first ends", "second begins"]


def test_what_watches_can_stop_it(paper):
    class Stopped(Exception):
        pass

    told = []

    def step(rows):
        told.append(rows)
        if len(told) == 2:
            raise Stopped

    table = Table((Column("x"),), [(str(number),) for number in range(500)])
    with pytest.raises(Stopped):
        paper("{{ table }}", {"table": table}, step=step)
    assert len(told) == 2
    assert sum(told) < 500
    assert "x" in text_of(paper("<p>x</p>"))  # and the next one is made


def bound(*parts, title="Deux"):
    file = io.BytesIO()
    bind(iter(parts), file, title)
    return file.getvalue()


def told_by(pdf):
    """What a file says of itself: (title, author, language)."""
    read = PdfReader(io.BytesIO(pdf))
    return read.metadata.title, read.metadata.author, read.trailer["/Root"].get("/Lang")


def test_parts_are_bound_in_their_order_and_one_alone_stays_as_it_is(paper):
    one, other = paper("<h1>Un</h1>"), paper("<h1>Deux</h1>")
    assert bound(one) == one
    first, second = pages_of(bound(one, other))
    assert "Un" in first and "Deux" in second


def test_it_says_its_title_who_it_is_from_and_its_language(paper, settings):
    settings.COMPANY_NAME = "Téranga & Fils"
    blocks = "{% block title %}Relevé – Awa{% endblock %}"
    one, other = paper("<p>x</p>", blocks=blocks), paper("<p>y</p>", language="en")
    assert told_by(one) == ("Relevé – Awa", "Téranga & Fils", "fr")
    assert told_by(other)[1:] == ("Téranga & Fils", "en")
    with translation.override("fr"):
        assert told_by(bound(one, other, title="Relevés")) == ("Relevés", "Téranga & Fils", "fr")


def test_a_long_text_is_laid_out_in_short_pieces_and_whole():
    lines = [f"Ligne {n} <b> & l’été" for n in range(1_000)]
    long = " ".join(f"mot{n}" for n in range(2_000))
    text = "\n\n".join(["Tête\r\n  suite", "\n".join(lines), long])
    html = paragraphs(text)
    pieces = re.findall(r"<p(?: class=\"on\")?>(.*?)</p>", html, re.DOTALL)
    assert pieces[0] == "Tête<br>  suite"
    assert max(piece.count("<br>") for piece in pieces) < 25
    assert max(map(len, pieces)) < 3_000
    assert re.sub(r"<[^>]*>|\s", "", html) == re.sub(r"\s", "", escape(text))
    # A gap stands where the text has one, and only there.
    assert html.count("<p>") == 3 and html.endswith("</p>")


def test_a_long_text_stands_whole_on_its_pages(paper):
    text = "\n".join(f"Ligne {n}." for n in range(400))
    pdf = paper("{% load paper %}{{ text|paragraphs }}", {"text": text})
    assert all(f"Ligne {n}." in text_of(pdf) for n in range(400))
    assert len(pages_of(pdf)) < 10


def test_a_phone_number_stands_whole_on_its_line(paper):
    number = "+221 77 123 45 67"
    cells = "<table><tr>" + "<td>Awa Ndiaye · {{ number|phone }}</td>" * 5 + "</tr></table>"
    pdf = paper(cells, {"number": number})
    lines = poppler("pdftotext", pdf, "-raw", "-", "-").replace("\N{NO-BREAK SPACE}", " ")
    lines = lines.splitlines()
    assert lines.count(number) == 5


def test_both_sides_of_the_foot_stand_on_one_line(paper):
    words = poppler("pdftotext", paper("<p>x</p>", language="en"), "-bbox", "-", "-")
    tops = re.findall(r'yMin="([\d.]+)" [^>]*>(?:Printed|page)<', words)
    assert len(tops) == 2 and len(set(tops)) == 1
