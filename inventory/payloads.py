"""A sale as a terminal writes it, read and checked by itself: no database is asked."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from django.utils import timezone
from django.utils.translation import gettext as _

from .money import is_exact, rounded
from .states import Motif

LONGEST_NUMBER = 100
MOST_LINES = 500
MOST_PIECES = 1_000_000
LARGEST_TOTAL = Decimal(10) ** 14
YEARS = range(2000, 2101)
LARGEST_KEY = 2**63 - 1


class Unreadable(Exception):
    """A sale that can't be booked as it is: a `Motif`, and in words what is wrong with it."""

    def __init__(self, motif, detail):
        super().__init__(detail)
        self.motif, self.detail = motif, str(detail)


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


def read(data, currency):
    """The sale that `data` (parsed JSON) says; raises `Unreadable`. Amounts are in `currency`."""
    if not isinstance(data, dict):
        raise Unreadable(Motif.VENTE_INVALIDE, _("A sale is an object."))
    numero = read_number(data)
    if not numero:
        raise Unreadable(
            Motif.VENTE_INVALIDE,
            _("numero_facture: a text of 1 to %(most)s characters.") % {"most": LONGEST_NUMBER},
        )
    date = read_date(data.get("date_vente"))
    lignes = data.get("lignes")
    if not isinstance(lignes, list) or not 1 <= len(lignes) <= MOST_LINES:
        raise Unreadable(
            Motif.VENTE_INVALIDE, _("lignes: a list of 1 to %(most)s lines.") % {"most": MOST_LINES}
        )
    lignes = tuple(read_line(ligne, at, currency) for at, ligne in enumerate(lignes, 1))
    total = sum(ligne.quantite * ligne.prix for ligne in lignes)
    if total >= LARGEST_TOTAL:
        raise Unreadable(Motif.MONTANT_INVALIDE, _("The total is too large."))
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
    raise Unreadable(Motif.VENTE_INVALIDE, _("date_vente: a date and time in ISO 8601."))


def read_line(data, at, currency):
    if not isinstance(data, dict):
        raise Unreadable(Motif.VENTE_INVALIDE, _("Line %(n)s is not an object.") % {"n": at})
    article = data.get("article_id")
    if not is_key(article):
        raise Unreadable(
            Motif.VENTE_INVALIDE, _("Line %(n)s: article_id is a whole number.") % {"n": at}
        )
    quantite = data.get("quantite")
    if not is_whole(quantite) or not 0 < quantite <= MOST_PIECES:
        raise Unreadable(
            Motif.MONTANT_INVALIDE,
            _("Line %(n)s: quantite is a whole number from 1 to %(most)s.")
            % {"n": at, "most": MOST_PIECES},
        )
    prix = read_amount(data.get("prix_unitaire"))
    if prix is None or prix < 0 or not is_exact(prix, currency):
        raise Unreadable(
            Motif.MONTANT_INVALIDE,
            _("Line %(n)s: prix_unitaire is no amount in %(currency)s.")
            % {"n": at, "currency": currency},
        )
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
