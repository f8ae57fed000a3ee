"""House-keeping."""

from datetime import time, timedelta

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from project.jobs.declare import job
from project.jobs.models import FINISHED, Progress, Slot
from project.jobs.schedule import daily, every
from project.search import registry as search
from project.sqlite import bring_log_in

KEEP = timedelta(days=30)


@daily(at=time(3, 10))
@job()
def clear_sessions():
    call_command("clearsessions")


@daily(at=time(3, 20))
@job()
def forget_old_jobs():
    """Delete what ended long ago: succeeded tasks, progress and slots; failed tasks later."""
    call_command(
        "prune_db_task_results",
        queue_name="*",
        min_age_days=KEEP.days,
        failed_min_age_days=3 * KEEP.days,
        verbosity=0,
    )
    before = timezone.now() - KEEP
    Progress.objects.filter(state__in=FINISHED, finished_at__lt=before).delete()
    Slot.objects.filter(at__lt=before).delete()


@daily(at=time(3, 30))
@job()
def refresh_statistics():
    """Let SQLite's planner see how the tables have grown. PostgreSQL does so by itself."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            # Bounds the work per index, so that the write lock is held for moments only.
            cursor.execute("PRAGMA analysis_limit = 400")
            cursor.execute("ANALYZE")


@every(timedelta(minutes=10))
@job()
def settle_search():
    """Index the texts written lately; until then PostgreSQL looks at each of them."""
    search.settle()


@every(timedelta(minutes=10))
@job()
def settle_log():
    """Bring the log of SQLite into the database. PostgreSQL does so by itself."""
    bring_log_in(connection)
