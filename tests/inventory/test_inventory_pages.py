"""The pages of the inventory: what they show, to whom, and what they do."""

import json
import re

import pytest
from django.core.management import call_command
from django.urls import reverse

from inventory.devices import give_key, revoke_key
from inventory.models import Article, MouvementStock, Terminal, Vente, VenteEnQuarantaine
from inventory.movements import returnable
from inventory.states import EtatQuarantaine, TypeMouvement
from inventory.sync import synchronise
from project.audit.models import Batch
from tests.asking import act, only, picked, toasts, url_of
from tests.factories import (
    make_article,
    make_boutique,
    make_terminal,
    make_user,
    make_vente_json,
)
from tests.inventory.api.conftest import Device
from tests.inventory.conftest import move

pytestmark = pytest.mark.django_db
LISTS = ("articles", "boutiques", "terminaux", "mouvements", "ventes", "quarantaine")


@pytest.fixture
def seeded(settings, db):
    settings.DEBUG = True
    call_command("seed", bookings=0, verbosity=0)


def text_of(response):
    return re.sub(r"\s+", " ", response.content.decode())


# ------------------------------------------------------------------------------------- every page
@pytest.mark.parametrize("slug", LISTS)
def test_each_list_shows_its_records_and_leads_to_their_pages(seeded, boss, slug):
    page = boss.get(reverse(f"inventory:{slug}"))
    assert page.status_code == 200
    [*links] = re.findall(r'data-href="([^"]+)"', page.content.decode())
    assert links
    assert boss.get(links[0]).status_code == 200


@pytest.mark.parametrize("slug", LISTS)
def test_each_list_asks_for_its_permission(client, slug):
    client.force_login(make_user())
    assert client.get(reverse(f"inventory:{slug}")).status_code == 403


@pytest.mark.parametrize(
    "query",
    [
        "articles/?q=riz&low=1&out=1&sort=code",
        "articles/?inactive=1&sort=-margin",
        "terminaux/?silent=1",
        "mouvements/?type_mouvement=VENTE&since=2026-01-01&until=2030-01-01&article=1",
        "mouvements/?reference=BL-1001",
        "ventes/?negative=1&since=2026-01-01",
        "quarantaine/?etat=EN_ATTENTE&motif=STOCK_INSUFFISANT",
    ],
)
def test_each_filter_is_answered(seeded, boss, query):
    assert boss.get(f"/inventory/{query}").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "mouvements/?since=x",
        "mouvements/?since=2026-02-02&until=2026-02-01",
        "mouvements/?until=9999-12-31",
        "ventes/?until=9999-12-31",
        "ventes/?boutique=999999",
    ],
)
def test_a_wrong_filter_is_said_at_its_field(seeded, boss, query):
    page = boss.get(f"/inventory/{query}")
    assert page.status_code == 200
    assert not page.context["page"].rows
    assert page.context["filterset"].errors


def test_what_is_low_comes_first(boss, boutique):
    make_article(boutique, 50, code="PLENTY", seuil_alerte=5)
    make_article(boutique, 0, code="NONE", seuil_alerte=5)
    make_article(boutique, 4, code="LOW", seuil_alerte=5)
    page = text_of(boss.get(reverse("inventory:articles")))
    assert page.index("NONE") < page.index("LOW") < page.index("PLENTY")
    low = text_of(boss.get(reverse("inventory:articles"), {"low": "1"}))
    assert "PLENTY" not in low and "LOW" in low


def test_an_article_shows_its_line_and_its_latest_movements(boss, article):
    move(article, -3)
    page = text_of(boss.get(article.get_absolute_url()))
    assert "<polyline" in page
    assert "10 → 7" in page


# ---------------------------------------------------------------------------------------- records
def test_an_article_is_made_and_changed_and_its_stock_is_not(boss, boutique):
    form = {"boutique": boutique.pk, "code": "A1", "nom": "Rice", "prix": "12.5"}
    boss.post(reverse("inventory:article-create"), {**form, "seuil_alerte": 3})
    article = Article.objects.get()
    assert (article.quantite_stock, article.search_text) == (0, "a1 rice")
    move(article, 7)
    boss.post(
        article.get_edit_url(),
        {**form, "nom": "Broken rice", "seuil_alerte": 4, "version": 1, "quantite_stock": 99},
    )
    article.refresh_from_db()
    assert (article.nom, article.quantite_stock) == ("Broken rice", 7)
    assert article.history.count() == 2


def test_a_price_keeps_to_the_decimals_of_its_currency(boss):
    boutique = make_boutique(currency="XOF")
    form = {"boutique": boutique.pk, "code": "A1", "nom": "Rice", "prix": "12.5"}
    page = boss.post(reverse("inventory:article-create"), {**form, "seuil_alerte": 3})
    assert page.status_code == 422
    assert page.context["form"].errors["prix"]


def test_the_same_code_twice_in_a_shop_is_said_at_the_form(boss, article):
    form = {"boutique": article.boutique_id, "code": article.code, "nom": "x", "prix": "1"}
    page = boss.post(reverse("inventory:article-create"), {**form, "seuil_alerte": 0})
    assert page.status_code == 422


# -------------------------------------------------------------------------------------- movements
def test_articles_are_received_and_issued_from_the_list(desk, article):
    other = make_article(article.boutique, 1)
    answers = {"quantity": "3", "reference": "BL-1"}
    act(desk, url_of("receive", "articles"), {**picked(article, other), **answers})
    assert stocks(article, other) == [13, 4]
    batch = Batch.objects.get(action="inventory.receive")
    rows = MouvementStock.objects.filter(batch=batch)
    assert {row.reference_document for row in rows} == {"BL-1"}
    assert {row.utilisateur for row in rows} == {"awa"}
    line = article.logs.get(batch=batch)
    assert line.changes == {"quantite_stock": [10, 13]}
    answers["quantity"] = "5"
    act(desk, url_of("issue", "articles"), {**picked(article, other), **answers})
    assert stocks(article, other) == [8, 4]
    refused = Batch.objects.get(action="inventory.issue").refusals.get()
    assert (refused.object_id, refused.code) == (other.pk, "too_little")


def stocks(*articles):
    return [Article.objects.get(pk=each.pk).quantite_stock for each in articles]


def document(client, kind, boutique, **fields):
    url = f"{reverse('inventory:document', args=[kind])}?boutique={boutique.pk}"
    token = client.get(url).context["token"]
    return client.post(url, {"reference": "BL-7", "token": token, **fields})


def test_a_document_of_several_lines_is_booked_as_one(desk, article):
    other = make_article(article.boutique, code="ART-999")
    response = document(
        desk,
        "receive",
        article.boutique,
        article_0=str(article),
        quantity_0=2,
        article_3="art-999",
        quantity_3=4,
    )
    assert response.status_code == 302
    assert stocks(article, other) == [12, 4]
    assert Batch.objects.get(action="inventory.receive").changed == 2
    assert article.history.first().batch_id == other.history.first().batch_id


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({}, "__all__"),
        ({"article_0": "nothing", "quantity_0": 1}, "article_0"),
        ({"article_0": "ART-001"}, "quantity_0"),
        ({"article_0": "ART-001", "quantity_0": 0}, "quantity_0"),
        ({"quantity_0": 5}, "article_0"),
        (
            {"article_0": "ART-001", "quantity_0": 1, "article_1": "ART-001", "quantity_1": 1},
            "article_1",
        ),
        ({"article_0": "ART-001", "quantity_0": 11}, "__all__"),
    ],
)
def test_a_wrong_document_is_said_at_its_field_and_moves_nothing(desk, article, fields, at):
    response = document(desk, "issue", article.boutique, **fields)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [at]
    assert stocks(article) == [10]
    assert not Batch.objects.filter(action="inventory.issue").exists()


def test_a_double_click_on_a_document_moves_once(desk, article):
    url = f"{reverse('inventory:document', args=['receive'])}?boutique={article.boutique_id}"
    token = desk.get(url).context["token"]
    form = {"reference": "BL-7", "token": token, "article_0": article.code, "quantity_0": 2}
    first, second = desk.post(url, form), desk.post(url, form)
    assert first.url == second.url
    assert stocks(article) == [12]


def test_a_count_shows_the_differences_before_it_writes_them(boss, article):
    same = make_article(article.boutique, 5)
    url = f"{reverse('inventory:count')}?boutique={article.boutique_id}"
    token = boss.get(url).context["token"]
    form = {
        "token": token,
        "reference": "INV-1",
        f"expected_{article.pk}": 10,
        f"counted_{article.pk}": 8,
        f"expected_{same.pk}": 5,
        f"counted_{same.pk}": 5,
    }
    preview = boss.post(url, form)
    assert preview.context["previewed"]
    assert preview.context["form"].differences == 1
    assert stocks(article, same) == [10, 5]
    move(article, -1, TypeMouvement.SORTIE)  # meanwhile one goes out
    boss.post(url, {**form, "confirm": "1"})
    assert stocks(article, same) == [7, 5]
    row = MouvementStock.objects.first()
    assert (row.type_mouvement, row.quantite) == (TypeMouvement.AJUSTEMENT, -2)
    assert (row.reference_document, row.utilisateur) == ("INV-1", "moussa")
    assert same.mouvements.count() == 1
    boss.post(url, {**form, "confirm": "1"})
    assert stocks(article) == [7]


def test_a_count_is_for_who_may(desk):
    assert desk.get(reverse("inventory:count")).status_code == 403


@pytest.mark.parametrize(
    "url",
    [
        "/inventory/receive/",
        "/inventory/issue/",
        "/inventory/ventes/{vente}/return/",
        "/inventory/quarantaine/{entry}/edit/",
        "/inventory/terminaux/failures/",
        "/inventory/terminaux/{terminal}/key/",
    ],
)
def test_each_page_is_for_who_may(client, terminal, article, url):
    vente = sold(terminal, article)
    synchronise(terminal, [make_vente_json((article, 99))])
    entry = VenteEnQuarantaine.objects.get()
    client.force_login(make_user())
    url = url.format(vente=vente.pk, entry=entry.pk, terminal=terminal.pk)
    assert client.get(url).status_code == 403
    assert client.post(url, {}).status_code in (403, 405)


def test_a_replay_is_for_who_may(client, terminal, article, kept):
    client.force_login(make_user())
    assert client.post(url_of("replay", "quarantaine"), picked(kept)).status_code == 403
    kept.refresh_from_db()
    assert kept.etat == EtatQuarantaine.EN_ATTENTE


def test_a_transfer_is_two_movements_of_one_act(boss, article):
    there = make_boutique("Shop 2")
    twin = make_article(there, 1, code=article.code)
    lonely = make_article(article.boutique, 5)
    answers = {"quantity": "4", "reference": "TR-1", "shop": there.pk}
    act(boss, url_of("transfer", "articles"), {**picked(article, lonely, twin), **answers})
    assert stocks(article, twin, lonely) == [6, 5, 5]
    batch = Batch.objects.get(action="inventory.transfer")
    out, into = MouvementStock.objects.filter(batch=batch).order_by("id")
    assert (out.article, out.quantite, out.boutique) == (article, -4, article.boutique)
    assert (into.article, into.quantite, into.boutique) == (twin, 4, there)
    assert out.reference_document == into.reference_document == "TR-1"
    assert dict(batch.refusals.values_list("object_id", "code")) == {
        lonely.pk: "unknown_there",
        twin.pk: "same_shop",
    }
    assert twin.logs.get(batch=batch).action_code == "inventory.transfer_in"
    page = text_of(boss.get(reverse("inventory:mouvement", args=[out.pk])))
    assert "Shop 2" in page or str(into.pk) in page


def test_the_preview_of_a_transfer_tells_the_shops_apart(boss, article):
    there = make_boutique("Shop 2")
    make_article(there, 1, code=article.code, nom="The same")
    asked = {"quantity": "4", "reference": "TR-1", "shop": there.pk, "preview": "1"}
    page = text_of(boss.post(url_of("transfer", "articles"), {**picked(article), **asked}))
    assert f"{article.nom} · Ma Boutique" in page and "The same · Shop 2" in page


def sold(terminal, article, quantity=3):
    synchronise(terminal, [make_vente_json((article, quantity))])
    return Vente.objects.get()


def test_a_return_brings_back_what_was_sold_and_no_more(desk, terminal, article):
    vente = sold(terminal, article)
    url = reverse("inventory:vente-return", args=[vente.pk])
    token = desk.get(url).context["token"]
    back = {f"back_{article.pk}": 2, "reason": "Broken", "token": token}
    desk.post(url, back)
    assert stocks(article) == [9]
    row = MouvementStock.objects.first()
    assert (row.type_mouvement, row.quantite, row.vente) == (TypeMouvement.RETOUR, 2, vente)
    assert row.reference_document == vente.numero_facture
    desk.post(url, back)  # the same click
    assert stocks(article) == [9]
    assert [row["reste"] for row in returnable(vente)] == [1]
    refused = desk.post(url, {f"back_{article.pk}": 2})
    assert refused.status_code == 422
    assert stocks(article) == [9]
    assert desk.get(vente.get_absolute_url()).status_code == 200


# ------------------------------------------------------------------------------------- quarantine
@pytest.fixture
def kept(terminal, article):
    synchronise(terminal, [make_vente_json((article, 12), numero="F9")])
    return VenteEnQuarantaine.objects.get()


def test_a_sale_is_replayed_when_the_stock_has_come(desk, article, kept):
    response = act(desk, url_of("replay", "quarantaine"), picked(kept))
    kept.refresh_from_db()
    assert kept.etat == EtatQuarantaine.EN_ATTENTE
    move(article, 5)
    response = act(desk, url_of("replay", "quarantaine"), picked(kept))
    assert "1 sale booked." in toasts(response)[0]
    kept.refresh_from_db()
    assert kept.vente.numero_facture == "F9"
    assert kept.vente.recue_le == kept.recue_le
    assert not kept.vente.stock_negatif
    assert stocks(article) == [3]
    codes = [line.action_code for line in kept.logs.order_by("pk")]
    assert codes[-1] == "inventory.replay"


def test_a_sale_is_accepted_below_zero_and_says_so(boss, desk, article, kept):
    assert desk.post(url_of("accept", "quarantaine"), picked(kept)).status_code == 403
    act(boss, url_of("accept", "quarantaine"), {**picked(kept), "reason": "It was sold"})
    kept.refresh_from_db()
    assert kept.vente.stock_negatif
    assert stocks(article) == [-2]


def test_the_list_of_sales_holds_those_below_zero_and_alone_where_asked(
    boss, terminal, article, kept
):
    usual = make_vente_json((article, 1))
    synchronise(terminal, [usual])
    act(boss, url_of("accept", "quarantaine"), {**picked(kept), "reason": "It was sold"})
    numbers = {kept.numero_facture, usual["numero_facture"]}
    for query, found in (("", numbers), ("?negative=1", {kept.numero_facture})):
        page = text_of(boss.get(reverse("inventory:ventes") + query))
        assert {number for number in numbers if number in page} == found


def test_a_retry_of_what_was_accepted_was_received_already(boss, terminal, article, kept):
    act(boss, url_of("accept", "quarantaine"), {**picked(kept), "reason": "It was sold"})
    result = synchronise(terminal, [json.loads(kept.contenu_recu)])
    assert len(result.deja_recues) == 1


def test_a_sale_of_an_unknown_article_is_corrected_and_replayed(desk, terminal, article):
    synchronise(terminal, [make_vente_json((999_999, 2), numero="F9")])
    kept = VenteEnQuarantaine.objects.get()
    received = kept.contenu_recu
    url = kept.get_edit_url()
    form = {
        "numero_facture": "F9",
        "date_vente": "2026-11-04T10:30:00",
        "article_0": article.code,
        "quantity_0": 2,
        "price_0": "250",
        "version": kept.version,
    }
    assert desk.get(url).status_code == 200
    wrong = desk.post(url, {**form, "article_0": "nothing"})
    assert wrong.status_code == 422
    assert desk.post(url, {**form, "version": 99}).status_code == 422
    assert desk.post(url, form).status_code == 302
    kept.refresh_from_db()
    assert kept.contenu_recu == received
    act(desk, url_of("replay", "quarantaine"), picked(kept))
    assert Vente.objects.get().lignes.get().article == article
    assert stocks(article) == [8]


def test_a_correction_is_undone(desk, terminal, article):
    synchronise(terminal, [make_vente_json((999_999, 2), numero="F9")])
    kept = VenteEnQuarantaine.objects.get()
    former = kept.contenu
    form = {"numero_facture": "F10", "date_vente": "2026-11-04T10:30:00", "version": kept.version}
    form |= {"article_0": article.code, "quantity_0": 2, "price_0": "250"}
    assert desk.post(kept.get_edit_url(), form).status_code == 302
    kept.refresh_from_db()
    assert (kept.numero_facture, kept.contenu == former) == ("F10", False)
    corrected = Batch.objects.get(action="inventory.correct")
    desk.post(reverse("undo", args=[corrected.pk]))
    kept.refresh_from_db()
    assert (kept.numero_facture, kept.contenu) == ("F9", former)
    assert corrected.undone_by.reason == "Undo"


def test_an_article_that_has_the_threshold_is_nothing_to_do(desk, article):
    other = make_article(article.boutique, seuil_alerte=7)
    act(desk, url_of("set_threshold", "articles"), {**picked(article, other), "threshold": "7"})
    article.refresh_from_db()
    assert article.seuil_alerte == 7
    refusal = Batch.objects.get(action="inventory.set_threshold").refusals.get()
    assert (refusal.object_id, refusal.code, refusal.idle) == (other.pk, "same", True)


@pytest.mark.parametrize("data", [42, {}, {"lignes": "x"}, {"lignes": [{"article_id": "x"}]}])
def test_whatever_is_in_quarantine_has_its_pages(desk, terminal, data):
    synchronise(terminal, [data])
    kept = VenteEnQuarantaine.objects.get()
    assert desk.get(kept.get_absolute_url()).status_code == 200
    assert desk.get(kept.get_edit_url()).status_code == 200


# -------------------------------------------------------------------------------------- terminals
def test_a_key_is_asked_for_and_shown_once(boss, boutique):
    terminal = make_terminal(boutique, sans_cle=False)
    url = reverse("inventory:terminal-key", args=[terminal.pk])
    asked = boss.get(url)
    assert asked.context["key"] == ""
    shown = boss.post(url, {"token": asked.context["token"]})
    key = shown.context["key"]
    assert key in shown.content.decode()
    assert shown["Cache-Control"] == "no-store"
    assert Device(terminal.numero_serie, key).get().status_code == 200
    again = boss.post(url, {"token": asked.context["token"]})
    assert again.status_code == 302
    assert Device(terminal.numero_serie, key).get().status_code == 200
    assert key not in boss.get(terminal.get_absolute_url()).content.decode()


def test_a_new_terminal_cant_do_without_a_key_nor_one_that_had_one(boss, gestion, boutique):
    form = {"nom_terminal": "Till", "numero_serie": "NEW-1", "boutique": boutique.pk}
    url = reverse("inventory:terminal-create")
    assert "sans_cle" not in boss.get(url).context["form"].fields
    boss.post(url, {**form, "sans_cle": "on"})
    terminal = Terminal.objects.get()
    assert not terminal.sans_cle
    give_key(only(terminal), by=gestion)
    revoke_key(only(terminal), by=gestion)
    terminal.refresh_from_db()
    boss.post(
        terminal.get_edit_url(),
        {**form, "nom_terminal": "Till 2", "sans_cle": "on", "version": terminal.version},
    )
    terminal.refresh_from_db()
    assert (terminal.nom_terminal, terminal.sans_cle) == ("Till 2", False)


def test_an_old_terminal_may_be_marked_as_such_until_it_has_a_key(boss, boutique):
    terminal = make_terminal(boutique, sans_cle=False)
    form = {"nom_terminal": "Till", "numero_serie": "OLD-1", "boutique": boutique.pk}
    boss.post(terminal.get_edit_url(), {**form, "sans_cle": "on", "version": 1})
    assert Terminal.objects.get().sans_cle


def test_the_admin_asks_new_terminals_for_a_key_too(client, boutique):
    client.force_login(make_user(is_superuser=True, is_staff=True))
    page = client.get(reverse("admin:inventory_terminal_add"))
    assert page.status_code == 200
    assert "sans_cle" not in page.context["adminform"].form.fields


def test_a_key_is_given_by_who_may(desk, terminal):
    assert desk.post(reverse("inventory:terminal-key", args=[terminal.pk])).status_code == 403
    assert not Terminal.objects.get().has_key


def test_a_silent_terminal_and_its_failures_are_seen(desk, terminal):
    assert "Silent for two days" in text_of(desk.get(terminal.get_absolute_url()))
    device = Device(terminal.numero_serie)
    device.post("{")
    device.sync()
    page = text_of(desk.get(terminal.get_absolute_url()))
    assert "INVALID_JSON" in page
    assert "Silent for two days</span>" not in page
    Device("unknown-device").get()
    failures = text_of(desk.get(reverse("inventory:failures")))
    assert "unknown-device" in failures and "TERMINAL_NOT_FOUND" in failures


def test_the_failures_are_a_click_away_from_the_terminals(desk, client):
    page = desk.get(reverse("inventory:terminaux")).content.decode()
    assert f'href="{reverse("inventory:failures")}"' in page


def test_a_card_says_which_number_is_which(boss, boutique):
    make_article(boutique, 50, seuil_alerte=7)
    page = text_of(boss.get(reverse("inventory:articles")))
    assert '<span class="in-card">Stock </span>50' in page
    assert '<span class="in-card">Threshold </span>7' in page


def test_a_shop_with_terminals_is_not_deactivated(boss, terminal):
    boutique = terminal.boutique
    act(boss, url_of("deactivate", "boutiques"), picked(boutique))
    assert Batch.objects.get(action="inventory.deactivate").refusals.get().code == "has_terminals"


def test_the_admin_changes_and_deletes_nothing_of_the_ledger(client, terminal, article):
    client.force_login(make_user(is_superuser=True, is_staff=True))
    vente = sold(terminal, article)
    for row in (vente, MouvementStock.objects.first()):
        base = f"admin:inventory_{row._meta.model_name}"
        assert client.get(reverse(f"{base}_changelist")).status_code == 200
        url = reverse(f"{base}_change", args=[row.pk])
        assert client.get(url).status_code == 200
        assert client.post(url, {}).status_code == 403
        assert (
            client.post(reverse(f"{base}_delete", args=[row.pk]), {"post": "yes"}).status_code
            == 403
        )
        assert client.get(reverse(f"{base}_add")).status_code == 403
    assert (
        client.get(reverse("admin:inventory_article_change", args=[article.pk])).status_code == 200
    )
