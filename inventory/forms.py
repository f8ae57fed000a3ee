"""What the dialogs and pages about shops, terminals and articles ask."""

from crispy_forms.layout import Column, Fieldset, Row
from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from project.actions.forms import ActionForm
from project.ui.inputs import DayInput
from project.ui.layout import helper_of
from project.ui.numbers import LocalDecimalField

from . import documents
from .models import Article, Boutique, Terminal
from .payloads import MOST_PIECES


class QuantityField(forms.IntegerField):
    def __init__(self, **options):
        given = {"label": _("Quantity"), "min_value": 1, "max_value": MOST_PIECES}
        super().__init__(**given | options)


class RecapForm(ActionForm):
    """From which day to which, both included, and as what kind of file."""

    first = forms.DateField(label=_("From"), widget=DayInput)
    last = forms.DateField(label=_("To"), widget=DayInput)
    format = forms.ChoiceField(
        label=_("Format"),
        choices=[(each.name, each.label) for each in documents.FORMATS],
        initial=documents.FORMATS[0].name,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        self.initial = {"first": today.replace(day=1), "last": today} | self.initial

    def clean(self):
        asked = super().clean()
        first, last = asked.get("first"), asked.get("last")
        if first and last and first > last:
            self.add_error("last", gettext("The end is before the start."))
        elif first and (first.year < 2000 or (last and last.year > 2100)):
            self.add_error("first", gettext("This is not in the calendar of the shops."))
        return asked


class ThresholdForm(ActionForm):
    threshold = forms.IntegerField(
        label=_("Alert threshold"), min_value=0, max_value=MOST_PIECES, initial=5
    )


class MovementForm(ActionForm):
    """So much of each article, under a document."""

    quantity = QuantityField(
        initial=1,
        help_text=_("Of each article that is selected."),
        widget=forms.NumberInput(attrs={"data-preview": ""}),
    )
    reference = forms.CharField(
        label=_("Document"), max_length=100, help_text=_("Number of the delivery note, order…")
    )
    comment = forms.CharField(label=_("Comment"), max_length=200, required=False)


class TransferForm(MovementForm):
    shop = forms.ModelChoiceField(
        label=_("To the shop"),
        queryset=Boutique.objects.active().order_by("sort_name", "pk"),
        widget=forms.Select(attrs={"data-preview": ""}),
    )

    field_order = ("shop", "quantity", "reference", "comment")


class RecordForm(forms.ModelForm):
    rows = ()

    @property
    def helper(self):
        return helper_of(Fieldset("", *self.rows))


class BoutiqueForm(RecordForm):
    rows = (
        Row(Column("nom"), Column("code_boutique"), Column("currency")),
        "accepte_stock_negatif",
    )

    class Meta:
        model = Boutique
        fields = ["nom", "code_boutique", "currency", "accepte_stock_negatif"]


class TerminalForm(RecordForm):
    rows = (Row(Column("nom_terminal"), Column("numero_serie")), "boutique", "sans_cle")

    class Meta:
        model = Terminal
        fields = ["nom_terminal", "numero_serie", "boutique", "sans_cle"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        shops = Boutique.objects.active()
        if self.instance.boutique_id:
            shops |= Boutique.objects.filter(pk=self.instance.boutique_id)
        self.fields["boutique"].queryset = shops.order_by("sort_name", "pk")
        # A new terminal has to have a key, and so has one that ever had.
        if not self.instance.may_do_without_key:
            del self.fields["sans_cle"]
            self.rows = self.rows[:-1]

    def clean_numero_serie(self):
        return self.cleaned_data["numero_serie"].strip()


class ArticleForm(RecordForm):
    """A new article has a shop; from then on it keeps it, as its ledger does."""

    rows = (
        Row(Column("boutique"), Column("code"), Column("nom")),
        Row(Column("prix"), Column("seuil_alerte")),
    )

    class Meta:
        model = Article
        fields = ["boutique", "code", "nom", "prix", "seuil_alerte"]
        field_classes = {"prix": LocalDecimalField}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        shop = self.fields["boutique"]
        if self.instance.pk:
            shop.disabled = True
        else:
            shop.queryset = Boutique.objects.active().order_by("sort_name", "pk")

    def clean_code(self):
        return self.cleaned_data["code"].strip()
