"""What rings the bell: stock that has come down to its threshold, told once per crossing."""

import uuid

from django.db import models
from django.utils.translation import gettext as _

from project.audit import recorder
from project.audit.recorder import AlreadyDone, Ticket, recorded
from project.jobs.declare import job

from .models import Article

LOW_STOCK = "inventory.low_stock"


@job(takes_context=True)
def tell_low_stock(context, *, articles):
    """Say that these articles (their ids) have come down to their threshold.

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
