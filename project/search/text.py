"""The form in which text is stored for search, and the words of a query to compare with it."""

import re
import unicodedata

NUMBER = re.compile(r"\+?\d[\d .()\-/]{6,}\d")
# A longer query is cut: the longest single text (an address) still fits.
MOST_LETTERS = 255
APOSTROPHES = {ord(mark): None for mark in "'’‘ʼ"}


def normalise(*parts):
    """The text folded, and the phone numbers in it once more as bare digits.

    >>> normalise("Hôtel Téranga", "+221 77 123 45 67")
    'hotel teranga +221 77 123 45 67 221771234567'
    """
    text = folded(" ".join(str(part) for part in parts if part))
    numbers = {
        digits
        for run in NUMBER.findall(text)
        if len(digits := re.sub(r"\D", "", run)) >= 8 and digits not in text
    }
    return " ".join([text, *sorted(numbers)])


def words(query):
    """What a record must hold to match, all of it; a number in one piece counts by its digits.

    >>> words("  Téranga 77.123.45.67")
    ['teranga', '771234567']
    """
    return [
        digits if NUMBER.fullmatch(word) and len(digits := re.sub(r"\D", "", word)) >= 8 else word
        for word in folded(query.replace("\0", " ")[:MOST_LETTERS]).split()
    ]


def folded(text):
    """Lower case, no accents or apostrophes (N'Diaye is Ndiaye), one space between words."""
    letters = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(letter)
    )
    return " ".join(letters.replace("œ", "oe").replace("æ", "ae").translate(APOSTROPHES).split())
