"""The columns and sorts of the lists."""

from html import escape

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from project.ui import formats
from project.ui.pages import Sort
from project.ui.table import Column, Table

from .filters import SILENT_AFTER
from .models import MARGIN
from .payloads import Detail
from .states import EtatQuarantaine, Motif, TypeMouvement


class InventoryTable(Table):
    def __init__(self, chosen=()):
        super().__init__(chosen)
        self.zone = timezone.get_current_timezone()
        self.year = timezone.localdate().year

    def moment(self, at):
        if at is None:
            return ""
        at = at.astimezone(self.zone)
        return f"{formats.short_day(at.date(), self.year)} {at:%H:%M}"

    def named(self, name, key):
        return f'<a href="{self.url(key)}">{escape(name)}</a>'


def amount(value, currency):
    return escape(formats.amount(value, currency))


def choice(choices, value):
    return escape(str(choices(value).label))


class ArticleTable(InventoryTable):
    slug = "articles"
    link = ("inventory:article", "pk")
    named_by = "code"
    sorts = (
        Sort("margin", _("Low stock first"), MARGIN),
        Sort("nom", _("Name"), "nom"),
        Sort("code", _("Code"), "code"),
    )

    code = Column(_("Code"), "code", "pk", css="ref", sort="code", fixed=True)
    nom = Column(_("Name"), "nom", css="who", sort="nom")
    boutique = Column(_("Shop"), "boutique__nom", css="who")
    stock = Column(_("Stock"), "quantite_stock", "seuil_alerte", css="num", sort="margin")
    seuil = Column(_("Threshold"), "seuil_alerte", css="num")
    prix = Column(_("Price"), "prix", "boutique__currency", css="num")

    def cell_code(self, code, key):
        return self.named(code, key)

    def cell_stock(self, stock, threshold):
        return label(_("Stock")) + stock_html(stock, threshold)

    def cell_seuil(self, threshold):
        return label(_("Threshold")) + escape(formats.number(threshold))

    def cell_prix(self, prix, currency):
        return amount(prix, currency)


def label(text):
    """What a number is, where a card on a phone has no head of the column to say it."""
    return f'<span class="in-card">{escape(str(text))} </span>'


def stock_html(stock, threshold):
    """The stock, marked where it is low or gone."""
    if stock > threshold:
        return escape(formats.number(stock))
    word = _("out of stock") if stock <= 0 else _("low")
    css = "status-cancelled" if stock <= 0 else "status-pending"
    return f'{escape(formats.number(stock))} <span class="status {css}">{escape(str(word))}</span>'


class BoutiqueTable(InventoryTable):
    slug = "boutiques"
    link = ("inventory:boutique", "pk")
    named_by = "nom"
    sorts = (Sort("nom", _("Name"), "sort_name"),)

    nom = Column(_("Name"), "nom", "pk", css="who", sort="nom", fixed=True)
    code = Column(_("Code"), "code_boutique", css="ref")
    currency = Column(_("Currency"), "currency")

    def cell_nom(self, nom, key):
        return self.named(nom, key)


class TerminalTable(InventoryTable):
    slug = "terminaux"
    link = ("inventory:terminal", "pk")
    named_by = "nom_terminal"
    sorts = (Sort("nom", _("Name"), "sort_name"),)

    nom = Column(_("Name"), "nom_terminal", "pk", css="who", sort="nom", fixed=True)
    serie = Column(_("Serial number"), "numero_serie", css="ref")
    boutique = Column(_("Shop"), "boutique__nom", css="who")
    sync = Column(_("Last synchronisation"), "etat__derniere_sync", css="num")
    echec = Column(_("Last error"), "etat__dernier_code", "etat__dernier_echec")
    cle = Column(_("Key"), "cle_donnee_le", "sans_cle")

    def cell_nom(self, nom, key):
        return self.named(nom, key)

    def cell_sync(self, at):
        late = at is None or timezone.now() - at > SILENT_AFTER
        words = self.moment(at) or escape(str(_("never")))
        return f'<span class="missing">{words}</span>' if late else words

    def cell_echec(self, code, at):
        return f'{escape(code)} <span class="sub">{self.moment(at)}</span>' if code else ""

    def cell_cle(self, given, old):
        if given:
            return self.moment(given)
        return escape(str(_("serial number alone") if old else _("none")))


class MouvementTable(InventoryTable):
    slug = "mouvements"
    link = ("inventory:mouvement", "pk")
    version = "pk"  # a row of the ledger never changes
    sorts = (Sort("date", _("When"), "date_mouvement", descending=True),)

    date = Column(_("When"), "date_mouvement", "pk", css="num", sort="date", fixed=True)
    boutique = Column(_("Shop"), "boutique__nom", css="who")
    article = Column(_("Article"), "article__code", "article__nom", "article_id", css="who")
    genre = Column(_("Type"), "type_mouvement")
    quantite = Column(_("Quantity"), "quantite", css="num")
    stock = Column(_("Stock"), "stock_avant", "stock_apres", css="num")
    reference = Column(_("Document"), "reference_document", css="ref")
    utilisateur = Column(_("By"), "utilisateur", css="who")
    commentaire = Column(_("Comment"), "commentaire", css="addr", optional=True)

    def __init__(self, chosen=()):
        super().__init__(chosen)
        self.article_url = reverse("inventory:article", args=[0]).rsplit("0", 1)[0]

    def cell_date(self, at, key):
        return self.named(self.moment(at), key)

    def cell_article(self, code, nom, key):
        return f'<a href="{self.article_url}{key}/">{escape(code)} {escape(nom)}</a>'

    def cell_genre(self, genre):
        return choice(TypeMouvement, genre)

    def cell_quantite(self, quantity):
        sign = "+" if quantity > 0 else "−"
        return f"{sign}{escape(formats.number(abs(quantity)))}"

    def cell_stock(self, before, after):
        numbers = (escape(formats.number(number)) for number in (before, after))
        return " → ".join(numbers)


class VenteTable(InventoryTable):
    slug = "ventes"
    link = ("inventory:vente", "pk")
    named_by = "numero_facture"
    version = "pk"
    sorts = (Sort("date", _("Sold"), "date_vente", descending=True),)

    numero = Column(_("Invoice number"), "numero_facture", "pk", css="ref", fixed=True)
    boutique = Column(_("Shop"), "boutique__nom", css="who")
    terminal = Column(_("Terminal"), "terminal__nom_terminal", css="who")
    vendue = Column(_("Sold"), "date_vente", css="num", sort="date")
    recue = Column(_("Received"), "recue_le", css="num")
    total = Column(_("Total"), "montant_total", "boutique__currency", "stock_negatif", css="num")

    def cell_numero(self, numero, key):
        return self.named(numero, key)

    def cell_vendue(self, at):
        return self.moment(at)

    cell_recue = cell_vendue

    def cell_total(self, total, currency, negative):
        words = escape(str(_("below zero")))
        flag = f' <span class="status status-pending">{words}</span>'
        return amount(total, currency) + (flag if negative else "")


class QuarantaineTable(InventoryTable):
    slug = "quarantaine"
    link = ("inventory:quarantaine-detail", "pk")
    named_by = "numero_facture"
    sorts = (Sort("id", _("Latest"), "id", descending=True),)

    numero = Column(_("Invoice number"), "numero_facture", "pk", css="ref", fixed=True)
    boutique = Column(_("Shop"), "boutique__nom", css="who")
    terminal = Column(_("Terminal"), "terminal__nom_terminal", css="who")
    recue = Column(_("Received"), "recue_le", css="num", sort="id")
    motif = Column(_("Reason"), "motif", "phrase", "valeurs", "detail", css="addr")
    etat = Column(_("State"), "etat", css="state")

    def cell_numero(self, numero, key):
        return self.named(numero or f"#{key}", key)

    def cell_recue(self, at):
        return self.moment(at)

    def cell_motif(self, motif, *detail):
        return (
            f'{choice(Motif, motif)} <span class="sub">{escape(str(Detail.kept(*detail)))}</span>'
        )

    def cell_etat(self, etat):
        css = "status-pending" if etat == EtatQuarantaine.EN_ATTENTE else "status-completed"
        return f'<span class="status {css}">{choice(EtatQuarantaine, etat)}</span>'
