"""What records were before a batch, read from their history."""

from django.db.models import Exists, OuterRef, Subquery


def before(model, batch, name):
    """The value of a field before `batch`, as an expression over the record."""
    history = model.history.model._base_manager
    written = history.filter(id=OuterRef(OuterRef("pk")), batch_id=batch.pk)
    earlier = history.filter(
        id=OuterRef("pk"), history_id__lt=Subquery(written.values("history_id")[:1])
    )
    attname = model._meta.get_field(name).attname
    return Subquery(earlier.order_by("-history_id").values(attname)[:1])


def untouched_since(model, batch):
    """An `Exists`: the record is as `batch` left it."""
    history = model.history.model._base_manager
    return Exists(history.filter(id=OuterRef("pk"), batch_id=batch.pk, version=OuterRef("version")))
