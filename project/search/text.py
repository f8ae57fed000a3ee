"""The form in which text is stored for search and in which a query is compared with it."""

import re
import unicodedata


def normalise(*parts):
    """Lower case, no accents, one space between words; phone numbers also as bare digits.

    >>> normalise("Hôtel Téranga", "+221 77 123 45 67")
    'hotel teranga +221 77 123 45 67 221771234567'
    """
    text = " ".join(str(part) for part in parts if part)
    folded = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(letter)
    )
    words = " ".join(folded.replace("œ", "oe").replace("æ", "ae").replace("’", "'").split())
    numbers = {
        digits
        for run in re.findall(r"\+?\d[\d .()\-/]{6,}\d", words)
        if len(digits := re.sub(r"\D", "", run)) >= 8 and digits not in words
    }
    return " ".join([words, *sorted(numbers)])
