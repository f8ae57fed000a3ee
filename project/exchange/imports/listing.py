"""The rows of an import as its page shows them: those of one state, a page at a time."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.utils.translation import pgettext

from project.actions import desk as desks
from project.ui.formats import date_format

from .cells import written_by_machine
from .rows import COUNTED, PENDING, State
from .understanding import shown

PAGE = 50
LONGEST = 140


@dataclass(slots=True)
class Cell:
    """One cell: its title, what it says, what is there now if that changes, what is wrong."""

    title: str
    text: str
    before: str | None = None
    error: str = ""


@dataclass(slots=True)
class Line:
    """A row for the page, with the `mark` of its state; `cells` in error come first. It goes by its
    `number`, and is found in the `sheet` at `place`."""

    number: int
    sheet: str
    place: int
    state: str
    mark: str
    label: str
    error: str
    name: str
    url: str
    cells: list = field(default_factory=list)
    correctable: bool = False


def tabs(item, counts):
    """[(state or "", label, count)]: those that have rows, and all."""
    found = [
        (state.value, label_of(item, state), counts[state]) for state in State if counts[state]
    ]
    return [("", pgettext("rows of a file", "All"), sum(counts.values())), *found]


def page_of(item, state, number):
    """(the lines of page `number`, from 1, of the rows in this state; how many pages there are).

    Reads only the chunks that the page is in.
    """
    sizes = list(item.chunks.order_by("number").values_list("number", *COUNTED))
    counts = [
        (chunk, dict(zip(COUNTED, found, strict=True))[state] if state else sum(found))
        for chunk, *found in sizes
    ]
    total = sum(count for _chunk, count in counts)
    pages = max(1, -(-total // PAGE))
    number = min(max(number, 1), pages)
    first, last, passed, wanted = (number - 1) * PAGE, number * PAGE, 0, {}
    for chunk, count in counts:
        if count and passed < last and passed + count > first:
            wanted[chunk] = (max(first - passed, 0), last - passed)
        passed += count
    rows = []
    for chunk in item.chunks.filter(number__in=wanted).order_by("number"):
        start, stop = wanted[chunk.number]
        rows += [row for row in chunk.rows if not state or row.state == state][start:stop]
    return [line_of(item, row) for row in rows], number, pages


def line_of(item, row):
    importer, zone = item.importer, ZoneInfo(item.zone)
    cells = []
    for place, name in enumerate(item.names):
        column, error = importer.sheet.by_name[name], row.errors.get(name, "")
        if name == importer.key and not error and (row.pk or not importer.makes):
            continue
        raw = row.cells[place]
        found = name in importer.intake and importer.intake[name].find is not None
        read = row.values[place] if row.values else None
        text = as_it_came(raw) if error or found or read is None else shown(column, read, zone)
        changes = name in row.before
        if not (error or changes or (row.state not in (State.CHANGED,) and text not in ("", "—"))):
            continue
        if row.was == State.CHANGED and not changes and not error:
            continue
        before = shown(column, row.before[name], zone) if changes else None
        if changes and text == "":
            text = "—"
        cells.append(Cell(str(column.title), short(text), before and short(before), error))
    cells.sort(key=lambda cell: (not cell.error, cell.before is None))
    desk = desks.get(importer.desk)
    sheet, place = item.where(row.number)
    return Line(
        number=row.number,
        sheet=sheet,
        place=place,
        state=row.state,
        mark="undone" if is_undone(item, row.state) else row.state,
        label=label_of(item, State(row.state)),
        error=row.errors.get("", ""),
        name=row.name,
        url=desk.record_url(row.pk, row.name) if row.name else "",
        cells=cells,
        correctable=row.state in (*PENDING, State.ERROR, State.UNCHANGED),
    )


def as_it_came(cell):
    """A cell as it is in the file; a date of a workbook, which comes as a machine writes it, as the
    other dates of the page."""
    moment = written_by_machine(cell)
    return date_format(moment, "SHORT_DATETIME_FORMAT") if moment else str(cell)


def is_undone(item, state):
    """Whether what an import wrote is so no longer, since all of it was undone; unless somebody
    changed it since, which is told with the undo."""
    return state == State.WRITTEN and item.stage == item.Stage.UNDONE


def label_of(item, state):
    """A state in words."""
    if is_undone(item, state):
        return pgettext("row of a file", "Was written")
    return str(state.label)


def short(text):
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
