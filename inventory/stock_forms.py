"""Forms of many lines: documents, counts, returns, and a sale that is corrected."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.actions.forms import ReasonField
from project.ui.numbers import LocalDecimalField

from .forms import QuantityField
from .models import Article, Boutique
from .movements import returnable
from .payloads import MOST_PIECES, Unreadable, is_key, read
from .stock import LARGEST_STOCK

LINES = 8
SPARE = 2
# What one page holds of a count, and of a document or a sale: a form has its bounds.
MOST_COUNTED = 200
MOST_LINES = 200


class ShopForm(forms.Form):
    """Which shop a page is about."""

    boutique = forms.ModelChoiceField(
        label=gettext_lazy("Shop"), queryset=Boutique.objects.active().order_by("sort_name", "pk")
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

    def __init__(self, *args, shop, count=LINES, **kwargs):
        """With `count` lines, from LINES to MOST_LINES."""
        super().__init__(*args, **kwargs)
        self.shop = shop
        self.count = min(max(count, LINES), MOST_LINES)
        for n in range(self.count):
            self.fields[f"article_{n}"] = article_field(n)
            self.fields[f"quantity_{n}"] = QuantityField(required=False)
        self.offered = Article.objects.active().filter(boutique=shop).order_by("code", "pk")

    def lines(self):
        """The pairs of fields, as a template lays them out."""
        return [(self[f"article_{n}"], self[f"quantity_{n}"]) for n in range(self.count)]

    @property
    def may_grow(self):
        return self.count < MOST_LINES

    def clean(self):
        data = super().clean()
        typed = {n: code_of(data.get(f"article_{n}") or "") for n in range(self.count)}
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

    def __init__(self, *args, shop, text="", **kwargs):
        """`text` finds which articles; once they were shown, it is those, whatever came since."""
        super().__init__(*args, **kwargs)
        self.lost = False
        articles = shop.articles.select_related("boutique").order_by("nom", "pk")
        if self.is_bound:
            shown = shown_in(self.data)
            self.articles = list(articles.filter(pk__in=shown))
            self.lost = len(self.articles) < len(shown)
        else:
            articles = articles.active()
            self.articles = list((articles.search(text) if text else articles)[:MOST_COUNTED])
        self.fields["reference"].initial = f"INV-{timezone.localdate():%Y%m%d}"
        for article in self.articles:
            self.fields[f"expected_{article.pk}"] = forms.IntegerField(
                label=str(article),
                widget=forms.HiddenInput,
                initial=article.quantite_stock,
                min_value=-LARGEST_STOCK,
                max_value=LARGEST_STOCK,
            )
            self.fields[f"counted_{article.pk}"] = forms.IntegerField(
                label=str(article), required=False, min_value=0, max_value=MOST_PIECES
            )

    def freeze(self):
        """What was previewed is what will be written: until one goes back to change it."""
        for name, field in self.fields.items():
            if not name.startswith("expected_"):
                field.widget.attrs["readonly"] = True

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
        if self.lost:
            raise ValidationError(_("An article is not of this shop: start again."))
        for article in self.articles:
            if not article.est_actif and data.get(f"counted_{article.pk}") is not None:
                self.add_error(
                    f"counted_{article.pk}",
                    _("This article was deactivated meanwhile: empty its box to leave it out."),
                )
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


def shown_in(data):
    """The keys of the articles that a count was shown with: those whose snapshot came back."""
    names = (re.fullmatch(r"expected_([1-9][0-9]{0,17})", name) for name in data)
    return [int(name[1]) for name in names if name][:MOST_COUNTED]


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


def content_of(entry):
    content = entry.vente_proposee
    return content if isinstance(content, dict) else {}


def lines_of(entry):
    """The lines of a sale in quarantine, as dicts; whatever else there is is none."""
    lines = content_of(entry).get("lignes")
    return [each for each in lines if isinstance(each, dict)] if isinstance(lines, list) else []


def lines_shown(entry, lines):
    """[(article in words or '', quantity, price)] of some of its lines; one statement."""
    keys = {key for each in lines if is_key(key := each.get("article_id"))}
    known = {
        article.pk: str(article)
        for article in Article.objects.filter(boutique=entry.boutique_id, pk__in=keys)
    }
    return [
        (
            known.get(key, "") if is_key(key := each.get("article_id")) else "",
            each.get("quantite"),
            each.get("prix_unitaire"),
        )
        for each in lines
    ]


class CorrectForm(forms.Form):
    """A sale in quarantine, corrected: by its shop's articles, and readable at the end.

    Of a long one so many lines at a time, from `first` on; the others stay as they are, and may
    still have to be corrected.
    """

    numero_facture = forms.CharField(label=gettext_lazy("Invoice number"), max_length=100)
    date_vente = forms.DateTimeField(
        label=gettext_lazy("Sold"),
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local", "step": 1}, format="%Y-%m-%dT%H:%M:%S"
        ),
        input_formats=["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    )

    def __init__(self, *args, instance, first=0, **kwargs):
        self.instance = instance
        lines = lines_of(instance)
        first = first if first < len(lines) else 0
        self.before, self.after = lines[:first], lines[first + MOST_LINES :]
        given = lines[first : first + MOST_LINES]
        self.offered = Article.objects.filter(boutique=instance.boutique_id).order_by("code", "pk")
        super().__init__(*args, initial=self.first(given), **kwargs)
        self.shown, self.total = (first + 1, first + len(given)), len(lines)
        self.count = max(1, len(given)) + (0 if self.after else SPARE)
        for n in range(self.count):
            self.fields[f"article_{n}"] = article_field(n)
            self.fields[f"quantity_{n}"] = QuantityField(required=False)
            self.fields[f"price_{n}"] = LocalDecimalField(
                label=_("Unit price"), required=False, min_value=0
            )

    def first(self, given):
        """What the fields start with: whatever of the content can be read."""
        initial = {"numero_facture": self.instance.numero_facture}
        date = content_of(self.instance).get("date_vente")
        try:
            moment = timezone.datetime.fromisoformat(date)
            initial["date_vente"] = timezone.localtime(
                timezone.make_aware(moment) if timezone.is_naive(moment) else moment
            )
        except (TypeError, ValueError, OverflowError):
            pass  # there is none that could be shown
        for n, (article, quantity, price) in enumerate(lines_shown(self.instance, given)):
            initial[f"article_{n}"] = article
            initial[f"quantity_{n}"] = quantity
            initial[f"price_{n}"] = price
        return initial

    def others(self):
        """[(first, from, to)] of the lines that are on other pages: where each begins."""
        starts = range(0, self.total, MOST_LINES)
        return [
            (start, start + 1, min(start + MOST_LINES, self.total))
            for start in starts
            if start + 1 != self.shown[0]
        ]

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
                if quantity is not None or price is not None:
                    self.add_error(f"article_{n}", _("Which article?"))
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
            "lignes": [*self.before, *lignes, *self.after],
        }
        if self.before or self.after:
            return data
        try:
            read(self.content, self.instance.boutique.currency, most_lines=None)
        except Unreadable as problem:
            raise ValidationError(str(problem.detail)) from None
        return data
