"""What Poppler reads in a PDF, which shares no code with what wrote it."""

import io
import re
import subprocess

from pypdf import PdfReader


def poppler(tool, pdf, *options):
    return subprocess.run(
        [tool, *options], input=pdf, capture_output=True, check=True
    ).stdout.decode()


def pages_of(pdf):
    """The text of each page, as it stands on it."""
    return poppler("pdftotext", pdf, "-layout", "-", "-").split("\f")[:-1]


def text_of(pdf):
    """All of the text, each stretch of white space as one space."""
    return squeezed(" ".join(pages_of(pdf)))


def words_of(pdf):
    """The text without any white space: what was broken into lines is whole again."""
    return re.sub(r"\s", "", poppler("pdftotext", pdf, "-raw", "-", "-"))


def squeezed(text):
    return re.sub(r"\s+", " ", text).strip()


def fonts_of(pdf):
    """{name: whether it is embedded}."""
    lines = poppler("pdffonts", pdf, "-").splitlines()[2:]
    return {line.split()[0].partition("+")[2]: line.split()[-5] == "yes" for line in lines}


def sizes_of(pdf):
    """The (width, height) of the pages, in points."""
    return {tuple(map(round, page.mediabox[2:])) for page in PdfReader(io.BytesIO(pdf)).pages}


def right_edges(pdf, pattern):
    """Where the words that match end, in whole points from the left of the page."""
    words = re.findall(
        r'xMax="([\d.]+)" yMax="[\d.]+">([^<]*)<', poppler("pdftotext", pdf, "-bbox", "-", "-")
    )
    return [round(float(edge)) for edge, word in words if re.fullmatch(pattern, word)]
