"""What the pages of an import ask."""

from django import forms
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from project.ui.formats import Counted
from project.ui.lookup import SuggestInput

from .cells import as_typed, from_typed, month_first_in
from .limits import LONGEST_CELL, MEGABYTE, MOST_BYTES, MOST_ROWS
from .recognition import called
from .understanding import reader_of

ORDERS = (
    ("day", gettext_lazy("day first: 31/12/2026")),
    ("month", gettext_lazy("month first: 12/31/2026")),
)
NUMBERS = (
    ("", gettext_lazy("as usual in its language; what may mean two things is an error")),
    ("comma", gettext_lazy("a comma before the decimals: 1 234,5 or 1.234,5")),
    ("point", gettext_lazy("a point before the decimals: 1,234.5")),
)
COMMA = {"": None, "comma": True, "point": False}


def order_where(month_first):
    return "month" if month_first else "day"


class OptionsForm(forms.Form):
    """How the cells of a file are to be read."""

    order = forms.ChoiceField(
        label=gettext_lazy("Dates that were typed as text"), choices=ORDERS, required=False
    )
    clears = forms.BooleanField(
        label=gettext_lazy("An empty cell empties the field"),
        help_text=gettext_lazy("Otherwise it leaves the field as it is."),
        required=False,
    )

    def options(self):
        """The options of an import; without an order its own stays, or is its owner's."""
        order, clears = self.cleaned_data["order"], self.cleaned_data["clears"]
        return {"clears": clears} | ({"month_first": order == "month"} if order else {})


class UploadForm(OptionsForm):
    file = forms.FileField(
        label=gettext_lazy("Excel or CSV file"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
    )

    field_order = ("file", "order", "clears")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["order"].initial = order_where(month_first_in(get_language()))
        self.fields["file"].help_text = _(
            "Drop it here or choose it. .xlsx or .csv, %(megabytes)s MB and %(rows)s rows at most."
        ) % {"megabytes": MOST_BYTES // MEGABYTE, "rows": Counted(MOST_ROWS)}
        self.fields["file"].max_length = 1_000
        self.fields["file"].error_messages["empty"] = _("The file is empty.")


class MatchForm(OptionsForm):
    """Which of our columns each column of the file is."""

    titled = forms.BooleanField(
        label=gettext_lazy("The row above the others holds titles"),
        help_text=gettext_lazy("Otherwise it is a row to import like the others."),
        required=False,
    )
    numbers = forms.ChoiceField(
        label=gettext_lazy("Numbers that were typed as text"), choices=NUMBERS, required=False
    )

    samples = ()  # for each column some values, where the page shows them

    def __init__(self, *args, item, **kwargs):
        super().__init__(*args, **kwargs)
        self.item = item
        self.fields["order"].initial = order_where(reader_of(item).month_first)
        told = {comma: name for name, comma in COMMA.items()}
        self.fields["numbers"].initial = told[item.decimal_comma]
        self.fields["clears"].initial = item.clears
        self.fields["titled"].initial = item.is_titled
        importer = item.importer
        choices = [("", _("— not imported —"))]
        choices += [(name, str(column.title)) for name, column in importer.counting.items()]
        self.matched = []
        for place, (title, name) in enumerate(item.columns):
            field = forms.ChoiceField(
                label=title or capfirst(called(title, place)),
                choices=choices,
                required=False,
                widget=forms.Select(attrs={"class": "form-select"}),
                initial=name if name in importer.counting else "",
            )
            self.fields[f"column_{place}"] = field
            self.matched.append(f"column_{place}")

    @property
    def columns(self):
        """(bound field, samples of what the column holds) for the page."""
        samples = self.samples or [()] * len(self.matched)
        return [(self[name], some) for name, some in zip(self.matched, samples, strict=True)]

    @property
    def names(self):
        return [self.cleaned_data[name] for name in self.matched]

    def options(self):
        asked = self.cleaned_data
        told = {"titled": asked["titled"], "decimal_comma": COMMA[asked["numbers"]]}
        return super().options() | told

    def clean(self):
        data = super().clean()
        taken = {}
        for name in self.matched:
            chosen = data.get(name)
            if chosen and chosen in taken:
                self.add_error(
                    name,
                    _("The column “%(title)s” is that already.")
                    % {"title": self.fields[taken[chosen]].label},
                )
            elif chosen:
                taken[chosen] = name
        importer = self.item.importer
        lacking = [name for name in importer.required if name not in taken]
        if lacking and importer.key not in taken and not self.errors:
            titles = ", ".join(str(importer.sheet.by_name[name].title) for name in lacking)
            self.add_error(
                None,
                _("Missing: %(titles)s. Or the reference, to change what is there.")
                % {"titles": titles},
            )
        elif set(taken) <= {importer.key} and not self.errors:
            self.add_error(None, _("Match at least one column that says something."))
        return data


class RowForm(forms.Form):
    """The cells of one row, as text, with what is wrong at each.

    What is typed here is in the language of the page, whatever the file is in.
    """

    def __init__(self, *args, item, row, **kwargs):
        super().__init__(*args, **kwargs)
        self.item = item
        columns, intake = item.importer.counting, item.importer.intake
        for name, cell in zip(item.names, row.cells, strict=True):
            column = columns[name]
            self.fields[name] = forms.CharField(
                label=str(column.title),
                required=False,
                strip=False,
                max_length=LONGEST_CELL,
                initial=as_typed(cell, get_language()),
                widget=widget_of(cell, intake[name].suggests if name in intake else ""),
                help_text=str(column.unit or ""),
            )
        self.wrong = row.errors

    @property
    def corrected(self):
        """{column: cell} of those that are no longer what the row has."""
        columns, language = self.item.importer.counting, get_language()
        return {
            name: from_typed(columns[name], self.cleaned_data[name], language)
            for name in self.changed_data
        }

    @property
    def cells(self):
        """(bound field, what is wrong with it) for the page."""
        return [(self[name], self.wrong.get(name, "")) for name in self.fields]


def widget_of(cell, suggests):
    """Where a cell is typed: with live search where `suggests` names its page."""
    if isinstance(cell, str) and "\n" in cell:
        return forms.Textarea(attrs={"rows": 2})
    if suggests:
        return SuggestInput(url=suggests)
    return forms.Textarea(attrs={"rows": 2}) if len(str(cell)) > 60 else forms.TextInput()
