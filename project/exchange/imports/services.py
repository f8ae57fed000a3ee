"""The verbs on imports: take a file, match its columns, correct a row, write, undo.

Nothing but the import itself is written before `confirm`.
"""

from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from operator import itemgetter

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from project.audit.models import Batch
from project.jobs.services import start

from ..layout import is_total
from .apart import read
from .cells import month_first_in
from .commas import with_missing_cells
from .limits import nothing_below, nothing_that_counts, too_large_together
from .models import Chunk, Import
from .pause import collector_paused
from .recognition import (
    has_titles_of,
    heading_of,
    is_enough,
    language_of,
    left_out,
    place_of_titles,
)
from .rows import PER_SHEET, Row, State
from .signs import CONTROL
from .understanding import understand
from .workbooks import explaining
from .writing import undo_import, why_not_undone, write_import

CHUNK = 2_000


class NotNow(Exception):
    """What was asked can't be done with the import as it stands; the text says why."""


# ------------------------------------------------------------------------------------ the file
def take(importer, *, owner, name, data, sheet="", language, **options):
    """Keep a file and what can be understood of it. Raises `Unreadable`.

    `language` is the owner's: how numbers are written if the file itself does not tell, and in
    which order the days and months of typed dates, whatever the file says, if `month_first` is not
    among the options.

    Where the columns are recognised its rows are understood at once; otherwise they have to be
    matched first.
    """
    item = Import(
        owner=owner,
        slug=importer.slug,
        file_name=shortened(name),
        digest=sha256(data).hexdigest(),
        file_size=len(data),
        content=data,
        language=language,
        zone=timezone.get_default_timezone_name(),
        **({"month_first": month_first_in(language)} | options),
    )
    with collector_paused():
        rows = look(item, sheet, together=not sheet)
        with transaction.atomic():
            if is_enough(item):
                fill(item, rows)
            item.save()
            keep(item)
    return item


def shortened(name):
    return name if len(name) <= 255 else f"{name[:200]}…{name[-50:]}"


def look(item, sheet="", *, together=True):
    """Read the file, find the heading and the columns in it; returns the rows `below`. Sheets with
    the same titles are read `together`, if they are not too large."""
    return look_at(item, first_table(item, sheet, together=together))


def first_table(item, sheet, *, together):
    finds = partial(has_titles_of, importer=item.importer)
    wanted = {"alike": finds, "together": together}
    return read(item.file_name, bytes(item.content), sheet, **wanted)


def look_at(item, table):
    place, names = heading_of(table.rows, item.importer)
    titles = table.rows[place]
    tables = with_headings(table, place)
    if all(len(each.rows) - place < 2 for each, place in tables):
        raise nothing_below()
    item.sheet, item.alike = table.sheet, table.alike
    named = {item.sheet, *item.alike}
    item.sheets = [name for name in table.sheets if name in named or name not in explaining()]
    item.heading = table.first + place
    several = tables if len(tables) > 1 else []
    item.together = [[each.sheet, each.first + place] for each, place in several]
    told = language_of(titles, table.separator, item.importer)
    item.language = told or item.language
    titles = filled_up(titles, max(len(each.rows[0]) for each, _place in tables))
    item.columns = [[title_of(title), names.get(column, "")] for column, title in enumerate(titles)]
    rows = below(item, table)
    item.left_out = left_out(item, [cells for _number, cells in rows])
    item.hidden = hidden_among(rows, table)
    return rows


def with_headings(table, place):
    """[(table, place of its heading)] of those that are read together. One that is like the first
    as the reader gives it, and not once it is finished, is none of them."""
    titles, found = table.rows[place], [(table, place)]
    for other in table.others:
        own = place_of_titles(other.rows, titles)
        if own is None:
            table.alike.remove(other.sheet)
        else:
            found.append((other, own))
    table.others = [other for other, _place in found[1:]]
    table.alike = table.alike if len(table.alike) > 1 else []
    return found


def table_of(item):
    """The table of the file, with those that are read together, as `look` found them."""
    also = tuple(name for name, _heading in item.together[1:])
    table = read(item.file_name, bytes(item.content), item.sheet, also=also)
    if len(table.others) != len(also):  # what may be read has changed
        raise too_large_together()
    return table


def samples(item, most=3):
    """A few values of each column of the file, to tell what it is."""
    columns = zip(*(cells for _number, cells in below(item, table_of(item))), strict=True)
    return [
        list(dict.fromkeys(str(cell) for cell in cells if cell != ""))[:most] for cells in columns
    ]


def below(item, table):
    """(number, cells) of each row under the titles, one that is cut short with a word for that; not
    of the totals that our own files have."""
    rows, width = [], len(item.columns)
    headings = [heading for _name, heading in item.headings]
    for place, (each, heading) in enumerate(zip(table.together, headings, strict=True)):
        found = each.rows[heading - each.first + 1 :]
        if len(each.rows[0]) < width:
            found = [filled_up(cells, width) for cells in found]
        first = place * PER_SHEET + heading + 1
        rows += [row for row in enumerate(found, first) if not is_total(row[1])]
    titled = [place for place, (title, _name) in enumerate(item.columns, 1) if title]
    width = max(titled, default=len(item.columns))
    return with_missing_cells(rows, table, item.places, width=width, clears=item.clears)


def filled_up(cells, width):
    return [*cells, *[""] * (width - len(cells))]


def hidden_among(rows, table):
    """How many of the rows that hold something are hidden in the workbook: they are read too."""
    hidden = {
        place * PER_SHEET + number
        for place, each in enumerate(table.together)
        for number in each.hidden
    }
    if not hidden:
        return 0
    return sum(number in hidden and any(cell != "" for cell in cells) for number, cells in rows)


def match(item, names, *, titled=True, **options):
    """Set which column of the file is which of ours ("" where it is none), and the options.

    Not `titled`, what was taken for titles is a row like the others.
    """
    # Read before it is held: on SQLite everybody who writes waits for who holds something.
    table, read_of = table_of(item), (item.sheet, item.together)
    with held(item):
        if written(item):
            raise NotNow(_("Rows of this import are written: its columns stay as they are."))
        if read_of != (item.sheet, item.together):
            raise other_sheet()
        passed_by = item.importer.sheet.by_name.keys() - item.importer.counting.keys()
        item.columns = [
            [title, name or (former if former in passed_by else "")]
            for (title, former), name in zip(item.columns, names, strict=True)
        ]
        for name, value in options.items():
            setattr(item, name, value)
        if titled != item.is_titled:
            entitle(item, table, titled)
        rows = below(item, table)
        item.hidden = hidden_among(rows, table)
        fill(item, rows)
        item.save()
        keep(item)


def other_sheet():
    return NotNow(_("Another sheet was taken in the meantime: these are its columns."))


def entitle(item, table, titled):
    """Take the row above the others for titles, or no longer; of each sheet that is read."""
    step = 1 if titled else -1
    item.heading += step
    item.together = [[name, heading + step] for name, heading in item.together]
    found = filled_up(table.rows[item.heading - table.first] if titled else [], len(item.columns))
    item.columns = [
        [title_of(cell), name] for cell, (_title, name) in zip(found, item.columns, strict=True)
    ]


def title_of(cell):
    return CONTROL.sub("", str(cell))


def choose_sheet(item, sheet=""):
    """Take another sheet of the workbook by itself, or else all those together that are alike, and
    look for the columns there. Raises `Unreadable`."""
    first = item.alike[0] if item.alike else ""
    table = first_table(item, sheet or first, together=not sheet)
    with held(item):
        if written(item):
            raise NotNow(_("Rows of this import are written: its columns stay as they are."))
        rows = look_at(item, table)
        if not sheet and item.alike and not item.together:
            raise too_large_together()
        item.stage, item.filled = Import.Stage.MATCHING, []
        if is_enough(item):
            fill(item, rows)
        item.save()
        keep(item)


def fill(item, found):
    """Understand the rows of a file, as `below` gives them; `keep` writes them."""
    places = item.places
    pick = itemgetter(*places) if len(places) > 1 else lambda row: [row[places[0]]]
    rows = [
        Row(number, list(cells))
        for number, cells in ((number, pick(row)) for number, row in found)
        if any(cell != "" for cell in cells)
    ]
    if not rows:
        raise nothing_that_counts()
    item.left_out = left_out(item, [cells for _number, cells in found])
    understand(item, rows, user=item.owner)
    item.stage = Import.Stage.READY
    item.filled = rows


def keep(item):
    """Write what `fill` understood in the place of what was there; a statement for each chunk.

    One at a time, because on PostgreSQL Django sends several records as arrays, and every quote in
    the text of an array is escaped in Python: twice the time of understanding the rows.
    """
    if not item._state.adding:
        item.chunks.all().delete()
    chunks = []
    for number, start_at in enumerate(range(0, len(item.filled), CHUNK)):
        chunk = Chunk(of=item, number=number)
        chunk.rows = item.filled[start_at : start_at + CHUNK]
        chunks.append(chunk)
    Chunk.objects.bulk_create(chunks, batch_size=1)


# ------------------------------------------------------------------------------- what is wrong
def correct(item, number, cells):
    """Put other cells into a row: {column: text or number}. What that does to others (a reference
    that was there twice) is seen as well."""
    with held(item):
        chunks = list(item.chunks.select_for_update())
        rows = [(chunk, chunk.rows) for chunk in chunks]
        row = next((row for _chunk, some in rows for row in some if row.number == number), None)
        if row is None or row.state == State.WRITTEN:
            raise NotNow(_("This row is written: change the record itself."))
        for place, name in enumerate(item.names):
            if name in cells and cells[name] != str(row.cells[place]):
                row.cells[place] = cells[name]
        again(item, rows)
    return row


def refresh(item):
    """Understand once more what is not written: someone may have created a missing customer."""
    with held(item):
        if item.stage != Import.Stage.READY:
            raise NotNow(_("Match the columns first."))
        again(item, [(chunk, chunk.rows) for chunk in item.chunks.select_for_update()])


def again(item, rows):
    """Understand the rows of chunks, [(chunk, its rows)], and keep the chunks that differ."""
    left = [row for _chunk, some in rows for row in some if row.state != State.WRITTEN]
    understand(item, left, user=item.owner)
    differing = []
    for chunk, some in rows:
        before = chunk.text, chunk.outcome
        chunk.rows = some
        if (chunk.text, chunk.outcome) != before:
            differing.append(chunk)
    if differing:
        Chunk.objects.bulk_update(differing, ["text", *Chunk.OUTCOME], batch_size=20)


# --------------------------------------------------------------------------------- write, undo
def confirm(item, *, tell=False):
    """Start the job that writes the rows that are new or changed; returns its progress."""
    with held(item):
        counts = item.counts()
        if not counts[State.NEW] + counts[State.CHANGED]:
            raise NotNow(_("No row is left that could be written."))
        item.tell = tell
        item.job = start(
            write_import,
            owner=item.owner,
            title=_("Import of %(file)s") % {"file": item.file_name[:150]},
            arguments={"pk": str(item.pk)},
        )
        item.save(update_fields=["tell", "job"])
    return item.job


def undo(item):
    """Start the job that undoes all that the import wrote; returns its progress."""
    with held(item):
        batches = batches_of(item)
        if not batches:
            raise NotNow(_("Nothing of this import is written."))
        if reason := why_not_undone(batches, item.owner):
            raise NotNow(reason)
        item.job = start(
            undo_import,
            owner=item.owner,
            title=_("Undo the import of %(file)s") % {"file": item.file_name[:150]},
            arguments={"pk": str(item.pk)},
        )
        item.save(update_fields=["job"])
    return item.job


def discard(item):
    """Delete an import of which nothing was written, its file and its rows with it."""
    with held(item):
        if written(item):
            raise NotNow(_("Rows of this import are written: undo it instead."))
        item.delete()


def batches_of(item):
    """What it wrote, batch by batch."""
    batches = Batch.objects.filter(imported_in__of=item).order_by("imported_in")
    return list(batches.select_related("undone_by"))


def earlier(item):
    """The last import of the same file by the same person that wrote something and was not undone;
    None without one."""
    same = Import.objects.filter(
        owner=item.owner_id, slug=item.slug, digest=item.digest, created_at__lt=item.created_at
    )
    same = same.filter(batches__isnull=False).exclude(stage=Import.Stage.UNDONE)
    return same.defer("content").order_by("-created_at").first() if item.digest else None


def written(item):
    return item.batches.exists()


@contextmanager
def held(item):
    """Hold an import for a change: locked, read afresh, and neither under way nor undone."""
    with transaction.atomic():
        # Its job by a statement of its own, later than the lock: joined, it would be as it was
        # before the wait.
        now = Import.objects.select_for_update().defer("content").get(pk=item.pk)
        if now.is_busy:
            raise NotNow(_("This import is being written or undone: wait until that has ended."))
        if now.stage == Import.Stage.UNDONE:
            raise NotNow(_("This import was undone."))
        item.columns, item.stage = now.columns, now.stage
        item.sheet, item.heading = now.sheet, now.heading
        item.alike, item.together = now.alike, now.together
        yield
