"""What was written to the log in one language, read in another."""

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from bookings import payouts, services
from bookings.models import Booking
from bookings.states import CancellationKind, Status
from project.audit.retelling import retold, retold_reason
from project.audit.timeline import timeline
from project.utilisateurs.groups import GESTION
from tests.factories import make_booking, make_driver, make_user


def in_words(language, *arguments, tell=retold):
    with translation.override(language):
        return tell(*arguments)


@pytest.mark.parametrize(
    ("french", "english"),
    [
        ("Annulée", "Cancelled"),
        ("Associée en aller-retour", "Paired as a round trip"),
        ("Affectée à Modou Diop", "Assigned to Modou Diop"),
        ("Statut\u00a0: Confirmée", "Status: Confirmed"),
        ("Défait\u00a0: Annuler", "Undone: Cancel"),
        (
            "Rémunération validée — bien qu’au-dessus de la rémunération convenue",
            "Payout validated — though above the agreed payout",
        ),
    ],
)
def test_a_sentence_of_ours_comes_in_the_reader_s_language(french, english):
    assert in_words("en", french) == english
    assert in_words("fr", english) == french
    assert in_words("fr", french) == french
    assert in_words("en", english) == english


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
@pytest.mark.parametrize("text", ["Grève", "Client", "Annulée", "100 % — Annulée", "%(name)s", ""])
def test_what_people_said_stays_as_it_is(language, text):
    assert in_words(language, text, text) == text
    assert in_words(language, text, tell=retold_reason) == text


def test_a_reason_says_first_that_it_was_an_undo():
    twice = "Défaire — Défaire — Annulée — Grève"
    assert in_words("en", twice, tell=retold_reason) == "Undo — Undo — Annulée — Grève"
    assert in_words("fr", "Undo — Strike", tell=retold_reason) == "Défaire — Strike"
    assert in_words("en", "Défaire", tell=retold_reason) == "Undo"


@pytest.mark.django_db
@pytest.mark.parametrize(("theirs", "ours"), [("fr", "en"), ("en", "fr")])
def test_a_life_is_read_in_the_reader_s_language(theirs, ours):
    user = make_user(groups=[GESTION])
    booking = make_booking(price=9_000, payout=4_000)
    found = Booking.objects.filter(pk=booking.pk)
    with translation.override(theirs):
        services.assign(found, by=user, driver=make_driver("Modou Diop"))
        services.set_status(found, by=user, status=Status.CONFIRMED)
        payouts.settle(found, by=user, amount=5_000, override="Nuit d'attente")
        payouts.reopen(found, by=user, reason="Annulée")
        services.cancel(found, by=user, kind=CancellationKind.CUSTOMER, reason="Grève")
    with translation.override(ours):
        entries = {entry.kind: entry for entry in timeline([booking], {})}
        assert entries["assign"].text == _("Assigned to %(name)s") % {"name": "Modou Diop"}
        assert entries["cancel"].text == _("Cancelled")
        assert (entries["cancel"].reason, entries["reopen"].reason) == ("Grève", "Annulée")
        paid = f"{_('Payout validated')} — {_('though above the agreed payout')} — Nuit d'attente"
        assert entries["settle"].text == paid
        # Of an act without a label all that was written is told.
        assert entries["cancel"].label == f"{_('Cancelled')} — Grève"
