"""A file that came in, what was understood of it, and what came of that.

All of it is in the database: the page that shows it, the worker that writes it and the server that
took it may be three machines.
"""

import uuid
from base64 import b64decode, b64encode

import orjson
from django.conf import settings
from django.db import models
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from project.audit.models import Batch
from project.jobs.models import Progress

from .importer import importer_of
from .rows import COUNTED, PER_SHEET, State, outcomes, packed, unpacked


class Bytes(models.TextField):
    """Bytes, in letters: a parameter of bytes is quoted for PostgreSQL byte by byte, in Python,
    which takes longer than all the rest of an import."""

    def get_prep_value(self, value):
        return None if value is None else b64encode(value).decode()

    def from_db_value(self, value, expression, connection):
        return None if value is None else b64decode(value)


class ImportQuerySet(models.QuerySet):
    def visible_to(self, user):
        """A person's own imports; everybody's for those who may view imports in general."""
        return self if user.has_perm("imports.view_import") else self.filter(owner=user)

    def counted(self):
        """With the number of rows in each state, of those that made a record, and of those that
        changed one."""
        counts = {name: Coalesce(Sum(f"chunks__{name}"), 0) for name in (*COUNTED, "created")}
        return self.annotate(**counts, written_over=F("written") - F("created"))


class Import(models.Model):
    """One file of one person, for one desk. `columns` is [title, name of our column or ""] for
    each column of the file; `heading` is the number of the row with the titles; without titles, of
    the one before the first row.

    `alike` are the names of the sheets that have the same titles as `sheet`, where there are more.
    `together` is [name, heading] of each that is read, the first being `sheet`; empty where that is
    read alone."""

    class Stage(models.TextChoices):
        MATCHING = "matching", _("Columns to match")
        READY = "ready", _("Rows to check")
        UNDONE = "undone", _("Undone")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="imports",
        verbose_name=_("owner"),
    )
    slug = models.CharField(_("what is imported"), max_length=40)
    file_name = models.CharField(_("file"), max_length=255)
    digest = models.CharField(_("digest"), max_length=64, blank=True)
    file_size = models.PositiveIntegerField(_("size"))
    content = Bytes(_("content"), editable=False)
    sheet = models.CharField(_("sheet"), max_length=255, blank=True)
    sheets = models.JSONField(_("sheets"), default=list)
    alike = models.JSONField(_("sheets with the same titles"), default=list)
    together = models.JSONField(_("sheets read together"), default=list)
    heading = models.PositiveIntegerField(_("row of the titles"), default=1)
    columns = models.JSONField(_("columns"), default=list)
    # What its columns are called that hold something and that nothing takes.
    left_out = models.JSONField(_("columns left out"), default=list)
    hidden = models.PositiveIntegerField(_("hidden rows"), default=0)

    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES)
    zone = models.CharField(_("time zone"), max_length=60)
    # Of an import from before this was asked: None, as people of that language do.
    month_first = models.BooleanField(_("dates are typed month first"), null=True)
    # Where nobody said: as people of the language write them, and what may mean another is refused.
    decimal_comma = models.BooleanField(_("decimals are behind a comma"), null=True)
    clears = models.BooleanField(_("an empty cell empties the field"), default=False)
    tell = models.BooleanField(_("tell the customers"), default=False)

    stage = models.CharField(_("stage"), max_length=10, choices=Stage, default=Stage.MATCHING)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    written_at = models.DateTimeField(_("written"), null=True)
    undone_at = models.DateTimeField(_("undone"), null=True)
    job = models.ForeignKey(
        Progress, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("job")
    )

    objects = ImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["owner", "-created_at"], name="import_of_owner")]
        constraints = [
            models.CheckConstraint(
                name="import_stage_known", condition=Q(stage__in=["matching", "ready", "undone"])
            ),
        ]

    def __str__(self):
        return self.file_name

    def get_absolute_url(self):
        return reverse("imports:detail", args=[self.pk])

    @property
    def is_busy(self):
        """Whether a job is writing or undoing it."""
        return self.job is not None and not self.job.is_finished

    # The rows that were just understood, until they are kept.
    filled = ()

    @property
    def importer(self):
        return importer_of(self.slug)

    @property
    def places(self):
        """The places of the columns that count, in the file: matched, and with an intake."""
        taken = self.importer.counting
        return [place for place, (_title, name) in enumerate(self.columns) if name in taken]

    @property
    def names(self):
        """The names of the columns that count, in the order of the cells of a row."""
        return [self.columns[place][1] for place in self.places]

    @property
    def other_sheets(self):
        """What the sheets are called that hold something as well, and are not read."""
        read = [name for name, _heading in self.headings]
        return [name for name in self.sheets if name not in read]

    @property
    def headings(self):
        """(name, row of the titles) of each sheet that is read; without a name, of a text."""
        return self.together or [(self.sheet, self.heading)]

    def where(self, number):
        """(the sheet that a row is in, "" where one is read; its number there)."""
        if not self.together:
            return "", number
        place, row = divmod(number, PER_SHEET)
        return self.together[place][0], row

    def called(self, number):
        """A row, as a heading or where it is told what is wrong with it."""
        sheet, row = self.where(number)
        if not sheet:
            return gettext("Row %(number)s") % {"number": row}
        return gettext("Sheet “%(sheet)s”, row %(number)s") % {"sheet": sheet, "number": row}

    @property
    def is_titled(self):
        """Whether there is a row of titles above the others."""
        return any(title for title, _name in self.columns)

    @property
    def ignored(self):
        """The titles of the columns that are known and never imported."""
        taken = self.importer.counting
        return [title for title, name in self.columns if name and name not in taken]

    def counts(self):
        """{state: how many rows}; one statement."""
        sums = {name: Coalesce(Sum(name), 0) for name in COUNTED}
        return self.chunks.aggregate(**sums)


class Chunk(models.Model):
    """Some hundreds of rows of a file, read and written together.

    One record holds them all: ten thousand rows of their own would cost more to keep than the
    bookings they become. The rows and what is written from them change in one transaction, so a
    row that says it is written is, and one that does not is not.
    """

    of = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField(_("number"))
    text = models.TextField(_("rows"))
    outcome = models.TextField(_("outcome"), default="{}")
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    error = models.PositiveIntegerField(default=0)
    written = models.PositiveIntegerField(default=0)
    # Of those written: what was not there before.
    created = models.PositiveIntegerField(default=0)

    OUTCOME = ("outcome", *COUNTED, "created")

    class Meta:
        verbose_name = _("rows")
        verbose_name_plural = _("rows")
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["of", "number"], name="chunk_once")]

    def __str__(self):
        return f"{self.of_id} {self.number}"

    @property
    def rows(self):
        return unpacked(orjson.loads(self.text), orjson.loads(self.outcome))

    @rows.setter
    def rows(self, rows):
        self.text = written_as_json(packed(rows))
        self.tell(rows)

    def tell(self, rows):
        """Take over what became of its rows, whose cells and values are as they were."""
        self.outcome = written_as_json(outcomes(rows))
        states = [row.state for row in rows]
        for name in COUNTED:
            setattr(self, name, states.count(name))
        self.created = sum(row.state == State.WRITTEN and row.was == State.NEW for row in rows)

    @property
    def pending(self):
        return self.new + self.changed


def written_as_json(found):
    return orjson.dumps(found).decode()


class ImportBatch(models.Model):
    """A batch that an import wrote: what undoing the whole import undoes."""

    of = models.ForeignKey(Import, on_delete=models.PROTECT, related_name="batches")
    batch = models.OneToOneField(Batch, on_delete=models.PROTECT, related_name="imported_in")

    class Meta:
        verbose_name = _("batch of an import")
        verbose_name_plural = _("batches of imports")
        ordering = ["pk"]

    def __str__(self):
        return str(self.batch)
