import logging
import os
import signal

from django.core.management.base import BaseCommand
from django.utils.module_loading import autodiscover_modules

from project.jobs.worker import Worker

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Run background jobs until SIGTERM or Ctrl-C, which lets the job at hand finish."

    def add_arguments(self, parser):
        parser.add_argument(
            "--interval", type=float, default=0.5, help="Seconds between two looks for work."
        )
        parser.add_argument(
            "--stale-after",
            type=float,
            default=30,
            help="Seconds without a heartbeat after which another worker counts as dead.",
        )
        parser.add_argument(
            "--follow", type=int, help="Stop as well when this parent process has ended."
        )

    def handle(self, *, interval, stale_after, follow, **options):
        autodiscover_modules("scheduled")
        worker = Worker(interval=interval, stale_after=stale_after)

        def stop(signum, frame):
            logger.info("Stopping after the job at hand; once more stops at once")
            signal.signal(signum, signal.SIG_DFL)
            worker.stop()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        logger.info("Worker started, process %d", os.getpid())
        worker.run(until=lambda: follow is not None and os.getppid() != follow)
        logger.info("Worker stopped")
