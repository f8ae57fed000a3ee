"""What a worker process survives, and how it ends. Real processes, real signals."""

import signal

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from project.jobs.models import Heartbeat
from project.jobs.worker import Worker
from tests.jobs import sample
from tests.jobs.waiting import lines_of, wait_for


def test_a_job_whose_worker_was_killed_runs_again_with_the_attempt_counted(site, gate, tmp_path):
    path = tmp_path / "log"
    doomed = site.start_worker(stale_after=1)
    task = sample.hang_at_first.enqueue(path=str(path), gate=str(gate))
    wait_for(lambda: lines_of(path) == ["attempt"])
    doomed.kill()
    doomed.wait()
    assert DBTaskResult.objects.get(pk=task.id).status == "RUNNING"

    site.start_worker(stale_after=1)
    wait_for(lambda: len(lines_of(path)) == 3)

    assert lines_of(path) == ["attempt", "attempt", "ended SUCCESSFUL"]
    assert len(DBTaskResult.objects.get(pk=task.id).worker_ids) == 2


def test_a_job_that_kills_its_workers_fails_in_the_end(db, tmp_path):
    path = tmp_path / "log"
    task = sample.hang_at_first.enqueue(path=str(path), gate="unused")
    for _ in range(2):
        assert Worker().claim() is not None
        assert Worker().reap() == 1
        DBTaskResult.objects.filter(status="READY").update(run_after=timezone.now())

    Worker().drain()

    failed = DBTaskResult.objects.get(pk=task.id)
    assert failed.status == "FAILED"
    assert failed.exception_class_path == "project.jobs.worker.WorkerDied"
    assert lines_of(path) == ["ended FAILED"]


def test_a_living_worker_keeps_its_job(db):
    busy = Worker()
    busy.beat()
    sample.give_up.enqueue()
    busy.claim()
    assert Worker().reap() == 0
    assert DBTaskResult.objects.get().status == "RUNNING"


def test_a_worker_takes_back_a_job_whose_end_it_could_not_write(db, worker):
    worker.beat()
    sample.give_up.enqueue()
    worker.claim()
    assert worker.reap() == 1
    assert DBTaskResult.objects.get().status == "READY"


def test_a_heart_keeps_beating_during_a_long_job(site, gate, tmp_path):
    path = tmp_path / "log"
    site.start_worker(stale_after=0.5)
    sample.hang_at_first.enqueue(path=str(path), gate=str(gate))
    wait_for(lambda: lines_of(path) == ["attempt"])
    first = Heartbeat.objects.get().seen_at
    wait_for(
        lambda: Heartbeat.objects.get().seen_at > first + 2 * Worker(stale_after=0.5).stale_after
    )
    assert Worker(stale_after=0.5).reap() == 0
    gate.write_text("go")
    wait_for(lambda: lines_of(path) == ["attempt", "ended SUCCESSFUL"])


def test_sigterm_lets_the_job_at_hand_finish_and_starts_no_other(site, gate, tmp_path):
    path = tmp_path / "log"
    process = site.start_worker()
    first = sample.hang_at_first.enqueue(path=str(path), gate=str(gate))
    wait_for(lambda: lines_of(path) == ["attempt"])
    second = sample.note.enqueue(path=str(path), line="second")

    process.send_signal(signal.SIGTERM)
    gate.write_text("go")

    assert process.wait(timeout=15) == 0
    assert DBTaskResult.objects.get(pk=first.id).status == "SUCCESSFUL"
    assert DBTaskResult.objects.get(pk=second.id).status == "READY"
    assert not Heartbeat.objects.exists()


@pytest.mark.postgresql
def test_a_worker_outlives_lost_connections(site, tmp_path):
    path = tmp_path / "log"
    site.start_worker()
    wait_for(Heartbeat.objects.exists)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    sample.note.enqueue(path=str(path), line="still here")
    wait_for(lambda: lines_of(path) == ["still here"])


def test_two_workers_share_jobs_and_run_each_once(site, tmp_path):
    path = tmp_path / "log"
    for number in range(30):
        sample.note.enqueue(path=str(path), line=number)
    for _ in range(2):
        site.start_worker()
    wait_for(lambda: len(lines_of(path)) >= 30)
    notes = DBTaskResult.objects.filter(task_path="tests.jobs.sample.note")
    wait_for(lambda: not notes.exclude(status="SUCCESSFUL").exists())
    assert sorted(lines_of(path), key=int) == [str(number) for number in range(30)]


def test_a_worker_that_starts_while_the_database_is_busy_takes_no_job_yet(transactional_db):
    sample.give_up.enqueue()
    failed, tried = DBTaskResult.objects.filter(status="FAILED"), []

    class Late(Worker):
        def beat(self):
            tried.append(failed.count())
            if len(tried) < 3:
                raise OperationalError("database is locked")
            super().beat()

    worker = Late(interval=0.01)
    worker.run(until=failed.exists)

    assert tried == [0, 0, 0] and failed.exists()
    assert not Heartbeat.objects.exists()
