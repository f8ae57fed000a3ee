"""The tags that PDF templates have beside HTML's, and the one place where xhtml2pdf learns them.

xhtml2pdf looks a tag's class up by its name among the globals of its parser, and its attributes in
TAGS; that is its registry, and all of it that we touch. Data can't use them: templates escape it.

    <pdf:rows table="0">     a `table.Table`; `{{ table }}` writes this
    <pdf:section name="…">   a new page, from which pages are counted anew
    <pdf:pages>              in the footer: "page 2 of 5" of the section it stands in
    <pdf:margin>             in the header: the red line of the margin, the whole height of the page
    <pdf:end>                the end of the document, where the numbers of pages are known
"""

from reportlab.platypus.flowables import PageBreakIfNotEmpty
from xhtml2pdf import default, parser
from xhtml2pdf.tags import pisaTag

from .paper import End, Margin, PageOf, SectionStart
from .table import Rows

# What a render hands to its tags, among xhtml2pdf's own notes on the document.
OURS = "carnet"


class RowsTag(pisaTag):
    def start(self, c):
        ours = c.meta[OURS]
        c.addPara()
        c.addStory(Rows(ours.tables[int(self.attr.table)], ours.step))


class SectionTag(pisaTag):
    def start(self, c):
        c.addPara()
        c.addStory(PageBreakIfNotEmpty())
        c.addStory(SectionStart(c.meta[OURS].counting, self.attr.name or ""))


class PagesTag(pisaTag):
    def start(self, c):
        c.addPara()
        c.addStory(PageOf())


class MarginTag(pisaTag):
    def start(self, c):
        c.addPara()
        c.addStory(Margin())


class EndTag(pisaTag):
    def start(self, c):
        c.addPara()
        c.addStory(End(c.meta[OURS].counting))


TAGS = {
    "pdfrows": (RowsTag, {"table": (default.INT, default.MUST)}),
    "pdfsection": (SectionTag, {"name": default.STRING}),
    "pdfpages": (PagesTag, {}),
    "pdfmargin": (MarginTag, {}),
    "pdfend": (EndTag, {}),
}


def install():
    for name, (tag, attributes) in TAGS.items():
        setattr(parser, f"pisaTag{name.upper()}", tag)
        default.TAGS[name] = (1, attributes)


install()
