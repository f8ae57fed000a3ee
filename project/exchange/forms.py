"""What the dialogs ask that end in a file."""

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.actions import saved
from project.actions.forms import ActionForm
from project.ui.formats import Counted
from project.ui.models import NamedFilter

from . import formats, printing
from .columns import sheet_of
from .xlsx import MOST_SHEETS

OFFERED = ("xlsx", "csv")


class ColumnsInput(forms.Widget):
    """Columns to tick, in an order to change: the one in which their boxes stand and are sent.

    Its value is (names in order, ticked names). A button that moves one asks for the dialog anew,
    where no script does it on the spot.
    """

    template_name = "exchange/widgets/columns.html"
    choices = ()  # set by the field: [(name, label)]

    def value_from_datadict(self, data, files, name):
        if not hasattr(data, "getlist"):  # a plain dict, from code
            data = MultiValueDict(
                {key: value if type(value) is list else [value] for key, value in data.items()}
            )
        order = data.getlist(f"{name}_order") or data.getlist(name)
        order = list(dict.fromkeys(order))
        way, _colon, moved = data.get("preview", "").partition(":")
        if way in ("up", "down") and moved in order:
            place = order.index(moved)
            other = max(place - 1, 0) if way == "up" else min(place + 1, len(order) - 1)
            order[place], order[other] = order[other], order[place]
        ticked = set(data.getlist(name))
        return order, [each for each in order if each in ticked]

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        order, ticked = value if isinstance(value, tuple) else (value or [], value or [])
        labels = dict(self.choices)
        order = [each for each in order if each in labels]
        order += [each for each in labels if each not in order]
        context["widget"]["columns"] = [
            {"name": each, "label": labels[each], "ticked": each in ticked} for each in order
        ]
        return context


class ColumnsField(forms.Field):
    """The names of the columns, in their order; at least one, or [] where none were shown."""

    widget = ColumnsInput

    def __init__(self, *, choices=(), **options):
        super().__init__(**options)
        self.choices = choices

    @property
    def choices(self):
        return self.widget.choices

    @choices.setter
    def choices(self, choices):
        self.widget.choices = list(choices)

    def bound_data(self, data, initial):
        """Where none were shown, those that are ticked at first."""
        return data if data[0] else initial

    def clean(self, value):
        known = dict(self.choices)
        order, ticked = value
        ticked = [name for name in ticked if name in known]
        if order and not ticked:
            raise ValidationError(_("Choose at least one column."))
        return ticked


def offer_saved(field, slug, user):
    """Let one choose among the saved filters of a desk, where there are any."""
    offered = NamedFilter.objects.of(slug).visible_to(user) if user else ()
    field.choices = [("", "—"), *((str(each.pk), each.name) for each in offered)]
    if len(field.choices) == 1:
        field.widget = forms.HiddenInput()


def groups_in(selection, grouping):
    """How many groups the rows make; those that belong to nobody are one."""
    counted = (
        selection.order_by()
        .annotate(group=grouping.key)
        .aggregate(n=Count("group", distinct=True), others=Count("pk", filter=Q(group=None)))
    )
    return counted["n"] + bool(counted["others"])


class FileForm(ActionForm):
    """What a dialog asks that ends in a file. Its choices can be kept under a name, together with
    the filter, and are taken again from there."""

    saved = forms.ChoiceField(
        label=gettext_lazy("Saved filters and choices"),
        required=False,
        widget=forms.Select(attrs={"data-preview": ""}),
    )
    taken = forms.CharField(required=False, widget=forms.HiddenInput)

    under = "exchange/_keep.html"

    def __init__(self, data=None, *, selection=None, user=None, **kwargs):
        self.slug = printing.slug_of(selection)
        named = saved.chosen(data, self.slug, user) if data else None
        if named:
            data = self.with_options(data, named)
        super().__init__(data, selection=selection, user=user, **kwargs)
        offer_saved(self.fields["saved"], self.slug, user)

    def with_options(self, data, named):
        """What was posted, with the choices of a saved filter in the place of the present ones;
        of what its own dialog did not ask, the present ones stay."""
        data = data.copy()
        data["taken"] = str(named.pk)
        for name in self.base_fields.keys() & named.options.keys():
            value = named.options[name]
            data.pop(name, None)
            data.pop(f"{name}_order", None)
            if value is not False:  # an unticked box is not sent
                data.setlist(name, value if isinstance(value, list) else [value])
        return data

    @property
    def keep(self):
        """The form that keeps these choices under a name."""
        return saved.NamedFilterForm(prefix="keep", use_required_attribute=False)

    def clean(self):
        asked = super().clean()
        for name in ("saved", "taken"):  # these are of the dialog, not of the file
            asked.pop(name, None)
        return asked


class ExportForm(FileForm):
    """Into which kind of file the records go, with which columns, on which sheets."""

    format = forms.ChoiceField(
        label=gettext_lazy("Format"), widget=forms.RadioSelect, initial="xlsx"
    )
    per = forms.ChoiceField(
        label=gettext_lazy("Sheets"),
        required=False,
        help_text=gettext_lazy("In an Excel file; a CSV file has one table, without totals."),
    )
    totals = forms.BooleanField(
        label=gettext_lazy("Totals under each table, by currency"), required=False, initial=True
    )
    columns = ColumnsField(label=gettext_lazy("Columns and their order"), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.sheet = sheet_of(self.slug)
        self.fields["format"].choices = [(name, formats.get(name).label) for name in OFFERED]
        self.fields["per"].choices = [
            ("", _("One for all")),
            *(
                (each.name, _("One for each: %(what)s") % {"what": each.label})
                for each in self.sheet.groupings
            ),
        ]
        self.fields["columns"].choices = [
            (column.name, str(column.title)) for column in self.sheet.columns
        ]
        self.initial.setdefault("columns", [column.name for column in self.sheet.chosen()])

    def clean(self):
        asked = super().clean()
        grouping = self.sheet.grouping(asked.get("per", ""))
        if grouping and asked.get("format") == "xlsx":
            sheets = groups_in(self.selection, grouping)
            if sheets > MOST_SHEETS:
                self.add_error(
                    "per",
                    ValidationError(
                        _("That would be %(n)s sheets, and a file has at most %(most)s."),
                        params={"n": Counted(sheets), "most": MOST_SHEETS},
                    ),
                )
        return asked


class PrintForm(FileForm):
    """Which of the desk's documents is printed, and a list's columns. A saved filter chooses the
    records anew, and brings columns of its own."""

    document = forms.ChoiceField(
        label=gettext_lazy("Document"), widget=forms.RadioSelect(attrs={"data-preview": ""})
    )
    columns = ColumnsField(label=gettext_lazy("Columns and their order"), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # Another document may be asked for before the list that shows the columns that were kept.
        named = saved.taken(self.data.get("taken") or "", self.slug, self.user)
        documents = printing.documents_of(self.slug)
        self.fields["document"].choices = [(name, each.label) for name, each in documents.items()]
        self.fields["document"].initial = next(iter(documents))
        self.own = (named and named.options.get("columns")) or []
        asked = documents.get(self.data.get("document") or next(iter(documents)))
        self.listing = asked and asked.listing
        if self.listing:
            self.fields["columns"].choices = [
                (column.name, str(column.title)) for column in self.listing.sheet.columns
            ]
            self.initial["columns"] = self.own or list(self.listing.listed)
        else:
            del self.fields["columns"]

    def clean(self):
        asked = super().clean()
        columns = asked.get("columns") or self.own
        if self.listing:
            try:
                self.listing.check(columns)
            except ValidationError as problem:
                self.add_error("columns", problem)
        # Where nobody chose, those in which nothing stands are left out.
        usual = self.listing and columns == list(self.listing.listed)
        asked["columns"] = [] if usual else columns
        return asked
