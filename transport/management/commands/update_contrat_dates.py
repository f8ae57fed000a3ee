from django.core.management.base import BaseCommand

from transport import services
from transport.models import ContratTransport


class Command(BaseCommand):
    help = "Recompute the return deadline of every contract by its own terms."

    def add_arguments(self, parser):
        parser.add_argument("--dry-run", action="store_true", help="only say what would change")

    def handle(self, *, dry_run, **options):
        """Exceptional deadlines stay. One statement sets them all: either all are set or none."""
        wrong = ContratTransport.objects.filter(services.not_calculated()).order_by("pk")
        for contrat in wrong.iterator():
            stored = contrat.date_limite_retour
            contrat.derive_deadline()
            self.stdout.write(f"  {contrat}: {stored} → {contrat.date_limite_retour}")
        count = wrong.count()
        right = ContratTransport.objects.count() - count
        verb = "à mettre à jour" if dry_run else "mis à jour"
        if count and not dry_run:
            count = services.recalculer()
        self.stdout.write("✅ RÉSUMÉ:")
        self.stdout.write(f"  • {count} contrat(s) {verb}")
        self.stdout.write(f"  • {right} contrat(s) déjà correct(s)")
        self.stdout.write("  • 0 erreur(s)")
