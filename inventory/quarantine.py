"""Sales in quarantine: corrected, replayed, accepted below zero. Decided as the sync decides."""

import json
from dataclasses import dataclass, field

from django.db import models, transaction
from django.db.models import Case, OuterRef, Q, Subquery, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.audit.recorder import SelectionChanged, line, recorded
from project.audit.refusals import Refusal
from project.audit.statements import lock, plain

from .models import Boutique, Vente
from .payloads import read_number, written
from .states import EtatQuarantaine, Motif
from .stock import Book
from .sync import Collision, Envoi, Known, decide, insert_lines, insert_sales, read_one

NOT_WAITING = Refusal(
    "booked", Q(etat=EtatQuarantaine.COMPTABILISEE), gettext_lazy("already booked")
)


@dataclass(slots=True)
class Judgement:
    """What would come of sales in quarantine if they were booked now."""

    accepted: list = field(default_factory=list)
    # {key: the number that it was booked under, while it was being put into quarantine}
    booked: dict = field(default_factory=dict)
    refused: dict = field(default_factory=dict)  # {motif: keys}
    ledger: Book = None

    @property
    def refusals(self):
        return (
            NOT_WAITING,
            *(
                Refusal(motif.lower(), Q(pk__in=keys), Motif(motif).label)
                for motif, keys in self.refused.items()
            ),
        )


def judge(selection, *, forced, by=""):
    """Decide each waiting sale of the selection on the stock as it is; nothing is written.

    Its articles stay locked until the transaction ends. A statement for each shop, and three.
    """
    entries = list(plain(selection).waiting().order_by("pk"))
    shops = {shop.pk: shop for shop in Boutique.objects.filter(quarantaine__in=entries).distinct()}
    sent = []
    for entry in entries:
        envoi = Envoi(entry.pk, entry.vente_proposee, entry.boutique_id, entry.terminal_id)
        read_one(envoi, shops[entry.boutique_id].currency, most_lines=None)
        envoi.empreinte, envoi.forced, envoi.recue = entry.empreinte, forced, entry.recue_le
        envoi.received_as = read_number(json.loads(entry.contenu_recu))
        sent.append(envoi)
    judgement = Judgement()
    keys = {ligne.article for each in sent if each.lue for ligne in each.lue.lignes}
    judgement.ledger = Book.open(keys, by=str(by))
    known = {}
    for pk, shop in shops.items():
        known[pk] = Known(shop, [each for each in sent if each.boutique == pk])
        known[pk].waiting.clear()  # that is themselves
    for each in sent:
        shop = shops[each.boutique]
        if each.lue and decide(each, judgement.ledger, known[shop.pk], shop):
            judgement.accepted.append(each)
        elif each.known:
            judgement.booked[each.index] = each.received_as
        else:
            judgement.refused.setdefault(str(each.motif), []).append(each.index)
    return judgement


def not_replayable(selection, answers):
    return judge(selection, forced=False).refusals


def not_acceptable(selection, answers):
    return judge(selection, forced=True).refusals


def replay(selection, *, by, ticket=None):
    """Book what can be booked now: the stock has come, or the sale was corrected.

    One that was booked while it was being put into quarantine is settled with that sale.
    """
    return _book("inventory.replay", selection, by=by, ticket=ticket, sentence=line(_("Replayed")))


def accept(selection, *, by, reason, ticket=None):
    """Book these even where the stock goes below zero; the sale says so."""
    return _book(
        "inventory.accept",
        selection,
        by=by,
        ticket=ticket,
        sentence=line(_("Accepted"), reason),
        reason=reason,
        forced=True,
    )


def _book(code, selection, *, by, ticket, sentence, reason="", forced=False):
    with transaction.atomic():
        lock(plain(selection))
        judgement = judge(selection, forced=forced, by=by)
        with recorded(
            code,
            selection,
            by=by,
            ticket=ticket,
            sentence=sentence,
            reason=reason,
            refusals=judgement.refusals,
        ) as batch:
            if judgement.accepted:
                try:
                    ventes = insert_sales(judgement.accepted, timezone.now())
                except Collision:
                    raise SelectionChanged from None
                insert_lines(judgement.accepted, ventes)
                judgement.ledger.write(ventes=ventes)
            booked = judgement.booked.items()
            batch.update(
                etat=EtatQuarantaine.COMPTABILISEE,
                vente=Case(
                    *(When(pk=key, then=_sale_called(Value(number))) for key, number in booked),
                    default=_sale_called(OuterRef("numero_facture")),
                ),
            )
    return batch.outcome


def _sale_called(number):
    """The key of the sale with this number in the shop of an entry."""
    vente = Vente.objects.filter(boutique=OuterRef("boutique"), numero_facture=number)
    return Subquery(vente.values("pk")[:1], output_field=models.BigIntegerField())


def correct(entry, content, *, by):
    """Put another content in the place of what was received, which stays beside it."""
    entry.contenu = written(content)
    entry.numero_facture = content["numero_facture"]
    return save(entry, by=by)


def save(entry, *, by, reason="", undo_of=None):
    return entry.save(by=by, reason=reason, action="inventory.correct", undo_of=undo_of)
