"""Demo shops: articles, receipts, a month of sales from two terminals, some in quarantine."""

from datetime import timedelta
from decimal import Decimal

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from project.audit.recorder import recorded
from project.directory.seed import insert_as

from .devices import fingerprint
from .models import Article, Boutique, EtatTerminal, Terminal
from .states import TypeMouvement
from .stock import Book
from .sync import synchronise

SERIAL = "0a1badae951f8473"
GOODS = (
    ("Riz parfumé 5 kg", 6500),
    ("Riz brisé 25 kg", 14500),
    ("Huile d'arachide 5 l", 8900),
    ("Huile de palme 1 l", 1900),
    ("Sucre en morceaux 1 kg", 950),
    ("Farine de blé 1 kg", 600),
    ("Lait en poudre 400 g", 2400),
    ("Lait concentré 1 kg", 1500),
    ("Café moulu 250 g", 1750),
    ("Thé vert Gunpowder 250 g", 1300),
    ("Tomate concentrée 400 g", 850),
    ("Sardines à l'huile 125 g", 600),
    ("Savon de Marseille 400 g", 700),
    ("Lessive en poudre 1 kg", 1600),
    ("Article Test", 25000),
    ("Eau minérale 1,5 l × 6", 2400),
    ("Jus de bissap 1 l", 1200),
    ("Biscuits petit-beurre", 450),
    ("Pâtes alimentaires 500 g", 500),
    ("Couscous de mil 1 kg", 1100),
    ("Ampoule LED 9 W", 1500),
    ("Piles AA × 4", 1200),
    ("Carte de recharge 1000", 1000),
    ("Cahier 200 pages", 650),
)
SHARED = 12  # so many of them are sold in both shops
DAYS = 30


def seed(options, rng):
    """What `manage.py seed` calls: nothing where there are shops already."""
    if Boutique.objects.exists():
        return
    with transaction.atomic():
        shops = made(
            Boutique,
            [
                {"nom": "Ma Boutique", "code_boutique": "DKR-01"},
                {"nom": "Boutique du Port", "code_boutique": "DKR-02"},
                {"nom": "Kiosque Sandaga", "code_boutique": "DKR-03", "est_actif": False},
            ],
        )
        articles = made(
            Article,
            [
                {
                    "boutique": shop,
                    "code": f"ART-{n:03d}",
                    "nom": nom,
                    "prix": Decimal(prix),
                    "est_actif": n != len(GOODS),
                }
                for shop, goods in ((shops[0], GOODS), (shops[1], GOODS[:SHARED]))
                for n, (nom, prix) in enumerate(goods, 1)
            ],
        )
        now = timezone.now()
        terminals = made(
            Terminal,
            [
                {
                    "boutique": shops[0],
                    "numero_serie": SERIAL,
                    "nom_terminal": "Terminal MAUI",
                    "sans_cle": True,
                },
                {
                    "boutique": shops[1],
                    "numero_serie": "7c41e09bb2d5560f",
                    "nom_terminal": "Caisse du port",
                    "cle_empreinte": fingerprint(rng.randbytes(32).hex()),
                    "cle_donnee_le": now - timedelta(days=DAYS),
                },
                {
                    "boutique": shops[0],
                    "numero_serie": "51d2a8c07e93b4f6",
                    "nom_terminal": "Caisse de réserve",
                    "est_actif": False,
                },
            ],
        )
        start = now - timedelta(days=DAYS)
        stocked = articles[:-2]
        receive(stocked, start, lambda: rng.randrange(20, 120), "BL-1001")
        for terminal in terminals[:2]:
            sell(terminal, [each for each in stocked if each.boutique == terminal.boutique], rng)
        quarantine(terminals[0], articles, now)
        EtatTerminal.objects.create(terminal=terminals[0], derniere_sync=now - timedelta(hours=20))
        for n, article in enumerate(articles):
            # Only now: demo data rings no bell.
            article.seuil_alerte = 5 + 5 * (n % 8)
        set_thresholds(articles)


def made(model, rows):
    return insert_as("inventory.create", model, [model(**row) for row in rows])


def receive(articles, at, quantity, reference):
    book = Book.open([article.pk for article in articles], by="Awa Diop", at=at)
    for article in articles:
        book.move(article.pk, quantity(), TypeMouvement.ENTREE, reference=reference)
    book.write()


def sell(terminal, articles, rng):
    """A month of sales, sent each evening."""
    for day in range(DAYS, 0, -3):
        evening = timezone.now() - timedelta(days=day) + timedelta(hours=6)
        ventes = [
            sale(
                f"FAC-{evening:%Y%m%d}-{terminal.pk}{n:02d}",
                evening - timedelta(minutes=45 * n),
                [
                    (article, rng.randint(1, 3))
                    for article in rng.sample(articles, rng.randint(1, 3))
                ],
            )
            for n in range(rng.randint(1, 4))
        ]
        synchronise(terminal, ventes, at=evening, announced=False)


def sale(numero, at, lines):
    return {
        "numero_facture": numero,
        "date_vente": at.isoformat(),
        "lignes": [
            {
                "article_id": getattr(article, "pk", article),
                "quantite": quantity,
                "prix_unitaire": int(getattr(article, "prix", 1000)),
            }
            for article, quantity in lines
        ],
    }


def quarantine(terminal, articles, now):
    """One that has become possible since, one that never was, one below zero."""
    at = now - timedelta(hours=20)
    late, short = articles[1], articles[2]
    ventes = [
        sale(f"FAC-{at:%Y%m%d}-901", at, [(late, 140)]),
        sale(f"FAC-{at:%Y%m%d}-902", at, [(short, 150)]),
        sale(f"FAC-{at:%Y%m%d}-903", at, [(10**6, 1)]),
    ]
    synchronise(terminal, ventes, at=at, announced=False)
    receive([late], now - timedelta(hours=3), lambda: 160, "BL-1002")


def set_thresholds(articles):
    selection = Article.objects.filter(pk__in=[article.pk for article in articles])
    chosen = models.Case(
        *(models.When(pk=each.pk, then=models.Value(each.seuil_alerte)) for each in articles)
    )
    with recorded(
        "inventory.set_threshold",
        selection,
        by=None,
        sentence=_("Alert threshold set"),
        announced=False,
    ) as batch:
        batch.update(seuil_alerte=chosen)
