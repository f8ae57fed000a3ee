"""Reminding of return deadlines: once for each contract, deadline and kind.

What was reminded of is a row with a unique key, written with the log line, the bell and the e-mails
in one transaction, under the contracts' locks. So a job that runs twice finds nothing to do, and
one that missed a day finds what that day left; another deadline is reminded of anew.
"""

from datetime import timedelta

from django.db import models
from django.db.models import CharField, Exists, F, OuterRef, Q, UUIDField, Value
from django.utils import timezone
from django.utils.translation import gettext as _

from project.audit.recorder import recorded, tell
from project.audit.statements import insert_select
from project.notifications import outbox

from .models import Conditions, ContratTransport, Rappel
from .notifications import RAPPEL
from .states import GenreRappel


def due(genre, today):
    """The contracts to remind of now, and not yet reminded of for the deadline that they have."""
    contrats = ContratTransport.objects.actifs()
    if genre == GenreRappel.AVANT:
        ahead = today + timedelta(days=Conditions.actuelles().jours_rappel)
        contrats = contrats.filter(date_limite_retour__gte=today, date_limite_retour__lte=ahead)
    else:
        contrats = contrats.en_retard(today)
    done = Rappel.objects.filter(
        contrat=OuterRef("pk"), genre=genre, echeance=OuterRef("date_limite_retour")
    )
    return contrats.filter(~Exists(done))


def rappeler(*, today=None, by=None):
    """Remind of every deadline that is near or has passed. Returns how many contracts."""
    today = today or timezone.localdate()
    return sum(remind(genre, today, by) for genre in GenreRappel)


def remind(genre, today, by):
    contrats = due(genre, today)
    if not contrats.exists():
        return 0
    said = {
        GenreRappel.AVANT: _("Reminder: the return deadline is near"),
        GenreRappel.RETARD: _("Reminder: the return deadline has passed"),
    }[genre]
    with recorded("transport.rappel", contrats, by=by, sentence=said) as batch:
        batch.note()
        reminded = models.QuerySet(ContratTransport).filter(
            logs__batch=batch.batch, logs__action_code=batch.batch.action
        )
        insert_select(
            Rappel,
            ("contrat_id", "genre", "echeance", "fait_dans_id"),
            reminded.order_by("pk"),
            F("pk"),
            Value(genre.value, output_field=CharField()),
            F("date_limite_retour"),
            Value(batch.batch.pk, output_field=UUIDField()),
        )
        reachable = reminded.filter(~Q(transitaire__email="") | ~Q(client__email=""))
        outbox.post(batch.batch, RAPPEL, reachable.order_by("pk"), outbox.to("contract", F("pk")))
        if batch.outcome.changed:
            tell(batch.batch)  # a note is told to nobody by itself
    return batch.outcome.changed
