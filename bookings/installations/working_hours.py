"""The hours of a week: seven lists, Monday first, of [from, until] as "HH:MM", local time."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

DAYS = 7
CLOCK = re.compile(r"\A([01][0-9]|2[0-3]):[0-5][0-9]\Z|\A24:00\Z")


def usual():
    """Monday to Friday, with a break at noon."""
    return [[["08:00", "12:30"], ["13:30", "18:00"]] for _day in range(5)] + [[], []]


def check(week):
    """Raise ValidationError where `week` is not such a list, in order and without overlaps."""
    if not (isinstance(week, list) and len(week) == DAYS):
        raise ValidationError(_("Working hours have seven days."))
    for day in week:
        if not isinstance(day, list):
            raise ValidationError(_("Working hours are spans such as 08:00-12:30."))
        before = ""
        for span in day:
            if not (
                isinstance(span, list)
                and len(span) == 2
                and all(isinstance(clock, str) and CLOCK.match(clock) for clock in span)
            ):
                raise ValidationError(_("Working hours are spans such as 08:00-12:30."))
            if span[0] < before or span[1] <= span[0]:
                raise ValidationError(_("The spans of a day follow each other."))
            before = span[1]


def minutes(clock):
    """Minutes since midnight: "08:30" is 510."""
    hours, rest = clock.split(":")
    return int(hours) * 60 + int(rest)


def written(week):
    """A line for each day: "08:00-12:30 13:30-18:00", empty for a free one."""
    return "\n".join(" ".join("-".join(span) for span in day) for day in week)


def read(text):
    """The week of seven such lines. Raises ValidationError."""
    lines = text.replace("–", "-").splitlines()
    lines += [""] * (DAYS - len(lines))
    week = [[span.split("-") for span in line.split()] for line in lines]
    check(week)
    return week
