from django.db import transaction
from django.utils.module_loading import import_string
from django_tasks import TaskResultStatus, default_task_backend
from django_tasks_db.models import DBTaskResult, get_date_max

from project.jobs.declare import job, policy_of
from project.jobs.models import Progress, State


def start(job, *, owner, title, arguments=None):
    """Enqueue a job whose progress its owner can follow. Returns its Progress.

    `arguments` are the job's keyword arguments. Commits with the caller's transaction.
    """
    with transaction.atomic():
        task = job.enqueue(**(arguments or {}))
        return Progress.objects.create(pk=task.id, owner=owner, title=str(title))


def cancel(progress):
    """Stop a job: at once while it waits, at its next step while it runs."""
    with transaction.atomic():
        waiting = DBTaskResult.objects.filter(pk=progress.pk, status=TaskResultStatus.READY)
        path = waiting.values_list("task_path", flat=True).first()
        mine = Progress.objects.filter(pk=progress.pk).unfinished()
        if waiting.delete()[0]:
            mine.move(State.CANCELLED)
            say_given_up(path, progress.pk)
        else:
            mine.update(cancel_asked=True)


def retry(tasks):
    """Give failed tasks a new set of attempts. Returns how many there were."""
    with transaction.atomic():
        failed = tasks.select_for_update().filter(status=TaskResultStatus.FAILED).order_by("pk")
        ids = list(failed.values_list("pk", flat=True))
        Progress.objects.filter(pk__in=ids).move(State.WAITING, message="", cancel_asked=False)
        return DBTaskResult.objects.filter(pk__in=ids).update(
            status=TaskResultStatus.READY,
            run_after=get_date_max(),
            finished_at=None,
            worker_ids=[],
        )


def say_given_up(task_path, pk):
    """Enqueue the hook of a job that ends with nothing done."""
    if hook := policy_of(task_path).on_given_up:
        call_on_given_up.enqueue(hook, str(pk))


@job()
def call_on_given_up(path, pk):
    import_string(path)(pk)


@job()
def call_on_done(path, task_id):
    """A job of its own, so that a hook that fails is tried again without the job itself."""
    import_string(path)(default_task_backend.get_result(task_id))
