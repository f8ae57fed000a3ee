"""The pages of an import, as the office uses them."""

import io
import re
from datetime import datetime, timedelta

import openpyxl
import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings.models import Booking
from project.audit.models import Batch
from project.exchange.imports import apart, services, workbooks
from project.exchange.imports.importer import importer_of
from project.exchange.imports.models import Import
from project.exchange.imports.rows import State
from project.jobs.models import Progress
from project.jobs.worker import Worker
from project.utilisateurs.models import CustomUser
from tests.asking import HTMX, toasts
from tests.bookings.conftest import browser_of
from tests.bookings.importing import file_of, row_for, rows_of, states, take
from tests.bookings.importing import write as written
from tests.exchange.imports.files import csv, part, with_part, workbook
from tests.exchange.imports.test_apart import far_cell_behind_a_quoted_name
from tests.factories import make_booking, make_user

pytestmark = pytest.mark.django_db
NEW = "/imports/new/bookings/"


def upload(client, data, name="courses.xlsx", **given):
    return client.post(NEW, {"file": SimpleUploadedFile(name, data), **given})


def page(client, item, query="", **headers):
    return client.get(f"{reverse('imports:detail', args=[item.pk])}{query}", **headers)


def text_of(response):
    return response.content.decode()


# ---------------------------------------------------------------------------------- the file
def test_a_file_is_taken_and_its_rows_are_shown(desk, customer):
    response = upload(desk, file_of(row_for(), row_for("Personne")), order="day")
    item = Import.objects.get()
    assert response.url == item.get_absolute_url()
    shown = text_of(page(desk, item))
    assert "Nobody is called Personne." in shown
    assert "Write 1 row" in shown
    assert (item.file_name, bytes(item.content)[:2], item.language) == ("courses.xlsx", b"PK", "fr")
    assert Booking.objects.count() == 0


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.xlsm", b"PK\x03\x04", "Only .xlsx and .csv"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "password"),
        ("a.xlsx", b"PK\x03\x04 cut", "damaged"),
        ("a.xlsx", b"hello", "no Excel workbook"),
        ("a.csv", b"\x00\x01", "no text file"),
        ("a.csv", b"Client;Passager\n", "nothing below"),
        ("a.csv", b"", "The file is empty"),
        ("a.xlsx", far_cell_behind_a_quoted_name(), "more time or memory"),
    ],
)
def test_a_hostile_file_is_refused_at_its_field(desk, name, data, reason):
    response = upload(desk, data, name)
    assert response.status_code == 422
    assert reason in text_of(response)
    assert Import.objects.count() == 0


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_a_file_that_somebody_spoiled_is_written_whole_rows_or_not_at_all(desk, customer, data):
    rows = [row_for(Passager=f"Passager {number}", Prix=number) for number in range(6)]
    good = file_of(*rows)
    name = data.draw(st.sampled_from(["xl/sharedStrings.xml", "xl/worksheets/sheet1.xml", ""]))
    content = bytearray(part(good, name) if name else good)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    spoiled = with_part(good, name, bytes(content)) if name else bytes(content)
    response = upload(desk, spoiled, order="day")
    assert response.status_code in (302, 422)
    if response.status_code == 422:
        return
    before = set(Booking.objects.values_list("pk", flat=True))
    item = Import.objects.latest("created_at")
    assert page(desk, item).status_code == 200
    assert desk.post(reverse("imports:confirm", args=[item.pk])).status_code == 302
    Worker().drain()
    made = Booking.objects.exclude(pk__in=before)
    written = [row for row in rows_of(item) if row.state == State.WRITTEN]
    assert {row.name for row in written} == set(made.values_list("reference", flat=True))
    for ride in made:
        assert ride.logs.count() == ride.history.count() == 1
        assert ride.customer == customer and ride.passenger_name and ride.pickup_address


def test_no_file_is_asked_for(desk):
    assert desk.post(NEW).status_code == 422


def test_a_formula_or_a_tag_in_a_cell_is_only_text(desk, customer):
    upload(desk, file_of(row_for(Passager="=HYPERLINK()"), row_for(Passager="<b>x</b>")))
    shown = text_of(page(desk, Import.objects.get()))
    assert "&lt;b&gt;x" in shown and "<b>x" not in shown


def test_unknown_columns_are_matched_on_a_page(desk, customer):
    data = workbook(
        ["When", "Who", "Guest", "From", "To", "Other"],
        ["12/31/2026 14:30", customer.name, "Awa", "Diass", "Dakar", "x"],
    )
    upload(desk, data)
    item = Import.objects.get()
    assert "Match the columns" in text_of(page(desk, item))
    url = reverse("imports:match", args=[item.pk])
    names = ["departure", "customer", "passenger", "pickup", "dropoff", ""]
    twice = {f"column_{place}": name for place, name in enumerate([*names[:4], "pickup", ""])}
    response = desk.post(url, twice)
    assert (response.status_code, "is that already" in text_of(response)) == (422, True)
    lacking = {f"column_{place}": name for place, name in enumerate(["", *names[1:]])}
    assert "Missing: Departure" in text_of(desk.post(url, lacking))
    answers = {f"column_{place}": name for place, name in enumerate(names)}
    desk.post(url, {**answers, "titled": "on"})
    assert states(item) == [State.NEW]


def test_columns_are_asked_about_though_the_file_can_not_be_read_now(
    desk, bureau, customer, monkeypatch
):
    item = take(bureau, row_for(Mystère="x"))
    apart._end_spare()
    monkeypatch.setattr(apart.sys, "executable", "/nowhere/python")
    url = reverse("imports:match", args=[item.pk])
    for shown in (desk.get(item.get_absolute_url()), desk.get(url)):
        assert shown.status_code == 200
        assert "no fault of its own" in text_of(shown) and "Mystère" in text_of(shown)
    names = {f"column_{n}": name for n, (_title, name) in enumerate(item.columns)}
    refused = desk.post(url, names | {"order": "day"})
    assert refused.status_code == 422
    assert "no fault of its own" in text_of(refused)


def test_a_file_without_titles_loses_no_row(desk, customer):
    first, second = (
        ["31/12/2026 14:30", customer.name, name, "Diass", "Dakar"] for name in ("Awa", "Moussa")
    )
    upload(desk, workbook(first, second), order="day")
    item = Import.objects.get()
    response = page(desk, item)
    assert response.context["form"]["titled"].value() is True
    names = ["departure", "customer", "passenger", "pickup", "dropoff"]
    answers = {f"column_{place}": name for place, name in enumerate(names)}
    url = reverse("imports:match", args=[item.pk])
    for titled, numbers in (({}, [1, 2]), ({}, [1, 2]), ({"titled": "on"}, [2])):
        desk.post(url, answers | titled)
        assert [row.number for row in rows_of(item)] == numbers
        assert set(states(item)) == {State.NEW}
        item.refresh_from_db()
        form = desk.get(url).context["form"]
        assert form["titled"].value() is bool(titled)
        assert form["column_2"].label == ("Awa" if titled else "Column C")


def test_how_numbers_are_written_is_told_with_the_columns(desk, customer):
    """A French file that an English LibreOffice saved as CSV."""
    upload(desk, file_of(row_for(Prix="13,000")), order="day")
    item = Import.objects.get()
    assert "say with the columns how numbers are written" in rows_of(item)[0].errors["price"]
    url = reverse("imports:match", args=[item.pk])
    form = desk.get(url).context["form"]
    assert form["numbers"].value() == ""
    answers = {name: field.initial for name, field in form.fields.items() if field.initial}
    for numbers, price in (("point", "13000"), ("", None)):
        desk.post(url, answers | {"numbers": numbers})
        item.refresh_from_db()
        assert rows_of(item)[0].values[item.names.index("price")] == price
        shown = text_of(desk.get(url))
        asked = shown[shown.index('<select name="numbers"') :].partition("</select>")[0]
        assert f'<option value="{numbers}" selected>' in asked
        assert asked.count("<option") == 3 and asked.count(" selected>") == 1
    assert desk.post(url, answers | {"numbers": "stars"}).status_code == 422


def test_a_column_that_is_not_recognised_is_asked_about_and_told_when_left_out(desk, customer):
    row = row_for(departure="12/31/2026 14:30", Statut="Confirmée", Remarque="VIP")
    upload(desk, workbook([*row, ""], [*row.values(), "0771234567"]), clears="on")
    item = Import.objects.get()
    response = page(desk, item)
    said = "Nothing takes these columns yet: Remarque (G), column H."
    assert said in text_of(response)
    assert response.context["form"]["clears"].value() is True
    names = ["departure", "customer", "passenger", "pickup", "dropoff", "", "", "phone"]
    answers = {f"column_{place}": name for place, name in enumerate(names)}
    desk.post(reverse("imports:match", args=[item.pk]), {**answers, "titled": "on"})
    shown = text_of(page(desk, item))
    assert "Left out, as nothing takes them: Remarque (G)." in shown
    assert "Never imported, so left aside: Statut." in shown.replace("\n", " ")


def test_another_sheet_is_taken(desk, customer):
    row = list(row_for().values())
    data = workbook(["x"], ["y"], others=[("Rides", [list(row_for()), row])])
    upload(desk, data, order="day")
    item = Import.objects.get()
    shown = text_of(page(desk, item))
    assert "1 other sheet of this workbook is left aside" in shown
    assert "The sheet “Feuille1” is read." in shown and ">Rides</span>" in shown
    desk.post(reverse("imports:sheet", args=[item.pk]), {"sheet": "Rides"})
    item.refresh_from_db()
    assert (item.sheet, states(item)) == ("Rides", [State.NEW])
    shown = text_of(page(desk, item))
    assert "1 other sheet of this workbook is left aside" in shown
    assert "The sheet “Rides” is read." in shown and ">Feuille1</span>" in shown
    # Which it was is told for as long as the import is there; only nothing else is to choose.
    written(item)
    shown = text_of(page(desk, item))
    assert "The sheet “Rides” is read." in shown and 'id="sheets"' not in shown


def test_hidden_rows_are_read_and_told_of(desk, customer):
    data = file_of(row_for(), row_for(), row_for())
    sheet = part(data, "xl/worksheets/sheet1.xml")
    hidden = re.sub(rb'<row r="([34])"', rb'<row r="\1" hidden="1"', sheet)
    upload(desk, with_part(data, "xl/worksheets/sheet1.xml", hidden), order="day")
    item = Import.objects.get()
    assert states(item) == [State.NEW] * 3
    assert "2 rows that are hidden in the file are read too." in text_of(page(desk, item))
    upload(desk, data, order="day")
    assert "hidden in the file" not in text_of(page(desk, Import.objects.latest("created_at")))


def test_nothing_is_said_of_other_sheets_where_there_are_none(desk, bureau, customer):
    assert "left aside" not in text_of(page(desk, take(bureau, row_for())))


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("titles", ["fr", "en"])
def test_typed_dates_are_read_as_their_owner_writes_them(bureau, customer, titles, language):
    with translation.override(titles):
        columns = importer_of("bookings").counting
        names = ("departure", "customer", "passenger", "pickup", "dropoff")
        heading = [str(columns[name].title) for name in names]
    data = workbook(heading, list(row_for(departure="05/06/2027 10:00").values()))
    month = {"fr": "06-05", "en": "05-06"}[language]
    item = take(bureau, data=data, language=language)
    assert item.language == titles
    assert rows_of(item)[0].values[0] == f"2027-{month} 10:00:00+00:00"


def test_the_order_that_typed_dates_are_read_in_is_shown(desk, customer):
    form = desk.get(NEW).context["form"]
    assert form["order"].value() == "month"
    upload(desk, csv(list(row_for()), list(row_for().values())), "a.csv", order="day")
    response = desk.get(reverse("imports:match", args=[Import.objects.get().pk]))
    assert response.context["form"]["order"].value() == "day"


@pytest.mark.parametrize("order", ["day", "month"])
def test_the_order_of_typed_dates_may_be_said(desk, customer, order):
    upload(desk, csv(list(row_for()), list(row_for().values())), "a.csv", order=order)
    assert states(Import.objects.get()) == [State.NEW if order == "day" else State.ERROR]


# ---------------------------------------------------------------------------------- the rows
def test_the_rows_are_sorted_into_tabs_and_pages(desk, bureau, customer):
    item = take(bureau, *[row_for() for _ in range(120)], row_for("Personne"))
    assert len(page(desk, item).context["lines"]) == 50
    last = page(desk, item, "?page=3").context["lines"]
    assert [line.number for line in last] == list(range(102, 123))
    errors = page(desk, item, "?state=error").context["lines"]
    assert [line.number for line in errors] == [122]
    for odd in ("?page=0", "?page=999", "?page=x", "?state=odd", "?state=written"):
        assert page(desk, item, odd).status_code == 200


def test_a_tab_is_a_part_of_the_page(desk, bureau, customer):
    item = take(bureau, row_for())
    part = text_of(page(desk, item, headers=HTMX))
    assert "<html" not in part and 'id="rows"' in part


def test_a_change_is_shown_from_what_to_what(desk, bureau, customer):
    ride = make_booking(customer=customer, price=35000)
    item = take(bureau, {"Référence": ride.reference, "Prix": 40000})
    shown = text_of(page(desk, item))
    assert "<s>35,000</s> → " in shown and "40,000" in shown


def test_a_row_is_corrected_in_place_and_without_scripts(desk, bureau, customer):
    item = take(bureau, row_for("Personne"), row_for("Personne"))
    url = reverse("imports:row", args=[item.pk, 2])
    assert "Write" not in text_of(desk.get(item.get_absolute_url())).partition('id="rows"')[2]
    assert "Personne" in text_of(desk.get(url))
    form = text_of(desk.get(url, headers=HTMX))
    assert "<html" not in form and "Nobody is called" in form
    cells = dict(zip(item.names, rows_of(item)[0].cells, strict=True))
    response = desk.post(url, {**cells, "customer": customer.name})
    assert response.status_code == 302
    part = desk.post(
        reverse("imports:row", args=[item.pk, 3]),
        {**cells, "customer": customer.name},
        headers=HTMX,
    )
    # What would be written stands below the rows, and is told anew with them.
    rows, _oob, below = text_of(part).partition('id="to-write" hx-swap-oob="true"')
    assert 'id="rows"' in rows and "Write 2 rows" in below
    assert states(item) == [State.NEW, State.NEW]
    assert desk.get(reverse("imports:row", args=[item.pk, 99])).status_code == 404


def test_the_bad_rows_come_back_with_their_reasons_and_can_be_imported(desk, bureau, customer):
    item = take(bureau, row_for(), row_for("Personne", Téléphone="0771234567"))
    data = desk.get(reverse("imports:errors", args=[item.pk])).content
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert len(rows) == 2
    assert rows[1][-1] == "Customer: Nobody is called Personne."
    place = rows[0].index("Téléphone")  # the language of the file, which says how dates are typed
    assert rows[1][place] == "0771234567"
    sheet.cell(2, rows[0].index("Client") + 1, customer.name)
    target = io.BytesIO()
    sheet.parent.save(target)
    assert states(take(bureau, data=target.getvalue())) == [State.NEW]


def test_an_unknown_reference_is_told_at_its_cell_and_first_among_the_reasons(
    desk, bureau, customer
):
    unknown = {"Référence": "R-26-999999", **row_for("Personne")}
    item = take(bureau, unknown)
    (line,) = page(desk, item).context["lines"]
    wrong = [(cell.title, cell.error) for cell in line.cells if cell.error]
    assert wrong[0] == ("Reference", "Unknown: R-26-999999.")
    assert (line.error, len(wrong)) == ("", 2)
    with translation.override("en"):
        told = workbooks.told_errors(item, rows_of(item)[0])
    assert told[0] == "Reference: Unknown: R-26-999999."


def test_a_departure_in_error_is_shown_as_people_write_it(desk, bureau, customer):
    item = take(bureau, row_for(customer.name, datetime(1999, 5, 3, 9, 15)))
    (line,) = page(desk, item).context["lines"]
    (cell,) = [cell for cell in line.cells if cell.title == "Departure"]
    assert (bool(cell.error), cell.text) == (True, "3 May 1999, 09:15")


def test_of_an_unknown_reference_nothing_else_is_told(desk, bureau, customer, settings):
    settings.TIME_ZONE = "Europe/Paris"
    cells = {"Référence": "R-99-999999", "Prix": "40 000 €", "Départ": "25/10/2026 02:30"}
    item = take(bureau, cells, {"Référence": "R-99-999998", "Prix": ""})
    assert states(item) == [State.ERROR] * 2
    first, second = page(desk, item).context["lines"]
    for line, told in ((first, "Unknown: R-99-999999."), (second, "Unknown: R-99-999998.")):
        assert [cell.error for cell in line.cells if cell.error] == [told]
        assert line.error == ""
    sheet = openpyxl.load_workbook(io.BytesIO(workbooks.rows_in_error(item))).active
    reasons = [row[-1] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert [reason.count("\n") for reason in reasons] == [0, 0]
    assert "R-99-999999" in reasons[0]


def test_a_moment_beyond_the_calendar_is_an_error_of_its_row(desk, customer):
    row = row_for(departure="9999-12-30 23:00-99:99")
    response = upload(desk, csv(list(row), list(row.values())), "a.csv", order="day")
    assert response.status_code == 302
    assert "is not in the calendar" in text_of(page(desk, Import.objects.get()))


def test_a_title_is_kept_without_what_no_database_takes(desk, customer):
    data = workbook([*row_for(), "Divers@z"], [*row_for().values(), ""])
    texts = part(data, "xl/sharedStrings.xml").replace(b"Divers@z", b"Divers_x0000_z")
    upload(desk, with_part(data, "xl/sharedStrings.xml", texts), order="day")
    item = Import.objects.get()
    assert item.columns[-1] == ["Diversz", ""]
    assert states(item) == [State.NEW]


def test_who_was_missing_is_found_when_asked_again(desk, bureau, customer):
    item = take(bureau, row_for("Nouveau"))
    from_form = {"name": "Nouveau", "kind": "person", "language": "fr"}
    desk.post(reverse("directory:customer-create"), from_form)
    desk.post(reverse("imports:refresh", args=[item.pk]))
    assert states(item) == [State.NEW]


def test_to_look_again_where_there_is_no_row_to_understand_is_no_error(desk, bureau, customer):
    upload(desk, workbook(["When", "Who"], ["x", "y"]))
    waiting = Import.objects.get()
    response = desk.post(reverse("imports:refresh", args=[waiting.pk]))
    assert response.url == waiting.get_absolute_url()
    assert toasts(response) == ["Match the columns first."]
    item = take(bureau, row_for())
    services.confirm(item)
    Worker().drain()
    response = desk.post(reverse("imports:refresh", args=[item.pk]))
    assert (response.url, states(item)) == (item.get_absolute_url(), [State.WRITTEN])


# ------------------------------------------------------------------------------------- writing
def test_confirmed_it_is_written_by_a_job_and_told(desk, bureau, customer):
    item = take(bureau, row_for(), row_for("Personne"))
    url = reverse("imports:confirm", args=[item.pk])
    desk.post(url)
    assert "being written" in toasts(desk.post(url))[0]
    assert Progress.objects.count() == 1
    Worker().drain()
    assert Booking.objects.count() == 1
    shown = text_of(page(desk, item))
    assert "1 row written" in shown and Booking.objects.get().reference in shown
    assert "Created from a file (1)" in shown
    desk.post(url)
    assert Booking.objects.count() == 1


def test_a_job_that_was_stopped_is_resumed(desk, bureau, customer, monkeypatch):
    monkeypatch.setattr(services, "CHUNK", 1)
    item = take(bureau, row_for(), row_for())
    desk.post(reverse("imports:confirm", args=[item.pk]))
    desk.post(reverse("jobs:cancel", args=[Import.objects.get().job_id]))
    Worker().drain()
    assert Booking.objects.count() == 0
    desk.post(reverse("imports:confirm", args=[item.pk]))
    Worker().drain()
    assert states(item) == [State.WRITTEN] * 2


def test_it_is_undone_from_its_page(desk, bureau, customer):
    item = take(bureau, row_for())
    desk.post(reverse("imports:undo", args=[item.pk]))
    assert Progress.objects.count() == 0
    desk.post(reverse("imports:confirm", args=[item.pk]))
    Worker().drain()
    assert "Undo all of it" in text_of(page(desk, item))
    desk.post(reverse("imports:undo", args=[item.pk]))
    Worker().drain()
    assert Booking.objects.get().archived_at
    assert "Undone: " in text_of(page(desk, item))


# --------------------------------------------------------------------------------------- files
def test_the_template_explains_itself_and_can_be_imported(desk, bureau, customer):
    data = desk.get("/imports/template/bookings/").content
    book = openpyxl.load_workbook(io.BytesIO(data))
    first, second = book.worksheets
    assert [cell.value for cell in first[1]][:3] == ["Reference", "Departure", "Duration"]
    told = [row[0] for row in second.iter_rows(values_only=True) if row[0]]
    assert "Vehicle" in told
    assert first.data_validations.dataValidation
    first["E2"] = "Moussa Diop"  # written over
    target = io.BytesIO()
    book.save(target)
    item = take(bureau, data=target.getvalue(), language="en")
    assert states(item) == [State.NEW], rows_of(item)[0].errors


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_example_of_the_template_is_no_booking(desk, bureau, customer, language):
    with translation.override(language):
        data = workbooks.template_of(importer_of("bookings"))
    book = openpyxl.load_workbook(io.BytesIO(data))
    for place, cell in enumerate(book.worksheets[0][2], 1):
        book.worksheets[0].cell(3, place, cell.value)
    book.worksheets[0]["E3"] = "Moussa Diop"
    target = io.BytesIO()
    book.save(target)
    item = take(bureau, data=target.getvalue(), language=language)
    assert states(item) == [State.ERROR, State.NEW]
    assert "This is the example of the template: write over it." in text_of(page(desk, item))
    csv_file = csv(
        [cell.value for cell in book.worksheets[0][1]],
        ["31/12/2026 14:30" if cell.column == 2 else cell.value or "" for cell in book.active[2]],
    )
    assert states(take(bureau, data=csv_file, name="a.csv")) == [State.ERROR]


def test_the_file_is_kept(desk, bureau, customer):
    data = file_of(row_for())
    item = take(bureau, data=data)
    response = desk.get(reverse("imports:file", args=[item.pk]))
    assert response.content == data
    assert "attachment" in response.headers["Content-Disposition"]


# --------------------------------------------------------------------------------- permissions
def test_an_import_is_for_its_owner(desk, bureau, customer):
    item = take(make_user("autre", is_superuser=True), row_for())
    assert page(desk, item).status_code == 404
    bureau.user_permissions.add(Permission.objects.get(codename="view_import"))
    assert page(desk, item).status_code == 200
    for name in ("confirm", "undo", "refresh", "sheet", "match"):
        assert desk.post(reverse(f"imports:{name}", args=[item.pk])).status_code == 403


@pytest.mark.parametrize("url", ["/imports/", NEW, "/imports/template/bookings/"])
def test_nobody_enters_without_the_right(url, customer):
    user = make_user("sans")
    user.user_permissions.set(
        Permission.objects.filter(codename__in=["add_booking", "change_booking"])
    )
    client = browser_of(user)
    assert client.get(url).status_code == 403
    item = take(user, row_for())
    assert page(client, item).status_code == 403
    assert client.post(reverse("imports:confirm", args=[item.pk])).status_code == 403


def test_who_may_not_see_bookings_is_not_shown_them_by_an_import(customer):
    user = make_user("aveugle")
    rights = ["import_booking", "add_booking", "change_booking"]
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    item = take(user, row_for())
    client = browser_of(user)
    for url in ("/imports/", NEW, item.get_absolute_url()):
        assert client.get(url).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_booking"))
    for url in ("/imports/", NEW, item.get_absolute_url()):
        assert client.get(url).status_code == 200


def test_an_unknown_kind_of_record_is_not_found(desk):
    assert desk.get("/imports/new/nothing/").status_code == 404


# ---------------------------------------------------------------------- later, and once more
def aged(item, **by):
    Batch.objects.filter(imported_in__of=item).update(created_at=timezone.now() - timedelta(**by))


def test_an_import_is_undone_for_a_week_and_then_its_page_says_why_not(desk, bureau, customer):
    item = written(take(bureau, row_for()))
    aged(item, days=6)
    assert "Undo all of it" in text_of(page(desk, item))
    aged(item, days=8)
    shown = text_of(page(desk, item))
    assert "Undo all of it" not in shown
    assert "Too long ago: this can be undone for 7 days." in shown
    with pytest.raises(services.NotNow):
        services.undo(item)
    aged(item, days=6)
    services.undo(item)
    Worker().drain()
    item = Import.objects.get()
    assert item.stage == Import.Stage.UNDONE
    shown = text_of(page(desk, item))
    assert "Was written" in shown and "status-row-written" not in shown


def test_who_may_not_undo_an_import_is_told_why(customer):
    user = make_user()
    rights = ["import_booking", "add_booking", "view_booking"]
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    item = written(take(CustomUser.objects.get(pk=user.pk), row_for()))
    assert "You may not undo this." in text_of(page(browser_of(user), item))
    boss = make_user(is_superuser=True)
    assert f"Only {user} can undo this import." in text_of(page(browser_of(boss), item))


def test_a_file_that_was_imported_before_is_told_of(desk, bureau, customer):
    data = file_of(row_for())
    first, said = take(bureau, data=data), "This file was imported before"
    assert said not in text_of(page(desk, take(bureau, data=data)))  # nothing of it was written
    written(first)
    again = text_of(page(desk, take(bureau, data=data)))
    assert said in again
    assert first.get_absolute_url() in again
    assert said not in text_of(page(desk, take(bureau, row_for("Personne"))))
    assert said not in text_of(page(desk, first))
