"""What templates write as the lists do: {% load ui %}."""

from django import template

from project.ui import formats

register = template.Library()


@register.filter
def money(amount, currency):
    """ "35 000 F CFA"; '' for no amount."""
    return formats.amount(amount, currency)


@register.filter
def duration(minutes):
    """ "1 h 10"."""
    return formats.duration(minutes)
