"""Deadlines and penalties, worked out and never accumulated: pure functions of dates and terms.

A scale is a list of tiers, as contracts keep it: {"du": first late day, "au": last one or None,
"montant": amount a day, as text}. The plain rule is one tier, from the first late day on. On the
deadline day there is no penalty; the day after is day 1.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db.models import DateField, DecimalField, Func, IntegerField, JSONField

from project.sqlite import teach


@dataclass(frozen=True, slots=True)
class Ligne:
    """What one tier adds: `jours` late days, from the `du`th to the `au`th, at `par_jour` each."""

    du: int
    au: int
    jours: int
    par_jour: Decimal
    montant: Decimal


def date_limite(debut, delai, suspendus=0):
    """The last day on which the empty container may come back."""
    return debut + timedelta(days=delai + suspendus)


def jours_de_retard(retour, limite):
    """Late days: 0 up to the deadline day itself, 1 on the day after."""
    return max(0, (retour - limite).days)


def bareme(par_jour, paliers):
    """The scale in force: the contract's tiers, or the plain rule of one amount a day."""
    return paliers or [{"du": 1, "au": None, "montant": str(par_jour)}]


def detail(jours, paliers):
    """How the penalty of so many late days comes about, a line for each tier that they reach."""
    lignes = []
    for palier in paliers:
        au = jours if palier["au"] is None else min(jours, palier["au"])
        compte = au - palier["du"] + 1
        if compte > 0:
            par_jour = Decimal(palier["montant"])
            lignes.append(Ligne(palier["du"], au, compte, par_jour, compte * par_jour))
    return lignes


def penalite(jours, paliers):
    """The sum of `detail`, in the contract's currency."""
    return sum((ligne.montant for ligne in detail(jours, paliers)), Decimal(0))


def paliers_de(marches):
    """Tiers from [(first late day, amount a day)]: each lasts until the next one begins."""
    marches = sorted(marches)
    suivants = [du for du, _montant in marches[1:]] + [None]
    return [
        {"du": du, "au": suivant and suivant - 1, "montant": f"{montant.normalize():f}"}
        for (du, montant), suivant in zip(marches, suivants, strict=False)
    ]


def marches(paliers):
    """Tiers as a page shows them: [(first late day, last or None, amount a day)]."""
    return [(each["du"], each["au"], Decimal(each["montant"])) for each in paliers]


def etendue(du, au):
    """Which late days a tier is about: "1–10", "31+"."""
    return f"{du}–{au}" if au else f"{du}+"


def en_mots(paliers):
    """Tiers in a line, as a log tells them: "1–10: 15000, 11+: 25000"."""
    return ", ".join(
        f"{etendue(palier['du'], palier['au'])}: {palier['montant']}" for palier in paliers or ()
    )


# --------------------------------------------------------------------- the same, in SQL, for sets
class PlusJours(Func):
    """A date so many days later."""

    arity = 2
    output_field = DateField()

    def as_sqlite(self, compiler, connection, **context):
        template = "DATE(%(expressions)s || ' days')"
        return self.as_sql(
            compiler, connection, template=template, arg_joiner=", '+' || ", **context
        )

    def as_postgresql(self, compiler, connection, **context):
        template = "(%(expressions)s)"
        return self.as_sql(compiler, connection, template=template, arg_joiner=" + ", **context)


class JoursEntre(Func):
    """How many days the first date is past the second; negative where it is before it."""

    arity = 2
    output_field = IntegerField()

    def as_sqlite(self, compiler, connection, **context):
        days, params = [], []
        for source in self.source_expressions:
            sql, its = compiler.compile(source)
            days.append(f"JULIANDAY({sql})")
            params += its
        return f"CAST({' - '.join(days)} AS INTEGER)", params

    def as_postgresql(self, compiler, connection, **context):
        template = "(%(expressions)s)"
        return self.as_sql(compiler, connection, template=template, arg_joiner=" - ", **context)


class Penalite(Func):
    """`penalite(jours, bareme(par_jour, paliers))` as an expression."""

    function = "carnet_penalite"
    arity = 3
    output_field = DecimalField(max_digits=14, decimal_places=3)

    def __init__(self, jours, par_jour, paliers):
        super().__init__(jours, par_jour, paliers)

    def as_postgresql(self, compiler, connection, **context):
        jours, par_jour, paliers = map(compiler.compile, self.source_expressions)
        sql = (
            "(SELECT CASE WHEN t = '[]'::jsonb THEN GREATEST(j, 0) * m ELSE (SELECT COALESCE(SUM("
            "GREATEST(0, LEAST(j, COALESCE((p->>'au')::int, j)) - (p->>'du')::int + 1)"
            " * (p->>'montant')::numeric), 0) FROM jsonb_array_elements(t) AS p) END"
            f" FROM (SELECT ({jours[0]})::int AS j, ({par_jour[0]})::numeric AS m,"
            f" ({paliers[0]})::jsonb AS t) AS asked)"
        )
        return sql, [*jours[1], *par_jour[1], *paliers[1]]


def _sqlite_penalite(jours, par_jour, paliers):
    return None if jours is None else float(penalite(jours, bareme(par_jour, json.loads(paliers))))


teach("carnet_penalite", 3, _sqlite_penalite)


class Bareme(Func):
    """`bareme(par_jour, paliers)` as an expression: the scale as JSON."""

    arity = 2
    output_field = JSONField()
    function = "carnet_bareme"

    def as_postgresql(self, compiler, connection, **context):
        par_jour, paliers = map(compiler.compile, self.source_expressions)
        plain = (
            "jsonb_build_array(jsonb_build_object("
            f"'du', 1, 'au', NULL, 'montant', trim_scale({par_jour[0]})::text))"
        )
        sql = f"(CASE WHEN {paliers[0]} = '[]'::jsonb THEN {plain} ELSE {paliers[0]} END)"
        return sql, [*paliers[1], *par_jour[1], *paliers[1]]


def _sqlite_bareme(par_jour, paliers):
    return json.dumps(bareme(f"{Decimal(str(par_jour)).normalize():f}", json.loads(paliers)))


teach("carnet_bareme", 2, _sqlite_bareme)
