"""Human references: R-26-004812. Unique, rising, never given twice."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from .models import MOST_NUMBERS, NumberRange


def allocate(prefix, count=1):
    """Take `count` numbers of the series; returns the one before the first.

    The row stays locked until the transaction ends, so a number that is rolled back is free again
    and two writers never get the same one. Call it inside the transaction that uses it. Raises
    ValidationError when the series has no more numbers.
    """
    with transaction.atomic():
        NumberRange.objects.bulk_create([NumberRange(prefix=prefix)], ignore_conflicts=True)
        series = NumberRange.objects.filter(prefix=prefix, last__lte=MOST_NUMBERS - count)
        if not series.update(last=F("last") + count):
            raise ValidationError(
                _("The series %(prefix)s has no more numbers.") % {"prefix": prefix}
            )
        return NumberRange.objects.values_list("last", flat=True).get(prefix=prefix) - count


def reference(prefix, number):
    """The reference as people read it.

    >>> reference("R-26", 4812)
    'R-26-004812'
    """
    return f"{prefix}-{number:06d}"
