"""Contracts, their missions and their money, and what these are made of."""

from .contract import (
    ContratTransport,
    ContratTransportLog,
    PrestationDeTransports,
    PrestationDeTransportsLog,
    Suspension,
)
from .finance import Cautions, CautionsLog, PaiementMission, PaiementMissionLog
from .fleet import (
    Camion,
    CamionLog,
    Compagnie,
    CompagnieLog,
    Conteneur,
    ConteneurLog,
    Transitaire,
    TransitaireLog,
    numero_de_conteneur,
)
from .mission import FraisDeRoute, FraisDeRouteLog, Mission, MissionLog
from .reminder import Rappel
from .terms import Conditions, Tarif, TarifLog

__all__ = [
    "Camion",
    "CamionLog",
    "Cautions",
    "CautionsLog",
    "Compagnie",
    "CompagnieLog",
    "Conditions",
    "Conteneur",
    "ConteneurLog",
    "ContratTransport",
    "ContratTransportLog",
    "FraisDeRoute",
    "FraisDeRouteLog",
    "Mission",
    "MissionLog",
    "PaiementMission",
    "PaiementMissionLog",
    "PrestationDeTransports",
    "PrestationDeTransportsLog",
    "Rappel",
    "Suspension",
    "Tarif",
    "TarifLog",
    "Transitaire",
    "TransitaireLog",
    "numero_de_conteneur",
]
