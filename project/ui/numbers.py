"""Numbers as people of a language write them."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import get_format
from django.utils.translation import gettext as _

SPACE = re.compile(r"\s")


class LocalDecimalField(forms.DecimalField):
    """A decimal with the marks of the language, those of thousands where they belong or nowhere.

    Django leaves them out wherever they are: in English "12,50", typed as in French, would be 1250.
    """

    def __init__(self, **options):
        super().__init__(**{"localize": True} | options)

    def to_python(self, value):
        if isinstance(value, str) and not is_grouped(value.strip()):
            raise ValidationError(two_ways(value), code="invalid")
        return super().to_python(value)


def is_grouped(text):
    """Whether the marks of thousands in a number, if any, stand before each third digit."""
    mark, point = get_format("THOUSAND_SEPARATOR"), get_format("DECIMAL_SEPARATOR")
    if mark.isspace():
        text = SPACE.sub(mark, text)
    whole, _point, decimals = text.partition(point)
    if mark not in text:
        return True
    return mark not in decimals and grouped(whole, mark)


def grouped(text, mark):
    """Whether `mark` stands before every third digit of a whole number. No thousands begin with a
    zero: 0,500 is less than one."""
    return bool(re.fullmatch(rf"[+-]?[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})*", text))


def two_ways(typed):
    text = _("“%(cell)s” can be read in two ways: write it without a separator of thousands.")
    return text % {"cell": typed}
