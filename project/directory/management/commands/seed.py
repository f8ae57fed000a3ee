from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from project.directory import seeding

MOST = 1_000_000


class Command(BaseCommand):
    help = (
        "Make demo accounts (bureau, gestion, technicien, admin; password carnet-demo) "
        "and demo data."
    )

    def add_arguments(self, parser):
        parser.add_argument("--bookings", type=int, default=500, help="how many (default 500)")
        parser.add_argument("--seed", type=int, default=1, help="other numbers give other data")
        parser.add_argument("--force", action="store_true", help="even where DEBUG is off")

    def handle(self, *, bookings, seed, force, **options):
        if not settings.DEBUG and not force:
            raise CommandError(
                "DEBUG is off: this looks like a real installation, and the demo accounts have a "
                "password that everybody knows. Use --force if you mean it."
            )
        if not 0 <= bookings <= MOST:
            raise CommandError(f"--bookings is from 0 to {MOST}.")
        seeding.run({"bookings": bookings, "seed": seed, "say": self.stdout.write})
