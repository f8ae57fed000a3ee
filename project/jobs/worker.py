"""The process that runs jobs: claim, run, settle; take over from the dead; start what is due.

A job runs outside any transaction. What a claim may write is tied to the moment it was made
(`started_at`), so a worker that was taken for dead and comes back changes nothing.
"""

import logging
import os
import socket
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from traceback import format_exception

from django.conf import settings
from django.db import Error, connection, reset_queries, transaction
from django.utils import timezone, translation
from django.utils.crypto import get_random_string
from django_tasks import TaskContext, TaskResultStatus
from django_tasks.utils import normalize_json
from django_tasks_db.models import DBTaskResult
from django_tasks_db.utils import exclusive_transaction

from project.jobs.declare import GiveUp, policy_of
from project.jobs.models import Cancelled, Heartbeat, Progress, Slot, State
from project.jobs.schedule import SCHEDULES
from project.jobs.services import call_on_done, say_given_up

logger = logging.getLogger(__name__)

BEATS_PER_LIFE = 5  # heartbeats within the time after which a worker counts as dead


class WorkerDied(Exception):
    """The worker that ran this job stopped giving signs of life."""


class Worker:
    def __init__(self, *, interval=0.5, stale_after=30):
        """Both in seconds: the pause between two looks for work, and the silence that is death.

        On SQLite a heartbeat waits for the write lock: `stale_after` must be longer than the
        longest transaction, which the lock's time-out of 20 s bounds.
        """
        self.id = get_random_string(32)
        self.interval = interval
        self.stale_after = timedelta(seconds=stale_after)
        self.stopping = False
        self.seen_slots = {}
        self.reaped_at = None

    # ------------------------------------------------------------------------------- the loop
    def run(self, *, until):
        """Work until `stop` or `until()`, the job at hand finished. Outlives a lost database."""
        with self.heartbeat(until):
            while not (self.stopping or until()):
                reset_queries()  # which DEBUG collects
                try:
                    self.start_due()
                    self.reap_sometimes()
                    found = self.run_next()
                except Error:
                    logger.exception("The database did not answer; trying again")
                    connection.close()
                    found = False
                if not found and not self.stopping:
                    time.sleep(self.interval)

    def stop(self):
        self.stopping = True

    def drain(self):
        """Run what is ready, retries that wait aside, then return: a worker for tests."""
        while self.run_next():
            pass

    # -------------------------------------------------------------------------- one job's life
    def run_next(self):
        """Run the next ready job. Returns whether there was one."""
        task = self.claim()
        if task is not None:
            self.execute(task)
        return task is not None

    def claim(self):
        ready = DBTaskResult.objects.ready()
        if not ready.exists():  # so that an idle worker takes no lock: one statement
            return None
        with exclusive_transaction():
            task = ready.get_locked()
            if task is not None:
                task.claim(self.id)
                Progress.objects.filter(pk=task.pk).move(State.RUNNING)
        return task

    def execute(self, task):
        try:
            with translation.override(language_of(task)):
                value = normalize_json(call(task))
        except (Exception, SystemExit) as error:
            self.fail(task, error)
        else:
            self.succeed(task, value)

    def succeed(self, task, value):
        self.settle(
            task,
            State.DONE,
            status=TaskResultStatus.SUCCESSFUL,
            return_value=value,
            exception_class_path="",
            traceback="",
        )

    def fail(self, task, error):
        """Settle a job that raised: cancelled, to be tried again after a wait, or failed."""
        policy = policy_of(task.task_path)
        attempt = len(task.worker_ids)
        report = {
            "exception_class_path": f"{type(error).__module__}.{type(error).__qualname__}",
            "traceback": "".join(format_exception(error)),
        }
        if isinstance(error, Cancelled) or wants_to_stop(task):
            self.settle(task, State.CANCELLED, status=TaskResultStatus.SUCCESSFUL, **report)
        elif isinstance(error, GiveUp) or attempt >= policy.max_attempts:
            logger.error("Job %s (%s) failed for good", task.task_path, task.pk, exc_info=error)
            self.settle(
                task,
                State.FAILED,
                message=str(error) if isinstance(error, GiveUp) else "",
                status=TaskResultStatus.FAILED,
                **report,
            )
        else:
            wait = policy.wait(attempt)
            logger.warning(
                "Job %s (%s) failed, attempt %d of %d; next in %s",
                task.task_path,
                task.pk,
                attempt,
                policy.max_attempts,
                wait,
                exc_info=error,
            )
            self.settle(
                task,
                State.WAITING,
                status=TaskResultStatus.READY,
                run_after=timezone.now() + wait,
                **report,
            )

    def settle(self, task, state, *, message=None, **fields):
        """Write the end of an attempt, its progress and its hook in one transaction."""
        ended = state != State.WAITING
        with transaction.atomic():
            claimed = DBTaskResult.objects.filter(
                pk=task.pk, status=TaskResultStatus.RUNNING, started_at=task.started_at
            )
            if not claimed.update(finished_at=timezone.now() if ended else None, **fields):
                logger.warning("Job %s (%s) was given to another worker", task.task_path, task.pk)
                return
            told = {} if message is None else {"message": message[:500]}
            Progress.objects.filter(pk=task.pk).move(state, **told)
            on_done = policy_of(task.task_path).on_done
            if on_done and state in (State.DONE, State.FAILED):
                call_on_done.enqueue(on_done, str(task.pk))
            if state in (State.CANCELLED, State.FAILED):
                say_given_up(task.task_path, task.pk)

    # ----------------------------------------------------------------------- signs of life
    @contextmanager
    def heartbeat(self, until):
        """Say that this worker lives, from a thread, since a job may keep the main one for long.

        It takes no job before it has said so once: it would be taken for dead.
        """
        while not (self.stopping or until() or self.beats()):
            time.sleep(self.interval)
        gone = threading.Event()
        thread = threading.Thread(target=self.keep_beating, args=[gone], daemon=True)
        thread.start()
        try:
            yield
        finally:
            gone.set()
            thread.join()
            Heartbeat.objects.filter(pk=self.id).delete()

    def keep_beating(self, gone):
        try:
            while not gone.wait(self.stale_after.total_seconds() / BEATS_PER_LIFE):
                self.beats()
        finally:
            connection.close()

    def beats(self):
        """Whether it could say so."""
        try:
            self.beat()
        except Error:
            logger.warning("Missed a heartbeat", exc_info=True)
            connection.close()
            return False
        return True

    def beat(self):
        if not Heartbeat.objects.filter(pk=self.id).update(seen_at=timezone.now()):
            Heartbeat.objects.create(pk=self.id, place=f"{socket.gethostname()}:{os.getpid()}")

    def reap_sometimes(self):
        now = time.monotonic()
        if self.reaped_at is None or now - self.reaped_at > self.stale_after.total_seconds() / 3:
            self.reaped_at = now
            self.reap()

    def reap(self):
        """Fail the attempts of dead workers, so that their jobs run again. Returns how many."""
        # Tasks before heartbeats: a worker beats before it claims, so one that starts between
        # the two statements is never taken for dead.
        running = list(DBTaskResult.objects.running())
        dead_since = timezone.now() - self.stale_after
        seen = dict(Heartbeat.objects.values_list("pk", "seen_at"))
        living = {worker_id for worker_id, seen_at in seen.items() if seen_at >= dead_since}
        # This worker holds no job here: one that bears its name was lost to a database error.
        orphans = [task for task in running if task.worker_ids[-1] not in living - {self.id}]
        for task in orphans:
            self.fail(task, WorkerDied(task.worker_ids[-1]))
        if living != seen.keys():
            Heartbeat.objects.filter(seen_at__lt=dead_since).delete()
        return len(orphans)

    # ------------------------------------------------------------------------------ the clock
    def start_due(self, now=None):
        """Enqueue each scheduled job whose latest slot no worker has started."""
        now = now or timezone.now()
        for name, schedule in SCHEDULES.items():
            slot = schedule.latest_slot(now)
            if self.seen_slots.get(name) == slot:
                continue
            with transaction.atomic():
                row, is_new = Slot.objects.get_or_create(name=name, at=slot)
                if is_new:
                    row.task_id = schedule.job.enqueue().id
                    row.save(update_fields=["task_id"])
            self.seen_slots[name] = slot


def call(task):
    result = task.task_result
    context = [TaskContext(task_result=result)] if result.task.takes_context else []
    return result.task.call(*context, *result.args, **result.kwargs)


def language_of(task):
    """The language of whoever started the job: what it says is for that person."""
    progress = Progress.objects.filter(pk=task.pk)
    return progress.values_list("owner__language", flat=True).first() or settings.LANGUAGE_CODE


def wants_to_stop(task):
    return Progress.objects.filter(pk=task.pk, cancel_asked=True).exists()
