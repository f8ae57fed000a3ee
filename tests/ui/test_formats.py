"""Days and clocks as each language writes them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.template import Context, Template
from django.utils import timezone, translation

from project.ui import formats

MOMENT = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "words"), [("fr", "dim. 22 nov. 2026"), ("en", "Sun 22 Nov 2026")]
)
def test_a_day_of_the_week_has_the_order_of_its_language(language, words):
    with translation.override(language):
        assert formats.weekday(date(2026, 11, 22)) == words


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "fr",
            "Vendredi 1er janvier 2027; 1er janv. 2027; ven. 1er janv. 2027; 1er janvier 2027;"
            " 01/01/2027; 01/01/2027 09:30; 09:30; vendredi 1er janvier",
        ),
        (
            "en",
            "Friday 1 January 2027; 1 Jan 2027; Fri 1 Jan 2027; 1 January 2027;"
            " 1 Jan 2027; 1 Jan 2027, 09:30; 09:30; Friday 1 January",
        ),
    ],
)
def test_a_day_reads_alike_wherever_it_is_written(language, words):
    moment = datetime(2027, 1, 1, 9, 30, tzinfo=UTC)
    shown = Template(
        "{% load ui %}{{ day|date }}; {{ day|date:'SHORT_DATE_FORMAT' }};"
        " {{ at|date:'SHORT_DATETIME_FORMAT' }}; {{ at|time:'TIME_FORMAT' }}; {{ at|date:'l j F' }}"
    )
    with translation.override(language), timezone.override("UTC"):
        day = moment.date()
        said = [formats.day(day, 0), formats.short_day(day, 0), formats.weekday(day)]
        said.append(shown.render(Context({"day": day, "at": moment})))
    assert "; ".join(said) == words


def test_french_months_are_shortened_as_usual():
    with translation.override("fr"):
        months = [formats.short_day(date(2027, month, 2), 2027) for month in range(1, 13)]
    said = "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc."
    assert " ".join(month.removeprefix("2 ") for month in months) == said


def test_only_the_first_is_an_ordinal_in_french():
    with translation.override("fr"):
        said = [formats.day(date(2027, 1, day), 2027) for day in (1, 11, 21)]
    assert said == ["Vendredi 1er janvier", "Lundi 11 janvier", "Jeudi 21 janvier"]


@pytest.mark.parametrize("value", [None, ""])
def test_no_day_is_nothing_to_write(value):
    assert Template("{{ value|date:'c' }}").render(Context({"value": value})) == ""


@pytest.mark.parametrize(
    ("language", "typed"),
    [
        ("fr", "21/11/2026"),
        ("fr", "2026-11-21"),
        ("en", "2026-11-21"),
        ("en", "11/21/2026"),  # as before this house wrote it otherwise
        ("en", "21 Nov 2026"),  # as it does
    ],
)
def test_typed_days_are_read_as_ever(language, typed):
    with translation.override(language):
        assert forms.DateField().clean(typed) == date(2026, 11, 21)


def test_a_template_takes_the_local_day_of_a_moment():
    shown = Template("{% load ui %}{{ moment|weekday }} {{ moment.date|weekday }}")
    with translation.override("en"), timezone.override("Europe/Paris"):
        text = shown.render(Context({"moment": MOMENT}))
    assert text == "Mon 23 Nov 2026 Sun 22 Nov 2026"


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("Africa/Dakar", "local time (Dakar)"),
        ("America/New_York", "local time (New York)"),
        ("UTC", "GMT+00:00"),
        ("Etc/GMT-3", "GMT+03:00"),  # its name counts the other way round
    ],
)
def test_a_clock_goes_by_its_city(zone, words):
    with translation.override("en"):
        assert formats.clock_of(MOMENT.astimezone(ZoneInfo(zone))) == words


@pytest.mark.parametrize(("count", "words"), [(0, "0"), (99, "99"), (100, "99+")])
def test_a_count_in_the_frame_goes_to_99(count, words):
    shown = Template("{% load ui %}{{ count|up_to_99 }}").render(Context({"count": count}))
    assert shown == words
