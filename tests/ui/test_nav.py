"""The main menu: what is in it for whom, and where one is."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from tests.factories import make_user

pytestmark = pytest.mark.django_db


def menu(client, url="/bookings/"):
    """{label: (address, whether it is the page shown)}"""
    page = client.get(url).content.decode()
    side = re.search(r'<nav class="side".*?</nav>', page, re.S)[0]
    found = re.findall(r'<li><a href="(.*?)"( aria-current="page")?>(.*?)</a>', side, re.S)
    return {
        re.sub(r"<.*?>", "", label).strip(): (url.replace("&amp;", "&"), bool(current))
        for url, current, label in found
    }


def current(client, url):
    return [label for label, (_url, here) in menu(client, url).items() if here]


@pytest.fixture
def office(client):
    client.force_login(make_user(groups=["Bureau"], language="en"))
    return client


def test_it_has_what_the_office_works_with(office):
    assert list(menu(office)) == [
        "Bookings",
        "Today",
        "To assign",
        "Import",
        "Orders",
        "To schedule",
        "Engineers",
        "Dashboard",
        "Contracts",
        "Late returns",
        "Missions",
        "Payments",
        "Deposits",
        "Forwarders",
        "Trucks",
        "Containers",
        "Shipping lines",
        "Tariffs",
        "Articles",
        "Movements",
        "Sales",
        "Quarantine",
        "Terminals",
        "Shops",
        "Customers",
        "Drivers",
        "Partners",
        "E-mails",
        "My files",
        "Jobs",
    ]


def test_every_address_in_it_answers(office):
    for url, _here in menu(office).values():
        assert office.get(url).status_code == 200, url


def test_it_leaves_out_what_one_may_not_see(client):
    reader = make_user(language="en")
    reader.user_permissions.add(Permission.objects.get(codename="view_booking"))
    client.force_login(reader)
    assert list(menu(client)) == ["Bookings", "Today", "To assign", "My files", "Jobs"]


@pytest.mark.parametrize(
    ("url", "label"),
    [
        ("/bookings/", "Bookings"),
        ("/bookings/?period=any", "Bookings"),
        ("/bookings/?period=today&status=pending", "Today"),
        ("/bookings/?period=upcoming&unassigned=1&status=pending&status=confirmed", "To assign"),
        ("/bookings/new/", "Bookings"),
        ("/inventory/articles/?low=1", "Articles"),
        ("/directory/drivers/", "Drivers"),
        ("/jobs/", "Jobs"),
    ],
)
def test_one_line_says_where_one_is(office, url, label):
    assert current(office, url) == [label]


def test_it_takes_no_statement(office, django_assert_num_queries):
    with django_assert_num_queries(3):  # session, user with what is carried, the jobs
        office.get("/jobs/")


def folds(client, url):
    """{section: whether it is open}"""
    page = client.get(url).content.decode()
    found = re.findall(r'<details data-fold="(.*?)"( open)?>', page)
    return {section: bool(is_open) for section, is_open in found}


def test_a_section_is_folded_away_until_one_is_in_it(office):
    sections = list(folds(office, "/bookings/"))
    assert len(sections) > 4
    assert all(folds(office, "/bookings/").values())
    office.cookies["folded"] = f"{sections[0]}|{sections[2]}|gone"
    shut = [name for name, is_open in folds(office, reverse("profile")).items() if not is_open]
    assert shut == [sections[0], sections[2]]
    shut = [name for name, is_open in folds(office, "/bookings/").items() if not is_open]
    assert shut == [sections[2]]
