"""What stands on every page beside its text: the red line of the margin, "page 2 of 5".

How many pages there are is known at the end. To lay everything out a second time for it would cost
a third more, so each page refers to a drawing of its own, which is made when the last is done.
"""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable

from .look import FACE, QUIET, RED

MARGIN = 13 * mm
SIZE = 7.5
BASELINE = 0.75 * SIZE  # under the top of a line: that of what stands at the left of the foot
WIDEST = 310  # points, of the words about a page: the left of the foot has others


@dataclass(slots=True)
class Counting:
    """(first page, name) of each section of a document."""

    sections: list = field(default_factory=list)

    def labels(self, last):
        """(page, name of its section, words) for each page from 1 to `last`."""
        starts = self.sections or [(1, "")]
        ends = [start - 1 for start, _name in starts[1:]] + [last]
        for (start, name), end in zip(starts, ends, strict=True):
            for page in range(start, end + 1):
                place = {"page": page - start + 1, "pages": end - start + 1}
                yield page, name, _("page %(page)s of %(pages)s") % place


class Mark(Flowable):
    """A flowable that takes no room."""

    def wrap(self, width, height):
        self.right = width
        return 0, 0


class SectionStart(Mark):
    def __init__(self, counting, name):
        super().__init__()
        self.counting, self.name = counting, name

    def draw(self):
        self.counting.sections.append((self.canv.getPageNumber(), self.name))


class PageOf(Mark):
    """Refers to the drawing that `End` makes for the page, at the right of where it stands."""

    def draw(self):
        self.canv.saveState()
        self.canv.translate(self.right, -BASELINE)
        self.canv.doForm(drawing_of(self.canv.getPageNumber()))
        self.canv.restoreState()


class Margin(Mark):
    def draw(self):
        left, bottom = self.canv.absolutePosition(0, 0)
        _width, height = self.canv._pagesize
        self.canv.saveState()
        self.canv.setStrokeColor(RED)
        self.canv.setLineWidth(0.6)
        self.canv.line(MARGIN - left, -bottom, MARGIN - left, height - bottom)
        self.canv.restoreState()


class End(Mark):
    def __init__(self, counting):
        super().__init__()
        self.counting = counting

    def frameAction(self, frame):
        """What reportlab calls instead of looking for room: on a full page, `draw` would begin
        another, with nothing on it."""
        canvas = self.canv
        for page, name, words in self.counting.labels(canvas.getPageNumber()):
            if name:
                words = f" · {words}"
                words = shortened(name, WIDEST - stringWidth(words, FACE, SIZE)) + words
            canvas.beginForm(drawing_of(page), -WIDEST, -SIZE, 0, 2 * SIZE)
            canvas.setFont(FACE, SIZE)
            canvas.setFillColor(QUIET)
            canvas.drawRightString(0, 0, words)
            canvas.endForm()


def shortened(text, width):
    """`text`, cut to what stands in `width` points."""
    if stringWidth(text, FACE, SIZE) <= width:
        return text
    while text and stringWidth(f"{text}…", FACE, SIZE) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def drawing_of(page):
    return f"page-{page}"
