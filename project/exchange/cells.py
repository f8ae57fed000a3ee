"""What a text must be to stand in a cell of a table: harmless, and legal there."""

import re

# A spreadsheet that reads a text which starts with one of these takes it for a formula.
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
# What is quoted: such a text, and one that would be taken for a quoted one when it comes back.
QUOTED = re.compile(r"'*[=+\-@\t\r]")
WRITTEN_SIGN = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
# XML has no way to write these.
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
LONGEST = 32_767  # characters that Excel has in a cell


def cleaned(text):
    """The text without what no file can hold, cut where Excel would call the file damaged."""
    text = ILLEGAL.sub("", text)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def shows(text, whole):
    """Whether a text that was read from a file is what `cleaned` left of another, whose lines may
    have ended by two signs: what is cut is longer than half of what Excel takes, then."""
    if text.endswith("…") and len(text) > LONGEST // 2 and len(whole) > len(text):
        return ILLEGAL.sub("", whole).startswith(text[:-1])
    return text == whole or text == cleaned(whole)


def quoted(text):
    """The text for a CSV file, where only a quote in front keeps a formula from being one."""
    return f"'{text}" if QUOTED.match(text) else text


def escaped(text):
    """The text for a workbook, which needs no quotes: only what looks quoted gets one more, and
    what looks like a sign in Excel's own writing (_x0041_) is told from it."""
    text = quoted(text) if text.startswith("'") else text
    return WRITTEN_SIGN.sub("_x005F_", text)


def plain_decimal(number):
    """A Decimal as a file has it, the same for equal ones: without an exponent or zeros that are
    only stored: "12.5", "35000"."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def unquoted(text):
    """What `quoted` was given."""
    return text[1:] if text.startswith("'") and QUOTED.match(text, 1) else text
