"""Lists for integrations: a desk's own filter, and pages by key."""

from http import HTTPStatus

import django_filters
from django import forms
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter

from project.ui.filters import FlagFilter
from project.ui.pages import BadCursor, Pager

from . import problems
from .problems import Problem

SIZE, MOST = 50, 200
LARGEST_KEY = 2**63 - 1


def page(request, desk, sort, records, serializer, *, user):
    """{"results", "next"} of the desk's records that the query string asks for, as `serializer`
    shows them; `records` is the queryset that brings what it shows along.

    Raises Problem, naming each parameter that is wrong. The number of statements does not depend
    on the page's size.
    """
    asked = request.query_params
    filterset = desk.filterset(asked, user=user)
    wrong = wrong_in(asked, filterset.form, "cursor", "limit")
    size, cursor = size_of(asked.get("limit", "")), asked.get("cursor") or None
    if size is None:
        text = _("A number from 1 to %(most)s.") % {"most": MOST}
        wrong.append(problems.at("parameter", "limit", text))
    if wrong:
        raise bad(wrong)
    try:
        found = Pager(filterset.branches(sort), sort, size=size, fields=()).page(
            after=cursor, count=lambda: None, strict=True
        )
    except BadCursor:
        text = _("This cursor is not of this list.")
        raise bad([problems.at("parameter", "cursor", text)]) from None
    keys = [row[0] for row in found.rows]
    by_key = {record.pk: record for record in records.filter(pk__in=keys)}
    shown = [by_key[key] for key in keys if key in by_key]
    return {
        "results": serializer(shown, many=True).data,
        "next": found.next["after"] if found.next else None,
    }


def asked(request, form_class):
    """What a form reads from the query string; raises Problem, naming what is wrong."""
    form = form_class(request.query_params)
    if wrong := wrong_in(request.query_params, form):
        raise bad(wrong)
    return form.cleaned_data


def wrong_in(asked, form, *beside):
    """What is wrong with the parameters: those that are neither the form's nor `beside`, and those
    that the form refuses."""
    unknown = set(asked) - set(form.fields) - set(beside)
    wrong = [
        problems.at("parameter", name, _("There is no such parameter.")) for name in sorted(unknown)
    ]
    for name, texts in form.errors.items():
        wrong += [problems.at("parameter", name, text) for text in texts]
    return wrong


def bad(wrong):
    return Problem(HTTPStatus.BAD_REQUEST, "invalid-parameters", errors=wrong)


def size_of(text):
    """The number of records asked for; None for what is no such number."""
    if not text:
        return SIZE
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= MOST):
        return None
    return int(text)


# -------------------------------------------------------------------------------- described
def parameters_of(filterset):
    """The filters of a list as OpenAPI has them."""
    described = [parameter(name, each) for name, each in filterset.base_filters.items()]
    return [
        *described,
        OpenApiParameter("cursor", str, description="The `next` of the page before."),
        OpenApiParameter(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": MOST, "default": SIZE},
            description="How many records a page has.",
        ),
    ]


def parameter(name, each):
    schema, style = {"type": "string"}, {}
    if isinstance(each, django_filters.MultipleChoiceFilter):
        values = [value for value, _label in each.field.choices]
        schema = {"type": "array", "items": {"type": "string", "enum": values}}
        style = {"explode": True}
    elif isinstance(each.field, forms.ModelChoiceField) or hasattr(each.field, "queryset"):
        schema = {"type": "integer", "minimum": 1, "maximum": LARGEST_KEY}
    elif isinstance(each, django_filters.ChoiceFilter):
        values = [value for value, _label in each.field.choices if value]
        schema = {"type": "string", "enum": values}
    elif isinstance(each, FlagFilter):
        schema = {"type": "boolean"}
    elif isinstance(each, django_filters.DateFilter):
        schema = {"type": "string", "format": "date"}
    elif isinstance(each, django_filters.CharFilter):
        schema = {"type": "string", "maxLength": each.field.max_length}
    return OpenApiParameter(name, schema, description="", **style)
