import pytest

from project.search.text import MOST_LETTERS, normalise, words


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("  Élodie   NDIAYE ",), "elodie ndiaye"),
        (("N'Diaye", "N’Diaye"), "ndiaye ndiaye"),
        (("Cœur",), "coeur"),
        (("", None, "x"), "x"),
        (("+221 77 123 45 67",), "+221 77 123 45 67 221771234567"),
        (("771234567",), "771234567"),
        (("12 rue Carnot",), "12 rue carnot"),
    ],
)
def test_it_folds_case_accents_apostrophes_and_phone_numbers(parts, text):
    assert normalise(*parts) == text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("77.123.45.67", ["771234567"]),
        ("+221 77 123 45 67", ["71234567"]),
        ("+221771234567", ["71234567"]),
        ("+33 6 39 98 73 62 paris", ["39987362", "paris"]),
        ("dakar 12 771234567", ["dakar", "12", "771234567"]),
        ("R-26-000123", ["r-26-000123"]),
        ("26-000123", ["26-000123"]),
        ("77 123", ["77", "123"]),
        ("77 123 771234567", ["77", "123", "771234567"]),
        ("12-34", ["12-34"]),
    ],
)
def test_it_takes_a_phone_number_by_its_digits_and_nothing_else(query, expected):
    assert words(query) == expected


def test_it_finds_no_words_in_blanks_and_control_characters():
    assert words(" \t\n\0") == []


def test_it_cuts_a_query_that_no_text_could_hold():
    assert len(words("x" * 100_000)[0]) == MOST_LETTERS
