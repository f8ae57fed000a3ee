"""What the dashboard and the late report show. Every figure is worked out by the database."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import (
    Avg,
    Case,
    Count,
    DateField,
    F,
    IntegerField,
    Q,
    Sum,
    Value,
    When,
)
from django.db.models.functions import TruncMonth
from django.utils.dates import MONTHS
from django.utils.formats import localize
from django.utils.translation import gettext as _

from project.ui import formats

from .models import Cautions, ContratTransport, Mission
from .penalties import JoursEntre, Penalite
from .queries import counts
from .states import StatutMission

MONTHS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a chart: its name, its figure in words, and its bar in hundredths of the widest."""

    label: str
    figure: str
    share: int
    tone: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    what: str
    figure: str
    rows: list = field(default_factory=list)
    note: str = ""


def shares(values):
    """Each value in hundredths of the largest."""
    most = max(values, default=0)
    return [round(100 * value / most) if most else 0 for value in values]


def shares_of(values, scales):
    """The same where each value has a scale of its own: the currency that it is in."""
    widths = [0] * len(values)
    for scale in set(scales):
        places = [at for at, each in enumerate(scales) if each == scale]
        for at, share in zip(places, shares([values[at] for at in places]), strict=True):
            widths[at] = share
    return widths


def bars(title, what, figure, lines, *, tones=(), urls=(), scales=(), note=""):
    """A chart of [(label, value, figure in words)], of one scale or of one for each value."""
    values = [value for _label, value, _words in lines]
    widths = shares_of(values, scales) if scales else shares(values)
    rows = [
        Row(
            label,
            words,
            widths[at],
            tones[at] if at < len(tones) else "",
            urls[at] if at < len(urls) else "",
        )
        for at, (label, _value, words) in enumerate(lines)
    ]
    return Chart(title, what, figure, rows, note)


def month_name(month):
    return f"{str(MONTHS[month.month]).capitalize()} {month.year}"


def returned(today):
    """Finished missions of the last months, by the month in which they came back."""
    first = (today.year * 12 + today.month - 1) - (MONTHS_SHOWN - 1)
    since = date(first // 12, first % 12 + 1, 1)
    done = Mission.objects.filter(statut=StatutMission.TERMINEE, date_retour__gte=since)
    return done.filter(date_retour__lte=today).annotate(month=TruncMonth("date_retour"))


def by_month(today):
    """[{month, all, on_time, days}] of the missions that came back."""
    days = JoursEntre(F("date_retour"), F("contrat__date_debut"))
    return list(
        returned(today)
        .annotate(days_out=days)
        .values("month")
        .annotate(
            all=Count("pk"),
            on_time=Count("pk", filter=Q(jours_retard=0)),
            days=Avg("days_out"),
        )
        .order_by("month")
    )


def compliance(months):
    lines = []
    for row in months:
        rate = round(100 * row["on_time"] / row["all"])
        words = _("%(rate)s %% (%(on_time)s of %(all)s)") % {
            "rate": rate,
            "on_time": localize(row["on_time"]),
            "all": localize(row["all"]),
        }
        lines.append((month_name(row["month"]), rate, words))
    rows = [Row(label, words, rate, "ok" if rate >= 90 else "wait") for label, rate, words in lines]
    return Chart(_("Returns on time"), _("Month of the return"), _("On time"), rows)


def return_days(months):
    lines = [
        (
            month_name(row["month"]),
            float(row["days"]),
            _("%(n)s days") % {"n": localize(round(Decimal(str(row["days"])), 1))},
        )
        for row in months
    ]
    return bars(_("Average days until the return"), _("Month of the return"), _("Days"), lines)


def penalties(today):
    rows = (
        returned(today)
        .filter(counts())
        .values("month", devise=F("contrat__devise"))
        .annotate(sum=Sum("penalite"))
        .order_by("month", "devise")
    )
    lines = [
        (month_name(row["month"]), float(row["sum"]), formats.amount(row["sum"], row["devise"]))
        for row in rows
    ]
    return bars(
        _("Penalties"),
        _("Month of the return"),
        _("Amount"),
        lines,
        tones=["margin"] * len(lines),
        scales=[row["devise"] for row in rows],
        note=note_on_scales(rows),
    )


def note_on_scales(rows):
    """What is said under a chart whose bars are not all in one currency."""
    mixed = len({row["devise"] for row in rows}) > 1
    return _("Each currency has a scale of its own.") if mixed else ""


def deposits(today):
    """What each shipping line holds, and how much of it for containers that are late."""
    late = Q(contrat__statut="actif", contrat__date_limite_retour__lt=today)
    rows = (
        Cautions.objects.dehors()
        .order_by()
        .values("devise", nom=F("contrat__conteneur__compagnie__nom"))
        .annotate(held=Sum("montant"), risk=Sum("montant", filter=late))
        .order_by("nom", "devise")
    )
    lines = []
    for row in rows:
        words = formats.amount(row["held"], row["devise"])
        if row["risk"]:
            words = _("%(held)s, of which at risk %(risk)s") % {
                "held": words,
                "risk": formats.amount(row["risk"], row["devise"]),
            }
        lines.append((row["nom"], float(row["held"]), words, bool(row["risk"])))
    return bars(
        _("Deposits held"),
        _("Shipping line"),
        _("Amount"),
        [line[:3] for line in lines],
        tones=["wait" if risky else "" for *_line, risky in lines],
        scales=[row["devise"] for row in rows],
        note=" ".join(
            filter(
                None,
                (
                    _("At risk is what is held for containers past their deadline."),
                    note_on_scales(rows),
                ),
            )
        ),
    )


# (most days left, None for no end): late ones have less than none.
LEFT = (-1, 0, 3, 7, 14, None)


def containers_out(today, url=""):
    """How many containers are out now, by the days that they have left."""
    left = JoursEntre(F("date_limite_retour"), Value(today, output_field=DateField()))
    cases = [
        When(_left__lte=most, then=Value(at)) for at, most in enumerate(LEFT) if most is not None
    ]
    counts = dict(
        ContratTransport.objects.actifs()
        .order_by()
        .annotate(_left=left)
        .annotate(group=Case(*cases, default=Value(len(LEFT) - 1), output_field=IntegerField()))
        .values_list("group")
        .annotate(n=Count("pk"))
    )
    labels = (
        _("Late"),
        _("Today"),
        _("1 to 3 days"),
        _("4 to 7 days"),
        _("8 to 14 days"),
        _("More than 14 days"),
    )
    lines = [
        (label, counts.get(at, 0), localize(counts.get(at, 0))) for at, label in enumerate(labels)
    ]
    return bars(
        _("Containers out now"),
        _("Days left"),
        _("Containers"),
        lines,
        tones=("margin", "wait", "wait"),
        urls=(url,),
    )


def dashboard(today, late_url=""):
    """The charts of the dashboard; a constant few statements."""
    months = by_month(today)
    return [
        containers_out(today, late_url),
        compliance(months),
        return_days(months),
        penalties(today),
        deposits(today),
    ]


# ----------------------------------------------------------------------------------- late returns
def late_contracts(today):
    """The containers that are out past their deadline, the latest first, with days and penalty."""
    on = Value(today, output_field=DateField())
    jours = JoursEntre(on, F("date_limite_retour"))
    return (
        ContratTransport.objects.en_retard(today)
        .with_people()
        .annotate(
            retard=jours,
            penalite_courue=Penalite(jours, F("penalite_par_jour"), F("paliers")),
        )
        .order_by("date_limite_retour", "pk")
    )


def late_totals(today):
    """[{devise, n, amount}] of what the late containers would cost if they came back today."""
    return list(
        late_contracts(today)
        .order_by()
        .values("devise")
        .annotate(n=Count("pk"), amount=Sum("penalite_courue"))
        .order_by("devise")
    )
