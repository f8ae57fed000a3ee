from itertools import islice

from django.core.management.base import BaseCommand
from django.db import models

from project.search.registry import SEARCHABLE, suspended

CHUNK = 2000


class Command(BaseCommand):
    help = "Derive all search text again, and its index: after the rules of normalising changed."

    def handle(self, **options):
        for searchable in SEARCHABLE.values():
            with suspended(searchable.model):
                changed = derive_again(searchable)
            name = searchable.model._meta.verbose_name_plural
            self.stdout.write(f"{name}: {changed} texts changed")


def derive_again(searchable):
    """Rewrite the texts that differ; no log and no history, since no user's data changes."""
    plain = models.QuerySet(searchable.model)
    records = plain.order_by("pk").iterator(CHUNK)
    changed = 0
    while chunk := list(islice(records, CHUNK)):
        stale = [record for record in chunk if derives_otherwise(record, searchable.columns)]
        plain.bulk_update(stale, searchable.columns, batch_size=200)
        changed += len(stale)
    return changed


def derives_otherwise(record, columns):
    before = [getattr(record, column) for column in columns]
    record.derive()
    return before != [getattr(record, column) for column in columns]
