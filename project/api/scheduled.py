"""Daily house-keeping of what requests leave behind."""

import time
from datetime import time as clock
from datetime import timedelta

from django.utils import timezone

from project.jobs.declare import job
from project.jobs.schedule import daily

from .idempotency import kept_for
from .models import Answer, Rate


@daily(at=clock(3, 50))
@job()
def forget_old_answers():
    """Delete the answers that need be kept no longer, and counts whose minute is over."""
    Rate.objects.filter(minute__lt=int(time.time()) // 60 - 60).delete()
    Answer.objects.filter(at__lt=timezone.now() - timedelta(days=kept_for())).delete()
