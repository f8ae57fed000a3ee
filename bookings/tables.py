"""The columns of the bookings' list."""

from functools import lru_cache
from html import escape

from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext
from django.utils.translation import gettext as _

from project.ui import formats
from project.ui.pages import Sort
from project.ui.table import Column, Table, text

from .querysets import OrMinusOne
from .states import BILLABLE, OPEN, Leg, PaymentState, Status, VehicleClass


class BookingTable(Table):
    slug = "bookings"
    link = ("bookings:detail", "reference")
    named_by = "reference"
    sorts = (
        Sort("departure", gettext_lazy("Departure"), "pickup_at", by_day=True),
        Sort("reference", gettext_lazy("Reference"), "reference"),
        Sort("price", gettext_lazy("Price"), OrMinusOne("price")),
    )

    departure = Column(
        gettext_lazy("Departure"), "pickup_at", "duration_minutes", css="when", sort="departure"
    )
    reference = Column(
        gettext_lazy("Reference"),
        "reference",
        "leg",
        "archived_at",
        css="ref",
        sort="reference",
        fixed=True,
    )
    passenger = Column(gettext_lazy("Passenger"), "passenger_name", "passenger_count", css="who")
    customer = Column(gettext_lazy("Customer"), "customer__name", css="who", optional=True)
    phone = Column(gettext_lazy("Phone"), "passenger_phone", optional=True)
    email = Column(gettext_lazy("E-mail"), "passenger_email", css="clip", optional=True)
    pickup = Column(gettext_lazy("Pickup"), "pickup_address", css="addr")
    dropoff = Column(gettext_lazy("Drop-off"), "dropoff_address", "transport_number", css="addr")
    stops = Column(gettext_lazy("Stops"), "stops", css="num", optional=True)
    vehicle = Column(gettext_lazy("Vehicle"), "vehicle_class", optional=True)
    luggage = Column(gettext_lazy("Luggage"), "luggage_count", css="num", optional=True)
    distance = Column(gettext_lazy("Distance"), "distance_km", css="num", optional=True)
    driver = Column(gettext_lazy("Driver"), "driver__name", "partner__name", "status", css="driver")
    status = Column(gettext_lazy("Status"), "status", "billable", css="state")
    payment = Column(gettext_lazy("Payment"), "payment_state", optional=True)
    payout = Column(gettext_lazy("Payout"), "payout", "currency", css="num", optional=True)
    fee = Column(gettext_lazy("Fee"), "fee", "currency", css="num", optional=True)
    price = Column(gettext_lazy("Price"), "price", "currency", "status", css="num", sort="price")
    created = Column(gettext_lazy("Created"), "created_at", optional=True)

    def __init__(self, chosen=()):
        super().__init__(chosen)
        self.zone = timezone.get_current_timezone()
        self.year = timezone.localdate().year
        self.words = words_in(get_language())

    def count_words(self, count, partly):
        if partly:
            here = ngettext("%(n)s ride on this page", "%(n)s rides on this page", count)
            return here % {"n": count}
        return ngettext("%(n)s ride", "%(n)s rides", count) % {"n": count}

    def cell_departure(self, at, minutes):
        at = at.astimezone(self.zone)
        day = "" if self.by_day else f"{formats.short_day(at.date(), self.year)} "
        return f'{day}{at:%H:%M} <span class="sub">{formats.duration(minutes)}</span>'

    def cell_reference(self, reference, leg, archived_at):
        marks = self.words[leg] + (self.words["archived"] if archived_at else "")
        return f'<a href="{self.url(reference)}">{escape(reference)}</a>{marks}'

    def cell_passenger(self, name, count):
        # First, so that it floats beside the name and is never what is cut.
        many = f'<span class="sub many">{count} {self.words["people"]}</span>' if count > 1 else ""
        return many + escape(name)

    def cell_dropoff(self, address, number):
        return escape(f"{address}, {number}" if number else address)

    def cell_driver(self, driver, partner, status):
        if driver:
            return escape(driver)
        if partner:
            return self.words["partner"] + escape(partner)
        return self.words["missing"] if status in OPEN else ""

    def cell_stops(self, stops):
        return f'<span title="{escape(" · ".join(stops))}">{len(stops)}</span>' if stops else ""

    def cell_status(self, status, billable):
        return self.words[status, billable]

    def cell_vehicle(self, vehicle):
        return self.words[vehicle]

    def cell_payment(self, state):
        return self.words[state]

    def cell_luggage(self, count):
        return text(count or "")

    def cell_distance(self, distance):
        return "" if distance is None else f"{formats.number(distance)} km"

    def cell_payout(self, amount, currency):
        return escape(formats.amount(amount, currency))

    cell_fee = cell_payout

    def cell_price(self, amount, currency, status):
        price = self.cell_payout(amount, currency)
        return f"<del>{price}</del>" if price and status in BILLABLE else price

    def cell_created(self, at):
        at = at.astimezone(self.zone)
        return f"{formats.short_day(at.date(), self.year)} {at:%H:%M}"


@lru_cache
def words_in(language):
    """The words that rows repeat, as HTML: looked up once, not for each cell."""
    words = {
        "": "",
        Leg.OUTBOUND.value: leg_html(1, _("Outbound ride of a round trip")),
        Leg.RETURN.value: leg_html(2, _("Return ride of a round trip")),
        "people": escape(_("pers.")),
        "partner": span("sub", _("Partner:")) + " ",
        "missing": span("missing", _("To assign")),
        "archived": archived_html(pgettext("booking", "archived")),
    }
    for choice in (*PaymentState, *VehicleClass):
        words[choice.value] = escape(str(choice.label))
    billed = _("billable")
    for status in Status:
        css = f"status status-{status.value}"
        words[status.value, False] = span(css, status.label)
        words[status.value, True] = span(css, f"{status.label} · {billed}")
    return words


def span(css, text):
    return f'<span class="{css}">{escape(str(text))}</span>'


def archived_html(title):
    title = escape(title)
    return f'<span class="leg" role="img" aria-label="{title}" title="{title}">▤</span>'


def leg_html(place, title):
    return f'<span class="leg" title="{escape(title)}">⇄ {place}/2</span>'
