"""The jobs: write an import, chunk by chunk, and undo it, batch by batch.

A chunk's rows and what they become are written in one transaction, so a job that died and runs
again finds each row either written or not, and writes only the latter.
"""

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from project.actions.undo import CannotUndo, undo, what_lacks, why_not
from project.audit.models import Batch
from project.audit.recorder import AlreadyDone
from project.jobs.declare import GiveUp, job
from project.jobs.models import Cancelled, Progress
from project.sqlite import give_way
from project.ui.formats import Counted

from ..exporting import KEEP
from .importer import Written
from .models import Chunk, Import, ImportBatch
from .pause import collector_paused
from .rows import PENDING, State
from .understanding import Rights, entries_of, refuse

MOST_TOGETHER = 2_000  # rows that are tried once more


@job(takes_context=True)
def write_import(context, *, pk):
    """Write every row that is new or changed; those that can't be become errors."""
    item = _found(pk)
    progress = Progress.of(context)
    left = item.chunks.order_by("number").values_list("number", F("new") + F("changed"))
    left = {number: count for number, count in left if count}
    done, total = 0, sum(left.values())
    try:
        progress.step(0, total=total)
        for number, count in left.items():
            write_chunk(item, number)
            give_way(connection)
            done += count
            progress.step(done)
    except Cancelled:
        progress.leave(message=told(item), result_url=item.get_absolute_url())
        raise
    write_refused(item)
    Import.objects.filter(pk=item.pk).update(written_at=timezone.now())
    progress.step(total, result_url=item.get_absolute_url(), message=told(item))


def told(item):
    """What came of it, in words."""
    counts = item.counts()
    text = ngettext("%(n)s row written.", "%(n)s rows written.", counts[State.WRITTEN])
    text %= {"n": Counted(counts[State.WRITTEN])}
    if counts[State.ERROR]:
        wrong = ngettext("%(n)s row in error.", "%(n)s rows in error.", counts[State.ERROR])
        text += " " + wrong % {"n": Counted(counts[State.ERROR])}
    if left := sum(counts[state] for state in PENDING):
        more = ngettext("%(n)s row is not written.", "%(n)s rows are not written.", left)
        text += " " + more % {"n": Counted(left)}
    return text


def _found(pk):
    try:
        return Import.objects.defer("content").select_related("owner").get(pk=pk)
    except Import.DoesNotExist:
        raise GiveUp(_("This import no longer exists.")) from None


def write_chunk(item, number):
    """Write what is pending of a chunk, all in one transaction."""
    with collector_paused(), transaction.atomic():
        chunk = Chunk.objects.select_for_update().get(of=item, number=number)
        rows = chunk.rows
        for row in write_rows(item, [row for row in rows if row.state in PENDING]):
            row.was = row.state
            refuse(row, {})
        chunk.tell(rows)
        chunk.save(update_fields=Chunk.OUTCOME)


def write_refused(item):
    """Once more, and together, the rows that were refused as each chunk by itself was written: what
    was in their way may be in another chunk, and have made room or be among them."""
    if item.chunks.count() < 2:
        return
    with collector_paused(), transaction.atomic():
        chunks = item.chunks.select_for_update().filter(error__gt=0).order_by("number")
        kept = [(chunk, chunk.rows) for chunk in chunks]
        refused = [row for _chunk, rows in kept for row in rows if row.state == State.ERROR]
        refused = [row for row in refused if row.was][:MOST_TOGETHER]
        if not refused:
            return
        for row in refused:
            row.state, row.was, row.errors = row.was, "", {}
        for row in write_rows(item, refused):
            refuse(row, {})
        for chunk, rows in kept:
            chunk.tell(rows)
            chunk.save(update_fields=Chunk.OUTCOME)


def write_rows(item, rows):
    """Write rows that are new or changed; returns those that can't be, with their errors."""
    pending = {row.number: row for row in rows}
    # As they are now: a right that is taken away holds from the next chunk on.
    item.owner = get_user_model().objects.get(pk=item.owner_id)
    rights = Rights(item.importer, item.owner)
    entries, faults = [], {}
    for entry in entries_of(item, rows):
        if found := rights.faults(entry):
            faults[entry.number] = found
        else:
            entries.append(entry)
    written = write(item, entries)
    for number, name in written.names.items():
        row = pending[number]
        row.was, row.state, row.name = row.state, State.WRITTEN.value, name
        row.pk = written.keys.get(number, row.pk)
    faults |= written.faults
    for number, found in faults.items():
        pending[number].errors |= found
    ImportBatch.objects.bulk_create([ImportBatch(of=item, batch=each) for each in written.batches])
    return [pending[number] for number in faults]


def write(item, entries):
    """Write entries; where the database refuses one that no rule foresaw, all but that one."""
    written = Written()
    if not entries:
        return written
    source = _("Import of %(file)s") % {"file": item.file_name}
    try:
        with transaction.atomic():
            return item.importer.write(entries, by=item.owner, tell=item.tell, source=source)
    except (IntegrityError, DataError):
        if len(entries) == 1:
            written.faults[entries[0].number] = {"": _("The database does not take this row.")}
            return written
    middle = len(entries) // 2
    for half in (entries[:middle], entries[middle:]):
        some = write(item, half)
        written.names |= some.names
        written.keys |= some.keys
        written.faults |= some.faults
        written.batches += some.batches
    return written


def why_not_undone(batches, user):
    """Why `user` can undo none of the batches of an import, in words; '' if there is one they can.

    For as long as files are kept, and not for a day: it is looked through later than it is written,
    and what somebody changed since stays as it is.
    """
    left = [batch for batch in batches if not hasattr(batch, "undone_by")]
    reasons = [why_not(batch, user, within=KEEP) or what_lacks(batch, user) for batch in left]
    reasons = reasons or [_("Already undone.")]
    return "" if "" in reasons else reasons[0]


@job(takes_context=True)
def undo_import(context, *, pk):
    """Undo its batches, the last first; what someone changed since stays, and is named there.

    Where a batch as a whole can't be undone, by this person or now, the import stays open, so that
    somebody who can may undo the rest.
    """
    item = _found(pk)
    progress = Progress.of(context)
    batches = list(Batch.objects.filter(imported_in__of=item).order_by("-imported_in"))
    progress.step(0, total=len(batches))
    back, reasons, left = 0, {}, []
    for place, batch in enumerate(batches, 1):
        outcome = None
        try:
            outcome = undo(batch, by=item.owner, within=KEEP)
        except (CannotUndo, AlreadyDone, PermissionDenied) as problem:
            if not hasattr(batch, "undone_by"):
                left.append(batch.pk)
                denied = isinstance(problem, PermissionDenied)
                reason = aside(_("You may not undo this.") if denied else str(problem))
                reasons[reason] = reasons.get(reason, 0) + batch.changed
        if outcome is not None:
            back += outcome.changed
            for refused in outcome.refused:
                reasons[refused.message] = reasons.get(refused.message, 0) + refused.count
        give_way(connection)
        progress.step(place)
    undone = Batch.objects.filter(imported_in__of=item, undone_by__isnull=False)
    if undone.exists() and undone.filter(pk__in=left).count() == len(left):
        Import.objects.filter(pk=item.pk).update(
            stage=Import.Stage.UNDONE, undone_at=timezone.now()
        )
    text = ngettext("%(n)s record is as it was.", "%(n)s records are as they were.", back)
    text %= {"n": Counted(back)}
    if reasons:
        named = ", ".join(f"{Counted(count)} {reason}" for reason, count in reasons.items())
        text += " " + _("Left as they are: %(reasons)s.") % {"reasons": named}
    progress.step(len(batches), result_url=item.get_absolute_url(), message=text[:500])


def aside(sentence):
    """A sentence as it stands within another: "You may not." is "(you may not)"."""
    return f"({sentence[:1].lower()}{sentence[1:].rstrip('.')})"
