"""Demo bookings, a few hundred or a million: invented, believable, and the same for a same seed.

Minutes are counted from the local midnight before `now`. A day has six slots of four hours, every
ride fits in one, and a driver has at most one ride in each: so nobody is in two places at once.
"""

import json
from collections import Counter
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from decimal import Decimal
from itertools import islice
from random import Random

from django.contrib.auth import get_user_model
from django.db import connections, models, router, transaction
from django.db.models import F, Value
from django.db.models.functions import JSONArray, JSONObject
from django.utils import timezone
from django.utils.translation import gettext as _

from project import money
from project.audit import numbering
from project.audit.recorder import open_batch, write_history
from project.audit.statements import insert_select
from project.directory.demo_names import PEOPLE_FIRST, PEOPLE_LAST, PLACES, phone
from project.directory.models import Customer, Driver, Partner
from project.search import registry as search

from . import series_services
from .models import Booking, BookingLog, RoundTrip, reference_prefix
from .recurrence import Frequency, Rule
from .states import CLOSED, OPEN, CancellationKind, Leg, PaymentState, Status, VehicleClass

DAY = 24 * 60
SLOT = 4 * 60
# How often a ride starts in each slot of the day, the first from midnight on.
BUSY = (3, 17, 24, 22, 23, 11)
PAST_DAYS = 548
COMING_DAYS = 90
CHUNK = 10_000
# With so many rides, some of them recur.
ENOUGH = 300
RULES = (
    Rule(Frequency.WEEKLY, weekdays=(0,), count=12),
    Rule(Frequency.WEEKLY, 2, weekdays=(0,), count=8),
)
# From here on it is cheaper to index everything at the end than row by row.
LARGE = 20_000

FLIGHTS = (
    "AF718",
    "AF719",
    "HC301",
    "HC306",
    "SN203",
    "TK599",
    "TP1483",
    "SS952",
    "ET908",
    "AT501",
)
TRAINS = ("TGV 6607", "TGV 6612", "TER 104", "TER 118", "TER 233")
DRIVER_NOTES = (
    "Panneau au nom du passager.",
    "Sonner au portail bleu.",
    "Siège enfant à prévoir.",
    "Passager en fauteuil roulant.",
    "Appeler dix minutes avant.",
    "Attendre à la sortie 2.",
)
OFFICE_NOTES = (
    "Facturer le siège.",
    "Client fidèle : surclasser si possible.",
    "Bon de commande à recevoir.",
    "Vérifier l'horaire du vol la veille.",
)
REASONS = {
    CancellationKind.CUSTOMER: ("Vol annulé", "Voyage reporté", "Plus besoin de la course"),
    CancellationKind.OPERATOR: ("Véhicule en panne", "Aucun chauffeur disponible"),
    CancellationKind.LATE: ("Annulé une heure avant", "Annulé à l'arrivée du chauffeur"),
    CancellationKind.MISTAKE: ("Saisie en double",),
}
BEFORE = (Status.PENDING, Status.CONFIRMED)
PRICE_FACTORS = {
    VehicleClass.SEDAN: 1,
    VehicleClass.BUSINESS: 1.6,
    VehicleClass.VAN: 1.4,
    VehicleClass.MINIBUS: 2.2,
}


def places_with(*names):
    return [place for place in PLACES if any(name in place for name in names)]


BAMAKO = places_with("Bamako")
ABIDJAN = places_with("Abidjan", "Grand-Bassam")
PARIS = places_with("Paris", "Montreuil")
ELSEWHERE = places_with("Kayes", "Ségou", "Lyon", "Marseille")  # far from all others
SENEGAL = [p for p in PLACES if p not in {*BAMAKO, *ABIDJAN, *PARIS, *ELSEWHERE}]
REGIONS, REGION_WEIGHTS = (SENEGAL, BAMAKO, ABIDJAN, PARIS), (83, 6, 6, 5)


# --------------------------------------------------------------------------------------- the doors
def seed(options, rng):
    """What `manage.py seed` calls: up to as many bookings as asked, with those that are there."""
    missing = options["bookings"] - Booking.objects.count()
    if missing <= 0:
        return
    recurring = sum(rule.count - 1 for rule in RULES) if missing >= ENOUGH else 0
    seed_bookings(missing - recurring, seed=rng.random(), say=options["say"])
    if recurring:
        seed_series()


def seed_series(now=None):
    """Make some of the coming rides recur, as the desk does."""
    coming = Booking.objects.filter(pickup_at__gt=now or timezone.now(), round_trip=None)
    coming = coming.filter(status=Status.CONFIRMED, customer__is_active=True)
    clerk = get_user_model().objects.order_by("pk").first()
    for ride, rule in zip(coming.order_by("pickup_at", "pk"), RULES, strict=False):
        day = timezone.localdate(ride.pickup_at).weekday()
        rule = replace(rule, weekdays=(day,))
        series_services.repeat(ride, by=clerk, rule=rule, announced=False)


def seed_bookings(n, *, seed=1, now=None, say=lambda text: None):
    """Insert `n` bookings around `now`, each with its log line and its history row.

    Needs an active customer, driver and partner. `say(text)` is told the progress of a large load.
    """
    connection = connections[router.db_for_write(Booking)]
    with transaction.atomic(using=connection.alias):
        known, known_trips = (
            model.objects.aggregate(last=models.Max("pk"))["last"] or 0
            for model in (Booking, RoundTrip)
        )
        demo = Demo(Random(seed), now or timezone.now())
        bookings = demo.bookings(demo.orders(n))
        with unindexed(connection) if n >= LARGE else nullcontext():
            for done in range(0, n, CHUNK):
                load(connection, list(islice(bookings, CHUNK)))
                if n >= LARGE:
                    say(f"{min(done + CHUNK, n):,} / {n:,}")
            batch = record(models.QuerySet(Booking).filter(pk__gt=known), demo.clerk)
            trips = RoundTrip.objects.filter(pk__gt=known_trips)
            write_history(trips, batch, "+", str(_("Created")))


@contextmanager
def unindexed(connection):
    """Load without the indexes of the desk and of search, and build them in one go at the end."""
    editor = connection.schema_editor()
    indexes = Booking._meta.indexes
    with connection.cursor() as cursor:
        for index in indexes:
            cursor.execute(f"DROP INDEX {connection.ops.quote_name(index.name)}")
        with search.suspended(Booking):
            yield
        for index in indexes:
            cursor.execute(str(index.create_sql(Booking, editor)))


def load(connection, bookings):
    """Insert bookings by COPY (PostgreSQL) or as one prepared statement (SQLite)."""
    fields = [field for field in Booking._meta.concrete_fields if not field.primary_key]
    adapters = [adapter(connection, field) for field in fields]
    rows = (
        [
            adapt(getattr(booking, field.attname))
            for adapt, field in zip(adapters, fields, strict=True)
        ]
        for booking in bookings
    )
    quote = connection.ops.quote_name
    table = quote(Booking._meta.db_table)
    columns = ", ".join(quote(field.column) for field in fields)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(fields))
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)


def adapter(connection, field):
    """How a value of `field` is handed to the database driver."""
    if isinstance(field, models.DateTimeField):
        return connection.ops.adapt_datetimefield_value
    if isinstance(field, models.JSONField):
        return json.dumps
    return lambda value: value


def record(made, clerk):
    """A log line and a history row for each new booking, by INSERT…SELECT."""
    batch = open_batch("bookings.seed", Booking, clerk)
    batch.changed = insert_select(
        BookingLog,
        ("booking_id", "user_id", "action", "action_code", "batch_id", "timestamp", "changes"),
        made.order_by("pk"),
        F("pk"),
        Value(batch.user_id, output_field=models.BigIntegerField()),
        Value(_("Created")),
        Value(batch.action),
        Value(batch.pk, output_field=models.UUIDField()),
        F("created_at"),
        JSONObject(
            reference=JSONArray(Value(None, output_field=models.CharField()), F("reference"))
        ),
    )
    write_history(made, batch, "+", str(_("Created")))
    batch.save(update_fields=["changed"])
    return batch


# --------------------------------------------------------------------------------------- invention
@dataclass(frozen=True, slots=True)
class Order:
    """What a customer ordered at one moment: one ride, or two for a round trip."""

    taken: int
    rides: tuple["Ride", ...]


@dataclass(frozen=True, slots=True)
class Ride:
    start: int
    minutes: int
    km: float

    @property
    def end(self):
        return self.start + self.minutes


class Demo:
    """Invents bookings. `clerk` is the user who took them all down, if there is one."""

    def __init__(self, rng, now):
        self.rng = rng
        self.chance = rng.random
        self.now = now
        midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
        self.midnight = midnight.astimezone(UTC)
        self.minute = int((now - self.midnight).total_seconds() // 60)
        self.clerk = get_user_model().objects.filter(is_active=True).order_by("pk").first()
        self.customers = list(Customer.objects.active().order_by("pk"))
        self.drivers = list(Driver.objects.active().order_by("pk").values_list("pk", flat=True))
        self.partners = list(Partner.objects.active().order_by("pk").values_list("pk", flat=True))
        self.driven = Counter()  # by slot: how many drivers have a ride in it

    def pick(self, options):
        return options[int(self.chance() * len(options))]

    def at(self, minute):
        return self.midnight + timedelta(minutes=minute)

    # When: orders, in the order in which they came in
    def orders(self, n):
        orders = []
        rides = 0
        near = min(n // 5, 100)  # enough around today for the desk to look alive
        while rides < n:
            if rides < near // 20:
                ride = self.ride_under_way()
            else:
                ride = self.ride(self.day_near_today() if rides < near else self.day())
            trip = (ride,)
            if n - rides >= 2 and self.chance() < 0.081:  # that is 15 % of the bookings
                trip = (ride, self.ride(ride.start // DAY + 1 + int(self.chance() * 6)))
            ahead = 30 + int(self.chance() ** 3 * 30 * DAY)
            orders.append(Order(min(ride.start, self.minute) - ahead, trip))
            rides += len(trip)
        return sorted(orders, key=lambda order: order.taken)

    def day_near_today(self):
        return 0 if self.chance() < 0.4 else self.rng.randint(-3, 7)

    def day(self):
        if self.chance() < 0.88:
            return -int(PAST_DAYS * self.chance() ** 1.4)
        return int(COMING_DAYS * self.chance() ** 2)

    def ride(self, day):
        far = self.chance()
        km = (
            4 + 21 * self.chance()
            if far < 0.7
            else 25 + (165 if far > 0.95 else 55) * self.chance()
        )
        minutes = 15 + int(km * 0.22) * 5
        slot = self.rng.choices(range(len(BUSY)), BUSY)[0]
        start = int(self.chance() * (SLOT - minutes) / 5) * 5
        return Ride(day * DAY + slot * SLOT + start, minutes, round(km, 1))

    def ride_under_way(self):
        """One that is being driven now, whatever the hour."""
        minutes = 45
        since = min(self.minute % SLOT, int(minutes * self.chance()))
        slot_end = self.minute - self.minute % SLOT + SLOT
        return Ride(min(self.minute - since, slot_end - minutes), minutes, 27.0)

    # What: the bookings of those orders, with their references
    def bookings(self, orders):
        trips = iter(self.round_trips(orders))
        references = self.references(orders)
        for order in orders:
            said = self.said()
            trip = next(trips) if len(order.rides) == 2 else None
            for leg, ride in zip((Leg.OUTBOUND, Leg.RETURN), order.rides, strict=False):
                if leg == Leg.RETURN:
                    said |= {
                        "pickup_address": said["dropoff_address"],
                        "dropoff_address": said["pickup_address"],
                        "stops": [],
                    }
                booking = Booking(
                    **said,
                    reference=next(references),
                    round_trip=trip,
                    leg=leg if trip else "",
                    pickup_at=self.at(ride.start),
                    duration_minutes=ride.minutes,
                    distance_km=ride.km,
                    created_at=self.at(order.taken),
                    updated_at=self.at(order.taken),
                )
                self.settle(booking, order, ride)
                booking.derive()
                yield booking

    def round_trips(self, orders):
        count = sum(len(order.rides) == 2 for order in orders)
        return RoundTrip.objects.bulk_create([RoundTrip() for _ in range(count)], batch_size=CHUNK)

    def references(self, orders):
        prefixes = [reference_prefix(self.at(order.taken)) for order in orders for _ in order.rides]
        last = {
            prefix: numbering.allocate(prefix, count) for prefix, count in Counter(prefixes).items()
        }
        for prefix in prefixes:
            last[prefix] += 1
            yield numbering.reference(prefix, last[prefix])

    def said(self):
        """What the customer said: who travels, how many, from where to where."""
        customer = self.customers[int(self.chance() ** 2 * len(self.customers))]
        own = customer.kind == Customer.Kind.PERSON and self.chance() < 0.7
        region = self.rng.choices(REGIONS, REGION_WEIGHTS)[0]
        pickup, dropoff = self.way(region)
        people = self.rng.choices(range(1, 13), (55, 22, 8, 5, 3, 2, 1, 1, 1, 1, 0.5, 0.5))[0]
        return {
            "customer_id": customer.pk,
            "passenger_name": customer.name
            if own
            else f"{self.pick(PEOPLE_FIRST)} {self.pick(PEOPLE_LAST)}",
            "passenger_phone": customer.phone if own else phone(self.rng),
            "passenger_email": customer.email if own else "",
            "passenger_count": people,
            "luggage_count": int(people * 2 * self.chance()),
            "vehicle_class": self.vehicle(people),
            "pickup_address": pickup,
            "dropoff_address": dropoff,
            "stops": [self.pick(region)] if self.chance() < 0.08 else [],
            "transport_number": self.transport(pickup, dropoff),
            "currency": "EUR" if region is PARIS else "XOF",
            "driver_notes": self.pick(DRIVER_NOTES) if self.chance() < 0.15 else "",
            "office_notes": self.pick(OFFICE_NOTES) if self.chance() < 0.08 else "",
        }

    def way(self, region):
        """Two different places; often one of them is the airport."""
        airports = [place for place in region if place.startswith("Aéroport")]
        pickup = self.pick(airports if self.chance() < 0.3 else region)
        dropoff = self.pick(airports if self.chance() < 0.15 else region)
        return (pickup, dropoff) if pickup != dropoff else self.way(region)

    def transport(self, *way):
        for kind, numbers, likely in (("Aéroport", FLIGHTS, 0.85), ("Gare", TRAINS, 0.5)):
            if any(place.startswith(kind) for place in way) and self.chance() < likely:
                return self.pick(numbers)
        return ""

    def vehicle(self, people):
        if people > 7:
            return VehicleClass.MINIBUS
        if people > 3:
            return VehicleClass.VAN
        return VehicleClass.BUSINESS if self.chance() < 0.2 else VehicleClass.SEDAN

    # What became of it: as things stand `now`, every constraint kept
    def settle(self, booking, order, ride):
        booking.status = self.status(ride)
        if booking.status != Status.PENDING or self.chance() < 0.9:
            booking.price = self.price(booking)
        self.assign(booking, ride)
        if booking.status == Status.CANCELLED:
            self.cancel(booking, order, ride)
        elif booking.status == Status.NO_SHOW and self.chance() < 0.6:
            self.bill(booking, 50)
        age = self.minute - ride.end
        self.pay(booking, age)
        paid_out = booking.status == Status.COMPLETED and booking.payout is not None and self.clerk
        if paid_out and age > 20 * DAY and self.chance() < 0.9:
            booking.settled_amount, booking.settled_by = booking.payout, self.clerk
            booking.settled_on = self.at(ride.end + 10 * DAY).date()
        if booking.status in CLOSED and age > 300 * DAY and self.chance() < 0.85:
            booking.archived_at = self.at(ride.end + 90 * DAY)

    def status(self, ride):
        age = self.minute - ride.end
        if self.chance() < 0.1:
            return Status.CANCELLED
        # In the last hours some rides are over, and nobody has said so yet.
        if age > 12 * 60 or (age > 0 and self.chance() < 0.85):
            return Status.NO_SHOW if self.chance() < 0.04 else Status.COMPLETED
        if ride.start <= self.minute:
            return Status.IN_PROGRESS
        sure = 0.8 if self.is_soon(ride) else 0.5
        return Status.CONFIRMED if self.chance() < sure else Status.PENDING

    def is_soon(self, ride):
        return ride.start - self.minute < 2 * DAY

    def price(self, booking):
        factor = PRICE_FACTORS[booking.vehicle_class]
        if booking.currency == "EUR":
            return money.rounded((25 + 1.9 * booking.distance_km) * factor, "EUR")
        return five_hundreds((3000 + 450 * booking.distance_km) * factor)

    def assign(self, booking, ride):
        likely = {
            Status.CANCELLED: 0.5,
            Status.PENDING: 0.15,
            Status.CONFIRMED: 0.8 if self.is_soon(ride) else 0.4,
        }.get(booking.status, 1)
        if self.chance() >= likely:
            return
        slot = ride.start // SLOT
        turn = self.driven[slot]
        if turn < len(self.drivers) and self.chance() < 0.88:
            self.driven[slot] += 1
            booking.driver_id = self.drivers[(slot * 37 + turn) % len(self.drivers)]
            share = Decimal("0.55")
        else:
            booking.partner_id = self.pick(self.partners)
            share = Decimal("0.8")
        if booking.price is not None:
            exact = booking.price * share
            euros = booking.currency == "EUR"
            booking.payout = money.rounded(exact, "EUR") if euros else five_hundreds(exact)

    def cancel(self, booking, order, ride):
        kind = self.rng.choices(list(REASONS), (55, 15, 25, 5))[0]
        latest = min(ride.start, self.minute)
        late = kind == CancellationKind.LATE
        moment = latest - int(25 * self.chance())
        if not late:
            moment = order.taken + int((latest - order.taken) * self.chance())
        booking.status_before = Status.CONFIRMED if late else self.pick(BEFORE)
        booking.cancelled_at = self.at(moment)
        booking.cancelled_by = self.clerk
        booking.cancellation_kind = kind
        booking.cancellation_reason = self.pick(REASONS[kind])
        if late:
            self.bill(booking, self.pick((50, 100)))

    def bill(self, booking, percent):
        booking.billable = True
        booking.fee = money.rounded(booking.price * percent / 100, booking.currency)

    def pay(self, booking, age):
        if booking.status == Status.COMPLETED or booking.billable:
            weights = (4, 12, 84) if age > 45 * DAY else (35, 40, 25)
        elif booking.status in OPEN and booking.price is not None:
            weights = (80, 5, 15)
        else:
            return
        booking.payment_state = self.rng.choices(PaymentState.values, weights)[0]


def five_hundreds(amount):
    """An amount in XOF as people quote it."""
    return Decimal(round(amount / 500) * 500)
