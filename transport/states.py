"""Choices, and what can follow what. The values are those of the seeds."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class StatutContrat(models.TextChoices):
    ACTIF = "actif", pgettext_lazy("contract status", "Active")
    TERMINE = "termine", pgettext_lazy("contract status", "Finished")
    ANNULE = "annule", pgettext_lazy("contract status", "Cancelled")


class StatutMission(models.TextChoices):
    EN_COURS = "en cours", pgettext_lazy("mission status", "In progress")
    TERMINEE = "terminée", pgettext_lazy("mission status", "Finished")
    ANNULEE = "annulée", pgettext_lazy("mission status", "Cancelled")


class StatutCaution(models.TextChoices):
    EN_ATTENTE = "en_attente", pgettext_lazy("deposit status", "Waiting")
    PAYEE = "payee", pgettext_lazy("deposit status", "Paid")
    RECLAMABLE = "reclamable", pgettext_lazy("deposit status", "To claim back")
    REMBOURSEE = "remboursee", pgettext_lazy("deposit status", "Refunded")
    CONFISQUEE = "confisquee", pgettext_lazy("deposit status", "Forfeited")
    ANNULEE = "annulee", pgettext_lazy("deposit status", "Cancelled")


# What came of the money for good: no cascade touches it.
CAUTION_SOLDEE = (StatutCaution.REMBOURSEE, StatutCaution.CONFISQUEE)
# Nothing follows on these by itself.
CAUTION_FINIE = (*CAUTION_SOLDEE, StatutCaution.ANNULEE)
# The money that the shipping lines hold.
CAUTION_DEHORS = (StatutCaution.PAYEE, StatutCaution.RECLAMABLE)
# Cancelling is not listed: it has its own action.
CAUTION_SUITES = {
    StatutCaution.EN_ATTENTE: (StatutCaution.PAYEE,),
    StatutCaution.PAYEE: (StatutCaution.RECLAMABLE, StatutCaution.CONFISQUEE),
    StatutCaution.RECLAMABLE: (StatutCaution.REMBOURSEE, StatutCaution.CONFISQUEE),
}


def leads_to(target):
    """The statuses from which a deposit can reach `target` in one step."""
    return tuple(status for status, following in CAUTION_SUITES.items() if target in following)


class StatutPaiement(models.TextChoices):
    EN_ATTENTE = "en_attente", pgettext_lazy("payment status", "Waiting")
    VALIDE = "valide", pgettext_lazy("payment status", "Validated")
    ANNULE = "annule", pgettext_lazy("payment status", "Cancelled")


class Remboursement(models.TextChoices):
    """What became of a validated payment whose mission was cancelled."""

    A_VERIFIER = "a_verifier", _("To check")
    REMBOURSE = "rembourse", _("Refunded")
    SANS_SUITE = "sans_suite", _("Nothing to refund")


class ModePaiement(models.TextChoices):
    ESPECES = "especes", _("Cash")
    VIREMENT = "virement", _("Bank transfer")
    CHEQUE = "cheque", _("Cheque")
    MOBILE = "mobile", _("Mobile money")


class Taille(models.TextChoices):
    VINGT = "20", _("20 feet")
    QUARANTE = "40", _("40 feet")
    QUARANTE_HAUT = "40HC", _("40 feet, high cube")
    QUARANTE_CINQ = "45", _("45 feet")


class GenreFrais(models.TextChoices):
    DEPENSE = "depense", _("Expense")
    AVANCE = "avance", _("Advance")


class GenreRappel(models.TextChoices):
    AVANT = "avant", _("Before the deadline")
    RETARD = "retard", _("Deadline passed")


# How a status looks: the class of its mark.
LOOKS = {
    StatutContrat.ACTIF: "confirmed",
    StatutContrat.TERMINE: "completed",
    StatutContrat.ANNULE: "cancelled",
    StatutMission.EN_COURS: "in_progress",
    StatutMission.TERMINEE: "completed",
    StatutMission.ANNULEE: "cancelled",
    StatutCaution.EN_ATTENTE: "pending",
    StatutCaution.PAYEE: "confirmed",
    StatutCaution.RECLAMABLE: "in_progress",
    StatutCaution.REMBOURSEE: "completed",
    StatutCaution.CONFISQUEE: "no_show",
    StatutCaution.ANNULEE: "cancelled",
    StatutPaiement.EN_ATTENTE: "pending",
    StatutPaiement.VALIDE: "completed",
    StatutPaiement.ANNULE: "cancelled",
}
