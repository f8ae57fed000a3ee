"""The columns that articles, movements and sales have in files."""

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.exchange.columns import Column, Grouping, Kind, Sheet, monthly, named

from .states import TypeMouvement

SHOP = gettext_lazy("Shop")


def shop_columns(*, code_usual=False):
    return (
        Column(name="shop", title=SHOP, fields=("boutique__nom",), width=22),
        Column(
            name="shop_code",
            title=gettext_lazy("Code of the shop"),
            fields=("boutique__code_boutique",),
            usual=code_usual,
            width=14,
        ),
    )


def currency_column():
    return Column(
        name="currency", title=gettext_lazy("Currency"), fields=("boutique__currency",), width=9
    )


def level_of(stock, threshold):
    """What the stock calls for, in a word; None where there is enough."""
    if stock > threshold:
        return None
    return _("out of stock") if stock <= 0 else _("low")


def value_of(stock, price):
    return stock * price


def nothing(_key):
    """A cell to be filled in."""


ARTICLE_COLUMNS = (
    *shop_columns(code_usual=True),
    Column(name="code", title=gettext_lazy("Code"), fields=("code",), width=14),
    Column(name="name", title=gettext_lazy("Name"), fields=("nom",), width=30),
    Column(
        name="price",
        title=gettext_lazy("Price"),
        fields=("prix",),
        kind=Kind.AMOUNT,
        currency="boutique__currency",
        width=13,
    ),
    currency_column(),
    Column(
        name="threshold",
        title=gettext_lazy("Alert threshold"),
        fields=("seuil_alerte",),
        kind=Kind.WHOLE,
        width=10,
    ),
    Column(
        name="stock",
        title=gettext_lazy("Stock"),
        fields=("quantite_stock",),
        kind=Kind.WHOLE,
        totals=True,
        width=10,
    ),
    Column(
        name="level",
        title=gettext_lazy("Level"),
        fields=("quantite_stock", "seuil_alerte"),
        value=level_of,
        width=12,
    ),
    Column(
        name="value",
        title=gettext_lazy("Value at selling price"),
        fields=("quantite_stock", "prix"),
        value=value_of,
        kind=Kind.AMOUNT,
        currency="boutique__currency",
        totals=True,
        width=16,
    ),
    Column(
        name="active", title=gettext_lazy("Active"), fields=("est_actif",), kind=Kind.FLAG, width=8
    ),
    # Ticked, it makes a count sheet of the file: its stock is what was expected.
    Column(
        name="counted",
        title=gettext_lazy("Counted"),
        fields=("pk",),
        kind=Kind.WHOLE,
        value=nothing,
        usual=False,
        width=10,
    ),
)

MOVEMENT_COLUMNS = (
    Column(
        name="number",
        title=gettext_lazy("Movement"),
        fields=("pk",),
        kind=Kind.WHOLE,
        width=10,
    ),
    Column(
        name="date",
        title=gettext_lazy("When"),
        fields=("date_mouvement",),
        kind=Kind.MOMENT,
        width=17,
    ),
    *shop_columns(),
    Column(name="code", title=gettext_lazy("Code"), fields=("article__code",), width=14),
    Column(name="article", title=gettext_lazy("Article"), fields=("article__nom",), width=30),
    Column(
        name="type",
        title=gettext_lazy("Type"),
        fields=("type_mouvement",),
        kind=Kind.CHOICE,
        choices=TypeMouvement.choices,
        width=16,
    ),
    Column(
        name="quantity",
        title=gettext_lazy("Quantity"),
        fields=("quantite",),
        kind=Kind.WHOLE,
        totals=True,
        width=10,
    ),
    Column(
        name="before",
        title=gettext_lazy("Stock before"),
        fields=("stock_avant",),
        kind=Kind.WHOLE,
        width=10,
    ),
    Column(
        name="after",
        title=gettext_lazy("Stock after"),
        fields=("stock_apres",),
        kind=Kind.WHOLE,
        width=10,
    ),
    Column(
        name="document", title=gettext_lazy("Document"), fields=("reference_document",), width=20
    ),
    Column(name="by", title=gettext_lazy("By"), fields=("utilisateur",), width=18),
    Column(name="comment", title=gettext_lazy("Comment"), fields=("commentaire",), width=34),
)

SALE_COLUMNS = (
    Column(
        name="number", title=gettext_lazy("Invoice number"), fields=("numero_facture",), width=22
    ),
    *shop_columns(),
    Column(
        name="terminal",
        title=gettext_lazy("Terminal"),
        fields=("terminal__nom_terminal",),
        width=20,
    ),
    Column(
        name="sold", title=gettext_lazy("Sold"), fields=("date_vente",), kind=Kind.MOMENT, width=17
    ),
    Column(
        name="received",
        title=gettext_lazy("Received"),
        fields=("recue_le",),
        kind=Kind.MOMENT,
        width=17,
    ),
    Column(
        name="total",
        title=gettext_lazy("Total"),
        fields=("montant_total",),
        kind=Kind.AMOUNT,
        currency="boutique__currency",
        totals=True,
        width=14,
    ),
    currency_column(),
    Column(
        name="negative",
        title=gettext_lazy("Booked below zero"),
        fields=("stock_negatif",),
        kind=Kind.FLAG,
        width=12,
    ),
)

BY_SHOP = named("shop", SHOP, "boutique", "nom")
BY_TYPE = Grouping(
    name="type",
    label=gettext_lazy("Type"),
    fields=("type_mouvement",),
    title=lambda genre: str(TypeMouvement(genre).label),
    key=F("type_mouvement"),
)
BY_TERMINAL = named(
    "terminal",
    gettext_lazy("Terminal"),
    "terminal",
    "nom_terminal",
    nobody=gettext_lazy("Without terminal"),
)

ARTICLES = Sheet(
    "articles", ARTICLE_COLUMNS, order=("boutique__sort_name", "code", "pk"), groupings=(BY_SHOP,)
)
MOVEMENTS = Sheet(
    "mouvements",
    MOVEMENT_COLUMNS,
    groupings=(BY_SHOP, BY_TYPE, monthly("date_mouvement")),
)
SALES = Sheet(
    "ventes",
    SALE_COLUMNS,
    order=("date_vente", "pk"),
    groupings=(BY_SHOP, BY_TERMINAL, monthly("date_vente")),
)
