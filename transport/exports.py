"""The columns that the wing's records have in files."""

from functools import partial

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from project.exchange.columns import Column, Grouping, Kind, Sheet, joined, monthly, named

from . import penalties
from .queries import penalty_counted
from .states import (
    CAUTION_DEHORS,
    ModePaiement,
    Remboursement,
    StatutCaution,
    StatutContrat,
    StatutMission,
    StatutPaiement,
    Taille,
)


# --------------------------------------------------------------------- what is worked out of fields
def balance(total, advance):
    return total - advance


def late_days(limite, statut):
    """Days past the deadline, by today, of a container that is still out; None where it isn't
    late."""
    if statut != StatutContrat.ACTIF:
        return None
    return penalties.jours_de_retard(timezone.localdate(), limite) or None


def penalty_so_far(limite, statut, par_jour, paliers):
    """What a return today would cost; None where it isn't late."""
    jours = late_days(limite, statut)
    return jours and penalties.penalite(jours, penalties.bareme(par_jour, paliers))


def tiers(paliers):
    """A tariff's tiers, one a line: "1–5: 15000", "6+: 30000"."""
    return joined(
        f"{penalties.etendue(tier['du'], tier['au'])}: {tier['montant']}" for tier in paliers
    )


def at_risk(statut, contrat, limite):
    """Whether a deposit is held for a container that is out past its deadline."""
    return statut in CAUTION_DEHORS and bool(late_days(limite, contrat))


def unless_zero(number):
    return number or None


def line_of(nom, pk):
    return nom


def reached(*names_and_phones):
    """Whom to call, one a line: "Transit Sahel · +221 33 111 11 11"."""
    pairs = zip(names_and_phones[::2], names_and_phones[1::2], strict=True)
    return joined(" · ".join(filter(None, pair)) for pair in pairs)


def crew(plate, *driver):
    return joined((plate, reached(*driver)))


# ------------------------------------------------------------------------------- kinds of columns
def text(name, title, path, **more):
    return Column(name=name, title=title, fields=(path,), **more)


def day(name, title, path, **more):
    return text(name, title, path, **{"kind": Kind.DAY, "width": 13} | more)


def whole(name, title, path, **more):
    return text(name, title, path, kind=Kind.WHOLE, width=10, **more)


def choice(name, title, path, choices, **more):
    given = {"kind": Kind.CHOICE, "choices": choices.choices, "width": 13}
    return text(name, title, path, **given | more)


def amount(name, title, *paths, currency="devise", **more):
    given = {"kind": Kind.AMOUNT, "totals": True, "width": 14}
    return Column(name=name, title=title, fields=paths, currency=currency, **given | more)


rare = partial(dict, usual=False)  # what files have only when asked for


def of_contract(path, *names):
    """Columns of the contract that `path` leads to ("contrat__"), by their names."""
    every = (
        text("contract", _("Contract"), f"{path}pk_contrat"),
        text("container", _("Container"), f"{path}conteneur__numero"),
        choice("size", _("Size"), f"{path}conteneur__taille", Taille),
        text("line", _("Shipping line"), f"{path}conteneur__compagnie__nom", width=16),
        text("lading", _("Bill of lading"), f"{path}numero_bl", width=16),
        text("customer", _("Customer"), f"{path}client__name", width=24),
        text("forwarder", _("Forwarder"), f"{path}transitaire__name", width=24),
        text("truck", _("Truck"), f"{path}camion__immatriculation"),
        text("driver", _("Driver"), f"{path}chauffeur__name", width=22),
        text("origin", _("Origin"), f"{path}origine", width=20),
        text("destination", _("Destination"), f"{path}destination", width=20),
        day("deadline", _("Deadline"), f"{path}date_limite_retour"),
    )
    by_name = {column.name: column for column in every}
    return tuple(by_name[name] for name in names)


# What a record says of its cancellation and of itself.
ENDS = (
    Column(
        name="cancelled",
        title=_("Cancelled"),
        fields=("annule_le",),
        kind=Kind.MOMENT,
        width=17,
        **rare(),
    ),
    text("reason", _("Reason of the cancellation"), "raison_annulation", **rare(width=30)),
    Column(
        name="created",
        title=_("Created"),
        fields=("created_at",),
        kind=Kind.MOMENT,
        width=17,
        **rare(),
    ),
)
REMARKS = text("remarks", _("Remarks"), "observation", **rare(width=30))
CURRENCY = text("currency", _("Currency"), "devise", width=9)

# ------------------------------------------------------------------------------------- the sheets
CONTRATS = Sheet(
    "contrats",
    (
        *of_contract("", "contract"),
        choice("status", _("Status"), "statut", StatutContrat),
        day("start", _("Start"), "date_debut"),
        *of_contract("", "deadline"),
        Column(
            name="late_days",
            title=_("Late days"),
            fields=("date_limite_retour", "statut"),
            kind=Kind.WHOLE,
            value=late_days,
            width=10,
        ),
        amount(
            "penalty",
            _("Penalty so far"),
            "date_limite_retour",
            "statut",
            "penalite_par_jour",
            "paliers",
            value=penalty_so_far,
        ),
        *of_contract("", "container", "size", "line", "lading", "customer"),
        text("customer_phone", _("Phone of the customer"), "client__phone", **rare(width=18)),
        *of_contract("", "forwarder"),
        text(
            "forwarder_phone", _("Phone of the forwarder"), "transitaire__phone", **rare(width=18)
        ),
        *of_contract("", "truck", "driver"),
        text("driver_phone", _("Phone of the driver"), "chauffeur__phone", **rare(width=18)),
        Column(
            name="contact",
            title=_("Contact"),
            fields=("transitaire__name", "transitaire__phone", "client__name", "client__phone"),
            value=reached,
            **rare(width=30),
        ),
        Column(
            name="crew",
            title=_("Truck and driver"),
            fields=("camion__immatriculation", "chauffeur__name", "chauffeur__phone"),
            value=crew,
            **rare(width=30),
        ),
        *of_contract("", "origin", "destination"),
        amount("total", _("Total"), "montant_total"),
        amount("advance", _("Advance"), "avance"),
        amount("balance", _("Balance"), "montant_total", "avance", value=balance),
        CURRENCY,
        whole("days", _("Days to return"), "delai_jours", **rare()),
        whole("suspended", _("Suspended days"), "jours_suspendus", **rare()),
        text(
            "exceptional",
            _("Exceptional deadline"),
            "echeance_exceptionnelle",
            kind=Kind.FLAG,
            **rare(width=12),
        ),
        text(
            "exceptional_reason",
            _("Reason of the exceptional deadline"),
            "raison_exceptionnelle",
            **rare(width=30),
        ),
        amount("penalty_a_day", _("Penalty a day"), "penalite_par_jour", **rare(totals=False)),
        Column(
            name="tiers",
            title=_("Tiers"),
            fields=("paliers",),
            value=tiers,
            **rare(width=20),
        ),
        text("comment", _("Comment"), "commentaire", **rare(width=30)),
        *ENDS,
    ),
    order=("date_limite_retour", "pk"),
    groupings=(
        named("customer", _("Customer"), "client"),
        named("forwarder", _("Forwarder"), "transitaire"),
        named("driver", _("Driver"), "chauffeur"),
        monthly("date_debut"),
    ),
)
# What the late report has in a workbook: whom to call, each in a cell of their own.
LATE = (
    "contract",
    "container",
    "line",
    "deadline",
    "late_days",
    "penalty",
    "currency",
    "forwarder",
    "forwarder_phone",
    "customer",
    "customer_phone",
    "truck",
    "driver",
    "driver_phone",
)
MISSIONS = Sheet(
    "missions",
    (
        text("mission", _("Mission"), "numero"),
        *of_contract("contrat__", "contract"),
        choice("status", _("Status"), "statut", StatutMission),
        day("departure", _("Departure"), "date_depart"),
        day("return", _("Return"), "date_retour"),
        *of_contract("contrat__", "deadline", "container", "line", "customer"),
        *of_contract("contrat__", "truck", "driver", "destination"),
        text("route", _("Route"), "etapes", value=joined, **rare(width=24)),
        whole("late_days", _("Late days"), "jours_retard", value=unless_zero),
        amount(
            "penalty",
            _("Penalty"),
            "penalite",
            currency="contrat__devise",
            value=unless_zero,
            totals=False,
        ),
        amount(
            "penalty_counted",
            _("Penalty counted"),
            "penalite_comptee",
            currency="contrat__devise",
            worked_out=penalty_counted(),
        ),
        text("currency", _("Currency"), "contrat__devise", width=9),
        day("measured_by", _("Deadline it was measured by"), "limite_appliquee", **rare()),
        REMARKS,
        *ENDS,
    ),
    order=("date_depart", "pk"),
    groupings=(
        named("customer", _("Customer"), "contrat__client"),
        named("driver", _("Driver"), "contrat__chauffeur"),
        monthly("date_depart"),
    ),
    note=_(
        "A container is late once: of the missions of a contract the largest penalty counts, and "
        "none of a cancelled mission."
    ),
)
PAIEMENTS = Sheet(
    "paiements",
    (
        text("payment", _("Payment"), "numero"),
        *of_contract("mission__contrat__", "contract"),
        text("mission", _("Mission"), "mission__numero"),
        *of_contract("mission__contrat__", "customer"),
        choice("means", _("Means"), "mode", ModePaiement, width=16),
        choice("status", _("Status"), "statut_paiement", StatutPaiement),
        day("validated_on", _("Validated on"), "date_validation"),
        choice("refund", _("Refund"), "remboursement", Remboursement, width=18),
        amount("amount", _("Amount"), "montant"),
        CURRENCY,
        *(
            Column(name=each.name, title=each.title, fields=each.fields, **rare(width=each.width))
            for each in of_contract("mission__contrat__", "forwarder", "driver")
        ),
        REMARKS,
        *ENDS,
    ),
    order=("pk",),
    groupings=(
        named("customer", _("Customer"), "mission__contrat__client"),
        named("driver", _("Driver"), "mission__contrat__chauffeur"),
        monthly("created_at"),
    ),
)
CAUTIONS = Sheet(
    "cautions",
    (
        text("deposit", _("Deposit"), "numero"),
        *of_contract("contrat__", "contract", "line", "container", "customer", "deadline"),
        choice("status", _("Status"), "statut", StatutCaution),
        day("since", _("Since"), "date_statut"),
        Column(
            name="at_risk",
            title=_("At risk"),
            fields=("statut", "contrat__statut", "contrat__date_limite_retour"),
            kind=Kind.FLAG,
            value=at_risk,
            width=10,
        ),
        amount("amount", _("Amount"), "montant"),
        CURRENCY,
        REMARKS,
        *ENDS,
    ),
    order=("pk",),
    groupings=(
        Grouping(
            name="line",
            label=_("Shipping line"),
            fields=("contrat__conteneur__compagnie__nom", "contrat__conteneur__compagnie_id"),
            title=line_of,
            key=F("contrat__conteneur__compagnie"),
            one=lambda name, pk: pk,
        ),
        named("customer", _("Customer"), "contrat__client"),
        monthly("created_at"),
    ),
)
SHEETS = (CONTRATS, MISSIONS, PAIEMENTS, CAUTIONS)
