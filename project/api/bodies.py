"""JSON of a bounded size, however long the request says that it is."""

from django.conf import settings
from rest_framework.parsers import JSONParser


class TooLarge(Exception):
    """A body of more than `most` bytes."""

    def __init__(self, most):
        super().__init__(most)
        self.most = most


class BoundedJSONParser(JSONParser):
    """`setting` names the one that says how many bytes are read at most."""

    setting = "API_BODY_BYTES"

    def parse(self, stream, media_type=None, parser_context=None):
        most = getattr(settings, self.setting)
        return super().parse(Bounded(stream, most), media_type, parser_context)


class Bounded:
    """A stream that refuses to be read beyond the limit."""

    def __init__(self, stream, most):
        self.stream, self.most, self.left = stream, most, most

    def read(self, size=-1):
        most = self.left + 1
        data = self.stream.read(most if size is None or size < 0 else min(size, most))
        self.left -= len(data)
        if self.left < 0:
            raise TooLarge(self.most)
        return data
