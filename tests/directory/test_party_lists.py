import pytest
from django.urls import reverse

from project.directory.models import Customer
from tests.asking import act, url_of
from tests.factories import make_customer, make_user

pytestmark = pytest.mark.django_db


def names(response):
    """The names in a list's rows, in their order."""
    body = response.context["body"]
    return [part.split("</a>")[0].rpartition(">")[2] for part in body.split("<tr ")[1:]]


def listed(client, slug, **query):
    return names(client.get(reverse(f"directory:{slug}"), query))


def test_a_list_is_closed_to_those_without_the_permission(client, slug):
    url = reverse(f"directory:{slug}")
    assert client.get(url).url.startswith(reverse("login"))
    client.force_login(make_user())
    assert client.get(url).status_code == 403


@pytest.mark.parametrize("group", ["Bureau", "Gestion", "Administration"])
def test_a_list_is_open_to_each_group(client, slug, group):
    client.force_login(make_user(groups=[group]))
    assert client.get(reverse(f"directory:{slug}")).status_code == 200


def test_it_is_alphabetical_whatever_the_accents_and_case(client, office, slug, make):
    for name in ("Zara", "awa", "Élodie", "Eva", "Aïcha", "Éva"):
        make(name)
    assert listed(client, slug) == ["Aïcha", "awa", "Élodie", "Eva", "Éva", "Zara"]
    assert listed(client, slug, sort="-name") == ["Zara", "Éva", "Eva", "Élodie", "awa", "Aïcha"]


def test_it_can_be_sorted_by_when_they_were_created(client, office, slug, make):
    for name in ("first", "second", "third"):
        make(name)
    assert listed(client, slug, sort="-created") == ["third", "second", "first"]


def test_it_shows_the_active_ones_or_the_others(client, office, slug, make):
    make("Here")
    make("Gone", is_active=False)
    assert listed(client, slug) == ["Here"]
    assert listed(client, slug, inactive="1") == ["Gone"]


@pytest.mark.parametrize("text", ["teranga", "TÉR", "771234567", "hotel@example.org"])
def test_it_is_searched_by_name_and_contacts(client, office, slug, make, text):
    make("Hôtel Téranga", phone="+221 77 123 45 67", email="hotel@example.org")
    make("Somebody else")
    assert listed(client, slug, q=text) == ["Hôtel Téranga"]


def test_customers_are_filtered_by_kind_and_language(client, office):
    make_customer("Company", kind=Customer.Kind.COMPANY)
    make_customer("Person", language="en")
    assert listed(client, "customers", kind="company") == ["Company"]
    assert listed(client, "customers", language="en") == ["Person"]
    assert listed(client, "customers", kind="company", language="en") == []


@pytest.mark.parametrize("query", [{"kind": "xx"}, {"language": "xx"}, {"q": "x" * 201}])
def test_a_wrong_filter_shows_no_rows_and_says_so_at_its_field(client, office, query):
    make_customer()
    response = client.get(reverse("directory:customers"), query)
    assert response.status_code == 200
    assert names(response) == []
    assert list(response.context["filterset"].form.errors) == list(query)


def test_it_offers_a_new_one_to_those_who_may(client, office, kind, slug):
    link = reverse(f"directory:{kind}-create")
    assert client.get(reverse(f"directory:{slug}")).context["new_url"] == link
    reader = make_user()
    reader.user_permissions.add(office.groups.get().permissions.get(codename=f"view_{kind}"))
    client.force_login(reader)
    response = client.get(reverse(f"directory:{slug}"))
    assert link not in response.content.decode()
    assert "/deactivate/" not in response.content.decode()


def test_names_are_escaped(client, office, slug, make):
    make("<script>x</script>", email="a@example.org")
    page = client.get(reverse(f"directory:{slug}")).content.decode()
    assert "<script>x" not in page and "&lt;script&gt;x" in page


def test_all_that_match_can_be_acted_on(client, office, slug, make):
    kept = make("Moussa")
    parties = [make(f"Awa {number}") for number in range(3)]
    act(client, url_of("deactivate", slug), {"all": "1", "filter": "q=awa"})
    for party in (kept, *parties):
        party.refresh_from_db()
    assert [party.is_active for party in (kept, *parties)] == [True, False, False, False]


def test_its_statements_do_not_depend_on_the_rows(
    client, office, slug, make, django_assert_max_num_queries
):
    for number in range(60):
        make(f"Awa {number}")
    with django_assert_max_num_queries(8):
        response = client.get(reverse(f"directory:{slug}"), {"q": "awa"})
    assert len(names(response)) == 50
