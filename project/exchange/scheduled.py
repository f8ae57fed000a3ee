"""What the clock starts here."""

from datetime import time

from project.jobs.declare import job
from project.jobs.schedule import daily

from .exporting import delete_expired


@daily(at=time(3, 50))
@job()
def delete_expired_files():
    delete_expired()
