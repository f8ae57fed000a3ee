import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command

from bookings.models import Booking
from project.utilisateurs import groups
from tests.factories import make_user

pytestmark = pytest.mark.django_db

ACTIONS = {
    "archive_booking",
    "unarchive_booking",
    "cancel_booking",
    "restore_booking",
    "set_status_booking",
    "assign_booking",
    "unassign_booking",
    "duplicate_booking",
    "recap_booking",
}


def held(name):
    return set(Group.objects.get(name=name).permissions.values_list("codename", flat=True))


def migrate():
    groups.grant_after_migrate(apps.get_app_config("bookings"), using="default")


@pytest.fixture
def new_permission():
    """A permission that was not there at the last migrate."""
    return Permission.objects.create(
        codename="wash_booking",
        name="Can wash",
        content_type=ContentType.objects.get_for_model(Booking),
    )


def test_it_makes_three_groups():
    assert set(Group.objects.values_list("name", flat=True)) == {
        "Bureau",
        "Gestion",
        "Administration",
    }


def test_the_office_views_creates_edits_and_acts():
    assert ACTIONS | {"view_booking", "add_booking", "change_booking"} <= held("Bureau")
    assert {"view_customer", "add_driver", "change_partner", "deactivate_driver"} <= held("Bureau")


def test_the_office_neither_overrides_nor_deletes_nor_administers():
    assert not {"override_overlap_booking", "change_customuser"} & held("Bureau")
    assert not [codename for codename in held("Bureau") if codename.startswith("delete_")]


def test_managers_have_all_of_the_office_and_the_override():
    assert held("Gestion") - held("Bureau") >= {"override_overlap_booking"}
    assert held("Bureau") <= held("Gestion")


def test_administration_has_everything():
    assert held("Administration") == set(Permission.objects.values_list("codename", flat=True))


def test_every_registered_permission_exists():
    for app_label, grants in groups.registered().items():
        there = Permission.objects.filter(content_type__app_label=app_label)
        named = {codename for codenames in grants.values() for codename in codenames}
        assert named - set(there.values_list("codename", flat=True)) == set()


def test_a_second_migrate_changes_nothing():
    before = {name: held(name) for name in ("Bureau", "Gestion", "Administration")}
    call_command("migrate", verbosity=0)
    assert {name: held(name) for name in before} == before


def test_a_new_permission_arrives_at_the_next_migrate(monkeypatch, new_permission):
    grants = groups.registered()["bookings"]
    grants = {name: (*codenames, "wash_booking") for name, codenames in grants.items()}
    monkeypatch.setitem(groups._registered, "bookings", grants)
    migrate()
    assert all("wash_booking" in held(name) for name in ("Bureau", "Gestion", "Administration"))


def test_what_an_administrator_took_away_stays_away():
    bureau = Group.objects.get(name="Bureau")
    bureau.permissions.remove(Permission.objects.get(codename="cancel_booking"))
    migrate()
    assert "cancel_booking" not in held("Bureau")


def test_what_an_administrator_gave_stays(new_permission):
    Group.objects.get(name="Bureau").permissions.add(new_permission)
    migrate()
    assert "wash_booking" in held("Bureau")


@pytest.mark.django_db(transaction=True)
def test_a_flushed_database_has_its_groups_again():
    call_command("flush", interactive=False, verbosity=0)
    assert held("Bureau") >= ACTIONS
    assert make_user(groups=["Gestion"]).has_perm("bookings.override_overlap_booking")
