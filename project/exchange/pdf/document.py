"""A PDF out of a template: paper, head and foot of the house, its fonts, long tables.

A document's template extends `pdf/document.html`, which names its blocks. Its context holds what it
likes; a `table.Table` in it stands where the template writes it. Only what a template says is
markup: what comes from data is escaped, as on a page.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain, islice

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language
from pypdf import PdfWriter
from pypdf.generic import NameObject, TextStringObject
from xhtml2pdf.document import pisaDocument

from . import files
from .paper import Counting
from .table import placed
from .tags import OURS


class Unprintable(ValueError):
    """xhtml2pdf could make nothing of a document: a mistake in its template."""


@dataclass(slots=True)
class Ours:
    """What the tags of one document share."""

    tables: list = field(default_factory=list)
    counting: Counting = field(default_factory=Counting)
    step: Callable = lambda rows: None


def render(template, context=None, *, step=lambda rows: None):
    """The PDF, as bytes, that `template` says of `context`, in the language that is active.

    `step(rows)` is told how many rows of tables each page took; what it raises ends the work.
    xhtml2pdf makes one document at a time in a process: a long one belongs to the worker.
    """
    ours = Ours(step=step)
    token = placed.set(ours.tables)
    try:
        html = render_to_string(template, surroundings() | (context or {}))
    finally:
        placed.reset(token)
    return pdf_of(html, ours)


def pdf_of(html, ours=None):
    made = pisaDocument(
        html,
        link_callback=files.path_of,
        resource_policy=files.the_policy(),
        context_meta={OURS: ours or Ours()},
    )
    if made.err:
        raise Unprintable(made.log)
    return made.dest.getvalue()


def surroundings():
    """What the head and the foot of every document say."""
    return {
        "company": settings.COMPANY_NAME,
        "company_address": settings.COMPANY_ADDRESS,
        "logo": files.LOGO if settings.COMPANY_LOGO else "",
        "language": get_language(),
        "now": timezone.now(),
    }


def bind(parts, file, title):
    """Write the pages of several PDFs, in their order, into one open binary file, which has this
    `title`; one that is alone as it is."""
    parts = iter(parts)
    some = list(islice(parts, 2))
    if len(some) == 1:
        file.write(some[0])
        return
    binder = PdfWriter()
    for part in chain(some, parts):
        binder.append(io.BytesIO(part), import_outline=False)
    # What the parts say of themselves is not taken along.
    binder.add_metadata({"/Title": str(title), "/Author": settings.COMPANY_NAME})
    binder.root_object[NameObject("/Lang")] = TextStringObject(get_language())
    binder.write(file)
