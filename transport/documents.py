"""What is printed of the wing's records: contracts to sign, the late report, lists.

A contract is in French whatever the user's language, as it is signed; its wording stands in its
template, where whoever answers for it can read it in one piece.
"""

from dataclasses import dataclass
from functools import cached_property

from django.db.models import Prefetch, Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from project.audit.refusals import Refusal
from project.exchange import printing
from project.exchange.pdf.document import render
from project.exchange.pdf.listing import Listing
from project.exchange.printing import Document
from project.ui.formats import date_format

from . import exports, penalties
from .models import Cautions, ContratTransport, Suspension
from .states import StatutCaution, StatutContrat

# So many contracts are laid out together: each costs more in a longer document.
TOGETHER = 10
SIGNED_IN = "fr"
# What the clause on penalties works out as its example, at least.
EXAMPLE_DAYS = 5


# -------------------------------------------------------------------------------------- contracts
@dataclass(frozen=True)
class Paper:
    """A contract as its paper says it: dates, amounts and terms in the words of the clauses."""

    contrat: ContratTransport

    @property
    def name(self):
        return self.contrat.pk_contrat

    @property
    def conteneur(self):
        """The number as it stands on the container: "MSCU 123456 6"."""
        numero = self.contrat.conteneur.numero
        return f"{numero[:4]} {numero[4:10]} {numero[10:]}"

    @property
    def etabli(self):
        return jour(timezone.localdate(self.contrat.created_at))

    @property
    def debut(self):
        return jour(self.contrat.date_debut)

    @property
    def limite(self):
        """The deadline, with its day of the week."""
        return date_format(self.contrat.date_limite_retour, "l j F Y")

    @cached_property
    def suspensions(self):
        return [
            (days_between(each.debut, each.fin), each.jours, each.raison)
            for each in self.contrat.suspensions.all()
        ]

    @property
    def paliers(self):
        """[(which late days, amount a day)] of a contract that was signed with tiers."""
        if not self.contrat.paliers:
            return []
        return [(days_of(du, au), montant) for du, au, montant in self.contrat.tiers]

    @property
    def franchise(self):
        """How many late days cost nothing before the first tier."""
        return self.contrat.bareme[0]["du"] - 1

    @property
    def exemple(self):
        """A delay worked out: {jours, lignes, montant}. It reaches the second tier where there is
        one, so that it shows how they add up."""
        bareme = self.contrat.bareme
        jours = (
            max(EXAMPLE_DAYS, bareme[:2][-1]["du"] + 1) if self.contrat.paliers else EXAMPLE_DAYS
        )
        lignes = penalties.detail(jours, bareme)
        return {"jours": jours, "lignes": lignes, "montant": penalties.penalite(jours, bareme)}


def jour(day):
    """ "1er janvier 2025"."""
    return date_format(day, "j F Y")


def days_between(debut, fin):
    """ "du 5 janvier 2025 au 8 janvier 2025"."""
    return f"le {jour(debut)}" if debut == fin else f"du {jour(debut)} au {jour(fin)}"


def days_of(du, au):
    """Which late days a tier is about, in French: "du 1er au 5e jour"."""
    if au is None:
        return f"à partir du {rang(du)} jour"
    return f"le {rang(du)} jour" if au == du else f"du {rang(du)} au {rang(au)} jour"


def rang(number):
    return "1er" if number == 1 else f"{number}e"


def contracts(records, asked, step):
    """Each on pages of its own, counted by themselves; four statements, however many there are."""
    found = (
        ContratTransport.objects.with_people()
        .filter(pk__in=records.order_by().values("pk"))
        .prefetch_related(
            "prestations",
            Prefetch("suspensions", Suspension.objects.filter(levee_dans=None)),
            Prefetch(
                "cautions", Cautions.objects.exclude(statut=StatutCaution.ANNULEE).order_by("pk")
            ),
        )
        .order_by("pk_contrat")
    )
    # Nothing of it is one's own, and several may be asked for at once: none at all is said too.
    for some in printing.batched(found, TOGETHER) if found else [[]]:
        with translation.override(SIGNED_IN):
            papers = [Paper(contrat) for contrat in some]
            part = render("transport/pdf/contrats.html", asked | {"papers": papers})
        yield part
        step(len(some))


CONTRACTS = Document(
    slug="contrats",
    name="contracts",
    label=gettext_lazy("Contracts to sign, in French"),
    parts=contracts,
    at_once=20,
    most=500,
)


# ------------------------------------------------------------------------------------ late report
LATE = Listing(
    sheet=exports.CONTRATS,
    title=gettext_lazy("Late returns"),
    counted=ngettext_lazy("%(n)s container", "%(n)s containers", "n"),
    nothing=gettext_lazy("No container is late."),
    listed=("contract", "container", "deadline", "late_days", "penalty", "contact", "crew"),
)


def late(records, asked, step):
    """The containers past their deadline, the latest first, as they stand today."""
    day = date_format(timezone.localdate(), "DATE_FORMAT")
    words = [_("As of %(day)s") % {"day": day}, str(LATE.counted % {"n": records.count()})]
    yield from LATE.parts(records, asked | {"columns": (), "filter_words": words}, step)


def not_late():
    """Why a contract is not in the late report of today."""
    out_and_late = Q(statut=StatutContrat.ACTIF, date_limite_retour__lt=timezone.localdate())
    return (Refusal("not_late", ~out_and_late, gettext_lazy("not late")),)


LATE_REPORT = Document(
    slug="contrats",
    name="late",
    label=gettext_lazy("Late report: days, penalty so far, contact"),
    parts=late,
    refusals=not_late,
    most=20_000,
)

# ------------------------------------------------------------------------------------------ lists
LISTS = (
    Listing(
        sheet=exports.CONTRATS,
        title=gettext_lazy("List of contracts"),
        counted=ngettext_lazy("%(n)s contract", "%(n)s contracts", "n"),
        nothing=gettext_lazy("There is no contract to show."),
        listed=(
            "deadline",
            "contract",
            "status",
            "late_days",
            "container",
            "customer",
            "forwarder",
            "driver",
            "destination",
            "total",
            "balance",
        ),
    ),
    Listing(
        sheet=exports.MISSIONS,
        title=gettext_lazy("List of missions"),
        counted=ngettext_lazy("%(n)s mission", "%(n)s missions", "n"),
        nothing=gettext_lazy("There is no mission to show."),
        listed=(
            "departure",
            "mission",
            "contract",
            "status",
            "container",
            "customer",
            "truck",
            "driver",
            "return",
            "late_days",
            "penalty",
            "penalty_counted",
        ),
    ),
    Listing(
        sheet=exports.PAIEMENTS,
        title=gettext_lazy("List of payments"),
        counted=ngettext_lazy("%(n)s payment", "%(n)s payments", "n"),
        nothing=gettext_lazy("There is no payment to show."),
        listed=(
            "payment",
            "contract",
            "mission",
            "customer",
            "means",
            "status",
            "validated_on",
            "refund",
            "amount",
        ),
    ),
    Listing(
        sheet=exports.CAUTIONS,
        title=gettext_lazy("List of deposits"),
        counted=ngettext_lazy("%(n)s deposit", "%(n)s deposits", "n"),
        nothing=gettext_lazy("There is no deposit to show."),
        listed=(
            "deposit",
            "contract",
            "line",
            "container",
            "customer",
            "deadline",
            "status",
            "since",
            "at_risk",
            "amount",
        ),
    ),
)
CONTRATS, MISSIONS, PAIEMENTS, CAUTIONS = (printing.list_of(each) for each in LISTS)
# {name: Document} of each desk; the first of them is the one that is proposed.
PRINTED = tuple(
    {document.name: document for document in documents}
    for documents in ((CONTRACTS, LATE_REPORT, CONTRATS), (MISSIONS,), (PAIEMENTS,), (CAUTIONS,))
)
