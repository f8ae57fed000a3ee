"""From cells to what would be written: each row new, changed, unchanged, or in error at a cell.

Columns are read at once, and what they hold again and again is read once: of ten thousand rows the
cells that differ are few. What has to be asked of the database is asked for all rows together.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils.formats import localize
from django.utils.translation import gettext as _

from project.ui.formats import date_format

from ..cells import shows
from ..columns import Kind
from .cells import ERROR, OPEN, Misread, Reader, plain_text
from .rows import Entry, State
from .signs import MISSING, UNCALCULATED

WAITING = (Kind.MOMENT, Kind.AMOUNT)  # may be `OPEN`


class Example:
    """The example of a template: left there as it came, it is nobody's record."""

    def __init__(self, item, reader):
        importer, self.cells, self.values = item.importer, {}, {}
        names = item.names
        for intake in importer.intakes if importer.intake.keys() <= set(names) else ():
            place, cell = names.index(intake.column), intake.example
            if isinstance(cell, str):
                self.cells[place] = cell
            else:
                column = importer.sheet.by_name[intake.column]
                if isinstance(cell, datetime):
                    cell = cell.isoformat(sep=" ")
                self.values[place] = read_cell(reader, column, intake, cell)[0]

    def is_in(self, row):
        """Whether a row is the example, however its moments and numbers are written."""
        return (
            bool(self.cells)
            and all(row.cells[place] == cell for place, cell in self.cells.items())
            and all(row.values[place] == value for place, value in self.values.items())
        )


def reader_of(item):
    return Reader(
        item.language,
        ZoneInfo(item.zone),
        month_first=item.month_first,
        decimal_comma=item.decimal_comma,
    )


def understand(item, rows, *, user):
    """Fill in what each row says and would do. `rows` have their number and cells."""
    if not rows:
        return
    importer, reader = item.importer, reader_of(item)
    names = item.names
    columns = list(zip(*(row.cells for row in rows), strict=True))
    read = {
        name: read_column(importer, importer.sheet.by_name[name], cells, reader)
        for name, cells in zip(names, columns, strict=True)
    }
    for row in rows:
        row.errors, row.before, row.pk, row.version, row.name = {}, {}, None, None, ""
        row.was = ""
    keys = keys_of(importer, read)
    known = importer.known({key for key in keys if key}) if any(keys) else {}
    taken = [name for name in names if name != importer.key]
    judge = Judge(item, reader, taken, known, user)
    values = [read[name][0] for name in names]
    for row, found in zip(rows, zip(*values, strict=True), strict=True):
        row.values = list(found)
    for name in names:
        for place, fault in read[name][1].items():
            rows[place].errors[name] = fault
    example = Example(item, reader)
    entries = []
    for place, row in enumerate(rows):
        if example.is_in(row):
            refuse(row, {"": _("This is the example of the template: write over it.")})
            continue
        entry = judge.entry(row, keys[place] if keys else None)
        if entry is not None:
            entries.append(entry)
    numbered = {row.number: row for row in rows}
    for number, found in importer.check(entries).items():
        refuse(numbered[number], found)


def keys_of(importer, read):
    """By what `importer.known` knows the record of each row, without its case, None of one that
    names none; [] where the file has no column of names."""
    if importer.key not in read:
        return []
    names = [name and name.casefold() for name in read[importer.key][0]]
    if not importer.within:
        return names
    owners, _faults = read.get(importer.within, ([None] * len(names), {}))
    return [
        (owner, name) if owner and name else None for owner, name in zip(owners, names, strict=True)
    ]


def refuse(row, faults):
    row.errors |= faults
    row.state = State.ERROR.value


def read_column(importer, column, cells, reader):
    """The plain values of the cells of a column, or None, and {place: what is wrong}."""
    intake = importer.intake.get(column.name)
    read_one = cell_reader(reader, column, intake)
    read = {cell: read_one(cell) for cell in set(cells)}
    if intake and intake.find:
        found = intake.find({value for value, fault in read.values() if value and not fault})
        for cell, (value, fault) in read.items():
            if value and not fault:
                read[cell] = found[value]
    values = [read[cell][0] for cell in cells]
    if not any(fault for _value, fault in read.values()):
        return values, {}
    return values, {place: read[cell][1] for place, cell in enumerate(cells) if read[cell][1]}


def read_cell(reader, column, intake, cell, **told):
    """(the plain value of a cell or None, what is wrong with it or "")."""
    return cell_reader(reader, column, intake)(cell, **told)


def cell_reader(reader, column, intake):
    """The same, as a function of a cell of this column (and what its row tells of it)."""
    way, clean = reader.way(column), intake and intake.clean
    waits = column.kind in WAITING

    def read(cell, **told):
        if isinstance(cell, str):
            if not cell or cell.isspace():
                return None, ""
            if cell[0] == "#":
                if ERROR.fullmatch(cell):
                    return None, _("This cell holds an error (%(error)s).") % {"error": cell}
                if cell == UNCALCULATED:
                    return None, _(
                        "This cell holds a formula without a result: open and save it in Excel."
                    )
                if cell == MISSING:
                    return None, _(
                        "This row has fewer cells than the titles: is the file cut short?"
                    )
        try:
            value = way(column, cell, **told)
            if value == "":
                return None, ""
            if clean and not (waits and value.startswith(OPEN)):
                value = clean(value)
        except Misread as fault:
            return None, str(fault)
        except ValidationError as error:
            return None, " ".join(error.messages)
        except (ArithmeticError, ValueError):  # no cell, whatever it holds, stops the reading
            return None, _("“%(cell)s” can't be read.") % {"cell": cell}
        return value, ""

    return read


class Rights:
    """What a user may write by a file, if any: new records, changes, and columns with a right of
    their own."""

    def __init__(self, importer, user):
        self.may_import = user.has_perm(importer.permission)
        self.may_add = user.has_perm(importer.add_permission)
        self.may_change = user.has_perm(importer.change_permission)
        self.filling, self.emptying = (
            {
                intake.column
                for intake in importer.intakes
                if getattr(intake, name) and not user.has_perm(getattr(intake, name))
            }
            for name in ("permission", "clearing")
        )

    def faults(self, entry):
        """{column: what is wrong}, '' for the row."""
        if not self.may_import:
            return {"": _("You may not import records.")}
        if entry.pk is None and not self.may_add:
            return {"": _("You may not create records: only rows with a reference count.")}
        if entry.pk is not None and not self.may_change:
            return {"": _("You may not change records: only rows without a reference count.")}
        return {
            name: _("You may not change this.")
            for name in entry.values.keys() & (self.filling | self.emptying)
            if name in (self.filling if entry.values[name] is not None else self.emptying)
        }


class Judge:
    """Tells of each row what it would do, by what is known and what the user may."""

    def __init__(self, item, reader, taken, known, user):
        self.item = item
        self.importer = importer = item.importer
        self.reader = reader
        self.taken = taken
        self.known = known
        self.clears = item.clears
        self.zone = ZoneInfo(item.zone)
        self.places = {name: place for place, name in enumerate(item.names)}
        self.columns = [(name, self.places[name], importer.intake[name]) for name in taken]
        self.moments, self.amounts = (
            [
                (name, self.places[name])
                for name in taken
                if importer.sheet.by_name[name].kind == kind
            ]
            for kind in WAITING
        )
        self.missing = [name for name in importer.required if name not in self.places]
        named = importer.key in importer.required
        self.key_place = self.places.get(importer.key) if named else None
        self.rights = Rights(importer, user)
        self.seen = {}

    def entry(self, row, key):
        """What the row asks for; None where that is nothing, or it is in error. Sets its state."""
        known = self.known.get(key)
        name = row.values[self.places[self.importer.key]] if key else ""
        if key and known is None and not self.importer.makes:
            return self._unknown(row, name)
        if key and self.seen.setdefault(key, row.number) != row.number:
            row.errors[self.importer.key] = self._same_as(self.seen[key])
        for column, place in self.moments:
            value = row.values[place]
            if value and value.startswith(OPEN):
                self._settle(row, column, place, known)
        for column, place in self.amounts:
            value = row.values[place]
            if value and value.startswith(OPEN):
                self._settle_amount(row, column, place, known)
        if known is None:
            entry = self._new(row)
        else:
            row.pk, row.version, row.name = known.pk, known.version, known.name or name
            entry = self._changed(row, known)
        if row.errors:
            row.state = State.ERROR.value
            return None
        return entry

    def _same_as(self, number):
        sheet, row = self.item.where(number)
        if not sheet:
            return _("The same as in row %(row)s.") % {"row": row}
        return _("The same as in row %(row)s of the sheet “%(sheet)s”.") % {
            "row": row,
            "sheet": sheet,
        }

    def _unknown(self, row, name):
        """A change of a record that there is not: what a new one would need is not asked of it, and
        what only the record could settle stays open."""
        row.errors[self.importer.key] = _("Unknown: %(key)s.") % {"key": name}
        for _column, place in (*self.moments, *self.amounts):
            value = row.values[place]
            if value and value.startswith(OPEN):
                row.values[place] = None
        row.state = State.ERROR.value

    def _new(self, row):
        values = row.values
        given = {}
        for name, place, intake in self.columns:
            value = values[place]
            if value is not None:
                given[name] = value
            elif intake.required:
                row.errors.setdefault(name, _("A new record needs this."))
        if self.key_place is not None:
            if values[self.key_place] is not None:
                given[self.importer.key] = values[self.key_place]
            else:
                row.errors.setdefault(self.importer.key, _("A new record needs this."))
        for name in self.missing:
            if not row.errors:
                row.errors[""] = _("A new record needs the column “%(title)s”.") % {
                    "title": self.importer.sheet.by_name[name].title
                }
        row.state = State.NEW.value
        entry = Entry(row.number, given)
        row.errors = self.rights.faults(entry) | row.errors
        return entry

    def _changed(self, row, known):
        if self.importer.compare:
            given = {name: row.values[place] for name, place, _intake in self.columns}
            changes, row.before = self.importer.compare(given, known.values)
        else:
            changes = self._compared(row, known)
            row.before = {name: known.shown.get(name, known.values[name]) for name in changes}
        if not changes:
            row.state = State.UNCHANGED.value
            return None
        row.state = State.CHANGED.value
        entry = Entry(row.number, changes, known.pk, known.version, row.before)
        row.errors = self.rights.faults(entry) | row.errors
        return entry

    def _compared(self, row, known):
        """{column: value} of what a row says otherwise than the record."""
        changes = {}
        for name, place, intake in self.columns:
            value, now = row.values[place], known.values[name]
            if self._is_as_it_was(row.cells[place], known.shown.get(name, now)):
                row.values[place] = now
                row.errors.pop(name, None)
                continue
            if value is None:
                if not self.clears or now is None or name in row.errors:
                    continue
                if not intake.clears:
                    row.errors.setdefault(name, _("This can't be empty."))
            if value == now or (value and now and self._same_moment(name, value, now)):
                continue
            changes[name] = value
        return changes

    @staticmethod
    def _is_as_it_was(cell, present):
        """Whether a cell has the text that is there now, as a file of ours has it: that stays, with
        what a file can't hold; and who is named stays, whoever else is called so."""
        if cell == "" or not present or not isinstance(present, str):
            return False
        return cell == present or shows(plain_text(str(cell)), plain_text(present))

    def _same_moment(self, name, value, now):
        """Whether a moment is the present one, as precisely as a file tells it: to the minute."""
        if all(name != each for each, _place in self.moments):
            return False
        new, old = datetime.fromisoformat(value), datetime.fromisoformat(now)
        return abs(new - old) < timedelta(seconds=1) or new == old.replace(second=0, microsecond=0)

    def _settle_amount(self, row, name, place, known):
        """An amount that names its currency or may mean thousands: in that of the row."""
        importer, cell = self.importer, row.cells[place]
        given = {column: row.values[place] for column, place in self.places.items()}
        currency = importer.currency(given, known) if importer.currency else ""
        row.values[place], fault = None, _("“%(cell)s”: write the number alone.") % {"cell": cell}
        if currency:
            column, intake = importer.sheet.by_name[name], importer.intake[name]
            row.values[place], fault = read_cell(
                self.reader, column, intake, cell, currency=currency
            )
        if fault:
            row.errors[name] = fault

    def _settle(self, row, name, place, known):
        """A time that came twice that night: the one that the record has, or an error."""
        wall = datetime.fromisoformat(row.values[place].removeprefix(OPEN))
        now = known and known.values[name]
        if now:
            shown = datetime.fromisoformat(now).astimezone(self.zone).replace(tzinfo=None)
            if shown.replace(second=wall.second, microsecond=0) == wall:
                row.values[place] = now
                return
        row.values[place] = None
        twice = [wall.replace(tzinfo=self.zone, fold=fold) for fold in (0, 1)]
        row.errors[name] = _(
            "The clocks show %(clock)s twice that night: add %(first)s or %(second)s."
        ) % {
            "clock": f"{wall:%H:%M}",
            "first": _offset(twice[0]),
            "second": _offset(twice[1]),
        }


def _offset(moment):
    text = f"{moment:%z}"
    return f"{text[:3]}:{text[3:5]}"


def entries_of(item, rows):
    """What rows that are new or changed say, as it was when they were understood."""
    key = item.importer.key
    makes = item.importer.makes
    places = [(name, place) for place, name in enumerate(item.names) if makes or name != key]
    entries = []
    for row in rows:
        if row.state == State.NEW:
            found = row.values
            values = {name: found[place] for name, place in places if found[place] is not None}
            entries.append(Entry(row.number, values))
        elif row.state == State.CHANGED:
            values = {name: row.values[place] for name, place in places if name in row.before}
            entries.append(Entry(row.number, values, row.pk, row.version, row.before))
    return entries


def shown(column, value, zone):
    """A plain value for people, in the language of the page."""
    if value is None or value == "":
        return "—"
    if column.kind == Kind.MOMENT:
        moment = datetime.fromisoformat(value).astimezone(zone)
        return date_format(moment, "SHORT_DATETIME_FORMAT")
    if column.kind == Kind.CHOICE:
        return str(dict(column.choices).get(value, value))
    if column.kind in (Kind.NUMBER, Kind.AMOUNT):
        return localize(Decimal(value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        value = ", ".join(value)
    return str(value)
