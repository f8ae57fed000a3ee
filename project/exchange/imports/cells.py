"""What is written in a cell, understood by the kind of its column.

A cell comes as `reading` gives it: text or a number. What it means is a plain value (what JSON
has): text, a whole number, a decimal as text ("12.5"), a moment as text in UTC, a day as text, yes
or no. `Misread` says what is wrong with it, in words for whoever wrote it.
"""

import math
import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache, partial

from django.utils.dates import MONTHS, MONTHS_3, MONTHS_ALT
from django.utils.translation import gettext as _

from project import money
from project.search.text import folded
from project.ui.numbers import grouped, two_ways

from ..cells import plain_decimal
from ..columns import Kind
from ..languages import in_every_language
from .signs import CONTROL, LONGEST_NUMBER

DIGITS = 15  # what a spreadsheet keeps of a number
FIRST, LAST = date(1900, 1, 1), date(9999, 12, 30)
NUMBERS = (Kind.WHOLE, Kind.NUMBER, Kind.AMOUNT)
OPEN = "?"  # in front of what only the row can tell: a time that came twice, in which currency
# What formulas leave where there is no value, in either language.
ERROR = re.compile(
    r"#(?:N/A|N/D|REF!|VALUE!|VALEUR!|DIV/0!|NAME\?|NOM\?|NUM!|NOMBRE!|NULL!|NUL!|SPILL!|EPARS!"
    r"|CALC!|CALCUL!|GETTING_DATA|CONNECT!|BLOCKED!|UNKNOWN!|FIELD!|BUSY!)"
)
SPACES = re.compile(r"[\s\u00a0\u202f]+")
# In numbers: the spaces between thousands, an apostrophe and a minus, each as one sign.
SIGNS = str.maketrans({"\u00a0": " ", "\u2009": " ", "\u202f": " ", "’": "'", "−": "-"})
SIGNED = re.compile(r"([+-]) +")
# Spaces and apostrophes stand where thousands do, and all of them are alike.
NUMBER = re.compile(
    r"[+-]?(?:[1-9]\d{0,2}(?P<mark>[ '])\d{3}(?:(?P=mark)\d{3})*(?:[.,]\d*)?|[\d.,]*\d[\d.,]*)"
)

# An hour alone is one where "pm" follows: 2 PM.
CLOCK = (
    r"(?P<hour>\d{1,2})(?:\s?(?:[:hH]|\.(?=\d{2}))\s?(?P<minute>\d{2})?|(?=\s?[aApP]\.?\s?[mM]))"
)
CLOCK += r"(?::(?P<second>\d{2})(?:\.\d+)?)?"
CLOCK += r"\s?(?P<half>[aApP])?(?(half)\.?\s?[mM]\.?)"
CLOCK = rf"(?:\s*T\s*|\s+(?:(?:à|at|a)\s+)?|\s*,\s*){CLOCK}"
TIME = rf"(?:{CLOCK}\s?(?P<offset>Z|[+-]\d{{2}}:?\d{{2}})?)?"
# Databases leave the minutes of an offset out; elsewhere 14:30-16 is from when to when.
ISO_TIME = rf"(?:{CLOCK}\s?(?P<offset>Z|[+-]\d{{2}}(?::?\d{{2}})?)?)?"
ISO = re.compile(rf"(?P<year>\d{{4}})-(?P<month>\d{{1,2}})-(?P<day>\d{{1,2}}){ISO_TIME}")
YEAR_FIRST = re.compile(rf"(?P<year>\d{{4}})/(?P<month>\d{{1,2}})/(?P<day>\d{{1,2}}){TIME}")
NUMERIC = re.compile(
    rf"(?:[^\W\d]+\.?,?\s+)?(?P<one>\d{{1,2}})(?P<sign>[/.\-])(?P<two>\d{{1,2}})(?P=sign)(?P<year>\d{{4}}|\d{{2}}){TIME}"
)
DAY_FIRST = re.compile(
    rf"(?:\w+\.?,?\s+)?(?P<day>\d{{1,2}})(?:er|st|nd|rd|th)?[\s-]+(?P<name>[^\W\d]+)\.?,?[\s-]+"
    rf"(?P<year>\d{{4}}|\d{{2}}){TIME}"
)
NAME_FIRST = re.compile(
    rf"(?:\w+\.?,?\s+)?(?P<name>[^\W\d]+)\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+"
    rf"(?P<year>\d{{4}}){TIME}"
)
ZERO_GROUPED = re.compile(r"[+-]?0\d{0,2}[.,]\d{3}")
# A currency stands before or behind its number; what people write for it.
AFFIXED = re.compile(r"([^\d+-]*)([+-]?\d[\d ,.']*)(\D*)")
CFA = ("XOF", "XAF")
CURRENCIES = {code: (code,) for code in money.WRITTEN}
CURRENCIES |= {"FCFA": CFA, "CFA": CFA, "F": CFA, "€": ("EUR",), "$": ("USD",), "£": ("GBP",)}


class Misread(Exception):
    """A cell that can't be understood, and why."""


class Reader:
    """Reads cells as somebody of `language` writes them, in the time zone `zone`.

    `month_first` tells 5/6 from 6/5, `decimal_comma` 1,234 from 1.234; where that is not told, as
    people of the language do.
    """

    def __init__(self, language, zone, *, month_first=None, decimal_comma=None):
        self.language = language
        self.zone = zone
        self.month_first = month_first_in(language) if month_first is None else month_first
        self.comma = comma_in(language) if decimal_comma is None else decimal_comma
        self.is_told = decimal_comma is not None
        self.labels = {}
        self.offsets = {}  # of each day, as `_offset_of` tells it

    def way(self, column):
        """How the column's cells are read: (column, cell that is not empty) -> plain value; what is
        no such value raises `Misread`."""
        return getattr(self, column.kind.value)

    # ------------------------------------------------------------------------------------- text
    def text(self, column, cell):
        if isinstance(cell, float) and math.isfinite(cell):
            if cell.is_integer():
                raise Misread(
                    _("This number has more digits than Excel keeps: format the cell as text.")
                )
            return format(Decimal(repr(cell)), "f")
        return plain_text(str(cell))

    # ---------------------------------------------------------------------------------- numbers
    def whole(self, column, cell):
        number = self._number(cell)
        if self._may_be_thousands(cell):
            raise self._two_ways(cell)
        if number != number.to_integral_value():
            raise Misread(_("“%(cell)s” is no whole number.") % {"cell": cell})
        return int(number)

    def number(self, column, cell):
        """Three decimals that say nothing (35,000) are asked about: who has none writes none."""
        number = self._number(cell)
        says_nothing = number == number.to_integral_value() and self._may_be_thousands(cell)
        if says_nothing and not self.is_told:
            raise self._two_ways(cell)
        return plain_decimal(number)

    def amount(self, column, cell, currency=""):
        """In the `currency` of its row. Where that is not known yet and matters, because the cell
        names one or may mean thousands, `OPEN` and the cell."""
        if not isinstance(cell, str):
            return plain_decimal(self._number(cell))
        bare, among = without_currency(cell)
        number = plain_decimal(self._number(bare))
        thousands = self._may_be_thousands(bare)
        if not (among or thousands):
            return number
        if not currency:
            return f"{OPEN}{cell}"
        if among and currency not in among:
            raise Misread(
                _("“%(cell)s” is not in %(currency)s, the currency of this row.")
                % {"cell": cell, "currency": currency}
            )
        if thousands and money.WRITTEN.get(currency, 0) < 3:
            raise self._two_ways(cell)
        return number

    def _may_be_thousands(self, cell):
        """Whether three digits stand behind our mark of decimals: 35,000 in French."""
        mark = "," if self.comma else "."
        return isinstance(cell, str) and cell.count(mark) == 1 and grouped(signs_of(cell), mark)

    def _two_ways(self, cell):
        """What is wrong with a number that may be two, and what to do: to say how numbers are
        written does not help any more where that was said."""
        if self.is_told:
            return Misread(two_ways(cell))
        return Misread(
            _(
                "“%(cell)s” can be read in two ways: write it without a separator of thousands, or "
                "say with the columns how numbers are written."
            )
            % {"cell": cell}
        )

    def _number(self, cell):
        if isinstance(cell, str):
            number = self._typed(cell)
        else:
            number = Decimal(format(cell, f".{DIGITS}g") if isinstance(cell, float) else cell)
        if not number.is_finite():
            raise no_number(cell)
        if abs(number) >= 10**DIGITS:
            raise Misread(_("This number is too large."))
        return number

    def _typed(self, cell):
        text = signs_of(cell)
        if len(text) > LONGEST_NUMBER or not NUMBER.fullmatch(text):
            raise no_number(cell)
        text = text.replace(" ", "").replace("'", "")
        try:
            return Decimal(self._unpunctuated(text, cell))
        except InvalidOperation:
            raise no_number(cell) from None

    def _unpunctuated(self, text, cell):
        """A number with a dot for its decimals, whatever it has for them and for thousands."""
        points, commas = text.count("."), text.count(",")
        if points and commas:
            mark, grouping = (",", ".") if text.rindex(",") > text.rindex(".") else (".", ",")
            whole, _mark, decimals = text.rpartition(mark)
            if mark in whole or not grouped(whole, grouping):
                raise no_number(cell)
            return f"{whole.replace(grouping, '')}.{decimals}"
        if not points and not commas:
            return text
        mark = "." if points else ","
        if points + commas > 1:
            if not grouped(text, mark):
                raise no_number(cell)
            return text.replace(mark, "")
        if mark != ("," if self.comma else "."):
            if grouped(text, mark):
                if mark == "," or self.is_told:  # 35,000 in English
                    return text.replace(mark, "")
                raise self._two_ways(cell)
            if ZERO_GROUPED.fullmatch(text):  # 0,500: no thousands, and no mark of our decimals
                raise self._two_ways(cell)
        return text.replace(mark, ".")

    # ------------------------------------------------------------------------- days and moments
    def day(self, column, cell):
        found, clock, _offset = self._moment(cell)
        if clock and clock != time(0):
            raise Misread(
                _("“%(cell)s” is a moment: a day without a time, please.") % {"cell": cell}
            )
        return found.isoformat()

    def moment(self, column, cell):
        """In UTC; where the clocks showed it twice that night, `OPEN` and the time they showed."""
        wall = written_by_machine(cell)
        if wall is not None:
            return self._in_utc(wall)
        found, clock, offset = self._moment(cell)
        if clock is None:
            raise Misread(_("The time of day is missing: %(cell)s 14:30.") % {"cell": cell})
        wall = datetime.combine(found, clock)
        if offset is not None:
            wall -= offset
            if not FIRST <= wall.date() <= LAST:  # elsewhere it may be a day that no calendar has
                raise not_in_calendar(cell)
            return plain_moment(wall.replace(tzinfo=UTC))
        return self._in_utc(wall)

    def _in_utc(self, wall):
        day = wall.date()
        if day not in self.offsets:
            self.offsets[day] = self._offset_of(day)
        if (offset := self.offsets[day]) is not None:
            return f"{(wall - offset).isoformat(sep=' ')}+00:00"  # as `plain_moment` writes it
        early, late = wall.replace(tzinfo=self.zone), wall.replace(tzinfo=self.zone, fold=1)
        if early.utcoffset() == late.utcoffset():
            return plain_moment(early)
        if early.utcoffset() > late.utcoffset():
            return f"{OPEN}{wall.isoformat(sep=' ')}"
        raise Misread(
            _("The clocks skip %(clock)s that night: there is no such time.")
            % {"clock": f"{wall:%H:%M}"}
        )

    def _offset_of(self, day):
        """How far from UTC the clocks are all that day; None of a day on which they change (and,
        like them, of the last ones of the calendar)."""
        if not FIRST < day < LAST:
            return None
        first = datetime.combine(day, time(), self.zone)
        offset = first.utcoffset()
        last = first + timedelta(days=1)
        even = offset == last.replace(fold=1).utcoffset() == first.replace(fold=1).utcoffset()
        return offset if even else None

    def _moment(self, cell):
        """(day, time or None, offset from UTC or None)."""
        if not isinstance(cell, str):
            raise Misread(_("%(cell)s is a number: format the cell as a date.") % {"cell": cell})
        text = SPACES.sub(" ", cell).strip()
        if found := ISO.fullmatch(text) or YEAR_FIRST.fullmatch(text):
            month, day = found["month"], found["day"]
        elif found := NUMERIC.fullmatch(text):
            day, month = found["one"], found["two"]
            if self.month_first and found["sign"] != ".":
                day, month = month, day
            if int(month) > 12 >= int(day):
                raise Misread(self._wrong_order() % {"cell": cell})
        elif found := DAY_FIRST.fullmatch(text) or NAME_FIRST.fullmatch(text):
            day, month = found["day"], months().get(folded(found["name"]).rstrip("."), 0)
        else:
            raise Misread(_("“%(cell)s” is no date.") % {"cell": cell})
        year = int(found["year"])
        try:
            read = date(year + 2000 if len(found["year"]) == 2 else year, int(month), int(day))
            clock, offset = clock_of(found), offset_of(found["offset"])
        except ValueError:
            raise not_in_calendar(cell) from None
        if not FIRST <= read <= LAST:
            raise not_in_calendar(cell)
        return read, clock, offset

    def _wrong_order(self):
        if self.month_first:
            return _(
                "“%(cell)s”: in this import the month comes first, and there is no such month."
            )
        return _("“%(cell)s”: in this import the day comes first, and there is no such month.")

    # ---------------------------------------------------------------------------------- choices
    def choice(self, column, cell):
        if column.name not in self.labels:
            self.labels[column.name] = labels_of(column)
        value = self.labels[column.name].get(folded(str(cell)))
        if value is None:
            known = ", ".join(str(label) for _value, label in column.choices)
            raise Misread(_("“%(cell)s” is none of: %(known)s.") % {"cell": cell, "known": known})
        return value

    def flag(self, column, cell):
        word = folded(str(cell))
        if word in YES or word in NO:
            return word in YES
        raise Misread(_("“%(cell)s” is neither yes nor no.") % {"cell": cell})


def month_first_in(language):
    """Whether people of a language write 12/31/2026."""
    return language == "en"


def comma_in(language):
    """Whether people of a language write 12,5."""
    return language == "fr"


def not_in_calendar(cell):
    return Misread(_("“%(cell)s” is not in the calendar.") % {"cell": cell})


def no_number(cell):
    return Misread(_("“%(cell)s” is no number.") % {"cell": cell})


def signs_of(cell):
    """A number as it was typed, with each of its signs written in one way."""
    return SIGNED.sub(r"\1", cell.translate(SIGNS).strip(), count=1)


YES = {"yes", "oui", "true", "vrai", "1", "x", "y", "o"}
NO = {"no", "non", "false", "faux", "0", "n"}


def written_by_machine(cell):
    """The moment of a cell that holds a date, as `reading` writes it: 2026-12-31 14:30:00. None for
    what was typed, which may have an offset from UTC in as many signs."""
    if isinstance(cell, str) and len(cell) == 19 and cell[4] == cell[7] == "-" and cell[10] == " ":
        try:
            wall = datetime.fromisoformat(cell) if cell[13] == cell[16] == ":" else None
        except ValueError:
            return None
        return wall if wall and FIRST <= wall.date() <= LAST else None
    return None


def without_currency(cell):
    """(the number, the currencies that may be meant) of an amount with its currency; (the cell,
    nothing) of any other text."""
    text = signs_of(cell)
    found = AFFIXED.fullmatch(text) if len(text) <= LONGEST_NUMBER else None
    word = found and SPACES.sub("", f"{found[1]}{found[3]}").replace(".", "").upper()
    return (found[2].strip(), CURRENCIES[word]) if word in CURRENCIES else (cell, ())


def as_typed(cell, language):
    """A cell as somebody of `language` types it into a form."""
    text = str(cell)
    return text.replace(".", ",") if isinstance(cell, float) and comma_in(language) else text


def from_typed(column, text, language):
    """The cell that somebody of `language` typed into a form: there it is who types that says what
    9,500 is, and not the file. What is no number stays as it is, for whoever reads the cell."""
    if column.kind not in NUMBERS:
        return text
    reader = Reader(language, None, decimal_comma=comma_in(language))
    bare, among = without_currency(text)
    try:
        number = Decimal(reader.number(column, bare))
    except Misread:
        return text
    if among:
        return signs_of(text).replace(bare, plain_decimal(number))
    whole = number == number.to_integral_value()
    return int(number) if whole else float(number)


def clock_of(found):
    """The time of day of a match, None without one; ValueError if there is no such time."""
    if found["hour"] is None:
        return None
    hour, half = int(found["hour"]), (found["half"] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            raise ValueError(hour)
        hour = hour % 12 + (12 if half == "p" else 0)
    return time(hour, int(found["minute"] or 0), int(found["second"] or 0))


def offset_of(text):
    """How far from UTC; None where it isn't said, ValueError where no clock is that far off."""
    if text is None:
        return None
    if text == "Z":
        return timedelta(0)
    hours, minutes = int(text[1:3]), int(text[3:].lstrip(":") or 0)
    if hours > 23 or minutes > 59:
        raise ValueError(text)
    size = timedelta(hours=hours, minutes=minutes)
    return -size if text[0] == "-" else size


def plain_text(text):
    """A text as it is kept: lines end alike, with nothing unseen within and no space around."""
    return CONTROL.sub("", text.replace("\r\n", "\n")).strip()


def plain_moment(moment):
    return moment.astimezone(UTC).isoformat(sep=" ")


@lru_cache(maxsize=1)
def months():
    """{name of a month, folded: its number}, in every language, whole and short."""
    named = {}
    for names in (MONTHS, MONTHS_3, MONTHS_ALT):
        for read in in_every_language(partial(_names, names)).values():
            named |= read
    # What Excel and LibreOffice write.
    return named | {"janv": 1, "fevr": 2, "avr": 4, "juil": 7, "sept": 9, "dec": 12}


def _names(names):
    return {folded(str(name)).rstrip("."): number for number, name in names.items()}


def labels_of(column):
    """{label or value, folded: value} of a column's choices, in every language."""

    def labels():
        return {folded(str(label)): value for value, label in column.choices}

    known = {folded(value): value for value, _label in column.choices}
    for read in in_every_language(labels).values():
        known |= read
    return known
