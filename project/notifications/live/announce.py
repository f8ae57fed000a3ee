"""Every batch is announced, in its own transaction: what rolls back was never told.

Three statements at most, whatever the size of the batch and the number of users.
"""

from django.db import connections, router, transaction
from django.db.models import F, Value

from project.audit.recorder import insert_select
from project.notifications.models import Announcement, Notification

from . import wake
from .kinds import told, who_may, who_muted
from .turns import Turn


def announce(batch):
    """Tell open pages of this batch, and put it into the bell of whom it concerns.

    That is whoever may see such records, did not do it, and has not switched that kind off.
    """
    about = told(batch.model)
    if about is None:
        return
    kind = about.kind_of(batch.action)
    announcement = Announcement.objects.create(
        batch=batch, kind=kind.name, created_at=batch.created_at, turn=Turn()
    )
    concerned = who_may(about.permission).exclude(pk=batch.user_id)
    concerned = concerned.exclude(pk__in=who_muted(kind).values("pk"))
    insert_select(
        Notification,
        ("announcement_id", "user_id"),
        concerned.order_by("pk"),
        Value(announcement.pk),
        F("pk"),
    )
    database = router.db_for_write(Announcement)
    connection = connections[database]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [wake.CHANNEL])
    else:
        transaction.on_commit(wake.up, using=database)
