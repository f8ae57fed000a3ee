"""axe-core on every page, light and dark, wide and narrow: nothing serious."""

from random import Random

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connection
from playwright.sync_api import expect

from bookings.installations import links, scheduling, work
from bookings.installations.models import Order
from bookings.models import Series
from bookings.recurrence import Rule
from bookings.series_services import repeat
from inventory.models import Article, Terminal, Vente, VenteEnQuarantaine
from inventory.seed import seed as seed_shops
from tests.bookings.importing import row_for, take
from tests.factories import (
    make_caution,
    make_engineer,
    make_mission,
    make_order,
    make_paiement,
    make_round_trip,
)
from tests.installations.conftest import tomorrow
from tests.sweeps import part, slow

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True)]
SERIOUS = {"serious", "critical"}


def pages(rides):
    booking = rides[5]
    repeat(rides[6], by=rides[6].logs.get().user, rule=Rule("DAILY", count=5))
    series = Series.objects.get()
    segment, _back = make_round_trip()
    paiement = make_paiement(make_mission(), valide=True)
    mission = paiement.mission
    caution = make_caution(mission.contrat)
    seed_shops({}, Random(1))
    article, vente = Article.objects.first(), Vente.objects.first()
    terminal, kept = Terminal.objects.first(), VenteEnQuarantaine.objects.first()
    return [
        *of_installations(),
        *(f"/inventory/{slug}/" for slug in ("articles", "mouvements", "ventes", "quarantaine")),
        *(f"/inventory/{slug}/" for slug in ("terminaux", "boutiques", "receive")),
        f"/inventory/receive/?boutique={article.boutique_id}",
        f"/inventory/count/?boutique={article.boutique_id}",
        article.get_absolute_url(),
        article.get_edit_url(),
        article.boutique.get_absolute_url(),
        f"/inventory/mouvements/{article.mouvements.first().pk}/",
        vente.get_absolute_url(),
        f"/inventory/ventes/{vente.pk}/return/",
        terminal.get_absolute_url(),
        f"/inventory/terminaux/{terminal.pk}/key/",
        "/inventory/terminaux/failures/",
        kept.get_absolute_url(),
        kept.get_edit_url(),
        "/bookings/",
        "/bookings/?q=nobody-is-called-this",
        "/bookings/?period=custom&from=yesterdayish",
        f"/bookings/{booking.reference}/",
        f"/bookings/{booking.reference}/edit/",
        f"/bookings/{booking.reference}/repeat/",
        series.get_absolute_url(),
        f"/bookings/{series.origin.reference}/reschedule/",
        f"/batches/{booking.logs.get().batch_id}/",
        "/bookings/new/",
        "/directory/customers/",
        f"/directory/customers/{booking.customer_id}/",
        "/directory/customers/new/",
        "/directory/drivers/",
        "/directory/partners/",
        segment.round_trip.get_absolute_url(),
        "/transport/tableau/",
        "/transport/retards/",
        "/transport/contrats/",
        "/transport/contrats/new/",
        mission.contrat.get_absolute_url(),
        f"{mission.contrat.get_absolute_url()}delete/",
        mission.get_absolute_url(),
        paiement.get_absolute_url(),
        caution.get_absolute_url(),
        "/imports/",
        "/imports/new/bookings/",
        imported(booking).get_absolute_url(),
        "/jobs/",
        "/mails/",
        "/notifications/",
        "/accounts/profile/",
        "/nowhere/",
    ]


def of_installations():
    """One order waits, one is in progress at an engineer's."""
    waiting, begun, engineer = make_order(), make_order(), make_engineer(region="Dakar")
    one = Order.objects.filter(pk=begun.pk)
    scheduling.schedule(one, by=None, engineer=engineer, start=tomorrow())
    work.start(one, by=None)
    shop = begun.lines.get().article.boutique_id
    return [
        "/installations/",
        "/installations/to-schedule/",
        f"/installations/new/?boutique={shop}",
        begun.get_absolute_url(),
        waiting.get_edit_url(),
        "/installations/engineers/",
        engineer.get_absolute_url(),
        engineer.get_edit_url(),
        f"/installations/engineers/{engineer.pk}/day/?day={tomorrow():%Y-%m-%d}",
        f"{begun.get_absolute_url()}complete/",
        links.path_to(begun.pk),
        "/integrations/",
    ]


def imported(booking):
    """An import with rows of each kind: new, changed, in error."""
    owner = booking.logs.first().user
    changed = {"Référence": booking.reference, "Prix": 1, **row_for(booking.customer.name)}
    return take(owner, row_for(booking.customer.name), changed, row_for("Personne"))


# What is being swapped or moved is dimmed for that moment: it is judged as it comes to rest.
AT_REST = """() => Promise.all(
    document.getAnimations().filter(one => one.effect.getComputedTiming().endTime < Infinity)
        .map(one => one.finished.catch(() => null))
)"""


def serious(page):
    """The serious violations, in words, of the page once it is at rest."""
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    page.evaluate(AT_REST)
    return [
        f"{page.url}: {violation['id']}: {violation['help']} "
        f"{[node['html'][:120] for node in violation['nodes'][:3]]}"
        for violation in Axe().run(page).response["violations"]
        if violation["impact"] in SERIOUS
    ]


@slow
@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1360), ("dark", 1360), ("light", 390)], ids=str
)
def test_no_page_has_a_serious_violation(signed_in, rides, page, live_server, scheme, width):
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 850})
    page.goto(f"{live_server.url}/accounts/login/")
    found = serious(page)
    signed_in()
    # No page looks otherwise on another database: all are seen on one, some on every.
    usual = (scheme, width, connection.vendor) == ("light", 1360, "sqlite")
    for path in pages(rides) if usual else part(pages(rides)):
        page.goto(live_server.url + path)
        found += serious(page)
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{path} scrolls sideways by {overflow} px at {width} px"
    assert found == []


def test_the_selection_bar_and_the_dialog_have_none_either(signed_in, rides):
    page = signed_in()
    page.emulate_media(reduced_motion="reduce")
    page.locator("[data-select-page]").check()
    expect(page.locator("[data-bar]")).to_be_visible()
    assert serious(page) == []
    page.locator("[data-bar] button", has_text="Cancel").first.click()
    expect(page.locator("#dialog")).to_be_visible()
    assert serious(page) == []
