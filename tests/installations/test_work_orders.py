"""The work order as it is printed, read back."""

import re

import pytest

from bookings.installations import work
from bookings.installations.services import Line
from tests.exchange.asking_for_files import fetched, printed
from tests.exchange.pdf.reading import pages_of, squeezed
from tests.factories import make_article, make_boutique, make_customer, make_order
from tests.installations.conftest import begin, fittings_for, only, tomorrow

pytestmark = [pytest.mark.django_db, pytest.mark.poppler]


def test_a_work_order_says_where_what_and_with_which_pieces(desk, bureau, engineer):
    kit = make_article(make_boutique(currency="XOF"), 5, code="KIT-1", nom="Kit mains libres")
    done = make_order(
        lines=[Line(kit, 2)],
        customer=make_customer("Jean Diatta"),
        address="12 rue Carnot, Dakar",
        vehicle_registration="DK 4521 B",
        notes="Ask for the keys",
    )
    waiting = make_order(address="Gare, Thiès")
    begin(done, engineer, bureau, tomorrow(10))
    signed = {"kind": "signature", "media_type": "image/png", "content": b"x", "name": "Awa Diatta"}
    work.complete(
        only(done), by=bureau, fittings=fittings_for(done, serial="SN"), evidence=[signed]
    )
    made = printed(desk, done, waiting, document="work_orders")
    first, second = map(squeezed, pages_of(fetched(desk, made)))
    serials = [fitting["serial_number"] for fitting in fittings_for(done, serial="SN")]
    for said in (
        done.number,
        "12 rue Carnot, Dakar",
        "Jean Diatta",
        "DK 4521 B",
        "Sarah Ndiaye",
        "10:00 – 11:00",
        "Kit mains libres KIT-1",
        "Ask for the keys",
        "Awa Diatta",
        *serials,
    ):
        assert said in first, said
    assert re.search(r"KIT-1\W+2\b", first), first
    assert waiting.number in second and "Gare, Thiès" in second
    assert done.number not in second and "Awa Diatta" not in second
