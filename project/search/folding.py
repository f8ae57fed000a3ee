"""`text.normalise` as an expression, for texts that change a thousand at a time."""

from django.db.models import Func, TextField

from project.sqlite import teach

from .text import SHORTEST_PHONE, WRITTEN, normalise

# Signs that stand on others, by their blocks: what unicodedata calls combining, but for scripts
# that no address here is written in.
COMBINING = r"[\u0300-\u036f\u0483-\u0487\u0610-\u061a\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"  # noqa: E501

# Where letters differ in more than case, `str.casefold` says what PostgreSQL's lower() does not.
CASEFOLDED = {"ß": "ss", "ς": "σ"}


class Normalised(Func):
    """The texts given, folded for search as `normalise` folds them."""

    function = "carnet_normalise"
    output_field = TextField()

    def as_postgresql(self, compiler, connection, **context):
        template = "%(function)s(concat_ws(' ', %(expressions)s))"
        return self.as_sql(compiler, connection, template=template, **context)


class Lowered(Func):
    """A text in lower case, whatever its letters: where each is compared with many, since
    `Normalised` takes ten times as long on PostgreSQL."""

    function = "carnet_lower"
    arity = 1
    output_field = TextField()

    def as_postgresql(self, compiler, connection, **context):
        return self.as_sql(
            compiler, connection, template='lower((%(expressions)s) COLLATE "und-x-icu")', **context
        )


class Texts(Func):
    """The texts of a JSON list as one."""

    template = "(SELECT GROUP_CONCAT(value, ' ') FROM JSON_EACH(%(expressions)s))"
    arity = 1
    output_field = TextField()

    def as_postgresql(self, compiler, connection, **context):
        template = "(SELECT STRING_AGG(t, ' ') FROM JSONB_ARRAY_ELEMENTS_TEXT(%(expressions)s) t)"
        return self.as_sql(compiler, connection, template=template, **context)


def function_for_postgresql():
    """The statement that teaches a PostgreSQL database `carnet_normalise`."""
    folded = r"""normalize(lower($1 COLLATE "und-x-icu"), NFKD)"""
    folded = f"regexp_replace({folded}, '{COMBINING}', '', 'g')"
    for sign, written in (CASEFOLDED | WRITTEN).items():
        folded = f"replace({folded}, '{sign.replace(chr(39), chr(39) * 2)}', '{written}')"
    folded = rf"btrim(regexp_replace({folded}, '\s+', ' ', 'g'))"
    return rf"""
        CREATE OR REPLACE FUNCTION carnet_normalise(text) RETURNS text
        LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
            WITH folded(t) AS (SELECT {folded}),
            numbers(d) AS (
                SELECT DISTINCT regexp_replace(run[1], '\D', '', 'g') FROM folded,
                regexp_matches(t, '(\+?\d[\d .()\-/]{{6,}}\d)', 'g') run
            )
            SELECT t || coalesce((
                SELECT string_agg(' ' || d, '' ORDER BY d COLLATE "C") FROM numbers
                WHERE length(d) >= {SHORTEST_PHONE} AND position(d in t) = 0
            ), '') FROM folded
        $$"""


teach("carnet_normalise", -1, normalise)
teach("carnet_lower", 1, str.lower)
