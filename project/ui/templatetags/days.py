"""Django's filter `date`, for every template: it writes days as the lists do."""

from django import template

from project.ui import formats

register = template.Library()


@register.filter(expects_localtime=True)
def date(value, arg=None):
    """ "1er janvier 2027"; '' for no date."""
    return "" if value in (None, "") else formats.date_format(value, arg)
