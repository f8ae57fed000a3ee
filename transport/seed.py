"""Demo contracts in every state: invented, believable, and the same for a same seed.

They are inserted by sets, and brought to their states by the services that staff use.
"""

from datetime import timedelta
from decimal import Decimal
from functools import partial

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from stdnum import iso6346

from project.audit import numbering
from project.directory.models import Customer, Driver
from project.directory.seed import insert_as

from . import missions, payments, penalties, services
from .models import (
    Camion,
    Cautions,
    Compagnie,
    Conditions,
    Conteneur,
    ContratTransport,
    Mission,
    PaiementMission,
    PrestationDeTransports,
    Tarif,
    Transitaire,
)
from .states import ModePaiement, StatutCaution, Taille

FEWEST, MOST = 24, 400
LINES = ("CMA CGM", "Maersk", "MSC", "Hapag-Lloyd", "Grimaldi")
PREFIXES = {
    "CMA CGM": "CMAU",
    "Maersk": "MSKU",
    "MSC": "MSCU",
    "Hapag-Lloyd": "HLXU",
    "Grimaldi": "GCNU",
}
FORWARDERS = (
    "Transit Sahel",
    "Sénégal Transit Express",
    "Teranga Logistique",
    "Baobab Transit",
    "Corridor Dakar-Bamako",
    "Atlantique Fret",
)
MAKES = ("Renault Kerax", "Mercedes Actros", "Volvo FH", "DAF XF", "Scania R")
DESTINATIONS = ("Bamako", "Kayes", "Sikasso", "Ségou", "Tambacounda", "Ziguinchor", "Kaolack")
STAGES = ("Diamniadio", "Kaolack", "Tambacounda", "Kidira", "Kayes", "Diéma")
REASONS = ("Client désisté", "Conteneur endommagé", "Marchandise non dédouanée")
# What becomes of a contract, in turn. The first is plain, active, paid for and has a deposit.
STATES = ("paid", "late", "on_time", "fresh", "finished_late", "cancelled", "mixed", "open")
# Its place: of all the active ones it is due first, so that it is plain by whatever order.
LATEST = STATES.index("late")
# How many months back the finished ones reach.
MONTHS = 6


insert = partial(insert_as, "transport.seed")


def seed(options, rng):
    """What `manage.py seed` calls: contracts where there are none."""
    if ContratTransport.objects.exists():
        return
    wanted = max(FEWEST, min(options["bookings"] // 20, MOST))
    customers = list(Customer.objects.active().order_by("pk")[:60])
    drivers = list(Driver.objects.active().order_by("pk")[:30])
    if customers and drivers:
        with transaction.atomic():
            Demo(rng, customers, drivers).make(wanted)


def numbers(serie, count):
    """So many numbers of a series, in one statement."""
    prefix = f"{serie}-{timezone.localdate():%y}"
    last = numbering.allocate(prefix, count)
    return [numbering.reference(prefix, last + place + 1) for place in range(count)]


class Demo:
    """Invents contracts, and does to them what staff would have done."""

    def __init__(self, rng, customers, drivers):
        self.rng = rng
        self.customers, self.drivers = customers, drivers
        self.today = timezone.localdate()
        self.clerk = get_user_model().objects.filter(is_active=True).order_by("pk").first()

    def day(self, ago):
        return self.today - timedelta(days=ago)

    def make(self, wanted):
        self.states = [STATES[place % len(STATES)] for place in range(wanted)]
        self.terms()
        self.fleet(wanted)
        self.contracts()
        self.journeys()
        self.money()
        self.happen()

    def terms(self):
        """The house's defaults, and a tiered tariff of one line."""
        Conditions.objects.get_or_create(pk=1)
        there = {line.nom: line for line in Compagnie.objects.filter(nom__in=LINES)}
        new = insert(Compagnie, [Compagnie(nom=nom) for nom in LINES if nom not in there])
        there |= {line.nom: line for line in new}
        self.lines = [there[nom] for nom in LINES]
        same = {"compagnie": self.lines[2], "taille": Taille.QUARANTE, "destination": ""}
        self.tarif = Tarif.objects.active().filter(**same).first()
        if self.tarif is None:
            steps = ((1, 15_000), (11, 25_000), (31, 30_000))
            paliers = penalties.paliers_de((du, Decimal(montant)) for du, montant in steps)
            self.tarif = insert(Tarif, [Tarif(**same, delai_jours=21, paliers=paliers)])[0]

    def fleet(self, wanted):
        forwarders = [
            Transitaire(
                name=name,
                phone=f"+221 33 8{place} 45 1{place}",
                email=f"contact@{name.split()[0].lower().replace('é', 'e')}{place}.example.org",
            )
            for place, name in enumerate(FORWARDERS)
        ]
        self.forwarders = insert(Transitaire, forwarders)
        trucks = [
            Camion(
                immatriculation=f"DK {1200 + 37 * place} {'ABCDEF'[place % 6]}",
                marque=MAKES[place % len(MAKES)],
            )
            for place in range(14)
        ]
        self.trucks = insert(Camion, trucks)
        boxes = []
        for place in range(wanted):
            line = self.lines[place % len(self.lines)]
            plain = f"{PREFIXES[line.nom]}{400_000 + 7 * place:06d}"
            size = list(Taille)[place % 3]
            boxes.append(
                Conteneur(
                    numero=plain + iso6346.calc_check_digit(plain), taille=size, compagnie=line
                )
            )
        self.boxes = insert(Conteneur, boxes)

    # When: finished ones came back on one of a few days, so that each day is one act
    def start(self, place, state):
        if place == LATEST:  # no tiered one is due before it, which has fewer days
            return self.day(24 + 45)
        if state == "late":
            return self.day(24 + self.rng.randint(1, 40))
        if state == "fresh":
            return self.day(self.rng.randint(0, 2))
        if state in ("on_time", "finished_late"):
            out = 12 + place % 9 if state == "on_time" else 25 + place % 9
            return self.returned(place) - timedelta(days=out)
        return self.day(self.rng.randint(3, 20))

    def returned(self, place):
        """The day on which the container of a finished contract came back."""
        return self.day(6 + 30 * (place // len(STATES) % MONTHS))

    def contracts(self):
        keys = numbers("CT", len(self.states))
        made = []
        for place, state in enumerate(self.states):
            box = self.boxes[place]
            tiered = place > LATEST and (box.compagnie_id, box.taille) == (
                self.tarif.compagnie_id,
                self.tarif.taille,
            )
            total = self.rng.randrange(600, 1_900, 25) * 1000
            made.append(
                ContratTransport(
                    pk_contrat=keys[place],
                    transitaire=self.forwarders[place % len(self.forwarders)],
                    client=self.customers[place % len(self.customers)],
                    camion=self.trucks[place % len(self.trucks)],
                    chauffeur=self.drivers[place % len(self.drivers)],
                    conteneur=box,
                    numero_bl=f"BL-{52_000 + 13 * place}",
                    origine="Port autonome de Dakar",
                    destination=self.rng.choice(DESTINATIONS),
                    montant_total=total,
                    avance=Decimal(total // 2),
                    devise="XOF",
                    date_debut=self.start(place, state),
                    delai_jours=self.tarif.delai_jours if tiered else 23,
                    penalite_par_jour=Decimal(25_000),
                    paliers=self.tarif.paliers if tiered else [],
                )
            )
        self.contrats = insert(ContratTransport, made)
        services_ = [
            PrestationDeTransports(
                contrat_transport=contrat,
                libelle=_("Escort to the border"),
                date=contrat.date_debut,
                montant=Decimal(45_000),
            )
            for contrat in self.contrats[::3]
        ]
        insert(PrestationDeTransports, services_)

    def journeys(self):
        """A mission each, but for the contracts that are just signed; two for the mixed ones."""
        wanted = [
            contrat
            for contrat, state in zip(self.contrats, self.states, strict=True)
            for _n in range({"fresh": 0, "mixed": 2}.get(state, 1))
        ]
        keys = iter(numbers("MS", len(wanted)))
        self.missions = insert(
            Mission,
            [
                Mission(
                    numero=next(keys),
                    contrat=contrat,
                    date_depart=contrat.date_debut,
                    etapes=self.rng.sample(STAGES, 2),
                )
                for contrat in wanted
            ],
        )

    def money(self):
        """Two payments for most missions, and a deposit for most contracts."""
        by_key = {contrat.pk: contrat for contrat in self.contrats}
        for mission in self.missions:
            mission.contrat = by_key[mission.contrat_id]
        paid = [mission for place, mission in enumerate(self.missions) if place % 5 < 4]
        keys = iter(numbers("PM", 2 * len(paid)))
        self.payments = insert(
            PaiementMission,
            [
                PaiementMission(
                    numero=next(keys),
                    mission=mission,
                    montant=Decimal(self.rng.randrange(50, 300, 5) * 1000),
                    mode=self.rng.choice(list(ModePaiement)),
                )
                for mission in paid
                for _n in range(2)
            ],
        )
        held = [contrat for place, contrat in enumerate(self.contrats) if place % 6 != 3]
        keys = iter(numbers("CA", len(held)))
        self.deposits = insert(
            Cautions,
            [
                Cautions(
                    numero=next(keys),
                    contrat=contrat,
                    montant=Decimal(self.rng.choice((500, 750, 1_000, 1_500)) * 1000),
                )
                for contrat in held
            ],
        )

    # What happened: by the services, as staff would have done it
    def happen(self):
        by = {"by": self.clerk, "announced": False}
        valid = keys_of(self.payments[::2])
        payments.valider(PaiementMission.objects.filter(pk__in=valid), date=self.day(2), **by)
        self.hold(by)
        self.end(by)
        mixed = self.missions_in("mixed")[1::2]
        missions.annuler(Mission.objects.filter(pk__in=keys_of(mixed)), raison=REASONS[1], **by)
        cancelled = self.contracts_in("cancelled")
        services.annuler(
            ContratTransport.objects.filter(pk__in=keys_of(cancelled)), raison=REASONS[0], **by
        )
        services.suspendre(
            ContratTransport.objects.filter(pk__in=keys_of(self.contracts_in("open")[:2])),
            debut=self.day(2),
            fin=self.day(-1),
            raison=_("Border closed"),
            **by,
        )

    def hold(self, by):
        """Most deposits are paid; those of finished contracts come back, one or two are lost."""
        by |= {"date": self.day(3)}
        done = {contrat.pk for contrat in self.contracts_in("on_time", "finished_late")}
        ended = [deposit for deposit in self.deposits if deposit.contrat_id in done]
        going = [deposit for deposit in self.deposits if deposit.contrat_id not in done]
        steps = (
            (StatutCaution.PAYEE, ended + going[::3] + going[1::3]),
            (StatutCaution.RECLAMABLE, ended),
            (StatutCaution.REMBOURSEE, ended[1::3]),
            (StatutCaution.CONFISQUEE, ended[2:3]),
        )
        for statut, deposits in steps:
            payments.changer_statut(
                Cautions.objects.filter(pk__in=keys_of(deposits)), statut=statut, **by
            )
        del by["date"]

    def end(self, by):
        """Finished missions, one act for each day on which some came back."""
        days = {}
        for place, (contrat, state) in enumerate(zip(self.contrats, self.states, strict=True)):
            if state in ("on_time", "finished_late"):
                days.setdefault(self.returned(place), []).append(contrat.pk)
        for day, keys in days.items():
            missions.terminer(
                Mission.objects.filter(contrat__in=keys), date_retour=day, confirmer=True, **by
            )

    def contracts_in(self, *states):
        pairs = zip(self.contrats, self.states, strict=True)
        return [contrat for contrat, state in pairs if state in states]

    def missions_in(self, state):
        keys = set(keys_of(self.contracts_in(state)))
        return [mission for mission in self.missions if mission.contrat_id in keys]


def keys_of(records):
    return [record.pk for record in records]
