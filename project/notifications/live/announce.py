"""Every batch is announced, in its own transaction: what rolls back was never told.

Two statements at most, whatever the size of the batch and the number of users.
"""

from django.core.exceptions import EmptyResultSet
from django.db import connections, router, transaction
from django.db.models import F, Value

from project.audit.statements import insert_select
from project.notifications.models import Announcement, Notification

from . import wake
from .kinds import told, who_may, who_muted
from .turns import TRANSACTION, Turn


def announce(batch):
    """Tell open pages of this batch, and put it into the bell of whom it concerns.

    That is whoever may see such records, did not do it, and has not switched that kind off.
    """
    about = told(batch.model)
    if about is None:
        return
    kind = about.kind_of(batch.action)
    concerned = who_may(about.permission).exclude(pk=batch.user_id)
    concerned = concerned.exclude(pk__in=who_muted(kind).values("pk")).order_by("pk")
    connection = connections[router.db_for_write(Announcement)]
    if connection.vendor == "postgresql":
        announce_at_once(connection, batch, kind, concerned)
        return
    announcement = Announcement.objects.create(
        batch=batch, kind=kind.name, created_at=batch.created_at, turn=Turn()
    )
    columns = ("announcement_id", "user_id")
    insert_select(Notification, columns, concerned, Value(announcement.pk), F("pk"))
    transaction.on_commit(wake.up, using=connection.alias)


def announce_at_once(connection, batch, kind, concerned):
    """The same in one statement, which also wakes the readers at its commit."""
    compiler = concerned.values_list("pk").query.get_compiler(connection=connection)
    try:
        users, params = compiler.as_sql()
    except EmptyResultSet:
        users, params = "SELECT 0 WHERE false", ()
    announcements, notifications = (
        connection.ops.quote_name(model._meta.db_table) for model in (Announcement, Notification)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH told AS (INSERT INTO {announcements} (batch_id, kind, created_at, turn) "
            f"VALUES (%s, %s, %s, {TRANSACTION}) RETURNING id), "
            f"rung AS (INSERT INTO {notifications} (announcement_id, user_id) "
            f"SELECT told.id, concerned.id FROM told, ({users}) AS concerned(id)) "
            "SELECT pg_notify(%s, '')",
            [batch.pk, kind.name, batch.created_at, *params, wake.CHANNEL],
        )
