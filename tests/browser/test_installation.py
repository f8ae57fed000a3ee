"""The example of the vision: an order made on line, Monday at ten with the engineer, completed."""

import re
import uuid
from datetime import datetime, timedelta
from io import BytesIO

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone
from PIL import Image
from playwright.sync_api import expect

from bookings.installations.models import Evidence, Fitting, Order, Service
from inventory.models import MouvementStock
from tests.browser.conftest import PASSWORD
from tests.factories import (
    make_article,
    make_boutique,
    make_engineer,
    make_integration,
    make_user,
)

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True)]
OFFICE_HOURS = [[["08:00", "12:30"], ["13:30", "18:00"]]] * 5 + [[], []]


@pytest.fixture
def kit(staff):
    return make_article(make_boutique("Atelier", currency="XOF"), 5, code="KIT-1", nom="Car kit")


@pytest.fixture
def sarah(staff):
    account = make_user("sarah", password=PASSWORD, language="en")
    account.user_permissions.add(Permission.objects.get(codename="work_engineer"))
    return make_engineer("Sarah Ndiaye", user=account, working_hours=OFFICE_HOURS)


def next_monday():
    today = timezone.localdate()
    return today + timedelta(days=7 - today.weekday())


def test_from_an_order_on_line_to_the_completed_installation(
    signed_in, kit, sarah, browser, live_server, quiet
):
    page, monday = signed_in(), next_monday()

    # John orders on line: the shop's site, an integration, places the order.
    api = f"{live_server.url}/api/v1/orders/"
    entitled = {"Authorization": f"Bearer {make_integration(name='On-line shop').secret}"}
    asked = {
        "new_customer": {
            "name": "John Diatta",
            "email": "john@example.org",
            "phone": "+221 77 000 00 01",
        },
        "address": "12 rue Carnot, Dakar",
        "vehicle_registration": "DK 4521 B",
        "lines": [{"product": kit.pk}],
        "services": [{"required_skill": "car_kit", "duration_minutes": 60}],
    }
    key = {"Idempotency-Key": str(uuid.uuid4())}
    answer = page.request.post(api, headers=entitled | key, data=asked)
    assert answer.status == 201, answer.text()
    placed = answer.json()
    assert (placed["status"], placed["source"], placed["booking"]) == ("pending", "online", None)
    order = Order.objects.get(number=placed["number"])
    assert Service.objects.get().status == "pending"

    # The office schedules it: Monday at ten, with Sarah.
    page.get_by_role("link", name="To schedule").click()
    waiting = page.locator(".to-schedule", has_text=order.number)
    expect(waiting).to_contain_text("John Diatta")
    waiting.get_by_role("button", name="Other slots…").click()
    dialog = page.locator("#dialog")
    dialog.get_by_label("From").fill(f"{monday:%Y-%m-%d}")
    dialog.get_by_label("From").blur()
    slot = dialog.get_by_label("Free slot")
    expect(slot).to_contain_text(f"Mon {monday.day} {monday:%b} {monday.year}, 10:00–")
    value = slot.locator("option", has_text=" 10:00–").first.get_attribute("value")
    slot.select_option(value)
    expect(dialog.locator("#dialog-submit")).to_be_enabled()
    dialog.locator("#dialog-submit").click()
    expect(page.locator(".toast", has_text="1 installation scheduled")).to_be_visible()
    expect(page.get_by_text("Nothing waits to be scheduled.")).to_be_visible()
    order.refresh_from_db()
    start = timezone.localtime(order.booking.start)
    assert (start.date(), f"{start:%H:%M}") == (monday, "10:00")
    assert order.booking.engineer == sarah

    # Sarah, on her phone, on the day.
    phone = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB").new_page()
    phone.goto(f"{live_server.url}/accounts/login/")
    phone.fill("input[name=username]", "sarah")
    phone.fill("input[name=password]", PASSWORD)
    phone.click("main button.primary")
    phone.wait_for_url("**/installations/engineers/**")
    phone.goto(f"{phone.url}?day={monday:%Y-%m-%d}")
    stop = phone.locator(".stop", has_text="John Diatta")
    expect(stop.get_by_role("link", name="Call")).to_have_attribute("href", "tel:+221770000001")
    expect(stop.get_by_role("link", name="Directions")).to_have_attribute(
        "href", re.compile(r"destination=12\+rue\+Carnot")
    )
    stop.get_by_role("button", name="Start").click()
    stop.get_by_role("link", name="Complete").click()
    phone.get_by_label(re.compile("Serial number")).fill("CK-0001")
    expect(phone.get_by_label("Vehicle registration")).to_have_value("DK 4521 B")
    picture = {"name": "work.png", "mimeType": "image/png", "buffer": photo()}
    phone.get_by_label("Photo of the work").set_input_files(picture)
    phone.get_by_label("Signed by").fill("John Diatta")
    sign(phone)
    phone.get_by_role("button", name="Complete").click()
    expect(phone.locator(".stop .status")).to_have_text("Completed")
    phone.context.close()

    order.refresh_from_db()
    states = order.status, order.services.get().status, order.booking.status
    assert states == ("completed", "completed", "completed")
    assert Fitting.objects.get().serial_number == "CK-0001"
    assert {each.kind for each in Evidence.objects.all()} == {"photo", "signature"}
    movement = MouvementStock.objects.get(reference_document=order.number)
    assert (movement.article, movement.quantite) == (kit, -1)

    # So does the shop that placed it.
    told = page.request.get(f"{api}{order.number}/", headers=entitled).json()
    assert told["status"] == "completed"
    assert [service["status"] for service in told["services"]] == ["completed"]
    assert (told["booking"]["status"], told["booking"]["engineer"]["name"]) == (
        "completed",
        "Sarah Ndiaye",
    )
    assert datetime.fromisoformat(told["booking"]["start"]) == start

    # The office sees that it is done, and what was signed.
    page.goto(f"{live_server.url}{order.get_absolute_url()}")
    expect(page.locator(".record-head .status")).to_have_text("Completed")
    for picture in page.locator(".pictures img").all():
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("each => each.naturalWidth") > 100


def photo():
    file = BytesIO()
    Image.new("RGB", (640, 480), "navy").save(file, "PNG")
    return file.getvalue()


def sign(page):
    """Draw a line on the canvas, as a finger does."""
    canvas = page.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    for step in range(1, 8):
        page.mouse.move(box["x"] + 40 + 25 * step, box["y"] + 40 + 20 * (step % 3))
    page.mouse.up()
    expect(page.locator("input[name=drawn]")).to_have_value(re.compile("^data:image/png"))
