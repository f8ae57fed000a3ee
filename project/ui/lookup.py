"""Fields with live search: a record found by what it is called, a text with suggestions.

They work without scripts: what is typed is then looked up when the form is sent.
"""

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import TextField, Value
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class LiveInput(forms.TextInput):
    """A text field that asks the page named `url` what could be meant."""

    template_name = "ui/widgets/lookup.html"
    free_text = True

    def __init__(self, *, url, attrs=None):
        super().__init__(attrs)
        self.url = url

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        context["widget"] |= {
            "url": reverse(self.url),
            "free_text": self.free_text,
            "text": context["widget"]["value"],
        }
        return context


class SuggestInput(LiveInput):
    """Free text, with suggestions."""


class LookupInput(LiveInput):
    """The key of a record in a hidden input, what it is called in a visible one.

    Its value is the key alone (from a record), or (key, text) as a form sent them. Text is None
    where only the key was sent, as links do.
    """

    free_text = False
    choices = ()  # set by the field

    def value_from_datadict(self, data, files, name):
        return data.get(name, ""), data.get(f"{name}_text")

    def value_omitted_from_data(self, data, files, name):
        return name not in data and f"{name}_text" not in data

    def format_value(self, value):
        return value[0] if isinstance(value, tuple) else value

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        key, text = value if isinstance(value, tuple) else (value, None)
        context["widget"]["text"] = self.text_of(key) if text is None else text
        return context

    def text_of(self, key):
        """What the record is called; '' for none."""
        try:
            record = self.choices.queryset.filter(pk=key).first() if key else None
        except (ValueError, TypeError):
            record = None
        return "" if record is None else str(record)


class LookupField(forms.ModelChoiceField):
    """A record of `queryset`, chosen from the list or typed so that only one can be meant.

    The queryset has `called(text)`: the records that go by this text. `url` names the page that
    answers the live search.
    """

    default_error_messages = {
        "invalid_choice": _("This choice is no longer available."),
        "unknown": _("Nothing is called “%(text)s” here."),
        "ambiguous": _("Several match “%(text)s”: choose one, or add the phone or the e-mail."),
    }

    read = {}  # by key: see `read_together`

    def __init__(self, queryset, *, url, attrs=None, **kwargs):
        super().__init__(queryset, widget=LookupInput(url=url, attrs=attrs), **kwargs)

    def clean(self, value):
        key, text = value if isinstance(value, tuple) else (value, None)
        if text is None:
            return super().clean(key)
        text = text.strip()
        if not text:  # emptied by hand, which leaves the key behind where there are no scripts
            return super().clean("")
        if key:
            record = super().clean(key)
            if text == str(record):
                return record
        found = list(self.queryset.called(text)[:2])
        if len(found) == 1:
            return super().clean(found[0].pk)
        code = "ambiguous" if found else "unknown"
        raise ValidationError(self.error_messages[code], code=code, params={"text": text})

    def to_python(self, value):
        return self.read.get(str(value)) or super().to_python(value)

    def has_changed(self, initial, data):
        return super().has_changed(initial, data[0] if isinstance(data, tuple) else data)


def read_together(fields, data):
    """Read the records that several lookup fields were sent the keys of: one statement for all.

    Of a record no more is read than its name.
    """
    asked = {}
    for name, field in fields.items():
        if isinstance(field, LookupField):
            key, _text = field.widget.value_from_datadict(data, {}, name)
            if key.isdecimal() and len(key) < 19:
                asked[name] = field.queryset.order_by().filter(pk=int(key))
    if len(asked) < 2:
        return
    parts = [
        records.values_list(Value(name, TextField()), "pk", "name")
        for name, records in asked.items()
    ]
    for name, key, called in parts[0].union(*parts[1:], all=True):
        model = fields[name].queryset.model
        fields[name].read = {str(key): model.from_db(None, ["id", "name"], [key, called])}


def show_only_visible(fields, user):
    """Leave in lookup fields what `user` may see: nobody learns a name by asking for a key."""
    for field in fields.values():
        if isinstance(field, LookupField):
            model = field.queryset.model._meta
            if not user.has_perm(f"{model.app_label}.view_{model.model_name}"):
                field.queryset = field.queryset.none()
