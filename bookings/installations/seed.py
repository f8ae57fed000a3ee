"""Demo installations in every state: invented, believable, and the same for a same seed.

They are inserted by sets, and brought to their states by the services that staff use.
"""

from datetime import timedelta
from decimal import Decimal
from functools import partial
from io import BytesIO

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from PIL import Image, ImageDraw

from inventory import movements
from inventory.models import Article, Boutique
from project.audit import numbering
from project.directory.demo_names import PLACES
from project.directory.models import Customer
from project.directory.seed import insert_as

from . import pictures, queries, scheduling, services, staff, work
from .availability import moment
from .models import Engineer, Order, OrderLine, Service, prefix_of_orders
from .states import EvidenceKind, Kind, Skill, Source, Status

FEWEST, MOST = 28, 140
KITS = (
    ("KIT-ML", "Kit mains libres Bluetooth", 65_000, Skill.CAR_KIT, 60),
    ("TRK-4G", "Traceur GPS 4G", 48_000, Skill.TRACKER, 45),
    ("CAM-2", "Caméra de bord double", 92_000, Skill.DASHCAM, 90),
    ("CHRONO", "Chronotachygraphe numérique", 310_000, Skill.TACHOGRAPH, 120),
    ("JAUGE", "Sonde de carburant", 74_000, Skill.FUEL, 90),
)
CABLES = ("FAISC", "Faisceau de câbles", 6_500)
# The first can do everything, and is where help is found at short notice.
ENGINEERS = (
    ("Astou Sarr", "Dakar", tuple(Skill.values)),
    ("Ibrahima Cissé", "Dakar", (Skill.CAR_KIT, Skill.TRACKER, Skill.DASHCAM)),
    ("Ndèye Faye", "Dakar", (Skill.TRACKER, Skill.TACHOGRAPH, Skill.FUEL)),
    ("Omar Sow", "Thiès", (Skill.CAR_KIT, Skill.TRACKER, Skill.FUEL)),
    ("Khady Mbaye", "Saint-Louis", (Skill.DASHCAM, Skill.CAR_KIT)),
    ("Lamine Badji", "Ziguinchor", (Skill.TRACKER,)),
)
ACCOUNT = "technicien"  # the second one's
# What becomes of an order, in turn.
STATES = ("completed", "scheduled", "pending", "in_progress", "scheduled", "cancelled", "fitted")
REASONS = ("Véhicule vendu", "Client injoignable", "Commande en double")


insert = partial(insert_as, "installations.seed")


def seed(options, rng):
    """What `manage.py seed` calls: orders where there are none."""
    if Engineer.objects.exists():
        return
    customers = list(Customer.objects.active().order_by("pk")[:40])
    if not customers:
        return
    with transaction.atomic():
        Demo(rng, customers).make(max(FEWEST, min(options["bookings"] // 20, MOST)))


class Demo:
    def __init__(self, rng, customers):
        self.rng, self.customers = rng, customers
        self.today = timezone.localdate()
        clerk = get_user_model().objects.filter(is_active=True).order_by("pk").first()
        self.by = {"by": clerk, "announced": False}

    def make(self, wanted):
        self.stock(wanted)
        self.people()
        self.orders(wanted)
        self.happen()

    def stock(self, wanted):
        workshop = Boutique(code_boutique="TLM-01", nom="Atelier télématique", currency="XOF")
        shop = Boutique.objects.filter(code_boutique=workshop.code_boutique).first()
        if shop is None:
            [shop] = insert(Boutique, [workshop])
        goods = [(code, nom, prix) for code, nom, prix, _skill, _minutes in KITS] + [CABLES]
        self.articles = insert(
            Article,
            [
                Article(boutique=shop, code=code, nom=nom, prix=Decimal(prix), seuil_alerte=0)
                for code, nom, prix in goods
            ],
        )
        movements.receive(
            Article.objects.filter(pk__in=[article.pk for article in self.articles]),
            quantity=wanted + 20,
            reference="BL-2001",
            **self.by,
        )

    def people(self):
        account = get_user_model().objects.filter(username=ACCOUNT, engineer=None).first()
        if account:
            own_day = Permission.objects.get(codename="work_engineer")
            account.user_permissions.add(own_day)
        self.engineers = insert(
            Engineer,
            [
                Engineer(
                    name=name,
                    region=region,
                    skills=[str(skill) for skill in skills],
                    phone=f"+221 77 5{place}0 12 3{place}",
                    email=f"technicien{place}@example.org",
                    is_active=place < len(ENGINEERS),
                    user=account if place == 2 else None,
                )
                for place, (name, region, skills) in enumerate(ENGINEERS, 1)
            ],
        )
        away = Engineer.objects.filter(pk=self.engineers[4].pk)
        staff.note_leave(
            away,
            first_day=self.today + timedelta(days=10),
            last_day=self.today + timedelta(days=14),
            reason=_("Annual leave"),
            **self.by,
        )

    def orders(self, wanted):
        prefix = prefix_of_orders()
        last = numbering.allocate(prefix, wanted)
        kits = [KITS[self.rng.randrange(len(KITS))] for _n in range(wanted)]
        records = []
        for place, (_code, _nom, prix, _skill, minutes) in enumerate(kits):
            customer = self.customers[place % len(self.customers)]
            records.append(
                Order(
                    number=numbering.reference(prefix, last + place + 1),
                    customer=customer,
                    contact_name=customer.name,
                    contact_phone=customer.phone,
                    address=self.rng.choice(PLACES),
                    region=self.rng.choice(("Dakar", "Dakar", "Thiès", "Saint-Louis")),
                    vehicle_registration=f"DK {self.rng.randrange(1000, 9999)} {place % 9}A",
                    source=Source.ONLINE if place % 3 else Source.OFFICE,
                    currency="XOF",
                    total=Decimal(prix + CABLES[2]),
                    duration_minutes=minutes,
                )
            )
        self.placed = insert(Order, records)
        by_code = {article.code: article for article in self.articles}
        OrderLine.objects.bulk_create(
            [
                OrderLine(
                    order=order,
                    article=by_code[code],
                    quantity=1,
                    unit_price=Decimal(prix),
                    serialised=serialised,
                )
                for order, (kit, _nom, kit_price, *_rest) in zip(self.placed, kits, strict=True)
                for code, prix, serialised in (
                    (kit, kit_price, True),
                    (CABLES[0], CABLES[2], False),
                )
            ]
        )
        insert(
            Service,
            [
                Service(
                    reference=f"{order.number}/1",
                    order=order,
                    kind=Kind.INSTALLATION,
                    required_skill=skill,
                    duration_minutes=minutes,
                )
                for order, (_code, _nom, _prix, skill, minutes) in zip(
                    self.placed, kits, strict=True
                )
            ],
        )

    # What happened: by the services, as staff would have done it
    def happen(self):
        self.diary("completed", -1)
        self.go_on("completed", complete=True)
        self.diary("in_progress", 0)
        self.diary("fitted", 0, "13:30")
        self.go_on("in_progress")
        self.go_on("fitted", fit=True)
        self.diary("scheduled", 1)
        cancelled = self.those("cancelled")
        services.cancel(cancelled, reason=self.rng.choice(REASONS), **self.by)

    def those(self, *states):
        keys = [
            order.pk
            for place, order in enumerate(self.placed)
            if STATES[place % len(STATES)] in states
        ]
        return Order.objects.filter(pk__in=keys)

    def diary(self, state, direction, clock="08:00"):
        """Put the orders of a state into the diary, an engineer's day at a time."""
        for days in range(1, 9):
            day = self.today + timedelta(days=days * direction)
            if direction == 0:  # or on the last working day
                day -= timedelta(days=max(day.weekday() - 4, 0))
            elif day.weekday() > 4:
                continue
            begins = moment(day, clock)
            for engineer in self.engineers[1:5]:
                left = self.those(state).filter(status=Status.PENDING)
                able = left.exclude(pk__in=left.filter(queries.unskilled(engineer.skills)))
                keys = list(able.order_by("pk").values_list("pk", flat=True)[:3])
                if keys:
                    some = Order.objects.filter(pk__in=keys)
                    scheduling.schedule(some, engineer=engineer, start=begins, at=begins, **self.by)
            if not direction:
                return

    def go_on(self, state, *, complete=False, fit=False):
        """Start what a state has in the diary; note what was fitted, or complete it."""
        planned = self.those(state).filter(status=Status.SCHEDULED)
        shown = self.shown()
        starts = planned.order_by("booking__start").values_list("booking__start", flat=True)
        for start in list(starts.distinct()):
            some = list(planned.filter(booking__start=start).values_list("pk", flat=True))
            begun = Order.objects.filter(pk__in=some)
            work.start(begun, at=start, **self.by)
            if fit or complete:
                for order in begun.order_by("pk"):
                    work.fit(order, self.fitted(order), **self.by)
            if complete:
                at = start + timedelta(minutes=50)
                if shown:  # of one order there is a photo and a signature
                    first = Order.objects.filter(pk=min(some))
                    work.complete(first, evidence=shown, at=at, **self.by)
                    shown = ()
                work.complete(begun.filter(status=Status.IN_PROGRESS), at=at, **self.by)

    def shown(self):
        """A photo of a dashboard and a signature, drawn by hand as it were."""
        ink = "#1b2233"
        photo = Image.new("RGB", (960, 640), "#6d7480")
        draw = ImageDraw.Draw(photo)
        draw.rectangle((0, 330, 960, 640), fill="#23262d")
        for left in (150, 430):
            draw.ellipse((left, 370, left + 200, 570), outline="#c9ced8", width=8)
        draw.rectangle((700, 400, 870, 500), fill="#93abf3", outline="#e8e5dd", width=6)
        signature = Image.new("RGB", (600, 200), "white")
        height = [self.rng.randrange(30, 170) for _place in range(14)]
        line = [(40 + 40 * place, at) for place, at in enumerate(height)]
        ImageDraw.Draw(signature).line(line, fill=ink, width=5, joint="curve")
        return [
            {
                "kind": kind,
                "media_type": pictures.MEDIA_TYPE,
                "content": jpeg_of(picture),
                "name": name,
            }
            for kind, picture, name in (
                (EvidenceKind.PHOTO, photo, ""),
                (EvidenceKind.SIGNATURE, signature, "A. Ndiaye"),
            )
        ]

    def fitted(self, order):
        return [
            {
                "line": line,
                "serial_number": f"{line.article.code}-{self.rng.randrange(10**7):07d}",
                "vehicle_registration": order.vehicle_registration,
            }
            for line, _piece in queries.pieces_to_note(order)
        ]


def jpeg_of(picture):
    written = BytesIO()
    picture.save(written, "JPEG", quality=82)
    return written.getvalue()
