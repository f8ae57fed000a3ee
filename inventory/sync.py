"""What terminals send, booked: each sale whole or not at all, each once, none lost.

Sales are decided and written in chunks, each in one transaction of a constant number of statements:
the articles are locked in id order, what is known of the sales is read, each sale is decided in
memory, and sales, lines, movements and stock are written by a statement each. Where a chunk can't
be written, its sales are tried one by one. A sale that can't be booked is kept in quarantine.

A sale is known by its shop and number, and by a digest of its content: the same again changes
nothing, another one under the same number is an error. What was received stays known by that digest
when the office corrects it in quarantine, whatever number it is booked under.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import DatabaseError, OperationalError, connections, models, router, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from project.audit.recorder import recorded
from project.audit.rows import table_of

from .models import LigneVente, Vente, VenteEnQuarantaine
from .money import rounded
from .payloads import Detail, Unreadable, VenteLue, hashed, read, read_number, written
from .states import EtatQuarantaine, Motif, Phrase, TypeMouvement
from .stock import LARGEST_STOCK, Book, StockChanged

logger = logging.getLogger(__name__)

CHUNK = 250
ATTEMPTS = 4
QUARANTINED = "EN_QUARANTAINE"
NOTHING_WRONG = Detail()


class Collision(Exception):
    """Somebody booked a sale of the same number between our look and our writing."""


@dataclass(slots=True)
class Envoi:
    """One sale of a list that was sent, from reading to its answer.

    `boutique` and `terminal` are keys. `forced` books it even below zero; `recue` is when it was
    received, where that was not now, and `received_as` under which number, where that was corrected
    since. After booking, one of `vente_id` (booked now), `known` (was
    booked before) and `motif` says what came of it.
    """

    index: int
    data: Any
    boutique: int
    terminal: int
    lue: VenteLue | None = None
    empreinte: str = ""
    forced: bool = False
    recue: datetime | None = None
    received_as: str = ""
    vente_id: int | None = None
    negative: bool = False
    known: bool = False
    motif: str = ""
    detail: Detail = NOTHING_WRONG

    @property
    def numero(self):
        return self.lue.numero if self.lue else read_number(self.data)

    @property
    def key(self):
        """What the sale is unique by."""
        return self.boutique, self.numero

    def refuse(self, motif, detail):
        self.motif, self.detail = motif, detail

    def forget(self):
        """As it was before it was decided: the transaction that it was booked in is gone."""
        self.vente_id, self.negative, self.known = None, False, False
        self.motif, self.detail = "", NOTHING_WRONG


@dataclass(slots=True)
class Resultat:
    """What came of a list of sales, each in one of these lists."""

    creees: list = field(default_factory=list)
    deja_recues: list = field(default_factory=list)
    erreurs: list = field(default_factory=list)


def synchronise(terminal, data, *, at=None, announced=True):
    """Book what `terminal` sent: a list of parsed JSON. Returns a `Resultat`.

    Not `announced` (demo data), what goes into quarantine rings no bell. Without `at`, a chunk is
    booked at the time at which it is written.

    Raises OperationalError where the database can't be written for now: what was booked by then
    stays, and the same list can be sent again.
    """
    shop = terminal.boutique
    sent = [Envoi(index, each, shop.pk, terminal.pk) for index, each in enumerate(data, 1)]
    for each in sent:
        read_one(each, shop.currency)
    answer_settled([each for each in sent if not each.lue], shop)
    kept = {}
    readable = [each for each in sent if each.lue]
    for start in range(0, len(readable), CHUNK):
        chunk = []
        for each in readable[start : start + CHUNK]:
            each.forced = shop.accepte_stock_negatif
            # The same one again, of which a first was refused in an earlier chunk: so is this.
            if each.empreinte in kept:
                each.refuse(*kept[each.empreinte])
            else:
                chunk.append(each)
        book_or_each(chunk, shop, terminal, at)
        kept |= {each.empreinte: (each.motif, each.detail) for each in chunk if each.motif}
    result = Resultat()
    for each in sent:
        if each.vente_id:
            result.creees.append(each)
        elif each.known:
            result.deja_recues.append(each)
        else:
            result.erreurs.append(each)
    if result.erreurs:
        quarantine(result.erreurs, shop, terminal, at or timezone.now(), announced)
    return result


def read_one(envoi, currency, **limits):
    """Read what was sent, or refuse it; with the digest that it is known by."""
    try:
        envoi.lue = read(envoi.data, currency, **limits)
        envoi.empreinte = envoi.lue.empreinte
    except Unreadable as problem:
        envoi.refuse(problem.motif, problem.detail)
        envoi.empreinte = hashed(envoi.data)


def answer_settled(unreadable, shop):
    """What can't be read may be booked by now, as the office wrote it."""
    if not unreadable:
        return
    settled = Known(shop, unreadable).settled
    for each in unreadable:
        if each.empreinte in settled:
            each.forget()
            each.known = True


def book_or_each(chunk, shop, terminal, at):
    """Book a chunk; if the database refuses something in it, each sale by itself."""
    try:
        book_again(chunk, shop, terminal, at)
    except OperationalError:
        raise
    except DatabaseError:
        if len(chunk) > 1:
            book_each(chunk, shop, terminal, at)
            return
        logger.exception("Sale %r of terminal %s could not be written", chunk[0].numero, terminal)
        chunk[0].refuse(Motif.ERREUR_INTERNE, Detail(Phrase.NOT_WRITTEN))


def book_each(chunk, shop, terminal, at):
    """Each sale in a transaction of its own; one that was refused is not tried twice."""
    refused = {}
    for each in chunk:
        each.forget()  # what was decided on the others' stock
        if each.empreinte in refused:
            each.refuse(*refused[each.empreinte])
            continue
        book_or_each([each], shop, terminal, at)
        if each.motif:
            refused[each.empreinte] = each.motif, each.detail


def book_again(chunk, shop, terminal, at):
    """Book a chunk, again where someone else wrote the same at the same time."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                book(chunk, shop, terminal, at)
            return
        except (Collision, StockChanged, OperationalError) as error:
            for each in chunk:
                each.forget()
            if attempt == ATTEMPTS:
                raise OperationalError(str(error)) from error


def book(chunk, shop, terminal, at):
    """Decide and write readable sales, in the caller's transaction. Raises Collision.

    At most eight statements, whatever their number and that of their lines.
    """
    if not chunk:
        return
    keys = {ligne.article for each in chunk for ligne in each.lue.lignes}
    ledger = Book.open(keys, by=terminal.nom_terminal, at=at)
    known = Known(shop, chunk)
    accepted = [each for each in chunk if decide(each, ledger, known, shop)]
    if not accepted:
        return
    ventes = insert_sales(accepted, ledger.at)
    insert_lines(accepted, ventes)
    ledger.write(ventes=ventes)
    for each in accepted:
        each.vente_id = ventes[each.key]


class Known:
    """What was received before of these sales: `booked` by number; by content `waiting` in
    quarantine, or `settled` there, under whatever number."""

    def __init__(self, shop, chunk):
        """One statement."""
        connection = _connection()
        numbers, params = table_of(
            connection,
            "t",
            {"numero": "text", "empreinte": "text"},
            [
                {"numero": numero, "empreinte": each.empreinte}
                for each in chunk
                for numero in {each.numero, each.received_as or each.numero}
            ],
        )
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT numero_facture, empreinte, '', '', '', '', '' FROM {_table(Vente)} "
                f"WHERE boutique_id = %s AND numero_facture IN (SELECT t.numero FROM {numbers}) "
                f"UNION ALL SELECT '', empreinte, etat, motif, phrase, valeurs, detail "
                f"FROM {_table(VenteEnQuarantaine)} WHERE boutique_id = %s "
                f"AND empreinte IN (SELECT t.empreinte FROM {numbers})",
                [shop.pk, *params, shop.pk, *params],
            )
            rows = cursor.fetchall()
        self.booked = {numero: empreinte for numero, empreinte, *_rest in rows if numero}
        self.settled = {row[1] for row in rows if row[2] == EtatQuarantaine.COMPTABILISEE}
        self.waiting = {
            empreinte: (motif, Detail.kept(*detail))
            for _numero, empreinte, etat, motif, *detail in rows
            if etat == EtatQuarantaine.EN_ATTENTE
        }

    def holds(self, envoi):
        """Whether this very sale is booked: as it was received, or as the office corrected it."""
        return envoi.empreinte in self.settled or any(
            self.booked.get(numero) == envoi.empreinte
            for numero in (envoi.numero, envoi.received_as)
        )


def decide(envoi, ledger, known, shop):
    """Whether this sale is to be booked; if so its movements are noted in the ledger."""
    numero = envoi.numero
    if known.holds(envoi):
        envoi.known = True
        return False
    if numero in known.booked:
        envoi.refuse(Motif.NUMERO_REUTILISE, Detail(Phrase.NUMBER_TAKEN, {"number": numero}))
        return False
    if envoi.empreinte in known.waiting:
        envoi.refuse(*known.waiting[envoi.empreinte])
        return False
    if refusal := why_not(envoi, ledger, shop):
        envoi.refuse(*refusal)
        known.waiting[envoi.empreinte] = refusal
        return False
    known.booked[numero] = envoi.empreinte
    for ligne in envoi.lue.lignes:
        ledger.move(
            ligne.article,
            -ligne.quantite,
            TypeMouvement.VENTE,
            reference=numero,
            commentaire=f"Vente #{numero} - Prix: {_price(ligne.prix)} {shop.currency}",
            vente=envoi.key,
        )
        envoi.negative |= ledger.articles[ligne.article].quantite < 0
    return True


def why_not(envoi, ledger, shop):
    """(motif, detail) of a sale that can't be booked on the stock as it is; None if it can."""
    for article, pieces in envoi.lue.pieces.items():
        etat = ledger.articles.get(article)
        if etat is None:
            return Motif.ARTICLE_INCONNU, Detail(Phrase.NO_ARTICLE, {"id": article})
        if etat.boutique != shop.pk:
            return Motif.ARTICLE_AUTRE_BOUTIQUE, Detail(Phrase.OTHER_SHOP, {"id": article})
        if etat.quantite < pieces and not envoi.forced:
            return Motif.STOCK_INSUFFISANT, Detail(Phrase.TOO_LITTLE, said_of(etat, pieces))
        if etat.quantite - pieces < -LARGEST_STOCK:
            return Motif.MONTANT_INVALIDE, Detail(Phrase.TOO_MUCH, said_of(etat, pieces))
    return None


def said_of(etat, pieces):
    return {"article": f"{etat.code} {etat.nom}", "stock": etat.quantite, "sold": pieces}


def insert_sales(accepted, at):
    """{(shop, number): id} of the sales just written. Raises Collision."""
    connection = _connection()
    table, params = table_of(
        connection,
        "t",
        {
            "boutique": "key",
            "terminal": "key",
            "numero": "text",
            "date": "moment",
            "recue": "moment",
            "total": "number",
            "negatif": "key",
            "empreinte": "text",
        },
        [
            {
                "boutique": each.boutique,
                "terminal": each.terminal,
                "numero": each.numero,
                "date": each.lue.date,
                "recue": each.recue or at,
                "total": str(each.lue.total),
                "negatif": int(each.negative),
                "empreinte": each.empreinte,
            }
            for each in accepted
        ],
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_table(Vente)} (boutique_id, terminal_id, numero_facture, date_vente, "
            "recue_le, montant_total, stock_negatif, empreinte) "
            "SELECT t.boutique, t.terminal, t.numero, t.date, t.recue, t.total, "
            # (WHERE: without it SQLite reads ON as that of a join.)
            f"t.negatif = 1, t.empreinte FROM {table} WHERE 1 = 1 "
            "ON CONFLICT DO NOTHING RETURNING boutique_id, numero_facture, id",
            params,
        )
        ventes = {(boutique, numero): key for boutique, numero, key in cursor.fetchall()}
    if len(ventes) != len(accepted):
        raise Collision
    return ventes


def insert_lines(accepted, ventes):
    connection = _connection()
    table, params = table_of(
        connection,
        "t",
        {"vente": "key", "article": "key", "quantite": "key", "prix": "number"},
        [
            {
                "vente": ventes[each.key],
                "article": ligne.article,
                "quantite": ligne.quantite,
                "prix": str(ligne.prix),
            }
            for each in accepted
            for ligne in each.lue.lignes
        ],
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_table(LigneVente)} (vente_id, article_id, quantite, prix_unitaire) "
            f"SELECT t.vente, t.article, t.quantite, t.prix FROM {table}",
            params,
        )


def quarantine(refused, shop, terminal, at, announced=True):
    """Keep sales that can't be booked, each content once; recorded, and told to the office.

    A constant number of statements. Written before the terminal is answered, so that it may drop
    them.
    """
    connection = _connection()
    once = {each.empreinte: each for each in refused}
    table, params = table_of(
        connection,
        "t",
        dict.fromkeys(
            ("numero", "empreinte", "contenu", "motif", "phrase", "valeurs", "detail"), "text"
        ),
        [
            {
                "numero": each.numero,
                "empreinte": empreinte,
                "contenu": written(each.data),
                "motif": str(each.motif),
                "phrase": str(each.detail.phrase),
                "valeurs": written(each.detail.values),
                "detail": each.detail.words,
            }
            for empreinte, each in once.items()
        ],
    )
    now = connection.ops.adapt_datetimefield_value(at)
    moment = "%s::timestamptz" if connection.vendor == "postgresql" else "%s"
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {_table(VenteEnQuarantaine)} (boutique_id, terminal_id, "
                "numero_facture, empreinte, contenu_recu, contenu, motif, phrase, valeurs, detail, "
                "etat, version, recue_le, created_at, updated_at) "
                f"SELECT {shop.pk:d}, {terminal.pk:d}, t.numero, t.empreinte, t.contenu, "
                "t.contenu, t.motif, t.phrase, t.valeurs, t.detail, "
                f"%s, 1, {moment}, {moment}, {moment} FROM {table} "
                "WHERE 1 = 1 ON CONFLICT DO NOTHING RETURNING id",
                [EtatQuarantaine.EN_ATTENTE, now, now, now, *params],
            )
            keys = [key for (key,) in cursor.fetchall()]
        if keys:
            new = models.QuerySet(VenteEnQuarantaine).filter(pk__in=keys)
            with recorded(
                "inventory.quarantine",
                new,
                by=None,
                sentence=_("Put into quarantine"),
                expected=len(keys),
                announced=announced,
            ) as batch:
                batch.created(new, numero_facture=F("numero_facture"), motif=F("motif"))


def _price(amount):
    """As terminals write prices: two decimals at least."""
    return f"{amount:f}" if amount != rounded(amount, "EUR") else f"{rounded(amount, 'EUR')}"


def _connection():
    return connections[router.db_for_write(Vente)]


def _table(model):
    return model._meta.db_table
