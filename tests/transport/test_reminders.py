"""Reminders: three days before the deadline and once it has passed, each exactly once."""

import re
from datetime import date

import pytest
from django.core import mail
from django.db import models

from project.notifications.models import Notification, OutgoingMail
from project.notifications.sending import send_waiting
from tests.at_once import at_once
from tests.factories import make_contrat, make_customer, make_transitaire, make_user
from tests.transport.conftest import only
from transport import reminders, services
from transport.models import Conditions, ContratTransport, Rappel

pytestmark = pytest.mark.django_db
LIMITE = date(2025, 1, 24)


@pytest.fixture
def contrat(db):
    transitaire = make_transitaire("Transit Sahel", email="transit@example.org")
    return make_contrat(transitaire=transitaire)


def rung_for(user):
    """How many reminders are in this user's bell."""
    kind = "transport.reminders"
    return Notification.objects.filter(user=user, announcement__kind=kind).count()


@pytest.mark.parametrize(
    ("day", "reminded"),
    [(20, 0), (21, 1), (22, 1), (24, 1), (25, 1)],
    ids=["too early", "three days before", "a day missed", "the last day", "late"],
)
def test_it_reminds_from_three_days_before_on(contrat, day, reminded):
    assert reminders.rappeler(today=date(2025, 1, day)) == reminded


def test_run_twice_it_reminds_once(contrat, gestion):
    for day in (21, 21, 22, 23, 24):
        reminders.rappeler(today=date(2025, 1, day))
    assert list(Rappel.objects.values_list("contrat", "genre", "echeance")) == [
        (contrat.pk, "avant", LIMITE)
    ]
    assert OutgoingMail.objects.count() == 1
    assert rung_for(gestion) == 1
    assert contrat.logs.filter(action_code="transport.rappel").count() == 1


def test_a_deadline_that_passed_is_another_reminder(contrat):
    for day in (22, 25, 26):
        reminders.rappeler(today=date(2025, 1, day))
    assert set(Rappel.objects.values_list("genre", flat=True)) == {"avant", "retard"}


def test_another_deadline_is_reminded_of_anew(contrat, gestion):
    reminders.rappeler(today=date(2025, 1, 22))
    services.fixer_echeance(
        only(contrat), by=gestion, date=date(2025, 2, 10), raison="Border closed"
    )
    assert reminders.rappeler(today=date(2025, 1, 23)) == 0
    assert reminders.rappeler(today=date(2025, 2, 8)) == 1


def test_how_many_days_before_is_a_setting(contrat):
    Conditions.objects.create(jours_rappel=7)
    assert reminders.rappeler(today=date(2025, 1, 17)) == 1


def test_a_contract_that_is_over_is_left_in_peace(contrat, gestion):
    contrat.annuler_contrat("Storm", by=gestion)
    assert reminders.rappeler(today=date(2025, 1, 22)) == 0


def test_the_letter_goes_to_the_forwarder(contrat):
    reminders.rappeler(today=date(2025, 1, 22))
    send_waiting()
    [letter] = mail.outbox
    assert "transit@example.org" in letter.to[0]
    assert contrat.conteneur.numero in letter.subject
    assert contrat.pk_contrat in letter.body and "25" in letter.body


def test_or_to_the_customer_in_their_language():
    client = make_customer("Sahel Imports", email="client@example.org", language="en")
    make_contrat(client=client)
    reminders.rappeler(today=date(2025, 1, 25))
    send_waiting()
    [letter] = mail.outbox
    assert "client@example.org" in letter.to[0]
    assert "was due back" in letter.subject


def test_the_letter_tells_every_tier_with_its_days(contrat):
    tiers = [(3, 11, "15000"), (12, None, "30000")]
    rows = models.QuerySet(ContratTransport).filter(pk=contrat.pk)
    rows.update(paliers=[{"du": du, "au": au, "montant": each} for du, au, each in tiers])
    reminders.rappeler(today=date(2025, 1, 22))
    send_waiting()
    [letter] = mail.outbox
    [(html, _kind)] = letter.alternatives
    for body in (letter.body, html):
        body = re.sub(r"\s", " ", body)
        assert "jours 3 à 11" in body and "15 000" in body
        assert "jour 12" in body and "30 000" in body
        assert "25 000" not in body


def test_without_an_address_there_is_only_the_bell(gestion):
    make_contrat()
    reminders.rappeler(today=date(2025, 1, 22))
    assert OutgoingMail.objects.count() == 0
    assert rung_for(gestion) == 1


@pytest.mark.django_db(transaction=True)
def test_two_jobs_at_once_remind_once():
    awa = make_user("awa", is_superuser=True)
    transitaire = make_transitaire(email="transit@example.org")
    contrats = [make_contrat(transitaire=transitaire) for _ in range(4)]
    done = at_once(*[lambda: reminders.rappeler(today=date(2025, 1, 22))] * 2)
    assert sorted(done) == [0, 4]
    assert Rappel.objects.count() == OutgoingMail.objects.count() == 4
    assert rung_for(awa) == 1  # one act, told once
    for contrat in contrats:
        assert contrat.logs.filter(action_code="transport.rappel").count() == 1
    send_waiting()
    assert len(mail.outbox) == 4
