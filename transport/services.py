"""The verbs on contracts. Each takes a queryset; one contract is a selection of one.

Each runs in one transaction, locks the contracts in primary-key order before anything that hangs on
them, and leaves a batch, a log line and a history row for all it changed.
"""

import logging

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import DateField, Exists, F, OuterRef, Q, TextField, UUIDField, Value
from django.db.models.lookups import IsNull
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from project.audit.acting import current_user
from project.audit.former import before
from project.audit.recorder import line, open_batch, recorded, tell, write_history
from project.audit.refusals import Refusal, any_refusal
from project.audit.statements import insert_select, lock
from project.ui.formats import date_format

from . import cascades
from .models import (
    Cautions,
    CautionsLog,
    Conteneur,
    ContratTransport,
    ContratTransportLog,
    FraisDeRoute,
    Mission,
    MissionLog,
    PaiementMission,
    PaiementMissionLog,
    PrestationDeTransports,
    Suspension,
)
from .penalties import PlusJours
from .states import StatutContrat

logger = logging.getLogger(__name__)

CANCELLED = Refusal(
    "cancelled", Q(statut=StatutContrat.ANNULE), pgettext_lazy("masculine", "already cancelled")
)
NOT_CANCELLABLE = (CANCELLED,)
NOT_RESTORABLE = (
    Refusal(
        "not_cancelled",
        ~Q(statut=StatutContrat.ANNULE),
        pgettext_lazy("masculine", "not cancelled"),
    ),
)
MOVED_ON = Refusal(
    "moved_on",
    cascades.contract_moved_on(),
    gettext_lazy("with something that came or changed since: cancel instead"),
)
NOT_ACTIVE = Refusal(
    "not_active", ~Q(statut=StatutContrat.ACTIF), gettext_lazy("finished or cancelled")
)
# Why a contract can't end: as the last of its missions, whose end it is, would leave it.
STILL_OUT = (
    NOT_ACTIVE,
    Refusal("open", cascades.has_open_mission(), gettext_lazy("with a mission in progress")),
)
NOT_ENDABLE = (
    *STILL_OUT,
    Refusal(
        "none_finished",
        ~cascades.has_finished_mission(),
        gettext_lazy("without a finished mission: cancel it instead"),
    ),
)
NOT_REOPENABLE = (
    Refusal(
        "not_finished",
        ~Q(statut=StatutContrat.TERMINE),
        pgettext_lazy("masculine", "not finished"),
    ),
)

PARTIES = ("client", "transitaire", "camion", "chauffeur", "conteneur")


# -------------------------------------------------------------------------------- cancel, restore
def annuler(selection, *, by, raison="", ticket=None, announced=True, refusals=(), undo_of=None):
    """Cancel contracts with their missions, payments and deposits. Nothing is deleted.

    Finished missions are cancelled too; deposits already refunded or forfeited stay as they are;
    services are kept. See `totaux` for how many of each.
    """
    with recorded(
        "transport.annuler_contrat",
        selection,
        by=by,
        reason=raison,
        ticket=ticket,
        announced=announced,
        sentence=line(pgettext("masculine", "Cancelled"), raison),
        refusals=(*refusals, *NOT_CANCELLABLE),
        undo_of=undo_of,
    ) as batch:
        batch.update(**cascades.contract_values(batch, raison))
        contrats = batch.touched()
        cascades.take_missions_along(batch, contrats, raison)
        cascades.take_deposits_along(batch, contrats, raison)
    return batch.outcome


def ecarter(selection, *, by, refusals, undo_of):
    """Undo the making of contracts: nothing is deleted, they are cancelled as made by mistake."""
    raison = _("Created by mistake")
    return annuler(selection, by=by, raison=raison, refusals=refusals, undo_of=undo_of)


def totaux(batch):
    """How many records of each kind a cascade cancelled, by the seeds' names."""
    logs = {
        "missions_annulees": (MissionLog, ("transport.annuler_mission", cascades.MISSION)),
        "cautions_annulees": (CautionsLog, (cascades.CAUTION,)),
        "paiements_annules": (PaiementMissionLog, (cascades.PAIEMENT,)),
    }
    totals = {
        name: log.objects.filter(batch=batch, action_code__in=codes).count()
        for name, (log, codes) in logs.items()
    }
    contrats = ContratTransportLog.objects.filter(
        batch=batch, action_code__in=("transport.annuler_contrat", cascades.CONTRAT)
    )
    services = PrestationDeTransports.objects.filter(
        contrat_transport__in=contrats.values("contrat")
    )
    return {**totals, "prestations": services.count()}


def retablir(selection, *, by, raison="", ticket=None):
    """Bring cancelled contracts back, with just what was cancelled in the same act."""
    with recorded(
        "transport.retablir_contrat",
        selection,
        by=by,
        reason=raison,
        ticket=ticket,
        sentence=line(pgettext("masculine", "Restored"), raison),
        refusals=NOT_RESTORABLE,
    ) as batch:
        cascades.bring_children_back(batch, batch.accepted())
        batch.update(
            statut=F("statut_avant"),
            **cascades.NOT_CANCELLED,
            commentaire=before(ContratTransport, "annule_dans", "commentaire"),
        )
    return batch.outcome


def take_back_cancellation(batch, undone):
    """Restore what an undone cancellation took along; the contracts themselves are restored."""
    recording = cascades.recording_of(ContratTransport, batch)
    cascades.bring_children_back(recording, recording.touched(), dans=undone)


def take_back_restore(batch, undone):
    """Cancel again what an undone restore brought back, of contracts or of missions."""
    cascades.take_restore_back(cascades.recording_of(ContratTransport, batch), undone)


# ------------------------------------------------------------------------------------ end, reopen
def terminer(selection, *, by, raison="", ticket=None):
    """End contracts whose missions are all over, one of them finished.

    They end by themselves when the last mission does. Where the last open one was cancelled after
    another had finished, nobody but staff can tell whether the container is back.
    """
    with recorded(
        "transport.terminer_contrat",
        selection,
        by=by,
        reason=raison,
        ticket=ticket,
        sentence=line(_("Contract ended"), raison),
        refusals=NOT_ENDABLE,
    ) as batch:
        batch.update(statut=StatutContrat.TERMINE)
    return batch.outcome


def to_end(contrats):
    """Those of these contracts that wait for nothing but staff to end them."""
    return contrats.exclude(any_refusal(NOT_ENDABLE))


def rouvrir(selection, *, by, raison, ticket=None):
    """Let ended contracts go on: their container goes out once more."""
    with recorded(
        "transport.rouvrir_contrat",
        selection,
        by=by,
        reason=raison,
        ticket=ticket,
        sentence=line(_("Reopened"), raison),
        refusals=NOT_REOPENABLE,
    ) as batch:
        batch.update(statut=StatutContrat.ACTIF)
    return batch.outcome


# ----------------------------------------------------------------------------- deadlines, the clock
def not_exceptional(date=None):
    """Why a contract can't be given that deadline."""
    refusals = (NOT_ACTIVE,)
    if date:
        text = gettext_lazy("starting on that day or later")
        refusals += (Refusal("before_start", Q(date_debut__gte=date), text),)
    return refusals


NOT_CALCULABLE = (
    NOT_ACTIVE,
    Refusal(
        "calculated",
        Q(echeance_exceptionnelle=False),
        gettext_lazy("with a calculated deadline already"),
    ),
)


def fixer_echeance(selection, *, by, date, raison, ticket=None):
    """Give contracts an exceptional deadline: no calculation changes it until it is taken back."""
    said = _("Exceptional deadline: %(date)s") % {"date": date_format(date, "SHORT_DATE_FORMAT")}
    with recorded(
        "transport.fixer_echeance",
        selection,
        by=by,
        reason=raison,
        ticket=ticket,
        sentence=line(said, raison),
        refusals=not_exceptional(date),
    ) as batch:
        batch.update(
            date_limite_retour=Value(date, output_field=DateField()),
            echeance_exceptionnelle=True,
            raison_exceptionnelle=raison,
        )
    return batch.outcome


def calculer_echeance(selection, *, by, ticket=None):
    """Take exceptional deadlines back: the contract's own terms apply again."""
    with recorded(
        "transport.calculer_echeance",
        selection,
        by=by,
        ticket=ticket,
        sentence=_("Deadline calculated again"),
        refusals=NOT_CALCULABLE,
    ) as batch:
        batch.update(echeance_exceptionnelle=False, raison_exceptionnelle="")
    return batch.outcome


def not_suspendable(debut=None, fin=None):
    """Why a contract's clock can't stand still on those days."""
    refusals = (NOT_ACTIVE,)
    if debut and fin:
        same_days = Suspension.objects.filter(
            contrat=OuterRef("pk"), levee_dans=None, debut__lte=fin, fin__gte=debut
        )
        refusals += (
            Refusal(
                "not_begun",
                Q(date_debut__gt=debut),
                gettext_lazy("starting after the first of these days"),
            ),
            Refusal(
                "run_out",
                Q(date_limite_retour__lt=debut),
                gettext_lazy("past their deadline before the first of these days"),
            ),
            Refusal(
                "suspended", Exists(same_days), gettext_lazy("suspended already on these days")
            ),
        )
    return refusals


NOT_LIFTABLE = (
    NOT_ACTIVE,
    Refusal("not_suspended", Q(jours_suspendus=0), gettext_lazy("without a suspension in force")),
)


def suspendre(selection, *, by, debut, fin, raison, ticket=None, announced=True):
    """Let the clock of contracts stand still from `debut` to `fin`, both counted."""
    if fin < debut:
        raise ValidationError({"fin": _("This is before the first day.")})
    days = (fin - debut).days + 1
    with recorded(
        "transport.suspendre",
        selection,
        by=by,
        reason=raison,
        ticket=ticket,
        announced=announced,
        sentence=line(_("Clock suspended for %(days)s days") % {"days": days}, raison),
        refusals=not_suspendable(debut, fin),
    ) as batch:
        batch.update(jours_suspendus=F("jours_suspendus") + days)
        insert_select(
            Suspension,
            ("contrat_id", "debut", "fin", "raison", "posee_dans_id"),
            batch.touched().order_by("pk"),
            F("pk"),
            Value(debut, output_field=DateField()),
            Value(fin, output_field=DateField()),
            Value(raison, output_field=TextField()),
            Value(batch.batch.pk, output_field=UUIDField()),
        )
    return batch.outcome


def lever(selection, *, by, raison="", ticket=None):
    """Lift every suspension of contracts: the days count again."""
    with recorded(
        "transport.lever_suspension",
        selection,
        by=by,
        reason=raison,
        ticket=ticket,
        sentence=line(_("Suspension lifted"), raison),
        refusals=NOT_LIFTABLE,
    ) as batch:
        batch.update(jours_suspendus=0)
        lifted = Suspension.objects.filter(contrat__in=batch.touched().values("pk"))
        lifted.filter(levee_dans=None).update(levee_dans=batch.batch)
    return batch.outcome


def lift_undone(batch, undone):
    """Lift the suspensions that an undone act made."""
    touched = ContratTransportLog.objects.filter(batch=batch).values("contrat")
    Suspension.objects.filter(posee_dans=undone, contrat__in=touched).update(levee_dans=batch)


def suspend_again(batch, undone):
    """Put back the suspensions that an undone act lifted."""
    touched = ContratTransportLog.objects.filter(batch=batch).values("contrat")
    Suspension.objects.filter(levee_dans=undone, contrat__in=touched).update(levee_dans=None)


def not_calculated():
    """A condition: the deadline is not the one that the contract's own terms give."""
    expected = PlusJours(F("date_debut"), F("delai_jours") + F("jours_suspendus"))
    # SQLite knows no day past the last year: there is none then, which is wrong as well.
    unknown = Q(IsNull(expected, True))
    return Q(echeance_exceptionnelle=False) & (unknown | ~Q(date_limite_retour=expected))


def recalculer(*, by=None, sauf=()):
    """Set every deadline that is not what the contract's terms give; how many there were.

    Those with the keys `sauf` stay as they are.
    """
    wrong = ContratTransport.objects.filter(not_calculated()).exclude(pk__in=sauf)
    with recorded(
        "transport.recalculer", wrong, by=by, sentence=_("Deadline recalculated"), announced=False
    ) as batch:
        batch.update(jours_suspendus=F("jours_suspendus"))  # the deadline follows
    return batch.outcome.changed


# ----------------------------------------------------------------------------------- create, edit
def check_parties(contrat, stored=None):
    """Lock who and what a contract names, and raise ValidationError where one is not active.

    One that it named before, as `stored`, may have left since.
    """
    errors = {}
    for name in PARTIES:
        party = getattr(contrat, name)
        if party.pk is None or (stored and party.pk == getattr(stored, f"{name}_id")):
            continue
        rows = type(party).objects.filter(pk=party.pk)
        lock(rows)
        if not rows.active().exists():
            errors[name] = _("This one is no longer active.")
    if errors:
        raise ValidationError(errors)


def settle_container(contrat, *, by):
    """Save the contract's container where it is new; one known by its number stays as it is.

    Raises ValidationError where someone made it meanwhile as another: the terms follow from it.
    """
    new = contrat.conteneur
    if new.pk is not None:
        return
    known = Conteneur.objects.filter(numero=new.numero)
    if not known.exists():
        try:
            with transaction.atomic():
                new.save(by=by, action="transport.create")
            contrat.conteneur = new
            return
        except IntegrityError:
            if not known.exists():
                raise
    contrat.conteneur = known.get()
    if (contrat.conteneur.taille, contrat.conteneur.compagnie) != (new.taille, new.compagnie):
        said = _("Someone made this container meanwhile, of another size or line.")
        raise ValidationError({"conteneur": said})


def creer(contrat, *, by, caution=None, token=None):
    """Save a new contract, with its deposit where an amount is given. Raises AlreadyDone."""
    with transaction.atomic():
        check_parties(contrat)
        settle_container(contrat, by=by)
        batch = contrat.save(by=by, token=token, action="transport.create")
        if caution:
            deposit = Cautions(contrat=contrat, montant=caution)
            deposit.save(by=by, action="transport.create")
        return batch


def modifier(contrat, *, by, reason="", undo_of=None):
    """Save a changed contract. Raises Stale, and ValidationError for what may not be."""
    with transaction.atomic():
        lock(ContratTransport.objects.filter(pk=contrat.pk))
        check_edit(contrat)
        settle_container(contrat, by=by)
        return contrat.save(by=by, reason=reason, action="transport.edit", undo_of=undo_of)


def check_edit(contrat):
    """Raise ValidationError where the contract, as it now reads, may not be saved."""
    stored = ContratTransport.objects.get(pk=contrat.pk)
    contrat.settle_tiers(stored)
    if stored.statut == StatutContrat.ANNULE:
        raise ValidationError(_("A cancelled contract does not change: restore it first."))
    check_parties(contrat, stored)
    gone = Mission.objects.filter(contrat=contrat.pk, date_depart__lt=contrat.date_debut)
    if gone.exists():
        raise ValidationError({"date_debut": _("A mission departs before this day.")})
    if contrat.devise != stored.devise and has_money(contrat):
        raise ValidationError({"devise": _("There are amounts in the former currency.")})


def has_money(contrat):
    """Whether something hangs on it, or is agreed, in the currency that it has."""
    return bool(contrat.paliers) or any(
        records.exists()
        for records in (
            contrat.cautions.all(),
            contrat.prestations.all(),
            contrat.missions.filter(penalite__gt=0),
            FraisDeRoute.objects.filter(mission__contrat=contrat.pk),
            PaiementMission.objects.filter(mission__contrat=contrat.pk),
        )
    )


def check_stays(record, name):
    """Raise ValidationError where a record would move to another parent than it was made for."""
    if record._state.adding:
        return
    if not type(record).objects.filter(pk=record.pk, **{name: getattr(record, name)}).exists():
        raise ValidationError(_("It stays with what it was made for."))


def check_open(contrat, *, active=False):
    """Lock the contract and raise ValidationError where nothing can be added to it."""
    lock(ContratTransport.objects.filter(pk=contrat.pk))
    statut = ContratTransport.objects.values_list("statut", flat=True).get(pk=contrat.pk)
    if statut == StatutContrat.ANNULE:
        raise ValidationError(_("The contract is cancelled."))
    if active and statut != StatutContrat.ACTIF:
        raise ValidationError(_("The contract is finished."))


# ----------------------------------------------------------------------------------------- delete
def obstacles(contrat):
    """What forbids to delete a contract: [(kind, queryset)] of those that there are."""
    children = (
        ("missions", contrat.missions.all()),
        ("cautions", contrat.cautions.all()),
        ("prestations", contrat.prestations.all()),
    )
    return [(kind, records) for kind, records in children if records.exists()]


def refus_de_supprimer(contrat):
    """Why the contract can't be deleted, in the seeds' words; '' if it can."""
    for kind, records in obstacles(contrat):
        words = {
            "missions": _(
                "❌ This contract can't be deleted! It has %(n)s mission(s). "
                "Cancel it instead, which keeps what happened."
            ),
            "cautions": _(
                "❌ This contract can't be deleted! It has %(n)s deposit(s). "
                "Cancel it instead, which keeps what happened."
            ),
            "prestations": _(
                "❌ This contract can't be deleted! It has %(n)s service(s). "
                "Cancel it instead, which keeps what happened."
            ),
        }
        return words[kind] % {"n": records.count()}
    return ""


def supprimer(contrat, *, by):
    """Delete a contract on which nothing hangs; its history stays, with who did it and when.

    Its suspensions and reminders are part of it and go with it. Raises ValidationError where a
    mission, a deposit or a service hangs on it, cancelled or not.
    """
    with transaction.atomic():
        rows = models.QuerySet(ContratTransport).filter(pk=contrat.pk)
        lock(rows)
        if refusal := refus_de_supprimer(contrat):
            raise ValidationError(refusal)
        batch = open_batch("transport.supprimer_contrat", ContratTransport, by, changed=1)
        write_history(rows, batch, "-", _("Deleted"))
        for parts in (contrat.suspensions, contrat.rappels, contrat.logs):
            parts.all()._raw_delete("default")
        rows._raw_delete("default")
        tell(batch)
        return batch


# ------------------------------------------------------------------------------------------ doors
def alone(record):
    """A selection of one."""
    return type(record)._default_manager.filter(pk=record.pk)


def settled(outcome, record):
    """What a door does with an outcome: raise ValidationError if refused, else read it again."""
    if outcome.refused:
        raise ValidationError([refused.message for refused in outcome.refused])
    record.refresh_from_db()
    return outcome


def annuler_un_contrat(contrat, *, raison="", by=None):
    """`ContratTransport.annuler_contrat`."""
    with transaction.atomic():
        outcome = annuler(alone(contrat), by=by or current_user(), raison=raison)
        if outcome.refused:
            raise ValidationError(_("⚠️ This contract is already cancelled."))
    settled(outcome, contrat)
    totals = totaux(outcome.batch)
    logger.info(
        "Contrat %s annulé: %s missions, %s cautions, %s prestations affectées",
        contrat,
        totals["missions_annulees"],
        totals["cautions_annulees"],
        totals["prestations"],
    )
    return totals
