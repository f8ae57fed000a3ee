"""The records that tests need, each valid as it comes: give only what the test is about."""

from datetime import date, timedelta
from itertools import count

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone
from stdnum import iso6346

from bookings.installations.models import Engineer, Order
from bookings.installations.services import Line, Task, place
from bookings.installations.states import Skill
from bookings.models import Booking, RoundTrip
from bookings.states import CancellationKind, Leg, Status
from inventory.models import Article, Boutique, Terminal
from inventory.states import TypeMouvement
from inventory.stock import Book
from project.api import scopes
from project.api import services as integrations
from project.api.models import Integration
from project.directory.models import Customer, Driver, Partner
from project.utilisateurs.models import CustomUser
from transport.models import (
    Camion,
    Cautions,
    Compagnie,
    Conteneur,
    ContratTransport,
    Mission,
    PaiementMission,
    PrestationDeTransports,
    Transitaire,
)

number = count(1)


def make_user(username=None, *, groups=(), password=None, **fields):
    """A user in the named groups ("Bureau", …). Without a password: use `client.force_login`."""
    user = CustomUser(username=username or f"user{next(number)}", **fields)
    user.set_password(password)
    user.save()
    user.groups.set([Group.objects.get(name=name) for name in groups])
    return user


def make_customer(name=None, *, by=None, **fields):
    return make(Customer(name=name or f"Customer {next(number)}", **fields), by)


def make_driver(name=None, *, by=None, **fields):
    return make(Driver(name=name or f"Driver {next(number)}", **fields), by)


def make_partner(name=None, *, by=None, **fields):
    return make(Partner(name=name or f"Partner {next(number)}", **fields), by)


def make_booking(*, by=None, **fields):
    """A pending booking tomorrow; what a status needs to be possible is filled in with it."""
    status = fields.get("status", Status.PENDING)
    given = {
        "passenger_name": f"Passenger {next(number)}",
        "pickup_address": "Aéroport Blaise-Diagne, Diass",
        "dropoff_address": "12 rue Carnot, Dakar",
        "pickup_at": timezone.now() + timedelta(days=1),
    }
    if status in (Status.IN_PROGRESS, Status.COMPLETED, Status.NO_SHOW):
        if not fields.get("partner"):
            fields.setdefault("driver", make_driver())
    elif status == Status.CANCELLED:
        given |= {
            "status_before": Status.PENDING,
            "cancelled_at": timezone.now(),
            "cancellation_kind": CancellationKind.CUSTOMER,
            "cancellation_reason": "Flight cancelled",
        }
    if "customer" not in fields:
        fields["customer"] = make_customer()
    return make(Booking(**given | fields), by)


def make_round_trip(*, by=None, outbound=None, inbound=None, **fields):
    """An outbound ride and its return five hours later; `fields` go to both. Returns the pair."""
    trip = RoundTrip.objects.create()
    fields.setdefault("customer", make_customer())
    start = fields.pop("pickup_at", timezone.now() + timedelta(days=1))
    return (
        make_booking(
            by=by,
            **fields
            | {"round_trip": trip, "leg": Leg.OUTBOUND, "pickup_at": start}
            | (outbound or {}),
        ),
        make_booking(
            by=by,
            **fields
            | {"round_trip": trip, "leg": Leg.RETURN, "pickup_at": start + timedelta(hours=5)}
            | (inbound or {}),
        ),
    )


# --------------------------------------------------------------------------------------- transport
def make_compagnie(nom=None):
    return Compagnie.objects.create(nom=nom or f"Line {next(number)}")


def make_transitaire(name=None, *, by=None, **fields):
    return make(Transitaire(name=name or f"Forwarder {next(number)}", **fields), by)


def make_camion(*, by=None, **fields):
    return make(Camion(**{"immatriculation": f"DK {next(number)} A"} | fields), by)


def make_conteneur(*, by=None, **fields):
    """A container of a number of its own, with its check digit."""
    plain = f"MSCU{next(number):06d}"
    given = {"numero": plain + iso6346.calc_check_digit(plain)}
    if "compagnie" not in fields:
        fields["compagnie"] = make_compagnie()
    return make(Conteneur(**given | fields), by)


def make_contrat(*, by=None, **fields):
    """An active contract from 2025-01-01 on the house's terms: back by 2025-01-24."""
    for name, maker in (
        ("transitaire", make_transitaire),
        ("client", make_customer),
        ("camion", make_camion),
        ("chauffeur", make_driver),
        ("conteneur", make_conteneur),
    ):
        if name not in fields:
            fields[name] = maker()
    given = {
        "numero_bl": f"BL-{next(number)}",
        "origine": "Port de Dakar",
        "destination": "Bamako",
        "montant_total": 900_000,
        "date_debut": date(2025, 1, 1),
    }
    if fields.get("devise", "XOF") != "XOF":
        given["penalite_par_jour"] = 40  # the house's own is no amount of another currency
    return make(ContratTransport(**given | fields), by)


def make_mission(contrat=None, *, by=None, **fields):
    """A mission in progress that left on the day its contract began."""
    contrat = contrat or make_contrat()
    given = {"contrat": contrat, "date_depart": contrat.date_debut}
    return make(Mission(**given | fields), by)


def make_caution(contrat=None, *, by=None, **fields):
    given = {"contrat": contrat or make_contrat(), "montant": 50_000}
    return make(Cautions(**given | fields), by)


def make_paiement(mission=None, *, by=None, valide=False, **fields):
    """A waiting payment, or a validated one."""
    given = {"mission": mission or make_mission(), "montant": 100_000}
    if valide:
        given |= {
            "statut_paiement": "valide",
            "est_valide": True,
            "date_validation": date(2025, 1, 10),
        }
    return make(PaiementMission(**given | fields), by)


def make_prestation(contrat=None, *, by=None, **fields):
    given = {"contrat_transport": contrat or make_contrat(), "libelle": "Escort", "montant": 15_000}
    return make(PrestationDeTransports(**given | fields), by)


def make(record, by):
    record.save(by=by)
    return record


def make_boutique(nom=None, *, by=None, **fields):
    count = next(number)
    given = {"code_boutique": f"B{count}", "currency": "CDF"}
    return make(Boutique(nom=nom or f"Shop {count}", **given | fields), by)


def make_terminal(boutique=None, *, by=None, **fields):
    """An old terminal, which goes by its serial number alone."""
    count = next(number)
    given = {"numero_serie": f"serial{count}", "nom_terminal": f"Till {count}", "sans_cle": True}
    return make(Terminal(boutique=boutique, **given | fields), by)


def make_article(boutique, stock=0, *, by=None, **fields):
    """An article, with so much of it received."""
    count = next(number)
    given = {"code": f"ART-{count:03d}", "nom": f"Article {count}", "prix": 25000}
    article = make(Article(boutique=boutique, **given | fields), by)
    if stock:
        with transaction.atomic():
            book = Book.open([article.pk], by="tests")
            genre = TypeMouvement.ENTREE if stock > 0 else TypeMouvement.SORTIE
            book.move(article.pk, stock, genre)
            book.write()
        article.refresh_from_db()
    return article


def make_vente_json(*lines, numero=None, **fields):
    """A sale as a terminal writes it; `lines` are (article or its id, quantity[, price])."""
    return {
        "numero_facture": numero or f"FAC-{next(number):05d}",
        "date_vente": "2026-11-04T10:30:00Z",
        "lignes": [
            {
                "article_id": getattr(article, "pk", article),
                "quantite": quantity,
                "prix_unitaire": price[0] if price else 25000.0,
            }
            for article, quantity, *price in lines
        ],
        **fields,
    }


# ----------------------------------------------------------------------------------- installations
EVERY_DAY = [[["00:00", "24:00"]] for _day in range(7)]


def make_engineer(name=None, *, by=None, **fields):
    """An engineer who can do everything, at any time of day."""
    given = {"skills": Skill.values, "working_hours": EVERY_DAY}
    return make(Engineer(name=name or f"Engineer {next(number)}", **given | fields), by)


def make_order(*, by=None, lines=None, tasks=None, stock=10, **fields):
    """A placed order: by default one kit of which there are ten, and one service of an hour."""
    if lines is None:
        lines = [Line(make_article(make_boutique(currency="XOF"), stock), 1)]
    if tasks is None:
        tasks = [Task("installation", "car_kit", 60)]
    if "customer" not in fields:
        fields["customer"] = make_customer()
    order = Order(**{"address": "12 rue Carnot, Dakar"} | fields)
    place(order, lines=lines, tasks=tasks, by=by)
    return order


# --------------------------------------------------------------------------------------------- API
def make_integration(*names, by=None, **fields):
    """An active integration with these scopes, by default all; its token is `secret`."""
    given = {"name": f"Integration {next(number)}", "scopes": list(names) or every_scope()}
    integration = Integration(**given | fields)
    integrations.create(integration, by=by)
    selection = Integration.objects.filter(pk=integration.pk)
    _outcome, secret = integrations.give_token(selection, by=by)
    integration.refresh_from_db()
    integration.secret = secret
    return integration


def every_scope():
    return [name for name, _label in scopes.choices()]
