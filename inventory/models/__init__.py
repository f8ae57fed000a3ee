"""Shops, their terminals and articles; what they sold and moved; what could not be booked."""

from .ledger import LigneVente, MouvementStock, Vente
from .shop import (
    MARGIN,
    Article,
    ArticleLog,
    Boutique,
    BoutiqueLog,
    Terminal,
    TerminalLog,
)
from .sync import (
    EtatTerminal,
    Synchronisation,
    VenteEnQuarantaine,
    VenteEnQuarantaineLog,
)

__all__ = [
    "MARGIN",
    "Article",
    "ArticleLog",
    "Boutique",
    "BoutiqueLog",
    "EtatTerminal",
    "LigneVente",
    "MouvementStock",
    "Synchronisation",
    "Terminal",
    "TerminalLog",
    "Vente",
    "VenteEnQuarantaine",
    "VenteEnQuarantaineLog",
]
