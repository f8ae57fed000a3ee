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

from bookings.documents import Trip
from bookings.models import Booking
from project.exchange.pdf import files
from project.exchange.pdf.document import render, surroundings
from project.exchange.pdf.table import Column, Table
from tests.exchange.pdf.reading import text_of
from tests.factories import make_booking, make_driver

FEW, SOME, MANY = 250, 500, 5_000
COLUMNS = (
    Column("Departure", fixed=True),
    Column("Reference", fixed=True),
    Column("Passenger", 24),
    Column("Customer", 24),
    Column("Pickup", 30),
    Column("Drop-off", 30),
    Column("Driver", 22),
    Column("Status", fixed=True),
    Column("Price", fixed=True, right=True),
)
PLAIN = """<html>
<style>@page {{ size: a4 landscape; margin: 1cm; }} td {{ font-size: 8pt; }}</style>
<body><table repeat="1"><tr>{head}</tr>{rows}</table></body></html>"""


@pytest.fixture(autouse=True)
def french():
    with translation.override("fr"):
        yield


def rows_of(count):
    return [
        (
            f"21/11/2026 {number % 24:02}:00",
            f"R-26-{number:06}",
            f"Éloïse Ndiaye {number}",
            "Hôtel Téranga Plus",
            "Aéroport international Blaise-Diagne, hall des arrivées, Diass",
            f"{number} rue Carnot, Plateau, Dakar",
            "Moussa Cissé",
            "Confirmée",
            f"{number * 500} F CFA",
        )
        for number in range(count)
    ]


def listed(rows):
    context = {"table": Table(COLUMNS, rows), "count": len(rows), "words": ["Ce mois"]}
    return render("bookings/pdf/list.html", context)


def plain(rows):
    head = "".join(f"<th>{column.title}</th>" for column in COLUMNS)
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


def assert_whole(pdf, rows):
    text = text_of(pdf)
    assert all(row[1] in text for row in rows)


def test_a_list_costs_a_tenth_of_a_plain_table(bench):
    rows = rows_of(FEW)
    ours, pdf = fastest(lambda: listed(rows), runs=3)
    theirs, reference = timed(lambda: plain(rows))
    assert_whole(pdf, rows)
    assert_whole(reference, rows)
    bench.report(f"PDF list of {FEW} rows / one plain xhtml2pdf table", ours / theirs, 1 / 10)


def test_a_long_list_costs_no_more_by_the_row(bench):
    some, many = rows_of(SOME), rows_of(MANY)
    listed(some)
    short, _pdf = fastest(lambda: listed(some), runs=5)
    long, pdf = fastest(lambda: listed(many), runs=3)
    assert_whole(pdf, many)
    ratio = (long / MANY) / (short / SOME)
    bench.report(f"PDF list, a row of {MANY} / a row of {SOME}", ratio, 1.3)


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
    bench.report("PDF recap of one page / bare xhtml2pdf on its HTML", whole / page, 1.2)
