"""PDFs against plain xhtml2pdf: a long table against its own, and what a page costs more.

All of it is work of this process, so its own time is counted: not what it waits while others work.
"""

import io
import time
from operator import itemgetter

import pytest
from django.template.loader import render_to_string
from django.utils import translation
from xhtml2pdf import pisa

from bookings.documents import DOCUMENTS, Trip
from bookings.models import Booking
from bookings.seed import seed_bookings
from project.exchange import exporting, printing
from project.exchange.formats import Content
from project.exchange.models import Export
from project.exchange.pdf import files
from project.exchange.pdf.document import render, surroundings
from project.exchange.pdf.sheet import heads, writer_of
from project.exchange.reading import Reader
from tests.exchange.pdf.reading import text_of
from tests.factories import make_booking, make_customer, make_driver, make_partner, make_user

FEW, SOME, MANY = 250, 500, 5_000
LIST = DOCUMENTS["list"]
PLAIN = """<html>
<style>@page {{ size: a4 landscape; margin: 1cm; }} td {{ font-size: 8pt; }}</style>
<body><table repeat="1"><tr>{head}</tr>{rows}</table></body></html>"""


@pytest.fixture(autouse=True)
def french():
    with translation.override("fr"):
        yield


@pytest.fixture
def population():
    """As many bookings as the longest list has, and nothing of what other benchmarks made."""
    user = make_user("bench-pdf", is_superuser=True)
    for make in (make_customer, make_driver, make_partner):
        for _ in range(20):
            make()
    newest = Booking.objects.order_by("pk").values_list("pk", flat=True).last() or 0
    seed_bookings(MANY, seed=1)
    made = Booking.objects.filter(pk__gt=newest).order_by("pk")
    return user, list(made.values_list("pk", flat=True)[:MANY])


def content_of(population, count):
    """What the list is made of: so many bookings, as the action logged them."""
    user, keys = population
    assert len(keys) == MANY
    records = Booking.objects.filter(pk__in=keys[:count])
    outcome = printing.print_("bookings.print", records, by=user, document="list")
    export = Export.objects.select_related("owner", "batch").get(batch=outcome.batch)
    assert export.rows == count
    return Content(export, exporting.records_of(export))


def listed(content):
    """The file of the list, as the office gets it."""
    file = io.BytesIO()
    LIST.write(content, file)
    return file.getvalue()


def table_of(content):
    """(titles, rows of texts) of what the list shows."""
    columns = LIST.listing.sheet.chosen(LIST.listing.listed)
    reader = Reader(columns)
    writers = [writer_of(column, reader) for column in columns]
    found = reader.chunks(content.records, LIST.listing.sheet.order)
    rows = [[write(row) for write in writers] for chunk in found for row in chunk]
    return [column.title for column in heads(columns)], rows


def plain(titles, rows):
    head = "".join(f"<th>{title}</th>" for title in titles)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return bare(PLAIN.format(head=head, rows=body))


def bare(html):
    made = io.BytesIO()
    pisa.CreatePDF(html, dest=made, link_callback=files.path_of, resource_policy=files.the_policy())
    return made.getvalue()


def timed(work):
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def fastest(work, runs):
    """(seconds, result) of the fastest run."""
    return min((timed(work) for _ in range(runs)), key=itemgetter(0))


def assert_whole(pdf, content):
    text = text_of(pdf)
    references = content.records.values_list("reference", flat=True)
    assert all(reference in text for reference in references)


@pytest.mark.django_db
def test_a_list_costs_a_tenth_of_a_plain_table(bench, population):
    content = content_of(population, FEW)
    table = table_of(content)
    ours, pdf = fastest(lambda: listed(content), runs=3)
    theirs, reference = timed(lambda: plain(*table))
    assert_whole(pdf, content)
    assert_whole(reference, content)
    bench.report(f"PDF list of {FEW} rows / one plain xhtml2pdf table", ours / theirs, 1 / 10)


@pytest.mark.django_db
def test_a_long_list_costs_no_more_by_the_row(bench, population):
    some, many = content_of(population, SOME), content_of(population, MANY)
    listed(some)
    short, _pdf = fastest(lambda: listed(some), runs=5)
    long, pdf = fastest(lambda: listed(many), runs=3)
    assert_whole(pdf, many)
    ratio = (long / MANY) / (short / SOME)
    bench.report(f"PDF list, a row of {MANY} / a row of {SOME}", ratio, 1.3, always=True)


@pytest.mark.django_db
def test_a_recap_costs_little_more_than_its_html(bench):
    made = make_booking(driver=make_driver("Moussa Cissé"), driver_notes="Sonner au portail bleu.")
    template = "bookings/pdf/recaps.html"

    def recap():
        ride = Booking.objects.with_people().get(pk=made.pk)
        return render(template, {"trips": [Trip([ride])], "internal": True})

    ride = Booking.objects.with_people().get(pk=made.pk)
    html = render_to_string(template, surroundings() | {"trips": [Trip([ride])], "internal": True})
    for ours in ("margin", "section", "end", "pages"):
        html = html.replace(f"<pdf:{ours}></pdf:{ours}>", "")
    html = html.replace(f'<pdf:section name="{ride.reference}"></pdf:section>', "")
    assert "<pdf:" not in html
    recap(), bare(html)
    # By turns, so that whatever else the machine does falls on both.
    runs = [(timed(recap), timed(lambda: bare(html))) for _ in range(25)]
    (whole, pdf), (page, reference) = (
        min(each, key=itemgetter(0)) for each in zip(*runs, strict=True)
    )
    assert ride.reference in text_of(pdf) and ride.reference in text_of(reference)
    ratio = whole / page
    bench.report("PDF recap of one page / bare xhtml2pdf on its HTML", ratio, 1.2)
