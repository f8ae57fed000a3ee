import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime, time, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules
from django_tasks_db.models import DBTaskResult

from project.jobs import schedule, scheduled
from project.jobs.models import Progress, Slot, State
from project.jobs.worker import Worker
from tests.jobs import sample
from tests.jobs.waiting import wait_for

NOW = datetime(2030, 5, 14, 9, 7, 30, tzinfo=UTC)


@pytest.fixture
def only(monkeypatch):
    """Empties the schedule for a test to fill."""
    schedules = {}
    monkeypatch.setattr(schedule, "SCHEDULES", schedules)
    monkeypatch.setattr("project.jobs.worker.SCHEDULES", schedules)
    return schedules


@pytest.fixture
def five_minutes(only, db):
    schedule.every(timedelta(minutes=5))(sample.give_up)


def test_a_slot_starts_once_with_two_workers(five_minutes):
    for worker in (Worker(), Worker()):
        worker.start_due(NOW)
        worker.start_due(NOW + timedelta(minutes=2))
    slot = Slot.objects.get()
    assert slot.at == datetime(2030, 5, 14, 9, 5, tzinfo=UTC)
    assert DBTaskResult.objects.get().pk == slot.task_id


def test_the_database_refuses_the_same_slot_twice(db):
    Slot.objects.create(name="daily", at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Slot.objects.create(name="daily", at=NOW)


def test_the_next_slot_starts_again(five_minutes, worker):
    worker.start_due(NOW)
    worker.start_due(NOW + timedelta(minutes=5))
    assert DBTaskResult.objects.count() == 2


def test_after_a_pause_only_the_latest_slot_starts(five_minutes, worker):
    worker.start_due(NOW)
    worker.start_due(NOW + timedelta(hours=3))
    assert list(Slot.objects.values_list("at", flat=True)) == [
        datetime(2030, 5, 14, 12, 5, tzinfo=UTC),
        datetime(2030, 5, 14, 9, 5, tzinfo=UTC),
    ]


def test_a_slot_already_seen_costs_no_statement(five_minutes, worker, django_assert_num_queries):
    worker.start_due(NOW)
    with django_assert_num_queries(0):
        worker.start_due(NOW + timedelta(minutes=1))


def test_a_day_begins_at_the_local_hour_on_both_sides_of_a_clock_change(only, settings):
    settings.TIME_ZONE = "Europe/Paris"
    schedule.daily(at=time(3, 10))(sample.give_up)
    latest_slot = only["tests.jobs.sample.give_up"].latest_slot
    winter = latest_slot(datetime(2030, 3, 30, 12, tzinfo=UTC))
    summer = latest_slot(datetime(2030, 3, 31, 12, tzinfo=UTC))
    assert winter == datetime(2030, 3, 30, 2, 10, tzinfo=UTC)
    assert summer == datetime(2030, 3, 31, 1, 10, tzinfo=UTC)
    assert latest_slot(datetime(2030, 3, 31, 1, 9, tzinfo=UTC)) == winter


def test_two_worker_processes_start_each_scheduled_job_once(site):
    autodiscover_modules("scheduled")
    workers = [site.start_worker() for _ in range(2)]
    names = {*schedule.SCHEDULES}
    assert len(names) >= 3
    tasks = DBTaskResult.objects.filter(task_path__in=names)
    done = tasks.filter(status="SUCCESSFUL").values_list("task_path", flat=True)
    wait_for(lambda: {*done.all()} == names)
    for worker in workers:
        worker.terminate()
        worker.wait()
    # Of a job that runs every minute another slot may have begun meanwhile: it has its own task.
    slots = {slot.task_id: slot.name for slot in Slot.objects.all()}
    assert slots == dict(tasks.values_list("pk", "task_path"))
    assert len({(slot.name, slot.at) for slot in Slot.objects.all()}) == len(slots)


def test_house_keeping_forgets_what_is_old_and_keeps_the_rest(awa):
    now = timezone.now()
    old = now - timedelta(days=31)
    for key, expires in (("old", old), ("new", now + timedelta(days=1))):
        Session.objects.create(session_key=key, session_data="", expire_date=expires)
    for name, at in (("old", old), ("new", now)):
        Slot.objects.create(name=name, at=at)
        Progress.objects.create(owner=awa, title=name, state=State.DONE, finished_at=at)
        task = sample.give_up.enqueue()
        DBTaskResult.objects.filter(pk=task.id).update(status="SUCCESSFUL", finished_at=at)
    Progress.objects.create(owner=awa, title="waiting")
    failed = sample.give_up.enqueue()
    DBTaskResult.objects.filter(pk=failed.id).update(status="FAILED", finished_at=old)

    for job in (scheduled.clear_sessions, scheduled.forget_old_jobs, scheduled.refresh_statistics):
        job.call()

    assert Session.objects.get().session_key == "new"
    assert Slot.objects.get().name == "new"
    assert set(Progress.objects.values_list("title", flat=True)) == {"new", "waiting"}
    assert sorted(DBTaskResult.objects.values_list("status", flat=True)) == ["FAILED", "SUCCESSFUL"]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL does so by itself")
@pytest.mark.django_db(transaction=True)
def test_what_is_in_the_log_comes_into_the_database(tmp_path):
    scheduled.settle_log.call()
    Slot.objects.create(name="in the log", at=timezone.now())
    held = []
    for name in ("before", "after"):
        copy = tmp_path / name
        # The database alone, without its log. By another process: whoever closes a file loses all
        # of its own locks on it, and the next process that leaves would delete the log of ours.
        subprocess.run(["cp", connection.settings_dict["NAME"], copy], check=True)
        with closing(sqlite3.connect(copy)) as database:
            held += database.execute("SELECT COUNT(*) FROM jobs_slot").fetchone()
        scheduled.settle_log.call()
    assert held == [0, 1]
