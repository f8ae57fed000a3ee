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


class Phrase(models.TextChoices):
    """What exactly is wrong with a sale: kept by its code, said with its values to who reads it."""

    NOT_AN_OBJECT = "NOT_AN_OBJECT", _("A sale is an object.")
    NUMBER = "NUMBER", _("numero_facture: a text of 1 to %(most)s characters.")
    DATE = "DATE", _("date_vente: a date and time in ISO 8601.")
    LINES = "LINES", _("lignes: a list of 1 to %(most)s lines.")
    LINE = "LINE", _("Line %(n)s is not an object.")
    LINE_ARTICLE = "LINE_ARTICLE", _("Line %(n)s: article_id is a whole number.")
    LINE_QUANTITY = (
        "LINE_QUANTITY",
        _("Line %(n)s: quantite is a whole number from 1 to %(most)s."),
    )
    LINE_PRICE = "LINE_PRICE", _("Line %(n)s: prix_unitaire is no amount in %(currency)s.")
    TOTAL = "TOTAL", _("The total is too large.")
    NO_ARTICLE = "NO_ARTICLE", _("There is no article %(id)s.")
    OTHER_SHOP = "OTHER_SHOP", _("Article %(id)s belongs to another shop.")
    TOO_LITTLE = "TOO_LITTLE", _("%(article)s: %(stock)s in stock, %(sold)s sold.")
    TOO_MUCH = "TOO_MUCH", _("%(article)s: %(sold)s sold, more than a stock can hold.")
    NUMBER_TAKEN = (
        "NUMBER_TAKEN",
        _("Another sale was received under the number %(number)s."),
    )
    NOT_WRITTEN = "NOT_WRITTEN", _("It could not be written: tell an administrator.")
