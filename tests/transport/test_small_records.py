"""Forwarders, trucks, containers, shipping lines and tariffs: kept like parties."""

import re
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from project.actions.undo import CannotUndo, undo
from project.audit.models import Batch
from tests.asking import act, picked, url_of
from tests.factories import (
    make_camion,
    make_compagnie,
    make_conteneur,
    make_contrat,
    make_transitaire,
    make_user,
)
from tests.transport.test_transport_pages import answers, edited
from transport import penalties
from transport.forms import PaliersField
from transport.models import Camion, Compagnie, Conteneur, ContratTransport, Tarif, Transitaire

pytestmark = pytest.mark.django_db


def make_tarif(**fields):
    return Tarif.objects.create(**{"destination": f"Place {Tarif.objects.count()}"} | fields)


# By the desk's slug: how to make one, what its form takes, what is then changed.
KINDS = {
    "transitaires": (make_transitaire, {"name": "Transit Sahel"}, {"name": "Sahel Fret"}),
    "camions": (make_camion, {"immatriculation": "dk 77 a"}, {"marque": "Volvo"}),
    "conteneurs": (
        make_conteneur,
        {"numero": "MSCU 123456-6", "taille": "40"},
        {"taille": "40HC"},
    ),
    "compagnies": (make_compagnie, {"nom": "CMA  CGM"}, {"nom": "CMA"}),
    "tarifs": (make_tarif, {"delai_jours": "21", "paliers": "1: 15000"}, {"delai_jours": "14"}),
}


@pytest.fixture(params=KINDS)
def slug(request):
    return request.param


@pytest.fixture
def make(slug):
    return KINDS[slug][0]


@pytest.fixture
def given(slug):
    """What the form of this kind takes for a new one."""
    line = {"compagnie": make_compagnie().pk} if slug == "conteneurs" else {}
    return KINDS[slug][1] | line


def model_of(slug):
    by_slug = (Transitaire, Camion, Conteneur, Compagnie, Tarif)
    return dict(zip(KINDS, by_slug, strict=True))[slug]


def url(slug, page, *args):
    return reverse(f"{model_of(slug)._meta.model_name}_{page}", args=args)


def deactivate(client, slug, *records):
    return act(client, url_of("deactivate", slug), picked(*records) | {"reason": "Sold"})


# --------------------------------------------------------------------------------------- pages
def test_the_list_shows_the_active_ones_or_the_others(boss, slug, make):
    here, gone = make(), make()
    deactivate(boss, slug, gone)
    for query, shown in (({}, here), ({"inactive": "1"}, gone)):
        body = boss.get(url(slug, "list"), query).context["body"]
        assert re.findall(r'data-pk="(\d+)"', body) == [str(shown.pk)]


def test_it_is_found_by_its_name(boss, slug, make):
    one, _other = make(), make()
    body = boss.get(url(slug, "list"), {"q": str(one)}).context["body"]
    assert str(one.pk) in re.findall(r'data-pk="(\d+)"', body)
    page = boss.get(url(slug, "lookup"), {"q": str(one)}).content.decode()
    assert f'data-value="{one.pk}"' in page


def test_it_is_made_and_changed_with_its_life_on_its_page(boss, slug, given):
    response = boss.post(url(slug, "create"), given)
    record = model_of(slug).objects.latest("pk")
    assert response.url == record.get_absolute_url()
    change = given | KINDS[slug][2] | {"version": "1"}
    assert boss.post(url(slug, "edit", record.pk), change).status_code == 302
    record.refresh_from_db()
    [(field, value)] = KINDS[slug][2].items()
    assert str(getattr(record, field)) == value
    made, edit = record.logs.order_by("pk")
    assert [made.action_code, edit.action_code] == ["transport.create", "transport.edit"]
    assert field in edit.changes
    assert [row.version for row in record.history.order_by("history_id")] == [1, 2]
    page = boss.get(record.get_absolute_url())
    assert len(page.context["entries"]) == 2
    assert str(record) in page.content.decode()


def test_an_edit_is_undone(boss, gestion, slug, given):
    boss.post(url(slug, "create"), given)
    record = model_of(slug).objects.latest("pk")
    [(field, _value)] = KINDS[slug][2].items()
    before = getattr(record, field)
    boss.post(url(slug, "edit", record.pk), given | KINDS[slug][2] | {"version": "1"})
    undo(Batch.objects.latest("created_at"), by=make_user("root", is_superuser=True))
    record.refresh_from_db()
    assert getattr(record, field) == before


def test_a_name_that_another_has_taken_since_is_not_put_back():
    root, truck = make_user("root", is_superuser=True), make_camion(immatriculation="DK 1")
    truck.immatriculation = "DK 2"
    renamed = truck.save(by=root)
    make_camion(immatriculation="DK 1")
    with pytest.raises(CannotUndo, match="existe déjà"):
        undo(renamed, by=root)
    truck.refresh_from_db()
    assert truck.immatriculation == "DK 2"


def test_two_edits_do_not_overwrite_each_other(boss, slug, given):
    boss.post(url(slug, "create"), given)
    record = model_of(slug).objects.latest("pk")
    change = given | KINDS[slug][2] | {"version": "1"}
    boss.post(url(slug, "edit", record.pk), change)
    other = given | {"version": "1"}
    assert boss.post(url(slug, "edit", record.pk), other).status_code == 409


@pytest.mark.parametrize("page", ["list", "create", "lookup", "detail", "edit"])
def test_each_page_asks_for_its_permission(client, slug, make, page):
    args = (make().pk,) if page in ("detail", "edit") else ()
    client.force_login(make_user("onlooker"))
    assert client.get(url(slug, page, *args)).status_code == 403


@pytest.mark.parametrize("page", ["create", "edit"])
def test_to_look_is_not_to_write(client, slug, make, page):
    name = model_of(slug)._meta.model_name
    looker = make_user("looker")
    looker.user_permissions.add(Permission.objects.get(codename=f"view_{name}"))
    client.force_login(looker)
    args = (make().pk,) if page == "edit" else ()
    assert client.get(url(slug, page, *args)).status_code == 403
    assert client.get(url(slug, "list")).status_code == 200


def test_the_office_makes_all_but_tariffs(desk, slug, given):
    status = 403 if slug == "tarifs" else 302
    assert desk.post(url(slug, "create"), given).status_code == status


# ------------------------------------------------------------------------- activate, deactivate
def test_it_is_deactivated_and_activated_with_log_and_undo(boss, slug, make):
    record = make()
    deactivate(boss, slug, record)
    record.refresh_from_db()
    assert (record.is_active, record.version) == (False, 2)
    line = record.logs.latest("pk")
    assert line.changes == {"is_active": [True, False]}
    boss.post(reverse("undo", args=[line.batch_id]))
    record.refresh_from_db()
    assert record.is_active


@pytest.mark.parametrize("slug", ["transitaires", "camions", "conteneurs", "compagnies"])
def test_what_an_active_contract_has_stays(boss, slug):
    contrat = make_contrat()
    record = {
        "transitaires": contrat.transitaire,
        "camions": contrat.camion,
        "conteneurs": contrat.conteneur,
        "compagnies": contrat.conteneur.compagnie,
    }[slug]
    deactivate(boss, slug, record)
    record.refresh_from_db()
    assert record.is_active
    assert Batch.objects.latest("created_at").refusals.get().code == "contracts"


def test_of_two_tariffs_for_the_same_one_is_in_force(boss):
    line = make_compagnie()
    first = make_tarif(compagnie=line, taille="40", destination="")
    deactivate(boss, "tarifs", first)
    second = make_tarif(compagnie=line, taille="40", destination="")
    deactivate(boss, "tarifs", second)
    act(boss, url_of("activate", "tarifs"), picked(first, second))
    assert Batch.objects.latest("created_at").refusals.get().code == "same"
    for record, active in ((first, True), (second, False)):
        record.refresh_from_db()
        assert record.is_active == active
    act(boss, url_of("activate", "tarifs"), picked(second))
    second.refresh_from_db()
    assert not second.is_active


def test_a_second_tariff_for_the_same_is_refused_by_the_form(boss):
    make_tarif(destination="Bamako")
    given = {"delai_jours": "9", "destination": "Bamako"}
    response = boss.post(reverse("tarif_create"), given)
    assert response.status_code == 422
    assert Tarif.objects.count() == 1


# ----------------------------------------------------------------------- a contract without admin
def test_the_office_signs_a_contract_from_nothing_without_admin(desk):
    desk.post(reverse("compagnie_create"), {"nom": "MSC"})
    desk.post(reverse("transitaire_create"), {"name": "Transit Sahel"})
    desk.post(reverse("camion_create"), {"immatriculation": "DK 1"})
    made = {
        "compagnie": Compagnie.objects.get(nom="MSC").pk,
        "transitaire": Transitaire.objects.get().pk,
        "camion": Camion.objects.get(immatriculation="DK 1").pk,
    }
    given = answers()
    given["transitaire"], given["camion"], given["compagnie"] = (
        made["transitaire"],
        made["camion"],
        made["compagnie"],
    )
    assert desk.post(reverse("contrat_create"), given).status_code == 302
    assert ContratTransport.objects.get().conteneur.compagnie.nom == "MSC"


@pytest.mark.parametrize(
    ("name", "field"),
    [("transitaire", "transitaire"), ("camion", "camion"), ("conteneur", "numero_conteneur")],
)
def test_what_is_inactive_is_refused_at_its_field(desk, name, field):
    gone = {
        "transitaire": make_transitaire,
        "camion": make_camion,
        "conteneur": make_conteneur,
    }[name](is_active=False)
    wrong = str(gone) if name == "conteneur" else gone.pk
    response = desk.post(reverse("contrat_create"), answers(**{field: wrong}))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]


def test_a_container_that_left_stays_on_its_contract(desk, gestion):
    contrat = make_contrat()
    contrat.conteneur.is_active = False
    contrat.conteneur.save(by=gestion)
    response = desk.post(contrat.get_edit_url(), edited(contrat, origine="Thiès"))
    assert response.status_code == 302


def test_a_corrected_plate_is_found_at_once(desk, gestion):
    contrat = make_contrat()
    camion = contrat.camion
    camion.immatriculation = "TH 4242 Z"
    camion.save(by=gestion)
    body = desk.get(reverse("contrat_list"), {"q": "th 4242 z"}).context["body"]
    assert re.findall(r'data-pk="(\d+)"', body) == [str(contrat.pk)]


# -------------------------------------------------------------------------------------- tiers
def test_tiers_are_written_one_a_line():
    field = PaliersField()
    tiers = field.clean("11: 25000\n\n 1 : 15000 ")
    assert tiers == penalties.paliers_de([(1, Decimal(15000)), (11, Decimal(25000))])
    assert field.clean(field.prepare_value(tiers)) == tiers


@pytest.mark.parametrize(
    "text", ["nonsense", "0: 5", "1 15000", "1:", "1: -5", "1: many", "1: 5\n1: 6", "99999: 5"]
)
def test_what_is_no_tier_is_told_with_its_line(boss, text):
    given = {"delai_jours": "21", "paliers": text}
    response = boss.post(reverse("tarif_create"), given)
    assert response.status_code == 422
    [error] = response.context["form"].errors["paliers"]
    assert "Line" in error


def test_its_life_tells_tiers_in_words(boss):
    boss.post(reverse("tarif_create"), {"delai_jours": "21", "paliers": "1: 15000"})
    tarif = Tarif.objects.get()
    change = {"delai_jours": "21", "paliers": "1: 15000\n11: 25000", "nom": "x", "version": "1"}
    boss.post(tarif.get_edit_url(), change)
    page = boss.get(tarif.get_absolute_url()).content.decode()
    assert "1–10: 15000, 11+: 25000" in page


@pytest.mark.parametrize("slug", ["conteneurs", "compagnies", "tarifs"])
def test_admin_writes_through_the_same_services(client, slug, make):
    client.force_login(make_user("root", is_superuser=True, is_staff=True))
    record = make()
    name = model_of(slug)._meta.model_name
    page = client.get(reverse(f"admin:transport_{name}_change", args=[record.pk]))
    form = page.context["adminform"].form
    given = {each: form[each].value() for each in form.fields if form[each].value() is not None}
    [(field, value)] = KINDS[slug][2].items()
    client.post(page.request["PATH_INFO"], given | {field: value})
    record.refresh_from_db()
    assert str(getattr(record, field)) == value
    assert record.logs.latest("pk").action_code == "transport.edit"
