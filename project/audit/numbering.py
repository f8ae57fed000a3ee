"""Human references: R-26-004812. Unique, rising, never given twice."""

from django.db import transaction
from django.db.models import F

from .models import NumberRange


def allocate(prefix, count=1):
    """Take `count` numbers of the series; returns the one before the first.

    The row stays locked until the transaction ends, so a number that is rolled back is free again
    and two writers never get the same one. Call it inside the transaction that uses it.
    """
    with transaction.atomic():
        NumberRange.objects.bulk_create([NumberRange(prefix=prefix)], ignore_conflicts=True)
        NumberRange.objects.filter(prefix=prefix).update(last=F("last") + count)
        return NumberRange.objects.values_list("last", flat=True).get(prefix=prefix) - count


def reference(prefix, number):
    """The reference as people read it.

    >>> reference("R-26", 4812)
    'R-26-004812'
    """
    return f"{prefix}-{number:06d}"
