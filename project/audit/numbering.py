"""Human references: R-26-004812. Unique, rising, never given twice."""

from django.core.exceptions import ValidationError
from django.db import connections, router
from django.utils.translation import gettext as _

from .models import MOST_NUMBERS, NumberRange

# One statement: the row is made or raised, and locked, by whoever comes first.
TAKE = (
    "INSERT INTO {table} (prefix, last) VALUES (%s, %s) "
    "ON CONFLICT (prefix) DO UPDATE SET last = {table}.last + excluded.last "
    "WHERE {table}.last + excluded.last <= %s RETURNING last"
)


def allocate(prefix, count=1):
    """Take `count` numbers of the series; returns the one before the first.

    The row stays locked until the transaction ends, so a number that is rolled back is free again
    and two writers never get the same one. Call it inside the transaction that uses it. Raises
    ValidationError when the series has no more numbers.
    """
    connection = connections[router.db_for_write(NumberRange)]
    table = connection.ops.quote_name(NumberRange._meta.db_table)
    last = None
    if count <= MOST_NUMBERS:
        with connection.cursor() as cursor:
            cursor.execute(TAKE.format(table=table), [prefix, count, MOST_NUMBERS])
            last = cursor.fetchone()
    if last is None:
        raise ValidationError(_("The series %(prefix)s has no more numbers.") % {"prefix": prefix})
    return last[0] - count


def reference(prefix, number):
    """The reference as people read it.

    >>> reference("R-26", 4812)
    'R-26-004812'
    """
    return f"{prefix}-{number:06d}"
