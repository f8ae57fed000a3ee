"""The three addresses that terminals know: what they take and what they answer."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from inventory.models import Article, MouvementStock, Terminal, VenteEnQuarantaine
from inventory.states import TypeMouvement
from tests.factories import make_article, make_boutique, make_terminal, make_vente_json
from tests.inventory.api.conftest import ARTICLES, MOVEMENTS, Device
from tests.inventory.conftest import move

pytestmark = pytest.mark.django_db


# ----------------------------------------------------------------------------------------- sync
def test_a_synchronisation_is_answered_in_the_shape_that_terminals_know(device, terminal, article):
    make_article(terminal.boutique, 0)
    make_article(terminal.boutique, 3, seuil_alerte=5)
    make_article(terminal.boutique, 3, seuil_alerte=5, est_actif=False)
    good, again = make_vente_json((article, 2), numero="F1"), make_vente_json((article, 99))
    response = device.sync(good, good, again, {"lignes": []})
    assert response.status_code == 201
    answer = response.json()
    boutique = terminal.boutique
    assert answer == {
        "success": True,
        "message": "1 vente(s) synchronisée(s) avec succès",
        "ventes_creees": 1,
        "ventes_erreurs": 2,
        "details": {
            "creees": [
                {
                    "index": 1,
                    "id": boutique.ventes.get().pk,
                    "numero_facture": "F1",
                    "montant_total": "50000.00",
                    "lignes": 1,
                    "stock_negatif": False,
                }
            ],
            "deja_recues": [{"index": 2, "numero_facture": "F1"}],
            "erreurs": answer["details"]["erreurs"],
        },
        "boutique": {
            "id": boutique.pk,
            "nom": "Ma Boutique",
            "code": boutique.code_boutique,
        },
        "terminal": {
            "id": terminal.pk,
            "nom": "Terminal MAUI",
            "numero_serie": terminal.numero_serie,
        },
        "statistiques": {
            "total_envoyees": 4,
            "reussies": 1,
            "deja_recues": 1,
            "erreurs": 2,
            "articles_stock_bas": 2,
            "articles_stock_zero": 1,
            "alerte_stock": True,
        },
    }
    assert [
        (each["index"], each["numero_facture"], each["code"], each["motif"])
        for each in answer["details"]["erreurs"]
    ] == [
        (3, again["numero_facture"], "EN_QUARANTAINE", "STOCK_INSUFFISANT"),
        (4, "N/A", "EN_QUARANTAINE", "VENTE_INVALIDE"),
    ]


def test_reasons_are_french_whatever_the_device_asks_for(device, article):
    device.headers["Accept-Language"] = "en"
    [error] = device.sync(make_vente_json((article, 99))).json()["details"]["erreurs"]
    assert "sold" not in error["erreur"]
    [kept] = VenteEnQuarantaine.objects.all()
    with translation.override("fr"):
        assert kept.explication == error["erreur"]
    [again] = device.sync(make_vente_json((article, 99))).json()["details"]["erreurs"]
    assert again["erreur"] == error["erreur"]


def test_a_number_of_another_sale_is_answered_as_such(device, article):
    device.sync(make_vente_json((article, 2), numero="F1"))
    answer = device.sync(make_vente_json((article, 1), numero="F1")).json()
    assert [each["code"] for each in answer["details"]["erreurs"]] == ["NUMERO_REUTILISE"]


def test_without_low_stock_there_is_no_alert(device, article):
    statistics = device.sync(make_vente_json((article, 1))).json()["statistiques"]
    assert statistics["alerte_stock"] is False


# ------------------------------------------------------------------------------------ movements
def test_movements_come_in_the_shape_that_terminals_know(device, article):
    device.sync(make_vente_json((article, 2), numero="FAC-20241104-001"))
    response = device.get(reverse("mouvements_stock"), type_mouvement="VENTE")
    assert response.status_code == 200
    answer = response.json()
    row = MouvementStock.objects.first()
    assert answer == {
        "success": True,
        "boutique_id": article.boutique_id,
        "boutique_nom": "Ma Boutique",
        "count": 1,
        "mouvements": [
            {
                "id": row.pk,
                "article_id": article.pk,
                "article_nom": "Article Test",
                "article_code": "ART-001",
                "type_mouvement": "VENTE",
                "quantite": -2,
                "stock_avant": 10,
                "stock_apres": 8,
                "reference_document": "FAC-20241104-001",
                "commentaire": "Vente #FAC-20241104-001 - Prix: 25000.00 CDF",
                "date_mouvement": row.date_mouvement.isoformat().replace("+00:00", "Z"),
                "utilisateur": "Terminal MAUI",
            }
        ],
        "curseur_suivant": None,
    }


def ids(response):
    assert response.status_code == 200, response.json()
    return [row["id"] for row in response.json()["mouvements"]]


def test_a_terminal_sees_its_own_shop_alone(device, article):
    theirs = make_article(make_boutique(), 5)
    assert ids(device.get()) == [article.mouvements.get().pk]
    assert ids(device.get(article_id=theirs.pk)) == []
    assert ids(device.get(article_id=10**18)) == []


def test_movements_are_filtered_by_article_type_and_dates(device, article):
    other = make_article(article.boutique, 5)
    move(article, -1, TypeMouvement.SORTIE)
    first, second, third = MouvementStock.objects.order_by("id")
    assert ids(device.get()) == [third.pk, second.pk, first.pk]
    assert ids(device.get(article_id=other.pk)) == [second.pk]
    assert ids(device.get(type_mouvement="SORTIE")) == [third.pk]
    assert ids(device.get(article_id=article.pk, type_mouvement="ENTREE")) == [first.pk]
    now = timezone.now()
    assert ids(device.get(date_debut=(now + timedelta(hours=1)).isoformat())) == []
    assert len(ids(device.get(date_debut=(now - timedelta(hours=1)).isoformat()))) == 3
    assert ids(device.get(date_fin="2024-11-04T23:59:59Z")) == []
    assert len(ids(device.get(date_debut=f"{now:%Y-%m-%d}", date_fin=f"{now:%Y-%m-%d}"))) == 3
    assert ids(device.get(date_debut=second.date_mouvement.isoformat())) == [third.pk, second.pk]
    assert ids(device.get(article_id="", limit="")) == ids(device.get())


def test_an_offset_that_was_not_escaped_is_read(device, article):
    response = device.client.get(
        f"{MOVEMENTS}?date_debut=2024-11-01T00:00:00+01:00", headers=device.headers
    )
    assert len(ids(response)) == 1


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"article_id": "abc"}, ["article_id"]),
        ({"article_id": "0"}, ["article_id"]),
        ({"article_id": "9" * 25}, ["article_id"]),
        ({"type_mouvement": "VOL"}, ["type_mouvement"]),
        ({"date_debut": "hier"}, ["date_debut"]),
        ({"date_fin": "2024-13-01"}, ["date_fin"]),
        ({"date_fin": "0001-01-01"}, ["date_fin"]),
        ({"limit": "0"}, ["limit"]),
        ({"limit": "-1"}, ["limit"]),
        ({"limit": "1.5", "article_id": "x"}, ["limit", "article_id"]),
        ({"curseur": "forged"}, ["curseur"]),
        ({"articleid": "5"}, ["articleid"]),
    ],
)
def test_bad_parameters_are_named(device, query, names):
    response = device.get(**query)
    assert response.status_code == 400
    answer = response.json()
    assert answer["code"] == "INVALID_PARAMETERS"
    assert list(answer["parametres"]) == names


@pytest.mark.parametrize("by", ["", "date_debut", "type_mouvement", "article_id", "type of one"])
def test_a_cursor_leads_to_all_of_them_once(device, article, by):
    for _ in range(10):
        move(article, 1)
    move(article, 1, TypeMouvement.ENTREE)
    values = {
        "date_debut": "2024-01-01",
        "type_mouvement": "AJUSTEMENT",
        "article_id": article.pk,
    }
    query = {by: values[by]} if by in values else {}
    if by == "type of one":
        query = {name: values[name] for name in ("type_mouvement", "article_id")}
    wanted, found = ids(device.get(**query)), []
    response = device.get(limit=3, **query)
    while True:
        found += ids(response)
        cursor = response.json()["curseur_suivant"]
        if cursor is None:
            break
        move(article, 1)  # what is newer shifts nothing
        response = device.get(limit=3, curseur=cursor, **query)
    assert found == wanted == sorted(wanted, reverse=True)
    assert len(wanted) == (10 if "type_mouvement" in query else 12)


def test_a_cursor_of_another_order_is_refused(device, article):
    for _ in range(3):
        move(article, 1)
    cursor = device.get(limit=1).json()["curseur_suivant"]
    assert device.get(curseur=cursor, date_debut="2024-01-01").status_code == 400


def test_the_limit_is_100_and_500_at_most(device, article):
    for _ in range(504):
        move(article, 1)
    assert device.get().json()["count"] == 100
    assert device.get(limit=500).json()["count"] == 500
    assert device.get(limit=100_000).json()["count"] == 500


# ------------------------------------------------------------------------------------- articles
def articles(device, **query):
    response = device.get(ARTICLES, **query)
    assert response.status_code == 200, response.json()
    return response.json()


def test_the_catalogue_is_what_the_shop_sells(device, article):
    make_article(make_boutique(), 3)
    make_article(article.boutique, est_actif=False)
    answer = articles(device)
    [found] = answer["articles"]
    assert found | {"modifie_le": ""} == {
        "id": article.pk,
        "code": "ART-001",
        "nom": "Article Test",
        "prix": "25000.00",
        "quantite_stock": 10,
        "seuil_alerte": 0,
        "est_actif": True,
        "modifie_le": "",
    }
    assert answer["devise"] == "CDF"


def test_then_it_is_what_changed_since(device, article):
    same, moved, renamed, gone = (make_article(article.boutique, 5) for _ in range(4))
    since = timezone.now().isoformat()
    move(moved, -1)
    renamed.nom = "Another name"
    renamed.save()
    gone.est_actif = False
    gone.save()
    found = {each["id"]: each for each in articles(device, depuis=since)["articles"]}
    assert set(found) == {moved.pk, renamed.pk, gone.pk}
    assert found[moved.pk]["quantite_stock"] == 4
    assert found[gone.pk]["est_actif"] is False
    assert same.pk not in found


def test_a_catalogue_comes_in_pages(device, article):
    for _ in range(4):
        make_article(article.boutique)
    found, after = [], None
    while True:
        answer = articles(device, limit=2, **({"apres": after} if after else {}))
        found += [each["id"] for each in answer["articles"]]
        after = answer["apres_suivant"]
        if after is None:
            break
    assert found == list(Article.objects.order_by("pk").values_list("pk", flat=True))


def test_what_changes_while_the_pages_are_read_is_asked_for_the_next_time(device, article):
    articles_there = [article, *(make_article(article.boutique, 5) for _ in range(3))]
    first = articles(device, limit=2)
    move(articles_there[0], -1)  # its page was read already
    last = articles(device, limit=2, apres=first["apres_suivant"])
    assert last["apres_suivant"] is None
    assert last["depuis_suivant"] == first["depuis_suivant"]
    since = last["depuis_suivant"]
    assert article.pk in [each["id"] for each in articles(device, depuis=since)["articles"]]


def test_a_cursor_of_the_catalogue_is_one_that_was_given(device, article):
    for wrong in ("1", "forged", "x" * 500):
        response = device.get(ARTICLES, apres=wrong)
        assert response.status_code == 400
        assert list(response.json()["parametres"]) == ["apres"]


def test_nothing_a_device_does_changes_its_terminals_record(device, terminal, article):
    device.sync(make_vente_json((article, 1)))
    assert Terminal.objects.get().version == terminal.version == 1
    assert Device(make_terminal(terminal.boutique).numero_serie).get().status_code == 200
