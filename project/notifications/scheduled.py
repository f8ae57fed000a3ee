"""What the clock starts here."""

from datetime import timedelta

from project.jobs.schedule import every

from .sending import send_due

# For what waits for another attempt, or was claimed by a worker that died.
every(timedelta(minutes=1))(send_due)
