"""What the clock starts here."""

from datetime import time

from project.jobs.declare import job
from project.jobs.schedule import daily

from . import reminders


@daily(at=time(6, 30))
@job()
def remind_of_deadlines():
    reminders.rappeler()
