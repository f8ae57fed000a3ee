import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from project.audit.models import Batch
from project.directory.models import Customer, Driver, Partner
from tests.factories import make_booking, make_customer, make_driver, make_user

pytestmark = pytest.mark.django_db
MODELS = {"customer": Customer, "driver": Driver, "partner": Partner}


def answers(**given):
    """What a browser posts from the form of any kind: fields of another kind are passed over."""
    return {
        "name": "Fatou Sarr",
        "phone": "+221 77 123 45 67",
        "email": "fatou@example.org",
        "kind": "person",
        "language": "fr",
        **given,
    }


def log_of(party):
    return list(party.logs.order_by("pk").values_list("action_code", "user_id"))


# --------------------------------------------------------------------------------------- who may
@pytest.fixture
def pages(kind, make):
    party = make()
    return {
        "create": reverse(f"directory:{kind}-create"),
        "detail": party.get_absolute_url(),
        "edit": party.get_edit_url(),
        "lookup": reverse(f"directory:{kind}-lookup"),
    }


@pytest.mark.parametrize("page", ["create", "detail", "edit", "lookup"])
def test_a_page_is_closed_to_visitors_and_to_those_without_the_permission(client, pages, page):
    assert client.get(pages[page]).url.startswith(reverse("login"))
    client.force_login(make_user())
    assert client.get(pages[page]).status_code == 403
    assert client.post(pages[page], answers()).status_code in (403, 405)


@pytest.mark.parametrize("group", ["Bureau", "Gestion", "Administration"])
@pytest.mark.parametrize("page", ["create", "detail", "edit", "lookup"])
def test_a_page_is_open_to_each_group(client, pages, page, group):
    client.force_login(make_user(groups=[group]))
    assert client.get(pages[page]).status_code == 200


@pytest.mark.parametrize(
    ("held", "opened"), [("view", "detail"), ("add", "create"), ("change", "edit")]
)
def test_each_permission_opens_its_own_page_alone(client, kind, pages, held, opened):
    user = make_user()
    for verb in {"view", held}:
        user.user_permissions.add(Permission.objects.get(codename=f"{verb}_{kind}"))
    client.force_login(user)
    statuses = {page: client.get(pages[page]).status_code for page in ("create", "detail", "edit")}
    assert statuses == {"create": 403, "edit": 403, "detail": 200} | {opened: 200}


def test_a_page_of_nobody_is_not_found(client, office, kind):
    assert client.get(reverse(f"directory:{kind}", args=[999])).status_code == 404
    assert client.get(f"/directory/{kind}/{10**30}/").status_code == 404


# ------------------------------------------------------------------------------------------- show
def test_a_page_shows_its_facts_and_its_life(client, office, kind, make):
    party = make("N'Diaye & fils", phone="+221 77 123 45 67", notes="<b>calls</b> at night")
    party.email = "ndiaye@example.org"
    party.save(by=office)
    response = client.get(party.get_absolute_url())
    page = response.content.decode()
    assert "N&#x27;Diaye &amp; fils" in page
    assert 'href="tel:+221771234567"' in page
    assert "&lt;b&gt;calls&lt;/b&gt; at night" in page
    assert len(response.context["entries"]) == 2


def test_a_page_leads_to_the_partys_bookings_for_those_who_may_see_them(client, office, kind):
    party = MODELS[kind](name="Anta Gaye")
    party.save()
    link = f"{reverse('bookings:list')}?period=any&amp;{kind}={party.pk}"
    assert link in client.get(party.get_absolute_url()).content.decode()
    alone = make_user()
    alone.user_permissions.add(Permission.objects.get(codename=f"view_{kind}"))
    client.force_login(alone)
    assert link not in client.get(party.get_absolute_url()).content.decode()


def test_an_active_customers_page_leads_to_a_new_booking_for_them(client, office):
    customer, gone = make_customer(), make_customer(is_active=False)
    link = f"{reverse('bookings:create')}?customer="
    assert f"{link}{customer.pk}" in client.get(customer.get_absolute_url()).content.decode()
    assert link not in client.get(gone.get_absolute_url()).content.decode()
    assert f'value="{customer.pk}"' in client.get(f"{link}{customer.pk}").content.decode()


def test_a_page_takes_few_statements(client, office, kind, make, django_assert_max_num_queries):
    party = make()
    for text in "abcdef":
        party.notes = text
        party.save(by=office)
    with django_assert_max_num_queries(8):
        client.get(party.get_absolute_url())


# ----------------------------------------------------------------------------------------- create
def test_it_creates_one_with_log_and_history(client, office, kind):
    response = client.post(reverse(f"directory:{kind}-create"), answers())
    party = MODELS[kind].objects.get()
    assert response.url == party.get_absolute_url()
    assert (party.name, party.email, party.is_active) == ("Fatou Sarr", "fatou@example.org", True)
    assert log_of(party) == [("directory.create", office.pk)]
    assert [(row.history_type, row.history_user) for row in party.history.all()] == [("+", office)]


def test_a_form_posted_twice_makes_one_and_leads_to_it(client, office, kind):
    url = reverse(f"directory:{kind}-create")
    token = dict(client.get(url).context["hidden"])["token"]
    first = client.post(url, answers(token=token))
    second = client.post(url, answers(token=token, namesake="on"))
    assert MODELS[kind].objects.count() == 1
    assert second.url == first.url


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "   "),
        ("name", "x" * 121),
        ("email", "not an address"),
        ("phone", "call me"),
        ("phone", "12"),
    ],
)
def test_bad_input_is_refused_at_its_field_and_nothing_is_saved(client, office, kind, field, value):
    response = client.post(reverse(f"directory:{kind}-create"), answers(**{field: value}))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert "fatou" in response.content.decode().lower()
    assert not MODELS[kind].objects.exists() and not Batch.objects.exists()


@pytest.mark.parametrize("field", ["kind", "language"])
def test_a_choice_that_is_none_is_refused_at_its_field(client, office, field):
    response = client.post(reverse("directory:customer-create"), answers(**{field: "xx"}))
    assert list(response.context["form"].errors) == [field]
    assert not Customer.objects.exists()


def test_the_name_of_another_is_asked_about_once(client, office, kind, make):
    make("FATOU  SARR", phone="+221 70 000 00 00")
    url = reverse(f"directory:{kind}-create")
    refused = client.post(url, answers())
    assert refused.status_code == 422
    assert "+221 70 000 00 00" in refused.context["form"].errors["namesake"][0]
    assert MODELS[kind].objects.count() == 1
    client.post(url, answers(namesake="on"))
    assert MODELS[kind].objects.count() == 2


def test_a_name_that_only_begins_alike_is_nobodys(client, office, kind, make):
    make("Fatou Sarrasin")
    client.post(reverse(f"directory:{kind}-create"), answers())
    assert MODELS[kind].objects.count() == 2


# ------------------------------------------------------------------------------------------- edit
@pytest.fixture
def driver(office):
    return make_driver("Ibou Fall", phone="+221 77 000 00 00")


def edit(client, driver, version=1, **given):
    return client.post(driver.get_edit_url(), answers(version=version, **given))


def test_an_edit_is_logged_with_what_changed(client, office, driver):
    response = edit(client, driver, phone="+221 77 000 00 00")
    assert response.url == driver.get_absolute_url()
    driver.refresh_from_db()
    assert (driver.name, driver.version) == ("Fatou Sarr", 2)
    line = driver.logs.latest("pk")
    assert (line.action_code, line.user) == ("directory.edit", office)
    assert line.changes == {
        "name": ["Ibou Fall", "Fatou Sarr"],
        "email": ["", "fatou@example.org"],
    }
    assert driver.history.count() == 2


def test_an_edit_that_changes_nothing_writes_nothing(client, office, driver):
    edit(client, driver, name="Ibou Fall", phone="+221 77 000 00 00", email="")
    driver.refresh_from_db()
    assert (driver.version, driver.logs.count(), driver.history.count()) == (1, 1, 1)


def test_an_edit_cannot_deactivate(client, office, driver):
    edit(client, driver, is_active="")
    driver.refresh_from_db()
    assert driver.is_active


def test_a_stale_edit_shows_both_versions_and_saves_nothing(client, office, driver):
    other = Driver.objects.get(pk=driver.pk)
    other.notes = "Speaks Wolof"
    other.save(by=make_user(first_name="Awa", last_name="Diop"))
    response = edit(client, driver, notes="Speaks English")
    assert response.status_code == 409
    rows = {row["label"]: row for row in response.context["rows"]}
    assert (rows["Notes"]["theirs"], rows["Notes"]["yours"]) == ("Speaks Wolof", "Speaks English")
    assert str(response.context["who"]) == "Awa Diop"
    driver.refresh_from_db()
    assert driver.notes == "Speaks Wolof"


def test_keeping_mine_after_a_conflict_saves_over_theirs(client, office, driver):
    other = Driver.objects.get(pk=driver.pk)
    other.notes = "Speaks Wolof"
    other.save(by=office)
    conflict = edit(client, driver, notes="Speaks English")
    again = client.post(driver.get_edit_url(), dict(conflict.context["hidden"]))
    assert again.url == driver.get_absolute_url()
    driver.refresh_from_db()
    assert (driver.notes, driver.version) == ("Speaks English", 3)


@pytest.mark.parametrize("version", ["", "x", "-1", "99999999999999999999"])
def test_an_edit_without_a_sound_version_counts_as_stale(client, office, driver, version):
    assert edit(client, driver, version=version).status_code == 409
    driver.refresh_from_db()
    assert driver.name == "Ibou Fall"


def test_an_edit_can_be_undone(client, office, driver):
    edit(client, driver, name="Modou Fall")
    client.post(reverse("undo", args=[driver.logs.latest("pk").batch_id]))
    driver.refresh_from_db()
    assert (driver.name, driver.version) == ("Ibou Fall", 3)


def test_undoing_a_creation_deactivates_and_deletes_nothing(client, office, kind):
    client.post(reverse(f"directory:{kind}-create"), answers())
    party = MODELS[kind].objects.get()
    client.post(reverse("undo", args=[party.logs.get().batch_id]))
    party.refresh_from_db()
    assert not party.is_active
    assert party.logs.count() == party.history.count() == 2


def test_undoing_the_creation_of_a_customer_with_rides_to_come_is_refused(client, office):
    client.post(reverse("directory:customer-create"), answers())
    customer = Customer.objects.get()
    make_booking(customer=customer)
    client.post(reverse("undo", args=[customer.logs.get().batch_id]))
    customer.refresh_from_db()
    assert customer.is_active


def test_an_inactive_customer_can_still_be_edited(client, office):
    customer = make_customer("Old & Co", is_active=False)
    client.post(customer.get_edit_url(), answers(version=1, name="Older & Co"))
    customer.refresh_from_db()
    assert (customer.name, customer.is_active) == ("Older & Co", False)
