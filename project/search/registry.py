"""What can be searched: each room's apps.py says so."""

from dataclasses import dataclass

from django.apps import apps
from django.db import models
from django.db.models.signals import post_migrate

from . import storage


@dataclass(frozen=True, slots=True)
class Searchable:
    """A model, its text columns as `normalise` wrote them, and what short queries look at.

    `prefix_field` is indexed and holds capitals and digits (a reference). Without one, a query
    under three letters compares with the beginning of the text.
    """

    model: type[models.Model]
    columns: tuple[str, ...]
    prefix_field: str | None = None


SEARCHABLE = {}


def register(model, *, columns, prefix_field=None):
    """Keep an index over the text `columns` of `model`; call it from `AppConfig.ready`."""
    SEARCHABLE[model] = Searchable(model, columns, prefix_field)
    post_migrate.connect(
        keep_indexed,
        sender=apps.get_app_config(model._meta.app_label),
        dispatch_uid="project.search",
    )


def keep_indexed(sender, using, apps=apps, **kwargs):
    """After each migrate: build the indexes that are missing, and those that a migration broke."""
    for searchable in SEARCHABLE.values():
        label = searchable.model._meta
        if label.app_label != sender.label or label.model_name not in apps.all_models[sender.label]:
            continue
        migrated = apps.get_model(label.app_label, label.model_name)
        if set(searchable.columns) <= {field.name for field in migrated._meta.concrete_fields}:
            storage.ensure(searchable.model, searchable.columns, using)


def suspended(model):
    """While millions of records are loaded: no index is kept; at the end it is built in one go."""
    searchable = SEARCHABLE[model]
    return storage.suspended(model, searchable.columns)


def settle():
    """Index what was written since the last time; where a database needs it."""
    for searchable in SEARCHABLE.values():
        storage.settle(searchable.model, searchable.columns)
