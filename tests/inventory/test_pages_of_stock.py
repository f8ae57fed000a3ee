"""The pages of many lines: counts that were shown a while ago, sales of many lines, two at once."""

import pytest
from django.urls import reverse

from inventory import quarantine
from inventory.models import Article, MouvementStock, VenteEnQuarantaine
from inventory.stock_forms import MOST_LINES
from inventory.sync import synchronise
from tests.asking import act, picked, url_of
from tests.factories import make_article, make_boutique, make_vente_json
from tests.inventory.conftest import move

pytestmark = pytest.mark.django_db


def stock(article):
    return Article.objects.get(pk=article.pk).quantite_stock


# ------------------------------------------------------------------------------------------ counts
@pytest.fixture
def counting(boss, article):
    """(the page's address, what its form would send with the article counted as 8)."""
    url = f"{reverse('inventory:count')}?boutique={article.boutique_id}"
    token = boss.get(url).context["token"]
    return url, {
        "token": token,
        "reference": "INV-1",
        f"expected_{article.pk}": 10,
        f"counted_{article.pk}": 8,
    }


def test_an_article_that_came_since_is_in_no_counts_way(boss, article, counting):
    url, form = counting
    new = make_article(article.boutique, 3)
    preview = boss.post(url, form)
    assert preview.context["previewed"]
    assert f"counted_{new.pk}" not in preview.content.decode()
    boss.post(url, {**form, "confirm": "1"})
    assert (stock(article), stock(new)) == (8, 3)


def test_the_count_of_an_article_that_was_deactivated_is_not_dropped_in_silence(
    boss, article, counting
):
    url, form = counting
    other = make_article(article.boutique, 5)
    form |= {f"expected_{other.pk}": 5, f"counted_{other.pk}": 4}
    act(boss, url_of("deactivate", "articles"), picked(article))
    for confirmed in ({}, {"confirm": "1"}):
        page = boss.post(url, {**form, **confirmed})
        assert page.status_code == 422
        assert list(page.context["form"].errors) == [f"counted_{article.pk}"]
    assert (stock(article), stock(other)) == (10, 5)
    boss.post(url, {**form, f"counted_{article.pk}": "", "confirm": "1"})
    assert (stock(article), stock(other)) == (10, 4)


@pytest.mark.parametrize("expected", ["x", "", str(10**30), str(-(10**30))])
def test_a_snapshot_that_is_no_stock_is_said_by_the_articles_name(
    boss, article, counting, expected
):
    url, form = counting
    page = boss.post(url, {**form, f"expected_{article.pk}": expected, "confirm": "1"})
    assert page.status_code == 422
    assert page.context["form"].fields[f"expected_{article.pk}"].label == str(article)
    assert list(page.context["form"].errors) == [f"expected_{article.pk}"]
    assert stock(article) == 10


def test_what_was_previewed_can_only_be_written_or_gone_back_on(boss, article, counting):
    url, form = counting
    preview = boss.post(url, form)
    fields = preview.context["form"].fields
    assert fields[f"counted_{article.pk}"].widget.attrs["readonly"]
    assert fields["reference"].widget.attrs["readonly"]
    back = boss.post(url, {**form, "confirm": "1", "change": "1"})
    assert back.status_code == 200
    assert not back.context["previewed"]
    assert "readonly" not in back.context["form"].fields[f"counted_{article.pk}"].widget.attrs
    assert stock(article) == 10


def test_an_article_of_another_shop_is_counted_in_none(boss, article, counting):
    url, form = counting
    theirs = make_article(make_boutique(), 5)
    page = boss.post(url, {**form, f"expected_{theirs.pk}": 5, f"counted_{theirs.pk}": 1})
    assert page.status_code == 422
    assert "An article is not of this shop" in page.content.decode()


# ------------------------------------------------------------------------- corrections, two at once
@pytest.fixture
def kept(terminal, article):
    synchronise(terminal, [make_vente_json((article, 12), numero="F9")])
    return VenteEnQuarantaine.objects.get()


def correction(article, entry, **fields):
    return {
        "numero_facture": "F10",
        "date_vente": "2026-11-04T10:30:00",
        "article_0": article.code,
        "quantity_0": 2,
        "price_0": "250",
        "version": entry.version,
        **fields,
    }


def test_who_corrects_second_is_told_of_the_first_and_may_save_over_it(desk, article, kept):
    url = kept.get_edit_url()
    assert desk.post(url, correction(article, kept)).status_code == 302
    second = desk.post(url, correction(article, kept, numero_facture="F11"))
    assert second.status_code == 422
    assert "Someone else changed this record in the meantime." in second.content.decode()
    kept.refresh_from_db()
    assert kept.numero_facture == "F10"
    again = correction(article, kept, numero_facture="F11", version=second.context["version"])
    assert desk.post(url, again).status_code == 302
    kept.refresh_from_db()
    assert kept.numero_facture == "F11"


# ------------------------------------------------------------------------------ sales of many lines
@pytest.fixture
def long(terminal, article):
    """A sale of more lines than a page holds, one of each page of an unknown article."""
    lines = [(article, 1, 100)] * (2 * MOST_LINES + 50)
    lines[0] = lines[MOST_LINES] = (999_999, 1, 100)
    synchronise(terminal, [make_vente_json(*lines, numero="LONG")])
    return VenteEnQuarantaine.objects.get()


def as_shown(form):
    """What a page's form sends as it stands."""
    return {name: value for name in form.fields if (value := form[name].value()) is not None} | {
        "date_vente": "2026-11-04T10:30:00"
    }


def test_a_sale_of_many_lines_is_corrected_a_page_at_a_time(desk, terminal, article, long):
    move(article, 1000)
    for first in (0, MOST_LINES):
        long.refresh_from_db()
        url = f"{long.get_edit_url()}?first={first}"
        page = desk.get(url)
        form = as_shown(page.context["form"])
        assert len(form) < 700
        assert form["article_0"] == "" and form["article_1"] == str(article)
        form |= {"article_0": article.code, "version": page.context["version"]}
        assert desk.post(url, form).status_code == 302
    act(desk, url_of("replay", "quarantaine"), picked(long))
    long.refresh_from_db()
    assert long.vente.lignes.count() == 2 * MOST_LINES + 50


def test_a_line_without_its_article_is_not_dropped(desk, article, long):
    page = desk.get(long.get_edit_url())
    form = as_shown(page.context["form"]) | {"version": page.context["version"]}
    refused = desk.post(long.get_edit_url(), form)
    assert list(refused.context["form"].errors) == ["article_0"]


def test_a_sale_of_far_too_many_lines_has_its_pages(
    desk, terminal, article, django_assert_max_num_queries
):
    synchronise(terminal, [make_vente_json(*[(article, 1, 100)] * 20_000)])
    entry = VenteEnQuarantaine.objects.get()
    for url in (entry.get_absolute_url(), entry.get_edit_url()):
        with django_assert_max_num_queries(40):
            page = desk.get(url)
        assert page.status_code == 200
        assert page.content.decode().count("<tr>") < MOST_LINES + 10


# -------------------------------------------------------------------------------------- documents
def document_url(shop, kind="receive"):
    return f"{reverse('inventory:document', args=[kind])}?boutique={shop.pk}"


def test_a_receipt_takes_as_many_lines_as_it_has(boss, boutique):
    articles = [make_article(boutique, 0) for _n in range(12)]
    typed = {"reference": "BL-12", "lines": 8}
    for n, each in enumerate(articles[:8]):
        typed |= {f"article_{n}": each.code, f"quantity_{n}": n + 1}
    page = boss.post(document_url(boutique), typed | {"more": 1})
    form = page.context["form"]
    assert page.status_code == 200 and not form.errors
    assert not MouvementStock.objects.exists()
    assert (form["article_7"].value(), form["quantity_7"].value()) == (articles[7].code, "8")
    typed |= {"lines": form.count}
    for n, each in enumerate(articles[8:], 8):
        typed |= {f"article_{n}": each.code, f"quantity_{n}": n + 1}
    boss.post(document_url(boutique), typed)
    stocks = Article.objects.order_by("pk").values_list("quantite_stock", flat=True)
    assert list(stocks) == list(range(1, 13))


def test_a_page_of_lines_has_its_bounds(boss, boutique):
    page = boss.post(document_url(boutique), {"lines": 199, "more": 1})
    assert page.context["form"].count == 200 and not page.context["form"].may_grow
    assert boss.post(document_url(boutique), {"lines": "-3"}).context["form"].count == 8


def test_a_document_ends_at_its_movements(boss, article):
    typed = {"reference": "BL 9/é", "article_0": article.code, "quantity_0": 5}
    page = boss.post(document_url(article.boutique), typed, follow=True)
    [_row] = page.context["page"].rows
    assert "10 → 15" in page.content.decode() and "BL 9/é" in page.content.decode()


def test_the_history_of_a_correction_tells_the_sale_in_words(desk, bureau, kept):
    content = kept.vente_proposee
    content["lignes"][0]["quantite"] = 7
    quarantine.correct(kept, content, by=bureau)
    page = desk.get(kept.get_absolute_url()).content.decode()
    assert "7 of article" in page and "&quot;numero_facture&quot;" not in page.partition("<pre")[0]
    assert "So it was before it was corrected." in page
