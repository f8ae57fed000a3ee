"""Named sentences about contracts and what hangs on them. Each takes `today` where it matters."""

from project.audit.models import RecordedQuerySet
from project.search.index import matching

from .states import (
    CAUTION_DEHORS,
    CAUTION_FINIE,
    Remboursement,
    StatutContrat,
    StatutMission,
    StatutPaiement,
)


class ContratQuerySet(RecordedQuerySet):
    def actifs(self):
        return self.filter(statut=StatutContrat.ACTIF)

    def en_retard(self, today):
        """Containers that are out past their deadline; on the deadline day they are not late."""
        return self.actifs().filter(date_limite_retour__lt=today)

    def a_rendre_avant(self, day):
        """Containers that are out, and due back by this day."""
        return self.actifs().filter(date_limite_retour__lte=day)

    def of(self, children, path="contrat"):
        """The contracts of these missions, deposits or services (`path` leads there)."""
        return self.filter(pk__in=children.order_by().values(path))

    def with_people(self):
        return self.select_related(
            "client", "transitaire", "chauffeur", "camion", "conteneur__compagnie", "annule_par"
        )

    def search(self, text):
        return matching(self, text).queryset


class MissionQuerySet(RecordedQuerySet):
    def en_cours(self):
        return self.filter(statut=StatutMission.EN_COURS)

    def terminees(self):
        return self.filter(statut=StatutMission.TERMINEE)

    def non_annulees(self):
        return self.exclude(statut=StatutMission.ANNULEE)


class CautionsQuerySet(RecordedQuerySet):
    def dehors(self):
        """What the shipping lines hold and may have to give back."""
        return self.filter(statut__in=CAUTION_DEHORS)

    def ouvertes(self):
        """What a cancellation of their contract takes along."""
        return self.exclude(statut__in=CAUTION_FINIE)

    def at_risk(self, today):
        """What they hold for containers that are out past their deadline."""
        return self.dehors().filter(
            contrat__statut=StatutContrat.ACTIF, contrat__date_limite_retour__lt=today
        )


class PaiementQuerySet(RecordedQuerySet):
    def non_annules(self):
        return self.exclude(statut_paiement=StatutPaiement.ANNULE)

    def valides(self):
        return self.filter(statut_paiement=StatutPaiement.VALIDE)

    def remboursements_a_verifier(self):
        """Validated once, then cancelled: someone has to see whether to pay them back."""
        return self.filter(remboursement=Remboursement.A_VERIFIER)
