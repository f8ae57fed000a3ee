"""Importing in tests: a file is taken, understood, and written as the worker does it."""

from django.utils import translation

from project.exchange.imports import services
from project.exchange.imports.importer import importer_of
from project.exchange.imports.models import Import
from project.jobs.worker import Worker
from tests.exchange.imports.files import workbook

TITLES = ["Référence", "Départ", "Client", "Passager", "Prise en charge", "Destination"]


def row_for(customer="Hôtel Téranga", departure="31/12/2026 14:30", **given):
    """A row for TITLES and the titles of `given`."""
    return {
        "Départ": departure,
        "Client": customer,
        "Passager": "Awa Ndiaye",
        "Prise en charge": "Aéroport Blaise-Diagne",
        "Destination": "12 rue Carnot",
        **given,
    }


def file_of(*rows):
    titles = list(dict.fromkeys(title for row in rows for title in row))
    return workbook(titles, *([row.get(title, "") for title in titles] for row in rows))


def take(user, *rows, slug="bookings", name="courses.xlsx", data=None, language="fr", **options):
    with translation.override(user.language):  # what is wrong is said so, as on their pages
        return services.take(
            importer_of(slug),
            owner=user,
            name=name,
            data=data or file_of(*rows),
            language=language,
            **options,
        )


def rows_of(item):
    return [row for chunk in item.chunks.order_by("number") for row in chunk.rows]


def states(item):
    return [row.state for row in rows_of(item)]


def errors(item):
    return [row.errors for row in rows_of(item)]


def write(item, **options):
    """Confirm, and let a worker do it; the import as it then is."""
    services.confirm(item, **options)
    Worker().drain()
    return Import.objects.get(pk=item.pk)


def undo(item):
    services.undo(item)
    Worker().drain()
    return Import.objects.select_related("job").get(pk=item.pk)
