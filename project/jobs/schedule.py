"""Jobs that the clock starts, declared in a room's `scheduled.py`.

    @daily(at=time(3, 10))
    @job()
    def clear_sessions(): ...

Time is cut in slots. Each slot runs once however many workers there are; after a pause only the
latest missed slot runs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from project.jobs.declare import Job

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Schedule:
    job: Job
    latest_slot: Callable[[datetime], datetime]


SCHEDULES: dict[str, Schedule] = {}


def every(period: timedelta):
    """Run the job once in each `period` (up to a week), counted from 1970 in UTC."""

    def latest_slot(now):
        return now - (now - EPOCH) % period

    return scheduled(latest_slot)


def daily(*, at):
    """Run the job once a day, at this wall-clock time of the installation's TIME_ZONE."""

    def latest_slot(now):
        zone = timezone.get_default_timezone()
        today = now.astimezone(zone).date()
        slot = datetime.combine(today, at, tzinfo=zone).astimezone(UTC)
        if slot > now:
            slot = datetime.combine(today - timedelta(days=1), at, tzinfo=zone).astimezone(UTC)
        return slot

    return scheduled(latest_slot)


def scheduled(latest_slot):
    def register(job):
        SCHEDULES[job.module_path] = Schedule(job, latest_slot)
        return job

    return register
