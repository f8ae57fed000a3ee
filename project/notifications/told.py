"""The records that a message tells of, as its row keeps their keys (`OutgoingMail.records`): a JSON
list, which SQLite and PostgreSQL write and read by functions of their own."""

from django.db.models import Aggregate, BigIntegerField, BooleanField, F, Func, JSONField, Subquery


class Gathered(Aggregate):
    """The values of a group, or of a window's partition, as such a list."""

    function = "JSON_GROUP_ARRAY"
    arity = 1
    output_field = JSONField()

    def as_postgresql(self, compiler, connection, **context):
        return self.as_sql(compiler, connection, function="JSONB_AGG", **context)


class Overtaken(Func):
    """The keys of those of `mails` (a queryset) after which the same addressee gets another about
    one of the same records, by one whose `counts` (an expression: its key, or NULL) says that it is
    news to them; as the right side of an `__in`.

    Their lists are unrolled once and sorted. Asked of each mail by itself, or by a join whose size
    no planner can know, it takes the square of what one addressee was sent.
    """

    template = (
        "(SELECT list.id FROM (SELECT mails.id, MAX(mails.news) OVER"
        " (PARTITION BY mails.addressee, mails.about, told.value) AS last"
        " FROM %(expressions)s AS mails, JSON_EACH(mails.records) AS told) AS list"
        " WHERE list.last > list.id)"
    )
    output_field = BigIntegerField()

    def __init__(self, mails, counts):
        columns = ("id", "addressee", "records")
        about = F("batch__model")
        super().__init__(Subquery(mails.order_by().values(*columns, about=about, news=counts)))

    def as_postgresql(self, compiler, connection, **context):
        template = self.template.replace(
            "JSON_EACH(mails.records) AS told)",
            "JSONB_ARRAY_ELEMENTS_TEXT(mails.records) AS told(value))",
        )
        return self.as_sql(compiler, connection, template=template, **context)


class Keys(Func):
    """The keys in a list, as the right side of an `__in`."""

    template = "(SELECT value FROM JSON_EACH(%(expressions)s))"
    arity = 1
    output_field = BigIntegerField()

    def as_postgresql(self, compiler, connection, **context):
        template = (
            "(SELECT value::bigint FROM JSONB_ARRAY_ELEMENTS_TEXT(%(expressions)s) AS list(value))"
        )
        return self.as_sql(compiler, connection, template=template, **context)


class KeysOf(Func):
    """The keys of all records that `mails` (a queryset) tell of, as the right side of an `__in`."""

    template = "(SELECT told.value FROM %(expressions)s AS mails, JSON_EACH(mails.records) AS told)"
    output_field = BigIntegerField()

    def __init__(self, mails):
        super().__init__(Subquery(mails.order_by().values("records")))

    def as_postgresql(self, compiler, connection, **context):
        # PostgreSQL expects a hundred keys in each list, so more than it would hash; of what is
        # distinct it expects few.
        template = (
            "(SELECT DISTINCT told.value::bigint FROM %(expressions)s AS mails,"
            " JSONB_ARRAY_ELEMENTS_TEXT(mails.records) AS told(value))"
        )
        return self.as_sql(compiler, connection, template=template, **context)


class Tells(Func):
    """Whether one of the keys that a subquery finds is in a list."""

    template = "EXISTS (SELECT 1 FROM JSON_EACH(%(expressions)s)"
    arg_joiner = ") AS told WHERE told.value IN "
    arity = 2
    output_field = BooleanField()

    def as_postgresql(self, compiler, connection, **context):
        return self.as_sql(
            compiler,
            connection,
            template="EXISTS (SELECT 1 FROM JSONB_ARRAY_ELEMENTS_TEXT(%(expressions)s)",
            arg_joiner=") AS told(value) WHERE told.value::bigint IN ",
            **context,
        )
