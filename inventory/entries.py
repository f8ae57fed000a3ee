"""Articles entered or corrected, and counted, many at once: what files bring in.

The rules are those of the forms, asked for all rows together; a fixed number of statements writes
any number of them.
"""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from project.audit.recorder import line, recorded
from project.audit.rows import insert_rows, values_of
from project.audit.statements import lock
from project.exchange.imports.importer import Written
from project.search.text import normalise

from . import movements
from .models import Article, Boutique
from .money import check_decimals

CREATED, CHANGED = "inventory.imported", "inventory.changed_from_file"
# {column of the file: attribute}, with how `rows` types it.
ATTRIBUTES = {
    "shop": "boutique_id",
    "code": "code",
    "name": "nom",
    "price": "prix",
    "threshold": "seuil_alerte",
}
TYPES = {
    "boutique_id": "key",
    "code": "text",
    "nom": "text",
    "prix": "number",
    "seuil_alerte": "key",
    "search_text": "text",
}
WRITES = ("nom", "prix", "seuil_alerte")
DEFAULTS = {"seuil_alerte": 0}


def articles_called(pairs):
    """Articles with one of these (shop's key, code without its case), among them; `folded` is that
    code."""
    shops, codes = ({pair[place] for pair in pairs} for place in (0, 1))
    return (
        Article.objects.filter(boutique__in=values_of(Article, shops))
        .annotate(folded=Lower("code"))
        .filter(folded__in=values_of(Article, codes))
        .order_by()
    )


# -------------------------------------------------------------------------------------- the rules
def stored_articles(entries):
    """{key: article} of those that entries change; one statement."""
    keys = [entry.pk for entry in entries if entry.pk]
    if not keys:
        return {}
    articles = Article.objects.filter(pk__in=values_of(Article, keys)).order_by()
    return {article.pk: article for article in articles.select_related("boutique")}


def faults_of(entries):
    """{number: {column: what is wrong}}: what cells by themselves don't show; two statements."""
    stored = stored_articles(entries)
    keys = {entry.values["shop"] for entry in entries if not entry.pk}
    shops = {}
    if keys:
        shops = {shop.pk: shop for shop in Boutique.objects.filter(pk__in=keys)}
    faults = {}
    for entry in entries:
        article = stored.get(entry.pk)
        shop = article.boutique if article else shops.get(entry.values["shop"])
        found = {}
        if entry.pk and (article is None or article.version != entry.version):
            found[""] = _("Changed by someone else since it was read.")
        if shop and not entry.pk and not shop.est_actif:
            found["shop"] = _("%(name)s is no longer active.") % {"name": shop}
        if shop and (price := entry.values.get("price")) is not None:
            try:
                check_decimals(Decimal(price), shop.currency)
            except ValidationError as error:
                found["price"] = " ".join(error.messages)
        if found:
            faults[entry.number] = found
    return faults


# ------------------------------------------------------------------------------------ the writing
def write(entries, *, by, tell, source):
    """Make and change articles, a batch each, under the locks of their shops. Returns `Written`."""
    written = Written()
    with transaction.atomic():
        stored = stored_articles(entries)
        shops = {entry.values["shop"] for entry in entries if not entry.pk}
        shops |= {article.boutique_id for article in stored.values()}
        lock(models.QuerySet(Boutique).filter(pk__in=values_of(Boutique, shops)))
        if stored:
            lock(models.QuerySet(Article).filter(pk__in=values_of(Article, stored)))
        written.faults = faults_of(entries)  # now that nobody else can change them
        entries = [entry for entry in entries if entry.number not in written.faults]
        change([entry for entry in entries if entry.pk], written, by, source)
        create([entry for entry in entries if not entry.pk], written, by, source)
    return written


def create(entries, written, by, source):
    """Insert the articles of entries; those whose code was taken meanwhile are at fault."""
    pairs = {
        entry.number: (entry.values["shop"], entry.values["code"].casefold()) for entry in entries
    }
    taken = (
        set(articles_called(pairs.values()).values_list("boutique", "folded")) if pairs else set()
    )
    for number, pair in pairs.items():
        if pair in taken:
            written.faults[number] = {"code": _("This shop already has an article with this code.")}
    entries = [entry for entry in entries if entry.number not in written.faults]
    if not entries:
        return
    with recorded(
        CREATED,
        Article.objects.none(),
        by=by,
        reason=source,
        sentence=line(_("Created from a file")),
        expected=len(entries),
    ) as recording:
        at = recording.batch.created_at
        same = {
            "quantite_stock": 0,
            "est_actif": True,
            "version": 1,
            "created_at": at,
            "updated_at": at,
        }
        insert_rows(Article, TYPES, (row_of(entry.values) for entry in entries), same)
        pairs = {pairs[entry.number]: entry for entry in entries}
        made = {
            (shop, folded): key
            for key, shop, folded in articles_called(pairs).values_list("pk", "boutique", "folded")
        }
        new = models.QuerySet(Article).filter(
            pk__in=values_of(Article, [made[pair] for pair in pairs])
        )
        recording.created(new, code=F("code"), nom=F("nom"))
    for pair, entry in pairs.items():
        written.names[entry.number] = entry.values["code"]
        written.keys[entry.number] = made[pair]
    written.batches.append(recording.batch)


def change(entries, written, by, source):
    """Change the articles of entries, each in what its entry says."""
    if not entries:
        return
    stored = stored_articles(entries)
    rows = []
    for entry in entries:
        article = stored[entry.pk]
        old = {name: getattr(article, name) for name in ATTRIBUTES.values()}
        new = old | given(entry.values)
        told = {
            name: [plain(old[name]), plain(new[name])] for name in WRITES if old[name] != new[name]
        }
        row = {name: new[name] for name in WRITES}
        row["search_text"] = normalise(new["code"], new["nom"])
        rows.append({"key": entry.pk, "changes": told, **row})
        written.names[entry.number] = article.code
    with recorded(
        CHANGED,
        models.QuerySet(Article).filter(pk__in=values_of(Article, list(stored))),
        by=by,
        reason=source,
        sentence=line(_("Changed from a file")),
        expected=len(entries),
    ) as recording:
        recording.update_each(rows, {name: TYPES[name] for name in (*WRITES, "search_text")})
    written.batches.append(recording.batch)


def given(values):
    """{attribute: value} of plain values by column."""
    found = {ATTRIBUTES[name]: value for name, value in values.items()}
    if found.get("prix") is not None:
        found["prix"] = Decimal(found["prix"])
    return {name: DEFAULTS.get(name) if value is None else value for name, value in found.items()}


def row_of(values):
    row = DEFAULTS | given(values)
    return row | {"search_text": normalise(row["code"], row["nom"])}


def plain(value):
    """As a log line keeps it."""
    return str(value) if isinstance(value, Decimal) else value


# ----------------------------------------------------------------------------------------- counts
def not_counted(entries):
    """{number: {column: what is wrong}} of counts of articles that are out of use."""
    keys = values_of(Article, [entry.pk for entry in entries])
    gone = set(Article.objects.inactive().filter(pk__in=keys).values_list("pk", flat=True))
    reason = str(movements.INACTIVE.message)
    return {entry.number: {"code": reason} for entry in entries if entry.pk in gone}


def count(entries, *, by, tell, source):
    """Turn what was counted into adjustments, a batch for each shop. Returns `Written`.

    The difference to what was expected is what moves: what was sold meanwhile stays sold.
    """
    written = Written(faults=not_counted(entries))
    entries = [entry for entry in entries if entry.number not in written.faults]
    keys = values_of(Article, [entry.pk for entry in entries])
    found = Article.objects.filter(pk__in=keys).order_by().select_related("boutique")
    articles = {article.pk: article for article in found}
    by_shop = {}
    for entry in entries:
        article = articles[entry.pk]
        pair = entry.before["counted"], entry.values["counted"]
        by_shop.setdefault(article.boutique, {})[entry.pk] = pair
        written.names[entry.number] = article.code
    for shop in sorted(by_shop, key=lambda shop: shop.pk):
        batch = movements.count(shop, by_shop[shop], by=by, reference=source[:100])
        written.batches.append(batch)
    return written
