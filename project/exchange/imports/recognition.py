"""Which column is which: by the titles that the columns have in files, in any language."""

import re
from collections import Counter

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from openpyxl.utils import get_column_letter

from project.search.text import folded

from ..languages import in_every_language
from .pages import HEADING_WITHIN

LONGEST_TITLE = 200  # characters that are compared
# The title that we put above the reasons, among the rows to correct: no column of anybody's.
WRONG = gettext_lazy("What is wrong")
UNIT = re.compile(r"\s*[(\[].*?[)\]]\s*$")


def titles_in(importer):
    """{language: {title, folded: name}} of all the columns of the sheet, those that do not count
    too."""

    def titles():
        return {word_of(str(column.title)): column.name for column in importer.sheet.columns}

    return in_every_language(titles)


def titles_of(importer):
    """{title, folded: name} in any language."""
    known = {}
    for read in titles_in(importer).values():
        known = {**read, **known}
    return {column.name: column.name for column in importer.sheet.columns} | known


def word_of(title):
    """A title as it is compared: without its unit, its star for what is required, its colon."""
    title = str(title)[:LONGEST_TITLE]
    return folded(UNIT.sub("", title).strip(" *:\n\t")).replace("-", " ").replace("_", " ")


def heading_of(rows, importer):
    """(place of the heading among the rows, {place of a column: its name}).

    The row with most known titles; without any, the first one.
    """
    known = titles_of(importer)
    best, found = 0, {}
    for place, row in enumerate(rows[:HEADING_WITHIN]):
        named = {}
        for column, title in enumerate(row):
            name = known.get(word_of(title)) if title != "" else None
            if name and name not in named.values():
                named[column] = name
        if len(named) > len(found):
            best, found = place, named
    return best, found


def has_titles_of(head, importer):
    """Whether a sheet of a workbook is like the one whose first rows these are, as a function of
    its own: it has the same titles, in the same order."""
    if not head:
        return lambda rows: False
    place, _names = heading_of(head, importer)
    return lambda rows: place_of_titles(rows, head[place]) is not None


def place_of_titles(rows, titles):
    """The place of the row of these titles among the first rows of another sheet, or None."""
    wanted = compared(titles)
    places = range(min(len(rows), HEADING_WITHIN))
    return next((place for place in places if wanted and compared(rows[place]) == wanted), None)


def compared(titles):
    """Titles as those of sheets are compared, with their units; without what is empty behind."""
    found = [folded(str(title)[:LONGEST_TITLE]).strip() for title in titles]
    while found and not found[-1]:
        found.pop()
    return found


def language_of(titles, separator, importer):
    """The language that a file is written in, "" where nothing tells: the one that most of its
    titles are in; or else French where semicolons separate, as commas are in the numbers there."""
    words = {word_of(title) for title in titles if title != ""}
    found = Counter(
        {language: len(words & known.keys()) for language, known in titles_in(importer).items()}
    )
    (best, most), *others = found.most_common()
    if most and all(count < most for _language, count in others):
        return best
    return "fr" if separator == ";" else ""


def left_out(item, rows):
    """What to call the columns that hold something in these rows, and that nothing takes; without
    those that our own files have and imports pass by."""
    ours = set(in_every_language(lambda: word_of(WRONG)).values())
    return [
        called(title, place)
        for place, (title, name) in enumerate(item.columns)
        if not name
        and word_of(title) not in ours
        and any(str(cells[place]).strip() for cells in rows)
    ]


def called(title, place):
    """A column of a file, as its owner finds it: "Remark (G)", "column H"."""
    letter = get_column_letter(place + 1)
    return f"{title} ({letter})" if title else _("column %(letter)s") % {"letter": letter}


def is_enough(item):
    """Whether the columns found do without asking: those that a new record needs, or else the key
    and what to change; and none is left out."""
    names = set(item.names)
    complete = names.issuperset(item.importer.required)
    return (complete or (item.importer.key in names and len(names) > 1)) and not item.left_out
