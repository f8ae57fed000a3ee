import pytest
from django.db import transaction
from django_tasks_db.models import DBTaskResult

from project.jobs.models import Progress, State
from project.jobs.services import cancel, start
from tests.jobs import sample
from tests.jobs.waiting import lines_of, wait_for


def test_progress_is_seen_while_the_job_runs(site, gate, make_user):
    site.start_worker()
    progress = start(
        sample.two_steps, owner=make_user("awa"), title="Steps", arguments={"gate": str(gate)}
    )

    halfway = wait_for(lambda: Progress.objects.filter(pk=progress.pk, done=1).first())
    assert (halfway.state, halfway.total, halfway.message) == (State.RUNNING, 2, "half")

    gate.write_text("go")
    end = wait_for(lambda: Progress.objects.filter(pk=progress.pk, state=State.DONE).first())
    assert (end.done, end.result_url) == (2, "/there/")


@pytest.mark.django_db(transaction=True)
def test_a_step_inside_a_transaction_is_refused(awa):
    progress = Progress.objects.create(owner=awa, title="Steps", state=State.RUNNING)
    with pytest.raises(RuntimeError), transaction.atomic():
        progress.step(1)
    progress.refresh_from_db()
    assert progress.done == 0


def test_a_waiting_job_is_cancelled_at_once(awa, worker, tmp_path):
    path = str(tmp_path / "log")
    progress = start(sample.succeed, owner=awa, title="Later", arguments={"path": path})

    cancel(progress)

    progress.refresh_from_db()
    assert progress.state == State.CANCELLED
    worker.drain()
    assert lines_of(path) == []


def test_a_running_job_stops_at_its_next_step(awa, worker):
    progress = start(sample.count_up, owner=awa, title="Count", arguments={"to": 5, "ask_at": 2})
    worker.drain()
    progress.refresh_from_db()
    assert (progress.state, progress.done) == (State.CANCELLED, 3)
    assert not DBTaskResult.objects.ready().exists()


def test_a_running_job_is_asked_to_stop_from_another_connection(site, gate, make_user):
    site.start_worker()
    progress = start(
        sample.two_steps, owner=make_user("awa"), title="Steps", arguments={"gate": str(gate)}
    )
    wait_for(lambda: Progress.objects.filter(pk=progress.pk, done=1).exists())

    cancel(progress)
    progress.refresh_from_db()
    assert (progress.state, progress.cancel_asked) == (State.RUNNING, True)

    gate.write_text("go")
    end = wait_for(lambda: Progress.objects.filter(pk=progress.pk, state=State.CANCELLED).first())
    assert (end.done, end.result_url) == (2, "")  # what it had done when it heard of that


def test_a_finished_job_stays_as_it_is_when_cancelled(awa, worker, tmp_path):
    path = str(tmp_path / "log")
    progress = start(sample.succeed, owner=awa, title="Quick", arguments={"path": path})
    worker.drain()
    cancel(progress)
    progress.refresh_from_db()
    assert (progress.state, progress.cancel_asked) == (State.DONE, False)


def test_a_job_speaks_the_language_of_its_owner(make_user, worker):
    owner = make_user("john", language="en")
    progress = start(sample.speak, owner=owner, title="Speak")
    worker.drain()
    progress.refresh_from_db()
    assert progress.message == "en"
