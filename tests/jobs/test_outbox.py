import pytest
from django.db import transaction
from django_tasks_db.models import DBTaskResult

from project.jobs.models import Progress, State
from project.jobs.services import start
from tests.jobs import sample
from tests.jobs.waiting import lines_of


def test_a_job_enqueued_in_a_transaction_that_fails_leaves_nothing(awa, worker, tmp_path):
    class Refused(Exception):
        pass

    with pytest.raises(Refused), transaction.atomic():
        start(sample.note, owner=awa, title="Note", arguments={"path": "x", "line": "y"})
        raise Refused

    assert not DBTaskResult.objects.exists()
    assert not Progress.objects.exists()


def test_it_runs_what_was_committed_once(awa, worker, tmp_path):
    path = str(tmp_path / "notes")
    progress = start(
        sample.note, owner=awa, title="Note", arguments={"path": path, "line": "hello"}
    )
    assert progress.state == State.WAITING

    worker.drain()
    worker.drain()

    assert lines_of(path) == ["hello"]
    progress.refresh_from_db()
    assert progress.state == State.DONE
    assert progress.finished_at is not None


def test_it_refuses_arguments_that_are_not_json(awa):
    with pytest.raises(TypeError):
        start(sample.note, owner=awa, title="Note", arguments={"path": "x", "line": {1, 2}})
    assert not Progress.objects.exists()


def test_an_idle_look_for_work_is_one_statement(db, worker, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert not worker.run_next()
