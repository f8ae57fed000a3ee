"""Statements on sets of rows: inserted from a query, locked in key order, counted by a digest."""

from django.db import connections, models, router
from django.db.models import Value
from django.db.models.sql import UpdateQuery

P = 2147483647  # prime; keeps every product below 2**62, which both databases can hold


def insert_select(model, columns, queryset, *expressions, same=None):
    """INSERT INTO `model` (`columns`) SELECT `expressions` FROM `queryset`. Returns the row count.

    Columns are attribute names (`driver_id`). Rows never pass through Python. `same` are the values
    that all of them share: {attribute name: value}.
    """
    return run(connection_of(model), inserting(model, columns, queryset, *expressions, same=same))


def inserting(model, columns, queryset, *expressions, same=None):
    """The same as a statement (SQL, parameters) to `run`."""
    connection, same = connection_of(model), same or {}
    quote = connection.ops.quote_name
    fields = [model._meta.get_field(name) for name in (*columns, *same)]
    names = [quote(field.column) for field in fields]
    sql, params = compiled(queryset.values_list(*expressions))
    if same:  # beside the query: in one that asks for a window's row, Django takes equals for one
        found = ", ".join(names[: len(columns)])
        values = zip(fields[len(columns) :], same.values(), strict=True)
        params = [*params, *(field.get_db_prep_save(value, connection) for field, value in values)]
        picked = ", ".join([found, *["%s"] * len(same)])
        sql = f"WITH found({found}) AS ({sql}) SELECT {picked} FROM found"
    return f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(names)}) {sql}", params


def updating(records, **values):
    """`records.update(**values)` as a statement to `run`; of one table, without relations."""
    query = records.query.chain(UpdateQuery)
    query.add_update_values(values)
    return query.get_compiler(connection=connection_of(records.model)).as_sql()


def run(connection, *statements):
    """Run statements that write, none of which reads what another writes. Returns the row count of
    the last.

    PostgreSQL takes them as one; SQLite one after the other.
    """
    if connection.vendor == "postgresql":
        *others, (last, params) = statements
        written = ", ".join(f"also{n} AS ({sql})" for n, (sql, _params) in enumerate(others))
        params = [*(each for _sql, given in others for each in given), *params]
        statements = [(f"WITH {written} {last}" if written else last, params)]
    with connection.cursor() as cursor:
        for sql, params in statements:
            cursor.execute(sql, params)
        return cursor.rowcount


def connection_of(model):
    return connections[router.db_for_write(model)]


def compiled(queryset):
    """(SQL, parameters), of a queryset that Django knows to be empty too."""
    connection = connection_of(queryset.model)
    return queryset.query.get_compiler(connection=connection, elide_empty=False).as_sql()


def digest_of(queryset, *, lock=False):
    """(count, digest) of a selection's keys and versions in one statement, rows locked if asked.

    Order-free sums of two mixes of (id, version): any record that came, went or changed alters it.
    """
    sql, params = _locking(queryset) if lock else compiled(_keys(queryset.order_by()))
    statement = (
        f"WITH selected(id, version) AS ({sql}), "
        f"mixed(id, h) AS (SELECT id, ((id %% {P}) * 48271 + CAST(version AS bigint) * 69621)"
        f" %% {P} FROM selected)"
        f" SELECT COUNT(*), COALESCE(SUM(h), 0), COALESCE(SUM((h * h + id) %% {P}), 0) FROM mixed"
    )
    with connection_of(queryset.model).cursor() as cursor:
        cursor.execute(statement, params)
        count, first, second = cursor.fetchone()
    return count, f"{count}-{int(first):x}-{int(second):x}"


def lock(*querysets):
    """Lock rows without reading them into Python: one queryset after the other, each in
    primary-key order.

    They are one statement, so none may depend on what another holds still. On SQLite, whose
    transactions hold the whole database from their BEGIN IMMEDIATE on, nothing is left to lock.
    """
    if not querysets:
        return
    connection = connection_of(querysets[0].model)
    if not connection.features.has_select_for_update:
        return
    selects = [_locking(queryset) for queryset in querysets]
    rows = ", ".join(f"rows{n} AS ({sql})" for n, (sql, _params) in enumerate(selects))
    counts = ", ".join(f"(SELECT COUNT(*) FROM rows{n})" for n in range(len(selects)))
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {rows} SELECT {counts}", [p for _sql, ps in selects for p in ps])


def _keys(rows):
    """Keys and versions; a row that never changes has none."""
    return rows.values_list("pk", "version" if hasattr(rows.model, "version") else Value(0))


def _locking(queryset):
    rows = queryset.order_by("pk").select_for_update(of=("self",), no_key=True)
    return compiled(_keys(rows))


def plain(selection):
    """The same records as a queryset that can be locked: no DISTINCT, union or slice."""
    query = selection.query
    selection = selection.order_by() if not query.is_sliced else selection
    if query.distinct or query.combinator or query.is_sliced or query.group_by is not None:
        return models.QuerySet(selection.model).filter(pk__in=selection.values("pk"))
    return selection
