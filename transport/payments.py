"""The verbs on payments, deposits and services."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from project.audit.recorder import line, recorded
from project.audit.refusals import Refusal
from project.ui.formats import date_format

from . import cascades
from .models import Cautions, ContratTransport, Mission, PaiementMission
from .services import check_open, check_stays
from .states import (
    CAUTION_SOLDEE,
    Remboursement,
    StatutCaution,
    StatutContrat,
    StatutMission,
    StatutPaiement,
    leads_to,
)

PAYMENT_CANCELLED = Refusal(
    "cancelled",
    Q(statut_paiement=StatutPaiement.ANNULE),
    pgettext_lazy("masculine", "already cancelled"),
)
NOT_VALIDATABLE = (
    PAYMENT_CANCELLED,
    Refusal("valid", Q(statut_paiement=StatutPaiement.VALIDE), gettext_lazy("already validated")),
)
NOT_INVALIDATABLE = (
    PAYMENT_CANCELLED,
    Refusal(
        "not_valid", Q(statut_paiement=StatutPaiement.EN_ATTENTE), gettext_lazy("not validated")
    ),
)
PAYMENT_NOT_CANCELLABLE = (PAYMENT_CANCELLED,)
PAYMENT_NOT_RESTORABLE = (
    Refusal(
        "not_cancelled",
        ~Q(statut_paiement=StatutPaiement.ANNULE),
        pgettext_lazy("masculine", "not cancelled"),
    ),
    Refusal(
        "mission_cancelled",
        Q(mission__statut=StatutMission.ANNULEE),
        gettext_lazy("of a cancelled mission: restore that one"),
    ),
    Refusal(
        "refunded",
        Q(remboursement=Remboursement.REMBOURSE),
        gettext_lazy("already refunded"),
    ),
)
NOT_REFUNDABLE = (
    Refusal(
        "nothing_to_check",
        ~Q(remboursement=Remboursement.A_VERIFIER),
        gettext_lazy("without a refund to check"),
    ),
)
DEPOSIT_CANCELLED = Refusal(
    "cancelled", Q(statut=StatutCaution.ANNULEE), gettext_lazy("already cancelled")
)
DEPOSIT_NOT_CANCELLABLE = (
    DEPOSIT_CANCELLED,
    Refusal("settled", Q(statut__in=CAUTION_SOLDEE), gettext_lazy("already refunded or forfeited")),
)
DEPOSIT_NOT_RESTORABLE = (
    Refusal("not_cancelled", ~Q(statut=StatutCaution.ANNULEE), gettext_lazy("not cancelled")),
    Refusal(
        "contract_cancelled",
        Q(contrat__statut=StatutContrat.ANNULE),
        gettext_lazy("of a cancelled contract: restore that one"),
    ),
)
VALIDATION = ("statut_paiement", "est_valide", "date_validation", "valide_par")


def contracts_of_payments(selection):
    return [ContratTransport.objects.of(selection, "mission__contrat")]


def contracts_of_deposits(selection):
    return [ContratTransport.objects.of(selection)]


# --------------------------------------------------------------------------------------- payments
def valider(selection, *, by, date, ticket=None, announced=True):
    """Validate payments as of `date`: from then on their amounts stay as they are."""
    on = date_format(date, "SHORT_DATE_FORMAT")
    with recorded(
        "transport.valider_paiement",
        selection,
        by=by,
        ticket=ticket,
        announced=announced,
        locks=contracts_of_payments(selection),
        sentence=line(_("Validated on %(date)s") % {"date": on}),
        refusals=NOT_VALIDATABLE,
    ) as batch:
        batch.update(
            statut_paiement=StatutPaiement.VALIDE,
            est_valide=True,
            date_validation=date,
            valide_par=by,
        )
    return batch.outcome


def invalider(selection, *, by, raison, ticket=None):
    """Take the validation of payments back; their amounts can change again."""
    with recorded(
        "transport.invalider_paiement",
        selection,
        by=by,
        reason=raison,
        ticket=ticket,
        locks=contracts_of_payments(selection),
        sentence=line(_("Validation taken back"), raison),
        refusals=NOT_INVALIDATABLE,
    ) as batch:
        batch.update(
            statut_paiement=StatutPaiement.EN_ATTENTE,
            est_valide=False,
            date_validation=None,
            valide_par=None,
        )
    return batch.outcome


def annuler_paiement(selection, *, by, raison="", ticket=None, refusals=(), undo_of=None):
    """Cancel payments by themselves; a validated one gets a refund to check."""
    with recorded(
        "transport.annuler_paiement",
        selection,
        by=by,
        reason=raison,
        ticket=ticket,
        locks=contracts_of_payments(selection),
        sentence=line(pgettext("masculine", "Cancelled"), raison),
        refusals=(*refusals, *PAYMENT_NOT_CANCELLABLE),
        undo_of=undo_of,
    ) as batch:
        values = cascades.payment_values(batch, raison)
        del values["observation"]  # its mission goes on: the log tells who and why
        batch.update(**values)
    return batch.outcome


def retablir_paiement(selection, *, by, raison="", ticket=None):
    """Bring cancelled payments back to the status they had."""
    with recorded(
        "transport.retablir_paiement",
        selection,
        by=by,
        reason=raison,
        ticket=ticket,
        locks=contracts_of_payments(selection),
        sentence=line(pgettext("masculine", "Restored"), raison),
        refusals=PAYMENT_NOT_RESTORABLE,
    ) as batch:
        batch.update(statut_paiement=F("statut_avant"), remboursement="", **cascades.NOT_CANCELLED)
    return batch.outcome


def solder_remboursement(selection, *, by, remboursement, raison="", ticket=None):
    """Say what came of the refunds to check: paid back, or nothing to pay back."""
    said = Remboursement(remboursement).label
    with recorded(
        "transport.solder_remboursement",
        selection,
        by=by,
        reason=raison,
        ticket=ticket,
        locks=contracts_of_payments(selection),
        sentence=line(_("Refund: %(result)s") % {"result": said}, raison),
        refusals=NOT_REFUNDABLE,
    ) as batch:
        batch.update(remboursement=remboursement)
    return batch.outcome


def creer_paiement(paiement, *, by, token=None):
    """Save a new payment of a mission that is not cancelled."""
    with transaction.atomic():
        check_open(paiement.mission.contrat)
        if Mission.objects.filter(pk=paiement.mission_id, statut=StatutMission.ANNULEE).exists():
            raise ValidationError(_("The mission is cancelled."))
        return paiement.save(by=by, token=token, action="transport.create")


def modifier_paiement(paiement, *, by, reason="", undo_of=None):
    """Save a changed payment. Raises Stale, and ValidationError where it is validated."""
    with transaction.atomic():
        check_open(paiement.mission.contrat)
        check_stays(paiement, "mission")
        stored = PaiementMission.objects.get(pk=paiement.pk)
        if stored.est_annule:
            raise ValidationError(_("A cancelled payment does not change: restore it first."))
        if stored.est_valide and (stored.montant, stored.mode) != (paiement.montant, paiement.mode):
            raise ValidationError(
                {"montant": _("The payment is validated: take that back before changing this.")}
            )
        return paiement.save(by=by, reason=reason, action="transport.edit", undo_of=undo_of)


def ecarter(cancel, selection, *, by, refusals, undo_of):
    """Undo the making of payments or deposits: `cancel`led as made by mistake."""
    raison = _("Created by mistake")
    return cancel(selection, by=by, raison=raison, refusals=refusals, undo_of=undo_of)


# --------------------------------------------------------------------------------------- deposits
def not_settable(statut):
    """Why a deposit can't take that status: what can follow what."""
    name = StatutCaution(statut).label
    return (
        DEPOSIT_CANCELLED,
        Refusal("same", Q(statut=statut), _("already “%(status)s”") % {"status": name}, idle=True),
        Refusal(
            "unreachable",
            ~Q(statut__in=leads_to(statut)),
            _("cannot become “%(status)s” from its present status") % {"status": name},
        ),
    )


def changer_statut(selection, *, by, statut, date, raison="", ticket=None, announced=True):
    """Move deposits one step on, as of `date`."""
    with recorded(
        "transport.statut_caution",
        selection,
        by=by,
        reason=raison,
        ticket=ticket,
        announced=announced,
        locks=contracts_of_deposits(selection),
        sentence=line(_("Status: %(status)s") % {"status": StatutCaution(statut).label}, raison),
        refusals=not_settable(statut),
    ) as batch:
        batch.update(statut=statut, date_statut=date)
    return batch.outcome


def annuler_caution(selection, *, by, raison="", ticket=None, refusals=(), undo_of=None):
    """Cancel deposits by themselves."""
    with recorded(
        "transport.annuler_caution",
        selection,
        by=by,
        reason=raison,
        ticket=ticket,
        locks=contracts_of_deposits(selection),
        sentence=line(_("Cancelled"), raison),
        refusals=(*refusals, *DEPOSIT_NOT_CANCELLABLE),
        undo_of=undo_of,
    ) as batch:
        batch.update(**cascades.deposit_values(batch, raison))
    return batch.outcome


def retablir_caution(selection, *, by, raison="", ticket=None):
    """Bring cancelled deposits back to the status they had."""
    with recorded(
        "transport.retablir_caution",
        selection,
        by=by,
        reason=raison,
        ticket=ticket,
        locks=contracts_of_deposits(selection),
        sentence=line(_("Restored"), raison),
        refusals=DEPOSIT_NOT_RESTORABLE,
    ) as batch:
        batch.update(statut=F("statut_avant"), **cascades.NOT_CANCELLED)
    return batch.outcome


def creer_caution(caution, *, by, token=None):
    """Save a new deposit of a contract that is not cancelled."""
    with transaction.atomic():
        check_open(caution.contrat)
        return caution.save(by=by, token=token, action="transport.create")


def modifier_caution(caution, *, by, reason="", undo_of=None):
    """Save a changed deposit; its amount stays once it is paid."""
    with transaction.atomic():
        check_open(caution.contrat)
        check_stays(caution, "contrat")
        stored = Cautions.objects.get(pk=caution.pk)
        if stored.statut == StatutCaution.ANNULEE:
            raise ValidationError(_("A cancelled deposit does not change: restore it first."))
        if stored.statut != StatutCaution.EN_ATTENTE and stored.montant != caution.montant:
            raise ValidationError({"montant": _("The deposit is paid: its amount stays.")})
        return caution.save(by=by, reason=reason, action="transport.edit", undo_of=undo_of)


# --------------------------------------------------------------------------------------- services
def noter_prestation(prestation, *, by, token=None):
    """Save a service of a contract that is not cancelled, new or changed."""
    with transaction.atomic():
        check_open(prestation.contrat_transport)
        check_stays(prestation, "contrat_transport")
        code = "transport.create" if prestation._state.adding else "transport.edit"
        return prestation.save(by=by, token=token, action=code)
