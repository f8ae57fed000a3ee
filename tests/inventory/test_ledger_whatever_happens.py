"""Whatever tills and the office do, in any order: the ledger adds up, each sale counts once."""

from contextlib import suppress

from django.core.exceptions import ValidationError
from django.db.models import Sum
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from inventory import movements, quarantine
from inventory.ledger_check import breaks, gaps
from inventory.models import Article, MouvementStock, Vente, VenteEnQuarantaine
from inventory.states import TypeMouvement
from inventory.sync import synchronise
from tests.factories import make_article, make_boutique, make_terminal, make_user, make_vente_json
from tests.inventory.conftest import move

UNKNOWN = 999_999


class Shops:
    """Two shops that sell the same, a till in one, and what can happen to them."""

    def __init__(self, draw):
        self.draw, self.by = draw, make_user()
        self.here, self.there = make_boutique(), make_boutique()
        self.here.accepte_stock_negatif = draw(st.booleans())
        self.till = make_terminal(self.here)
        self.articles = [
            make_article(self.here, draw(st.integers(0, 9)), code=f"A{n}") for n in range(3)
        ]
        for each in self.articles:
            make_article(self.there, draw(st.integers(0, 9)), code=each.code.lower())
        self.sent = []

    @property
    def waiting(self):
        return VenteEnQuarantaine.objects.waiting().order_by("pk")

    def article(self):
        return self.draw(st.sampled_from(self.articles))

    def selected(self):
        keys = [each.pk for each in self.articles]
        return Article.objects.filter(pk__in=self.draw(st.sets(st.sampled_from(keys))))

    def send(self, ventes):
        result = synchronise(self.till, ventes)
        assert len(ventes) == sum(map(len, (result.creees, result.deja_recues, result.erreurs)))
        return result

    def sell(self):
        line = st.tuples(st.sampled_from([*self.articles, UNKNOWN]), st.integers(0, 6))
        sales = st.lists(st.lists(line, min_size=1, max_size=3), min_size=1, max_size=4)
        fresh = [make_vente_json(*lines) for lines in self.draw(sales)]
        if self.sent and self.draw(st.booleans()):  # another sale under a number that there is
            fresh[0]["numero_facture"] = self.draw(st.sampled_from(self.sent))["numero_facture"]
        self.sent += fresh
        self.send(fresh)

    def retry(self):
        if self.sent:
            self.send(self.draw(st.lists(st.sampled_from(self.sent), max_size=3)))

    def adjust(self):
        if quantity := self.draw(st.integers(-3, 3)):
            move(self.article(), quantity)

    def correct(self):
        for entry in self.waiting:
            change = self.draw(st.sets(st.sampled_from(["number", "article", "quantity"])))
            content = entry.vente_proposee
            if "number" in change:
                content["numero_facture"] = make_vente_json()["numero_facture"]
            for ligne in content["lignes"]:
                if "article" in change and ligne["article_id"] == UNKNOWN:
                    ligne["article_id"] = self.article().pk
                if "quantity" in change:
                    ligne["quantite"] = self.draw(st.integers(1, 6))
            quarantine.correct(entry, content, by=self.by)

    def replay(self):
        quarantine.replay(self.waiting, by=self.by)

    def accept(self):
        quarantine.accept(self.waiting, by=self.by, reason="It was sold")

    def transfer(self):
        shop, quantity = self.there, self.draw(st.integers(1, 4))
        movements.transfer(
            self.selected(), by=self.by, shop=shop, quantity=quantity, reference="TR"
        )

    def receive(self):
        quantity = self.draw(st.integers(1, 4))
        movements.receive(self.selected(), by=self.by, quantity=quantity, reference="BL")

    def take_back(self):
        ventes = list(Vente.objects.order_by("pk"))
        if not ventes:
            return
        vente = self.draw(st.sampled_from(ventes))
        back = {row["article"]: self.draw(st.integers(1, 3)) for row in movements.returnable(vente)}
        with suppress(ValidationError):  # more than was sold
            movements.take_back(vente, back, by=self.by)

    def count(self):
        article = self.article()
        pair = (article.quantite_stock, self.draw(st.integers(0, 9)))
        movements.count(self.here, {article.pk: pair}, by=self.by, reference="INV")


ACTS = ("sell", "retry", "adjust", "correct", "replay", "accept", "transfer", "receive")
ACTS += ("take_back", "count")


def total(**those):
    return MouvementStock.objects.filter(**those).aggregate(n=Sum("quantite"))["n"] or 0


class WhateverHappens(TestCase):
    @hypothesis_settings(max_examples=25, deadline=None)
    @given(st.data())
    def test_the_ledger_adds_up_and_each_sale_counts_once(self, data):
        shops = Shops(data.draw)
        shops.sell()
        for act in data.draw(st.lists(st.sampled_from(ACTS), max_size=10)):
            getattr(shops, act)()
        if data.draw(st.booleans()):  # at last the office settles what it can
            shops.correct()
            shops.accept()
        for article in shops.articles:  # so that the stock is in no retry's way
            move(article, 100)
        before = MouvementStock.objects.count()
        assert shops.send(shops.sent).creees == []  # all was answered for
        assert MouvementStock.objects.count() == before

        assert (breaks(), gaps()) == ([], [])
        for article in Article.objects.all():
            assert total(article=article) == article.quantite_stock
        assert total(reference_document="TR") == 0
        ventes = list(Vente.objects.all())
        assert len({vente.empreinte for vente in ventes}) == len(ventes)
        for vente in ventes:
            sold = total(vente=vente, type_mouvement=TypeMouvement.VENTE)
            assert sold == -sum(vente.lignes.values_list("quantite", flat=True))
            assert 0 <= total(vente=vente, type_mouvement=TypeMouvement.RETOUR) <= -sold
