"""A sale as a terminal writes it, read and checked by itself: no database is asked."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from django.utils import timezone
from django.utils.translation import gettext as _

from project.ui import formats

from .money import is_exact, rounded
from .states import Motif, Phrase

LONGEST_NUMBER = 100
MOST_LINES = 500
MOST_TOLD = 20
MOST_PIECES = 1_000_000
LARGEST_TOTAL = Decimal(10) ** 14
YEARS = range(2000, 2101)
LARGEST_KEY = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Detail:
    """What is wrong with a sale, which `str` says in the reader's language.

    `words` is what was written of a sale that was kept before phrases were.
    """

    phrase: str = ""
    values: dict = field(default_factory=dict)
    words: str = ""

    @classmethod
    def kept(cls, phrase, values, words):
        """As a row keeps it: the values as JSON."""
        return cls(phrase, json.loads(values) if phrase else {}, words)

    def __str__(self):
        return str(Phrase(self.phrase).label) % self.values if self.phrase else self.words


class Unreadable(Exception):
    """A sale that can't be booked as it is: a `Motif`, and the `Detail` of what is wrong."""

    def __init__(self, motif, phrase, **values):
        self.motif, self.detail = motif, Detail(phrase, values)
        super().__init__(str(self.detail))


@dataclass(frozen=True, slots=True)
class Ligne:
    article: int
    quantite: int
    prix: Decimal


@dataclass(frozen=True, slots=True)
class VenteLue:
    """A complete sale. `empreinte` is the same for the same content, however it was written."""

    numero: str
    date: datetime
    lignes: tuple
    total: Decimal
    empreinte: str

    @property
    def pieces(self):
        """{article: how many of it are sold}."""
        pieces = {}
        for ligne in self.lignes:
            pieces[ligne.article] = pieces.get(ligne.article, 0) + ligne.quantite
        return pieces


def read(data, currency, *, most_lines=MOST_LINES):
    """The sale that `data` (parsed JSON) says; raises `Unreadable`. Amounts are in `currency`.

    Longer than `most_lines` it is for the office to look at, which reads it with None.
    """
    if not isinstance(data, dict):
        raise Unreadable(Motif.VENTE_INVALIDE, Phrase.NOT_AN_OBJECT)
    numero = read_number(data)
    if not numero:
        raise Unreadable(Motif.VENTE_INVALIDE, Phrase.NUMBER, most=LONGEST_NUMBER)
    date = read_date(data.get("date_vente"))
    lignes = data.get("lignes")
    if not isinstance(lignes, list) or not 1 <= len(lignes) <= (most_lines or len(lignes)):
        raise Unreadable(Motif.VENTE_INVALIDE, Phrase.LINES, most=MOST_LINES)
    lignes = tuple(read_line(ligne, at, currency) for at, ligne in enumerate(lignes, 1))
    total = sum(ligne.quantite * ligne.prix for ligne in lignes)
    if total >= LARGEST_TOTAL:
        raise Unreadable(Motif.MONTANT_INVALIDE, Phrase.TOTAL)
    return VenteLue(numero, date, lignes, total, digest(numero, date, lignes))


def read_number(data):
    """The invoice number in `data`, or '' where there is none that can be kept."""
    numero = data.get("numero_facture") if isinstance(data, dict) else None
    numero = numero.strip() if isinstance(numero, str) else ""
    return numero if numero.isprintable() and len(numero) <= LONGEST_NUMBER else ""


def read_date(text):
    """An aware moment; without an offset it is meant in the installation's zone."""
    try:
        date = datetime.fromisoformat(text)
        if date.year in YEARS:
            return timezone.make_aware(date) if timezone.is_naive(date) else date.astimezone(UTC)
    except (TypeError, ValueError):
        pass
    raise Unreadable(Motif.VENTE_INVALIDE, Phrase.DATE)


def read_line(data, at, currency):
    if not isinstance(data, dict):
        raise Unreadable(Motif.VENTE_INVALIDE, Phrase.LINE, n=at)
    article = data.get("article_id")
    if not is_key(article):
        raise Unreadable(Motif.VENTE_INVALIDE, Phrase.LINE_ARTICLE, n=at)
    quantite = data.get("quantite")
    if not is_whole(quantite) or not 0 < quantite <= MOST_PIECES:
        raise Unreadable(Motif.MONTANT_INVALIDE, Phrase.LINE_QUANTITY, n=at, most=MOST_PIECES)
    prix = read_amount(data.get("prix_unitaire"))
    if prix is None or prix < 0 or not is_exact(prix, currency):
        raise Unreadable(Motif.MONTANT_INVALIDE, Phrase.LINE_PRICE, n=at, currency=currency)
    # As its currency writes it: "0E-99999" is nothing, and no database takes it.
    return Ligne(article, quantite, rounded(prix, currency))


def is_key(value):
    return is_whole(value) and 0 < value <= LARGEST_KEY


def is_whole(value):
    return isinstance(value, int) and not isinstance(value, bool)


def read_amount(value):
    """A Decimal of a JSON number or text; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def digest(numero, date, lignes):
    """What tells the same sale sent again from another one."""
    return hashed(
        [
            numero,
            date.astimezone(UTC).isoformat(),
            [[each.article, each.quantite, str(each.prix.normalize())] for each in lignes],
        ]
    )


def hashed(content):
    """The SHA-256 of any JSON, whatever the order of its keys."""
    return hashlib.sha256(written(content).encode()).hexdigest()


def written(content):
    """JSON as plain ASCII, which every text column can hold."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def in_words(text):
    """A sale written as JSON, as the history of its corrections tells it: number, time, lines."""
    data = json.loads(text)
    if not isinstance(data, dict):
        return text
    lignes = data.get("lignes")
    lignes = lignes if isinstance(lignes, list) else [lignes]
    told = [line_in_words(ligne) for ligne in lignes[:MOST_TOLD]]
    if len(lignes) > MOST_TOLD:
        told.append("…")
    try:
        date = timezone.localtime(read_date(data.get("date_vente")))
        date = formats.date_format(date, "SHORT_DATETIME_FORMAT")
    except Unreadable:
        date = data.get("date_vente")
    return " · ".join(str(each) for each in (data.get("numero_facture"), date, ", ".join(told)))


def line_in_words(ligne):
    if not isinstance(ligne, dict):
        return str(ligne)
    return _("%(quantity)s of article %(article)s at %(price)s") % {
        "quantity": ligne.get("quantite"),
        "article": ligne.get("article_id"),
        "price": ligne.get("prix_unitaire"),
    }
