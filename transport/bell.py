"""What rings the bell about transport: the kinds of change that a user can switch off."""

from django.utils.translation import gettext_lazy as _

from project.notifications.live.kinds import Kind

REMINDERS = Kind("transport.reminders", _("Reminders of return deadlines"), ("transport.rappel",))
KINDS = (
    REMINDERS,
    Kind(
        "transport.cancellations",
        _("Cancellations of contracts and missions"),
        (
            "transport.annuler_contrat",
            "transport.retablir_contrat",
            "transport.annuler_mission",
            "transport.retablir_mission",
        ),
    ),
    Kind(
        "transport.deadlines",
        _("Deadlines of contracts"),
        (
            "transport.fixer_echeance",
            "transport.calculer_echeance",
            "transport.suspendre",
            "transport.lever_suspension",
        ),
    ),
    Kind(
        "transport.money",
        _("Payments and deposits of contracts"),
        (
            "transport.valider_paiement",
            "transport.invalider_paiement",
            "transport.annuler_paiement",
            "transport.retablir_paiement",
            "transport.solder_remboursement",
            "transport.statut_caution",
            "transport.annuler_caution",
            "transport.retablir_caution",
        ),
    ),
    Kind("transport.rest", _("Other changes of contracts and missions")),
)
