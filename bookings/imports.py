"""Bookings from files: which columns count, what they take, and who may fill them in.

The status, what a cancellation left (its kind, its reason, the fee), payouts that were paid, the
archive and the segment of a round trip are not imported: each has an action of its own.
"""

from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.audit.rows import values_of
from project.directory.models import Customer, Driver, Partner
from project.directory.querysets import sort_name_of
from project.exchange.cells import plain_decimal
from project.exchange.columns import Kind
from project.exchange.imports.cells import plain_moment, plain_text
from project.exchange.imports.importer import Importer, Intake, Known, Written

from . import entries as services
from .exports import SHEET
from .forms import StopsField
from .models import Booking

# {column: the attribute that it fills}, of those that count.
ATTRIBUTES = {
    "departure": "pickup_at",
    "duration": "duration_minutes",
    "customer": "customer_id",
    "passenger": "passenger_name",
    "phone": "passenger_phone",
    "email": "passenger_email",
    "passengers": "passenger_count",
    "luggage": "luggage_count",
    "transport": "transport_number",
    "pickup": "pickup_address",
    "dropoff": "dropoff_address",
    "stops": "stops",
    "vehicle": "vehicle_class",
    "distance": "distance_km",
    "driver": "driver_id",
    "partner": "partner_id",
    "price": "price",
    "payout": "payout",
    "currency": "currency",
    "payment": "payment_state",
    "driver_notes": "driver_notes",
    "office_notes": "office_notes",
}
COLUMNS = {attribute: column for column, attribute in ATTRIBUTES.items()} | {"": ""}
KINDS = {column: SHEET.by_name[column].kind for column in ATTRIBUTES}
AMOUNTS = (Kind.NUMBER, Kind.AMOUNT)


# ------------------------------------------------------------------------------- cell by cell
def cleaned(column):
    """The rules of the model's own field for one value, as a form asks them."""
    model_field = Booking._meta.get_field(ATTRIBUTES[column])
    amount = KINDS[column] in AMOUNTS

    def clean(value):
        value = model_field.clean(Decimal(value) if amount else value, None)
        return plain_decimal(value) if amount else value

    longest = model_field.max_length
    if not longest or model_field.choices:
        return clean
    rules = [rule for rule in model_field.validators if not isinstance(rule, MaxLengthValidator)]

    def clean_text(value):
        """The same; most texts need no more than a look at their length and their form."""
        if len(value) > longest:
            return clean(value)
        for rule in rules:
            rule(value)
        return value

    return clean_text


def currency(value):
    return cleaned("currency")(value.upper())


def stops(value):
    return StopsField(required=False).clean(value)


def named(model):
    """Find parties by their name; in other letters where nobody bears it exactly."""

    def find(names):
        folded = {name: sort_name_of(name) for name in names}
        rows = model.objects.filter(sort_name__in=values_of(model, set(folded.values())))
        parties = {}
        for pk, name, sort_name, active in rows.values_list("pk", "name", "sort_name", "is_active"):
            parties.setdefault(sort_name, []).append((pk, name, active))
        return {name: chosen(name, parties.get(folded[name], [])) for name in names}

    return find


def chosen(name, parties):
    """(key, "") of the one that is meant, or (None, why that can't be told)."""
    exact = [party for party in parties if party[1] == name] or parties
    active = [party for party in exact if party[2]]
    if len(active) == 1:
        return active[0][0], ""
    if active:
        return None, _("%(count)s are called %(name)s.") % {"count": len(active), "name": name}
    if len(exact) == 1:  # a ride may keep who left; whether it gets them is judged with the ride
        return exact[0][0], ""
    if exact:
        return None, _("%(name)s is no longer active.") % {"name": name}
    return None, _("Nobody is called %(name)s.") % {"name": name}


# ------------------------------------------------------------------------------ known bookings
def known(references):
    """{reference, without its case: Known}; one statement."""
    written = [reference.upper() for reference in references]  # as all of ours are
    rides = Booking.objects.filter(reference__in=values_of(Booking, written)).order_by()
    names = ("customer__name", "driver__name", "partner__name")
    found = {}
    for ride in rides.values("pk", "version", "reference", *services.FIELDS, *names):
        values = {column: plain(column, ride[name]) for column, name in ATTRIBUTES.items()}
        shown = {name.partition("__")[0]: ride[name] for name in names}
        reference = ride["reference"]
        key = reference.casefold()
        found[key] = Known(ride["pk"], ride["version"], values, shown, reference)
    return found


def plain(column, value):
    """A value of a booking as a cell would give it; None for nothing."""
    if value is None or value == "" or value == []:
        return None
    if KINDS[column] == Kind.MOMENT:
        return plain_moment(value)
    if KINDS[column] in AMOUNTS:
        return plain_decimal(value)
    if isinstance(value, str):
        return plain_text(value) or None
    return value


def attributes(values):
    """{attribute: value} of plain values by column."""
    found = {}
    for column, value in values.items():
        name, read = READ[column]
        if value is None:
            found[name] = services.DEFAULTS[name]
        else:
            found[name] = read(value) if read else value
    return found


decimal = lru_cache(maxsize=10_000)(Decimal)


def reading(column):
    """How a plain value of a column becomes Python's; None where it is that already."""
    if KINDS[column] == Kind.MOMENT:
        return datetime.fromisoformat
    return decimal if KINDS[column] in AMOUNTS else None


READ = {column: (name, reading(column)) for column, name in ATTRIBUTES.items()}


def entries_of(entries):
    return [
        services.Entry(entry.number, attributes(entry.values), entry.pk, entry.version)
        for entry in entries
    ]


def by_column(faults):
    """{number: {column: what is wrong}}"""
    return {
        number: {COLUMNS.get(name, ""): text for name, text in found.items()}
        for number, found in faults.items()
    }


# --------------------------------------------------------------------------------- the whole
def currency_of(given, known):
    """What the amounts of a row are in."""
    now = known.values["currency"] if known else services.DEFAULTS["currency"]
    return given.get("currency") or now


def check(entries):
    """What a form would say of the rides as a whole; three statements, four with changes."""
    entries = entries_of(entries)
    changed = [entry for entry in entries if entry.pk]
    if changed:
        keys = values_of(Booking, [entry.pk for entry in changed])
        services.place(changed, services.stored_rides(pk__in=keys))
    return by_column(services.faults_of(entries))


def write(entries, *, by, tell, source):
    """Make and change bookings: a batch each. `source` is the reason that is logged."""
    entries = entries_of(entries)
    written = Written()
    new = [entry for entry in entries if not entry.pk]
    changed = [entry for entry in entries if entry.pk]
    # Changes first: the time that one gives back may be what a new ride needs.
    for some, service in ((changed, services.edit_all), (new, services.create_all)):
        if some:
            done = service(some, by=by, reason=source, tell=tell)
            written.names |= done.references
            written.faults |= by_column(done.faults)
            written.batches += [done.batch] if done.batch else []
    return written


def intakes():
    given = {
        "departure": {"required": True, "example": datetime(2026, 12, 31, 14, 30)},
        "duration": {"example": 60},
        "customer": {
            "find": named(Customer),
            "suggests": "directory:customer-lookup",
            "required": True,
            "example": "Hôtel Téranga",
            "note": gettext_lazy("The name of an active customer."),
        },
        "passenger": {"required": True, "example": "Awa Ndiaye"},
        "phone": {
            "example": "+221 77 123 45 67",
            "note": gettext_lazy("As text, so that it keeps its zeros."),
        },
        "email": {"example": "awa@example.org"},
        "passengers": {"example": 2},
        "luggage": {"example": 3},
        "transport": {"example": "AF 718"},
        "pickup": {
            "suggests": "bookings:addresses",
            "required": True,
            "example": "Aéroport Blaise-Diagne, Diass",
        },
        "dropoff": {
            "suggests": "bookings:addresses",
            "required": True,
            "example": "12 rue Carnot, Dakar",
        },
        "stops": {"clean": stops, "note": gettext_lazy("One address a line, in the cell.")},
        "distance": {"example": Decimal("47.5")},
        "driver": {
            "find": named(Driver),
            "suggests": "directory:driver-lookup",
            "permission": "bookings.assign_booking",
            "clearing": "bookings.unassign_booking",
            "note": gettext_lazy("The name of an active driver; or else a partner."),
        },
        "partner": {
            "find": named(Partner),
            "suggests": "directory:partner-lookup",
            "permission": "bookings.assign_booking",
            "clearing": "bookings.unassign_booking",
            "note": gettext_lazy("The name of an active partner; or else a driver."),
        },
        "price": {"example": 35000},
        "payout": {"example": 20000},
        "currency": {"clean": currency, "example": "XOF"},
    }
    for column, name in ATTRIBUTES.items():
        options = given.get(column, {})
        if "find" not in options:
            options.setdefault("clean", cleaned(column))
        if KINDS[column] == Kind.MOMENT:
            options["clean"] = None  # a year is judged with the ride
        yield Intake(column=column, clears=Booking._meta.get_field(name).blank, **options)


IMPORTER = Importer(
    sheet=SHEET,
    label=gettext_lazy("Bookings"),
    key="reference",
    intakes=tuple(intakes()),
    known=known,
    check=check,
    currency=currency_of,
    write=write,
    permission="bookings.import_booking",
    add_permission="bookings.add_booking",
    change_permission="bookings.change_booking",
    tells=gettext_lazy("Tell the customers by e-mail"),
)
