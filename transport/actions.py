"""What staff do in the wing: which verb, what it asks, how it looks. Rules are in services."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from project.actions.action import Action, forms_of, told
from project.exchange import actions as files

from . import cascades, missions, payments, services
from .forms import (
    CancelContractForm,
    CancelMissionForm,
    DeadlineForm,
    DepositStatusForm,
    FinishForm,
    OptionalReasonForm,
    ReasonForm,
    RefundForm,
    SuspendForm,
    ValidateForm,
)
from .models import (
    Cautions,
    ContratTransport,
    FraisDeRoute,
    Mission,
    PaiementMission,
    PrestationDeTransports,
)

CANCELLATION = ("statut_avant", "annule_le", "annule_par", "raison_annulation", "annule_dans")


def note(code, label, model, done=None):
    """A line of a log that is no action of its own: known for its words."""
    return told(code, label, f"transport.view_{model}", done)


def files_of(model, *, export, exported, print_, printed):
    """(export, PDF): the acts that end in a file."""
    return (
        files.export(
            "transport.export",
            question=export,
            done=exported,
            permission=f"transport.export_{model}",
        ),
        files.print_(
            "transport.print",
            question=print_,
            done=printed,
            permission=f"transport.print_{model}",
        ),
    )


# ------------------------------------------------------------------------------------- contracts
ANNULER_CONTRAT = Action(
    code="transport.annuler_contrat",
    label=_("Cancel"),
    question=ngettext_lazy("Cancel %(n)s contract", "Cancel %(n)s contracts", "n"),
    done=ngettext_lazy("%(n)s contract cancelled.", "%(n)s contracts cancelled.", "n"),
    icon="cancel",
    permission="transport.annuler_contrattransport",
    service=services.annuler,
    refusals=services.NOT_CANCELLABLE,
    form=CancelContractForm,
    inverse="transport.retablir_contrat",
    writes=("statut", "commentaire", *CANCELLATION),
    undo_refusals=lambda selection: services.NOT_RESTORABLE,
    after_undo=services.take_back_cancellation,
    tone="danger",
    primary=True,
)
RETABLIR_CONTRAT = Action(
    code="transport.retablir_contrat",
    label=_("Restore"),
    question=ngettext_lazy("Restore %(n)s contract", "Restore %(n)s contracts", "n"),
    done=ngettext_lazy("%(n)s contract restored.", "%(n)s contracts restored.", "n"),
    icon="restore",
    permission="transport.retablir_contrattransport",
    service=services.retablir,
    refusals=services.NOT_RESTORABLE,
    form=OptionalReasonForm,
    inverse="transport.annuler_contrat",
    writes=("statut", "commentaire", *CANCELLATION),
    undo_refusals=lambda selection: (*services.NOT_CANCELLABLE, services.MOVED_ON),
    after_undo=services.take_back_restore,
)
TERMINER_CONTRAT = Action(
    code="transport.terminer_contrat",
    label=_("End the contract"),
    question=ngettext_lazy("End %(n)s contract", "End %(n)s contracts", "n"),
    done=ngettext_lazy("%(n)s contract ended.", "%(n)s contracts ended.", "n"),
    icon="status",
    permission="transport.terminer_contrattransport",
    service=services.terminer,
    refusals=services.NOT_ENDABLE,
    form=OptionalReasonForm,
    inverse="transport.rouvrir_contrat",
    writes=("statut",),
    undo_refusals=lambda selection: services.NOT_REOPENABLE,
)
ROUVRIR_CONTRAT = Action(
    code="transport.rouvrir_contrat",
    label=_("Reopen"),
    question=ngettext_lazy("Reopen %(n)s contract", "Reopen %(n)s contracts", "n"),
    done=ngettext_lazy("%(n)s contract reopened.", "%(n)s contracts reopened.", "n"),
    icon="reopen",
    permission="transport.rouvrir_contrattransport",
    service=services.rouvrir,
    refusals=services.NOT_REOPENABLE,
    form=ReasonForm,
    inverse="transport.terminer_contrat",
    writes=("statut",),
    # One that ended without a finished mission ends again as it was.
    undo_refusals=lambda selection: services.STILL_OUT,
)
FIXER_ECHEANCE = Action(
    code="transport.fixer_echeance",
    label=_("Exceptional deadline"),
    question=ngettext_lazy(
        "Set the deadline of %(n)s contract", "Set the deadline of %(n)s contracts", "n"
    ),
    done=ngettext_lazy("Deadline of %(n)s contract set.", "Deadline of %(n)s contracts set.", "n"),
    icon="today",
    permission="transport.echeance_contrattransport",
    service=services.fixer_echeance,
    refusals=lambda selection, answers: services.not_exceptional(answers.get("date")),
    form=DeadlineForm,
    inverse="transport.calculer_echeance",
    writes=("date_limite_retour", "echeance_exceptionnelle", "raison_exceptionnelle"),
)
CALCULER_ECHEANCE = Action(
    code="transport.calculer_echeance",
    label=_("Calculated deadline"),
    question=ngettext_lazy(
        "Calculate the deadline of %(n)s contract again",
        "Calculate the deadlines of %(n)s contracts again",
        "n",
    ),
    done=ngettext_lazy(
        "Deadline of %(n)s contract calculated again.",
        "Deadlines of %(n)s contracts calculated again.",
        "n",
    ),
    icon="series",
    permission="transport.echeance_contrattransport",
    service=services.calculer_echeance,
    refusals=services.NOT_CALCULABLE,
    inverse="transport.fixer_echeance",
    writes=("date_limite_retour", "echeance_exceptionnelle", "raison_exceptionnelle"),
)
SUSPENDRE = Action(
    code="transport.suspendre",
    label=_("Suspend the clock"),
    question=ngettext_lazy(
        "Suspend the clock of %(n)s contract", "Suspend the clock of %(n)s contracts", "n"
    ),
    done=ngettext_lazy(
        "Clock of %(n)s contract suspended.", "Clock of %(n)s contracts suspended.", "n"
    ),
    icon="hourglass",
    permission="transport.suspendre_contrattransport",
    service=services.suspendre,
    refusals=lambda selection, answers: services.not_suspendable(
        answers.get("debut"), answers.get("fin")
    ),
    form=SuspendForm,
    inverse="transport.lever_suspension",
    writes=("jours_suspendus",),
    after_undo=services.lift_undone,
)
LEVER_SUSPENSION = Action(
    code="transport.lever_suspension",
    label=_("Lift the suspension"),
    question=ngettext_lazy(
        "Lift the suspension of %(n)s contract", "Lift the suspensions of %(n)s contracts", "n"
    ),
    done=ngettext_lazy(
        "Suspension of %(n)s contract lifted.", "Suspensions of %(n)s contracts lifted.", "n"
    ),
    icon="reopen",
    permission="transport.suspendre_contrattransport",
    service=services.lever,
    refusals=services.NOT_LIFTABLE,
    form=OptionalReasonForm,
    inverse="transport.suspendre",
    writes=("jours_suspendus",),
    after_undo=services.suspend_again,
)
CONTRATS = (
    ANNULER_CONTRAT,
    TERMINER_CONTRAT,
    SUSPENDRE,
    FIXER_ECHEANCE,
    CALCULER_ECHEANCE,
    LEVER_SUSPENSION,
    ROUVRIR_CONTRAT,
    RETABLIR_CONTRAT,
    *files_of(
        "contrattransport",
        export=ngettext_lazy("Export %(n)s contract", "Export %(n)s contracts", "n"),
        exported=ngettext_lazy("%(n)s contract exported.", "%(n)s contracts exported.", "n"),
        print_=ngettext_lazy("PDF of %(n)s contract", "PDF of %(n)s contracts", "n"),
        printed=ngettext_lazy("%(n)s contract printed.", "%(n)s contracts printed.", "n"),
    ),
)
CONTRATS_FORMS = (
    *forms_of(
        ContratTransport,
        ngettext_lazy("%(n)s contract created.", "%(n)s contracts created.", "n"),
        ngettext_lazy("%(n)s contract changed.", "%(n)s contracts changed.", "n"),
        revert=services.modifier,
    ),
    note("transport.supprimer_contrat", _("Empty contract deleted"), "contrattransport"),
    note(cascades.CONTRAT, _("Cancelled with its last mission"), "contrattransport"),
    note(cascades.CONTRAT_BACK, _("Restored with its mission"), "contrattransport"),
    note(cascades.CONTRAT_TERMINE, _("Finished with its last mission"), "contrattransport"),
    note(cascades.CONTRAT_ROUVERT, _("Goes on: a mission is open"), "contrattransport"),
    note("transport.recalculer", _("Deadline recalculated"), "contrattransport"),
    note(
        "transport.rappel",
        _("Reminder of the deadline"),
        "contrattransport",
        ngettext_lazy(
            "Reminder: %(n)s container is due back.",
            "Reminder: %(n)s containers are due back.",
            "n",
        ),
    ),
)

# -------------------------------------------------------------------------------------- missions
TERMINER_MISSION = Action(
    code="transport.terminer_mission",
    label=_("Finish"),
    question=ngettext_lazy("Finish %(n)s mission", "Finish %(n)s missions", "n"),
    done=ngettext_lazy("%(n)s mission finished.", "%(n)s missions finished.", "n"),
    icon="status",
    permission="transport.terminer_mission",
    service=missions.terminer,
    refusals=lambda selection, answers: missions.not_finishable(
        answers.get("date_retour"), confirmer=bool(answers.get("confirmer"))
    ),
    form=FinishForm,
    inverse="transport.rouvrir_mission",
    writes=missions.RESULT,
    undo_refusals=lambda selection: missions.NOT_REOPENABLE,
    undo_locks=missions.contracts_of,
    after_undo=missions.reopen_undone,
    primary=True,
)
ROUVRIR_MISSION = Action(
    code="transport.rouvrir_mission",
    label=_("Reopen"),
    question=ngettext_lazy("Reopen %(n)s mission", "Reopen %(n)s missions", "n"),
    done=ngettext_lazy("%(n)s mission reopened.", "%(n)s missions reopened.", "n"),
    icon="reopen",
    permission="transport.rouvrir_mission",
    service=missions.rouvrir,
    refusals=missions.NOT_REOPENABLE,
    form=ReasonForm,
    inverse="transport.terminer_mission",
    writes=missions.RESULT,
    undo_refusals=lambda selection: missions.not_finishable(),
    undo_locks=missions.contracts_of,
    after_undo=missions.finish_undone,
)
ANNULER_MISSION = Action(
    code="transport.annuler_mission",
    label=_("Cancel"),
    question=ngettext_lazy("Cancel %(n)s mission", "Cancel %(n)s missions", "n"),
    done=ngettext_lazy("%(n)s mission cancelled.", "%(n)s missions cancelled.", "n"),
    icon="cancel",
    permission="transport.annuler_mission",
    service=missions.annuler,
    refusals=missions.NOT_CANCELLABLE,
    form=CancelMissionForm,
    inverse="transport.retablir_mission",
    writes=("statut", *CANCELLATION),
    undo_refusals=lambda selection: missions.NOT_RESTORABLE,
    undo_locks=missions.contracts_of,
    after_undo=missions.take_back_cancellation,
    tone="danger",
    primary=True,
)
RETABLIR_MISSION = Action(
    code="transport.retablir_mission",
    label=_("Restore"),
    question=ngettext_lazy("Restore %(n)s mission", "Restore %(n)s missions", "n"),
    done=ngettext_lazy("%(n)s mission restored.", "%(n)s missions restored.", "n"),
    icon="restore",
    permission="transport.retablir_mission",
    service=missions.retablir,
    refusals=missions.NOT_RESTORABLE,
    form=OptionalReasonForm,
    inverse="transport.annuler_mission",
    writes=("statut", *CANCELLATION),
    undo_refusals=lambda selection: (*missions.NOT_CANCELLABLE, missions.MOVED_ON),
    undo_locks=missions.contracts_of,
    after_undo=services.take_back_restore,
)
MISSIONS = (
    TERMINER_MISSION,
    ANNULER_MISSION,
    ROUVRIR_MISSION,
    RETABLIR_MISSION,
    *files_of(
        "mission",
        export=ngettext_lazy("Export %(n)s mission", "Export %(n)s missions", "n"),
        exported=ngettext_lazy("%(n)s mission exported.", "%(n)s missions exported.", "n"),
        print_=ngettext_lazy("PDF of %(n)s mission", "PDF of %(n)s missions", "n"),
        printed=ngettext_lazy("%(n)s mission printed.", "%(n)s missions printed.", "n"),
    ),
)
MISSIONS_FORMS = (
    *forms_of(
        Mission,
        ngettext_lazy("%(n)s mission created.", "%(n)s missions created.", "n"),
        ngettext_lazy("%(n)s mission changed.", "%(n)s missions changed.", "n"),
        revert=missions.modifier,
    ),
    note(cascades.MISSION, _("Cancelled with its contract"), "mission"),
    note(cascades.MISSION_BACK, _("Restored with its contract"), "mission"),
)

# -------------------------------------------------------------------------------------- payments
VALIDER_PAIEMENT = Action(
    code="transport.valider_paiement",
    label=_("Validate"),
    question=ngettext_lazy("Validate %(n)s payment", "Validate %(n)s payments", "n"),
    done=ngettext_lazy("%(n)s payment validated.", "%(n)s payments validated.", "n"),
    icon="settle",
    permission="transport.valider_paiementmission",
    service=payments.valider,
    refusals=payments.NOT_VALIDATABLE,
    form=ValidateForm,
    inverse="transport.invalider_paiement",
    writes=payments.VALIDATION,
    undo_refusals=lambda selection: payments.NOT_INVALIDATABLE,
    undo_locks=payments.contracts_of_payments,
    primary=True,
)
INVALIDER_PAIEMENT = Action(
    code="transport.invalider_paiement",
    label=_("Take the validation back"),
    question=ngettext_lazy(
        "Take the validation of %(n)s payment back",
        "Take the validation of %(n)s payments back",
        "n",
    ),
    done=ngettext_lazy(
        "Validation of %(n)s payment taken back.", "Validation of %(n)s payments taken back.", "n"
    ),
    icon="reopen",
    permission="transport.invalider_paiementmission",
    service=payments.invalider,
    refusals=payments.NOT_INVALIDATABLE,
    form=ReasonForm,
    inverse="transport.valider_paiement",
    writes=payments.VALIDATION,
    undo_refusals=lambda selection: payments.NOT_VALIDATABLE,
    undo_locks=payments.contracts_of_payments,
)
ANNULER_PAIEMENT = Action(
    code="transport.annuler_paiement",
    label=_("Cancel"),
    question=ngettext_lazy("Cancel %(n)s payment", "Cancel %(n)s payments", "n"),
    done=ngettext_lazy("%(n)s payment cancelled.", "%(n)s payments cancelled.", "n"),
    icon="cancel",
    permission="transport.annuler_paiementmission",
    service=payments.annuler_paiement,
    refusals=payments.PAYMENT_NOT_CANCELLABLE,
    form=ReasonForm,
    inverse="transport.retablir_paiement",
    writes=("statut_paiement", "remboursement", *CANCELLATION),
    undo_refusals=lambda selection: payments.PAYMENT_NOT_RESTORABLE,
    undo_locks=payments.contracts_of_payments,
    tone="danger",
    primary=True,
)
RETABLIR_PAIEMENT = Action(
    code="transport.retablir_paiement",
    label=_("Restore"),
    question=ngettext_lazy("Restore %(n)s payment", "Restore %(n)s payments", "n"),
    done=ngettext_lazy("%(n)s payment restored.", "%(n)s payments restored.", "n"),
    icon="restore",
    permission="transport.retablir_paiementmission",
    service=payments.retablir_paiement,
    refusals=payments.PAYMENT_NOT_RESTORABLE,
    form=OptionalReasonForm,
    inverse="transport.annuler_paiement",
    writes=("statut_paiement", "remboursement", *CANCELLATION),
    undo_locks=payments.contracts_of_payments,
)
SOLDER_REMBOURSEMENT = Action(
    code="transport.solder_remboursement",
    label=_("Settle the refund"),
    question=ngettext_lazy(
        "Settle the refund of %(n)s payment", "Settle the refunds of %(n)s payments", "n"
    ),
    done=ngettext_lazy(
        "Refund of %(n)s payment settled.", "Refunds of %(n)s payments settled.", "n"
    ),
    icon="return",
    permission="transport.rembourser_paiementmission",
    service=payments.solder_remboursement,
    refusals=payments.NOT_REFUNDABLE,
    form=RefundForm,
    inverse="transport.solder_remboursement",
    writes=("remboursement",),
    undo_locks=payments.contracts_of_payments,
)
PAIEMENTS = (
    VALIDER_PAIEMENT,
    ANNULER_PAIEMENT,
    SOLDER_REMBOURSEMENT,
    INVALIDER_PAIEMENT,
    RETABLIR_PAIEMENT,
    *files_of(
        "paiementmission",
        export=ngettext_lazy("Export %(n)s payment", "Export %(n)s payments", "n"),
        exported=ngettext_lazy("%(n)s payment exported.", "%(n)s payments exported.", "n"),
        print_=ngettext_lazy("PDF of %(n)s payment", "PDF of %(n)s payments", "n"),
        printed=ngettext_lazy("%(n)s payment printed.", "%(n)s payments printed.", "n"),
    ),
)
PAIEMENTS_FORMS = (
    *forms_of(
        PaiementMission,
        ngettext_lazy("%(n)s payment created.", "%(n)s payments created.", "n"),
        ngettext_lazy("%(n)s payment changed.", "%(n)s payments changed.", "n"),
        revert=payments.modifier_paiement,
    ),
    note(cascades.PAIEMENT, _("Cancelled with its mission"), "paiementmission"),
    note(cascades.PAIEMENT_BACK, _("Restored with its mission"), "paiementmission"),
)

# -------------------------------------------------------------------------------------- deposits
STATUT_CAUTION = Action(
    code="transport.statut_caution",
    label=_("Change status"),
    question=ngettext_lazy(
        "Change the status of %(n)s deposit", "Change the status of %(n)s deposits", "n"
    ),
    done=ngettext_lazy(
        "Status of %(n)s deposit changed.", "Status of %(n)s deposits changed.", "n"
    ),
    icon="status",
    permission="transport.set_statut_cautions",
    service=payments.changer_statut,
    refusals=lambda selection, answers: (
        payments.not_settable(answers["statut"])
        if answers.get("statut")
        else payments.DEPOSIT_NOT_CANCELLABLE
    ),
    form=DepositStatusForm,
    inverse="transport.statut_caution",
    writes=("statut", "date_statut"),
    undo_refusals=lambda selection: (payments.DEPOSIT_CANCELLED,),
    undo_locks=payments.contracts_of_deposits,
    primary=True,
)
ANNULER_CAUTION = Action(
    code="transport.annuler_caution",
    label=_("Cancel"),
    question=ngettext_lazy("Cancel %(n)s deposit", "Cancel %(n)s deposits", "n"),
    done=ngettext_lazy("%(n)s deposit cancelled.", "%(n)s deposits cancelled.", "n"),
    icon="cancel",
    permission="transport.annuler_cautions",
    service=payments.annuler_caution,
    refusals=payments.DEPOSIT_NOT_CANCELLABLE,
    form=ReasonForm,
    inverse="transport.retablir_caution",
    writes=("statut", *CANCELLATION),
    undo_refusals=lambda selection: payments.DEPOSIT_NOT_RESTORABLE,
    undo_locks=payments.contracts_of_deposits,
    tone="danger",
    primary=True,
)
RETABLIR_CAUTION = Action(
    code="transport.retablir_caution",
    label=_("Restore"),
    question=ngettext_lazy("Restore %(n)s deposit", "Restore %(n)s deposits", "n"),
    done=ngettext_lazy("%(n)s deposit restored.", "%(n)s deposits restored.", "n"),
    icon="restore",
    permission="transport.retablir_cautions",
    service=payments.retablir_caution,
    refusals=payments.DEPOSIT_NOT_RESTORABLE,
    form=OptionalReasonForm,
    inverse="transport.annuler_caution",
    writes=("statut", *CANCELLATION),
    undo_locks=payments.contracts_of_deposits,
)
CAUTIONS = (
    STATUT_CAUTION,
    ANNULER_CAUTION,
    RETABLIR_CAUTION,
    *files_of(
        "cautions",
        export=ngettext_lazy("Export %(n)s deposit", "Export %(n)s deposits", "n"),
        exported=ngettext_lazy("%(n)s deposit exported.", "%(n)s deposits exported.", "n"),
        print_=ngettext_lazy("PDF of %(n)s deposit", "PDF of %(n)s deposits", "n"),
        printed=ngettext_lazy("%(n)s deposit printed.", "%(n)s deposits printed.", "n"),
    ),
)
CAUTIONS_FORMS = (
    *forms_of(
        Cautions,
        ngettext_lazy("%(n)s deposit created.", "%(n)s deposits created.", "n"),
        ngettext_lazy("%(n)s deposit changed.", "%(n)s deposits changed.", "n"),
        revert=payments.modifier_caution,
    ),
    note(cascades.CAUTION, _("Cancelled with its contract"), "cautions"),
    note(cascades.CAUTION_BACK, _("Restored with its contract"), "cautions"),
)

# ----------------------------------------------------------------------- services, road expenses
PRESTATIONS_FORMS = forms_of(
    PrestationDeTransports,
    ngettext_lazy("%(n)s service created.", "%(n)s services created.", "n"),
    ngettext_lazy("%(n)s service changed.", "%(n)s services changed.", "n"),
    undoable=False,
)
FRAIS_FORMS = forms_of(
    FraisDeRoute,
    ngettext_lazy("%(n)s road expense noted.", "%(n)s road expenses noted.", "n"),
    ngettext_lazy("%(n)s road expense changed.", "%(n)s road expenses changed.", "n"),
    undoable=False,
)
