"""By which rule a ride recurs, and on which days: RFC 5545's rules, in local wall time.

A rule follows the ride that it was made from: that one is always its first occurrence.
"""

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import islice

from dateutil.rrule import rrulestr
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from project.ui.formats import date_format, day_of_month

from .wall_time import on_date

MOST_OCCURRENCES = 1000
MOST_BETWEEN = 99  # every so many days, weeks or months
SHORTEST_MONTH = 28
LAST = -1
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
ON_DAYS = (
    pgettext_lazy("on that day", "Monday"),
    pgettext_lazy("on that day", "Tuesday"),
    pgettext_lazy("on that day", "Wednesday"),
    pgettext_lazy("on that day", "Thursday"),
    pgettext_lazy("on that day", "Friday"),
    pgettext_lazy("on that day", "Saturday"),
    pgettext_lazy("on that day", "Sunday"),
)
PLACES = {
    1: pgettext_lazy("of the month", "first"),
    2: pgettext_lazy("of the month", "second"),
    3: pgettext_lazy("of the month", "third"),
    4: pgettext_lazy("of the month", "fourth"),
    LAST: pgettext_lazy("of the month", "last"),
}


class Frequency(models.TextChoices):
    DAILY = "DAILY", gettext_lazy("Every day")
    WEEKLY = "WEEKLY", gettext_lazy("Every week")
    MONTHLY = "MONTHLY", gettext_lazy("Every month")


class TooMany(ValidationError):
    """A rule without end in sight: it has more occurrences than a series may."""

    def __init__(self):
        super().__init__(
            _("That is more than %(most)s rides: end it earlier."),
            params={"most": MOST_OCCURRENCES},
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """When a ride recurs. `until` (a day, included) or `count` ends it, one of the two.

    Weekly: on `weekdays` (0 is Monday). Monthly: on `month_day`, which a shorter month has on its
    last day; or on the `place`-th `weekdays[0]` (-1: the last).
    """

    frequency: str
    interval: int = 1
    weekdays: tuple = ()
    month_day: int | None = None
    place: int | None = None
    until: date | None = None
    count: int | None = None

    def __post_init__(self):
        if (self.until is None) == (self.count is None):
            raise ValueError("A rule ends on a day or after so many rides.")
        if self.count is not None and not 1 <= self.count <= MOST_OCCURRENCES:
            raise ValueError(f"A series has 1 to {MOST_OCCURRENCES} occurrences.")
        if not 1 <= self.interval <= MOST_BETWEEN:
            raise ValueError(f"A rule's interval is 1 to {MOST_BETWEEN}.")
        if not all(0 <= day <= 6 for day in self.weekdays):
            raise ValueError("Week days are 0 (Monday) to 6.")
        if list(self.weekdays) != sorted(set(self.weekdays)):
            raise ValueError("Week days come once each, in order.")
        expected = {
            Frequency.DAILY: not self.weekdays,
            Frequency.WEEKLY: bool(self.weekdays),
            Frequency.MONTHLY: (len(self.weekdays) == 1 and self.place in PLACES)
            if self.month_day is None
            else (not self.weekdays and 1 <= self.month_day <= 31),
        }
        if not expected.get(self.frequency, False):
            raise ValueError(f"Not a {self.frequency} rule.")
        if self.frequency != Frequency.MONTHLY and (self.month_day or self.place):
            raise ValueError("Only a monthly rule has a day of the month.")
        if self.month_day and self.place:
            raise ValueError("A month's day is by date or by weekday, not both.")

    # ------------------------------------------------------------------------------ as RFC 5545
    def __str__(self):
        """The RRULE without its name. UNTIL is local wall time, as the start is."""
        parts = [f"FREQ={Frequency(self.frequency).value}"]
        if self.interval > 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.month_day is not None:
            if self.month_day <= SHORTEST_MONTH:
                parts.append(f"BYMONTHDAY={self.month_day}")
            else:  # the last that a month has of these
                days = ",".join(map(str, range(SHORTEST_MONTH, self.month_day + 1)))
                parts += [f"BYMONTHDAY={days}", "BYSETPOS=-1"]
        elif self.place is not None:
            parts.append(f"BYDAY={self.place}{DAYS[self.weekdays[0]]}")
        elif self.weekdays:
            parts.append(f"BYDAY={','.join(DAYS[day] for day in self.weekdays)}")
        if self.until is not None:
            parts.append(f"UNTIL={self.until:%Y%m%d}T235959")
        else:
            parts.append(f"COUNT={self.count}")
        return ";".join(parts)

    @classmethod
    def parse(cls, text):
        """The rule that `str` wrote. Raises ValueError for any other text."""
        parts = dict(part.split("=", 1) for part in text.split(";"))
        given = {"frequency": parts.get("FREQ", ""), "interval": int(parts.get("INTERVAL", 1))}
        if "BYMONTHDAY" in parts:
            given["month_day"] = int(parts["BYMONTHDAY"].split(",")[-1])
        elif "BYDAY" in parts:
            days = parts["BYDAY"].split(",")
            given["weekdays"] = tuple(DAYS.index(day[-2:]) for day in days)
            if days[0][:-2]:
                given["place"] = int(days[0][:-2])
        if "UNTIL" in parts:
            given["until"] = datetime.strptime(parts["UNTIL"], "%Y%m%dT%H%M%S").date()
        if "COUNT" in parts:
            given["count"] = int(parts["COUNT"])
        rule = cls(**given)
        if str(rule) != text:
            raise ValueError(f"Not a rule of ours: {text}")
        return rule

    # --------------------------------------------------------------------------------- its days
    def days(self, first):
        """The days from `first` (included where the rule has it). Raises `TooMany`."""
        walk = rrulestr(str(self), dtstart=datetime.combine(first, time.min))
        days = [moment.date() for moment in islice(walk, MOST_OCCURRENCES + 1)]
        if len(days) > MOST_OCCURRENCES:
            raise TooMany
        return days

    def has(self, day):
        """Whether a ride of `day` can begin the series: the rule then has it as its first."""
        endless = replace(self, until=None, count=1)
        return endless.days(day) == [day] and (self.until is None or self.until >= day)

    def ending(self, *, until=None, count=None):
        """The same rule with another end."""
        return replace(self, until=until, count=count)

    # ----------------------------------------------------------------------------------- in words
    @property
    def words(self):
        """As people say it: "every week on Monday and Wednesday, until 31/12/2026"."""
        return f"{self._how_often()}, {self._how_long()}"

    def _how_often(self):
        every = {"n": self.interval}
        if self.frequency == Frequency.DAILY:
            return ngettext("every day", "every %(n)s days", self.interval) % every
        if self.frequency == Frequency.WEEKLY:
            days = listed([str(ON_DAYS[day]) for day in self.weekdays])
            text = ngettext("every week on %(days)s", "every %(n)s weeks on %(days)s", every["n"])
            return text % (every | {"days": days})
        text = ngettext("every month %(day)s", "every %(n)s months %(day)s", every["n"])
        return text % (every | {"day": self.day_of_month})

    @property
    def day_of_month(self):
        """ "on the second Tuesday", "on day 5"."""
        if self.month_day is None:
            named = {"place": PLACES[self.place], "day": WEEKDAYS[self.weekdays[0]]}
            return _("on the %(place)s %(day)s") % named
        if self.month_day <= SHORTEST_MONTH:
            return _("on day %(day)s") % {"day": day_of_month(self.month_day)}
        return _("on day %(day)s, or else the last") % {"day": self.month_day}

    def _how_long(self):
        if self.until is not None:
            return _("until %(date)s") % {"date": date_format(self.until, "SHORT_DATE_FORMAT")}
        return ngettext("%(n)s time", "%(n)s times", self.count) % {"n": self.count}


def listed(words):
    """ "Monday, Tuesday and Friday"."""
    if len(words) < 2:
        return "".join(words)
    both = {"some": ", ".join(words[:-1]), "last": words[-1]}
    return pgettext("end of a list", "%(some)s and %(last)s") % both


def places_of(day):
    """Which of its weekday in the month a day is: [2], or [4, -1] where it is also the last."""
    place = (day.day - 1) // 7 + 1
    last = day.day + 7 > monthrange(day.year, day.month)[1]
    return ([place] if place in PLACES else []) + ([LAST] if last else [])


def occurrences(rule, start, zone, excluded=()):
    """The moments of a rule from `start` (aware), at its local time in `zone`.

    `excluded` days are left out, though they count: what is excluded does not lengthen a series.
    """
    return moments(start, rule.days(start.astimezone(zone).date()), zone, excluded)


def moments(start, days, zone, excluded=()):
    """`start` on each of `days`, at its local time."""
    return [on_date(start, day, zone) for day in days if day not in excluded]


def ended_before(rule, first, day):
    """The rule as it ends on the last of its days before `day`; None where it has none there."""
    days = [each for each in rule.days(first) if each < day]
    return rule.ending(until=day - timedelta(days=1)) if days else None
