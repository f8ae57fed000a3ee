"""What is printed of a desk's records: which documents there are, and the act that prints one.

A wing registers its documents from its apps.py. Each is a `Format` of the room of files, so that
one action, with one dialog, logs which records it shows, writes small ones at once and large ones
in a job, and keeps them for their owner.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.actions import desk as desks
from project.audit.refusals import Refusal
from project.ui.formats import Counted

from . import exporting, formats
from .pdf.document import bind

PRINTED = gettext_lazy("Printed as PDF (%(format)s)")

_documents = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What can be printed. `parts(records, asked, step)` yields its pages, as PDFs to be bound.

    `slug` is the desk's; a list has a `listing`. `refusals` say which records it can't show: a
    tuple, or a function that returns it, where that depends on the day. Up to `at_once` are shown
    while the user waits, and `most` in all, which takes a minute.
    """

    slug: str
    name: str
    label: Any
    parts: Callable
    listing: Any = None
    refusals: Any = ()
    at_once: int = 200
    most: int

    def why_not(self):
        """The refusals in force."""
        return self.refusals() if callable(self.refusals) else self.refusals

    def holds(self, selection):
        """Whether it is not too long with all of these records; looks no further than needed."""
        return not selection.order_by()[self.most : self.most + 1].exists()

    @property
    def limit(self):
        """How many it holds, in words."""
        return _("This document holds at most %(most)s records: choose fewer.") % {
            "most": Counted(self.most)
        }

    @property
    def format(self):
        """As the room of files knows it."""
        return formats.Format(
            name=f"{self.slug}.{self.name}",
            label=self.label,
            suffix=".pdf",
            content_type="application/pdf",
            write=self.write,
            at_once=self.at_once,
        )

    def write(self, content, file):
        """Write the pages about a `Content`'s records into an open binary file.

        Its options are what the dialog asked, the `days` that the filter is about (the first and
        the last, or None) and, of a list, `filter_words` and `columns` (names).
        """
        done = 0

        def step(rows):
            nonlocal done
            done += rows
            content.step(done)

        asked = {**content.options, "by": str(content.export.owner)}
        bind(self.parts(content.records, asked, step), file, self.label)


def register(documents):
    """Offer the documents of a desk, {name: Document}; the first is the one that is proposed."""
    for document in documents.values():
        _documents[document.slug] = documents
        formats.register(document.format)


def documents_of(slug):
    """{name: Document} of a desk; KeyError if nothing is printed of it."""
    return _documents[slug]


def list_of(listing):
    """The document that a `Listing` is."""
    return Document(
        slug=listing.sheet.slug,
        name="list",
        label=gettext_lazy("List with totals"),
        parts=listing.parts,
        listing=listing,
        most=20_000,
    )


def slug_of(selection):
    return desks.of_model(selection.model._meta.label_lower).slug


def print_(code, selection, *, by, document, columns=(), filter=None, ticket=None, **options):
    """Print a document (by its name) about the selection. Returns the Outcome.

    `code` is the action's; `options` (JSON) are for whoever makes the document's parts. Raises
    ValidationError where there are more records, or columns, than it holds, or no record.
    """
    document = documents_of(slug_of(selection))[document]
    if not document.holds(selection):
        raise ValidationError(document.limit)
    if document.listing:
        document.listing.check(columns)
    return exporting.deliver(
        code,
        selection,
        by=by,
        format=document.format.name,
        ticket=ticket,
        refusals=document.why_not(),
        sentence=PRINTED,
        columns=list(columns),
        days=days_in(slug_of(selection), filter, by),
        filter=filter,
        **options,
    )


def days_in(slug, filter, user):
    """The days that a filter asks for, as JSON has them: as they are when it is printed, however
    late the job. [None, None] without a filter."""
    if filter is None:
        return [None, None]
    return [day and day.isoformat() for day in desks.get(slug).matching(filter, user).days]


def refusals_of(selection, answers):
    """Why the document that is asked for can't show records; none for an unknown one. Of too many
    it shows none: that is told before one presses."""
    document = documents_of(slug_of(selection)).get(answers.get("document"))
    if document is None:
        return ()
    if not document.holds(selection):
        return (Refusal("too_many", Q(pk__isnull=False), document.limit),)
    return document.why_not()


def batched(values, size):
    """Lists of at most `size` of `values`: so many are laid out together."""
    values = iter(values)
    while some := list(islice(values, size)):
        yield some
