"""What the office does to stock: receipts, issues, counts, transfers, returns.

Each is a batch on articles, with a log line of each and a movement of each that names the batch.
None has an undo: a correction is another movement.
"""

from django.core.exceptions import ValidationError
from django.db.models import Exists, F, OuterRef, Q, Sum
from django.db.models.functions import Lower
from django.db.models.lookups import LessThan
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.audit.recorder import Ticket, line, recorded
from project.audit.refusals import Refusal

from . import reservations
from .models import Article, Boutique, LigneVente, MouvementStock
from .states import TypeMouvement
from .stock import LARGEST_STOCK, Book, stock_left_by

INACTIVE = Refusal("inactive", Q(est_actif=False), gettext_lazy("inactive: activate it first"))
TOO_MUCH = gettext_lazy("more than a stock can hold")
SIGNS = {TypeMouvement.ENTREE: 1, TypeMouvement.SORTIE: -1}


def too_little(quantity):
    """The refusals of articles of which not so many are there, or too many of them are kept."""
    free = LessThan(F("quantite_stock") - reservations.reserved(), quantity)
    return (
        Refusal("too_little", Q(quantite_stock__lt=quantity), gettext_lazy("too little stock")),
        Refusal("reserved", Q(free), gettext_lazy("kept for orders: too few are left")),
    )


def not_issuable(quantity):
    return (INACTIVE,) if quantity is None else (INACTIVE, *too_little(quantity))


def not_receivable(quantity):
    if quantity is None:
        return (INACTIVE,)
    return (INACTIVE, Refusal("too_much", Q(quantite_stock__gt=LARGEST_STOCK - quantity), TOO_MUCH))


def receive(selection, *, by, quantity, reference, comment="", ticket=None, announced=True):
    """Take in `quantity` of each of these articles, under a document's number."""
    with recorded(
        "inventory.receive",
        selection,
        by=by,
        reason=comment,
        ticket=ticket,
        announced=announced,
        sentence=line(_("Received"), reference),
        refusals=not_receivable(quantity),
    ) as batch:
        move_each(batch, quantity, TypeMouvement.ENTREE, by, reference, comment)
    return batch.outcome


def issue(selection, *, by, quantity, reference, comment="", ticket=None):
    """Take `quantity` of each of these articles out, under a document's number."""
    with recorded(
        "inventory.issue",
        selection,
        by=by,
        reason=comment,
        ticket=ticket,
        sentence=line(_("Issued"), reference),
        refusals=not_issuable(quantity),
    ) as batch:
        move_each(batch, -quantity, TypeMouvement.SORTIE, by, reference, comment)
    return batch.outcome


def move_each(batch, quantity, genre, by, reference, comment):
    keys = batch.accepted().order_by().values_list("pk", flat=True)
    move(batch, dict.fromkeys(keys, quantity), genre, by, reference, comment)


def move(batch, quantities, genre, by, reference, comment="", vente=None):
    """Write the movements {article: quantity} of an open batch, and the stock of its articles."""
    book = Book.open(quantities, by=str(by))
    for key, quantity in quantities.items():
        book.move(key, quantity, genre, reference=reference, commentaire=comment, vente=vente)
    write(batch, book)


def write(batch, book):
    """Raises ValidationError where a stock would be more than one can hold."""
    check_none_too_large(book)
    book.write_movements(batch=batch.batch)
    batch.update(quantite_stock=stock_left_by(batch.batch))
    book.follow_up()


# ------------------------------------------------------------------------ documents of many lines
def document(shop, quantities, genre, *, by, reference, comment="", token=None):
    """Receive or issue {article: how many}, all or nothing. Returns the batch.

    `genre` is ENTREE or SORTIE. Raises ValidationError, naming what is in the way, and AlreadyDone.
    """
    receiving = genre == TypeMouvement.ENTREE
    with recorded(
        "inventory.receive" if receiving else "inventory.issue",
        articles_of(shop, quantities),
        by=by,
        reason=comment,
        ticket=Ticket(token=token),
        sentence=line(_("Received") if receiving else _("Issued"), reference),
    ) as batch:
        book = Book.open(quantities, by=str(by))
        for key, quantity in quantities.items():
            book.move(key, SIGNS[genre] * quantity, genre, reference=reference, commentaire=comment)
        check_none_short(book)
        if not receiving:
            check_none_kept(book)
        write(batch, book)
    return batch.batch


def check_none_too_large(book):
    stocks = book.articles.values()
    large = {each.id for each in stocks if abs(each.quantite) > LARGEST_STOCK}
    large |= {key for key, quantity in book.quantities() if abs(quantity) > LARGEST_STOCK}
    if large:
        raise ValidationError(
            [
                _("%(article)s: more than a stock can hold.")
                % {"article": f"{etat.code} {etat.nom}"}
                for etat in stocks
                if etat.id in large
            ]
        )


def check_none_short(book):
    short = [
        _("%(article)s: only %(stock)s in stock.")
        % {"article": f"{etat.code} {etat.nom}", "stock": etat.avant}
        for etat in book.articles.values()
        if etat.quantite < 0 and etat.quantite < etat.avant
    ]
    if short:
        raise ValidationError(short)


def check_none_kept(book):
    """Raise ValidationError where less would be left of an article than is kept for orders."""
    kept = Article.objects.filter(pk__in=list(book.articles)).annotate(kept=reservations.reserved())
    short = [
        _("%(article)s: %(kept)s of %(stock)s are kept for orders.")
        % {"article": f"{etat.code} {etat.nom}", "kept": pieces, "stock": etat.avant}
        for key, pieces in kept.values_list("pk", "kept")
        for etat in [book.articles[key]]
        if 0 <= etat.quantite < pieces
    ]
    if short:
        raise ValidationError(short)


def count(shop, counted, *, by, reference, token=None):
    """Bring the stock to what was counted: {article: (the stock when it was shown, counted)}.

    The difference is what moves: what was sold meanwhile stays sold. Returns the batch, or None
    where all was as it should be.
    """
    differences = {
        key: found - expected for key, (expected, found) in counted.items() if found != expected
    }
    if not differences:
        return None
    with recorded(
        "inventory.count",
        articles_of(shop, differences),
        by=by,
        ticket=Ticket(token=token),
        sentence=line(_("Counted"), reference),
    ) as batch:
        book = Book.open(differences, by=str(by))
        for key, difference in differences.items():
            expected, found = counted[key]
            book.move(
                key,
                difference,
                TypeMouvement.AJUSTEMENT,
                reference=reference,
                commentaire=_("Count: %(found)s counted, %(expected)s expected.")
                % {"found": found, "expected": expected},
            )
        write(batch, book)
    return batch.batch


def articles_of(shop, keys):
    """These articles of the shop; raises ValidationError where one is of another."""
    articles = Article.objects.filter(pk__in=list(keys), boutique=shop)
    if articles.count() != len(keys):
        raise ValidationError(_("An article is not of this shop: start again."))
    return articles


# -------------------------------------------------------------------------------------- transfers
def not_transferable(shop, quantity):
    """Why an article can't go to `shop`, where it is known by the same code."""
    if shop is None or quantity is None:
        return (INACTIVE,)
    there = called_the_same(shop).filter(est_actif=True)
    # An article of each shop may arrive at the same one.
    most = LARGEST_STOCK - quantity * Boutique.objects.count()
    return (
        INACTIVE,
        Refusal("same_shop", Q(boutique=shop), gettext_lazy("already in this shop")),
        Refusal(
            "unknown_there",
            ~Exists(there),
            gettext_lazy("that shop has no active article with this code"),
        ),
        Refusal("too_much", Exists(there.filter(quantite_stock__gt=most)), TOO_MUCH),
        *too_little(quantity),
    )


def called_the_same(shop):
    """The article of `shop` with the code of the outer query's, however that is written."""
    folded = Article.objects.alias(folded=Lower("code"))
    return folded.filter(boutique=shop, folded=Lower(OuterRef("code")))


def transfer(selection, *, by, shop, quantity, reference, comment="", ticket=None):
    """Send `quantity` of each of these articles to another shop: out here, in there, in one act.

    The two movements bear the same document and the same batch.
    """
    codes = selection.order_by().values(folded=Lower("code"))
    everything = Article.objects.alias(folded=Lower("code")).filter(
        Q(pk__in=selection.order_by().values("pk")) | Q(boutique=shop, folded__in=codes)
    )
    with recorded(
        "inventory.transfer",
        selection,
        by=by,
        reason=comment,
        ticket=ticket,
        sentence=line(_("Sent to %(shop)s") % {"shop": shop}, reference),
        refusals=not_transferable(shop, quantity),
        locks=(everything,),  # both sides, in one go and one order
    ) as batch:
        there = called_the_same(shop).values("pk")[:1]
        pairs = dict(batch.accepted().order_by().annotate(there=there).values_list("pk", "there"))
        book = Book.open({*pairs, *pairs.values()}, by=str(by))
        arriving = {}
        for here, other in pairs.items():
            book.move(
                here, -quantity, TypeMouvement.SORTIE, reference=reference, commentaire=comment
            )
            arriving[other] = arriving.get(other, 0) + quantity
        for key, amount in arriving.items():
            book.move(key, amount, TypeMouvement.ENTREE, reference=reference, commentaire=comment)
        book.write_movements(batch=batch.batch)
        left = stock_left_by(batch.batch)
        batch.update(quantite_stock=left)
        if arriving:
            batch.update_also(
                Article.objects.filter(pk__in=list(arriving)),
                "inventory.transfer_in",
                line(_("Arrived from another shop"), reference),
                quantite_stock=left,
            )
        book.follow_up()
    return batch.outcome


# ---------------------------------------------------------------------------------------- returns
def returnable(vente):
    """[{article, code, nom, vendu, rendu, reste}] of a sale: what can still be taken back."""
    sold = (
        LigneVente.objects.filter(vente=vente)
        .order_by("article__code")
        .values("article", code=F("article__code"), nom=F("article__nom"))
        .annotate(vendu=Sum("quantite"))
    )
    back = dict(
        MouvementStock.objects.filter(vente=vente, type_mouvement=TypeMouvement.RETOUR)
        .order_by()
        .values_list("article")
        .annotate(n=Sum("quantite"))
    )
    return [
        {**row, "rendu": back.get(row["article"], 0)}
        | {"reste": row["vendu"] - back.get(row["article"], 0)}
        for row in sold
    ]


def take_back(vente, quantities, *, by, reason="", token=None):
    """Take {article: how many} of a sale back into stock. Returns the batch.

    Raises ValidationError where more would come back than was sold, and AlreadyDone.
    """
    with recorded(
        "inventory.take_back",
        articles_of(vente.boutique_id, quantities),
        by=by,
        reason=reason,
        ticket=Ticket(token=token),
        sentence=line(_("Returned: sale %(number)s") % {"number": vente.numero_facture}, reason),
    ) as batch:
        # Under the lock of the articles: no one else takes back the same.
        left = {row["article"]: row["reste"] for row in returnable(vente)}
        if any(quantity > left.get(key, 0) for key, quantity in quantities.items()):
            raise ValidationError(_("More than was sold would come back."))
        move(
            batch,
            quantities,
            TypeMouvement.RETOUR,
            by,
            vente.numero_facture,
            reason,
            vente=vente.pk,
        )
    return batch.batch
