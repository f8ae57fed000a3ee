"""Ink and type of what Python draws on a page; templates/pdf/document.html says the same in CSS."""

from pathlib import Path

import font_source_sans_pro
import font_source_serif_pro
from reportlab import rl_config
from reportlab.lib.colors import HexColor
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus.tables import CellStyle

INK, QUIET, RULE, RED = map(HexColor, ("#1b2233", "#585f70", "#d8d2c3", "#b8332a"))
# The names that xhtml2pdf gives to the faces of the CSS: family, bold, italic.
FACE, BOLD, ITALIC, TITLE = (
    "carnet sans_00",
    "carnet sans_10",
    "carnet sans_01",
    "carnet serif_00",
)
SANS = Path(font_source_sans_pro.font_directory)
SERIF = Path(font_source_serif_pro.font_directory)
FONTS = {
    FACE: SANS / "SourceSansPro-Regular.ttf",
    BOLD: SANS / "SourceSansPro-Semibold.ttf",
    ITALIC: SANS / "SourceSansPro-It.ttf",
    TITLE: SERIF / "SourceSerifPro-Semibold.ttf",
}

# Read once in a process; xhtml2pdf uses a face that is there under its name already.
for face, path in FONTS.items():
    registerFont(TTFont(face, path))
# Otherwise each page and each cell begins with Helvetica, which writes nothing and isn't embedded.
rl_config.canvas_basefontname = CellStyle.fontname = FACE
