"""Forms of many lines: documents, counts, returns, and a sale that is corrected."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.actions.forms import ReasonField

from .forms import QuantityField
from .models import Article, Boutique
from .movements import returnable
from .payloads import MOST_PIECES, Unreadable, read

LINES = 8
SPARE = 2


class ShopForm(forms.Form):
    """Which shop a page is about."""

    boutique = forms.ModelChoiceField(
        label=gettext_lazy("Shop"), queryset=Boutique.objects.active().order_by("nom", "pk")
    )


def article_field(n):
    """The article of a line (0 is the first), by its code; the page suggests those offered."""
    return forms.CharField(
        label=_("Article %(n)s") % {"n": n + 1},
        required=False,
        max_length=260,
        widget=forms.TextInput(attrs={"list": "articles", "autocomplete": "off"}),
    )


class DocumentForm(forms.Form):
    """A receipt or an issue of one shop: articles by their code, and how many of each."""

    reference = forms.CharField(
        label=gettext_lazy("Document"),
        max_length=100,
        help_text=gettext_lazy("Number of the delivery note, order…"),
    )
    comment = forms.CharField(label=gettext_lazy("Comment"), max_length=200, required=False)

    def __init__(self, *args, shop, **kwargs):
        super().__init__(*args, **kwargs)
        self.shop = shop
        for n in range(LINES):
            self.fields[f"article_{n}"] = article_field(n)
            self.fields[f"quantity_{n}"] = QuantityField(required=False)
        self.offered = Article.objects.active().filter(boutique=shop).order_by("code", "pk")

    def lines(self):
        """The pairs of fields, as a template lays them out."""
        return [(self[f"article_{n}"], self[f"quantity_{n}"]) for n in range(LINES)]

    def clean(self):
        data = super().clean()
        typed = {n: code_of(data.get(f"article_{n}") or "") for n in range(LINES)}
        found = by_code(self.offered, typed.values())
        self.quantities = {}
        for n, code in typed.items():
            quantity = data.get(f"quantity_{n}")
            if not code:
                if quantity:
                    self.add_error(f"article_{n}", _("Which article?"))
                continue
            article = found.get(code.casefold())
            if article is None:
                self.add_error(f"article_{n}", _("This shop has no active article with this code."))
            elif article.pk in self.quantities:
                self.add_error(f"article_{n}", _("This article is there already."))
            elif quantity is None and f"quantity_{n}" not in self.errors:
                self.add_error(f"quantity_{n}", _("How many?"))
            elif quantity:
                self.quantities[article.pk] = quantity
        if not self.quantities and not self.errors:
            raise ValidationError(_("Enter at least one article."))
        return data


def code_of(text):
    """The code in what was typed or chosen: "ART-001 · Rice" is "ART-001"."""
    return text.partition(" · ")[0].strip()


def by_code(articles, codes):
    """{code without its case: article} of those of `articles` with one of these codes."""
    wanted = [code.casefold() for code in codes if code]
    found = articles.annotate(folded=Lower("code")).filter(folded__in=wanted)
    return {article.folded: article for article in found}


class CountForm(forms.Form):
    """What was counted of each article, beside the stock that was shown (the snapshot)."""

    reference = forms.CharField(label=gettext_lazy("Document"), max_length=100)

    def __init__(self, *args, articles, **kwargs):
        super().__init__(*args, **kwargs)
        self.articles = list(articles)
        self.fields["reference"].initial = f"INV-{timezone.localdate():%Y%m%d}"
        for article in self.articles:
            self.fields[f"expected_{article.pk}"] = forms.IntegerField(
                widget=forms.HiddenInput, initial=article.quantite_stock
            )
            self.fields[f"counted_{article.pk}"] = forms.IntegerField(
                label=str(article), required=False, min_value=0, max_value=MOST_PIECES
            )

    def lines(self):
        """[(article, expected, counted, difference)], as a template lays them out."""
        rows = []
        for article in self.articles:
            expected, counted = self[f"expected_{article.pk}"], self[f"counted_{article.pk}"]
            pair = self.counted.get(article.pk) if self.is_bound and self.is_valid() else None
            rows.append((article, expected, counted, pair and pair[1] - pair[0]))
        return rows

    def clean(self):
        data = super().clean()
        self.counted = {
            article.pk: (data.get(f"expected_{article.pk}"), data[f"counted_{article.pk}"])
            for article in self.articles
            if data.get(f"counted_{article.pk}") is not None
            and data.get(f"expected_{article.pk}") is not None
        }
        if not self.counted and not self.errors:
            raise ValidationError(_("Enter what was counted of one article at least."))
        return data

    @property
    def differences(self):
        """How many of what was counted differ from what was expected."""
        return sum(expected != found for expected, found in self.counted.values())


class ReturnForm(forms.Form):
    """How many of each article of a sale come back."""

    reason = ReasonField(required=False)

    def __init__(self, *args, vente, **kwargs):
        super().__init__(*args, **kwargs)
        self.sold = returnable(vente)
        for row in self.sold:
            if row["reste"] > 0:
                self.fields[f"back_{row['article']}"] = forms.IntegerField(
                    label=f"{row['code']} · {row['nom']}",
                    required=False,
                    min_value=0,
                    max_value=row["reste"],
                )

    @property
    def possible(self):
        return any(row["reste"] > 0 for row in self.sold)

    def lines(self):
        return [
            (row, self[f"back_{row['article']}"] if row["reste"] > 0 else None) for row in self.sold
        ]

    def clean(self):
        data = super().clean()
        self.quantities = {
            row["article"]: quantity
            for row in self.sold
            if (quantity := data.get(f"back_{row['article']}"))
        }
        if not self.quantities and not self.errors:
            raise ValidationError(_("Enter how many come back of one article at least."))
        return data


class CorrectForm(forms.Form):
    """A sale in quarantine, corrected: by its shop's articles, and readable at the end."""

    numero_facture = forms.CharField(label=gettext_lazy("Invoice number"), max_length=100)
    date_vente = forms.DateTimeField(
        label=gettext_lazy("Sold"),
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local", "step": 1}, format="%Y-%m-%dT%H:%M:%S"
        ),
        input_formats=["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    )

    def __init__(self, *args, instance, **kwargs):
        self.instance = instance
        content = instance.vente_proposee
        content = content if isinstance(content, dict) else {}
        given = content.get("lignes")
        given = (
            [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []
        )
        self.offered = Article.objects.filter(boutique=instance.boutique_id).order_by("code", "pk")
        super().__init__(*args, initial=self.first(content, given), **kwargs)
        self.count = max(1, len(given)) + SPARE
        for n in range(self.count):
            self.fields[f"article_{n}"] = article_field(n)
            self.fields[f"quantity_{n}"] = QuantityField(required=False)
            self.fields[f"price_{n}"] = forms.DecimalField(
                label=_("Unit price"), required=False, min_value=0, localize=True
            )

    def first(self, content, given):
        """What the fields start with: whatever of the content can be read."""
        initial = {"numero_facture": self.instance.numero_facture}
        date = content.get("date_vente")
        try:
            moment = timezone.datetime.fromisoformat(date)
            initial["date_vente"] = timezone.localtime(
                timezone.make_aware(moment) if timezone.is_naive(moment) else moment
            )
        except (TypeError, ValueError, OverflowError):
            pass  # there is none that could be shown
        keys = [each.get("article_id") for each in given]
        known = {
            article.pk: str(article)
            for article in self.offered.filter(
                pk__in=[key for key in keys if isinstance(key, int) and 0 < key < 2**63]
            )
        }
        for n, each in enumerate(given):
            key = each.get("article_id")
            initial[f"article_{n}"] = known.get(key, "") if isinstance(key, int) else ""
            initial[f"quantity_{n}"] = each.get("quantite")
            initial[f"price_{n}"] = each.get("prix_unitaire")
        return initial

    def lines(self):
        return [
            (self[f"article_{n}"], self[f"quantity_{n}"], self[f"price_{n}"])
            for n in range(self.count)
        ]

    def clean(self):
        data = super().clean()
        codes = {n: code_of(data.get(f"article_{n}") or "") for n in range(self.count)}
        found = by_code(self.offered, codes.values())
        lignes = []
        for n, code in codes.items():
            quantity, price = data.get(f"quantity_{n}"), data.get(f"price_{n}")
            if not code:
                continue
            if code.casefold() not in found:
                self.add_error(f"article_{n}", _("This shop has no article with this code."))
            elif quantity is None:
                self.add_error(f"quantity_{n}", _("How many?"))
            elif price is None:
                self.add_error(f"price_{n}", _("At what price?"))
            else:
                lignes.append(
                    {
                        "article_id": found[code.casefold()].pk,
                        "quantite": quantity,
                        "prix_unitaire": str(price),
                    }
                )
        if self.errors:
            return data
        self.content = {
            "numero_facture": re.sub(r"\s+", " ", data["numero_facture"]).strip(),
            "date_vente": data["date_vente"].isoformat(),
            "lignes": lignes,
        }
        try:
            read(self.content, self.instance.boutique.currency)
        except Unreadable as problem:
            raise ValidationError(problem.detail) from None
        return data
