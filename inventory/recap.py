"""What a shop sold and moved in a stretch of days, and what it then had: read from its ledger.

Everything goes by the time at which it was booked, as the ledger does; a sale that came late counts
on the day it came. So what was there, what came and what went add up, for each article and in all.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count, FilteredRelation, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from project.ui.filters import midnight

from .models import Article, Boutique, MouvementStock, Vente
from .states import TypeMouvement

COUNT = "inventory.count"  # the act whose adjustments are counts


@dataclass(frozen=True, slots=True)
class Line:
    """One article: pieces at the start, what moved them, pieces at the end; all signed as in the
    ledger. `valeur` is at the article's present price."""

    boutique: str
    currency: str
    code: str
    nom: str
    est_actif: bool
    seuil_alerte: int
    prix: Decimal
    debut: int
    entrees: int
    sorties: int
    ventes: int
    retours: int
    comptages: int
    ajustements: int
    fin: int

    @property
    def valeur(self):
        return self.fin * self.prix

    @property
    def moved(self):
        return any((self.entrees, self.sorties, self.ventes, self.retours)) or any(
            (self.comptages, self.ajustements)
        )

    @property
    def est_bas(self):
        return self.est_actif and self.fin <= self.seuil_alerte

    @property
    def est_vide(self):
        return self.est_actif and self.fin <= 0


SUMS = (
    "debut",
    "entrees",
    "sorties",
    "ventes",
    "retours",
    "comptages",
    "ajustements",
    "fin",
    "valeur",
)


@dataclass(frozen=True, slots=True)
class Recap:
    """One shop from `first` to `last`, both included. `nombre` and `montant` are of its sales;
    `lines` are the articles that moved, have stock, or should have; all else are their sums."""

    shop: Boutique
    first: date
    last: date
    nombre: int
    montant: Decimal
    lines: list
    debut: int
    entrees: int
    sorties: int
    ventes: int
    retours: int
    comptages: int
    ajustements: int
    fin: int
    valeur: Decimal

    @property
    def nom(self):
        return self.shop.nom

    @property
    def code(self):
        return self.shop.code_boutique

    @property
    def currency(self):
        return self.shop.currency

    @property
    def sold(self):
        """The pieces sold, as a count."""
        return -self.ventes

    @property
    def issued(self):
        return -self.sorties

    @property
    def low(self):
        """The articles at their threshold or under it, what has run out first."""
        return sorted((line for line in self.lines if line.est_bas), key=lambda line: line.fin)

    @property
    def bas(self):
        return len(self.low)

    @property
    def vides(self):
        return sum(line.est_vide for line in self.lines)


def recap_of(shop, first, last):
    """The Recap of a shop from the day `first` to the day `last`, local.

    One statement, so of one moment: sales that come meanwhile are in all of it or in none.
    """
    start, end = midnight(first), midnight(last + timedelta(days=1))
    since = FilteredRelation("mouvements", condition=Q(mouvements__date_mouvement__gte=start))
    within = Q(since__date_mouvement__lt=end)

    def moved(genre, **more):
        return within & Q(since__type_mouvement=genre, **more)

    counted = Q(since__batch__action=COUNT)
    sums = {
        "entrees": moved(TypeMouvement.ENTREE),
        "sorties": moved(TypeMouvement.SORTIE),
        "ventes": moved(TypeMouvement.VENTE),
        "retours": moved(TypeMouvement.RETOUR),
        "comptages": moved(TypeMouvement.AJUSTEMENT) & counted,
        "ajustees": moved(TypeMouvement.AJUSTEMENT),
        "apres": Q(since__date_mouvement__gte=end),
    }
    booked = MouvementStock.objects.filter(
        boutique=shop,
        type_mouvement=TypeMouvement.VENTE,
        date_mouvement__gte=start,
        date_mouvement__lt=end,
    ).order_by()
    sales = Vente.objects.filter(boutique=shop, pk__in=booked.values("vente"))
    sales = sales.order_by().values("boutique")
    rows = (
        Article.objects.filter(boutique=shop)
        .order_by("nom", "pk")
        .annotate(since=since)
        .values("code", "nom", "est_actif", "seuil_alerte", "prix", "quantite_stock")
        .annotate(
            **{
                name: Coalesce(Sum("since__quantite", filter=condition), 0)
                for name, condition in sums.items()
            },
            nombre=Subquery(sales.annotate(n=Count("pk")).values("n")),
            montant=Subquery(sales.annotate(n=Sum("montant_total")).values("n")),
        )
    )
    found = list(rows)
    lines = [line_of(shop, row) for row in found]
    lines = [line for line in lines if line.moved or line.fin or line.est_bas]
    return Recap(
        shop=shop,
        first=first,
        last=last,
        nombre=(found[0]["nombre"] if found else 0) or 0,
        montant=(found[0]["montant"] if found else 0) or Decimal(0),
        lines=lines,
        **{name: sum(getattr(line, name) for line in lines) for name in SUMS},
    )


def line_of(shop, row):
    adjusted = row["ajustees"] - row["comptages"]
    end = row["quantite_stock"] - row["apres"]
    moves = {name: row[name] for name in ("entrees", "sorties", "ventes", "retours", "comptages")}
    return Line(
        boutique=shop.nom,
        currency=shop.currency,
        **{name: row[name] for name in ("code", "nom", "est_actif", "seuil_alerte", "prix")},
        **moves,
        ajustements=adjusted,
        debut=end - sum(moves.values()) - adjusted,
        fin=end,
    )
