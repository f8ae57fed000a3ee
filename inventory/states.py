"""Choices. Written once; models, services and the API read them here."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from project import money

# The currencies of shops, with their decimals (ISO 4217).
DECIMALS = money.WRITTEN
CURRENCIES = [(code, code) for code in sorted(DECIMALS)]


class TypeMouvement(models.TextChoices):
    ENTREE = "ENTREE", _("Stock in")
    SORTIE = "SORTIE", _("Stock out")
    AJUSTEMENT = "AJUSTEMENT", _("Adjustment")
    VENTE = "VENTE", _("Sale")
    RETOUR = "RETOUR", _("Customer return")


INCOMING = (TypeMouvement.ENTREE, TypeMouvement.RETOUR)
OUTGOING = (TypeMouvement.SORTIE, TypeMouvement.VENTE)


class EtatQuarantaine(models.TextChoices):
    EN_ATTENTE = "EN_ATTENTE", _("Waiting")
    COMPTABILISEE = "COMPTABILISEE", _("Booked")


class Motif(models.TextChoices):
    """Why a sale could not be booked."""

    VENTE_INVALIDE = "VENTE_INVALIDE", _("Not a complete sale")
    MONTANT_INVALIDE = "MONTANT_INVALIDE", _("Bad amount or quantity")
    ARTICLE_INCONNU = "ARTICLE_INCONNU", _("Unknown article")
    ARTICLE_AUTRE_BOUTIQUE = "ARTICLE_AUTRE_BOUTIQUE", _("Article of another shop")
    STOCK_INSUFFISANT = "STOCK_INSUFFISANT", _("Too little stock")
    NUMERO_REUTILISE = "NUMERO_REUTILISE", _("Number of another sale")
    ERREUR_INTERNE = "ERREUR_INTERNE", _("Could not be written")
