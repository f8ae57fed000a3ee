"""What is printed of bookings: which documents there are, and what each of them says.

They are written in the language that is active, but for a statement, which is in its customer's.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from operator import attrgetter, itemgetter

from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from project import money
from project.audit.refusals import Refusal
from project.exchange import printing
from project.exchange.pdf.document import render
from project.exchange.pdf.listing import Listing
from project.exchange.pdf.table import Column, Table, Total
from project.exchange.printing import Document, batched
from project.ui import formats
from project.ui.filters import midnight
from project.ui.formats import date_format

from .exports import SHEET
from .states import BILLABLE, PaymentState, Status

# So many recaps are laid out together: each costs more in a longer document.
TOGETHER = 25
CHARGED = Q(status=Status.COMPLETED) | Q(billable=True)


# ---------------------------------------------------------------------------------------- recaps
@dataclass(frozen=True, slots=True)
class Trip:
    """What a recap is about: one ride, or both of a round trip."""

    rides: list

    @property
    def name(self):
        return " ⁄ ".join(ride.reference for ride in self.rides)

    @property
    def totals(self):
        """What both cost together, by currency; of one ride it is said already."""
        if len(self.rides) < 2:
            return []
        return totals_of((charge(ride), ride.currency) for ride in self.rides)


def recaps(records, asked, step):
    """One page each, both segments of a round trip on the same."""
    trips = defaultdict(list)
    for pk, trip in records.order_by("pickup_at", "pk").values_list("pk", "round_trip"):
        trips[("trip", trip) if trip else pk].append(pk)
    for some in batched(trips.values(), TOGETHER):
        wanted = [pk for trip in some for pk in trip]
        found = records.model.objects.with_people().in_bulk(wanted)
        context = asked | {"trips": [Trip([found[pk] for pk in trip]) for trip in some]}
        yield render("bookings/pdf/recaps.html", context)
        step(len(wanted))
    if not trips:
        yield render("bookings/pdf/recaps.html", asked | {"trips": []})


# ------------------------------------------------------------------------------------ day sheets
@dataclass(slots=True)
class Sheet:
    """What one driver, or partner, has to do on one day."""

    who: str
    phone: str
    day: str
    rides: list
    table: Table = None
    start: object = None
    end: object = None

    @property
    def name(self):
        return f"{self.who} · {self.day}"


ON_A_SHEET = (
    "pk",
    "driver",
    "driver__name",
    "driver__sort_name",
    "driver__phone",
    "partner",
    "partner__name",
    "partner__sort_name",
    "partner__phone",
    "pickup_at",
    "ends_at",
    "pickup_address",
    "stops",
    "dropoff_address",
    "passenger_name",
    "passenger_phone",
    "passenger_count",
    "luggage_count",
    "transport_number",
    "customer__name",
    "reference",
    "vehicle_class",
    "driver_notes",
)


def day_sheets(records, asked, step):
    """One for each driver or partner and day, by their names; the rides in the order of time."""
    rides = records.order_by("pickup_at", "pk").values_list(*ON_A_SHEET, named=True)
    by_sheet = defaultdict(list)
    for ride in rides:
        by_sheet[who_drives(ride), timezone.localtime(ride.pickup_at).date()].append(ride)
    for some in batched(sorted(by_sheet.items(), key=itemgetter(0)), TOGETHER):
        sheets = [sheet_of(day, rides) for (_who, day), rides in some]
        yield render("bookings/pdf/day_sheets.html", asked | {"sheets": sheets}, step=step)
    if not by_sheet:
        yield render("bookings/pdf/day_sheets.html", asked | {"sheets": []})


def who_drives(ride):
    """What tells them apart, the name as it is sorted first: two may have the same."""
    name = ride.driver__sort_name or ride.partner__sort_name or ""
    return name, ride.driver or 0, ride.partner or 0


def sheet_of(day, rides):
    first = rides[0]
    columns = (
        Column("", fixed=True),
        Column(_("Time"), fixed=True, bold=True),
        Column(_("Way"), 34),
        Column(_("Passenger"), 26),
        Column(_("Reference and notes"), 24),
    )
    return Sheet(
        who=first.driver__name or first.partner__name or _("To assign"),
        phone=first.driver__phone or first.partner__phone or "",
        day=formats.day(day, 0),
        rides=rides,
        table=Table(columns, [on_a_sheet(ride) for ride in rides], size=9),
        start=first.pickup_at,
        end=max(ride.ends_at for ride in rides),
    )


def on_a_sheet(ride):
    start, end = (timezone.localtime(at) for at in (ride.pickup_at, ride.ends_at))
    later = (end.date() - start.date()).days
    people = ngettext("%(n)s passenger", "%(n)s passengers", ride.passenger_count)
    luggage = ngettext("%(n)s piece of luggage", "%(n)s pieces of luggage", ride.luggage_count)
    other = ride.customer__name if ride.customer__name != ride.passenger_name else ""
    passenger = (
        ride.passenger_name,
        formats.phone(ride.passenger_phone),
        labelled(_("Customer"), other),
        labelled(_("Flight or train"), ride.transport_number),
        people % {"n": ride.passenger_count},
        luggage % {"n": ride.luggage_count} if ride.luggage_count else "",
    )
    return (
        "☐",
        f"{start:%H:%M}\n{end:%H:%M}{f' +{later}' if later else ''}",
        "\n→ ".join((ride.pickup_address, *ride.stops, ride.dropoff_address)),
        "\n".join(filter(None, passenger)),
        "\n".join(filter(None, (ride.reference, ride.driver_notes))),
    )


def labelled(label, value):
    """ "Customer: Hôtel Téranga"; '' of nothing."""
    return value and _("%(label)s: %(value)s") % {"label": label, "value": value}


# ------------------------------------------------------------------------------------ statements
BY_PAYMENT = (PaymentState.PAID, PaymentState.INVOICED, PaymentState.UNPAID)
ON_A_STATEMENT = (
    "customer",
    "customer__name",
    "customer__billing_address",
    "customer__language",
    "pickup_at",
    "reference",
    "passenger_name",
    "pickup_address",
    "dropoff_address",
    "status",
    "price",
    "fee",
    "currency",
    "payment_state",
)


@dataclass(frozen=True, slots=True)
class Statement:
    """What one customer is charged for, in the order of time."""

    customer: str
    address: str
    first: object
    last: object
    count: int
    unpriced: int
    missing: int
    balance: Table | None
    table: Table


def statements(records, asked, step):
    """One for each customer, in its language: rides done, and what is billed of the others."""
    rides = records.filter(CHARGED).order_by("customer__sort_name", "customer", "pickup_at", "pk")
    rides = rides.values_list(*ON_A_STATEMENT, named=True)
    by_customer = [list(theirs) for _key, theirs in groupby(rides, key=attrgetter("customer"))]
    days = asked.get("days") or (None, None)  # older files were asked for without
    spans = {theirs[0].customer: span_of(theirs, *days) for theirs in by_customer}
    missing = missing_beside(records, spans)
    for theirs in by_customer:
        customer = theirs[0].customer
        with translation.override(theirs[0].customer__language):
            context = {"statement": statement_of(theirs, spans[customer], missing[customer])}
            part = render("bookings/pdf/statement.html", asked | context, step=step)
        yield part
    if not by_customer:
        yield render("bookings/pdf/statement.html", asked | {"statement": None})


def span_of(rides, first, last):
    """The moments that a statement is about: the days of the filter, as far as it names any, and
    those of the rides, which a scope may have brought in from beyond."""
    start, end = rides[0].pickup_at, rides[-1].pickup_at
    if first:
        start = min(start, midnight(date.fromisoformat(first)))
    if last:
        after = midnight(date.fromisoformat(last) + timedelta(days=1))
        end = max(end, after - timedelta(microseconds=1))
    return start, end


def missing_beside(records, spans):
    """{customer: how many other rides they are charged for in the days of their statement}: what
    the filter, or whoever picked the rides, left out. One statement."""
    if not spans:
        return {}
    first, last = min(first for first, _ in spans.values()), max(last for _, last in spans.values())
    others = records.model.objects.filter(CHARGED, customer__in=records.values("customer"))
    others = others.filter(pickup_at__range=(first, last)).exclude(pk__in=records.values("pk"))
    found = Counter()
    for customer, at in others.order_by().values_list("customer", "pickup_at").iterator():
        first, last = spans[customer]
        found[customer] += first <= at <= last
    return found


def statement_of(rides, span, missing):
    columns = (
        Column(_("Date"), fixed=True),
        Column(_("Reference"), fixed=True),
        Column(_("Way"), 40),
        Column(_("Passenger"), 24),
        Column(_("Status"), fixed=True),
        Column(_("Payment"), fixed=True),
        Column(_("Amount"), fixed=True, right=True),
    )
    charged = [(charge(ride), ride) for ride in rides]
    rows = [on_a_statement(amount, ride) for amount, ride in charged]
    sums = totals_of((amount, ride.currency) for amount, ride in charged)
    for total in sums:
        label = _("Total %(currency)s") % {"currency": total.currency}
        cells = (*[""] * 6, formats.amount(total.amount, total.currency))
        rows.append(Total(cells, label if len(sums) > 1 else _("Total")))
    return Statement(
        customer=rides[0].customer__name,
        address=rides[0].customer__billing_address,
        first=span[0],
        last=span[1],
        count=len(rides),
        unpriced=sum(amount is None for amount, _ride in charged),
        missing=missing,
        balance=balance_of(charged) if sums else None,
        table=Table(columns, rows),
    )


def on_a_statement(amount, ride):
    at = timezone.localtime(ride.pickup_at)
    status = str(Status(ride.status).label)
    if ride.status in BILLABLE:  # whoever reads it wonders why a ride that was not costs something
        status = _("%(status)s (fee)") % {"status": status}
    return (
        date_format(at, "SHORT_DATE_FORMAT"),
        ride.reference,
        f"{ride.pickup_address} → {ride.dropoff_address}",
        ride.passenger_name,
        status,
        str(PaymentState(ride.payment_state).label),
        formats.amount(amount, ride.currency) or "—",
    )


def balance_of(charged):
    """What is due in each currency, and what of the whole is paid."""
    columns = (
        Column(_("Currency"), fixed=True),
        Column(_("Charged"), right=True),
        Column(_("Paid"), right=True),
        Column(_("Invoiced, not paid yet"), right=True),
        Column(_("Not invoiced yet"), right=True),
        Column(_("Due"), right=True, bold=True),
    )
    sums = defaultdict(Decimal)
    for amount, ride in charged:
        sums[ride.currency, ride.payment_state] += amount or 0
    rows = []
    for currency in sorted({currency for currency, _state in sums}):
        paid, invoiced, unpaid = (sums[currency, state] for state in BY_PAYMENT)
        amounts = (paid + invoiced + unpaid, paid, invoiced, unpaid, invoiced + unpaid)
        rows.append((currency, *(formats.amount(amount, currency) for amount in amounts)))
    return Table(columns, rows, size=9.5, counted=False)


# ------------------------------------------------------------------------------------- amounts
@dataclass(frozen=True, slots=True)
class Sum:
    currency: str
    amount: Decimal


def charge(ride):
    """What the customer is charged: the fee where the ride did not take place; None if unknown."""
    return ride.fee if ride.status in BILLABLE else ride.price


def totals_of(amounts):
    """The sums of (amount or None, currency), by currency."""
    sums = money.sums_of(amounts)
    return [Sum(currency, sums[currency]) for currency in sorted(sums)]


RECAPS = Document(
    slug="bookings",
    name="recaps",
    label=gettext_lazy("Recaps, one a page"),
    parts=recaps,
    most=2_000,
)
DAY_SHEETS = Document(
    slug="bookings",
    name="day_sheets",
    label=gettext_lazy("Day sheets of drivers"),
    parts=day_sheets,
    refusals=(
        Refusal("cancelled", Q(status=Status.CANCELLED), gettext_lazy("cancelled")),
        Refusal(
            "nobody", Q(driver__isnull=True, partner__isnull=True), gettext_lazy("nobody assigned")
        ),
    ),
    most=10_000,
)
LIST = printing.list_of(
    Listing(
        sheet=SHEET,
        title=gettext_lazy("List of bookings"),
        counted=ngettext_lazy("%(n)s ride", "%(n)s rides", "n"),
        nothing=gettext_lazy("There is no booking to show."),
        listed=(
            "departure",
            "reference",
            "passenger",
            "customer",
            "pickup",
            "dropoff",
            "driver",
            "partner",
            "status",
            "fee",
            "price",
        ),
        by_day="departure",
    )
)
STATEMENTS = Document(
    slug="bookings",
    name="statements",
    label=gettext_lazy("Statements of customers"),
    parts=statements,
    refusals=(Refusal("not_charged", ~CHARGED, gettext_lazy("neither done nor billable")),),
    most=20_000,
)
DOCUMENTS = {document.name: document for document in (RECAPS, DAY_SHEETS, LIST, STATEMENTS)}
