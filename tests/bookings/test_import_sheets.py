"""Workbooks with several sheets of the same titles: our own by customer or month, and others."""

import io
import re
from datetime import UTC, datetime
from decimal import Decimal

import openpyxl
import pytest
from django.urls import reverse
from django.utils import translation

from bookings.models import Booking
from project.exchange.columns import sheet_of
from project.exchange.imports import limits, reading, services
from project.exchange.imports.models import Import
from project.exchange.imports.rows import PER_SHEET, State
from tests.asking import HTMX, toasts
from tests.bookings.importing import errors, row_for, rows_of, states, take, undo, write
from tests.bookings.test_import_libreoffice import converted
from tests.exchange.asking_for_files import asked_for, fetched
from tests.exchange.imports.files import part, with_part, workbook
from tests.factories import make_booking, make_customer

pytestmark = pytest.mark.django_db(transaction=True)

ALL = [column.name for column in sheet_of("bookings").columns]
START = datetime(2027, 1, 5, 14, 30, tzinfo=UTC)
TITLES = ["Référence", *row_for()]


@pytest.fixture
def rides():
    """Three customers, each with a ride in three months."""
    customers = [make_customer(name) for name in ("Hôtel Téranga", "Total", "Écoles de Thiès")]
    return [
        make_booking(
            customer=customer,
            pickup_at=START.replace(month=month, day=5 + place),
            passenger_phone="0771234567",
            price=Decimal("35000"),
        )
        for month in (1, 2, 3)
        for place, customer in enumerate(customers)
    ]


def exported(boss, gestion, rides, **answers):
    gestion.language = "fr"
    gestion.save()
    return fetched(boss, asked_for(boss, *rides, **{"columns": ALL, "totals": "on", **answers}))


def cells(*given, departure="31/12/2026 14:30", customer="Hôtel Téranga", **others):
    """A row for TITLES, with a reference or without."""
    row = row_for(customer, departure, **others)
    return [*(given or [""]), *row.values()]


def months(first, *others):
    """A workbook with a sheet for each of these: (name, rows under TITLES)."""
    (name, rows), rest = first, [(name, [TITLES, *rows]) for name, rows in others]
    return workbook(TITLES, *rows, sheet=name, others=rest)


def shown(client, item):
    return client.get(item.get_absolute_url()).content.decode()


def plain(html):
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


# ------------------------------------------------------------------------------ our own files
@pytest.mark.parametrize("per", ["customer", "month"])
def test_a_file_of_ours_with_a_sheet_for_each_changes_nothing(boss, gestion, rides, per):
    item = take(gestion, data=exported(boss, gestion, rides, per=per))
    assert states(item) == [State.UNCHANGED] * 9, errors(item)
    assert len(item.together) == 3 and item.other_sheets == []
    assert len({row.number for row in rows_of(item)}) == 9
    assert sorted(item.where(row.number)[1] for row in rows_of(item)) == [2, 2, 2, 3, 3, 3, 4, 4, 4]


def changed(data, changes):
    """A file of ours with other cells: {(place of a sheet, row, title): text}."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    pages = [page for page in book.worksheets if page.title != "À propos de ce fichier"]
    for (place, row, title), text in changes.items():
        heading = [cell.value for cell in pages[place][1]]
        pages[place].cell(row, heading.index(title) + 1).value = text
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def test_cells_changed_in_two_sheets_are_all_that_changes(boss, gestion, rides):
    data = exported(boss, gestion, rides, per="month")
    data = changed(data, {(0, 3, "Passager"): "Awa", (2, 2, "Téléphone"): "0777654321"})
    item = take(gestion, data=data)
    found = [(item.where(row.number)[1], list(row.before)) for row in rows_of(item) if row.before]
    assert found == [(3, ["passenger"]), (2, ["phone"])]
    before = dict(Booking.objects.values_list("pk", "version"))
    item = write(item)
    assert (item.counts()["written"], item.counts()["unchanged"]) == (2, 7)
    now = dict(Booking.objects.values_list("pk", "version"))
    assert [place for place, ride in enumerate(rides) if now[ride.pk] != before[ride.pk]] == [1, 6]
    undo(item)
    assert not Booking.objects.filter(passenger_phone="0777654321").exists()


@pytest.mark.libreoffice
def test_what_libreoffice_saves_of_it_changes_nothing(boss, gestion, rides, tmp_path):
    path = tmp_path / "export.xlsx"
    data = exported(boss, gestion, rides, per="customer")
    path.write_bytes(changed(data, {(1, 2, "Passager"): "Awa"}))
    saved = converted(path, "xlsx", tmp_path)
    item = take(gestion, data=saved.read_bytes())
    assert [list(row.before) for row in rows_of(item) if row.before] == [["passenger"]]
    assert sorted(states(item)) == [State.CHANGED, *[State.UNCHANGED] * 8]
    assert len(item.together) == 3


# ---------------------------------------------------------------------------- which row it is
@pytest.fixture
def item(bureau, customer):
    """Of two sheets, with an error in each."""
    rows = [cells(), cells(customer="Personne")]
    return take(bureau, data=months(("Janvier", rows), ("Février", rows)))


def test_rows_are_told_apart_by_their_sheets(desk, item):
    assert [row.number for row in rows_of(item)] == [2, 3, PER_SHEET + 2, PER_SHEET + 3]
    html = shown(desk, item)
    lines = [plain(line) for line in re.findall(r'<li id="line-.*?</li>', html, re.S)]
    assert [line.split()[:2] for line in lines] == [
        ["2", "Janvier"],
        ["3", "Janvier"],
        ["2", "Février"],
        ["3", "Février"],
    ]
    assert len(set(re.findall(r'id="line-(\d+)"', html))) == 4


def test_a_row_of_a_further_sheet_is_corrected(desk, item):
    url = reverse("imports:row", args=[item.pk, PER_SHEET + 3])
    assert "Sheet “Février”, row 3" in desk.get(url).content.decode()
    given = row_for() | {"Référence": ""}
    with translation.override("fr"):
        columns = {str(item.importer.counting[name].title): name for name in item.names}
    answers = {columns[title]: cell for title, cell in given.items()}
    assert desk.post(url, answers, headers=HTMX).status_code == 200
    assert states(item) == [State.NEW, State.ERROR, State.NEW, State.NEW]
    services.refresh(item)
    assert states(item) == [State.NEW, State.ERROR, State.NEW, State.NEW]


def test_the_rows_to_correct_say_where_they_are(desk, item):
    data = desk.get(reverse("imports:errors", args=[item.pk])).content
    page = openpyxl.load_workbook(io.BytesIO(data)).active
    reasons = [row[-1] for row in page.iter_rows(min_row=2, values_only=True)]
    assert reasons == [
        f"Sheet “{name}”, row 3: Customer: Nobody is called Personne."
        for name in ("Janvier", "Février")
    ]


def test_a_reference_in_two_sheets_is_told_with_its_sheet(gestion, rides):
    gestion.language = "en"
    row = cells(rides[0].reference, passenger="x")[:1] + cells()[1:]
    item = take(gestion, data=months(("Janvier", [cells(), row]), ("Février", [row])))
    assert errors(item)[2]["reference"] == "The same as in row 3 of the sheet “Janvier”."
    alone = take(gestion, data=months(("Janvier", [row, row])))
    assert errors(alone)[1]["reference"] == "The same as in row 2."


def test_an_import_from_before_is_shown_by_the_numbers_of_its_rows(desk, bureau, customer):
    row = cells(customer="Personne")
    data = months(("Janvier", [row]), ("Février", [row]))
    item = take(bureau, data=data, sheet="Janvier")
    Import.objects.update(alike=[], together=[])
    item.refresh_from_db()
    assert 'id="line-2"' in shown(desk, item) and 'class="sub of"' not in shown(desk, item)
    url = reverse("imports:row", args=[item.pk, 2])
    assert "<b>Row 2</b>" in desk.get(url).content.decode()
    services.correct(item, 2, {"customer": "Hôtel Téranga"})
    assert write(item).counts()["written"] == 1


# ------------------------------------------------------------------------- what is read of it
def choose(client, item, sheet):
    answer = client.post(reverse("imports:sheet", args=[item.pk]), {"sheet": sheet}, follow=True)
    item.refresh_from_db()
    return answer


def test_one_sheet_is_read_alone_and_all_of_them_again(desk, bureau, customer):
    notes = ("Notes", [["x", "y"], ["1", "2"]])
    data = workbook(
        TITLES,
        cells(),
        sheet="Janvier",
        others=[notes, ("Février", [TITLES, cells()]), ("Mars", [TITLES, cells(), cells()])],
    )
    item = take(bureau, data=data)
    assert len(rows_of(item)) == 4
    html = plain(shown(desk, item))
    assert "Rows of 3 sheets are read together, as they have the same titles." in html
    assert "1 other sheet of this workbook is left aside" in html
    assert "The sheet" not in html
    choose(desk, item, "Mars")
    assert (item.sheet, item.together, [row.number for row in rows_of(item)]) == (
        "Mars",
        [],
        [2, 3],
    )
    html = shown(desk, item)
    assert "The sheet “Mars” is read. 3 other sheets" in plain(html)
    assert '<option value="">All 3 with the same titles</option>' in html
    choose(desk, item, "")
    assert [name for name, _heading in item.together] == ["Janvier", "Février", "Mars"]
    assert len(rows_of(item)) == 4
    choose(desk, item, "Notes")
    assert (item.sheet, item.alike, item.stage) == ("Notes", [], Import.Stage.MATCHING)
    choose(desk, item, "Février")
    choose(desk, item, "")
    assert len(item.together) == 3
    html = shown(desk, write(item))
    assert "Rows of 3 sheets are read together" in html and 'id="sheets"' not in html


def test_the_columns_of_all_of_them_are_matched_by_hand(desk, bureau, customer):
    titles = ["Réf", "Quand", "Qui", "Pour qui", "D'où", "Vers où"]
    more = [*cells(), "Une remarque"]
    data = workbook(
        [], titles, cells(), sheet="Janvier", others=[("Février", [titles, more, cells()])]
    )
    item = take(bureau, data=data)
    assert item.stage == Import.Stage.MATCHING
    assert item.together == [["Janvier", 2], ["Février", 1]]
    assert "Une remarque" in shown(desk, item)  # of a column that only one of them has
    names = ["", "departure", "customer", "passenger", "pickup", "dropoff", ""]
    answers = {f"column_{place}": name for place, name in enumerate(names)}
    desk.post(reverse("imports:match", args=[item.pk]), {**answers, "titled": "on"})
    item.refresh_from_db()
    assert states(item) == [State.NEW] * 3, errors(item)
    assert [row.number for row in rows_of(item)] == [3, PER_SHEET + 2, PER_SHEET + 3]
    # What was taken for titles is a row of each.
    desk.post(reverse("imports:match", args=[item.pk]), answers)
    item.refresh_from_db()
    numbers = [row.number for row in rows_of(item)]
    assert numbers == [2, 3, PER_SHEET + 1, PER_SHEET + 2, PER_SHEET + 3]
    assert states(item)[::2] == [State.ERROR, State.ERROR, State.NEW]
    services.match(item, names, titled=True)
    assert len(rows_of(item)) == 3 and item.together == [["Janvier", 2], ["Février", 1]]


def test_hidden_rows_of_all_of_them_are_told_of(desk, bureau, customer):
    data = months(("Janvier", [cells()] * 2), ("Février", [cells()] * 2))
    for number in (1, 2):
        name = f"xl/worksheets/sheet{number}.xml"
        hidden = part(data, name).replace(b'<row r="3"', b'<row r="3" hidden="1"')
        data = with_part(data, name, hidden)
    item = take(bureau, data=data)
    assert (item.hidden, len(rows_of(item))) == (2, 4)
    assert "2 rows that are hidden in the file are read too." in shown(desk, item)


def test_what_is_too_large_together_is_taken_sheet_by_sheet(desk, bureau, customer, monkeypatch):
    data = months(("Janvier", [cells()] * 3), ("Février", [cells()] * 3))
    monkeypatch.setattr(limits, "MOST_ROWS", 5)
    monkeypatch.setattr(services, "read", reading.read)  # in this process, which has that limit
    item = take(bureau, data=data)
    assert (item.together, len(rows_of(item))) == ([], 3)
    assert "The sheet “Janvier” is read. 1 other sheet" in plain(shown(desk, item))
    answer = choose(desk, item, "")
    assert any("Together these sheets are too large: 5 rows" in text for text in toasts(answer))
    assert (item.together, len(rows_of(item))) == ([], 3)
    choose(desk, item, "Février")
    assert (item.sheet, len(rows_of(item))) == ("Février", 3)


def test_a_sheet_with_titles_alone_takes_nothing_from_the_others(bureau, customer):
    item = take(bureau, data=months(("Janvier", []), ("Février", [cells()])))
    assert [item.where(row.number) for row in rows_of(item)] == [("Février", 2)]


def test_columns_of_another_sheet_are_not_matched_with_those_of_this_one(desk, bureau, customer):
    data = workbook(["Quand", "Qui"], ["a", "b"], sheet="Autre", others=[("Encore", [[1], [2]])])
    item = take(bureau, data=data)
    seen = desk.get(reverse("imports:match", args=[item.pk])).context["form"]
    posted = {field.name: field.value() or "" for field in seen} | {"column_0": "reference"}
    mine = Import.objects.get(pk=item.pk)
    choose(desk, item, "Encore")
    answer = desk.post(reverse("imports:match", args=[item.pk]), posted | {"sheet": "Autre"})
    assert toasts(answer) == ["Another sheet was taken in the meantime: these are its columns."]
    with pytest.raises(services.NotNow):  # and where both come at once
        services.match(mine, ["reference", ""])
    item.refresh_from_db()
    assert (item.sheet, item.columns, rows_of(item)) == ("Encore", [["1", ""]], [])
