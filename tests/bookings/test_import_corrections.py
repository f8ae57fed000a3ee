"""Correcting a row of an import by hand: who can be meant, and what a number is."""

from decimal import Decimal

import pytest
from django.db import connection
from django.urls import reverse

from bookings.models import Booking
from project.exchange.imports.models import Import
from project.exchange.imports.rows import State
from tests.bookings.importing import errors, row_for, rows_of, states, take, write

pytestmark = pytest.mark.django_db


def url_of(item, number=2):
    return reverse("imports:row", args=[item.pk, number])


def correct(client, item, **typed):
    """Send the form of the first row as it came, with some of it typed anew."""
    fields = client.get(url_of(item)).context["form"]
    return client.post(url_of(item), {field.name: field.value() for field in fields} | typed)


def speaks(user, language):
    user.language = language
    user.save()


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("customer", "directory:customer-lookup"),
        ("driver", "directory:driver-lookup"),
        ("partner", "directory:partner-lookup"),
        ("pickup", "bookings:addresses"),
        ("dropoff", "bookings:addresses"),
    ],
)
def test_who_and_where_are_looked_up_as_in_the_form_of_a_booking(
    desk, bureau, customer, name, page
):
    item = take(bureau, row_for("Personne", Chauffeur="Nul", Partenaire="Nul"))
    form = desk.get(url_of(item)).content.decode()
    before, _input, _after = form.partition(f'name="{name}"')
    assert f'data-lookup="{reverse(page)}"' in before[before.rindex("<div") :]


def test_what_is_chosen_there_is_who_is_meant(desk, bureau, customer):
    item = take(bureau, row_for("Personne"))
    correct(desk, item, customer=customer.name)
    write(item)
    assert Booking.objects.get().customer == customer


def test_a_text_of_several_lines_stays_one(desk, bureau, customer):
    item = take(bureau, row_for("Personne", **{"Prise en charge": "Aéroport\nhall A"}))
    assert b"<textarea" in desk.get(url_of(item)).content


@pytest.mark.parametrize(
    ("language", "typed", "price"),
    [
        ("en", "9,500", "9500"),
        ("en", "9,500.00", "9500"),
        ("en", "9,500 XOF", "9500"),
        ("en", "9500", "9500"),
        ("fr", "9 500", "9500"),
        ("fr", "9.500", "9500"),
        ("fr", "9\N{NARROW NO-BREAK SPACE}500 F CFA", "9500"),
    ],
)
def test_a_number_typed_there_is_as_its_typist_writes_it(
    desk, bureau, customer, language, typed, price
):
    item = take(bureau, row_for(Prix="x"))
    speaks(bureau, language)
    correct(desk, item, price=typed)
    assert states(item) == [State.NEW], errors(item)
    write(item)
    assert Booking.objects.get().price == Decimal(price)


@pytest.mark.parametrize(("language", "typed"), [("en", "12.5"), ("fr", "12,5")])
@pytest.mark.parametrize("of_file", ["en", "fr"])
def test_so_are_its_decimals_whatever_the_language_of_the_file(
    desk, bureau, customer, language, typed, of_file
):
    item = take(bureau, row_for(**{"Distance (km)": "x"}), language=of_file)
    speaks(bureau, language)
    correct(desk, item, distance=typed)
    assert rows_of(item)[0].cells[item.names.index("distance")] == 12.5
    # And it is shown there as it was typed, which changes nothing.
    assert desk.get(url_of(item)).context["form"]["distance"].value() == typed
    correct(desk, item)
    assert rows_of(item)[0].values[item.names.index("distance")] == "12.5"


def test_what_may_be_two_numbers_in_the_file_is_still_refused(desk, bureau, customer):
    item = take(bureau, row_for("Personne", Prix="9,500"))
    correct(desk, item, customer=customer.name)
    assert states(item) == [State.ERROR]
    assert "two ways" in errors(item)[0]["price"]
    assert rows_of(item)[0].cells[item.names.index("price")] == "9,500"


def test_what_is_no_number_is_told_as_before(desk, bureau, customer):
    item = take(bureau, row_for(Prix="x"))
    correct(desk, item, price="beaucoup")
    assert errors(item) == [{"price": "“beaucoup” is no number."}]


def test_a_row_of_an_import_that_was_discarded_meanwhile_is_not_found(desk, bureau, customer):
    item = take(bureau, row_for("Personne"))
    asked = []

    def meanwhile(execute, sql, params, many, context):
        if sql.startswith("SELECT") and f'FROM "{Import._meta.db_table}"' in sql:
            asked.append(sql)
            if len(asked) == 2:  # the page has read it, and is about to hold it
                Import.objects.filter(pk=item.pk).delete()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(meanwhile):
        answer = desk.post(url_of(item), {"customer": customer.name})
    assert answer.status_code == 404
    assert len(asked) > 1
