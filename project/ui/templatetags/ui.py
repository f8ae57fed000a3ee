"""What templates write as the lists do: {% load ui %}."""

from datetime import datetime

from django import template
from django.utils import timezone

from project.ui import formats

register = template.Library()


@register.filter
def money(amount, currency):
    """ "35 000 F CFA"; '' for no amount."""
    return formats.amount(amount, currency)


@register.filter
def number(value):
    """ "1 250"."""
    return formats.number(value)


@register.filter
def phone(number):
    """ "+221 77 123 45 67", whole on its line."""
    return formats.phone(number)


@register.filter
def duration(minutes):
    """ "1 h 10"."""
    return formats.duration(minutes)


@register.filter
def weekday(moment):
    """ "dim. 22 nov. 2026", of a moment or a day."""
    if isinstance(moment, datetime):
        moment = timezone.localtime(moment).date()
    return formats.weekday(moment)


@register.filter
def by_effect(buttons, without_edits=False):
    """[(effect, buttons)] of the actions that a menu lists: those that have no button beside it,
    nor, `without_edits`, a place among the ways to edit."""
    groups = {}
    for button in buttons:
        action = button["action"]
        if not (action.primary or (without_edits and action.edits)):
            groups.setdefault((action.reports, action.creates), []).append(button)
    return [(groups[key][0]["action"].effect, groups[key]) for key in sorted(groups)]


@register.filter
def up_to_99(count):
    """ "99+" for a count that goes on: nobody needs to know how far."""
    return "99+" if count > 99 else count
