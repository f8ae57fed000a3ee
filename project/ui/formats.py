"""How the lists write values. Cached by language: a page repeats most of what it says."""

from functools import lru_cache, wraps

from babel.dates import (
    get_day_names,
    get_month_names,
    get_timezone_gmt,
    get_timezone_location,
)
from django.utils.dateformat import DateFormat
from django.utils.formats import get_format, localize
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from project import money


def cached_by_language(write):
    """Cache what a function writes for its arguments, apart for each language."""

    @lru_cache(maxsize=10_000)
    def written(language, *values):
        return write(*values)

    @wraps(write)
    def cached(*values):
        return written(get_language(), *values)

    return cached


class Counted(int):
    """A count in a text: plural rules take it as it is, and it is written as the language does."""

    def __str__(self):
        return localize(int(self))


@cached_by_language
def amount(value, currency):
    """ "35 000 F CFA"; '' for None."""
    return money.formatted(value, currency)


@cached_by_language
def number(value):
    return localize(value)


def phone(number):
    """A phone number that no line breaks."""
    return str(number).replace(" ", "\N{NO-BREAK SPACE}")


@cached_by_language
def duration(minutes):
    """ "35 min", "1 h 10"."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return _("%(minutes)s min") % {"minutes": rest}
    return f"{hours} h {rest:02d}" if rest else f"{hours} h"


class Written(DateFormat):
    """Django's format characters, with what it does not know: that French says "1er", and what is
    usual for a short name ("janv.", where Django writes "jan.")."""

    def j(self):
        return day_of_month(self.data.day)

    def D(self):
        return get_day_names("abbreviated", locale=get_language() or "en")[self.data.weekday()]

    def M(self):
        return get_month_names("abbreviated", locale=get_language() or "en")[self.data.month]

    N = M


def date_format(value, format=None):
    """A date or a moment as Django's `date_format` writes it, by the name of a format or by its
    characters: the one way in which pages, files and letters write a day."""
    return Written(value).format(get_format(format or "DATE_FORMAT"))


def day_of_month(number):
    """ "1er", "2", … of a month."""
    return f"{number}er" if number == 1 and get_language() == "fr" else number


@cached_by_language
def day(date, this_year):
    """ "Saturday 21 November", with the year where it is another than `this_year`."""
    # Translators: Django's date format characters.
    words = date_format(date, _("l j F") if date.year == this_year else _("l j F Y"))
    return words[:1].upper() + words[1:]


@cached_by_language
def short_day(date, this_year):
    """ "21 Nov", with the year where it is another than `this_year`."""
    # Translators: Django's date format characters.
    return date_format(date, _("j M") if date.year == this_year else _("j M Y"))


@cached_by_language
def weekday(date):
    """ "dim. 22 nov. 2026"."""
    return date_format(date, "D j M Y")


def clock_of(moment):
    """Whose clock a local moment is read on: "local time (Dakar)", or "UTC+01:00" of no place."""
    locale, zone = get_language() or "fr", str(moment.tzinfo)
    if "/" not in zone or zone.startswith("Etc/"):
        return get_timezone_gmt(moment, locale=locale)
    city = get_timezone_location(moment, locale=locale, return_city=True)
    return _("local time (%(city)s)") % {"city": city}
