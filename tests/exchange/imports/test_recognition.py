"""What the titles of a file tell."""

import pytest

from project.exchange.imports.importer import importer_of
from project.exchange.imports.recognition import language_of


@pytest.mark.parametrize(
    ("titles", "separator", "language"),
    [
        (["Référence", "Départ", "Prix"], ";", "fr"),
        (["Reference", "Departure", "Price"], ",", "en"),
        (["Reference", "Departure", "Price"], ";", "en"),
        (["PRIX :", "Distance (km)", "Notes"], ",", "fr"),
        (["Départ", "Price"], "", ""),
        (["Quand", "Combien"], ";", "fr"),
        (["Quand", "Combien"], ",", ""),
        ([12, "", 3.5], "", ""),
    ],
)
def test_a_file_is_in_the_language_of_most_of_its_titles(titles, separator, language):
    assert language_of(titles, separator, importer_of("bookings")) == language
