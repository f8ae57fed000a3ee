"""Find text among a million records: the same function on SQLite and PostgreSQL.

A record matches when its text holds every word of the query. Up to MOST_FOUND matches are looked
up in the index, and the list shows those. Past that the query is broad: the list keeps its own
order and passes over the rows that do not match, since enough of them do.
"""

from dataclasses import dataclass

from django.db import connections, models, router
from django.db.models import F, Q, Value
from django.db.models.functions import Left, StrIndex
from django.db.models.lookups import Exact, GreaterThan

from .registry import SEARCHABLE
from .storage import tables_of
from .text import words

MOST_FOUND = 2000
# What the index is made of: shorter words it can't find.
TRIGRAM = 3


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The matching part of a queryset.

    `count` is how many records match, whatever else the queryset filters by; None when there
    are more than MOST_FOUND (`capped`), or when the query was empty and everything matches.
    """

    queryset: models.QuerySet
    count: int | None
    capped: bool


def matching(queryset, query, *, column="search_text"):
    """The records of `queryset` whose text in `column` holds each word of `query`."""
    model = queryset.model
    return narrowed(
        queryset,
        query,
        found(model, query, column=column),
        holding(model, query, column=column),
    )


def narrowed(queryset, query, ids, condition):
    """The result: by `ids` where there are any to go by, by `condition` for a broad query."""
    if not words(query):
        return SearchResult(queryset, None, False)
    if ids is None:
        return SearchResult(queryset.filter(condition), None, True)
    return SearchResult(queryset.filter(pk__in=ids), len(ids), False)


def found(model, query, *, column="search_text", also=(), most=None):
    """The keys of the records that match, and of those in the querysets `also`.

    One statement, on the index alone. None for more than `most` (by default MOST_FOUND).
    """
    most = MOST_FOUND if most is None else most
    wanted = words(query)
    if not wanted:
        return None
    connection = connections[router.db_for_read(model)]
    sql, params = _probe(connection, model, wanted, column)
    branches = [(f"{sql} LIMIT {most + 1}", params)]
    branches += [_compiled(connection, queryset[: most + 1]) for queryset in also]
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ".join(f"SELECT * FROM ({sql}) AS part" for sql, _ in branches),
            [param for _, params in branches for param in params],
        )
        keys = [key for (key,) in cursor.fetchall()]
    return None if len(keys) > most else keys


def holding(model, query, *, column="search_text", path=""):
    """The same matches as a condition on the records themselves, which no index serves.

    `path` leads to them from the queryset's own model: "customer__".
    """
    wanted = words(query)
    if is_short(wanted):
        field, prefix = _prefix(model, wanted, column)
        return Q(Exact(Left(f"{path}{field}", len(prefix)), Value(prefix)))
    condition = Q()
    for word in wanted:
        condition &= Q(GreaterThan(StrIndex(F(f"{path}{column}"), Value(word)), 0))
    return condition


def is_short(wanted):
    """Whether no word is long enough for the index, which then looks at the prefix instead."""
    return max(map(len, wanted), default=TRIGRAM) < TRIGRAM


def _prefix(model, wanted, column):
    """(field, beginning) to compare where the index can't help."""
    prefix = " ".join(wanted)
    field = SEARCHABLE[model].prefix_field
    return (field, prefix.upper()) if field else (column, prefix)


def _probe(connection, model, wanted, column):
    """SQL for the keys that match."""
    if is_short(wanted):
        return _compiled(connection, _beginning(connection, model, wanted, column))
    quote = connection.ops.quote_name
    tables, column = [quote(table) for table in tables_of(model, connection)], quote(column)
    if connection.vendor == "sqlite":
        key, [index] = "rowid", tables
        whole = " AND ".join(_phrase(word) for word in wanted if len(word) >= TRIGRAM)
        short = [word for word in wanted if len(word) < TRIGRAM]
        where = [f"{index} MATCH %s"] + [f"instr({column}, %s) > 0"] * len(short)
        params = [f"{column} : ({whole})", *short]
    else:
        key = quote(model._meta.pk.column)
        where = [f"{column} LIKE %s"] * len(wanted)
        params = [f"%{connection.ops.prep_for_like_query(word)}%" for word in wanted]
    where = " AND ".join(where)
    looked = (f"SELECT {key} FROM {table} WHERE {where}" for table in tables)
    return " UNION ALL ".join(looked), params * len(tables)


def _phrase(word):
    """The word as FTS5 takes it literally, whatever signs are in it."""
    return '"' + word.replace('"', '""') + '"'


def _beginning(connection, model, wanted, column):
    """The records whose field begins with a short query."""
    field, prefix = _prefix(model, wanted, column)
    if connection.vendor == "sqlite" and field != column:
        # SQLite's LIKE ignores case and so its index; this is the same range, spelled out.
        begins = {f"{field}__gte": prefix, f"{field}__lt": f"{prefix}\U0010ffff"}
    else:
        begins = {f"{field}__startswith": prefix}
    return models.QuerySet(model).filter(**begins).order_by()


def _compiled(connection, queryset):
    return queryset.values_list("pk").query.get_compiler(connection=connection).as_sql()
