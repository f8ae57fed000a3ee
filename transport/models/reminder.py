"""That somebody was reminded of a deadline: once for each contract, deadline and kind."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from project.audit.models import Batch

from ..states import GenreRappel
from .contract import ContratTransport


class Rappel(models.Model):
    contrat = models.ForeignKey(
        ContratTransport,
        on_delete=models.PROTECT,
        related_name="rappels",
        verbose_name=_("contract"),
    )
    genre = models.CharField(_("kind"), max_length=10, choices=GenreRappel)
    echeance = models.DateField(_("deadline"))
    fait_dans = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        constraints = [
            models.UniqueConstraint(fields=["contrat", "genre", "echeance"], name="rappel_once")
        ]

    def __str__(self):
        return f"{self.contrat_id} {self.genre} {self.echeance}"
