"""Keys in addresses: no longer than a database can hold, so that a longer one is not found."""

from django.urls import register_converter
from django.urls.converters import IntConverter


class KeyConverter(IntConverter):
    regex = "[0-9]{1,18}"


register_converter(KeyConverter, "key")
