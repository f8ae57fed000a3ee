from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from transport import services
from transport.models import ContratTransport


class Command(BaseCommand):
    help = "Recompute the return deadline of every contract by its own terms."

    def add_arguments(self, parser):
        parser.add_argument("--dry-run", action="store_true", help="only say what would change")

    def handle(self, *, dry_run, **options):
        """Exceptional deadlines stay. One statement sets them all: either all are set or none.

        A contract whose terms give no deadline is named, left as it is, and makes the command fail.
        """
        wrong = ContratTransport.objects.filter(services.not_calculated()).order_by("pk")
        count, failed = 0, []
        for contrat in wrong.iterator():
            stored = contrat.date_limite_retour
            try:
                contrat.derive_deadline()
            except (OverflowError, ValidationError) as error:
                failed.append(contrat.pk)
                self.stderr.write(f"  {contrat}: {error}")
            else:
                count += 1
                self.stdout.write(f"  {contrat}: {stored} → {contrat.date_limite_retour}")
        right = ContratTransport.objects.count() - count - len(failed)
        verb = "à mettre à jour" if dry_run else "mis à jour"
        if count and not dry_run:
            count = services.recalculer(sauf=failed)
        self.stdout.write("✅ RÉSUMÉ:")
        self.stdout.write(f"  • {count} contrat(s) {verb}")
        self.stdout.write(f"  • {right} contrat(s) déjà correct(s)")
        self.stdout.write(f"  • {len(failed)} erreur(s)")
        if failed:
            raise CommandError(f"{len(failed)} erreur(s)")
