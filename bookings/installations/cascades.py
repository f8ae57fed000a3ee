"""What goes along with an order: its services, its booking, the stock, what was fitted.

An act changes the order and calls one of these in the same batch, so that all states move together
or not at all. Each child gets a log line and a history row of the batch; what the batch did is
found again by that, and `put_back` takes it back exactly.

What was fitted (`Fitting`) and what shows it (`Evidence`) are rows of the act that noted them,
changed only to name the act that voided them. The order's batch, which both name, is their log: so
they are written by sets, and have no log lines of their own.

Who writes on anything of an order holds the lock of the order's row. Rows are locked in this order:
engineers, articles, orders.
"""

from datetime import timedelta

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _

from inventory.models import Article
from inventory.states import TypeMouvement
from inventory.stock import Book
from project.audit.former import before
from project.audit.recorder import Recording
from project.audit.rows import insert_rows

from .models import Evidence, Fitting, InstallationBooking, OrderLine, Service
from .states import APPOINTED, Status

# Codes of the log lines of what went along, where the order's own code does not say it.
SERVICE, BOOKING = "installations.service", "installations.booking"
BACK = "installations.put_back"
WRITTEN = {
    Service: ("status", "status_before", "engineer"),
    InstallationBooking: (
        "engineer",
        "start",
        "duration_minutes",
        "ends_at",
        "address",
        "status",
        "status_before",
        "started_at",
        "completed_at",
    ),
}


def articles_of(orders):
    """The articles of these orders: locked before the orders where stock or its reserve moves."""
    lines = OrderLine.objects.filter(order__in=orders.order_by().values("pk"))
    return Article.objects.filter(pk__in=lines.order_by().values("article"))


def services_become(batch, orders, sentence, **values):
    """Set `values` on the services of `orders`, under log lines of their own."""
    return batch.beside(Service).update_also(
        Service.objects.of(orders), SERVICE, sentence, **values
    )


def bookings_become(batch, orders, sentence, *, among=None, **values):
    """Set `values` on the bookings of `orders`, of those in the statuses `among`."""
    bookings = InstallationBooking.objects.of(orders)
    if among:
        bookings = bookings.filter(status__in=among)
    return batch.beside(InstallationBooking).update_also(bookings, BOOKING, sentence, **values)


def become(batch, orders, status, sentence, **times):
    """Services and bookings take the `status` that the orders have; `times` are the bookings'."""
    services_become(batch, orders, sentence, status=status)
    bookings_become(batch, orders, sentence, status=status, **times)


def cancel_along(batch, orders, sentence):
    """Cancel services, and the bookings that are in the diary, which frees their slots."""
    values = {"status_before": F("status"), "status": Status.CANCELLED}
    services_become(batch, orders, sentence, **values)
    bookings_become(batch, orders, sentence, among=APPOINTED, **values)


def restore_along(batch, orders, sentence):
    """Bring back what `cancel_along` took: services, and the bookings of orders that are again in
    the diary. A booking that was taken out before stays out."""
    values = {"status": F("status_before"), "status_before": ""}
    services_become(batch, orders, sentence, **values)
    again = orders.filter(status__in=APPOINTED)
    bookings_become(batch, again, sentence, among=[Status.CANCELLED], **values)


def book(batch, starts, engineer, sentence):
    """Give orders their bookings: `starts` maps keys of orders to moments.

    Makes them, or takes those up again that were out of the diary.
    """
    orders = {order.pk: order for order in batch.touched()}
    again = dict(
        InstallationBooking.objects.filter(order__in=list(starts)).values_list("order", "pk")
    )
    rows = [
        {
            "order_id": key,
            "reference": orders[key].number,
            "start": start,
            "ends_at": start + timedelta(minutes=orders[key].duration_minutes),
            "duration_minutes": orders[key].duration_minutes,
            "address": orders[key].address,
        }
        for key, start in starts.items()
    ]
    at = batch.batch.created_at
    beside = Recording(batch.batch, models.QuerySet(InstallationBooking), sentence)
    # Those first: their history is that of the lines that the batch has by then.
    taken_up = [row | {"pk": again[row["order_id"]]} for row in rows if row["order_id"] in again]
    move(
        batch,
        taken_up,
        sentence,
        engineer_id=engineer.pk,
        status=Status.SCHEDULED,
        status_before="",
        started_at=None,
        completed_at=None,
    )
    made = [row for row in rows if row["order_id"] not in again]
    if made:
        columns = {
            "order_id": "key",
            "reference": "text",
            "start": "moment",
            "ends_at": "moment",
            "duration_minutes": "key",
            "address": "text",
        }
        same = {
            "engineer_id": engineer.pk,
            "status": Status.SCHEDULED,
            "status_before": "",
            "version": 1,
            "created_at": at,
            "updated_at": at,
        }
        insert_rows(InstallationBooking, columns, made, same)
        new = InstallationBooking.objects.filter(order__in=[row["order_id"] for row in made])
        beside.created(new, start=F("start"), engineer=F("engineer"))


def move(batch, rows, sentence, **same):
    """Give bookings another time: `rows` are dicts of pk, start, ends_at and other columns; `same`
    are those that all of them get."""
    if not rows:
        return
    kinds = {
        "start": "moment",
        "ends_at": "moment",
        "duration_minutes": "key",
        "address": "text",
        "engineer_id": "key",
        "status": "text",
        "status_before": "text",
        "started_at": "moment",
        "completed_at": "moment",
    }
    rows = [{**row, **same} for row in rows]
    columns = {name: kind for name, kind in kinds.items() if name in rows[0]}
    keys = [row["pk"] for row in rows]
    present = {booking.pk: booking for booking in InstallationBooking.objects.filter(pk__in=keys)}
    bookings = models.QuerySet(InstallationBooking).filter(pk__in=keys)
    told = []
    for row in rows:
        now = present[row["pk"]]
        changes = {
            name.removesuffix("_id"): [getattr(now, name), row[name]]
            for name in columns
            if name not in InstallationBooking.quiet_fields and getattr(now, name) != row[name]
        }
        told.append({name: row[name] for name in columns} | {"key": row["pk"], "changes": changes})
    Recording(batch.batch, bookings, sentence).update_each(told, columns)


# ------------------------------------------------------------------------------------------- stock
def take_out(batch, orders, by):
    """The articles of these orders leave the stock, each order's under its number."""
    _move_stock(orders, by, TypeMouvement.SORTIE, _("Installed"))


def bring_in(batch, orders, by):
    """They come back, under the same number."""
    _move_stock(orders, by, TypeMouvement.RETOUR, _("Installation reopened"))


def _move_stock(orders, by, genre, comment):
    lines = list(
        OrderLine.objects.filter(order__in=orders.order_by().values("pk"))
        .order_by("order", "pk")
        .values_list("article", "quantity", "order__number")
    )
    if not lines:
        return
    sign = -1 if genre == TypeMouvement.SORTIE else 1
    # No batch on the movements: of one article there may be as many as orders in it. What ties
    # them to what was done is the order's number, as an invoice's does a sale.
    book = Book.open({article for article, _quantity, _number in lines}, by=str(by))
    for article, quantity, number in lines:
        book.move(article, sign * quantity, genre, reference=number, commentaire=comment)
    book.write()


# ------------------------------------------------------------------------------ fitted, and shown
def note_fittings(batch, fittings):
    """Write down pieces that were fitted, as `work.checked_fittings` gives them."""
    Fitting.objects.bulk_create(Fitting(noted_in=batch.batch, **fitting) for fitting in fittings)


def noted_for(orders):
    """What was ever fitted for these orders, and what ever showed it."""
    keys = orders.order_by().values("pk")
    return (
        Fitting.objects.filter(line__order__in=keys),
        Evidence.objects.filter(booking__order__in=keys),
    )


def void_work(batch, orders):
    """What was fitted for these orders is not any more, and what showed it shows nothing."""
    for noted in noted_for(orders):
        noted.filter(voided_in=None).update(voided_in=batch.batch)


def keep_evidence(batch, booking, evidence):
    """Keep photos and signatures: [{kind, media_type, content, name}]."""
    Evidence.objects.bulk_create(
        Evidence(booking=booking, noted_in=batch.batch, **each) for each in evidence
    )


# ---------------------------------------------------------------------------------------- put back
def put_back(batch, undone, orders, by):
    """Take back what the batch `undone` did to what hangs on `orders`, which are put back already.

    What it made of bookings is taken out of the diary, since nothing with history is deleted.
    """
    sentence = _("Put back")
    for model, names in WRITTEN.items():
        history = model.history.model._base_manager.filter(id=OuterRef("pk"), batch_id=undone.pk)
        children = model.objects.of(orders)
        changed = children.filter(Exists(history.filter(history_type="~")))
        batch.beside(model).update_also(
            model.objects.filter(pk__in=changed.order_by().values("pk")),
            BACK,
            sentence,
            **{name: before(model, undone, name) for name in names},
        )
    made = InstallationBooking.history.model._base_manager.filter(
        id=OuterRef("pk"), batch_id=undone.pk, history_type="+"
    )
    new = InstallationBooking.objects.of(orders).filter(Exists(made))
    batch.beside(InstallationBooking).update_also(
        InstallationBooking.objects.filter(pk__in=new.order_by().values("pk")),
        BOOKING,
        sentence,
        status_before=F("status"),
        status=Status.CANCELLED,
    )
    _put_stock_back(batch, undone, orders, by)
    for noted in noted_for(orders):
        noted.filter(voided_in=undone).update(voided_in=None)
        noted.filter(noted_in=undone, voided_in=None).update(voided_in=batch.batch)


def _put_stock_back(batch, undone, orders, by):
    """Stock follows the status: what is no longer completed comes in, what is again goes out."""
    log = orders.model.logs.rel.related_model._base_manager
    told = log.filter(batch=undone, action_code=undone.action)
    was = told.filter(changes__status__0=Status.COMPLETED.value).values("order")
    became = told.filter(changes__status__1=Status.COMPLETED.value).values("order")
    keys = orders.order_by().values("pk")
    model = orders.model.objects
    bring_in(batch, model.filter(Q(pk__in=became) & Q(pk__in=keys)), by)
    take_out(batch, model.filter(Q(pk__in=was) & Q(pk__in=keys)), by)
