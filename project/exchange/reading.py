"""The rows of a file, read from the database by its columns."""

import pickle
from itertools import islice
from operator import itemgetter
from tempfile import TemporaryFile

from django.db import connections

from project.sqlite import sorting_on_disk

from .columns import paths_of

CHUNK = 2_000


class Reader:
    """Reads the values that some columns need, and those of `also` (other paths), once each."""

    def __init__(self, columns, also=()):
        self.columns = tuple(columns)
        paths, self.places = paths_of(self.columns)
        self.paths = list(dict.fromkeys((*paths, *also)))
        self.worked_out = {
            column.fields[0]: column.worked_out
            for column in self.columns
            if column.worked_out is not None
        }

    def chunks(self, records, order):
        """Lists of rows as `values_list` gives them, in one statement.

        It has ended before the first of them is out: as long as one reads, SQLite lets this
        connection write nothing that others saw change, and a job has its progress to tell.
        """
        rows = records.annotate(**self.worked_out).order_by(*order).values_list(*self.paths)
        with TemporaryFile() as spool:
            with sorting_on_disk(connections[records.db]):
                for chunk in batched(rows.iterator(CHUNK)):
                    pickle.dump(chunk, spool, pickle.HIGHEST_PROTOCOL)
            end = spool.tell()
            spool.seek(0)
            while spool.tell() < end:
                yield pickle.load(spool)

    def getter(self, column):
        """The function that takes the value of a column's cell from a row."""
        places = self.places[column.name]
        if column.value is None:
            return itemgetter(places[0])
        if len(places) == 1:
            [place] = places
            return lambda row: column.value(row[place])
        return lambda row: column.value(*(row[place] for place in places))

    def values(self, *paths):
        """The function that takes the values of these paths from a row, as a tuple."""
        places = [self.paths.index(path) for path in paths]
        return lambda row: tuple(row[place] for place in places)


def batched(rows):
    """The rows in lists of CHUNK."""
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def rows(records, columns, order=("pk",)):
    """Yield the values of the columns' cells, a list for each record; one statement."""
    reader = Reader(columns)
    getters = [reader.getter(column) for column in reader.columns]
    for chunk in reader.chunks(records, order):
        for row in chunk:
            yield [get(row) for get in getters]
