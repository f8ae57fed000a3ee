"""What records were before a batch, read from their history."""

from django.db.models import Exists, OuterRef, Subquery

from .recorder import log_model_of


def before(model, batch, name):
    """The value of a field before `batch`, as an expression over the record.

    `batch` is one batch, or the name of the record's field that holds its own.
    """
    history = model.history.model._base_manager
    key = OuterRef(OuterRef(batch)) if isinstance(batch, str) else batch.pk
    written = history.filter(id=OuterRef(OuterRef("pk")), batch_id=key)
    earlier = history.filter(
        id=OuterRef("pk"), history_id__lt=Subquery(written.values("history_id")[:1])
    )
    attname = model._meta.get_field(name).attname
    return Subquery(earlier.order_by("-history_id").values(attname)[:1])


def after(model, key, batch, name):
    """The value of a field of another record as `batch` left it; `key` leads to its pk."""
    written = model.history.model._base_manager.filter(id=OuterRef(key), batch_id=batch.pk)
    attname = model._meta.get_field(name).attname
    return Subquery(written.order_by("-history_id").values(attname)[:1])


def last_batch(model, key="pk", version="version"):
    """The key of the batch that left a record as it stands; `key` and `version` lead to those."""
    rows = model.history.model._base_manager.filter(id=OuterRef(key), version=OuterRef(version))
    return Subquery(rows.order_by("-history_id").values("batch_id")[:1])


def untouched_since(model, batch):
    """An `Exists`: the record is as `batch` left it."""
    history = model.history.model._base_manager
    return Exists(history.filter(id=OuterRef("pk"), batch_id=batch.pk, version=OuterRef("version")))


def standing(model, batches):
    """The keys of those of `batches` (keys) that left some record as it still is.

    One statement, whatever their number.
    """
    log, key = log_model_of(model)
    left = model.history.model._base_manager.filter(
        id=OuterRef(f"{key}_id"),
        batch_id=OuterRef("batch_id"),
        version=OuterRef(f"{key}__version"),
    )
    lines = log._base_manager.filter(Exists(left), batch__in=batches)
    return set(lines.order_by().values_list("batch_id", flat=True).distinct())
