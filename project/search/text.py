"""The form in which text is stored for search, and the words of a query to compare with it."""

import re
import unicodedata
from functools import lru_cache

# A run of digits in a text, and what in a query is a whole phone number and nothing else.
NUMBER = re.compile(r"\d[\d .()\-/]{6,}\d")
NO_DIGIT = re.compile(r"\D")
PHONE = re.compile(r"(?<!\S)\+?(?:\d{1,4}(?:[ .()\-/]{1,2}\d{1,4})+|\d+)(?!\S)")
SHORTEST_PHONE = 8
# A longer query is cut: the longest single text (an address) still fits.
MOST_LETTERS = 255
# What may be an accent, an apostrophe or a ligature, and how the last two are written.
SIGN = re.compile(r"['\u0080-\U0010ffff]")
WRITTEN = {"œ": "oe", "æ": "ae", "'": "", "’": "", "‘": "", "ʼ": ""}


def normalise(*parts):
    """The text folded, and the phone numbers in it once more as bare digits.

    >>> normalise("Hôtel Téranga", "+221 77 123 45 67")
    'hotel teranga +221 77 123 45 67 221771234567'
    """
    return with_numbers(folded_together(*parts))


def folded_together(*parts):
    """Texts as one, folded."""
    parts = map(str, filter(None, parts))
    return folded(" ".join([part if part.isascii() else folded_before(part) for part in parts]))


def with_numbers(text):
    """A folded text, and the phone numbers in it once more as bare digits."""
    runs = NUMBER.findall(text)
    if not runs:
        return text
    numbers = {digits for run in runs if (digits := digits_of(run)) not in text}
    return " ".join([text, *sorted(numbers)])


@lru_cache(maxsize=2_000)
def folded_before(text):
    """As `folded`, remembered: addresses and names come again and again, and accents take time."""
    return folded(text)


def words(query):
    """What a record must hold to match, all of it; a phone number counts by its digits.

    With its country code it counts by its last digits: the record may be without.

    >>> words("  Téranga 77.123.45.67")
    ['teranga', '771234567']
    >>> words("+221 77 123 45 67")
    ['71234567']
    """
    text = folded(query.replace("\0", " ")[:MOST_LETTERS])
    return PHONE.sub(lambda number: sought(number[0]), text).split()


def sought(number):
    """What to look for of a number in a query."""
    digits = digits_of(number)
    abroad = number.startswith("+") and digits.isdigit()
    return digits[-SHORTEST_PHONE:] if abroad else digits


def digits_of(number):
    """The bare digits of a phone number; too short for one, it stays as it is written."""
    digits = NO_DIGIT.sub("", number)
    return digits if len(digits) >= SHORTEST_PHONE else number


def folded(text):
    """Lower case, no accents or apostrophes (N'Diaye is Ndiaye), one space between words."""
    if text.isascii():  # most are, and it is a third of the work
        return " ".join(text.lower().replace("'", "").split())
    text = unicodedata.normalize("NFKD", text.casefold())
    for sign in set(SIGN.findall(text)):
        if unicodedata.combining(sign):
            text = text.replace(sign, "")
        else:
            text = text.replace(sign, WRITTEN.get(sign, sign))
    return " ".join(text.split())
