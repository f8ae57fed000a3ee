"""How often one may ask: counted in the database, where all processes count together."""

import time

from django.db import connections, router

from .models import Rate

MINUTE = 60


class TooMany(Exception):
    """More requests than allowed; one may ask again after so many `seconds`.

    `first` is whether it is the first one too many of its minute.
    """

    def __init__(self, seconds, first=False):
        super().__init__(seconds)
        self.seconds, self.first = seconds, first


def limit(who, most):
    """Count a request of `who`; raises TooMany where there were more than `most` this minute."""
    now = int(time.time())
    connection = connections[router.db_for_write(Rate)]
    table = connection.ops.quote_name(Rate._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (who, minute, count) VALUES (%s, %s, 1) "
            f"ON CONFLICT (who, minute) DO UPDATE SET count = {table}.count + 1 "
            "RETURNING count",
            [who[:120], now // MINUTE],
        )
        [count] = cursor.fetchone()
    if count > most:
        raise too_many(now, first=count == most + 1)


def check(who, most):
    """The same without counting."""
    now = int(time.time())
    if Rate.objects.filter(who=who[:120], minute=now // MINUTE, count__gte=most).exists():
        raise too_many(now)


def too_many(now, first=False):
    return TooMany(MINUTE - now % MINUTE, first)
