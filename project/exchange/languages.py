"""What files say in any of our languages: who reads one back may not read as who wrote it."""

from django.conf import settings
from django.utils import translation


def in_every_language(read):
    """{language: what `read` gives in it}."""
    found = {}
    for code, _label in settings.LANGUAGES:
        with translation.override(code):
            found[code] = read()
    return found
