"""Sentences of the log in the reader's language. They are kept in that of whoever wrote them; what
the house said among it is found in the catalogs again, and what people said stays as it is.

Where French has two genders for one English sentence, an English one comes back in the common form.
"""

import re
from functools import cache, lru_cache
from pathlib import Path

from babel.messages.mofile import read_mo
from django.conf import settings
from django.utils.translation import get_language, gettext, pgettext

BETWEEN = " — "
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
LEAST = 4  # letters that a sentence begins with, to be known for one of ours


def retold(sentence, theirs=""):
    """A sentence of the log in the present language; `theirs` is what people said in it, whose
    parts are not ours to translate."""
    said = set(theirs.split(BETWEEN))
    return BETWEEN.join(
        part if part in said else _again(part, get_language()) for part in sentence.split(BETWEEN)
    )


def retold_reason(reason):
    """A reason: where an undo gives that of what it undid, it says so first."""
    first, between, rest = reason.partition(BETWEEN)
    undo = gettext("Undo")
    if _again(first, get_language()) != undo:
        return reason
    return undo + between + retold_reason(rest) if rest else undo


@lru_cache(maxsize=5_000)
def _again(part, language):
    for other, _name in settings.LANGUAGES:
        if other == language:
            continue
        whole, begun = _known(other)
        if part in whole:
            return _in_present(*whole[part])
        for pattern, key in begun.get(part[:LEAST], ()):
            if found := pattern.fullmatch(part):
                values = {name: _again(text, language) for name, text in found.groupdict().items()}
                return _in_present(*key) % values
    return part


def _in_present(context, message):
    return pgettext(context, message) if context else gettext(message)


@cache
def _known(language):
    """({sentence: (context, message)}, {its first letters: [(pattern, (context, message))]})."""
    path = Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.mo"
    with path.open("rb") as file:
        catalog = read_mo(file)
    whole, begun = {}, {}
    # Those without a context last, so that they count where several are said alike.
    for message in sorted(catalog, key=lambda each: each.context is None):
        if not isinstance(message.id, str) or not message.id:
            continue
        context = message.context.decode() if message.context else None
        key = (context, message.id)
        names = PLACEHOLDER.findall(message.string)
        if not names and "%" not in message.string:
            whole[message.string] = key
        elif PLACEHOLDER.sub("", message.string).count("%") == 0 and len(set(names)) == len(names):
            literal = message.string.partition("%")[0]
            if len(literal.strip()) >= LEAST:
                begun.setdefault(literal[:LEAST], []).append((_pattern(message.string), key))
    return whole, begun


def _pattern(text):
    """What a message with placeholders looks like once they are filled."""
    parts = PLACEHOLDER.split(text)  # literals, and names between them
    return re.compile(
        "".join(
            f"(?P<{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts)
        ),
        re.DOTALL,
    )
