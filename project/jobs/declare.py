"""How background work is declared.

    @job(max_attempts=3, on_done="bookings.notifications.export_ready")
    def export_bookings(context, *, filters): ...

A job is a django.tasks task with a policy for when it fails. Its arguments are JSON. Enqueuing
inserts a row in the caller's transaction, so a job exists exactly when what it is about does.

A worker that dies leaves its job to be run again from the start: a job must be idempotent.
"""

import random
from dataclasses import dataclass
from datetime import timedelta

from django.utils.module_loading import import_string
from django_tasks.base import DEFAULT_TASK_PRIORITY, Task

LONGEST_WAIT = timedelta(hours=1)


class GiveUp(Exception):
    """Raised by a job that trying again cannot help. Its text is shown to whoever started it."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What happens when a job fails.

    `backoff` is the wait before the second attempt; it doubles each time, up to an hour.
    `on_done` is the dotted path of a callable that receives the task's result, enqueued once,
    with the job's success or its last failure. A cancelled job has none. `on_given_up` is that of
    one that receives the job's id, enqueued where it was cancelled or failed for good; a failed one
    that is tried anew later may be done all the same.
    """

    max_attempts: int = 5
    backoff: timedelta = timedelta(seconds=5)
    on_done: str = ""
    on_given_up: str = ""

    def wait(self, attempt):
        """The time until the next attempt, shortened by up to half so that a crowd spreads out."""
        longest = LONGEST_WAIT
        if attempt < 20:  # a timedelta overflows
            longest = min(self.backoff * 2 ** (attempt - 1), LONGEST_WAIT)
        return longest * random.uniform(0.5, 1)


@dataclass(frozen=True, kw_only=True)
class Job(Task):
    policy: Policy = Policy()


def job(*, priority=DEFAULT_TASK_PRIORITY, takes_context=False, **policy):
    """Declare a module-level function as a job; `policy` are the fields of Policy.

    With `takes_context` the function's first argument is `context`, for Progress.of(context).
    """

    def declare(function):
        return Job(
            func=function, priority=priority, takes_context=takes_context, policy=Policy(**policy)
        )

    return declare


def policy_of(task_path):
    """The policy of the job at this path; the default one for a plain task or a vanished path."""
    try:
        return getattr(import_string(task_path), "policy", Policy())
    except ImportError:
        return Policy()
