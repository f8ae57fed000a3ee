"""The verbs on missions, and on what was spent on their road."""

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import DateField, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project import money
from project.audit.acting import current_user
from project.audit.former import after, before
from project.audit.recorder import line, recorded
from project.audit.refusals import Refusal, any_refusal
from project.ui.formats import date_format

from . import cascades, services
from .models import ContratTransport, Mission
from .models.contract import check_day
from .models.mission import back_too_early
from .penalties import Bareme, JoursEntre, Penalite
from .services import alone, check_open, check_stays, settled, totaux
from .states import StatutContrat, StatutMission

CANCELLED = Refusal("cancelled", Q(statut=StatutMission.ANNULEE), gettext_lazy("already cancelled"))
NOT_CANCELLABLE = (CANCELLED,)
FINISHED = Refusal("finished", Q(statut=StatutMission.TERMINEE), gettext_lazy("already finished"))
CONTRACT_CANCELLED = Refusal(
    "contract_cancelled",
    Q(contrat__statut=StatutContrat.ANNULE),
    gettext_lazy("of a cancelled contract"),
)
NOT_REOPENABLE = (
    Refusal("not_finished", ~Q(statut=StatutMission.TERMINEE), gettext_lazy("not finished")),
    CONTRACT_CANCELLED,
)
NOT_RESTORABLE = (
    Refusal("not_cancelled", ~Q(statut=StatutMission.ANNULEE), gettext_lazy("not cancelled")),
    Refusal(
        "contract_cancelled",
        Q(contrat__statut=StatutContrat.ANNULE) & ~Q(contrat__annule_dans=F("annule_dans")),
        gettext_lazy("of a contract that was cancelled in another act: restore that one"),
    ),
)
MOVED_ON = Refusal("moved_on", cascades.mission_moved_on(), services.MOVED_ON.message)
RESULT = ("statut", "date_retour", "limite_appliquee", "jours_retard", "penalite", "bareme")
OPEN_AGAIN = {
    "statut": StatutMission.EN_COURS,
    "date_retour": None,
    "limite_appliquee": None,
    "jours_retard": 0,
    "penalite": 0,
    "bareme": Value([], output_field=models.JSONField()),
}


def contracts_of(selection):
    """What is locked before these missions: nobody then decides on the same facts."""
    return [ContratTransport.objects.of(selection)]


# ----------------------------------------------------------------------------------------- finish
def not_finishable(date=None, *, confirmer=False):
    """Why a mission can't end on that day; late, it takes a confirmation."""
    refusals = (CANCELLED, FINISHED, CONTRACT_CANCELLED)
    if date:
        refusals += (
            Refusal("not_gone", Q(date_depart__gt=date), gettext_lazy("departing after that day")),
        )
        if not confirmer:
            refusals += (
                Refusal(
                    "late",
                    Q(contrat__date_limite_retour__lt=date),
                    gettext_lazy("late: confirm the penalty"),
                ),
            )
    return refusals


def of_contract(expression):
    """An expression over a mission, of its contract's fields."""
    contrats = ContratTransport.objects.filter(pk=OuterRef("contrat_id"))
    return Subquery(contrats.annotate(_value=expression).values("_value")[:1])


def late_days(date):
    """Late days of a contract whose container comes back on `date`."""
    on = Value(date, output_field=DateField())
    return Greatest(JoursEntre(on, F("date_limite_retour")), Value(0))


def terminer(selection, *, by, date_retour, confirmer=False, ticket=None, announced=True):
    """End missions on `date_retour`, each with its penalty; a contract ends with its last one."""
    try:
        check_day(date_retour)
    except ValidationError as error:
        raise ValidationError({"date_retour": error}) from None
    on = date_format(date_retour, "SHORT_DATE_FORMAT")
    with recorded(
        "transport.terminer_mission",
        selection,
        by=by,
        ticket=ticket,
        announced=announced,
        locks=contracts_of(selection),
        sentence=line(_("Finished on %(date)s") % {"date": on}),
        refusals=not_finishable(date_retour, confirmer=confirmer),
    ) as batch:
        late = late_days(date_retour)
        batch.update(
            statut=StatutMission.TERMINEE,
            date_retour=date_retour,
            limite_appliquee=of_contract(F("date_limite_retour")),
            jours_retard=of_contract(late),
            penalite=of_contract(
                money.rounded_in_sql(Penalite(late, F("penalite_par_jour"), F("paliers")), "devise")
            ),
            bareme=of_contract(Bareme(F("penalite_par_jour"), F("paliers"))),
        )
        cascades.finish_contracts(batch, batch.touched())
    return batch.outcome


def rouvrir(selection, *, by, raison, ticket=None):
    """Take the end of missions back; their penalty goes, their contract goes on."""
    with recorded(
        "transport.rouvrir_mission",
        selection,
        by=by,
        reason=raison,
        ticket=ticket,
        locks=contracts_of(selection),
        sentence=line(_("Reopened"), raison),
        refusals=NOT_REOPENABLE,
    ) as batch:
        batch.update(**OPEN_AGAIN)
        cascades.reopen_contracts(batch, batch.touched())
    return batch.outcome


def reopen_undone(batch, undone):
    recording = cascades.recording_of(Mission, batch)
    cascades.reopen_contracts(recording, recording.touched())


def finish_undone(batch, undone):
    recording = cascades.recording_of(Mission, batch)
    cascades.finish_contracts(recording, recording.touched())


# --------------------------------------------------------------------------------- cancel, restore
def annuler(
    selection,
    *,
    by,
    raison="",
    annuler_contrat=True,
    ticket=None,
    announced=True,
    refusals=(),
    undo_of=None,
):
    """Cancel missions with all their payments.

    Where a contract is left without an open or finished mission, it is cancelled with its deposits
    too, unless `annuler_contrat` is off.
    """
    with recorded(
        "transport.annuler_mission",
        selection,
        by=by,
        reason=raison,
        ticket=ticket,
        announced=announced,
        locks=contracts_of(selection),
        sentence=line(_("Cancelled"), raison),
        refusals=(*refusals, *NOT_CANCELLABLE),
        undo_of=undo_of,
    ) as batch:
        batch.update(**cascades.mission_values(batch, raison))
        missions = batch.touched()
        cascades.take_payments_along(batch, missions, raison)
        if annuler_contrat:
            cascades.take_contracts_along(batch, missions, raison)
    return batch.outcome


def ecarter(selection, *, by, refusals, undo_of):
    """Undo the making of missions: cancelled as made by mistake; their contract stays."""
    return annuler(
        selection,
        by=by,
        raison=_("Created by mistake"),
        annuler_contrat=False,
        refusals=refusals,
        undo_of=undo_of,
    )


def retablir(selection, *, by, raison="", ticket=None):
    """Bring cancelled missions back with the payments, and the contract, that went along."""
    with recorded(
        "transport.retablir_mission",
        selection,
        by=by,
        reason=raison,
        ticket=ticket,
        locks=contracts_of(selection),
        sentence=line(_("Restored"), raison),
        refusals=NOT_RESTORABLE,
    ) as batch:
        going = batch.accepted()
        cascades.bring_payments_back(batch, going)
        bring_contracts_back(batch, going)
        batch.update(statut=F("statut_avant"), **cascades.NOT_CANCELLED)
        cascades.reopen_contracts(batch, batch.touched())
    return batch.outcome


def bring_contracts_back(recording, missions, dans=None):
    """Restore the contracts that were cancelled in the same act as these missions."""
    act = F("annule_dans") if dans is None else after(Mission, "pk", dans, "annule_dans")
    contrats = ContratTransport.objects.of(missions.filter(contrat__annule_dans=act))
    cascades.bring_deposits_back(recording, contrats, dans)
    cascades.bring_back(
        recording,
        contrats,
        cascades.CONTRAT_BACK,
        commentaire=before(ContratTransport, "annule_dans", "commentaire"),
    )


def take_back_cancellation(batch, undone):
    """Restore what an undone cancellation of missions took along."""
    recording = cascades.recording_of(Mission, batch)
    missions = recording.touched()
    cascades.bring_payments_back(recording, missions, dans=undone)
    bring_contracts_back(recording, missions, dans=undone)
    cascades.reopen_contracts(recording, missions)


# ----------------------------------------------------------------------------------- create, edit
def creer(mission, *, by, token=None):
    """Save a new mission of an active contract. Raises ValidationError and AlreadyDone."""
    with transaction.atomic():
        check_open(mission.contrat, active=True)
        check_departure(mission)
        return mission.save(by=by, token=token, action="transport.create")


def modifier(mission, *, by, reason="", undo_of=None):
    """Save a changed mission. Raises Stale, and ValidationError for what may not be."""
    with transaction.atomic():
        check_open(mission.contrat)
        check_stays(mission, "contrat")
        check_departure(mission)
        stored = Mission.objects.get(pk=mission.pk)
        if stored.statut == StatutMission.ANNULEE:
            raise ValidationError(_("A cancelled mission does not change: restore it first."))
        return mission.save(by=by, reason=reason, action="transport.edit", undo_of=undo_of)


def check_departure(mission):
    """The mission's own checks, by the contract as it is under the lock."""
    mission.contrat.refresh_from_db()
    mission.clean()


def noter_frais(frais, *, by, token=None):
    """Save an expense or an advance of a mission, new or changed."""
    with transaction.atomic():
        check_open(frais.mission.contrat)
        if Mission.objects.filter(pk=frais.mission_id, statut=StatutMission.ANNULEE).exists():
            raise ValidationError(_("The mission is cancelled."))
        check_stays(frais, "mission")
        code = "transport.create" if frais._state.adding else "transport.edit"
        return frais.save(by=by, token=token, action=code)


# ------------------------------------------------------------------------------------------ doors
def terminer_une(mission, *, date_retour, confirmer=False, by=None):
    """`Mission.terminer_mission`: raises ValidationError with a penalty that is not confirmed."""
    with transaction.atomic():
        if not confirmer:
            check_penalty(mission, date_retour)
        outcome = terminer(
            alone(mission), by=by or current_user(), date_retour=date_retour, confirmer=confirmer
        )
        if "not_gone" in {refused.code for refused in outcome.refused}:
            raise ValidationError({"date_retour": back_too_early()})
        if outcome.refused:
            raise ValidationError([refused.message for refused in outcome.refused])
    settled(outcome, mission)
    return outcome


def check_penalty(mission, date_retour):
    """Raise ValidationError, in the seeds' words, where a return on that day costs a penalty."""
    refused = any_refusal(not_finishable(date_retour, confirmer=True))
    if alone(mission).filter(refused).exists():
        return  # for another reason, which comes first
    contrat = ContratTransport.objects.get(pk=mission.contrat_id)
    if contrat.jours_de_retard(date_retour):
        raise ValidationError(
            _("Estimated penalty: %(amount)s %(currency)s"),
            code="late",
            params={
                "amount": f"{contrat.penalite_au(date_retour).normalize():f}",
                "currency": "FCFA" if contrat.devise == "XOF" else contrat.devise,
            },
        )


def annuler_une(mission, *, raison="", annuler_contrat=True, by=None):
    """`Mission.annuler_mission`."""
    with transaction.atomic():
        outcome = annuler(
            alone(mission),
            by=by or current_user(),
            raison=raison,
            annuler_contrat=annuler_contrat,
        )
        if outcome.refused:
            raise ValidationError(_("⚠️ This mission is already cancelled."))
    settled(outcome, mission)
    return totaux(outcome.batch)
