"""Files of records: asked for by an action, written at once or by a job, kept for a while."""

import errno
import os
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F, UUIDField, Value
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.actions import desk as desks
from project.audit.recorder import Ticket, line, log_model_of, recorded, tell_later
from project.audit.statements import insert_select, plain
from project.jobs.declare import GiveUp, job
from project.jobs.models import Progress
from project.jobs.services import start
from project.ui.formats import Counted

from . import formats
from .models import Export, ExportedRow, State

KEEP = timedelta(days=7)
FOLDER = "private/exports"
UNFINISHED = ".part"
NAMED = 3  # of the records that were picked
LONGEST_TITLE = 200  # characters, of a job's
EXPORTED = gettext_lazy("Exported (%(format)s)")
# What became of a file that its lines tell of already, by the end of their code.
SINCE = {
    State.CANCELLED: ("stopped", gettext_lazy("No file was kept (%(format)s): stopped")),
    State.FAILED: ("failed", gettext_lazy("No file was kept (%(format)s): failed")),
    State.READY: ("kept", gettext_lazy("The file was kept after all (%(format)s)")),
}
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def deliver(
    code,
    selection,
    *,
    by,
    format,
    ticket=None,
    refusals=(),
    sentence=EXPORTED,
    filter=None,
    words=(),
    widened="",
    **options,
):
    """Log that the selected records are shown, and make the file of them. Returns the Outcome.

    `code` is the action's, `format` the name of one that is registered, `refusals` what the file
    can't show, `sentence` the log line, of the `%(format)s`, and `options` (JSON) are for its
    writer, who gets a `filter` (a query string; None where records were picked by hand, or by what
    `words` say) and how far that was `widened` in words too. `page_of(outcome.batch)` is where the
    owner finds the file. Raises ValidationError where there is no record.

    Rows of a ledger have no log: the records that they belong to (`logged_on`) tell that theirs
    were shown, and what the file shows is kept until it is written. They never change, so that one
    more of them is no reason to ask again.
    """
    desk = desks.of_model(selection.model._meta.label_lower)
    action = desk.action(code)
    kind = formats.get(format)
    options |= {"filter": filter, "filter_words": words_of(desk, filter, by, words, widened)}
    if filter is None and not words:
        options["picked"] = names_of(desk, selection)
    told = line(sentence % {"format": kind.label})
    export = Export(
        owner=by,
        slug=desk.slug,
        label=str(desk.model._meta.verbose_name_plural),
        format=kind.name,
        options=options,
    )
    logged = selection
    if keeper := keeper_of(desk.model):
        owners = selection.order_by().values(keeper)
        logged = desk.model._meta.get_field(keeper).related_model._base_manager.filter(
            pk__in=owners
        )
        ticket = ticket and Ticket(token=ticket.token)
    with recorded(code, logged, by=by, ticket=ticket, sentence=told, refusals=refusals) as batch:
        batch.note()
        rows = note_rows(export, selection) if keeper else batch.outcome.changed
        if not rows:
            raise ValidationError(_("There is nothing to put into a file."))
        export.batch, export.rows = batch.batch, rows
        export.title = action.question % {"n": Counted(rows)}
        if rows > kind.at_once:
            export.job = start(
                write_in_background,
                owner=by,
                title=title_of_job(export, kind),
                arguments={"export": str(export.pk)},
            )
            export.job.total, export.job.result_url = rows, export.get_absolute_url()
            export.job.save(update_fields=["total", "result_url"])
        export.save(force_insert=True)
    if export.job is None:  # out of the transaction: it takes time, and changes no record
        try:
            write(export)
        except Exception as problem:
            tell_since(export, State.FAILED)
            if not isinstance(problem, GiveUp):
                raise
            Export.objects.filter(pk=export.pk).update(problem=str(problem))
    return batch.outcome


def keeper_of(model):
    """The foreign key to the records that keep the log of a ledger's rows; '' for other records."""
    return getattr(model, "logged_on", "")


def note_rows(export, selection):
    """Keep which rows a file shows until it is written; returns how many."""
    return insert_select(
        ExportedRow,
        ("export_id", "row"),
        plain(selection),
        Value(export.pk, output_field=UUIDField()),
        F("pk"),
    )


def words_of(desk, query, user, words=(), widened=""):
    """What a filter says, a line for each condition, and what was added to it; [] where no more is
    to be said than that the records were picked by hand."""
    said = list(words) if query is None else desk.matching(query, user).facts
    if widened:
        said = said or [_("Picked one by one")]
        said.append(_("And what goes with it: %(scope)s") % {"scope": widened})
    return said


def names_of(desk, selection):
    """What the first few records are called, in a line."""
    names = selection.order_by("pk").values_list(desk.label, flat=True)[: NAMED + 1]
    named = ", ".join(map(str, names[:NAMED]))
    return f"{named}…" if len(names) > NAMED else named


def title_of_job(export, kind):
    """What the job is called that writes a file: two of as many records are told apart."""
    title = " · ".join(map(str, (export.title, kind.label, *export.holds)))
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…"


def page_of(batch):
    """The page of the file that a batch made."""
    return reverse("exchange:export", args=[Export.objects.get(batch=batch).pk])


@job(takes_context=True, on_given_up="project.exchange.exporting.tell_given_up")
def write_in_background(context, *, export):
    """Write a large file; its owner sees how far it is, and can stop it between two steps."""
    progress = Progress.of(context)
    progress.step(0)  # anew, where a worker died
    write(Export.objects.get(pk=export), step=progress.step)


def write(export, *, step=lambda done: None):
    """Write the file of an export: whole, or not at all. Raises GiveUp where no disk has room."""
    kind = formats.get(export.format)
    content = formats.Content(export, records_of(export), step)
    folder = Path(default_storage.path(FOLDER))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{export.pk}{kind.suffix}"
    unfinished = None
    try:
        # Under a name of its own: a worker taken for dead may be writing the same.
        with NamedTemporaryFile(dir=folder, suffix=UNFINISHED, delete=False) as file:
            unfinished = Path(file.name)
            kind.write(content, file)
        size = unfinished.stat().st_size
        os.replace(unfinished, folder / name)
    except OSError as problem:
        if problem.errno in NO_ROOM:
            raise GiveUp(
                _("The disk of the server is full: the file was not written.")
            ) from problem
        raise
    finally:
        if unfinished:
            unfinished.unlink(missing_ok=True)
    now = timezone.now()
    Export.objects.filter(pk=export.pk).update(
        file=f"{FOLDER}/{name}",
        size=size,
        problem="",
        written_at=now,
        expires_at=now + KEEP,
    )
    ExportedRow.objects.filter(export=export).delete()
    if export.job_id and lines_of(export, State.FAILED).exists():
        tell_since(export, State.READY)


def tell_given_up(pk):
    """Tell the log that a job of this id, stopped or failed for good, left no file."""
    export = Export.objects.filter(job=pk).select_related("job").first()
    if export and export.state in (State.CANCELLED, State.FAILED):
        tell_since(export, export.state)


def tell_since(export, state):
    """Add to the lines that told of a file what became of it: each thing once, whoever asks anew.

    They stay as they are: they say which records it shows."""
    with transaction.atomic():
        export = Export.objects.select_for_update(of=("self",)).get(pk=export.pk)
        is_kept = export.written_at is not None
        if is_kept != (state == State.READY) or lines_of(export, state).exists():
            return
        _code, sentence = SINCE[state]
        with translation.override(export.owner.language):
            told = sentence % {"format": formats.get(export.format).label}
            tell_later(export.batch, code_of(export, state), told)


def code_of(export, state):
    return f"{export.batch.action}_{SINCE[state][0]}"


def lines_of(export, state):
    """The log lines that tell so of a file."""
    log, _key = log_model_of(apps.get_model(export.batch.model))
    return log._base_manager.filter(batch=export.batch_id, action_code=code_of(export, state))


def records_of(export):
    """The records that an export shows: those its batch has logged; of a ledger, the rows noted."""
    model = desks.get(export.slug).model
    if keeper_of(model):
        rows = ExportedRow.objects.filter(export=export)
        return model._base_manager.filter(pk__in=rows.values("row"))
    log, key = log_model_of(model)
    lines = log._base_manager.filter(batch=export.batch_id, action_code=export.batch.action)
    return model._base_manager.filter(pk__in=lines.values(f"{key}_id"))


def delete_expired(now=None):
    """Take expired files from the disk, and what a killed writer left. Returns how many.

    What was exported, by whom and when stays known.
    """
    now = now or timezone.now()
    expired = Export.objects.filter(expires_at__lte=now).exclude(file="")
    gone = 0
    for export in expired.only("file").iterator():
        export.file.delete(save=False)
        gone += 1
    expired.update(file="")
    ExportedRow.objects.filter(export__created_at__lte=now - KEEP).delete()
    left = Path(default_storage.path(FOLDER)).glob(f"*{UNFINISHED}")
    for unfinished in left:
        with suppress(FileNotFoundError):  # it was finished meanwhile
            if unfinished.stat().st_mtime < (now - timedelta(days=1)).timestamp():
                unfinished.unlink()
                gone += 1
    return gone
