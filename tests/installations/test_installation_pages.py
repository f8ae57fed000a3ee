"""The office's pages: lists, orders, the form that places one, what waits, engineers."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from bookings.installations import inbox, letters, links, staff, work
from bookings.installations.forms import said
from bookings.installations.models import Engineer, Fitting, Order
from bookings.installations.services import Line, Task
from bookings.installations.states import Skill
from project.exchange.models import Export
from project.notifications.models import OutgoingMail
from project.ui.formats import amount, weekday
from tests.asking import act, picked, toasts, url_of
from tests.exchange.asking_for_files import asked_for, fetched, values, workbook
from tests.factories import (
    make_article,
    make_boutique,
    make_customer,
    make_engineer,
    make_order,
    make_user,
)
from tests.installations.conftest import begin, fittings_for, only, schedule, tomorrow

pytestmark = pytest.mark.django_db

LISTS = ("orders", "engineers")
PAGES = (*LISTS, "inbox", "order-create", "engineer-create")


def url(name, *args):
    return reverse(f"installations:{name}", args=args)


@pytest.mark.parametrize("name", PAGES)
def test_each_page_opens_and_asks_for_its_permission(client, boss, order, engineer, name):
    assert boss.get(url(name)).status_code == 200
    client.force_login(make_user("onlooker"))
    assert client.get(url(name)).status_code == 403


@pytest.mark.parametrize("name", ["order", "order-edit"])
def test_an_order_s_pages_are_the_office_s(client, desk, order, name):
    assert desk.get(url(name, order.number)).status_code == 200
    client.force_login(make_user("onlooker"))
    assert client.get(url(name, order.number)).status_code == 403
    assert desk.get(url(name, "IN-99-000001")).status_code == 404


def test_who_edits_engineers_is_a_manager(desk, boss, engineer):
    for name, args in (("engineer-create", ()), ("engineer-edit", (engineer.pk,))):
        assert desk.get(url(name, *args)).status_code == 403
        assert boss.get(url(name, *args)).status_code == 200


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_a_day_at_the_end_of_time_is_told_at_its_field(desk, order, day):
    for name in ("since", "until"):
        page = desk.get(url("orders"), {name: day})
        assert page.status_code == 200
        assert "Ensure this value is" in page.content.decode()


def test_without_anything_the_pages_say_so(boss):
    assert "There is nothing here yet." in boss.get(url("orders")).content.decode()
    assert "Nothing waits to be scheduled." in boss.get(url("inbox")).content.decode()


# ----------------------------------------------------------------------------------------- lists
def keys_in(response):
    return {int(key) for key in re.findall(r'<tr data-pk="(\d+)"', response.context["body"])}


def test_orders_are_found_by_customer_status_and_engineer(desk, bureau, engineer):
    waiting = make_order(customer=make_customer("Sahel Imports"))
    planned = make_order()
    schedule(planned, engineer, bureau)
    for query, wanted in (
        ({"q": "sahel"}, waiting),
        ({"status": "pending"}, waiting),
        ({"engineer": engineer.pk}, planned),
        ({"q": planned.number}, planned),
    ):
        assert keys_in(desk.get(url("orders"), query)) == {wanted.pk}, query


def test_a_wrong_filter_is_told_and_shows_nothing(desk, order):
    page = desk.get(url("orders"), {"since": "2026-02-02", "until": "2026-01-01"})
    assert keys_in(page) == set()
    assert "This is before the first day." in page.content.decode()
    assert "The filter has a mistake." in desk.get(url("inbox"), {"skill": "x"}).content.decode()


def test_the_statements_of_pages_do_not_grow_with_their_rows(desk, bureau, engineer):
    def statements(address):
        desk.get(address)
        with CaptureQueriesContext(
            connection,
        ) as counted:
            assert desk.get(address).status_code == 200
        return len(counted)

    placed = [make_order()]
    schedule(placed[0], engineer, bureau, tomorrow(8))
    make_order()
    day = f"{url('day', engineer.pk)}?day={tomorrow():%Y-%m-%d}"
    addresses = (url("orders"), url("inbox"), day, url("engineer", engineer.pk))
    before = [statements(address) for address in addresses]
    for hour in (9, 10, 11, 12):
        order = make_order(tasks=[Task("installation", "tracker", 45), Task("removal", "fuel", 15)])
        schedule(order, engineer, bureau, tomorrow(hour))
        make_order()
        make_engineer()
    assert [statements(address) for address in addresses] == before


def test_files_are_made_of_orders_and_engineers(desk, bureau, engineer, order, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    schedule(order, engineer, bureau)
    given = {"format": "csv", "columns": ["number", "customer", "engineer"]}
    act(desk, url_of("export", "orders"), {**picked(order), **given})
    act(desk, url_of("export", "engineers"), {**picked(engineer), "format": "csv"})
    act(desk, url_of("print", "orders"), {**picked(order), "document": "work_orders"})
    act(desk, url_of("print", "orders"), {**picked(order), "document": "list"})
    files = [Path(each.file.path).read_bytes() for each in Export.objects.order_by("created_at")]
    orders, engineers, work_order, listed = files
    assert order.number.encode() in orders and b"Sarah Ndiaye" in orders
    assert b"Dashcam" in engineers
    assert work_order.startswith(b"%PDF") and listed.startswith(b"%PDF")


def test_orders_have_a_sheet_for_each_engineer(desk, bureau, engineer, order):
    waiting = make_order()
    schedule(order, engineer, bureau)
    columns = {"columns": ["number"], "per": "engineer", "totals": ""}
    book = workbook(fetched(desk, asked_for(desk, order, waiting, **columns)))
    assert [name for name in book.sheetnames if name != "About this file"] == [
        "Sarah Ndiaye",
        "Without engineer",
    ]
    assert values(book["Without engineer"])[1:] == [[waiting.number]]


# ------------------------------------------------------------------------------- placing an order
@pytest.fixture
def kit(db):
    return make_article(make_boutique("Atelier", currency="XOF"), 3, code="KIT-1", prix=65_000)


def answers(kit, **changed):
    given = {
        "customer": make_customer("Jean Diatta").pk,
        "contact_phone": "+221 77 000 00 00",
        "address": "12 rue Carnot, Dakar",
        "vehicle_registration": "dk  4521 b",
        "article_0": "kit-1",
        "quantity_0": "2",
        "price_0": "",
        "serialised_0": "on",
        "kind_0": "installation",
        "skill_0": "car_kit",
        "minutes_0": "90",
    }
    return given | changed


def test_an_order_is_placed_with_its_lines_and_services(desk, kit):
    response = desk.post(url("order-create"), answers(kit, skill_1="tracker", minutes_1="30"))
    order = Order.objects.get()
    assert response.url == order.get_absolute_url()
    assert (order.total, order.duration_minutes) == (130_000, 120)
    assert order.vehicle_registration == "DK 4521 B"
    assert list(order.services.values_list("required_skill", "status")) == [
        ("car_kit", "pending"),
        ("tracker", "pending"),
    ]
    assert toasts(response) == ["1 order placed."]


def test_an_order_has_more_lines_and_services_than_are_in_sight(desk, kit):
    articles = [make_article(kit.boutique, 3, code=f"ART-{n}") for n in range(19)]
    given = {f"article_{n}": each.code for n, each in enumerate(articles, 1)}
    given |= {f"serialised_{n}": "on" for n in range(1, 20)}
    given |= {f"skill_{n}": "fuel" for n in range(1, 10)}
    given |= {f"minutes_{n}": "10" for n in range(1, 10)}
    page = desk.get(url("order-create"), {"boutique": kit.boutique_id})
    assert [shown for _rows, shown in page.context["form"].lines()] == [True, False]
    wrong = desk.post(url("order-create"), answers(kit, **given | {"article_19": "NOTHING"}))
    assert list(wrong.context["form"].errors) == ["article_19"]
    assert [shown for _rows, shown in wrong.context["form"].lines()] == [True, True]
    desk.post(url("order-create"), answers(kit, **given))
    order = Order.objects.get()
    assert (order.lines.count(), order.services.count()) == (20, 10)


def test_sent_twice_it_is_placed_once(desk, kit):
    token = desk.get(url("order-create")).context["hidden"]
    given = answers(kit) | {name: str(value) for name, value in token}
    first, second = (desk.post(url("order-create"), given) for _time in range(2))
    assert first.url == second.url
    assert Order.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"customer": "999999"}, "customer"),
        ({"address": ""}, "address"),
        ({"contact_phone": "call me"}, "contact_phone"),
        ({"article_0": ""}, "article_0"),
        ({"article_0": "NOTHING"}, "article_0"),
        ({"article_1": "KIT-1"}, "article_1"),
        ({"quantity_0": "4"}, "quantity_0"),
        ({"quantity_0": "0"}, "quantity_0"),
        ({"quantity_0": "many"}, "quantity_0"),
        ({"price_0": "0.5"}, "quantity_0"),
        ({"price_0": "-1"}, "price_0"),
        ({"price_3": "12"}, "article_3"),
        ({"price_0": "99999999999"}, "article_0"),
        ({"price_0": "100000000000"}, "price_0"),
        ({"skill_0": ""}, "skill_0"),
        ({"skill_0": "magic"}, "skill_0"),
        ({"kind_0": "magic"}, "kind_0"),
        ({"minutes_0": ""}, "minutes_0"),
        ({"minutes_0": "1441"}, "minutes_0"),
        ({"skill_1": "fuel", "minutes_1": "1400"}, "minutes_0"),
        ({"remarks_2": "behind the dashboard"}, "skill_2"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_is_saved(desk, kit, wrong, field):
    response = desk.post(url("order-create"), answers(kit, **wrong))
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not Order.objects.exists()


def test_what_another_order_keeps_is_not_sold_twice(desk, kit):
    desk.post(url("order-create"), answers(kit))
    response = desk.post(url("order-create"), answers(kit))
    [problem] = response.context["form"].errors["quantity_0"]
    assert "only 1 left that no other order keeps" in problem
    assert Order.objects.count() == 1


def test_of_several_shops_one_is_chosen_first(desk, kit):
    other = make_article(make_boutique("Depot", currency="XOF"), 3, code="KIT-9")
    page = desk.get(url("order-create"))
    assert "form" not in page.context or page.context.get("form") is None
    chosen = desk.get(url("order-create"), {"boutique": kit.boutique_id})
    assert list(chosen.context["form"].offered) == [kit]
    assert other.code not in chosen.content.decode()
    assert desk.get(url("order-create"), {"boutique": "999999"}).status_code == 200


def test_a_shop_in_a_currency_that_orders_do_not_know_is_not_offered(desk, kit):
    abroad = make_boutique("Kinshasa", currency="CDF")
    make_article(abroad, 3, code="KIT-C")
    assert list(desk.get(url("order-create")).context["form"].offered) == [kit]
    asked = desk.get(url("order-create"), {"boutique": abroad.pk})
    assert list(asked.context["form"].offered) == [kit]


def test_what_is_suggested_says_its_price_and_how_many_are_free(desk):
    kit = make_article(make_boutique(currency="XOF"), 7, prix=25_000)
    make_order(lines=[Line(kit, 3)])
    page = desk.get(url("order-create")).content.decode()
    with translation.override("en"):
        words = f"{amount(kit.prix, 'XOF')} · 4 free"
    assert f'<option value="{kit}">{words}</option>' in page


def test_an_order_is_edited_but_not_once_it_is_over(desk, boss, bureau, order):
    page = desk.get(url("order-edit", order.number))
    given = {
        "customer": order.customer_id,
        "address": "Point E, Dakar",
        "version": dict(page.context["hidden"])["version"],
    }
    assert desk.post(url("order-edit", order.number), given).url == order.get_absolute_url()
    order.refresh_from_db()
    assert order.address == "Point E, Dakar"
    act(desk, url_of("cancel", "orders"), {**picked(order), "reason": "Sold the car"})
    order.refresh_from_db()
    refused = desk.post(url("order-edit", order.number), given | {"version": order.version})
    assert refused.status_code == 422


# ------------------------------------------------------------------------------------- the inbox
def test_what_waits_has_slots_of_who_can_do_it(bureau):
    able = make_engineer("Able", skills=["tracker"])
    make_engineer("Unable", skills=["fuel"])
    away = make_engineer("Away", skills=["tracker"])
    today = timezone.localdate()
    staff.note_leave(only(away), by=bureau, first_day=today, last_day=today + timedelta(days=30))
    order = make_order(tasks=[Task("installation", "tracker", 60)])
    [each] = inbox.waiting([order])
    assert each.skills == [Skill.TRACKER]
    assert {slot.engineer for slot in each.slots} == {able}
    assert len(each.slots) == inbox.SLOTS


def test_a_slot_opens_the_dialog_with_it_chosen_and_schedules_it(desk, order, engineer):
    page = desk.get(url("inbox"))
    slot = page.context["waiting"][0].slots[0]
    given = {
        **picked(order),
        "from_day": f"{timezone.localdate(slot.start):%Y-%m-%d}",
        "with_engineer": engineer.pk,
        "slot": slot.key,
    }
    asked = desk.post(page.context["schedule_url"], given | {"preview": "1", "tell": "on"})
    assert asked.context["form"]["slot"].value() == slot.key
    with translation.override("fr"):  # abbreviated as in the inbox
        assert said(slot).startswith(f"{weekday(timezone.localtime(slot.start))}, ")
    act(desk, page.context["schedule_url"], given)
    order.refresh_from_db()
    assert (order.booking.start, order.booking.engineer) == (slot.start, engineer)
    assert "Nothing waits to be scheduled." in desk.get(url("inbox")).content.decode()


def test_nobody_free_is_said(desk, order):
    assert "Nobody with the skills is free" in desk.get(url("inbox")).content.decode()


# -------------------------------------------------------------------------------------- engineers
def of_engineer(**changed):
    given = {"name": "Awa Ba", "skills": ["tracker", "fuel"], "region": "Thiès"}
    days = {f"working_hours_{day}": "08:00-12:00 14:00-18:00" for day in range(5)}
    return given | days | changed


def test_an_engineer_is_made_with_a_week_and_edited(boss):
    account = make_user("ba")
    response = boss.post(url("engineer-create"), of_engineer(user=account.pk))
    engineer = Engineer.objects.get()
    assert response.url == engineer.get_absolute_url()
    assert engineer.skills == ["tracker", "fuel"]
    assert engineer.working_hours[4] == [["08:00", "12:00"], ["14:00", "18:00"]]
    assert engineer.working_hours[5] == []
    assert engineer.user == account
    given = of_engineer(version=engineer.version, working_hours_0="", skills=["fuel"])
    boss.post(url("engineer-edit", engineer.pk), given)
    engineer.refresh_from_db()
    assert (engineer.working_hours[0], engineer.skills) == ([], ["fuel"])
    assert engineer.history.count() == 2


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"skills": ["magic"]}, "skills"),
        ({"working_hours_0": "morning"}, "working_hours"),
        ({"working_hours_0": "12:00-08:00"}, "working_hours"),
        ({"working_hours_0": "25:00-26:00"}, "working_hours"),
        ({"working_hours_0": "0٨:00-12:00"}, "working_hours"),
        ({"phone": "none"}, "phone"),
        ({"user": "999999"}, "user"),
    ],
)
def test_a_wrong_engineer_is_told_at_its_field(boss, wrong, field):
    response = boss.post(url("engineer-create"), of_engineer(**wrong))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert not Engineer.objects.exists()


def test_an_account_has_one_engineer(boss):
    account = make_user("ba")
    make_engineer(user=account)
    response = boss.post(url("engineer-create"), of_engineer(user=account.pk))
    assert list(response.context["form"].errors) == ["user"]


def test_an_engineer_with_appointments_stays_active(boss, bureau, order, engineer):
    schedule(order, engineer, bureau)
    act(boss, url_of("deactivate", "engineers"), picked(engineer))
    engineer.refresh_from_db()
    assert engineer.is_active
    page = boss.get(engineer.get_absolute_url()).content.decode()
    assert order.number in page


# -------------------------------------------------------------------------- the customer's own page
def test_the_customer_sees_the_appointment_without_an_account(client, bureau, order, engineer):
    schedule(order, engineer, bureau)
    page = client.get(links.path_to(order.pk))
    body = page.content.decode()
    assert page.status_code == 200
    assert "Sarah Ndiaye" in body and order.number in body
    assert page["X-Robots-Tag"].startswith("noindex")
    assert "no-store" in page["Cache-Control"]
    entry = client.get(page.context["calendar_url"])
    assert entry["Content-Type"].startswith("text/calendar")
    assert f"UID:{order.number}@" in entry.content.decode()
    assert "STATUS:CONFIRMED" in entry.content.decode()


def test_an_appointment_that_is_off_is_told_so(client, desk, bureau, order, engineer):
    schedule(order, engineer, bureau)
    act(desk, url_of("cancel", "orders"), {**picked(order), "reason": "Sold the car"})
    page = client.get(links.path_to(order.pk))
    assert not page.context["stands"]
    assert "STATUS:CANCELLED" in client.get(page.context["calendar_url"]).content.decode()


def test_a_link_is_neither_guessed_nor_good_for_ever(client, bureau, order, engineer, monkeypatch):
    schedule(order, engineer, bureau)
    token = links.token_of(order.pk)
    other = token.partition(":")[0]
    for wrong in ("abc", other, token[:-1], f"{order.pk}", order.number, links.token_of(999_999)):
        assert client.get(url("confirmation", wrong)).status_code == 404
        assert client.get(url("calendar", wrong)).status_code == 404
    monkeypatch.setattr(links, "GOOD_FOR", timedelta(seconds=-1))
    assert client.get(url("confirmation", token)).status_code == 404


def test_an_order_without_an_appointment_has_no_page(client, order):
    assert client.get(links.path_to(order.pk)).status_code == 404


def test_the_message_says_where_the_page_is(client, bureau, engineer, settings):
    settings.SITE_URL = "https://carnet.example.com"
    customer = make_customer(email="jean@example.org", language="en")
    order = make_order(customer=customer)
    schedule(order, engineer, bureau, tell=True)
    letter = letters.write(OutgoingMail.objects.get(), "scheduled")
    [link] = re.findall(r"https://carnet\.example\.com(/\S+)", letter.text)
    assert f'href="https://carnet.example.com{link}"' in letter.html
    assert client.get(link).context["order"] == order


# ------------------------------------------------------------------------ completing from the desk
def test_the_office_s_dialog_asks_for_each_piece_and_tells_what_is_taken(desk, bureau, engineer):
    done = make_order()
    order = make_order(lines=[Line(done.lines.get().article, 1)])
    begin(done, engineer, bureau)
    work.complete(only(done), by=bureau, fittings=fittings_for(done, serial="SN"))
    taken = Fitting.objects.get().serial_number
    begin(order, engineer, bureau, tomorrow(14))
    line = order.lines.get()
    address, given = url_of("complete", "orders"), picked(order)
    assert f"serial_{line.pk}_1" in desk.post(address, given).context["form"].fields
    fields = {f"serial_{line.pk}_1": taken, f"vehicle_{line.pk}_1": "DK 1"}
    refused = act(desk, address, given | fields)
    assert refused.status_code == 422
    assert list(refused.context["form"].errors) == [f"serial_{line.pk}_1"]
    act(desk, address, given | fields | {f"serial_{line.pk}_1": "SN-NEW"})
    order.refresh_from_db()
    assert order.status == "completed"
