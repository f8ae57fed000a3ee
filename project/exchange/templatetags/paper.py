"""What only templates of PDFs write: {% load paper %}."""

import re
from textwrap import wrap

from django import template
from django.template.defaultfilters import linebreaksbr
from django.utils.html import format_html, format_html_join

# What one paragraph holds at most: laying it out takes the square of its length.
LINES, SIGNS = 25, 2_000

register = template.Library()


@register.filter
def paragraphs(text):
    """A text as Django's `linebreaks` writes it; but a long paragraph is several, without a gap
    between them (of class "on")."""
    blocks = re.split(r"\n{2,}", text.replace("\r\n", "\n").replace("\r", "\n").strip("\n"))
    return format_html_join(
        "\n", "{}", ((paragraph,) for block in blocks for paragraph in parts(block))
    )


def parts(block):
    some = list(pieces(block))
    for piece in some[:-1]:
        yield format_html('<p class="on">{}</p>', linebreaksbr(piece))
    yield format_html("<p>{}</p>", linebreaksbr(some[-1]))


def pieces(block):
    """Its lines, some at a time; one that is longer than any on paper ends earlier, at a space."""
    piece, length = [], 0
    for line in block.split("\n"):
        for part in wrap(line, SIGNS, expand_tabs=False, replace_whitespace=False) or [""]:
            if piece and (len(piece) == LINES or length + len(part) > SIGNS):
                yield "\n".join(piece)
                piece, length = [], 0
            piece.append(part)
            length += len(part)
    yield "\n".join(piece)
