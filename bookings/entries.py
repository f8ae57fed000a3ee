"""Many rides entered or corrected at once, each with values of its own: what files bring in.

The rules are those of the form and the actions (`models.faults_in`, `availability`), asked for all
rides together; the writing is set-based, a fixed number of statements for any number of rides.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from project.audit import numbering
from project.audit.recorder import Ticket, line, recorded
from project.audit.rows import insert_rows, values_of
from project.audit.statements import lock
from project.directory.models import Customer, Driver, Partner

from . import changes, notifications
from .availability import EARLY, Move, customer_left, inactive, is_busy, staying_of
from .models import Booking, BookingLog, faults_in, following, reference_prefix
from .series_queries import FROM_FILE
from .services import ARCHIVED, BILLED, SETTLED, price_stands
from .states import CLOSED, UNDER_WAY, Status, occupies

CREATED, CHANGED = "bookings.imported", FROM_FILE

# What an entry may set, with how `rows` types it.
FIELDS = {
    "pickup_at": "moment",
    "duration_minutes": "key",
    "customer_id": "key",
    "driver_id": "key",
    "partner_id": "key",
    "passenger_name": "text",
    "passenger_phone": "text",
    "passenger_email": "text",
    "passenger_count": "key",
    "luggage_count": "key",
    "transport_number": "text",
    "pickup_address": "text",
    "dropoff_address": "text",
    "stops": "json",
    "vehicle_class": "text",
    "distance_km": "number",
    "price": "number",
    "payout": "number",
    "currency": "text",
    "payment_state": "text",
    "driver_notes": "text",
    "office_notes": "text",
}
FOLLOWING = {"ends_at": "moment", "address_text": "text", "search_text": "text"}
# What an entry is judged by, beside what it may set.
STANDING = (
    "pk",
    "version",
    "reference",
    "status",
    "fee",
    "archived_at",
    "settled_on",
    "ends_at",
    "round_trip_id",
)
JUDGED = ("price", "payout", "currency", "payment_state")
PEOPLE = ((Customer, "customer_id"), (Driver, "driver_id"), (Partner, "partner_id"))
WRITES = tuple(Booking._meta.get_field(name).name for name in FIELDS)


@dataclass(slots=True)
class Entry:
    """A ride to make, or with `pk` what to change of one that was read at `version`.

    `key` is how the caller knows it. `values` maps attributes to new values; what is not named is
    left alone, or takes its default. `stored` is the ride as it stands, by the same names.
    """

    key: int
    values: dict
    pk: int | None = None
    version: int | None = None
    stored: dict | None = None

    def after(self, name):
        if name in self.values:
            return self.values[name]
        return DEFAULTS[name] if self.stored is None else self.stored[name]

    def changes(self, *names):
        """Whether any of these gets another value than it has."""
        if self.stored is None:
            return False
        return any(name in self.values and self.values[name] != self.stored[name] for name in names)

    @property
    def times(self):
        start = self.after("pickup_at")
        return start, start + timedelta(minutes=self.after("duration_minutes"))


@dataclass(slots=True)
class Done:
    """What became of entries: {key: reference} of those written, {key: {attribute: what is
    wrong}} of the others; the batch, None where nothing was written."""

    references: dict = field(default_factory=dict)
    faults: dict = field(default_factory=dict)
    batch: Any = None


def _default(name):
    model_field = Booking._meta.get_field(name)
    return model_field.get_default() if model_field.has_default() or not model_field.null else None


DEFAULTS = {name: _default(name) for name in FIELDS} | {"status": Status.PENDING.value, "fee": None}


# -------------------------------------------------------------------------------------- the rules
def stored_rides(**among):
    """{pk: the ride as a dict} of what entries are about; one statement."""
    rides = models.QuerySet(Booking).filter(**among).order_by()
    return {ride["pk"]: ride for ride in rides.values(*STANDING, *FIELDS)}


def faults_of(entries):
    """{key: {attribute: what is wrong}}; '' as the attribute is the ride as a whole.

    Reads who is active and the drivers' other rides, a statement each: asked under the locks of
    `hold_people` it holds until the commit. Of two entries that overlap the later is at fault.
    """
    left = {
        name: inactive(model, {entry.after(name) for entry in entries}) for model, name in PEOPLE
    }
    some_left = any(left.values())
    faults, known = {}, {}
    for entry in entries:
        found = together(entry, known)
        if entry.stored is not None:
            found = standing(entry) | found
        if some_left:
            found = found | people(entry, left)
        if found:
            faults[entry.key] = found
    asked = {
        entry_key(entry): entry
        for entry in entries
        if entry.key not in faults
        and (drives(entry) or (is_segment(entry) and moves_in_time(entry)))
    }
    busy, early = staying_of([move_of(entry) for entry in asked.values()])
    for key in early:
        faults[asked[key].key] = {"pickup_at": str(EARLY)}
    for key, other in busy.items():
        entry = asked[key]
        moved = entry.stored is None or moves_in_time(entry)
        faults[entry.key] = {"pickup_at" if moved else "driver_id": is_busy(other).messages[0]}
    return faults


def entry_key(entry):
    """As `clashing` knows it: the ride's own key, or a number below 0."""
    return entry.pk or -1 - entry.key


def move_of(entry):
    """The entry as `availability` asks about it."""
    driver = entry.after("driver_id") if drives(entry) else None
    move = Move(entry_key(entry), driver, entry.times)
    if ride := entry.stored:
        move.before = (ride["pickup_at"], ride["ends_at"])
        move.former, move.trip = ride["driver_id"], ride["round_trip_id"]
    return move


def is_segment(entry):
    return entry.stored is not None and entry.stored["round_trip_id"] is not None


def standing(entry):
    """Whether the ride may change at all, and in this."""
    ride = entry.stored
    if ride["version"] != entry.version:
        return {"": _("Changed by someone else since it was read.")}
    if ride["archived_at"]:
        return {"": str(ARCHIVED.message)}
    faults = {}
    if price_stands(ride["payment_state"], entry.after("payment_state")):
        # On the form a reason overrides that; a file has nowhere to say one.
        for name in ("price", "currency"):
            if entry.changes(name):
                faults[name] = str(BILLED.message)
    if ride["settled_on"]:
        for name in ("price", "payout", "currency", "driver_id", "partner_id"):
            if entry.changes(name):
                faults[name] = str(SETTLED.message)
    if entry.changes("driver_id", "partner_id"):
        name = "driver_id" if entry.changes("driver_id") else "partner_id"
        if ride["status"] in CLOSED:
            faults.setdefault(name, _("over or cancelled"))
        elif ride["status"] in UNDER_WAY and not (
            entry.after("driver_id") or entry.after("partner_id")
        ):
            faults.setdefault(name, _("under way or over"))
    return faults


def together(entry, known):
    """What the values of a ride can't be together; `known` keeps what was found for the same."""
    values, ride = entry.values, entry.stored
    now = DEFAULTS if ride is None else ride
    start = values.get("pickup_at")
    asked = (
        *(values.get(name, now[name]) for name in JUDGED),
        now["fee"],
        ride is not None and entry.changes("currency"),
        start and start.year,
    )
    if asked not in known:
        price, payout, currency, payment_state, fee, recoined, _year = asked
        found = faults_in(
            start,
            price=price,
            payout=payout,
            fee=fee,
            currency=currency,
            payment_state=payment_state,
            recoined=fee is not None and recoined,
        )
        known[asked] = {name: error.messages[0] for name, error in found.items()}
    faults = known[asked]
    if entry.after("driver_id") and entry.after("partner_id"):
        return faults | {"partner_id": _("Choose a driver or a partner, not both.")}
    return faults


def people(entry, left):
    """Whether those that the ride is given to, or moves with, are still with us."""
    faults = {}
    new = entry.stored is None
    customer = entry.after("customer_id")
    if customer in left["customer_id"] and (new or entry.changes("customer_id")):
        faults["customer_id"] = customer_left()
    for name in ("driver_id", "partner_id"):
        given = new or entry.changes(name) or moves_people(entry)
        if given and entry.after(name) in left[name]:
            faults[name] = _("No longer active.")
    return faults


def moves_in_time(entry):
    return entry.changes("pickup_at", "duration_minutes")


def moves_people(entry):
    """Whether it moves, and takes time of who drives: what is cancelled takes nobody's."""
    return moves_in_time(entry) and occupies(entry.stored["status"])


def drives(entry):
    """Whether it takes time of its driver that it has not taken before."""
    if entry.after("driver_id") is None:
        return False
    if entry.stored is None:
        return True
    takes_time = occupies(entry.stored["status"])
    return takes_time and (moves_in_time(entry) or entry.changes("driver_id"))


def hold_people(entries):
    """Lock everybody whom these entries name, or who has the rides now, each kind in key order."""
    for model, name in PEOPLE:
        keys = {entry.values.get(name) for entry in entries}
        keys |= {entry.stored[name] for entry in entries if entry.stored}
        if keys - {None}:
            lock(models.QuerySet(model).filter(pk__in=values_of(model, keys - {None})))


# ------------------------------------------------------------------------------------ the writing
def create_all(entries, *, by, reason="", tell=False, token=None):
    """Make rides, those without a fault: pending, with the values of their entries."""
    done = Done()
    with transaction.atomic():
        hold_people(entries)
        done.faults = faults_of(entries)
        entries = [entry for entry in entries if entry.key not in done.faults]
        if not entries:
            return done
        with recorded(
            CREATED,
            Booking.objects.none(),
            by=by,
            reason=reason,
            ticket=Ticket(token=token),
            sentence=line(_("Created from a file")),
            expected=len(entries),
        ) as recording:
            rides = insert(recording.batch, entries, done.references)
            recording.created(rides, reference=F("reference"), pickup_at=F("pickup_at"))
            if tell:
                notifications.tell(recording.batch, notifications.CREATED)
        done.batch = recording.batch
    return done


def insert(batch, entries, references):
    """Insert a ride for each entry, in one statement, and note its reference; returns them."""
    prefix = reference_prefix()
    last = numbering.allocate(prefix, len(entries))
    given = [name for name in FIELDS if any(name in entry.values for entry in entries)]
    columns = {"reference": "text", **{name: FIELDS[name] for name in given}, **FOLLOWING}
    same = {
        **{name: DEFAULTS[name] for name in FIELDS if name not in columns},
        "status": Status.PENDING,
        "billable": False,
        "planned_return": False,
        "version": 1,
        "created_at": batch.created_at,
        "updated_at": batch.created_at,
        **dict.fromkeys(("status_before", "cancellation_kind", "cancellation_reason", "leg"), ""),
    }

    def rides():
        for number, entry in enumerate(entries, last + 1):
            ride = DEFAULTS | entry.values
            ride["reference"] = references[entry.key] = numbering.reference(prefix, number)
            ride |= following(ride)
            yield ride

    insert_rows(Booking, columns, rides(), same)
    return models.QuerySet(Booking).filter(
        reference__gt=numbering.reference(prefix, last),
        reference__lte=numbering.reference(prefix, last + len(entries)),
    )


def edit_all(entries, *, by, reason="", tell=False, token=None):
    """Change rides, those without a fault that are still as they were read."""
    done = Done()
    with transaction.atomic():
        keys = [entry.pk for entry in entries]
        among = {"pk__in": values_of(Booking, keys)}
        place(entries, stored_rides(**among))
        hold_people(entries)
        rides = Booking.objects.filter(**among)
        if any(is_segment(entry) and moves_in_time(entry) for entry in entries):
            rides = rides.whole_trips()
        lock(rides)
        place(entries, stored_rides(**among))  # now that nobody else can change them
        done.faults = faults_of(entries)
        entries = [entry for entry in entries if entry.key not in done.faults]
        if not entries:
            return done
        rows = [row_of(entry) for entry in entries]
        with recorded(
            CHANGED,
            models.QuerySet(Booking).filter(
                pk__in=values_of(Booking, [row["key"] for row in rows])
            ),
            by=by,
            reason=reason,
            ticket=Ticket(token=token),
            sentence=line(_("Changed from a file")),
            expected=len(entries),
        ) as recording:
            recording.update_each(rows, FIELDS | FOLLOWING)
            if tell:
                notifications.tell_of_edit(recording.batch)
        done.batch = recording.batch
        done.references = {entry.key: entry.stored["reference"] for entry in entries}
    return done


def place(entries, rides):
    """Give each entry its ride as it stands; one that is gone could not be told from a change."""
    for entry in entries:
        entry.stored = rides[entry.pk]


def row_of(entry):
    """An entry as a row to write: all its fields as they shall be, and what changes for the log."""
    ride = entry.stored | entry.values
    told = {
        Booking._meta.get_field(name).name: [entry.stored[name], value]
        for name, value in entry.values.items()
        if value != entry.stored[name]
    }
    return {
        "key": entry.pk,
        "changes": told,
        **{name: ride[name] for name in FIELDS},
        **following(ride),
    }


# ----------------------------------------------------------------------------------------- undo
def not_put_back(selection):
    """Why an undo can't give a ride the values that it had before the file."""
    return changes.not_changed_back(selection, WRITES)


def undo_needs(batch):
    """The permissions without which no ride is taken from a driver or partner, and given back."""
    lines = BookingLog.objects.filter(batch=batch, action_code=CHANGED)
    if lines.filter(changes__has_any_keys=["driver", "partner"]).exists():
        return ("bookings.assign_booking", "bookings.unassign_booking")
    return ()
