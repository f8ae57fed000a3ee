from datetime import timedelta

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from project.jobs import services
from project.jobs.declare import LONGEST_WAIT, Policy
from project.jobs.models import State
from project.jobs.services import start
from project.jobs.worker import Worker
from tests.jobs import sample
from tests.jobs.waiting import lines_of

pytestmark = pytest.mark.django_db


def hurry():
    """Let the waiting attempts be due."""
    return DBTaskResult.objects.filter(status="READY").update(run_after=timezone.now())


def test_a_failed_attempt_waits_before_the_next(awa, worker, tmp_path):
    path = str(tmp_path / "log")
    progress = start(sample.always_fail, owner=awa, title="Fail", arguments={"path": path})
    begun = timezone.now()

    worker.drain()

    task = DBTaskResult.objects.get()
    assert task.status == "READY"
    assert begun + timedelta(seconds=2.5) <= task.run_after
    assert task.run_after <= timezone.now() + timedelta(seconds=5)
    assert "ValueError: broken" in task.traceback
    progress.refresh_from_db()
    assert progress.state == State.WAITING
    assert lines_of(path) == ["attempt"]


def test_the_wait_doubles_up_to_an_hour():
    policy = Policy(backoff=timedelta(seconds=10))
    for attempt, seconds in ((1, 10), (2, 20), (5, 160)):
        wait = policy.wait(attempt).total_seconds()
        assert seconds / 2 <= wait <= seconds
    assert LONGEST_WAIT / 2 <= policy.wait(60) <= LONGEST_WAIT


def test_the_last_failure_is_kept_with_its_traceback_and_ends_once(awa, worker, tmp_path):
    path = str(tmp_path / "log")
    progress = start(sample.always_fail, owner=awa, title="Fail", arguments={"path": path})

    for _ in range(6):
        worker.drain()
        hurry()

    assert lines_of(path) == ["attempt"] * 3 + ["ended FAILED"]
    task = DBTaskResult.objects.get(pk=progress.pk)
    assert task.status == "FAILED"
    assert len(task.worker_ids) == 3
    assert "ValueError: broken" in task.traceback
    progress.refresh_from_db()
    assert progress.state == State.FAILED
    assert progress.message == ""  # an internal error's text is not for its owner


def test_success_ends_once(awa, worker, tmp_path):
    path = str(tmp_path / "log")
    progress = start(sample.succeed, owner=awa, title="Succeed", arguments={"path": path})

    worker.drain()
    worker.drain()

    assert lines_of(path) == ["ended SUCCESSFUL"]
    assert DBTaskResult.objects.get(pk=progress.pk).return_value == {"path": path}


def test_a_job_that_gives_up_is_not_tried_again_and_says_why(awa, worker):
    progress = start(sample.give_up, owner=awa, title="Import")

    worker.drain()

    assert DBTaskResult.objects.get().status == "FAILED"
    progress.refresh_from_db()
    assert progress.state == State.FAILED
    assert progress.message == "The file has no header row."


def test_a_result_that_is_not_json_is_a_failure(worker):
    sample.return_what_is_not_json.enqueue()
    worker.drain()
    task = DBTaskResult.objects.get()
    assert task.status == "READY"
    assert "TypeError" in task.traceback


def test_a_job_whose_code_has_gone_fails_with_its_reason(worker):
    task = sample.give_up.enqueue()
    DBTaskResult.objects.filter(pk=task.id).update(task_path="tests.jobs.sample_that_left.job")
    worker.drain()
    row = DBTaskResult.objects.get(pk=task.id)
    assert row.status == "READY"
    assert "ModuleNotFoundError" in row.traceback


def test_a_failed_job_can_be_given_new_attempts(awa, worker, tmp_path):
    path = str(tmp_path / "log")
    progress = start(sample.fail_once, owner=awa, title="Fail", arguments={"path": path})
    worker.drain()
    assert DBTaskResult.objects.get(pk=progress.pk).status == "FAILED"

    assert services.retry(DBTaskResult.objects.all()) == 1
    progress.refresh_from_db()
    assert progress.state == State.WAITING
    worker.drain()

    progress.refresh_from_db()
    assert progress.state == State.DONE
    assert lines_of(path) == ["attempt", "ended FAILED", "attempt", "ended SUCCESSFUL"]


def test_a_job_that_ends_with_nothing_done_says_so_once(awa, worker, tmp_path):
    def begin(name):
        arguments = {"path": str(tmp_path / name)}
        return start(sample.fail_twice, owner=awa, title=name, arguments=arguments)

    def message(progress):
        progress.refresh_from_db()
        return progress.message

    waiting, running, failing = (begin(name) for name in ("waiting", "running", "failing"))
    services.cancel(waiting)
    task = worker.claim()
    services.cancel(running)
    worker.execute(task)
    worker.run_next()  # an attempt that is not the last
    assert message(failing) == ""
    for _ in range(3):
        hurry()
        worker.drain()
    assert message(waiting) == message(running) == "given up cancelled"
    assert message(failing) == "given up failed"

    services.retry(DBTaskResult.objects.filter(pk=failing.pk))
    worker.drain()
    assert (message(failing), failing.state) == ("", State.DONE)


def test_only_failed_jobs_are_given_new_attempts(awa, worker, tmp_path):
    path = str(tmp_path / "log")
    sample.succeed.enqueue(path=path)
    worker.drain()
    assert services.retry(DBTaskResult.objects.all()) == 0
    worker.drain()
    assert lines_of(path) == ["ended SUCCESSFUL"]


def test_a_worker_that_lost_its_claim_changes_nothing(awa, worker, tmp_path):
    path = str(tmp_path / "log")
    progress = start(sample.succeed, owner=awa, title="Slow", arguments={"path": path})
    late = worker.claim()
    worker.reap()  # nobody beats for it
    hurry()
    other = Worker()
    current = other.claim()

    for end in (lambda: worker.fail(late, ValueError("too late")), lambda: worker.execute(late)):
        end()
        task = DBTaskResult.objects.get(pk=progress.pk)
        assert (task.status, len(task.worker_ids)) == ("RUNNING", 2)

    other.execute(current)
    other.drain()
    progress.refresh_from_db()
    assert progress.state == State.DONE
    assert lines_of(path) == ["ended SUCCESSFUL"]
