"""What is told by e-mail: a reminder to whoever has to see the container back."""

from django.conf import settings
from django.utils import timezone, translation

from project.notifications import letters
from project.notifications.letters import Letter

from .models import ContratTransport, Rappel

RAPPEL = "transport.rappel"


def write(mail):
    """The Letter of a reminder: to the forwarder, or to the customer where that one has no address.

    None where the reminder's row is gone: there is nothing to tell then.
    """
    rappel = (
        Rappel.objects.filter(fait_dans=mail.batch_id, contrat=mail.object_id)
        .select_related("contrat__transitaire", "contrat__client", "contrat__conteneur")
        .first()
    )
    if rappel is None:
        return None
    contrat = rappel.contrat
    whom = contrat.transitaire if contrat.transitaire.email else contrat.client
    language = mail.language or getattr(whom, "language", settings.LANGUAGE_CODE)
    with translation.override(language), timezone.override(timezone.get_default_timezone()):
        late = rappel.genre == "retard"
        context = {
            "contrat": contrat,
            "rappel": rappel,
            "late": late,
            "whom": whom,
            "site": settings.SITE_NAME,
        }
        return Letter.to(whom, "transport/email/rappel", context, language=language)


def pages(keys):
    """{key: (reference, URL)} of contracts."""
    contrats = ContratTransport.objects.filter(pk__in=keys).only("pk_contrat")
    return {contrat.pk: (contrat.pk_contrat, contrat.get_absolute_url()) for contrat in contrats}


def kind(label):
    return letters.Kind(code=RAPPEL, label=label, write=write, pages=pages)
