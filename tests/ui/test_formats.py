"""Days and clocks as each language writes them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

from project.ui import formats

MOMENT = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "words"), [("fr", "dim. 22 nov. 2026"), ("en", "Sun, Nov 22, 2026")]
)
def test_a_day_of_the_week_has_the_order_of_its_language(language, words):
    with translation.override(language):
        assert formats.weekday(date(2026, 11, 22)) == words


def test_a_template_takes_the_local_day_of_a_moment():
    shown = Template("{% load ui %}{{ moment|weekday }} {{ moment.date|weekday }}")
    with translation.override("en"), timezone.override("Europe/Paris"):
        text = shown.render(Context({"moment": MOMENT}))
    assert text == "Mon, Nov 23, 2026 Sun, Nov 22, 2026"


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
