"""The rows in error come back as a workbook, and are what they were when it is imported again."""

import io

import openpyxl
import pytest
from django.urls import reverse
from django.utils import translation

from project.exchange.cells import quoted
from project.exchange.imports import workbooks
from project.exchange.imports.models import Import
from project.exchange.imports.rows import State
from tests.bookings.importing import row_for, rows_of, states, take
from tests.bookings.test_import_pages import upload
from tests.exchange.imports.files import csv
from tests.factories import make_booking

pytestmark = pytest.mark.django_db


def test_rows_to_correct_of_changes_alone_are_recognised(desk, bureau, customer):
    ride = make_booking(customer=customer, price=1)
    item = take(bureau, {"Référence": ride.reference, "Prix": "dix"})
    for language in ("fr", "en"):
        with translation.override(language):
            data = workbooks.rows_in_error(item)
        again = take(bureau, data=data, language=language)
        assert (again.stage, states(again)) == (Import.Stage.READY, [State.ERROR])
        assert again.names == ["reference", "price"]


def test_what_was_understood_comes_back_from_the_bad_rows_as_such(bureau, customer):
    rows = [
        row_for("Personne", "05/06/2027 14:30", Distance="12,5"),
        row_for("Personne", "31/12/2027 14:30", Distance="dix"),
    ]
    item = take(bureau, *rows, month_first=True)
    assert rows_of(item)[0].values[0] == "2027-05-06 14:30:00+00:00"
    again = take(bureau, data=workbooks.rows_in_error(item), month_first=False)
    good, bad = rows_of(again)
    assert good.values == rows_of(item)[0].values
    assert (good.cells[0], good.cells[-1]) == ("2027-05-06 14:30:00", 12.5)
    assert (bad.cells[0], bad.cells[-1]) == ("31/12/2027 14:30", "dix")


def test_a_time_that_came_twice_comes_back_from_the_bad_rows_as_it_was_written(
    bureau, customer, settings
):
    settings.TIME_ZONE = "Europe/Paris"
    typed = "31/10/2027 02:30 +02:00"
    item = take(bureau, row_for("Personne", typed))
    again = take(bureau, data=workbooks.rows_in_error(item))
    assert rows_of(again)[0].cells[0] == typed


def test_the_bad_rows_say_that_empty_cells_count(bureau, customer):
    item = take(bureau, row_for("Personne"), clears=True)
    data = workbooks.rows_in_error(item)
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    assert sheet.cell(1, sheet.max_column).value.endswith(")")
    assert take(bureau, data=data).stage == Import.Stage.READY


def test_what_looks_quoted_or_coded_comes_back_from_the_bad_rows_as_it_was(bureau, customer):
    names = ["'=1+1", "''=1+1", "A_x0041_B", "'t Kofschip", "=1+1", "-x"]
    rows = [row_for("Personne", Passager=quoted(name)) for name in names]
    data = csv(list(rows[0]), *(list(row.values()) for row in rows))
    item = take(bureau, name="a.csv", data=data)
    again = take(bureau, data=workbooks.rows_in_error(item))
    place = again.names.index("passenger")
    assert [row.cells[place] for row in rows_of(again)] == names


@pytest.mark.parametrize("sign", ["\x07", "\x1b", "\ufffe"])
def test_a_sign_that_no_workbook_holds_does_not_keep_the_bad_rows_back(desk, customer, sign):
    row = list(row_for(f"Per{sign}sonne").values())
    upload(desk, csv(list(row_for()), row), "a.csv", order="day")
    response = desk.get(reverse("imports:errors", args=[Import.objects.get().pk]))
    sheet = openpyxl.load_workbook(io.BytesIO(response.content)).active
    assert sheet["B2"].value == "Personne"
