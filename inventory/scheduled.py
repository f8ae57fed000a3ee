"""Daily house-keeping of what devices leave behind."""

from datetime import time, timedelta

from django.utils import timezone

from project.jobs.declare import job
from project.jobs.schedule import daily

from .models import Synchronisation

KEEP = timedelta(days=90)


@daily(at=time(3, 40))
@job()
def forget_old_requests():
    """Delete the journal of three months ago."""
    Synchronisation.objects.filter(a__lt=timezone.now() - KEEP).delete()
