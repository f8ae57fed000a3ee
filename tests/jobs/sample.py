"""Jobs for the tests. Gates are FIFOs: a job opens one to wait until the test opens it too."""

from datetime import timedelta
from pathlib import Path

from django.utils.translation import get_language

from project.jobs.declare import GiveUp, job
from project.jobs.models import Progress

SOON = timedelta(milliseconds=10)


@job()
def note(*, path, line):
    with Path(path).open("a") as lines:
        lines.write(f"{line}\n")


@job(max_attempts=3, on_done="tests.jobs.sample.note_end")
def always_fail(*, path):
    with Path(path).open("a") as lines:
        lines.write("attempt\n")
    raise ValueError("broken")


@job(max_attempts=1, on_done="tests.jobs.sample.note_end")
def fail_once(*, path):
    with Path(path).open("a") as lines:
        lines.write("attempt\n")
    if len(Path(path).read_text().splitlines()) == 1:
        raise ValueError("broken")


@job(on_done="tests.jobs.sample.note_end")
def succeed(*, path):
    return {"path": path}


def note_end(result):
    with Path(result.kwargs["path"]).open("a") as lines:
        lines.write(f"ended {result.status}\n")


def note_given_up(pk):
    """In the message of the job's owner, which nothing else writes at its end."""
    Progress.objects.filter(pk=pk).update(message=f"given up {Progress.objects.get(pk=pk).state}")


@job(takes_context=True, max_attempts=2, on_given_up="tests.jobs.sample.note_given_up")
def fail_twice(context, *, path):
    Progress.of(context).step()
    with Path(path).open("a") as lines:
        lines.write("attempt\n")
    if len(Path(path).read_text().splitlines()) <= 2:
        raise ValueError("broken")


@job()
def give_up():
    raise GiveUp("The file has no header row.")


@job()
def return_what_is_not_json():
    return {1, 2}


@job(max_attempts=2, backoff=SOON, on_done="tests.jobs.sample.note_end")
def hang_at_first(*, path, gate):
    """The first attempt hangs at the gate, a later one ends."""
    before = Path(path).read_text() if Path(path).exists() else ""
    with Path(path).open("a") as lines:
        lines.write("attempt\n")
    if not before:
        Path(gate).read_text()


@job(takes_context=True)
def two_steps(context, *, gate):
    progress = Progress.of(context)
    progress.step(1, total=2, message="half")
    Path(gate).read_text()
    progress.step(2, result_url="/there/")


@job(takes_context=True)
def count_up(context, *, to, ask_at=None):
    """Count in steps; at `ask_at` its owner asks it to stop, as from another connection."""
    progress = Progress.of(context)
    for number in range(1, to + 1):
        progress.step(number, total=to)
        if number == ask_at:
            Progress.objects.filter(pk=progress.pk).update(cancel_asked=True)


@job(takes_context=True)
def speak(context):
    Progress.of(context).step(message=get_language())
