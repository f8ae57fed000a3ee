"""The verbs on orders as such: place, edit, cancel, restore, and the way back from any act.

Appointments are in `scheduling`, the work itself in `work`, engineers in `staff`. All take a
selection of orders (a queryset; one is a selection of one) but `place` and `edit`, and return the
Outcome; the services and the booking of each order, and its stock, go along in the same
transaction (`cascades`).
"""

from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.availability import CUSTOMER_LEFT, customer_left
from inventory.models import Article
from inventory.money import LARGEST
from project import money
from project.audit.former import before, untouched_since
from project.audit.recorder import Recording, line, recorded, write_history
from project.audit.refusals import Refusal, any_refusal
from project.audit.rows import insert_rows
from project.audit.statements import lock
from project.directory.models import Customer

from . import availability, cascades, notifications, queries
from .availability import Visit
from .models import (
    LONGEST_MINUTES,
    MOST_PIECES,
    InstallationBooking,
    Order,
    OrderLine,
    OrderLog,
    Service,
)
from .states import APPOINTED, OPEN, PLANNED, Kind, Skill, Status

PLACE, EDIT = "installations.create", "installations.edit"
CANCEL, RESTORE = "installations.cancel", "installations.restore"
CANCELLED = Refusal("cancelled", Q(status=Status.CANCELLED), gettext_lazy("already cancelled"))
COMPLETED = Refusal(
    "completed", Q(status=Status.COMPLETED), gettext_lazy("completed: reopen it first")
)
NOT_CANCELLABLE = (CANCELLED, COMPLETED)
FITTED_SINCE = gettext_lazy("one of its serial numbers has been fitted elsewhere since")
TOO_LITTLE = gettext_lazy("too little stock is left")
MOST_LINES, MOST_SERVICES = 50, 20
# What an act writes on an order, and its undo puts back.
WRITES = ("status", "status_before", "cancelled_at", "cancelled_by", "cancellation_reason")


@dataclass(frozen=True, slots=True)
class Line:
    """So many of an article; without a price, at the article's own."""

    article: Article
    quantity: int = 1
    unit_price: Decimal | None = None
    serialised: bool = True


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done: a Service that is still to be written. The duration is in minutes."""

    kind: str
    required_skill: str
    duration_minutes: int = 60
    notes: str = ""


# ------------------------------------------------------------------------------------------ place
def place(order, *, lines, tasks, by, token=None):
    """Save a new order with its lines, and its services, which are pending. Returns the batch.

    `lines` are Lines, `tasks` Tasks, one or more. The articles are reserved from now on. Raises
    ValidationError by field (`lines`, `tasks`, `customer`, …) and AlreadyDone.
    """
    lines, tasks = list(lines), list(tasks)
    with transaction.atomic():
        lock(Customer.objects.filter(pk=order.customer_id))
        articles = Article.objects.filter(pk__in=[each.article.pk for each in lines])
        lock(articles)
        errors = {}
        if not Customer.objects.active().filter(pk=order.customer_id).exists():
            errors["customer"] = customer_left()
        if problems := faults_in_lines(order, lines, articles):
            errors["lines"] = problems
        if problems := faults_in_tasks(tasks):
            errors["tasks"] = problems
        if errors:
            raise ValidationError(errors)
        order.total = total_of(lines)
        order.duration_minutes = sum(task.duration_minutes for task in tasks)
        batch = order.save(by=by, token=token, action=PLACE)
        OrderLine.objects.bulk_create(
            OrderLine(
                order=order,
                article=each.article,
                quantity=each.quantity,
                unit_price=price_of(each),
                serialised=each.serialised,
            )
            for each in lines
        )
        _write_services(batch, order, tasks)
        return batch


def price_of(each):
    return each.article.prix if each.unit_price is None else each.unit_price


def total_of(lines):
    return sum((each.quantity * price_of(each) for each in lines), Decimal(0))


def faults_in_lines(order, lines, articles):
    """[message] of what is wrong with the lines of an order that is to be placed; read under the
    lock of the articles."""
    found = {
        article.pk: article
        for article in articles.select_related("boutique").annotate(free=queries.available())
    }
    problems = []
    if not 1 <= len(lines) <= MOST_LINES:
        problems.append(_("An order has from 1 to %(most)s lines.") % {"most": MOST_LINES})
    if len({each.article.pk for each in lines}) < len(lines):
        problems.append(_("An article stands in one line only."))
    if order.currency not in money.DECIMALS:
        text = _("Orders are not placed in %(currency)s: choose another shop.")
        return [*problems, text % {"currency": order.currency}]
    for each in lines:
        problems += faults_of_line(order, each, found.get(each.article.pk))
    if total_of(lines) >= LARGEST:
        problems.append(_("The lines come to more than an order can be."))
    return problems


def faults_of_line(order, each, article):
    """[message] of what is wrong with a line; `article` is as it stands in the database, with its
    `free` pieces (`queries.available`), None for none."""
    named = {"article": each.article}
    if article is None or not article.est_actif:
        return [_("%(article)s is no longer sold.") % named]
    problems = []
    if not 1 <= each.quantity <= MOST_PIECES:
        problems.append(_("%(article)s: the quantity is from 1 to 10,000.") % named)
    elif each.quantity > article.free:
        text = _("%(article)s: only %(free)s left that no other order keeps.")
        problems.append(text % {**named, "free": max(article.free, 0)})
    if article.boutique.currency != order.currency:
        text = _("%(article)s is sold in %(currency)s.")
        problems.append(text % {**named, "currency": article.boutique.currency})
    if price_of(each) >= LARGEST:
        return [*problems, _("%(article)s: this price is too large.") % named]
    try:
        money.check(price_of(each), order.currency)
    except ValidationError as error:
        problems += error.messages
    if price_of(each) < 0:
        problems.append(_("%(article)s: a price is not negative.") % named)
    return problems


def faults_in_tasks(tasks):
    """[message] of what is wrong with the services of an order that is to be placed."""
    problems = []
    if not 1 <= len(tasks) <= MOST_SERVICES:
        problems.append(_("An order has from 1 to %(most)s services.") % {"most": MOST_SERVICES})
    if any(task.kind not in Kind.values for task in tasks):
        problems.append(_("This kind of service is not known."))
    if any(task.required_skill not in Skill.values for task in tasks):
        problems.append(_("This skill is not known."))
    if any(task.duration_minutes < 1 for task in tasks):
        problems.append(_("A service takes a minute at least."))
    elif sum(task.duration_minutes for task in tasks) > LONGEST_MINUTES:
        problems.append(_("All services of an order are done in one visit, of a day at most."))
    return problems


def _write_services(batch, order, tasks):
    rows = [
        {
            "reference": f"{order.number}/{place}",
            "kind": task.kind,
            "required_skill": task.required_skill,
            "duration_minutes": task.duration_minutes,
            "notes": task.notes,
        }
        for place, task in enumerate(tasks, 1)
    ]
    columns = dict.fromkeys(rows[0], "text") | {"duration_minutes": "key"}
    same = {
        "order_id": order.pk,
        "status": Status.PENDING,
        "status_before": "",
        "version": 1,
        "created_at": batch.created_at,
        "updated_at": batch.created_at,
    }
    insert_rows(Service, columns, rows, same)
    recording = Recording(batch, models.QuerySet(Order).filter(pk=order.pk), "")
    beside = recording.beside(Service)
    sentence = _("Created with its order")
    made = Service.objects.filter(order=order)
    write_history(beside.mention(cascades.SERVICE, sentence, made), batch, "+", sentence)


# ------------------------------------------------------------------------------------------- edit
def edit(order, *, by, reason="", undo_of=None):
    """Save a changed order; its booking goes to the new address. Raises Stale, and ValidationError
    for an order that is over. Lines and services stay as they were placed."""
    with transaction.atomic():
        lock(Customer.objects.filter(pk=order.customer_id))
        lock(Order.objects.filter(pk=order.pk))
        check_edit(order)
        batch = order.save(by=by, reason=reason, action=EDIT, undo_of=undo_of)
        if batch:
            moved = InstallationBooking.objects.filter(order=order.pk, status__in=APPOINTED)
            moved = moved.exclude(address=order.address)
            recording = Recording(batch, models.QuerySet(Order).filter(pk=order.pk), "")
            recording.beside(InstallationBooking).update_also(
                moved, cascades.BOOKING, _("Address changed with the order"), address=order.address
            )
        return batch


def check_edit(order):
    """Raise ValidationError where the order, as it now reads, may not be saved."""
    stored = Order.objects.get(pk=order.pk)
    if stored.status not in OPEN:
        raise ValidationError(_("An order that is completed or cancelled does not change."))
    if order.currency != stored.currency:
        raise ValidationError({"currency": _("The lines are in the former currency.")})
    stays = order.customer_id == stored.customer_id
    if not stays and not Customer.objects.active().filter(pk=order.customer_id).exists():
        raise ValidationError({"customer": customer_left()})


# -------------------------------------------------------------------------------- cancel, restore
def cancel(
    selection,
    *,
    by,
    reason,
    tell=False,
    ticket=None,
    refusals=(),
    undo_of=None,
    announced=True,
):
    """Cancel orders with their services and bookings; slots and reserved articles are free again.

    `tell` posts a message to customers who had an appointment.
    """
    with recorded(
        CANCEL,
        selection,
        by=by,
        reason=reason,
        ticket=ticket,
        announced=announced,
        sentence=line(_("Cancelled"), reason),
        refusals=(*refusals, *NOT_CANCELLABLE),
        undo_of=undo_of,
    ) as batch:
        batch.update(
            status_before=F("status"),
            status=Status.CANCELLED,
            cancelled_at=batch.batch.created_at,
            cancelled_by=by,
            cancellation_reason=reason,
        )
        cascades.cancel_along(batch, batch.touched(), _("Cancelled with its order"))
        if tell:
            notifications.tell(batch.batch, notifications.CANCELLED)
        if announced:
            notifications.tell_engineers(batch.batch)
    return batch.outcome


def discard(selection, *, by, refusals, undo_of):
    """Undo the placing of orders: cancelled as created by mistake."""
    reason = _("Created by mistake")
    return cancel(selection, by=by, reason=reason, refusals=refusals, undo_of=undo_of)


def not_restorable(selection):
    """Why an order can't come back: its articles are gone, or its engineer has no time for it.

    What it had in the diary is asked for as it was; orders of the selection count too.
    """
    refusals = (
        Refusal("not_cancelled", ~Q(status=Status.CANCELLED), gettext_lazy("not cancelled")),
        CUSTOMER_LEFT,
    )
    candidates = selection.order_by().exclude(any_refusal(refusals))
    shortage = Refusal("too_little", queries.short(candidates, kept=True), TOO_LITTLE)
    refusals = (*refusals, shortage)
    coming = selection.order_by().filter(status_before__in=APPOINTED)
    coming = coming.exclude(any_refusal(refusals))
    _plan, reasons = availability.placed(visits_as_they_are(coming), hours=False)
    return (*refusals, *availability.refusals_of(reasons))


def visits_as_they_are(orders):
    """Visits at the times that the bookings of these orders have, without taking them now."""
    columns = ("order", "duration_minutes", "engineer", "start")
    return [
        Visit(key, minutes, engineer, start)
        for key, minutes, engineer, start in InstallationBooking.objects.of(orders)
        .order_by("order")
        .values_list(*columns)
    ]


def restore(selection, *, by, reason="", tell=False, ticket=None):
    """Bring cancelled orders back as they were, with their services, their articles and, where
    they had one, their appointment."""
    with transaction.atomic():
        hold_all(selection)
        with recorded(
            RESTORE,
            selection,
            by=by,
            reason=reason,
            ticket=ticket,
            sentence=line(_("Restored"), reason),
            refusals=not_restorable(selection),
        ) as batch:
            batch.update(
                status=F("status_before"),
                status_before="",
                cancelled_at=None,
                cancelled_by=None,
                cancellation_reason="",
            )
            cascades.restore_along(batch, batch.touched(), _("Restored with its order"))
            if tell:
                notifications.tell(batch.batch, notifications.RESTORED)
            notifications.tell_engineers(batch.batch)
    return batch.outcome


def hold_all(selection, *engineers):
    """Lock all that a rule reads of a selection of orders: engineers, articles, orders."""
    availability.hold(selection, *engineers, between=[cascades.articles_of(selection)])


# ------------------------------------------------------------------------------------------- undo
def take_back(batch, *, by, inverse):
    """Undo any act on orders, recorded under the code `inverse`: the orders, their services and
    bookings are as they were before it, stock and fittings too.

    What was changed since is left alone, and so is what can't go back: its engineer has no time
    any more, or its articles are gone.
    """
    lines = OrderLog._base_manager.filter(batch=batch, action_code=batch.action)
    selection = Order.objects.filter(pk__in=lines.values("order"))
    former = former_visits(batch, selection)
    with transaction.atomic():
        hold_all(selection, *{visit.engineer for visit in former})
        with recorded(
            inverse,
            selection,
            by=by,
            reason=line(_("Undo"), batch.reason),
            sentence=line(_("Undone")),
            refusals=not_taken_back(selection, batch),
            undo_of=batch,
        ) as recording:
            recording.update(**{name: before(Order, batch, name) for name in WRITES})
            cascades.put_back(recording, batch, recording.touched(), by)
            notifications.take_back(recording.batch, batch)
    return recording.outcome


def not_taken_back(selection, batch):
    """Why an act of `batch` can't be taken back on an order."""
    touched = ~untouched_since(Order, batch)
    refusals = (
        Refusal("touched_since", touched, gettext_lazy("changed since")),
        Refusal("fitted_since", Q(queries.fitted_since(batch)), FITTED_SINCE),
    )
    coming = selection.order_by().exclude(any_refusal(refusals))
    coming = coming.annotate(was=before(Order, batch, "status"))
    # What leaves the stock, and what keeps of it again.
    going_out = coming.filter(~Q(status=Status.COMPLETED), was=Status.COMPLETED)
    kept_again = coming.filter(~Q(status__in=OPEN), was__in=OPEN).exclude(status=Status.COMPLETED)
    refusals += (
        Refusal("too_little", queries.short(going_out, kept=False), TOO_LITTLE),
        Refusal("too_little_free", queries.short(kept_again, kept=True), TOO_LITTLE),
    )
    keys = set(coming.exclude(any_refusal(refusals)).values_list("pk", flat=True))
    visits = [visit for visit in former_visits(batch, selection) if visit.key in keys]
    _plan, reasons = availability.placed(visits, hours=False)
    return (*refusals, *availability.refusals_of(reasons))


def former_visits(batch, selection):
    """The Visits that the orders had in the diary before `batch`; with what they take now."""
    names = ("duration_minutes", "engineer", "start", "status")
    former = {f"was_{name}": before(InstallationBooking, batch, name) for name in names}
    written = InstallationBooking.history.filter(batch_id=batch.pk).values("id")
    bookings = InstallationBooking.objects.of(selection).filter(pk__in=written).annotate(**former)
    return [
        Visit(
            booking.order_id,
            booking.was_duration_minutes,
            booking.was_engineer,
            booking.was_start,
            before=(booking.engineer_id, booking.start, booking.ends_at)
            if booking.status in PLANNED
            else None,
        )
        for booking in bookings.order_by("order")
        if booking.was_status in PLANNED
    ]
