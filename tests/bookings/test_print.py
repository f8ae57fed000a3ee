"""Printing from the pages: which bookings, for whom, at once or in a job, and what it leaves."""

import re
from dataclasses import replace

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.utils import translation

from bookings import documents
from bookings.models import Booking, BookingLog
from bookings.states import Status
from project.exchange import formats
from project.exchange.models import Export, State
from project.exchange.pdf.listing import MOST_COLUMNS
from project.jobs import services as jobs
from project.jobs.models import State as JobState
from project.ui.models import NamedFilter
from tests.asking import HTMX, act, picked, toasts, url_of
from tests.bookings.conftest import browser_of
from tests.exchange.asking_for_files import export_at, fetched, file_url
from tests.exchange.pdf.reading import pages_of, text_of, words_of
from tests.factories import (
    make_booking,
    make_customer,
    make_driver,
    make_partner,
    make_round_trip,
    make_user,
)
from tests.jobs.conftest import worker

pytestmark = [pytest.mark.django_db, pytest.mark.poppler]
PRINT = url_of("print")
TOO_MANY = "Too many columns for a page: choose at most 16, or export to Excel."
__all__ = ["worker"]


def printed(client, data, **answers):
    """The Export that printing leads to."""
    response = act(client, PRINT, {"document": "recaps"} | data | answers, headers=HTMX)
    assert response.status_code == 302, response.content.decode()
    return export_at(response)


def button_of(client, party, document):
    """What the form of a button on a party's page sends."""
    page = client.get(party.get_absolute_url())
    (request,) = (item for item in page.context["requests"] if item.fields["document"] == document)
    assert f'hx-post="{request.url}"' in page.content.decode()
    assert request.url == PRINT
    return dict(request.fields)


def confirmed(fields):
    """What the dialog that such a button opens sends on: its answers, but no longer a question."""
    return {name: value for name, value in fields.items() if name != "preview"}


@pytest.fixture
def large(monkeypatch):
    """Two bookings are already too many to be printed while the user waits."""
    for document in documents.DOCUMENTS.values():
        kind = replace(document.format, at_once=1)
        monkeypatch.setitem(formats._formats, kind.name, kind)


# --------------------------------------------------------------------------------- what is printed
def test_one_booking_is_there_with_the_answer(desk, bureau):
    booking = make_booking(passenger_name="Awa Ndiaye")
    export = printed(desk, picked(booking))
    assert (export.owner, export.rows, export.state) == (bureau, 1, State.READY)
    pdf = fetched(desk, export)
    assert pdf.startswith(b"%PDF-") and "Awa Ndiaye" in text_of(pdf)


def test_the_file_is_a_pdf_by_its_name_and_type(desk):
    export = printed(desk, picked(make_booking()))
    response = desk.get(file_url(export))
    response.close()
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].endswith('.pdf"')


def test_it_leaves_a_line_for_each_booking_shown_and_changes_none(desk, bureau):
    bookings = [make_booking() for _ in range(3)]
    other = make_booking()
    versions = dict(Booking.objects.values_list("pk", "version"))
    export = printed(desk, picked(*bookings), document="list")
    lines = BookingLog.objects.filter(batch=export.batch)
    assert {line.booking for line in lines} == set(bookings)
    assert {(line.action, line.action_code, line.user) for line in lines} == {
        ("Printed as PDF (List with totals)", "bookings.print", bureau)
    }
    assert dict(Booking.objects.values_list("pk", "version")) == versions
    assert not other.logs.filter(action_code="bookings.print").exists()
    assert not Booking.history.filter(batch_id=export.batch_id).exists()


def test_all_that_match_are_printed_with_the_filter_in_words(desk):
    customer = make_customer("Hôtel Téranga")
    theirs = [make_booking(customer=customer) for _ in range(3)]
    make_booking()
    query = f"period=any&customer={customer.pk}"
    export = printed(desk, {"all": "1", "filter": query}, document="list")
    text = text_of(fetched(desk, export))
    assert "Customer: Hôtel Téranga" in text
    assert all(booking.reference in text for booking in theirs)
    assert export.rows == 3 and "3 rides" in text


def test_a_segment_brings_the_other_when_one_asks_for_the_whole_trip(desk):
    going, coming = make_round_trip(price=20_000)
    alone = printed(desk, picked(going))
    both = printed(desk, picked(going), scope="round_trip")
    assert (alone.rows, both.rows) == (1, 2)
    (page,) = pages_of(fetched(desk, both))
    assert going.reference in page and coming.reference in page


def test_what_only_the_office_knows_is_printed_when_asked(desk):
    booking = make_booking(office_notes="Mauvais payeur")
    assert "Mauvais payeur" not in text_of(fetched(desk, printed(desk, picked(booking))))
    export = printed(desk, picked(booking), internal="on")
    assert "Mauvais payeur" in text_of(fetched(desk, export))


def test_a_saved_filter_chooses_the_bookings_and_the_columns(desk, bureau):
    customer = make_customer("Hôtel Téranga")
    theirs = make_booking(customer=customer, passenger_phone="+221 77 123 45 67")
    other = make_booking()
    named = NamedFilter.objects.create(
        owner=bureau,
        slug="bookings",
        name="Hôtel",
        query=f"period=any&customer={customer.pk}",
        options={"columns": ["phone", "reference"]},
    )
    data = {"all": "1", "filter": "period=any", "document": "list", "saved": str(named.pk)}
    dialog = desk.post(PRINT, data | {"preview": "1"}, headers=HTMX)
    assert dialog.context["preview"].ready == 1
    hidden = dict(dialog.context["hidden"]) | {"taken": dialog.context["form"]["taken"].value()}
    response = desk.post(PRINT, data | hidden, headers=HTMX)
    text = text_of(fetched(desk, Export.objects.get()))
    assert response.status_code == 302
    assert "+221 77 123 45 67 " + theirs.reference in text
    assert other.reference not in text and "Passenger" not in text


def test_another_users_own_filter_brings_nothing(desk, boss, gestion):
    named = NamedFilter.objects.create(
        owner=gestion, slug="bookings", name="Mine", query="", options={"columns": ["phone"]}
    )
    booking = make_booking(passenger_phone="+221 77 123 45 67")
    export = printed(desk, picked(booking), document="list", taken=str(named.pk))
    assert export.options["columns"] == []
    response = desk.post(PRINT, picked(booking) | {"saved": str(named.pk), "preview": "1"})
    assert response.status_code == 404


def test_a_lists_columns_are_chosen_in_the_dialog(desk):
    booking = make_booking(passenger_name="Awa Ndiaye", passenger_phone="+221 77 123 45 67")
    asked = picked(booking) | {"document": "list"}
    form = desk.post(PRINT, asked | {"preview": "1"}, headers=HTMX).context["form"]
    assert form["columns"].value() == list(documents.LIST.listing.listed)
    other = desk.post(PRINT, picked(booking) | {"preview": "1"}, headers=HTMX)
    assert "columns" not in other.context["form"].fields
    none = asked | {"columns_order": ["phone", "reference"]}
    response = act(desk, PRINT, none, headers=HTMX)
    assert "Choose at least one column." in response.content.decode()
    chosen = {"columns_order": ["phone", "status", "reference"], "columns": ["phone", "reference"]}
    export = printed(desk, asked, **chosen)
    assert export.options["columns"] == ["phone", "reference"]
    text = text_of(fetched(desk, export))
    assert f"+221 77 123 45 67 {booking.reference}" in text and "Awa" not in text


def test_as_many_columns_as_a_page_holds_are_all_printed_whole(desk):
    names = [column.name for column in documents.LIST.listing.sheet.columns][:MOST_COLUMNS]
    booking = make_booking(passenger_name="Awa Ndiaye", passenger_email="a" * 60 + "@example.org")
    export = printed(desk, picked(booking), document="list", columns=names)
    pdf = fetched(desk, export)
    assert booking.reference in text_of(pdf)
    assert booking.passenger_email in words_of(pdf)


def test_too_many_columns_for_a_page_are_refused_at_their_field(desk):
    names = [column.name for column in documents.LIST.listing.sheet.columns][: MOST_COLUMNS + 1]
    asked = picked(make_booking()) | {"document": "list", "columns": names}
    for data in (asked, asked | {"preview": "1"}):
        response = act(desk, PRINT, data, headers=HTMX)
        assert response.context["form"].errors == {"columns": [TOO_MANY]}
        assert TOO_MANY in response.content.decode()
    assert not Export.objects.exists()
    printed(desk, asked, columns=names[1:])


def test_too_many_columns_of_a_saved_filter_are_refused_at_their_field(desk, bureau):
    names = [column.name for column in documents.LIST.listing.sheet.columns]
    named = NamedFilter.objects.create(
        owner=bureau, slug="bookings", name="All", options={"columns": names}
    )
    asked = picked(make_booking())
    chosen = {"saved": str(named.pk), "preview": "1"}
    for data in (chosen, {"taken": str(named.pk)}):  # on choosing it, and with the document after
        response = desk.post(PRINT, asked | data | {"document": "list"}, headers=HTMX)
        if data is not chosen:
            response = act(desk, PRINT, asked | data | {"document": "list"}, headers=HTMX)
        assert response.context["form"].errors == {"columns": [TOO_MANY]}
        assert TOO_MANY in response.content.decode()
    assert printed(desk, asked | {"taken": str(named.pk)}).options["columns"] == names


def test_who_prints_from_code_is_refused_them_too(bureau):
    make_booking()
    names = [column.name for column in documents.LIST.listing.sheet.columns]
    with translation.override("en"), pytest.raises(ValidationError, match=TOO_MANY):
        documents.printing.print_(
            "bookings.print", Booking.objects.all(), by=bureau, document="list", columns=names
        )


# ---------------------------------------------------------------------------------- what is refused
def test_the_dialog_says_what_a_document_cannot_show(desk):
    cancelled = make_booking(status=Status.CANCELLED)
    driven, nobodys = make_booking(driver=make_driver()), make_booking()
    data = picked(cancelled, driven, nobodys) | {"document": "day_sheets", "preview": "1"}
    split = desk.post(PRINT, data, headers=HTMX).context["preview"]
    assert split.ready == 1
    assert {reason.reason for reason in split.refused} == {"cancelled", "nobody assigned"}


def test_what_it_cannot_show_gets_no_line_in_the_log(desk):
    done = make_booking(status=Status.COMPLETED, price=1_000)
    planned = make_booking(price=1_000)
    export = printed(desk, picked(done, planned), document="statements")
    assert list(
        BookingLog.objects.filter(batch=export.batch).values_list("booking", flat=True)
    ) == [done.pk]
    assert dict(export.batch.refusals.values_list("object_id", "code")) == {
        planned.pk: "not_charged"
    }


def test_when_it_can_show_none_that_is_said(desk):
    response = act(desk, PRINT, picked(make_booking()) | {"document": "statements"}, headers=HTMX)
    assert "There is nothing to put into a file." in response.content.decode()
    assert not Export.objects.exists()


def test_more_than_a_document_holds_is_refused_in_words(desk, monkeypatch):
    monkeypatch.setitem(documents.DOCUMENTS, "list", replace(documents.LIST, most=1))
    data = picked(make_booking(), make_booking()) | {"document": "list"}
    response = act(desk, PRINT, data, headers=HTMX)
    assert "This document holds at most 1 records: choose fewer." in response.content.decode()
    assert not Export.objects.exists()
    assert not BookingLog.objects.filter(action_code="bookings.print").exists()


def test_more_than_a_document_holds_is_told_before_one_presses(desk, monkeypatch):
    monkeypatch.setitem(documents.DOCUMENTS, "list", replace(documents.LIST, most=1))
    data = picked(make_booking(), make_booking()) | {"document": "list"}
    dialog = desk.post(PRINT, data | {"preview": "1"}, headers=HTMX)
    (told,) = dialog.context["preview"].refused
    assert told.reason == "This document holds at most 1 records: choose fewer."
    assert (told.count, dialog.context["can_submit"]) == (2, False)
    other = desk.post(PRINT, data | {"document": "recaps", "preview": "1"}, headers=HTMX)
    assert other.context["can_submit"] and not other.context["preview"].refused


def test_a_document_tells_its_limit_as_the_language_writes_numbers():
    with translation.override("fr"):
        limit = documents.RECAPS.limit
    assert re.search(r"\b2\s000\b", limit), limit


def test_an_unknown_document_is_refused_at_its_field(desk):
    response = act(desk, PRINT, picked(make_booking()) | {"document": "novel"}, headers=HTMX)
    assert response.status_code == 422
    assert "document" in response.context["form"].errors
    assert not Export.objects.exists()


def test_it_needs_the_permission(db):
    stranger = browser_of(make_user())
    assert stranger.post(PRINT, picked(make_booking())).status_code == 403


# ----------------------------------------------------------------------------------------- in a job
@pytest.mark.parametrize("name", documents.DOCUMENTS)
def test_a_large_one_is_printed_by_a_job_with_the_same_content(desk, worker, large, name):
    customer = make_customer(language="en")
    bookings = [
        make_booking(customer=customer, status=Status.COMPLETED, price=1_000) for _ in range(3)
    ]
    export = printed(desk, picked(*bookings), document=name)
    assert (export.state, export.job.total) == (State.UNDER_WAY, 3)
    worker.drain()
    export.refresh_from_db()
    assert (export.state, export.job.state, export.job.done) == (State.READY, JobState.DONE, 3)
    text = text_of(fetched(desk, export))
    assert all(booking.reference in text for booking in bookings)


def test_a_job_is_stopped_between_two_steps_and_leaves_nothing(desk, worker, monkeypatch, files):
    """It is asked to stop by what the first step reads."""
    monkeypatch.setattr(documents, "TOGETHER", 1)
    steps = []

    def write(content, file):
        def step(done):
            steps.append(done)
            jobs.cancel(content.export.job)
            content.step(done)

        documents.RECAPS.write(replace(content, step=step), file)

    kind = replace(documents.RECAPS.format, at_once=0, write=write)
    monkeypatch.setitem(formats._formats, kind.name, kind)
    export = printed(desk, picked(make_booking(), make_booking(), make_booking()))
    worker.drain()
    export.refresh_from_db()
    assert (export.state, steps) == (State.CANCELLED, [1])
    assert [path for path in files.rglob("*") if path.is_file()] == []


# ------------------------------------------------------------------------------------- the buttons
def test_it_is_offered_on_a_booking_a_trip_and_the_list(desk):
    going, _coming = make_round_trip()
    for url in (going.get_absolute_url(), going.round_trip.get_absolute_url(), "/bookings/"):
        assert f'formaction="{PRINT}"' in desk.get(url).content.decode()


def test_a_drivers_page_asks_for_day_sheets_from_today_on(desk):
    driver = make_driver("Moussa Cissé")
    coming = make_booking(driver=driver)
    make_booking(driver=make_driver())
    fields = button_of(desk, driver, "day_sheets")
    assert fields["document"] == "day_sheets"
    dialog = desk.post(PRINT, fields, headers=HTMX)
    assert dialog.context["form"]["document"].value() == "day_sheets"
    assert dialog.context["preview"].ready == 1
    export = printed(desk, confirmed(fields))
    assert coming.reference in text_of(fetched(desk, export))


def test_a_customers_page_asks_for_its_statement(desk):
    customer = make_customer("Clinique Kaarta", language="en")
    done = make_booking(customer=customer, status=Status.COMPLETED, price=1_000)
    make_booking(status=Status.COMPLETED, price=1_000)
    fields = button_of(desk, customer, "statements")
    export = printed(desk, confirmed(fields))
    assert export.rows == 1
    assert done.reference in text_of(fetched(desk, export))


def test_without_rides_there_is_nothing_to_print(desk):
    fields = button_of(desk, make_customer(), "statements")
    response = desk.post(PRINT, fields, headers=HTMX)
    assert toasts(response) == ["Nothing matches the filter any more."]
    assert not Export.objects.exists()


def test_a_page_offers_only_what_one_may_do(desk, bureau):
    driver = make_driver()
    bureau.groups.clear()
    seeing = Permission.objects.filter(codename__in=["view_driver", "view_booking"])
    bureau.user_permissions.set(seeing)
    page = desk.get(driver.get_absolute_url())
    assert page.status_code == 200
    assert PRINT not in page.content.decode()


def test_a_partner_has_no_such_button(desk):
    assert PRINT not in desk.get(make_partner().get_absolute_url()).content.decode()
