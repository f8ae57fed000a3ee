"""A table of any length in a PDF.

xhtml2pdf's own tables cost more with each row. This one is measured once; every page then takes
the rows that fit, under a head of its own, so that a row costs the same in a table of fifty and of
fifty thousand.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from django.utils.safestring import mark_safe
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable

from .look import BOLD, FACE, INK, QUIET, RULE, TITLE

# The tables that the template being rendered has placed so far.
placed = ContextVar("tables placed in a document")

PADDING = 3.5  # points, left and right of a cell
LEADING = 1.25
ROOM = 2.4  # points, above and below a row's text
# (number of columns, size of the type in points): the more columns, the smaller.
SIZES = ((7, 8.5), (10, 7.6), (13, 6.8), (99, 6))
WIDEST_WORD = 0.16  # of a table's width: a longer word is broken
NARROWEST = 24  # points, of a text for which fixed columns leave no more
PART = 3  # lines that stay together in such a row
BLANKS = re.compile("[\t\u2000-\u200a\u205f\u3000]")  # for which a font has a box, or nothing
MOST_LINES = 12  # of a row that stays on one page; a longer one may go on on the next


@dataclass(frozen=True, slots=True)
class Column:
    """`width` is its share of what others leave. `fixed` ones take what their text needs; numbers
    stand `right`."""

    title: str
    width: float = 1
    fixed: bool = False
    right: bool = False
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """A line of its own above the rows it is about, never the last of a page."""

    text: str


@dataclass(frozen=True, slots=True)
class Total:
    """A row of sums under a rule, with a label."""

    cells: tuple
    label: str = ""


@dataclass(eq=False, slots=True)
class Table:
    """Columns, and rows that are tuples of text, a Heading or a Total: read once, as they come.

    Written into a template, `{{ table }}` is the place where it stands. `size` is that of its type
    in points; without it, what so many columns leave room for. The rows of one that is `counted`
    are told to whoever watches the work.
    """

    columns: tuple
    rows: Iterable
    size: float = 0
    counted: bool = True

    def __str__(self):
        tables = placed.get()
        tables.append(self)
        return mark_safe(f'<pdf:rows table="{len(tables) - 1}"></pdf:rows>')


@dataclass(slots=True)
class Line:
    """A row that has been measured: its cells, broken into lines, and its height in points."""

    cells: list
    height: float
    kind: str = "row"
    starts: bool = True
    ends: bool = True  # a rule stands under it
    counts: int = 1


class Rows(Flowable):
    """The rows of a table from `start` on, in the story of a document."""

    def __init__(self, table, step):
        super().__init__()
        self.table, self.step, self.start = table, step, 0
        self.lines = None

    def wrap(self, width, height):
        if self.lines is None:
            self.measure(width)
        self.width, self.height = width, self.tops[-1] - self.tops[self.start] + self.head.height
        return self.width, self.height

    def measure(self, width):
        columns = self.table.columns
        self.size = self.table.size or next(size for most, size in SIZES if len(columns) <= most)
        rows = list(self.table.rows)
        self.widths = widths_of(columns, rows, width, self.size)
        self.head = self.broken([column.title for column in columns], BOLD, "head")
        self.lines = [line for row in rows for line in self.lines_of(row)]
        self.tops = [0, *accumulate(line.height for line in self.lines)]

    def lines_of(self, row):
        if isinstance(row, Heading):
            cells = [[row.text], *([] for _column in self.table.columns[1:])]
            height = self.size * LEADING * 1.15 + ROOM * 4
            return [Line(cells, height, "heading", counts=0)]
        if isinstance(row, Total):
            return self.total_lines(row)
        return self.cut(self.broken(row, FACE, "row"))

    def total_lines(self, total):
        """The sums with their label before them, or above them where there is no room."""
        sums = self.broken(total.cells, BOLD, "total")
        sums.counts = 0
        first = next((place for place, cell in enumerate(total.cells) if cell), len(total.cells))
        room = sum(self.widths[:first]) - 2 * PADDING
        if measured(total.label, BOLD, self.size) <= room:
            sums.cells[0] = [total.label]
            return [sums]
        label = [[total.label], *([] for _column in self.table.columns[1:])]
        return [Line(label, self.height_of(label), "total", counts=0), sums]

    def broken(self, cells, face, kind):
        """The row with its texts broken into lines that fit their columns."""
        lines = [
            broken(text, width - 2 * PADDING, BOLD if column.bold else face, self.size)
            for text, width, column in zip(cells, self.widths, self.table.columns, strict=True)
        ]
        return Line(lines, self.height_of(lines), kind)

    def height_of(self, cells):
        return max(1, *map(len, cells)) * self.size * LEADING + 2 * ROOM

    def cut(self, line):
        """A row that may go on on another page, in parts that do not."""
        count = max(map(len, line.cells))
        if count <= MOST_LINES:
            return [line]
        parts = []
        for start in range(0, count, PART):
            cells = [lines[start : start + PART] for lines in line.cells]
            height = max(map(len, cells)) * self.size * LEADING
            parts.append(Line(cells, height, "row", starts=False, ends=False, counts=0))
        parts[0].starts = parts[-1].ends = True
        parts[0].height += ROOM
        parts[-1].height += ROOM
        parts[-1].counts = 1
        return parts

    def split(self, width, height):
        fits = bisect_right(self.tops, self.tops[self.start] + height - self.head.height) - 1
        end = self.last_good_end(fits, self._frame._aH)
        if end <= self.start:
            return []
        return [self.page(end), *([self.after(end)] if end < len(self.lines) else [])]

    def last_good_end(self, fits, page):
        """Where what fits ends: neither with a heading, nor before a total, unless these are more
        than a whole `page` (points) holds with the row before them: then they go where they can."""
        end = after = fits
        if end < len(self.lines):
            while end > self.start and self.lines[end].kind == "total":
                end -= 1
            while end > self.start and self.lines[end - 1].kind == "heading":
                end -= 1
        while after < len(self.lines) and self.lines[after].kind == "total":
            after += 1
        together = self.head.height + self.tops[after] - self.tops[end]
        return end if together <= page else fits

    def after(self, end):
        rest = Rows(self.table, self.step)
        for name in ("lines", "tops", "head", "widths", "size"):
            setattr(rest, name, getattr(self, name))
        rest.start = end
        return rest

    def page(self, end):
        """The rows up to `end` under a head of their own."""
        lines = self.lines[self.start : end]
        if self.table.counted:
            self.step(sum(line.counts for line in lines))
        return Page(self.table.columns, self.widths, self.size, [self.head, *lines])

    def draw(self):
        """All of it fits where it stands."""
        self.page(len(self.lines)).drawOn(self.canv, 0, 0)


class Page(Flowable):
    """Lines that were measured to fit, drawn at once: reportlab's own tables ask for the style of
    each cell again, which takes most of the time of a long list."""

    def __init__(self, columns, widths, size, lines):
        super().__init__()
        self.columns, self.widths, self.size, self.lines = columns, widths, size, lines
        self.width, self.height = sum(widths), sum(line.height for line in lines)

    def wrap(self, width, height):
        return self.width, self.height

    def draw(self):
        text, rules = self.canv.beginText(), {}
        top, before = self.height, None
        for line in self.lines:
            bottom = top - line.height
            self.write(text, line, before, top, bottom)
            for rule, y in rules_of(line, before, top, bottom):
                rules.setdefault(rule, []).append((0, y, self.width, y))
            top, before = bottom, line
        self.canv.drawText(text)
        for (thickness, colour), strokes in rules.items():
            self.canv.setLineWidth(thickness)
            self.canv.setStrokeColor(colour)
            self.canv.lines(strokes)

    def write(self, text, line, before, top, bottom):
        """The cells of a line, in the order in which one reads."""
        size = self.size * 1.15 if line.kind == "heading" else self.size
        text.setFillColor(QUIET if line.kind == "head" else INK)
        left = 0
        for column, width, cell in zip(self.columns, self.widths, line.cells, strict=True):
            face = face_of(line.kind, column)
            if line.kind in ("head", "heading"):  # these stand on their rule
                y = bottom + ROOM + len(cell) * size * LEADING - size
            else:
                y = top - self.above(line, before) - size
            if cell:
                text.setFont(face, size)
            for part in cell:
                x = left + PADDING
                if column.right and line.kind != "heading":
                    x = max(left + width - PADDING - measured(part, face, size), PADDING)
                text.setTextOrigin(x, y)
                text.textOut(part)
                y -= size * LEADING
            left += width

    def above(self, line, before):
        """What is free above a row's text; less where it goes on from another page or part."""
        if line.starts:
            return ROOM - self.size * 0.12
        return 0 if before.kind == "head" else -self.size * 0.12


def face_of(kind, column):
    if kind == "heading":
        return TITLE
    return BOLD if column.bold or kind in ("head", "total") else FACE


def rules_of(line, before, top, bottom):
    """((thickness in points, colour), height) of the rules that a line has."""
    if line.kind == "head":
        yield (0.8, INK), bottom
    elif line.kind == "heading":
        yield (0.5, QUIET), bottom
    elif line.kind == "total":
        if before.kind != "total":
            yield (0.8, INK), top
    elif line.ends:
        yield (0.25, RULE), bottom


def widths_of(columns, rows, width, size):
    """The width of each column, in points: together just `width`.

    Each has at least what its longest word takes, a fixed one all that its text takes; what is left
    goes to those that want more, by their `width`.
    """
    texts = texts_by_column(columns, rows)
    wanted = [room_for(some, size) for some in texts]
    least = [
        want if column.fixed else min(room_for(words_of(some), size), want, width * WIDEST_WORD)
        for column, some, want in zip(columns, texts, wanted, strict=True)
    ]
    if sum(least) >= width:
        return narrowed(columns, least, width)
    weights = [column.width for column in columns]
    if sum(wanted) < width:  # then what is too much goes to those with the most to say
        return [own + (width - sum(wanted)) * own / sum(wanted) for own in wanted]
    more = shared_out(
        [want - own for want, own in zip(wanted, least, strict=True)], weights, width - sum(least)
    )
    return [own + extra for own, extra in zip(least, more, strict=True)]


def narrowed(columns, least, width):
    """The widths where not even each longest word has room: the longest words of texts are broken
    first, so that a reference, or what is fixed, stays whole as long as it can."""
    texts = [own for column, own in zip(columns, least, strict=True) if not column.fixed]
    left = max(width - sum(least) + sum(texts), sum(min(own, NARROWEST) for own in texts))
    given = iter(shared_out(texts, [1] * len(texts), left))
    widths = [
        own if column.fixed else next(given) for column, own in zip(columns, least, strict=True)
    ]
    return [own * width / sum(widths) for own in widths]


def shared_out(wanted, weights, amount):
    """`amount` by weight among those that want more than there is, none getting more than that."""
    given = [0] * len(wanted)
    while amount > 0.01:
        open_to = [place for place, want in enumerate(wanted) if given[place] < want]
        weight = sum(weights[place] for place in open_to)
        portions = {
            place: min(wanted[place] - given[place], amount * weights[place] / weight)
            for place in open_to
        }
        for place, portion in portions.items():
            given[place] += portion
        amount -= sum(portions.values())
    return given


def texts_by_column(columns, rows):
    """The different texts of each column; of its title, the words."""
    rows = [row.cells if isinstance(row, Total) else row for row in rows]
    cells = [row for row in rows if not isinstance(row, Heading)]
    return [
        {row[place] for row in cells} | set(column.title.split())
        for place, column in enumerate(columns)
    ]


def words_of(texts):
    return {word for text in texts for line in text.split("\n") for word in line.split(" ")}


def room_for(texts, size):
    """The width of a cell in which the widest of `texts` stands unbroken, in points."""
    widest = max((measured(text, BOLD, size) for text in texts), default=0)
    return widest + 2 * PADDING + 0.5


@lru_cache(maxsize=50_000)
def measured(text, face, size):
    """The width of the widest line of `text`, in points."""
    return max((stringWidth(line, face, size) for line in text.split("\n")), default=0)


@lru_cache(maxsize=50_000)
def broken(text, width, face, size):
    """`text` in lines no wider than `width`: between words, inside one that is wider alone."""
    if not text:
        return []
    text = BLANKS.sub(" ", text)
    return [line for part in text.splitlines() for line in broken_line(part, width, face, size)]


def broken_line(text, width, face, size):
    if stringWidth(text, face, size) <= width:
        return [text]
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if stringWidth(longer, face, size) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        *whole, line = pieces(word, width, face, size)
        lines += whole
    return [*lines, line]


def pieces(word, width, face, size):
    """A word in pieces no wider than `width`, of at least one letter each."""
    found, piece = [], ""
    for letter in word:
        if piece and stringWidth(piece + letter, face, size) > width:
            found.append(piece)
            piece = ""
        piece += letter
    return [*found, piece]
