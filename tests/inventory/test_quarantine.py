"""Sales in quarantine: what came of them is known to the terminal that sends them again."""

import json

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from inventory import quarantine
from inventory.models import MouvementStock, Vente, VenteEnQuarantaine
from inventory.payloads import Detail
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
    late.refuse(Motif.STOCK_INSUFFISANT, Detail())
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


# ------------------------------------------------------------------------- in the reader's language
def test_why_a_sale_waits_is_said_in_the_language_of_who_reads_it(desk, terminal, article):
    with translation.override("fr"):  # as a terminal is answered
        entry = kept(terminal, make_vente_json((article, 12)))
    for page in (entry.get_absolute_url(), entry.get_edit_url(), reverse("inventory:quarantaine")):
        assert "10 in stock, 12 sold" in desk.get(page).content.decode()
    with translation.override("fr"):
        assert entry.explication == f"{article.code} {article.nom}\u00a0: 10 en stock, 12 vendus."
        [again] = synchronise(terminal, [json.loads(entry.contenu_recu)]).erreurs
        assert str(again.detail) == entry.explication


@pytest.mark.parametrize(
    "changes",
    [
        {"numero_facture": ""},
        {"date_vente": "yesterday"},
        {"lignes": []},
        {"lignes": [1]},
        {"lignes": [{"article_id": "x"}]},
        {"lignes": [{"article_id": 1, "quantite": 0}]},
        {"lignes": [{"article_id": 1, "quantite": 1, "prix_unitaire": "x"}]},
        {"lignes": [{"article_id": 1, "quantite": 10**6, "prix_unitaire": 10**9}]},
        {"lignes": [{"article_id": 10**9, "quantite": 1, "prix_unitaire": 1}]},
    ],
    ids=str,
)
def test_every_reason_is_kept_so_that_it_can_be_said_again(terminal, article, changes):
    vente = make_vente_json((article, 1)) | changes
    [refused] = synchronise(terminal, [vente]).erreurs
    entry = VenteEnQuarantaine.objects.get()
    said = {}
    for language in ("fr", "en"):
        with translation.override(language):
            said[language] = entry.explication
            assert said[language] == str(refused.detail)
    assert said["fr"] != said["en"]
    assert "%(" not in said["fr"] + said["en"]


def test_a_reason_that_was_kept_in_words_still_reads(desk, terminal, article):
    entry = kept(terminal, make_vente_json((article, 12)))
    old = {"phrase": "", "valeurs": "{}", "detail": "10 en stock, 12 vendus."}
    QuerySet(VenteEnQuarantaine).filter(pk=entry.pk).update(**old)
    assert old["detail"] in desk.get(entry.get_absolute_url()).content.decode()
    [again] = synchronise(terminal, [json.loads(entry.contenu_recu)]).erreurs
    assert str(again.detail) == old["detail"]


# ----------------------------------------------------------------------- longer than a till's sale
def long_sale(article, lines, **more):
    return make_vente_json(*[(article, 1)] * lines, **more)


@pytest.mark.parametrize("book", ["replay", "accept"])
def test_a_sale_of_more_lines_than_a_terminal_may_book_is_booked_by_the_office(
    bureau, terminal, article, book, django_assert_max_num_queries
):
    move(article, 2000)
    vente = long_sale(article, 1201, numero="LONG")
    entry = kept(terminal, vente)
    assert entry.motif == Motif.VENTE_INVALIDE
    verb = {
        "replay": lambda: quarantine.replay(only(entry), by=bureau),
        "accept": lambda: quarantine.accept(only(entry), by=bureau, reason="Seen"),
    }[book]
    with django_assert_max_num_queries(40):
        assert verb().changed == 1
    assert Vente.objects.get().lignes.count() == 1201
    article.refresh_from_db()
    assert article.quantite_stock == 2010 - 1201
    assert_received_already(terminal, vente)


def test_the_statements_of_a_long_sale_are_those_of_a_short_one(bureau, terminal, article):
    move(article, 2000)
    counts = []
    for lines in (501, 1200):
        entry = kept(terminal, long_sale(article, lines))
        with CaptureQueriesContext(connection) as asked:
            quarantine.replay(only(entry), by=bureau)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_long_sale_is_corrected_a_page_at_a_time_and_then_booked(desk, bureau, terminal, article):
    move(article, 2000)
    vente = long_sale(article, 501, numero="LONG")
    vente["lignes"][450]["article_id"] = 10**9
    entry = kept(terminal, vente)
    page = desk.get(entry.get_edit_url() + "?first=400")
    form = page.context["form"]
    typed = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    assert typed["quantity_50"] == 1 and not typed["article_50"]
    typed |= {"article_50": article.code, "version": page.context["version"]}
    answer = desk.post(entry.get_edit_url() + "?first=400", typed)
    assert answer.status_code == 302, answer.context["form"].errors
    assert quarantine.replay(only(entry), by=bureau).changed == 1
    booked = Vente.objects.get()
    assert booked.lignes.count() == 501
    shown = desk.get(booked.get_absolute_url()).content.decode()
    assert "And 301 more lines." in shown and "All its movements" in shown
