"""The deadline: by the contract's own terms, on every save, and what overrides it."""

from datetime import date, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, models, transaction

from project.audit.models import Batch
from tests.factories import make_compagnie, make_conteneur, make_contrat, make_mission
from tests.transport.conftest import assert_recorded, codes, only
from transport import penalties, services
from transport.models import Conditions, ContratTransport, Suspension, Tarif

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("debut", "limite"),
    [
        (date(2025, 1, 1), date(2025, 1, 24)),
        (date(2025, 12, 25), date(2026, 1, 17)),
        (date(2025, 2, 5), date(2025, 2, 28)),
    ],
)
def test_it_is_23_days_after_the_start(debut, limite):
    contrat = make_contrat(date_debut=debut)
    assert contrat.date_limite_retour == limite
    assert (limite - debut).days == 23


def test_every_save_computes_it_whatever_was_put_there():
    contrat = make_contrat()
    contrat.date_limite_retour = date(2030, 1, 1)
    contrat.save()
    contrat.refresh_from_db()
    assert contrat.date_limite_retour == date(2025, 1, 24)
    contrat.date_debut = date(2025, 2, 5)
    contrat.save()
    contrat.refresh_from_db()
    assert contrat.date_limite_retour == date(2025, 2, 28)


def test_a_contract_keeps_the_terms_it_was_signed_with():
    signed = make_contrat()
    Conditions.objects.create(delai_jours=10, penalite_par_jour=40_000)
    signed.commentaire = "Called the forwarder"
    signed.save()
    later = make_contrat()
    assert (signed.delai_jours, signed.penalite_par_jour) == (23, 25_000)
    assert (later.delai_jours, later.penalite_par_jour) == (10, 40_000)
    assert later.date_limite_retour == date(2025, 1, 11)


def make_tarif(marches, **fields):
    paliers = penalties.paliers_de((du, Decimal(montant)) for du, montant in marches)
    return Tarif.objects.create(paliers=paliers, **fields)


def test_the_tariff_that_says_the_most_is_copied_at_signing():
    line = make_compagnie("MSC")
    make_tarif([(1, 20_000)], compagnie=line, delai_jours=21)
    exact = make_tarif(
        [(1, 15_000), (11, 30_000)],
        compagnie=line,
        taille="40",
        destination="Bamako",
        delai_jours=14,
    )
    contrat = make_contrat(conteneur=make_conteneur(compagnie=line, taille="40"))
    assert contrat.delai_jours == 14
    assert contrat.paliers == [
        {"du": 1, "au": 10, "montant": "15000"},
        {"du": 11, "au": None, "montant": "30000"},
    ]
    exact.paliers = penalties.paliers_de([(1, Decimal(1))])
    exact.save()
    contrat.refresh_from_db()
    assert contrat.penalite_au(contrat.date_limite_retour + timedelta(days=12)) == 210_000
    elsewhere = make_contrat(
        conteneur=make_conteneur(compagnie=line, taille="40"), destination="Kayes"
    )
    assert (elsewhere.delai_jours, len(elsewhere.paliers)) == (21, 1)
    assert make_contrat().paliers == []


def test_terms_given_by_hand_are_the_plain_rule():
    line = make_compagnie()
    make_tarif([(1, 20_000)], compagnie=line, delai_jours=21)
    contrat = make_contrat(
        conteneur=make_conteneur(compagnie=line), delai_jours=30, penalite_par_jour=10_000
    )
    assert (contrat.delai_jours, contrat.paliers) == (30, [])
    assert contrat.date_limite_retour == date(2025, 1, 31)


# ------------------------------------------------------------------------------------- exceptions
def test_an_exceptional_deadline_survives_saves_and_recalculation(gestion):
    contrat = make_contrat()
    outcome = services.fixer_echeance(
        only(contrat), by=gestion, date=date(2025, 3, 1), raison="Border closed"
    )
    line = assert_recorded(contrat, outcome, "transport.fixer_echeance", gestion)
    assert line.changes["date_limite_retour"] == ["2025-01-24", "2025-03-01"]
    contrat.commentaire = "Noted"
    contrat.save()
    call_command("update_contrat_dates", stdout=StringIO())
    contrat.refresh_from_db()
    assert contrat.date_limite_retour == date(2025, 3, 1)
    services.calculer_echeance(only(contrat), by=gestion)
    contrat.refresh_from_db()
    assert (contrat.date_limite_retour, contrat.raison_exceptionnelle) == (date(2025, 1, 24), "")


def test_it_refuses_an_exceptional_deadline_on_the_start_or_of_what_is_over(gestion):
    contrat, cancelled = make_contrat(), make_contrat()
    cancelled.annuler_contrat("Mistake", by=gestion)
    outcome = services.fixer_echeance(
        only(contrat, cancelled), by=gestion, date=contrat.date_debut, raison="No"
    )
    assert codes(outcome) == {"before_start": 1, "not_active": 1}


def test_a_suspension_moves_the_deadline_by_its_days(gestion):
    contrat, other = make_contrat(), make_contrat(date_debut=date(2025, 1, 10))
    given = {"debut": date(2025, 1, 8), "fin": date(2025, 1, 12), "raison": "Force majeure"}
    outcome = services.suspendre(only(contrat, other), by=gestion, **given)
    assert codes(outcome) == {"not_begun": 1}
    assert_recorded(contrat, outcome, "transport.suspendre", gestion)
    assert (contrat.jours_suspendus, contrat.date_limite_retour) == (5, date(2025, 1, 29))
    assert contrat.suspensions.get().jours == 5
    contrat.save()
    assert contrat.date_limite_retour == date(2025, 1, 29)
    assert codes(services.suspendre(only(contrat), by=gestion, **given)) == {"suspended": 1}
    services.lever(only(contrat), by=gestion, raison="Open again")
    contrat.refresh_from_db()
    assert (contrat.jours_suspendus, contrat.date_limite_retour) == (0, date(2025, 1, 24))
    assert contrat.suspensions.filter(levee_dans=None).count() == 0


def test_no_suspension_begins_once_the_clock_has_run_out(gestion):
    contrat = make_contrat()
    outcome = services.suspendre(
        only(contrat), by=gestion, debut=date(2025, 1, 25), fin=date(2025, 2, 1), raison="Flood"
    )
    assert codes(outcome) == {"run_out": 1}
    assert not Suspension.objects.exists()


def test_a_deadline_that_is_not_after_the_start_is_told_at_its_field():
    contrat = make_contrat()
    contrat.echeance_exceptionnelle, contrat.raison_exceptionnelle = True, "Slip"
    contrat.date_limite_retour = contrat.date_debut - timedelta(days=1)
    with pytest.raises(ValidationError) as refused:
        contrat.full_clean()
    assert refused.value.message_dict == {
        "date_limite_retour": ["La date limite de retour doit être après la date de début"]
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        contrat.save()


# ---------------------------------------------------------------------------- update_contrat_dates
def run(*options):
    said = StringIO()
    call_command("update_contrat_dates", *options, stdout=said)
    return said.getvalue()


def put_wrong(*contrats):
    rows = models.QuerySet(ContratTransport).filter(pk__in=[each.pk for each in contrats])
    rows.update(date_limite_retour=date(2026, 6, 6))


def test_the_command_sets_what_is_wrong_and_says_so():
    contrats = [make_contrat() for _ in range(3)]
    put_wrong(*contrats[:2])
    said = run("--dry-run")
    assert "2 contrat(s) à mettre à jour" in said
    contrats[0].refresh_from_db()
    assert contrats[0].date_limite_retour == date(2026, 6, 6)
    said = run()
    assert "✅ RÉSUMÉ:" in said
    assert "  • 2 contrat(s) mis à jour" in said
    assert "  • 1 contrat(s) déjà correct(s)" in said
    assert "  • 0 erreur(s)" in said
    for contrat in contrats:
        contrat.refresh_from_db()
        assert contrat.date_limite_retour == date(2025, 1, 24)
    line = contrats[0].logs.order_by("-pk").first()
    assert line.changes["date_limite_retour"] == ["2026-06-06", "2025-01-24"]


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_a_contract_without_a_deadline_is_named_and_the_others_are_set(options):
    contrats = [make_contrat() for _ in range(3)]
    put_wrong(contrats[0])
    rows = models.QuerySet(ContratTransport).filter(pk=contrats[1].pk)
    rows.update(date_debut=date(9999, 12, 20), date_limite_retour=date(9999, 12, 30))
    said, wrong = StringIO(), StringIO()
    with pytest.raises(CommandError, match=r"1 erreur\(s\)"):
        call_command("update_contrat_dates", *options, stdout=said, stderr=wrong)
    assert str(contrats[1]) in wrong.getvalue()
    for line in ("  • 1 contrat(s) ", "  • 1 contrat(s) déjà correct(s)", "  • 1 erreur(s)"):
        assert line in said.getvalue()
    contrats[0].refresh_from_db()
    right = date(2026, 6, 6) if options else date(2025, 1, 24)
    assert contrats[0].date_limite_retour == right
    assert rows.get().date_limite_retour == date(9999, 12, 30)


def test_run_again_it_changes_nothing():
    put_wrong(make_contrat())
    run()
    batches = Batch.objects.count()
    said = run()
    assert "  • 0 contrat(s) mis à jour" in said and "  • 1 contrat(s) déjà correct(s)" in said
    assert Batch.objects.count() == batches


def test_an_earlier_departure_is_refused_by_the_contract(gestion):
    contrat = make_contrat()
    make_mission(contrat)
    contrat.date_debut = date(2025, 1, 2)
    with pytest.raises(ValidationError) as refused:
        services.modifier(contrat, by=gestion)
    assert list(refused.value.message_dict) == ["date_debut"]
