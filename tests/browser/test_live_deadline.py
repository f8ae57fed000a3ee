"""The return deadline in the form of a contract: the server's own, while one types."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD
from tests.factories import (
    make_camion,
    make_compagnie,
    make_conteneur,
    make_customer,
    make_driver,
    make_transitaire,
)
from transport.models import ContratTransport, Tarif

NEW = "/transport/contrats/new/"


def known_container():
    """One whose line has a tariff of ten days."""
    line = make_compagnie("Sahel Line")
    Tarif.objects.create(compagnie=line, delai_jours=10)
    return make_conteneur(numero="MSCU1234566", compagnie=line)


def test_it_follows_what_is_typed_and_shines_for_a_moment(signed_in, live_server, quiet):
    known_container()
    page = signed_in()
    page.goto(f"{live_server.url}{NEW}")
    deadline = page.locator("#id_date_limite_retour")
    expect(deadline).to_have_attribute("readonly", "")
    expect(deadline).not_to_have_class(re.compile("fresh"))
    page.fill("#id_date_debut", "2025-12-25")
    expect(deadline).to_have_value("2026-01-17")
    expect(deadline).to_have_attribute("title", "Calculated automatically: start + 23 days")
    expect(deadline).to_have_css("animation-name", "worked-out")
    resting = deadline.evaluate(
        "field => Promise.all(field.getAnimations().map(each => each.finished))"
        ".then(() => getComputedStyle(field).backgroundColor)"
    )
    shining = deadline.evaluate(
        """field => {
            field.classList.remove("fresh");
            field.offsetWidth;
            field.classList.add("fresh");
            const [glow] = field.getAnimations();
            glow.pause();
            glow.currentTime = 0;
            return getComputedStyle(field).backgroundColor;
        }"""
    )
    assert (shining, resting != shining) == ("rgb(209, 236, 241)", True)
    page.fill("#id_numero_conteneur", "mscu 123456-6")
    expect(deadline).to_have_value("2026-01-04")
    page.fill("#id_delai_jours", "30")
    expect(deadline).to_have_value("2026-01-24")


def test_without_a_script_it_is_right_once_it_is_saved(browser, live_server, staff):
    known_container()
    who = {
        "transitaire": make_transitaire("Transit Sahel"),
        "client": make_customer("Sahel Imports"),
        "camion": make_camion(immatriculation="DK 4242 A"),
        "chauffeur": make_driver("Ousmane Sarr"),
    }
    page = browser.new_page(java_script_enabled=False)
    page.goto(f"{live_server.url}/accounts/login/")
    page.fill("input[name=username]", "awa")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button.primary")
    page.goto(f"{live_server.url}{NEW}")
    for name, record in who.items():
        page.fill(f"[name={name}_text]", str(record))
    for name, text in (
        ("numero_conteneur", "MSCU1234566"),
        ("numero_bl", "BL-1"),
        ("origine", "Dakar"),
        ("destination", "Bamako"),
        ("date_debut", "2025-01-01"),
        ("montant_total", "900000"),
    ):
        page.fill(f"#id_{name}", text)
    page.click("main form button.primary")
    expect(page.locator("h1")).to_contain_text("CT-")
    page.close()
    assert ContratTransport.objects.get().date_limite_retour.isoformat() == "2025-01-11"
