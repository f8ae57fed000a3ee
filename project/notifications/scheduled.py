"""What the clock starts here."""

from datetime import time, timedelta

from django.db import transaction
from django.db.models import Subquery
from django.utils import timezone

from project.jobs.declare import job
from project.jobs.schedule import daily, every

from .models import Announcement
from .sending import send_due

KEEP = timedelta(days=90)
AT_ONCE = 500  # in a transaction: SQLite's write lock is held for moments only


# For what waits for another attempt, or was claimed by a worker that died.
every(timedelta(minutes=1))(send_due)


@daily(at=time(3, 40))
@job()
def forget_old_notifications():
    """Delete what was told long ago, read or not: the log keeps what happened. The newest stays,
    from which SQLite counts on: a reader waits for what comes after it."""
    before = timezone.now() - KEEP
    while forget_some(before):
        pass


def forget_some(before):
    """Delete some of the oldest announcements, and with them the bells' lines; how many."""
    with transaction.atomic():
        newest = Announcement.objects.order_by("-turn").values("turn")[:1]
        earlier = Announcement.objects.filter(turn__lt=Subquery(newest)).order_by("pk")
        oldest = earlier.values_list("pk", "created_at")[:AT_ONCE]
        keys = [pk for pk, created_at in oldest if created_at < before]
        Announcement.objects.filter(pk__in=keys).delete()
    return len(keys)
