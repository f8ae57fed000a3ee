"""What rings the bell: stock that has come down to its threshold, told once per crossing.

Stock comes down (`stock.py` knows that under its lock), or the threshold rises past it.
"""

import uuid

from django.db import models
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from project.audit import recorder
from project.audit.recorder import AlreadyDone, Ticket, recorded
from project.jobs.declare import job

from .models import Article

LOW_STOCK = "inventory.low_stock"


def follow_thresholds(batch):
    """Tell of the articles whose threshold this batch took past their stock.

    A listener of every batch, so that it counts whoever sets it: form, file, dialog, admin, undo.
    One statement for a batch of articles.
    """
    if batch.model != Article._meta.label_lower:
        return
    before = KeyTextTransform("0", KeyTransform("seuil_alerte", "logs__changes"))
    crossed = (
        Article.objects.active()
        .low()
        .filter(logs__batch=batch, quantite_stock__gt=Cast(before, models.BigIntegerField()))
        .order_by("pk")
    )
    tell_crossed(crossed.values_list("pk", flat=True))


def tell_crossed(articles):
    """Have it told, once this is committed, that these articles (their ids) have become low."""
    if crossed := list(articles):
        tell_low_stock.enqueue(articles=crossed)


@job(takes_context=True)
def tell_low_stock(context, *, articles):
    """Say that these articles (their ids) have come to their threshold.

    Enqueued by what brought them there, in its transaction. The task's own id is the token: run
    again after a crash, it tells nobody twice.
    """
    token = uuid.UUID(str(context.task_result.id))
    selection = models.QuerySet(Article).filter(pk__in=articles)
    try:
        with recorded(
            LOW_STOCK, selection, by=None, sentence=_("Low stock"), ticket=Ticket(token=token)
        ) as batch:
            batch.note()
            recorder.tell(batch.batch)
    except AlreadyDone:
        return
