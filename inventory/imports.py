"""Articles and counts from files: which columns count, what they take, and who may bring them.

The stock of an article is not imported with it: it comes by receipts, and by counts. Whether it is
in use has actions of its own.
"""

from decimal import Decimal

from django import forms
from django.db.models.functions import Lower
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.audit.rows import values_of
from project.exchange.cells import plain_decimal
from project.exchange.columns import Sheet
from project.exchange.imports.importer import Importer, Intake, Known

from . import entries
from .exports import ARTICLES
from .models import Article, Boutique
from .payloads import MOST_PIECES
from .stock import LARGEST_STOCK


# ------------------------------------------------------------------------------- cell by cell
def cleaned(name):
    """The rules of the model's own field for one value, as a form asks them."""
    model_field = Article._meta.get_field(name)

    def clean(value):
        return model_field.clean(value, None)

    return clean


def price(value):
    return plain_decimal(cleaned("prix")(Decimal(value)))


def whole(least, most):
    return forms.IntegerField(min_value=least, max_value=most).clean


def shops(names):
    """Find shops by their code, or by a name that is one shop's alone."""
    folded = {name: name.casefold() for name in names}
    wanted = values_of(Boutique, set(folded.values()))
    rows = Boutique.objects.annotate(code=Lower("code_boutique"), name=Lower("nom")).order_by()
    by_code = dict(rows.filter(code__in=wanted).values_list("code", "pk"))
    by_name = {}
    for key, name in Boutique.objects.order_by().values_list("pk", "nom"):
        by_name.setdefault(name.casefold(), []).append(key)
    return {
        name: chosen(name, by_code.get(each), by_name.get(each, []))
        for name, each in folded.items()
    }


def chosen(name, coded, named):
    """(key, "") of the shop that is meant, or (None, why that can't be told)."""
    if coded:
        return coded, ""
    if len(named) == 1:
        return named[0], ""
    if named:
        return None, _("%(count)s are called %(name)s.") % {"count": len(named), "name": name}
    return None, _("No shop is called %(name)s.") % {"name": name}


SHOP = Intake(
    column="shop",
    find=shops,
    required=True,
    clears=False,
    example="Ma Boutique",
    note=gettext_lazy("Its code or its name."),
)


# ------------------------------------------------------------------------------------- articles
def known_articles(pairs):
    """{(shop's key, code without its case): Known}; one statement."""
    articles = entries.articles_called(pairs).select_related("boutique")
    return {
        (article.boutique_id, article.folded): Known(
            article.pk,
            article.version,
            {
                "shop": article.boutique_id,
                "name": article.nom,
                "price": plain_decimal(article.prix),
                "threshold": article.seuil_alerte,
                "currency": article.boutique.currency,
            },
            {"shop": article.boutique.nom},
        )
        for article in articles
    }


def currency_of(given, known):
    """What a price is in: told of an article that is there; of a new one only its shop knows."""
    return known.values["currency"] if known else ""


ARTICLE_IMPORTER = Importer(
    sheet=ARTICLES,
    label=gettext_lazy("Articles"),
    key="code",
    within="shop",
    makes=True,
    intakes=(
        SHOP,
        Intake(
            column="code",
            clean=cleaned("code"),
            required=True,
            clears=False,
            example="EXEMPLE-1",
            note=gettext_lazy("With the shop it says which article is meant; a new one makes one."),
        ),
        Intake(
            column="name",
            clean=cleaned("nom"),
            required=True,
            clears=False,
            example="Riz parfumé 5 kg",
        ),
        Intake(column="price", clean=price, required=True, clears=False, example=6500),
        Intake(column="threshold", clean=whole(0, MOST_PIECES), example=10),
    ),
    known=known_articles,
    currency=currency_of,
    check=entries.faults_of,
    write=entries.write,
    permission="inventory.import_article",
    add_permission="inventory.add_article",
    change_permission="inventory.change_article",
    how=gettext_lazy(
        "A row with the shop and the code of an article changes it; another code makes a new one."
    ),
)


# --------------------------------------------------------------------------------------- counts
def known_stock(pairs):
    """{(shop's key, code without its case): Known}, with the stock as it now is; one statement."""
    rows = entries.articles_called(pairs).values_list(
        "pk", "version", "boutique", "folded", "quantite_stock"
    )
    return {
        (shop, folded): Known(key, version, {"stock": stock}, {})
        for key, version, shop, folded, stock in rows
    }


def difference(given, present):
    """({"counted": …}, {"counted": what was expected}), or nothing where both are the same.

    Expected is what the sheet says, which is what it was when it was printed; or else what it is.
    """
    counted, expected = given.get("counted"), given.get("stock")
    expected = present["stock"] if expected is None else expected
    if counted is None or counted == expected:
        return {}, {}
    return {"counted": counted}, {"counted": expected}


COUNT_IMPORTER = Importer(
    sheet=Sheet("counts", ARTICLES.columns),
    of_desk="articles",
    label=gettext_lazy("Stock counts"),
    key="code",
    within="shop",
    intakes=(
        SHOP,
        Intake(column="code", required=True, clears=False, example="EXEMPLE-1"),
        Intake(
            column="stock",
            clean=whole(-LARGEST_STOCK, LARGEST_STOCK),
            example=12,
            note=gettext_lazy(
                "What was expected when the sheet was printed; without it, the stock as it is."
            ),
        ),
        Intake(
            column="counted",
            clean=whole(0, MOST_PIECES),
            required=True,
            example=11,
            note=gettext_lazy("Empty: not counted. The difference becomes an adjustment."),
        ),
    ),
    known=known_stock,
    check=entries.not_counted,
    compare=difference,
    write=entries.count,
    permission="inventory.count_article",
    add_permission="inventory.count_article",
    change_permission="inventory.count_article",
    how=gettext_lazy("A row says what was counted of one article; the difference is what moves."),
)
IMPORTERS = (ARTICLE_IMPORTER, COUNT_IMPORTER)
