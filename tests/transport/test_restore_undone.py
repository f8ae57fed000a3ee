"""Undoing a restore: all is cancelled again just as it was, unless something happened since."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from project.actions.undo import undo
from project.audit.recorder import log_model_of
from tests.factories import make_caution, make_contrat, make_mission, make_paiement
from tests.transport.conftest import codes, only
from tests.transport.test_cascade import MODELS, contrat, state
from transport import missions, payments, services

pytestmark = pytest.mark.django_db
__all__ = ["contrat"]


def restored(contrat, by):
    """The contract cancelled and restored: (the state in between, the batch of the restore)."""
    services.annuler(only(contrat), by=by, raison="Storm")
    between = state()
    return between, services.retablir(only(contrat), by=by, raison="Calm").batch


def test_a_restore_taken_back_leaves_all_as_it_was_cancelled(contrat, gestion):
    between, batch = restored(contrat, gestion)
    outcome = undo(batch, by=gestion)
    assert (outcome.changed, outcome.refused) == (1, [])
    assert state() == between


def test_and_back_and_forth(contrat, gestion):
    before = state()
    between, batch = restored(contrat, gestion)
    for expected in (between, before, between, before):
        batch = undo(batch, by=gestion).batch
        assert state() == expected


def test_after_that_a_plain_restore_still_finds_what_went_along(contrat, gestion):
    before = state()
    _between, batch = restored(contrat, gestion)
    undo(batch, by=gestion)
    services.retablir(only(contrat), by=gestion)
    assert state() == before


def test_each_that_it_touched_has_its_log_and_history(contrat, gestion):
    _between, batch = restored(contrat, gestion)
    undone = undo(batch, by=gestion).batch
    touched = 0
    for model in MODELS:
        log, key = log_model_of(model)
        for record in model.objects.filter(logs__batch=undone):
            touched += 1
            assert record.history.get(batch_id=undone.pk).version == record.version
            assert log.objects.filter(batch=undone, **{key: record}).count() == 1
    assert touched == 1 + 2 + 1 + 2


def mission_added(contrat, by):
    make_mission(contrat)


def deposit_added(contrat, by):
    make_caution(contrat)


def payment_validated(contrat, by):
    waiting = contrat.missions.order_by("pk").first().paiements.get()
    payments.valider(only(waiting), by=by, date=date(2025, 1, 30))


def payment_cancelled(contrat, by):
    waiting = contrat.missions.order_by("pk").first().paiements.get()
    payments.annuler_paiement(only(waiting), by=by, raison="Twice")


def deposit_forfeited(contrat, by):
    waiting = contrat.cautions.get(statut="en_attente")
    for statut in ("payee", "confisquee"):
        payments.changer_statut(only(waiting), by=by, statut=statut, date=date(2025, 1, 30))


def mission_cancelled(contrat, by):
    missions.annuler(only(contrat.missions.order_by("pk").first()), by=by, raison="Broken")


@pytest.mark.parametrize(
    "since",
    [
        mission_added,
        deposit_added,
        payment_validated,
        payment_cancelled,
        deposit_forfeited,
        mission_cancelled,
    ],
)
def test_what_happened_since_is_not_run_over(contrat, gestion, since):
    _between, batch = restored(contrat, gestion)
    since(contrat, gestion)
    after = state()
    assert codes(undo(batch, by=gestion)) == {"moved_on": 1}
    assert state() == after


def test_many_are_undone_and_those_that_moved_on_are_named(gestion):
    contrats = [make_contrat() for _ in range(3)]
    for each in contrats:
        make_paiement(make_mission(each), valide=True)
    services.annuler(only(*contrats), by=gestion, raison="Storm")
    batch = services.retablir(only(*contrats), by=gestion).batch
    make_caution(contrats[1])
    outcome = undo(batch, by=gestion)
    assert (outcome.changed, codes(outcome)) == (2, {"moved_on": 1})
    for each in contrats:
        each.refresh_from_db()
    assert [each.statut for each in contrats] == ["annule", "actif", "annule"]


def test_its_statements_do_not_grow_with_what_it_takes_along(gestion):
    counts = []
    for many in (1, 1, 5):  # the first reads the permissions, too
        contrats = [make_contrat() for _ in range(many)]
        for each in contrats:
            for _ in range(many):
                make_paiement(make_mission(each), valide=True)
                make_caution(each)
        services.annuler(only(*contrats), by=gestion, raison="Storm")
        batch = services.retablir(only(*contrats), by=gestion).batch
        with CaptureQueriesContext(connection) as statements:
            undo(batch, by=gestion)
        counts.append(len(statements))
    assert counts[1] == counts[2]


# --------------------------------------------------------------------------------- of missions
@pytest.fixture
def last(gestion):
    """The only mission of a contract, cancelled with it and with their money."""
    mission = make_mission(make_contrat(commentaire="Signed"))
    make_paiement(mission, valide=True)
    make_caution(mission.contrat)
    return mission


def test_a_restored_last_mission_goes_with_its_contract_again(last, gestion):
    before = state()
    missions.annuler(only(last), by=gestion, raison="Broken")
    between = state()
    batch = missions.retablir(only(last), by=gestion).batch
    for expected in (between, before, between):
        batch = undo(batch, by=gestion).batch
        assert state() == expected


def test_unless_the_contract_was_changed_since(last, gestion):
    missions.annuler(only(last), by=gestion, raison="Broken")
    batch = missions.retablir(only(last), by=gestion).batch
    contrat = last.contrat
    contrat.refresh_from_db()
    contrat.commentaire += " Called."
    services.modifier(contrat, by=gestion)
    assert codes(undo(batch, by=gestion)) == {"moved_on": 1}


def test_or_a_deposit_was_added_to_it(last, gestion):
    missions.annuler(only(last), by=gestion, raison="Broken")
    batch = missions.retablir(only(last), by=gestion).batch
    make_caution(last.contrat)
    assert codes(undo(batch, by=gestion)) == {"moved_on": 1}


def test_a_contract_that_went_on_for_it_ends_again(gestion):
    contrat = make_contrat()
    gone, ended = make_mission(contrat), make_mission(contrat)
    missions.annuler(only(gone), by=gestion, raison="Broken")
    missions.terminer(only(ended), by=gestion, date_retour=date(2025, 1, 9))
    contrat.refresh_from_db()
    assert contrat.statut == "termine"
    batch = missions.retablir(only(gone), by=gestion).batch
    contrat.refresh_from_db()
    assert contrat.statut == "actif"
    undo(batch, by=gestion)
    contrat.refresh_from_db()
    gone.refresh_from_db()
    assert (contrat.statut, gone.statut) == ("termine", "annulée")
