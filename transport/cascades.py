"""What a cancellation takes along, and what a restore brings back: by sets, under a lock.

Whoever writes on anything of a contract holds the lock of the contract's row first. So a payment is
validated either before its contract is cancelled, and cancelled with it, or after, and refused.

The texts that go into comments and remarks are those of the seeds, whatever the user's language:
they are part of the record.
"""

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, TextField, Value, When
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from project.audit.former import after, before, last_batch
from project.audit.recorder import Recording, log_model_of

from .models import Cautions, ContratTransport, ContratTransportLog, Mission, PaiementMission
from .states import (
    CAUTION_FINIE,
    Remboursement,
    StatutCaution,
    StatutContrat,
    StatutMission,
    StatutPaiement,
)

# Codes of the log lines of what went along.
MISSION, CAUTION, PAIEMENT, CONTRAT = (
    f"transport.{name}_annulee" for name in ("mission", "caution", "paiement", "contrat")
)
MISSION_BACK, CAUTION_BACK, PAIEMENT_BACK, CONTRAT_BACK = (
    f"transport.{name}_retablie" for name in ("mission", "caution", "paiement", "contrat")
)
CONTRAT_TERMINE = "transport.contrat_termine"
CONTRAT_ROUVERT = "transport.contrat_rouvert"
NON_SPECIFIEE = "Non spécifiée"
NOT_CANCELLED = {
    "statut_avant": "",
    "annule_le": None,
    "annule_par": None,
    "raison_annulation": "",
    "annule_dans": None,
}

PAYMENT_FIELDS = ("statut_paiement", "remboursement", "observation")


def text(value):
    return Value(value, output_field=TextField())


def moment(at):
    """A moment as the seeds write it, in local time."""
    return f"{timezone.localtime(at):%d/%m/%Y %H:%M}"


def comment_of_cancellation(at, raison):
    """What a cancelled contract's comment ends with."""
    said = f"\n\n🚫 CONTRAT ANNULÉ\nDate: {moment(at)}"
    return f"{said}\nRaison: {raison}" if raison else said


def because_of_contract(contrat, raison):
    """The reason of a mission that its contract took along; `contrat` is the path to its key."""
    keys = ContratTransport.objects.filter(pk=OuterRef(contrat)).values("pk_contrat")
    return Concat(
        Value("Contrat "),
        Subquery(keys[:1]),
        Value(f" annulé: {raison or NON_SPECIFIEE}"),
        output_field=TextField(),
    )


def cancelled(recording, statut, raison):
    """The values of a record that the batch cancels, but for its status itself."""
    return {
        "statut_avant": F(statut),
        "annule_le": recording.batch.created_at,
        "annule_par": recording.batch.user,
        "raison_annulation": raison,
        "annule_dans": recording.batch,
    }


def contract_values(recording, raison):
    """What a contract becomes that the batch cancels."""
    said = comment_of_cancellation(recording.batch.created_at, raison)
    return {
        **cancelled(recording, "statut", raison),
        "statut": StatutContrat.ANNULE,
        "commentaire": Concat(F("commentaire"), text(said)),
    }


def mission_values(recording, raison):
    return {**cancelled(recording, "statut", raison), "statut": StatutMission.ANNULEE}


def payment_values(recording, raison):
    """What a payment becomes: a validated one has to be looked at, and says so.

    `raison` is text, or an expression over the payment.
    """
    on = moment(recording.batch.created_at)
    why = raison if hasattr(raison, "resolve_expression") else text(raison or NON_SPECIFIEE)
    warning = (
        f"\n\n⚠️ PAIEMENT VALIDÉ MAIS MISSION ANNULÉE\nMission annulée le {on}\nRaison: ",
        "\nACTION REQUISE: Vérifier si remboursement nécessaire",
    )
    notice = f"\n\n❌ PAIEMENT ANNULÉ\nMission annulée le {on}\nRaison: "
    said = Case(
        When(est_valide=True, then=Concat(text(warning[0]), why, text(warning[1]))),
        default=Concat(text(notice), why),
        output_field=TextField(),
    )
    return {
        **cancelled(recording, "statut_paiement", raison),
        "statut_paiement": StatutPaiement.ANNULE,
        "remboursement": Case(
            When(est_valide=True, then=Value(Remboursement.A_VERIFIER)), default=Value("")
        ),
        "observation": Concat(F("observation"), said),
    }


def deposit_values(recording, raison):
    return {**cancelled(recording, "statut", raison), "statut": StatutCaution.ANNULEE}


# ------------------------------------------------------------------------------------ going along
def take_missions_along(recording, contrats, raison):
    """Cancel every mission of these contracts that is not, and all their payments."""
    missions = Mission.objects.filter(contrat__in=contrats.values("pk"))
    recording.beside(Mission).update_also(
        missions.non_annulees(),
        MISSION,
        _("Cancelled with its contract"),
        **mission_values(recording, because_of_contract("contrat_id", raison)),
    )
    of_mission = Mission.objects.filter(pk=OuterRef("mission_id"))
    because = Concat(
        Value("Contrat "),
        Subquery(of_mission.values("contrat__pk_contrat")[:1]),
        Value(f" annulé: {raison or NON_SPECIFIEE}"),
        output_field=TextField(),
    )
    payments = PaiementMission.objects.filter(mission__contrat__in=contrats.values("pk"))
    recording.beside(PaiementMission).update_also(
        payments.non_annules(),
        PAIEMENT,
        _("Cancelled with its contract"),
        **payment_values(recording, because),
    )


def take_payments_along(recording, missions, raison):
    """Cancel all the payments of these missions, validated or not."""
    payments = PaiementMission.objects.filter(mission__in=missions.values("pk"))
    recording.beside(PaiementMission).update_also(
        payments.non_annules(),
        PAIEMENT,
        _("Cancelled with its mission"),
        **payment_values(recording, raison),
    )


def take_deposits_along(recording, contrats, raison):
    """Cancel the deposits of these contracts; what was refunded or forfeited stays."""
    deposits = Cautions.objects.filter(contrat__in=contrats.values("pk"))
    recording.beside(Cautions).update_also(
        deposits.ouvertes(),
        CAUTION,
        _("Cancelled with its contract"),
        **deposit_values(recording, raison),
    )


def without_missions():
    """An expression over a contract: none of its missions is open or finished."""
    return ~Exists(Mission.objects.filter(contrat=OuterRef("pk")).non_annulees())


def take_contracts_along(recording, missions, raison):
    """Cancel the contracts that these missions were the last ones of, with their deposits."""
    contrats = ContratTransport.objects.of(missions).filter(without_missions())
    contrats = contrats.exclude(statut=StatutContrat.ANNULE)
    beside = recording.beside(ContratTransport)
    beside.update_also(
        contrats,
        CONTRAT,
        _("Cancelled with its last mission"),
        **contract_values(recording, raison),
    )
    take_deposits_along(recording, beside.touched(CONTRAT), raison)


# ------------------------------------------------------------------------------------ coming back
def bring_back(recording, records, code, *, statut="statut", **values):
    """Restore records that a cascade took along; each is again what it was before."""
    return recording.beside(records.model).update_also(
        records, code, _("Restored"), **{statut: F("statut_avant"), **NOT_CANCELLED, **values}
    )


def along(owner, path, dans):
    """A condition: cancelled in the same act as its `owner`, the kind of record `path` leads to.

    `dans` is None where the owner is still cancelled; else the batch after which it was.
    """
    if dans is None:
        return Q(annule_dans=F(f"{path}__annule_dans"))
    return Q(annule_dans=after(owner, f"{path}_id", dans, "annule_dans"))


def among(records):
    """The same records, by their keys alone: what joined to find them is left behind."""
    return type(records)(records.model).filter(pk__in=records.order_by().values("pk"))


def bring_payments_back(recording, missions, dans=None):
    """Restore the payments that went with these missions, but for those paid back since."""
    payments = PaiementMission.objects.filter(
        along(Mission, "mission", dans), mission__in=missions.values("pk")
    )
    bring_back(
        recording,
        among(payments.exclude(remboursement=Remboursement.REMBOURSE)),
        PAIEMENT_BACK,
        statut="statut_paiement",
        remboursement="",
        observation=before(PaiementMission, "annule_dans", "observation"),
    )


def bring_deposits_back(recording, contrats, dans=None):
    deposits = Cautions.objects.filter(
        along(ContratTransport, "contrat", dans), contrat__in=contrats.values("pk")
    )
    bring_back(recording, among(deposits), CAUTION_BACK)


def bring_children_back(recording, contrats, dans=None):
    """Restore the missions, payments and deposits that were cancelled with these contracts."""
    missions = Mission.objects.filter(
        along(ContratTransport, "contrat", dans), contrat__in=contrats.values("pk")
    )
    bring_payments_back(recording, missions, dans)
    bring_deposits_back(recording, contrats, dans)
    bring_back(recording, among(missions), MISSION_BACK)


# --------------------------------------------------------------------------- a restore taken back
def moved_on(children, opened, owner, path):
    """Those of `children` that have another last act than their `owner`, to which `path` leads.

    Either they are `opened` (a condition), or it was the owner's last act that touched them before.
    """
    log, key = log_model_of(children.model)
    lines = log._base_manager.filter(batch=OuterRef("_last"), **{key: OuterRef("pk")})
    last = last_batch(owner, f"{path}_id", f"{path}__version")
    children = children.annotate(_own=last_batch(children.model), _last=last)
    return Exists(children.filter(opened | Exists(lines)).exclude(_own=F("_last")))


def payments_moved_on(owner, path):
    payments = PaiementMission.objects.filter(**{path: OuterRef("pk")})
    return moved_on(payments, ~Q(statut_paiement=StatutPaiement.ANNULE), owner, path)


def contract_moved_on():
    """A condition on a contract: something that hangs on it came or changed since its last act."""
    missions = Mission.objects.filter(contrat=OuterRef("pk"))
    deposits = Cautions.objects.filter(contrat=OuterRef("pk"))
    return (
        moved_on(missions, ~Q(statut=StatutMission.ANNULEE), ContratTransport, "contrat")
        | moved_on(deposits, ~Q(statut__in=CAUTION_FINIE), ContratTransport, "contrat")
        | payments_moved_on(ContratTransport, "mission__contrat")
    )


def mission_moved_on():
    """The same on a mission; and on its contract, where the last act brought that back as well."""
    act = last_batch(Mission, OuterRef("pk"), OuterRef("version"))
    lines = ContratTransportLog.objects.filter(
        contrat=OuterRef("pk"), batch=OuterRef("_act"), action_code=CONTRAT_BACK
    )
    contrats = ContratTransport.objects.filter(pk=OuterRef("contrat_id")).annotate(_act=act)
    contrats = contrats.filter(Exists(lines)).annotate(_own=last_batch(ContratTransport))
    return payments_moved_on(Mission, "mission") | Exists(
        contrats.filter(~Q(_own=F("_act")) | Q(contract_moved_on()))
    )


def take_restore_back(recording, undone):
    """Cancel all that a restore brought back beside its own records, as it was cancelled before."""
    for model, code, again, fields in (
        (Mission, MISSION_BACK, MISSION, ("statut",)),
        (PaiementMission, PAIEMENT_BACK, PAIEMENT, PAYMENT_FIELDS),
        (Cautions, CAUTION_BACK, CAUTION, ("statut",)),
        (ContratTransport, CONTRAT_BACK, CONTRAT, ("statut", "commentaire")),
    ):
        values = {name: before(model, undone, name) for name in (*fields, *NOT_CANCELLED)}
        brought = recording_of(model, undone).touched(code)
        recording.beside(model).update_also(brought, again, _("Cancelled again"), **values)
    finish(recording, recording_of(ContratTransport, undone).touched(CONTRAT_ROUVERT))


def recording_of(model, batch):
    """A batch, to read or write what it did to records of this kind."""
    return Recording(batch, models.QuerySet(model), "")


# ---------------------------------------------------------------- contracts that end, or go on
def finish_contracts(recording, missions):
    """End the active contracts of these missions that have no open mission left."""
    finish(recording, ContratTransport.objects.of(missions))


def has_open_mission():
    """An expression over a contract: its container is still on the road."""
    return Exists(Mission.objects.filter(contrat=OuterRef("pk")).en_cours())


def has_finished_mission():
    """An expression over a contract: its container came back once."""
    return Exists(Mission.objects.filter(contrat=OuterRef("pk")).terminees())


def finish(recording, contrats):
    """End those of these contracts that are active with all their missions ended."""
    contrats = contrats.filter(
        ~has_open_mission(), has_finished_mission(), statut=StatutContrat.ACTIF
    )
    recording.beside(ContratTransport).update_also(
        contrats,
        CONTRAT_TERMINE,
        _("Finished with its last mission"),
        statut=StatutContrat.TERMINE,
    )


def reopen_contracts(recording, missions):
    """The finished contracts of these missions go on where one of their missions is open again."""
    contrats = ContratTransport.objects.of(missions).filter(
        has_open_mission(), statut=StatutContrat.TERMINE
    )
    recording.beside(ContratTransport).update_also(
        contrats, CONTRAT_ROUVERT, _("Goes on: a mission is open"), statut=StatutContrat.ACTIF
    )
