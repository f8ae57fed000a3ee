"""A file from the asking to its end: written at once or in a job, fetched by its owner, expired."""

import errno
import os
import stat
import tempfile
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext
from django_tasks_db.models import DBTaskResult
from openpyxl.worksheet import _writer as openpyxl_writer

from bookings.models import Booking, BookingLog
from project.audit.models import Batch
from project.exchange import exporting, formats, xlsx
from project.exchange.models import Export, State
from project.exchange.scheduled import delete_expired_files
from project.jobs import services as jobs
from project.jobs.declare import GiveUp
from project.jobs.models import Progress
from project.jobs.models import State as JobState
from project.jobs.schedule import SCHEDULES
from project.jobs.worker import Worker
from tests.asking import HTMX, act, picked, ticket_of
from tests.bookings.conftest import browser_of
from tests.exchange.asking_for_files import EXPORT, asked_for, fetched, file_url, workbook
from tests.factories import make_booking, make_user

pytestmark = pytest.mark.django_db
ASKED = {"format": "xlsx"}


@pytest.fixture
def large(monkeypatch):
    """Two rows are already too many to be written while the user waits."""
    kind = formats.get("xlsx")
    monkeypatch.setitem(formats._formats, "xlsx", replace(kind, at_once=1))


def failing_with(error):
    def write(content, file):
        file.write(b"half a file")
        file.flush()
        content.step(1)
        raise error

    return write


@pytest.fixture
def writer(monkeypatch):
    """Another writer in the place of Excel's."""

    def replaced(write, **given):
        kind = replace(formats.get("xlsx"), write=write, **given)
        monkeypatch.setitem(formats._formats, "xlsx", kind)

    return replaced


def page_of(client, export, **headers):
    return client.get(export.get_absolute_url(), headers=headers)


def left_on_disk(files):
    return sorted(path.name for path in files.rglob("*") if path.is_file())


@pytest.fixture
def half_written(tmp_path, monkeypatch):
    """Where openpyxl keeps the sheets of a book that is not saved yet."""
    folder = tmp_path / "half written"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


# ------------------------------------------------------------------------------------ at once
def test_a_small_one_is_there_with_the_answer(desk, bureau, files):
    booking = make_booking(passenger_name="Awa Ndiaye")
    export = asked_for(desk, booking)
    assert (export.owner, export.rows, export.state) == (bureau, 1, State.READY)
    assert left_on_disk(files) == [f"{export.pk}.xlsx"]
    assert export.size == (files / "exports" / f"{export.pk}.xlsx").stat().st_size
    page = page_of(desk, export).content.decode()
    assert file_url(export) in page and "1 row" in page
    assert any("Awa Ndiaye" in row for row in workbook(fetched(desk, export)).worksheets[0].values)


def test_it_leaves_a_line_for_each_record_and_changes_none(desk, bureau):
    bookings = [make_booking() for _ in range(3)]
    other = make_booking()
    versions = dict(Booking.objects.values_list("pk", "version"))
    export = asked_for(desk, *bookings)
    lines = BookingLog.objects.filter(batch=export.batch)
    assert {line.booking for line in lines} == set(bookings)
    assert {(line.action, line.action_code, line.user) for line in lines} == {
        ("Exported (Excel)", "bookings.export", bureau)
    }
    assert dict(Booking.objects.values_list("pk", "version")) == versions
    assert not other.logs.filter(action_code="bookings.export").exists()
    assert not Booking.history.filter(batch_id=export.batch_id).exists()


def test_a_double_click_leads_to_the_same_file(desk):
    data = picked(make_booking()) | ASKED
    ticket = ticket_of(desk.post(EXPORT, data))
    first, second = (desk.post(EXPORT, data | ticket) for _ in range(2))
    assert first.url == second.url
    assert Export.objects.count() == Batch.objects.filter(action="bookings.export").count() == 1


def test_without_a_script_it_leads_to_a_page_that_hands_the_file_over(desk):
    response = act(desk, EXPORT, picked(make_booking()) | ASKED)
    page = desk.get(response.url).content.decode()
    export = Export.objects.get()
    assert f'<meta http-equiv="refresh" content="1; url={file_url(export)}">' in page


def test_in_the_dialog_the_file_takes_the_place_of_the_questions(desk):
    data = picked(make_booking()) | ASKED
    headers = HTMX | {"HX-Target": "dialog"}
    response = act(desk, EXPORT, data, headers=headers)
    part = desk.get(response.url, headers=headers).content.decode()
    assert "<html" not in part and 'id="dialog-title"' in part
    assert "data-start" in part


def test_it_is_handed_over_by_itself_only_the_first_time(desk):
    export = asked_for(desk, make_booking())
    fetched(desk, export)
    page = page_of(desk, export).content.decode()
    assert "data-start" not in page and "http-equiv" not in page
    assert file_url(export) in page


def test_nothing_selected_is_said_and_makes_nothing(desk):
    response = desk.post(EXPORT, ASKED, headers=HTMX)
    assert "Select at least one record first." in response.content.decode()
    assert not Export.objects.exists()


def test_an_unknown_format_is_refused_at_its_field(desk):
    data = picked(make_booking()) | {"format": "exe"}
    response = act(desk, EXPORT, data)
    assert response.status_code == 422
    assert "format" in response.context["form"].errors
    assert not Export.objects.exists()


# ---------------------------------------------------------------------------------- who gets it
def test_only_its_owner_gets_it(desk, boss):
    export = asked_for(desk, make_booking())
    admin = browser_of(make_user("root", is_superuser=True, is_staff=True))
    for stranger in (boss, admin):
        assert page_of(stranger, export).status_code == 404
        assert stranger.get(file_url(export)).status_code == 404


def test_nobody_gets_it_without_signing_in(desk, client):
    export = asked_for(desk, make_booking())
    assert client.get(file_url(export)).status_code == 302


def test_who_may_no_longer_export_may_not_fetch_what_was_exported(desk, bureau):
    export = asked_for(desk, make_booking())
    bureau.groups.clear()
    assert page_of(desk, export).status_code == 403
    assert desk.get(file_url(export)).status_code == 403


def test_no_address_leads_into_the_folder(desk, files):
    export = asked_for(desk, make_booking())
    for url in (
        f"/media/{export.file.name}",
        f"/{export.file.name}",
        f"/static/{export.file.name}",
    ):
        assert desk.get(url).status_code == 404
    assert stat.S_IMODE((files / "exports").stat().st_mode) == 0o700


def test_it_is_saved_and_never_shown_or_cached(desk):
    response = desk.get(file_url(asked_for(desk, make_booking())))
    response.close()
    name = f"bookings-{timezone.localtime():%Y-%m-%d}"
    assert f'attachment; filename="{name}' in response["Content-Disposition"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]


# ----------------------------------------------------------------------------------- in a job
def test_a_large_one_is_written_by_a_job_with_the_same_content(desk, worker, large):
    bookings = [make_booking() for _ in range(3)]
    export = asked_for(desk, *bookings)
    assert (export.state, export.job.total) == (State.UNDER_WAY, 3)
    assert export.job.result_url == export.get_absolute_url()
    make_booking()  # meanwhile somebody goes on working
    worker.drain()
    export.refresh_from_db()
    assert (export.state, export.job.state, export.job.done) == (State.READY, JobState.DONE, 3)
    rows = list(workbook(fetched(desk, export)).worksheets[0].values)[1:]
    assert {row[0] for row in rows} == {booking.reference for booking in bookings}
    job_page = desk.get(export.job.get_absolute_url()).content.decode()
    assert f'href="{export.get_absolute_url()}"' in job_page


def test_its_page_asks_for_itself_until_it_is_there(desk, worker, large):
    export = asked_for(desk, make_booking(), make_booking())
    before = page_of(desk, export, **HTMX).content.decode()
    assert before.lstrip().startswith('<section id="export"')
    assert 'hx-trigger="every 1s"' in before and file_url(export) not in before
    assert desk.get(file_url(export)).url == export.get_absolute_url()
    worker.drain()
    after = page_of(desk, export, **HTMX).content.decode()
    assert 'hx-trigger="every' not in after and file_url(export) in after


def test_a_job_stopped_before_its_start_makes_no_file(desk, worker, large, files):
    export = asked_for(desk, make_booking(), make_booking())
    jobs.cancel(export.job)
    worker.drain()
    export.refresh_from_db()
    assert export.state == State.CANCELLED
    assert "was stopped" in page_of(desk, export).content.decode()
    assert left_on_disk(files) == []


def test_stopping_in_the_dialog_says_so_there_and_reloads_nothing(desk, worker, large):
    export = asked_for(desk, make_booking(), make_booking())
    shown = page_of(desk, export, **HTMX | {"HX-Target": "dialog"}).content.decode()
    stop = reverse("exchange:stop", args=[export.pk])
    assert f'hx-post="{stop}" hx-target="#export" hx-swap="outerHTML"' in shown
    here = HTMX | {"HX-Target": "export", "HX-Current-URL": "http://testserver/bookings/"}
    response = desk.post(stop, headers=here, follow=True)
    assert "HX-Refresh" not in response.headers
    part = response.content.decode()
    assert part.lstrip().startswith('<section id="export"') and "was stopped" in part
    assert "every 1s" not in part
    again = desk.post(stop)  # without a script, and once more
    assert again.url == export.get_absolute_url()
    worker.drain()
    export.refresh_from_db()
    assert export.state == State.CANCELLED


def test_nobody_stops_the_file_of_another(desk, boss, large):
    export = asked_for(desk, make_booking(), make_booking())
    stop = reverse("exchange:stop", args=[export.pk])
    assert boss.post(stop).status_code == 404
    assert desk.get(stop).status_code == 405
    export.job.refresh_from_db()
    assert export.job.state == JobState.WAITING


def test_a_job_stopped_half_way_leaves_nothing(desk, worker, writer, files, half_written):
    def write(content, file):
        jobs.cancel(Progress.objects.get())
        xlsx.write(content, file)

    writer(write, at_once=0)
    export = asked_for(desk, make_booking())
    worker.drain()
    export.refresh_from_db()
    assert (export.state, export.job.state) == (State.CANCELLED, JobState.CANCELLED)
    assert left_on_disk(files) == []
    assert left_on_disk(half_written) == []


def test_a_job_that_ran_before_writes_the_same_again(desk, worker, large, files):
    export = asked_for(desk, make_booking(), make_booking())
    exporting.write(export)  # by a worker that was killed before it could say so
    worker.drain()
    export.refresh_from_db()
    assert export.job.state == JobState.DONE
    assert left_on_disk(files) == [f"{export.pk}.xlsx"]


# --------------------------------------------------------------------------------- what fails
def test_a_disk_that_fills_up_under_a_sheet_is_known_for_what_it_is(
    desk, half_written, monkeypatch, files
):
    def on_a_full_disk():
        path = half_written / "sheet"
        path.symlink_to("/dev/full")
        openpyxl_writer.ALL_TEMP_FILES.append(str(path))
        return str(path)

    monkeypatch.setattr(openpyxl_writer, "create_temporary_file", on_a_full_disk)
    export = asked_for(desk, *(make_booking() for _ in range(20)))
    assert export.problem == "The disk of the server is full: the file was not written."
    assert left_on_disk(files) == left_on_disk(half_written) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_fails_the_job_in_words_and_keeps_no_half_file(
    desk, worker, writer, files, number
):
    writer(failing_with(OSError(number, "No space left on device")), at_once=0)
    export = asked_for(desk, make_booking())
    worker.drain()
    export.refresh_from_db()
    assert (export.state, export.job.state) == (State.FAILED, JobState.FAILED)
    for page in (page_of(desk, export), desk.get(export.job.get_absolute_url())):
        assert "The disk of the server is full" in page.content.decode()
    assert left_on_disk(files) == []


def test_a_full_disk_is_said_at_once_too(desk, writer, files):
    writer(failing_with(OSError(errno.ENOSPC, "No space left on device")))
    export = asked_for(desk, make_booking())
    assert export.state == State.FAILED
    assert "The disk of the server is full" in page_of(desk, export).content.decode()
    assert left_on_disk(files) == []


def test_another_failure_is_tried_again_and_then_said(desk, worker, writer, files):
    writer(failing_with(RuntimeError("a bug")), at_once=0)
    export = asked_for(desk, make_booking())
    for _attempt in range(6):
        DBTaskResult.objects.update(run_after=timezone.now())
        worker.drain()
    export.refresh_from_db()
    assert (export.state, export.job.state) == (State.FAILED, JobState.FAILED)
    assert "could not be written" in page_of(desk, export).content.decode()
    assert left_on_disk(files) == []


def test_what_the_writer_refuses_is_said_in_its_words(desk, writer):
    writer(failing_with(GiveUp("Too many sheets.")))
    export = asked_for(desk, make_booking())
    assert "Too many sheets." in page_of(desk, export).content.decode()


def test_one_that_was_interrupted_does_not_stay_under_way(desk, writer):
    writer(failing_with(GiveUp("x")))
    export = asked_for(desk, make_booking())
    Export.objects.update(problem="")
    export.refresh_from_db()
    assert export.state == State.UNDER_WAY
    Export.objects.update(created_at=timezone.now() - timedelta(minutes=3))
    export.refresh_from_db()
    assert export.state == State.FAILED


# --------------------------------------------------------------------- what the log says of that
def told(booking):
    """What the log says of the files of a booking, in the order of time."""
    lines = BookingLog.objects.filter(booking=booking).exclude(action_code="bookings.create")
    return list(lines.order_by("pk").values_list("action", flat=True))


STOPPED = ["Exported (Excel)", "No file was kept (Excel): stopped"]
FAILED = ["Exported (Excel)", "No file was kept (Excel): failed"]


def test_one_that_was_stopped_before_its_start_says_so(desk, bureau, worker, large):
    bookings = [make_booking() for _ in range(3)]
    export = asked_for(desk, *bookings)
    for _ in range(2):  # a double click
        desk.post(reverse("exchange:stop", args=[export.pk]))
    worker.drain()
    for booking in bookings:
        assert told(booking) == STOPPED
    line = bookings[0].logs.get(action=STOPPED[1])
    assert (line.user, line.batch, line.changes) == (bureau, export.batch, {})
    assert line.timestamp > export.batch.created_at
    assert set(exporting.records_of(export)) == set(bookings)
    page = desk.get(bookings[0].get_absolute_url()).content.decode()
    assert STOPPED[1] in page


def test_one_that_was_stopped_half_way_says_so_once_whoever_asks(desk, worker, writer):
    def write(content, file):
        jobs.cancel(Progress.objects.get())
        xlsx.write(content, file)

    writer(write, at_once=0)
    booking = make_booking()
    export = asked_for(desk, booking)
    worker.drain()
    exporting.tell_given_up(str(export.job_id))  # by a worker that died before it could say so
    assert told(booking) == STOPPED


def test_one_whose_worker_died_says_so_where_it_was_stopped_meanwhile(desk, worker, large):
    bookings = [make_booking(), make_booking()]
    export = asked_for(desk, *bookings)
    worker.claim()
    jobs.cancel(export.job)
    Worker().reap()
    worker.drain()
    assert told(bookings[0]) == STOPPED


def test_one_that_failed_at_once_says_so(desk, writer):
    writer(failing_with(GiveUp("Too many sheets.")))
    booking = make_booking()
    asked_for(desk, booking)
    assert told(booking) == FAILED


def test_one_that_a_bug_kept_from_being_written_at_once_says_so(desk, writer):
    writer(failing_with(RuntimeError("a bug")))
    booking = make_booking()
    with pytest.raises(RuntimeError):
        asked_for(desk, booking)
    assert told(booking) == FAILED


def test_one_that_failed_for_good_says_so_and_what_came_of_it_later(desk, worker, writer):
    writer(failing_with(GiveUp("No room.")), at_once=0)
    booking = make_booking()
    export = asked_for(desk, booking)
    worker.drain()
    assert told(booking) == FAILED
    jobs.retry(DBTaskResult.objects.filter(pk=export.job_id))
    worker.drain()  # in vain once more
    assert told(booking) == FAILED
    writer(xlsx.write, at_once=0)
    jobs.retry(DBTaskResult.objects.filter(pk=export.job_id))
    worker.drain()
    exporting.write(Export.objects.get())
    assert told(booking) == [*FAILED, "The file was kept after all (Excel)"]
    assert set(exporting.records_of(export)) == {booking}


def test_one_that_is_tried_again_says_nothing_before_it_fails_for_good(desk, worker, writer):
    writer(failing_with(RuntimeError("a bug")), at_once=0)
    booking = make_booking()
    asked_for(desk, booking)
    worker.drain()
    assert told(booking) == FAILED[:1]
    for _attempt in range(6):
        DBTaskResult.objects.update(run_after=timezone.now())
        worker.drain()
    assert told(booking) == FAILED


def test_a_file_that_is_there_says_nothing_more(desk, worker, large):
    bookings = [make_booking(), make_booking()]
    export = asked_for(desk, *bookings)
    worker.drain()
    exporting.tell_since(export, State.CANCELLED)
    exporting.tell_since(export, State.FAILED)
    assert told(bookings[0]) == ["Exported (Excel)"]


def test_it_is_said_in_the_language_of_its_owner(desk, bureau, worker, large):
    booking = make_booking()
    export = asked_for(desk, booking, make_booking())
    type(bureau).objects.update(language="fr")
    jobs.cancel(export.job)
    worker.drain()
    with translation.override("fr"):
        sentence = gettext("No file was kept (%(format)s): stopped") % {"format": "Excel"}
    assert told(booking)[-1] == sentence


def test_saying_so_takes_as_many_statements_for_many_as_for_few(desk, worker, large):
    taken = []
    for count in (2, 12):
        export = asked_for(desk, *(make_booking() for _ in range(count)))
        jobs.cancel(export.job)
        with CaptureQueriesContext(connection) as statements:
            exporting.tell_given_up(str(export.job_id))
        assert export.batch.changed == count
        taken.append(len(statements))
    assert taken[0] == taken[1]
    assert BookingLog.objects.filter(action=STOPPED[1]).count() == 14


# ------------------------------------------------------------------------------------- its end
def test_it_expires_after_a_week_and_its_page_says_so(desk, files):
    export = asked_for(desk, make_booking())
    assert export.expires_at - export.written_at == timedelta(days=7)
    Export.objects.update(expires_at=timezone.now())
    assert desk.get(file_url(export)).url == export.get_absolute_url()
    assert "Export again to have a new one" in page_of(desk, export).content.decode()
    kept = asked_for(desk, make_booking())

    assert exporting.delete_expired() == 1
    assert exporting.delete_expired() == 0

    assert left_on_disk(files) == [f"{kept.pk}.xlsx"]
    assert page_of(desk, export).status_code == 200
    assert Export.objects.count() == 2


def test_what_a_killed_writer_left_goes_after_a_day(desk, files):
    asked_for(desk, make_booking())
    old, new = (files / "exports" / f"{name}.part" for name in ("old", "new"))
    for path in (old, new):
        path.write_bytes(b"half")
    long_ago = (timezone.now() - timedelta(days=2)).timestamp()
    os.utime(old, (long_ago, long_ago))
    assert exporting.delete_expired() == 1
    assert not old.exists() and new.exists()


def test_the_clock_starts_the_clean_up(worker):
    assert SCHEDULES[delete_expired_files.module_path].job is delete_expired_files


def test_a_file_that_was_lost_is_a_clear_page(desk, files):
    export = asked_for(desk, make_booking())
    (files / "exports" / f"{export.pk}.xlsx").unlink()
    response = desk.get(file_url(export))
    assert response.status_code == 410
    assert "no longer on the server" in response.content.decode()


def test_the_database_keeps_no_file_without_an_end(desk):
    export = asked_for(desk, make_booking())
    with pytest.raises(IntegrityError), transaction.atomic():
        Export.objects.filter(pk=export.pk).update(expires_at=None)


def test_fetching_takes_few_statements(desk):
    export = asked_for(desk, make_booking())
    with CaptureQueriesContext(connection) as statements:
        fetched(desk, export)
    assert len(statements) <= 6


def test_ones_own_files_are_found_again(desk, bureau, gestion):
    booking = make_booking()
    mine = asked_for(desk, booking)
    other = asked_for(browser_of(gestion), booking)
    response = desk.get(reverse("exchange:files"))
    assert [export for export, _format in response.context["files"]] == [mine]
    page = response.content.decode()
    assert file_url(mine) in page and file_url(other) not in page
    assert reverse("exchange:files") in desk.get(mine.get_absolute_url()).content.decode()
    Export.objects.update(expires_at=timezone.now())
    page = desk.get(reverse("exchange:files")).content.decode()
    assert "Expired" in page and file_url(mine) not in page


def test_each_file_of_the_list_tells_what_it_holds(desk):
    one, *others = (make_booking(passenger_name=name) for name in ("Awa", "Bineta", "C", "D", "E"))
    asked_for(desk, one)
    asked_for(desk, one, *others, format="csv")
    act(desk, EXPORT, {"all": "1", "filter": "q=Bineta", "format": "csv"})
    rows = desk.get(reverse("exchange:files")).content.decode().split("<tr>")[2:]
    filtered, several, alone = (" ".join(row.split()) for row in rows)
    for row, suffix, kind, count in (
        (filtered, ".csv", "CSV", 1),
        (several, ".csv", "CSV", 5),
        (alone, ".xlsx", "Excel", 1),
    ):
        assert f"bookings-{timezone.localtime():%Y-%m-%d}" in row and f"{suffix}</a>" in row
        assert f"<td>{kind}</td>" in row and f'<td class="num">{count}</td>' in row
    assert "Bineta" in filtered and "Picked one by one" not in filtered
    assert f'<td class="told">{one.reference}</td>' in alone
    first = [each.reference for each in (one, *others[:2])]
    assert (
        f'<td class="told">{", ".join(first)}…</td>' in several
        and others[2].reference not in several
    )


def test_a_file_that_is_not_there_is_still_called_by_its_name(desk):
    export = asked_for(desk, make_booking())
    Export.objects.update(expires_at=timezone.now(), file="")
    assert f"{export.stem}.xlsx" in desk.get(reverse("exchange:files")).content.decode()


def test_the_list_of_jobs_tells_which_file_each_writes(desk, large):
    first, second = (make_booking(passenger_name="Awa Ndiaye") for _ in range(2))
    asked_for(desk, first, second)
    act(desk, EXPORT, {"all": "1", "filter": "q=Ndiaye", "format": "xlsx"})
    filtered, picked_ones = Progress.objects.values_list("title", flat=True)
    assert picked_ones == f"Export 2 bookings · Excel · {first.reference}, {second.reference}"
    assert filtered.startswith("Export 2 bookings · Excel · ") and "Ndiaye" in filtered


def test_the_list_of_files_takes_as_many_statements_for_many(desk):
    booking, counts = make_booking(), []
    for _ in range(2):
        asked_for(desk, booking)
        with CaptureQueriesContext(connection) as statements:
            desk.get(reverse("exchange:files"))
        counts.append(len(statements))
    assert counts[0] == counts[1]
