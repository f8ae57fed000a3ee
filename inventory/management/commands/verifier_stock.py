from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from inventory import ledger_check


class Command(BaseCommand):
    help = "Check that stock and ledger agree; with --corriger write the missing adjustments."

    def add_arguments(self, parser):
        parser.add_argument("--corriger", action="store_true", help="write adjustments")

    def handle(self, *, corriger, **options):
        breaks, gaps = ledger_check.breaks(), ledger_check.gaps()
        for each in breaks:
            self.stdout.write(
                _("Movement %(id)s of article %(article)s starts at %(start)s, expected %(end)s.")
                % {
                    "id": each.mouvement,
                    "article": each.article,
                    "start": each.stock_avant,
                    "end": each.attendu,
                }
            )
        for each in gaps:
            self.stdout.write(
                _("Article %(id)s (%(code)s): stock %(stock)s, ledger %(ledger)s.")
                % {
                    "id": each.article,
                    "code": each.code,
                    "stock": each.stock,
                    "ledger": each.journal,
                }
            )
        if corriger and gaps:
            closed = ledger_check.correct(by="verifier_stock")
            self.stdout.write(_("Adjustments written: %(n)s.") % {"n": len(closed)})
            gaps = ledger_check.gaps()
        articles, movements = ledger_check.totals()
        self.stdout.write(
            _("%(articles)s articles and %(movements)s movements looked at.")
            % {"articles": articles, "movements": movements}
        )
        if breaks or gaps:
            raise CommandError(_("The stock and its ledger do not agree."))
