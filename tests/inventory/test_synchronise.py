"""Sales that terminals send: each whole or not at all, each once, none lost."""

import json
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import LigneVente, MouvementStock, Vente, VenteEnQuarantaine
from inventory.states import EtatQuarantaine, TypeMouvement
from inventory.sync import CHUNK, synchronise
from tests.factories import make_article, make_boutique, make_terminal, make_vente_json
from tests.inventory.conftest import move

pytestmark = pytest.mark.django_db


def send(terminal, *ventes):
    return synchronise(terminal, list(ventes))


def motifs(result):
    return [each.motif for each in result.erreurs]


def counts():
    return tuple(model.objects.count() for model in (Vente, LigneVente, MouvementStock))


def test_it_books_a_sale_with_its_lines_movements_and_stock(terminal, article):
    vente_json = make_vente_json((article, 2, 25000.0), numero="FAC-20241104-001")
    result = send(terminal, vente_json)
    assert [each.numero for each in result.creees] == ["FAC-20241104-001"]
    vente = Vente.objects.get()
    assert (vente.boutique, vente.terminal) == (terminal.boutique, terminal)
    assert vente.montant_total == 50000
    assert vente.date_vente.isoformat() == "2026-11-04T10:30:00+00:00"
    assert vente.recue_le > vente.date_vente
    ligne = vente.lignes.get()
    assert (ligne.article, ligne.quantite, ligne.prix_unitaire) == (article, 2, Decimal(25000))
    movement = MouvementStock.objects.filter(type_mouvement=TypeMouvement.VENTE).get()
    assert (movement.quantite, movement.stock_avant, movement.stock_apres) == (-2, 10, 8)
    assert movement.reference_document == "FAC-20241104-001"
    assert movement.utilisateur == "Terminal MAUI"
    assert movement.commentaire == "Vente #FAC-20241104-001 - Prix: 25000.00 CDF"
    assert movement.vente == vente
    article.refresh_from_db()
    assert article.quantite_stock == 8


def test_the_same_sale_again_changes_nothing(terminal, article):
    vente = make_vente_json((article, 2))
    send(terminal, vente)
    before = counts()
    result = send(terminal, vente)
    assert [each.numero for each in result.deja_recues] == [vente["numero_facture"]]
    assert not result.creees and not result.erreurs
    assert counts() == before


def test_nor_does_it_twice_in_one_body_or_written_otherwise(terminal, article):
    vente = make_vente_json((article, 2, 100))
    same = json.loads(json.dumps(vente))
    same["date_vente"] = "2026-11-04T11:30:00+01:00"
    same["lignes"][0]["prix_unitaire"] = "100.00"
    result = send(terminal, vente, same)
    assert (len(result.creees), len(result.deja_recues)) == (1, 1)
    assert Vente.objects.count() == 1


def test_the_same_number_with_other_content_is_an_error_and_kept(terminal, article):
    send(terminal, make_vente_json((article, 2), numero="F1"))
    result = send(terminal, make_vente_json((article, 3), numero="F1"))
    assert motifs(result) == ["NUMERO_REUTILISE"]
    assert VenteEnQuarantaine.objects.get().motif == "NUMERO_REUTILISE"
    assert Vente.objects.get().lignes.get().quantite == 2


def test_numbers_are_of_a_shop(terminal, article):
    other = make_boutique()
    theirs = make_article(other, 5)
    send(terminal, make_vente_json((article, 1), numero="F1"))
    result = send(make_terminal(other), make_vente_json((theirs, 1), numero="F1"))
    assert len(result.creees) == 1


def bad_sales(article, other):
    return {
        "ARTICLE_INCONNU": make_vente_json((article, 1), (999_999, 1)),
        "ARTICLE_AUTRE_BOUTIQUE": make_vente_json((article, 1), (other, 1)),
        "STOCK_INSUFFISANT": make_vente_json((article, 6), (article, 5)),
        "MONTANT_INVALIDE": make_vente_json((article, 1, -5)),
        "VENTE_INVALIDE": make_vente_json(),
    }


def test_a_bad_sale_is_kept_whole_and_blocks_no_other(terminal, article):
    other = make_article(make_boutique(), 5)
    bad = bad_sales(article, other)
    good = [make_vente_json((article, 1)) for _ in range(2)]
    result = send(terminal, good[0], *bad.values(), good[1])
    assert len(result.creees) == 2
    assert motifs(result) == list(bad)
    assert [each.index for each in result.erreurs] == [2, 3, 4, 5, 6]
    kept = VenteEnQuarantaine.objects.order_by("pk")
    assert {entry.motif: json.loads(entry.contenu_recu) for entry in kept} == bad
    article.refresh_from_db()
    assert article.quantite_stock == 8
    assert counts() == (2, 2, 4)  # two receipts by the fixtures


def test_what_is_kept_is_recorded_once_with_log_and_history(terminal, article):
    vente = make_vente_json((article, 11))
    for _ in range(2):
        result = send(terminal, vente, vente)
        assert motifs(result) == ["STOCK_INSUFFISANT"] * 2
    entry = VenteEnQuarantaine.objects.get()
    assert entry.etat == EtatQuarantaine.EN_ATTENTE
    assert [line.action_code for line in entry.logs.all()] == ["inventory.quarantine"]
    assert entry.history.count() == 1


def test_a_sale_in_quarantine_is_not_booked_by_a_retry_when_stock_came(terminal, article):
    vente = make_vente_json((article, 11))
    send(terminal, vente)
    move(article, 50)
    assert motifs(send(terminal, vente)) == ["STOCK_INSUFFISANT"]
    assert not Vente.objects.exists()


@pytest.mark.parametrize(
    "data",
    [
        None,
        42,
        "text",
        [],
        {},
        {"numero_facture": 5},
        {"numero_facture": "\u0000"},
        {"numero_facture": "\ud800"},
        {"numero_facture": "x" * 101},
        {"numero_facture": "A", "date_vente": "yesterday", "lignes": []},
        {"numero_facture": "A", "date_vente": "0001-01-01T00:00:00+14:00", "lignes": [1]},
        {"numero_facture": "A", "date_vente": "2026-01-01", "lignes": [1]},
        {"numero_facture": "A", "date_vente": "2026-01-01", "lignes": [{}]},
        {"numero_facture": "\u0000", "\ud800": ["\u0000"]},
        make_vente_json((True, 1)),
        make_vente_json((10**40, 1)),
        make_vente_json((1, 10**40)),
        make_vente_json((1, 1.5)),
        make_vente_json((1, 0)),
        make_vente_json((1, 1, "NaN")),
        make_vente_json((1, 1, "1e400")),
        make_vente_json((1, 1, 0.001)),
        make_vente_json((1, 1, None)),
    ],
    ids=lambda data: repr(data)[:40],
)
def test_whatever_is_sent_is_answered_and_kept(terminal, article, data):
    result = send(terminal, data, make_vente_json((article, 1)))
    assert len(result.creees) == 1
    assert motifs(result)[0] in ("VENTE_INVALIDE", "MONTANT_INVALIDE", "ARTICLE_INCONNU")
    assert json.loads(VenteEnQuarantaine.objects.get().contenu_recu) == data


def test_a_shop_may_book_below_zero_at_once(terminal, article):
    terminal.boutique.accepte_stock_negatif = True
    result = send(terminal, make_vente_json((article, 11)))
    assert len(result.creees) == 1
    vente = Vente.objects.get()
    assert vente.stock_negatif
    article.refresh_from_db()
    assert article.quantite_stock == -1


def test_a_sale_that_no_stock_could_hold_is_kept_and_spoils_no_other(terminal, article, boutique):
    huge = make_article(boutique, 10)
    terminal.boutique.accepte_stock_negatif = True
    # 500 lines of a million pieces, five times: more than a stock can be below zero.
    ventes = [make_vente_json(*[(huge, 1_000_000, 1)] * 500) for _ in range(5)]
    result = send(terminal, *ventes, make_vente_json((article, 1)))
    assert motifs(result) == ["MONTANT_INVALIDE"]
    assert result.creees[-1].lue.pieces == {article.pk: 1}


@pytest.fixture
def broken(boutique):
    """An article whose stock is not its ledger's: the database takes no movement of it."""
    article = make_article(boutique, 10)
    MouvementStock.objects.create(
        article=article,
        boutique=boutique,
        type_mouvement=TypeMouvement.SORTIE,
        quantite=-3,
        stock_avant=10,
        stock_apres=7,
    )
    return article


@pytest.mark.parametrize("below_zero", [False, True])
def test_a_sale_that_the_database_refuses_spoils_no_other(terminal, article, broken, below_zero):
    terminal.boutique.accepte_stock_negatif = below_zero
    bad = make_vente_json((broken, 1), (article, 8))
    good = make_vente_json((article, 5))  # enough for it, now that the other is not booked
    result = send(terminal, bad, good, bad, good)
    assert motifs(result) == ["ERREUR_INTERNE"] * 2
    [booked] = result.creees
    assert (booked.index, booked.motif, booked.negative) == (2, "", False)
    assert [each.index for each in result.deja_recues] == [4]
    assert not Vente.objects.get().stock_negatif
    article.refresh_from_db()
    assert article.quantite_stock == 5


def test_each_chunk_is_dated_when_it_is_written(terminal, boutique):
    article = make_article(boutique, 1000)
    send(terminal, *[make_vente_json((article, 1)) for _ in range(CHUNK + 1)])
    sold = MouvementStock.objects.filter(type_mouvement=TypeMouvement.VENTE)
    assert len({*sold.values_list("date_mouvement", flat=True)}) == 2


def statements(terminal, ventes):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        result = synchronise(terminal, ventes)
    return len(captured), result


def test_one_sale_takes_ten_statements_whatever_its_lines(terminal, boutique):
    few = make_article(boutique, 100)
    many = [make_article(boutique, 100) for _ in range(60)]
    one, result = statements(terminal, [make_vente_json((few, 1))])
    assert len(result.creees) == 1
    other, result = statements(terminal, [make_vente_json(*((each, 1) for each in many))])
    assert len(result.creees) == 1
    assert one == other <= 10


def test_a_chunk_takes_twelve_statements(terminal, boutique):
    articles = [make_article(boutique, 10_000, seuil_alerte=9_999) for _ in range(20)]

    def ventes(count):
        return [
            make_vente_json(*((articles[(n + k) % 20], 1) for k in range(3))) for n in range(count)
        ]

    chunk, _result = statements(terminal, ventes(CHUNK))
    assert chunk <= 12
    four, result = statements(terminal, ventes(4 * CHUNK))
    assert len(result.creees) == 4 * CHUNK
    assert four <= 4 * 12
