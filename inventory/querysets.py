"""Named sentences about shops, articles and what moved."""

from django.db import models
from django.db.models import Count, F, Q, Subquery, Value
from django.db.models.functions import Coalesce

from project.audit.models import KeptQuerySet, RecordedQuerySet
from project.search.index import matching

from .states import EtatQuarantaine


class BoutiqueQuerySet(RecordedQuerySet):
    def active(self):
        return self.filter(est_actif=True)


class ArticleQuerySet(RecordedQuerySet):
    def active(self):
        return self.filter(est_actif=True)

    def inactive(self):
        return self.filter(est_actif=False)

    def low(self):
        """At or under their threshold, those without any stock included."""
        return self.filter(quantite_stock__lte=F("seuil_alerte"))

    def out_of_stock(self):
        return self.filter(quantite_stock__lte=0)

    def search(self, text):
        """Those whose code or name holds every word of `text`."""
        return matching(self, text).queryset

    def called(self, text):
        """Those with this code; if there are none, those that `text` finds."""
        named = self.filter(code__iexact=text.strip())
        return named if named.exists() else self.search(text)


class TerminalQuerySet(RecordedQuerySet):
    def active(self):
        return self.filter(est_actif=True)

    def unsynced_since(self, moment):
        """Active ones that have sent nothing since `moment`."""
        never = Q(etat__isnull=True) | Q(etat__derniere_sync__isnull=True)
        return self.active().filter(never | Q(etat__derniere_sync__lt=moment))


class LedgerQuerySet(KeptQuerySet):
    """Rows of the ledger: written by its service, and then only read."""


class QuarantaineQuerySet(RecordedQuerySet):
    def waiting(self):
        return self.filter(etat=EtatQuarantaine.EN_ATTENTE)

    def counted(self):
        """How many these are, as an expression over anything."""
        together = self.order_by().annotate(all=Value(1)).values("all").annotate(n=Count("pk"))
        return Coalesce(Subquery(together.values("n"), output_field=models.IntegerField()), 0)


class SynchronisationQuerySet(models.QuerySet):
    def failed(self):
        return self.exclude(code="")
