"""What is printed of shops: their recap over some days, as PDF and as Excel."""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.exchange import exporting
from project.exchange.columns import Column, Kind
from project.exchange.formats import Format
from project.exchange.layout import Given, facts_of
from project.exchange.pdf.document import bind, render
from project.exchange.pdf.sheet import table_of
from project.exchange.xlsx import FORMAT as XLSX
from project.exchange.xlsx import write_book
from project.ui.formats import date_format

from .exports import level_of
from .recap import recap_of

AT_ONCE = 3  # shops that are read while the user waits


def pieces(name, title):
    return Column(name=name, title=title, fields=(name,), kind=Kind.WHOLE, totals=True, width=9)


def amount(name, title):
    return Column(
        name=name,
        title=title,
        fields=(name,),
        kind=Kind.AMOUNT,
        currency="currency",
        totals=True,
        width=14,
    )


MOVED = (
    pieces("debut", gettext_lazy("Stock at the start")),
    pieces("entrees", gettext_lazy("Receipts")),
    pieces("sorties", gettext_lazy("Issues")),
    pieces("ventes", gettext_lazy("Sales")),
    pieces("retours", gettext_lazy("Returns")),
    pieces("comptages", gettext_lazy("Counts")),
    pieces("ajustements", gettext_lazy("Adjustments")),
    pieces("fin", gettext_lazy("Stock at the end")),
)
VALUE = amount("valeur", gettext_lazy("Value at selling price"))
CURRENCY = Column(name="currency", title=gettext_lazy("Currency"), fields=("currency",), width=9)
SHOPS = (
    Column(name="nom", title=gettext_lazy("Shop"), fields=("nom",), width=22),
    Column(name="code", title=gettext_lazy("Code"), fields=("code",), width=12),
    pieces("nombre", gettext_lazy("Number of sales")),
    amount("montant", gettext_lazy("Value of the sales")),
    *MOVED,
    VALUE,
    CURRENCY,
    pieces("bas", gettext_lazy("Low stock")),
    pieces("vides", gettext_lazy("Out of stock")),
)
CODE = Column(name="code", title=gettext_lazy("Code"), fields=("code",), width=12)
NAME = Column(name="nom", title=gettext_lazy("Article"), fields=("nom",), width=28)
PRICE = Column(
    name="prix",
    title=gettext_lazy("Price"),
    fields=("prix",),
    kind=Kind.AMOUNT,
    currency="currency",
    width=12,
)
THRESHOLD = Column(
    name="seuil_alerte",
    title=gettext_lazy("Alert threshold"),
    fields=("seuil_alerte",),
    kind=Kind.WHOLE,
    width=9,
)
LEVEL = Column(
    name="level",
    title=gettext_lazy("Level"),
    fields=("fin", "seuil_alerte"),
    value=level_of,
    width=12,
)
ARTICLES = (
    Column(name="boutique", title=gettext_lazy("Shop"), fields=("boutique",), width=22),
    CODE,
    NAME,
    *MOVED,
    PRICE,
    VALUE,
    CURRENCY,
    THRESHOLD,
    LEVEL,
)
PRINTED = (CODE, NAME, *MOVED, VALUE)
RUN_OUT = (CODE, NAME, MOVED[-1], THRESHOLD, LEVEL)


def recap(selection, *, by, first, last, format, ticket=None):
    """The recap of these shops from the day `first` to the day `last`, as a file. The Outcome."""
    days = {"first": first, "last": last}
    said = {name: date_format(day, "SHORT_DATE_FORMAT") for name, day in days.items()}
    return exporting.deliver(
        "inventory.recap",
        selection,
        by=by,
        format=format,
        ticket=ticket,
        sentence=_("Recap from %(first)s to %(last)s") % said + " (%(format)s)",
        **{name: day.isoformat() for name, day in days.items()},
    )


def recaps_of(content):
    """Yield the recap of each shop, telling how many are done."""
    days = [date.fromisoformat(content.options[name]) for name in ("first", "last")]
    for done, shop in enumerate(content.records.order_by("sort_name", "pk"), 1):
        yield recap_of(shop, *days)
        content.step(done)


def write_pdf(content, file):
    """Write a section for each shop into an open binary file."""
    by = str(content.export.owner)
    bind((page_of(recap, by) for recap in recaps_of(content)), file, content.export.title)


def page_of(recap, by):
    context = {
        "recap": recap,
        "table": table_of(Given(PRINTED), recap.lines),
        "run_out": table_of(Given(RUN_OUT, has_totals=False), recap.low),
        "by": by,
    }
    return render("inventory/pdf/recap.html", context)


def write_xlsx(content, file):
    """Write a sheet with a row for each shop, and one with a row for each of their articles."""
    recaps = list(recaps_of(content))
    shops, articles = Given(SHOPS), Given(ARTICLES)
    lines = (line for recap in recaps for line in recap.lines)
    tables = (
        (_("Recap"), shops, shops.rows(recaps)),
        (_("Articles"), articles, articles.rows(lines)),
    )
    write_book(tables, facts_of(content.export), file)


FORMATS = (
    Format(
        name="recap.pdf",
        label=gettext_lazy("PDF"),
        suffix=".pdf",
        content_type="application/pdf",
        write=write_pdf,
        at_once=AT_ONCE,
    ),
    Format(
        name="recap.xlsx",
        label=XLSX.label,
        suffix=XLSX.suffix,
        content_type=XLSX.content_type,
        write=write_xlsx,
        at_once=AT_ONCE,
    ),
)
