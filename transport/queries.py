"""Reads that span models."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, Count, Exists, F, Max, OuterRef, Q, Sum, Value, When
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from project.directory.models import Customer
from project.search.index import found, holding, narrowed

from .models import (
    Camion,
    Cautions,
    Compagnie,
    Conteneur,
    ContratTransport,
    Mission,
    PaiementMission,
    PrestationDeTransports,
    Tarif,
    Transitaire,
    numero_de_conteneur,
)
from .models.terms import LONGEST_DELAY, Conditions
from .penalties import JoursEntre, Penalite
from .states import StatutContrat, StatutMission

LONGEST_SUSPENSION = 366
MOST_PARTIES = 200
MOST_NAMED = 12


def free_search(queryset, query):
    """Contracts that hold each word of `query`, or whose customer, forwarder, container or truck
    does."""
    ids, theirs = [], Q()
    own = found(ContratTransport, query)
    for model, name in (
        (Customer, "client"),
        (Transitaire, "transitaire"),
        (Conteneur, "conteneur"),
        (Camion, "camion"),
    ):
        parties = found(model, query, most=MOST_PARTIES)
        if parties is None:
            ids, theirs = None, theirs | holding(model, query, path=f"{name}__")
        else:
            theirs |= Q(**{f"{name}__in": parties})
    if ids is not None and own is not None:
        of_parties = models.QuerySet(ContratTransport).filter(theirs) if theirs else ()
        ids = {*own, *(of_parties.values_list("pk", flat=True)[:5000] if theirs else ())}
    else:
        ids = None
    return narrowed(queryset, query, ids, holding(ContratTransport, query) | theirs)


# --------------------------------------------------------------------- what a cascade would touch
@dataclass(frozen=True, slots=True)
class Part:
    """Some records of one kind that a cascade would touch: how many, and the first by name."""

    label: str
    count: int
    records: list = field(default_factory=list)
    amounts: list = field(default_factory=list)

    @property
    def more(self):
        return self.count - len(self.records)


def part(label, records, *, amounts=False):
    """The part of a preview that these records are; two statements."""
    sums = []
    if amounts:
        sums = list(
            records.order_by().values_list("devise").annotate(s=Sum("montant")).order_by("devise")
        )
    count = records.count()
    return Part(label, count, list(records.order_by("pk")[:MOST_NAMED]), sums)


def cascade_of_contracts(contrats):
    """Everything that cancelling these contracts would touch, kind by kind."""
    contrats = contrats.exclude(statut=StatutContrat.ANNULE).order_by()
    keys = contrats.values("pk")
    payments = PaiementMission.objects.filter(mission__contrat__in=keys).non_annules()
    return [
        part(_("Missions"), Mission.objects.filter(contrat__in=keys).non_annulees()),
        *payment_parts(payments),
        part(_("Deposits"), open_deposits(keys), amounts=True),
        part(
            _("Services, which are kept"),
            PrestationDeTransports.objects.filter(contrat_transport__in=keys),
            amounts=True,
        ),
    ]


def cascade_of_missions(missions, *, contracts=True):
    """Everything that cancelling these missions would touch, with the `contracts` that are left
    without a mission or not."""
    missions = missions.exclude(statut=StatutMission.ANNULEE).order_by()
    payments = PaiementMission.objects.filter(mission__in=missions.values("pk")).non_annules()
    if not contracts:
        return [*payment_parts(payments)]
    others = Mission.objects.non_annulees().exclude(pk__in=missions.values("pk"))
    contrats = (
        ContratTransport.objects.of(missions)
        .exclude(statut=StatutContrat.ANNULE)
        .exclude(pk__in=others.values("contrat"))
    )
    return [
        *payment_parts(payments),
        part(_("Contracts left without a mission"), contrats),
        part(_("Their deposits"), open_deposits(contrats.values("pk")), amounts=True),
    ]


def payment_parts(payments):
    return (
        part(_("Payments waiting"), payments.filter(est_valide=False), amounts=True),
        part(
            _("Validated payments, whose refund is to be checked"),
            payments.filter(est_valide=True),
            amounts=True,
        ),
    )


def open_deposits(contrats):
    return Cautions.objects.filter(contrat__in=contrats).ouvertes()


# ---------------------------------------------------------------------------------------- penalties
def counts():
    """A condition on a mission: its penalty is the one that its contract pays.

    A container is late once, whatever the missions that it made: the largest one counts, and none
    of a cancelled mission.
    """
    others = Mission.objects.non_annulees().filter(
        Q(penalite__gt=OuterRef("penalite"))
        | Q(penalite=OuterRef("penalite"), pk__lt=OuterRef("pk")),
        contrat=OuterRef("contrat"),
    )
    return Q(penalite__gt=0) & ~Q(statut=StatutMission.ANNULEE) & ~Exists(others)


def penalty_counted():
    """An expression over a mission: its penalty where that counts, None where it doesn't."""
    return Case(When(counts(), then=F("penalite")))


def penalties_on(missions, day):
    """[{devise, n, days, amount}] of the containers that are late if these missions end that day:
    each counts once, whatever the missions that it makes."""
    ending = missions.filter(statut=StatutMission.EN_COURS, date_depart__lte=day)
    days = JoursEntre(Value(day, output_field=models.DateField()), F("date_limite_retour"))
    return list(
        ContratTransport.objects.of(ending)
        .filter(date_limite_retour__lt=day)
        .order_by()
        .annotate(_days=days, _amount=Penalite(days, F("penalite_par_jour"), F("paliers")))
        .values("devise")
        .annotate(n=Count("pk"), days=Sum("_days"), amount=Sum("_amount"))
        .order_by("devise")
    )


# ------------------------------------------------------------------------ the deadline in the form
DEADLINE_FIELDS = (
    "date_debut",
    "delai_jours",
    "penalite_par_jour",
    "numero_conteneur",
    "taille",
    "compagnie",
    "destination",
)


@dataclass(frozen=True, slots=True)
class Deadline:
    """The deadline as the form shows it: the day, how it is worked out, what is wrong with it."""

    day: date | None
    days: int | None
    tip: str
    errors: tuple = ()
    fresh: bool = False


def deadline_shown(values, contrat, *, errors=(), fresh=False):
    """The deadline of a contract with these values, as texts or not; the server's own calculation.

    `contrat` is the record that is being edited, or a new one.
    """
    debut = read_day(values.get("date_debut"))
    delai = read_number(values.get("delai_jours"))
    if delai is None:
        delai = default_days(values)
    if contrat.echeance_exceptionnelle:
        return Deadline(
            contrat.date_limite_retour, None, _("Exceptional deadline"), tuple(errors), fresh
        )
    if debut is None or not 1 <= delai <= LONGEST_DELAY:
        return Deadline(None, delai, "", tuple(errors), fresh)
    draft = ContratTransport(
        date_debut=debut,
        delai_jours=delai,
        penalite_par_jour=0,
        jours_suspendus=contrat.jours_suspendus,
    )
    try:
        draft.derive_deadline()
    except OverflowError:
        return Deadline(None, delai, "", tuple(errors), fresh)
    tip = _("Calculated automatically: start + %(days)s days") % {
        "days": delai + contrat.jours_suspendus
    }
    return Deadline(draft.date_limite_retour, delai, tip, tuple(errors), fresh)


def known_container(numero):
    """The container of that number, or None: its own line and size count, not what is typed."""
    try:
        plain = numero_de_conteneur(str(numero or ""))
    except ValidationError:
        return None
    return Conteneur.objects.filter(numero=plain).select_related("compagnie").first()


def default_days(values):
    """The days of the tariff that applies, or the house's."""
    if conteneur := known_container(values.get("numero_conteneur")):
        compagnie, taille = conteneur.compagnie, conteneur.taille
    else:
        compagnie, taille = values.get("compagnie"), values.get("taille") or ""
    if not isinstance(compagnie, Compagnie):
        key = read_number(compagnie)
        compagnie = Compagnie.objects.filter(pk=key).first() if key else None
    tarif = Tarif.pour(compagnie, taille, values.get("destination") or "")
    return (tarif or Conditions.actuelles()).delai_jours


def read_day(value):
    if isinstance(value, date):
        return value
    try:
        return parse_date(str(value or ""))
    except ValueError:
        return None


def read_number(value):
    try:
        number = int(Decimal(str(value)))
    except (InvalidOperation, ValueError, OverflowError, ValidationError):
        return None
    return number if abs(number) < 2**31 else None


# ------------------------------------------------------------------------------ a contract's page
def totals_of(contrat):
    """{paid, waiting, services, penalty, late, due} of a contract; three statements.

    Services are charged with the contract: what is due is the balance and them, less what is paid.
    Its container is late once: of its `late` missions the largest penalty counts.
    """
    payments = PaiementMission.objects.filter(mission__contrat=contrat).aggregate(
        paid=Sum("montant", filter=Q(statut_paiement="valide")),
        waiting=Sum("montant", filter=Q(statut_paiement="en_attente")),
    )
    services = contrat.prestations.aggregate(services=Sum("montant"))
    owed = contrat.missions.non_annulees().aggregate(
        penalty=Max("penalite"), late=Count("pk", filter=Q(penalite__gt=0))
    )
    totals = {name: value or Decimal(0) for name, value in (payments | services | owed).items()}
    return totals | {"due": contrat.solde + totals["services"] - totals["paid"]}


def today():
    return timezone.localdate()
