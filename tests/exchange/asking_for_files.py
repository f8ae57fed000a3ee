"""Asking for a file as staff do, and reading what came."""

import csv
import io

import openpyxl
from django.urls import reverse

from project.actions import desk as desks
from project.exchange.models import Export
from tests.asking import HTMX, act, picked, url_of

EXPORT = url_of("export")


def asked_for(client, *records, **answers):
    """The Export that comes of asking for a file of these records."""
    return led_to(client, "export", {"format": "xlsx"} | answers, *records)


def printed(client, *records, **answers):
    """The Export that comes of asking for a document about these records."""
    return led_to(client, "print", answers, *records)


def led_to(client, name, answers, *records):
    """The Export that an action on these records leads to."""
    url = url_of(name, desks.of_model(records[0]._meta.label_lower).slug)
    response = act(client, url, picked(*records) | answers, headers=HTMX)
    assert response.status_code == 302, response.content.decode()
    return export_at(response)


def export_at(response):
    """The Export whose page a response leads to."""
    return Export.objects.get(pk=response.url.rstrip("/").rpartition("/")[2])


def file_url(export):
    return reverse("exchange:file", args=[export.pk])


def fetched(client, export):
    """The bytes that the owner gets."""
    response = client.get(file_url(export))
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def workbook(data):
    return openpyxl.load_workbook(io.BytesIO(data))


def values(sheet):
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def lines_of_csv(data, delimiter=","):
    text = data.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
