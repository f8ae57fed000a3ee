"""Two users' pages open at once, on a real server: each sees what the other does."""

import re
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone
from playwright.sync_api import expect

from bookings import series_schedule, series_services, services
from bookings.installations import scheduling
from bookings.installations import services as installations
from bookings.models import Booking
from bookings.recurrence import Rule
from bookings.states import Status
from project.notifications.live.turns import Since, is_point
from project.notifications.models import Announcement
from tests.browser.conftest import PASSWORD
from tests.browser.test_accessibility import serious
from tests.factories import make_engineer, make_order, make_round_trip, make_user
from tests.installations.conftest import only, tomorrow
from tests.jobs.waiting import wait_for
from tests.notifications.live.conftest import Server

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True)]
BADGE = ".side .bell [data-unread]"
CHANGED = "#changed"
LOOK = """(hidden) => {
  Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture
def server(staff):
    server = Server()
    yield server
    server.close()


@pytest.fixture
def enter(server, staff, browser):
    """Sign in with a browser of one's own; a page whose stream is open. Fails on script errors."""
    problems = []
    with ExitStack() as stack:

        def sign_in(name, path="/bookings/", **options):
            context = browser.new_context(locale="en-GB", **options)
            stack.callback(context.close)
            page = context.new_page()
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.goto(f"{server.url}/accounts/login/?next={path}")
            page.fill("input[name=username]", staff[name].username)
            page.fill("input[name=password]", PASSWORD)
            with page.expect_response("**/live/stream/**"):
                page.click("main button.primary")
            return page

        yield sign_in
    assert problems == []


def cancel(page, row):
    """As a person does it: tick, Cancel, a reason, confirm."""
    row.locator("input").check()
    page.locator("[data-bar] button", has_text=re.compile(r"^\s*Cancel\s*$")).click()
    page.get_by_label("Reason").fill("Harmattan")
    page.locator("#dialog-submit").click()
    expect(page.locator("#dialog")).not_to_be_visible()


def cancel_behind(by, *bookings):
    """As from another process."""
    selection = Booking.objects.filter(pk__in=[booking.pk for booking in bookings])
    return services.cancel(selection, by=by, kind="operator", reason="Harmattan").batch


def test_one_cancels_and_the_other_sees_it_without_reload(rides, enter):
    theirs, mine = enter("gestion"), enter("bureau")
    booking = rides[5]
    record = enter("gestion", booking.get_absolute_url())
    row = f"tr[data-pk='{booking.pk}']"
    unread = int(theirs.locator(f"{BADGE} > span").first.inner_text())
    theirs.locator("tr[data-pk] input[name=pk]").nth(2).check()
    cancel(mine, mine.locator(row))

    expect(theirs.locator(f"{BADGE} > span").first).to_have_text(str(unread + 1))
    toast = theirs.locator(".toast", has_text=f"awa — {booking.reference}: 1 booking cancelled.")
    expect(toast).to_be_visible()
    bar = theirs.locator(CHANGED)
    expect(bar).to_contain_text("1 row changed.")
    expect(theirs.locator(f"{row} .status-confirmed")).to_be_visible()  # nothing moves by itself
    bar.get_by_role("button", name="Refresh").click()
    expect(theirs.locator(f"{row} .status-cancelled")).to_be_visible()
    expect(bar).to_have_count(0)
    expect(theirs.locator("tr[aria-selected=true]")).to_have_count(1)  # what was chosen stays so

    notice = record.locator(CHANGED)
    expect(notice).to_contain_text("Changed by awa in the meantime")
    expect(notice).to_contain_text("1 booking cancelled. Harmattan")
    expect(record.locator("#record .status-confirmed").first).to_be_visible()
    notice.get_by_role("button", name="Refresh").click()
    expect(record.locator("#record .status-cancelled").first).to_be_visible()
    expect(notice).to_have_count(0)

    expect(mine.locator(CHANGED)).to_have_count(0)  # one's own act is no news
    expect(mine.locator(f"{row} .status-cancelled")).to_be_visible()


def test_a_form_warns_before_it_is_saved(rides, staff, enter):
    booking = rides[5]
    page = enter("gestion", booking.get_edit_url())
    page.get_by_label("Passenger", exact=False).first.fill("Binta Sow")
    cancel_behind(staff["bureau"], booking)
    warning = page.locator(CHANGED)
    expect(warning).to_contain_text("Changed by awa in the meantime")
    expect(warning).to_contain_text("which version stays")
    expect(warning.get_by_role("link", name="See")).to_have_attribute(
        "href", booking.get_absolute_url()
    )
    expect(page.get_by_label("Passenger", exact=False).first).to_have_value("Binta Sow")


def test_the_bell_opens_and_what_is_read_is_read_on_every_page(rides, staff, enter):
    page = enter("gestion")
    other = page.context.new_page()
    other.goto(page.url)
    booking = rides[6]
    cancel_behind(staff["bureau"], booking)
    expect(other.locator(".toast", has_text=booking.reference)).to_be_visible()
    page.locator(".side .bell").focus()
    page.keyboard.press("Enter")
    latest = page.locator("#notices")
    expect(latest.locator(".note").first).to_contain_text(booking.reference)
    assert serious(page) == []
    latest.get_by_role("button", name="Mark all as read").click()
    expect(page.locator(BADGE)).to_be_hidden()
    expect(other.locator(BADGE)).to_be_hidden()
    page.keyboard.press("Escape")
    expect(latest).not_to_be_visible()
    page.locator(".side .bell").click()
    latest.locator(".note a").first.click()
    page.wait_for_url(f"**{booking.get_absolute_url()}")


def test_what_is_read_on_the_list_is_read_on_every_page(rides, staff, enter):
    page = enter("gestion")
    other = page.context.new_page()
    other.goto(page.url)
    cancel_behind(staff["bureau"], rides[6])
    expect(other.locator(BADGE)).to_be_visible()
    page.goto(urljoin(page.url, "/notifications/"))
    page.locator("main").get_by_role("button", name="Mark all as read").click()
    expect(page.locator(BADGE)).to_be_hidden()
    expect(other.locator(BADGE)).to_be_hidden()


def test_what_happened_while_the_server_was_away_is_made_up_for(rides, staff, enter, server):
    page = enter("gestion")
    server.close()
    cancel_behind(staff["bureau"], *rides[5:8])
    back = Server(port=server.port)
    try:
        expect(page.locator(CHANGED)).to_contain_text("3 rows changed.", timeout=15_000)
        expect(page.locator(".toast", has_text="3 bookings cancelled.")).to_have_count(1)
    finally:
        back.close()


class Nobody(BaseHTTPRequestHandler):
    """What a proxy answers while the server behind it restarts."""

    def do_GET(self):
        self.server.asked.append(self.path)
        self.send_error(502)

    def log_message(self, *args):
        pass


def test_a_page_that_a_proxy_refused_hears_again(rides, staff, enter, server):
    page = enter("gestion")
    server.close()
    with ThreadingHTTPServer(("127.0.0.1", server.port), Nobody) as proxy:
        proxy.asked = []
        Thread(target=proxy.serve_forever).start()
        try:
            wait_for(lambda: len([path for path in proxy.asked if "/live/stream/" in path]) > 1)
        finally:
            proxy.shutdown()
    cancel_behind(staff["bureau"], *rides[5:8])
    back = Server(port=server.port)
    try:
        expect(page.locator(CHANGED)).to_contain_text("3 rows changed.", timeout=30_000)
        cancel_behind(staff["bureau"], rides[8])
        expect(page.locator(CHANGED)).to_contain_text("4 rows changed.")
        expect(page.locator(".toast", has_text="3 bookings cancelled.")).to_have_count(1)
    finally:
        back.close()


def test_a_tab_that_was_out_of_sight_asks_for_what_came_since_alone(rides, staff, enter):
    page = enter("gestion")
    page.clock.install()
    page.reload()
    for booking in rides[5:8]:
        cancel_behind(staff["bureau"], booking)
    expect(page.locator(".toast", has_text="1 booking cancelled.")).to_have_count(3)
    page.evaluate(LOOK, True)
    page.clock.fast_forward(11_000)
    with page.expect_request("**/live/stream/**") as again:
        page.evaluate(LOOK, False)
    [last] = parse_qs(urlsplit(again.value.url).query)["last"]
    assert Announcement.objects.exists()
    assert is_point(last) and not Announcement.objects.filter(Since(last)).exists()


def test_new_bookings_are_offered_where_they_match(rides, staff, enter):
    matching, other = enter("gestion", "/bookings/?q=teranga"), enter("gestion", "/bookings/?q=xyz")
    selection = Booking.objects.filter(pk=rides[9].pk)
    date = rides[9].pickup_at.date()
    services.duplicate(selection, by=staff["bureau"], date=date)
    expect(matching.locator(CHANGED)).to_contain_text("1 new row.")
    expect(other.locator(".toast", has_text="1 booking created.").first).to_be_visible()
    expect(other.locator(CHANGED)).to_have_count(0)
    matching.locator(CHANGED).get_by_role("button", name="Refresh").click()
    expect(matching.locator("#matching")).to_have_text(re.compile(r"^61\b"))
    expect(matching.locator(CHANGED)).to_have_count(0)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)])
def test_what_appears_is_accessible(rides, staff, enter, scheme, width):
    options = {"color_scheme": scheme, "reduced_motion": "reduce"}
    page = enter("gestion", viewport={"width": width, "height": 844}, **options)
    cancel_behind(staff["bureau"], rides[5])
    expect(page.locator(CHANGED)).to_be_visible()
    expect(page.locator(".toast", has_text=rides[5].reference)).to_be_visible()
    assert serious(page) == []
    bell = page.locator(".bell:visible")
    expect(bell).to_have_count(1)
    expect(bell).to_have_accessible_name(re.compile(r"^Notifications \d+\+? unread$"))
    page.goto(page.url.split("/bookings")[0] + "/notifications/")
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_the_page_of_a_round_trip_says_when_a_segment_is_cancelled(rides, enter):
    out, back = make_round_trip(status=Status.CONFIRMED)
    trip = enter("gestion", out.round_trip.get_absolute_url())
    mine = enter("bureau", back.get_absolute_url())
    mine.locator("#buttons").get_by_role("button", name="Cancel", exact=True).click()
    mine.get_by_label("Reason", exact=False).fill("Harmattan")
    mine.locator("#dialog-submit").click()
    expect(mine.locator("#record .status-cancelled").first).to_be_visible()

    notice = trip.locator(CHANGED)
    expect(notice).to_contain_text("awa")
    expect(trip.locator("#record .status-cancelled")).to_have_count(0)
    notice.get_by_role("button", name="Refresh").click()
    expect(trip.locator("#record .status-cancelled")).to_have_count(1)
    expect(trip.locator("#record .status-confirmed")).to_have_count(1)
    expect(notice).to_have_count(0)
    assert serious(trip) == []


def test_the_page_of_a_series_says_when_its_rule_makes_more_rides(rides, staff, enter):
    series_services.repeat(rides[5], by=staff["bureau"], rule=Rule("DAILY", count=3))
    ride = Booking.objects.select_related("series").get(pk=rides[5].pk)
    page = enter("gestion", ride.series.get_absolute_url())
    listed = page.locator("#rides [data-version]")
    expect(listed).to_have_count(3)
    longer = Rule("DAILY", count=5)
    series_schedule.reschedule(ride, by=staff["bureau"], rule=longer, whole=True)
    notice = page.locator(CHANGED)
    expect(notice).to_contain_text("Rule changed: 2 rides created or cancelled.")
    expect(listed).to_have_count(3)
    notice.get_by_role("button", name="Refresh").click()
    expect(listed).to_have_count(5)
    expect(notice).to_have_count(0)


def test_an_engineer_sees_what_the_office_does_to_their_day(staff, enter, server):
    permission = Permission.objects.get(codename="work_engineer")
    staff["sarah"] = make_user("sarah", password=PASSWORD, language="en")
    staff["sarah"].user_permissions.add(permission)
    engineer, order = make_engineer("Sarah Ndiaye", user=staff["sarah"]), make_order()
    path = f"/installations/engineers/{engineer.pk}/day/?day={timezone.localdate(tomorrow())}"
    page = enter("sarah", path, viewport={"width": 390, "height": 800})
    expect(page.locator(".stop")).to_have_count(0)
    changed = page.locator(CHANGED, has_text="The visits of this day have changed.")

    for verb, answers, stops in (
        (scheduling.schedule, {"engineer": engineer, "start": tomorrow()}, 1),
        (installations.cancel, {"reason": "Harmattan"}, 0),
    ):
        verb(only(order), by=staff["bureau"], **answers)
        changed.get_by_role("button", name="Refresh").click()
        expect(page.locator(".stop")).to_have_count(stops)
        expect(changed).to_have_count(0)
