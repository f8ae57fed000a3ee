"""Sales in quarantine: what came of them is known to the terminal that sends them again."""

import json

import pytest
from django.utils import timezone

from inventory import quarantine
from inventory.models import MouvementStock, Vente, VenteEnQuarantaine
from inventory.states import EtatQuarantaine, Motif
from inventory.stock import LARGEST_STOCK
from inventory.sync import Envoi, read_one, synchronise
from inventory.sync import quarantine as keep
from tests.asking import only
from tests.factories import make_article, make_vente_json
from tests.inventory.conftest import move

pytestmark = pytest.mark.django_db


def kept(terminal, vente):
    """This sale, sent and put into quarantine."""
    [refused] = synchronise(terminal, [vente]).erreurs
    return VenteEnQuarantaine.objects.get(empreinte=refused.empreinte)


def corrected(entry, by, **fields):
    quarantine.correct(entry, entry.vente_proposee | fields, by=by)
    return entry


def assert_received_already(terminal, vente):
    before = Vente.objects.count(), MouvementStock.objects.count()
    result = synchronise(terminal, [vente])
    assert [each.index for each in result.deja_recues] == [1]
    assert not result.creees and not result.erreurs
    assert (Vente.objects.count(), MouvementStock.objects.count()) == before


def test_a_sale_that_was_renumbered_and_booked_is_not_booked_again_by_a_retry(
    bureau, terminal, article
):
    vente = make_vente_json((article, 12), numero="X9")
    entry = corrected(kept(terminal, vente), bureau, numero_facture="X10")
    move(article, 30)
    assert quarantine.replay(only(entry), by=bureau).changed == 1
    assert Vente.objects.get().numero_facture == "X10"
    assert_received_already(terminal, vente)


def test_nor_is_one_whose_number_was_another_sales_refused_for_ever(bureau, terminal, article):
    synchronise(terminal, [make_vente_json((article, 1), numero="F1")])
    vente = make_vente_json((article, 2), numero="F1")
    entry = corrected(kept(terminal, vente), bureau, numero_facture="F2")
    assert entry.motif == Motif.NUMERO_REUTILISE
    assert quarantine.replay(only(entry), by=bureau).changed == 1
    assert_received_already(terminal, vente)


def test_nor_one_that_nobody_could_read(bureau, terminal, article):
    vente = make_vente_json((article, 2), numero="F1") | {"date_vente": "yesterday"}
    entry = corrected(kept(terminal, vente), bureau, date_vente="2026-11-04T10:30:00Z")
    assert quarantine.replay(only(entry), by=bureau).changed == 1
    assert_received_already(terminal, vente)


def test_until_it_is_booked_a_retry_is_answered_as_before(bureau, terminal, article):
    vente = make_vente_json((article, 12), numero="X9")
    corrected(kept(terminal, vente), bureau, numero_facture="X10")
    move(article, 30)
    [refused] = synchronise(terminal, [vente]).erreurs
    assert refused.motif == Motif.STOCK_INSUFFISANT
    assert not Vente.objects.exists()


# ----------------------------------------------------------------- booked while it was being kept
def booked_and_kept(terminal, article, numero):
    """A sale that one connection booked while another put it into quarantine."""
    vente = make_vente_json((article, 1), numero=numero)
    late = Envoi(1, vente, terminal.boutique_id, terminal.pk)
    read_one(late, terminal.boutique.currency)
    late.refuse(Motif.STOCK_INSUFFISANT, "")
    assert len(synchronise(terminal, [vente]).creees) == 1
    keep([late], terminal.boutique, terminal, timezone.now())
    return VenteEnQuarantaine.objects.get(numero_facture=numero)


@pytest.mark.parametrize("number", ["F1", "F2"])
def test_a_sale_that_was_booked_meanwhile_is_settled_with_it(bureau, terminal, article, number):
    entry = booked_and_kept(terminal, article, "F1")
    other = booked_and_kept(terminal, article, "G1")
    if number != "F1":
        corrected(entry, bureau, numero_facture=number)
    outcome = quarantine.replay(only(entry, other), by=bureau)
    assert outcome.changed == 2
    for each, booked in ((entry, "F1"), (other, "G1")):
        each.refresh_from_db()
        assert each.etat == EtatQuarantaine.COMPTABILISEE
        assert each.vente.numero_facture == booked
    assert Vente.objects.count() == 2
    article.refresh_from_db()
    assert article.quantite_stock == 8


# --------------------------------------------------------------- what no database could have kept
def test_a_stock_below_what_can_be_kept_is_refused_by_replay_and_acceptance(
    bureau, terminal, article
):
    pieces = LARGEST_STOCK // 1_000_000 + 1
    lignes = [(article, 1_000_000, 1)] * 500
    for n in range(pieces // 500):
        entry = kept(terminal, make_vente_json(*lignes, numero=f"F{n}"))
        assert quarantine.accept(only(entry), by=bureau, reason="Sold").changed == 1
    entry = kept(terminal, make_vente_json(*lignes, numero="LAST"))
    assert quarantine.replay(only(entry), by=bureau).refused_count == 1
    outcome = quarantine.accept(only(entry), by=bureau, reason="Sold")
    assert [each.code for each in outcome.refused] == ["montant_invalide"]
    entry.refresh_from_db()
    assert entry.etat == EtatQuarantaine.EN_ATTENTE


def test_a_price_is_kept_as_its_currency_writes_it(terminal, boutique, article):
    nothing = "0E-1999999999999999997"
    dear = make_article(boutique, 5)
    vente = make_vente_json((article, 1, nothing), (dear, 2, "1e2"))
    assert len(synchronise(terminal, [vente]).creees) == 1
    prices = [str(ligne.prix_unitaire) for ligne in Vente.objects.get().lignes.all()]
    assert prices == ["0.000", "100.000"]
    row = MouvementStock.objects.get(vente__isnull=False, article=article)
    assert row.commentaire.endswith("Prix: 0.00 CDF")
    same = json.loads(json.dumps(vente).replace(json.dumps(nothing), "0"))
    assert_received_already(terminal, same)
