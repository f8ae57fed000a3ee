import pytest
from django.contrib.auth.models import Group, Permission

from project.utilisateurs.backends import OneQueryBackend
from project.utilisateurs.models import CustomUser
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def fresh(user):
    return CustomUser.objects.get(pk=user.pk)


def test_it_reads_every_permission_in_one_statement(django_assert_num_queries):
    user = fresh(make_user(groups=["Bureau", "Gestion"]))
    with django_assert_num_queries(1):
        assert user.has_perm("bookings.cancel_booking")
        assert user.has_perm("bookings.override_overlap_booking")
        assert not user.has_perm("utilisateurs.change_customuser")
        assert user.has_module_perms("bookings")


def test_who_comes_with_a_session_comes_with_their_permissions(django_assert_num_queries):
    make_user(is_superuser=True)
    user = make_user(groups=["Gestion"])
    user.user_permissions.add(Permission.objects.get(codename="add_customuser"))
    with django_assert_num_queries(1):
        read = OneQueryBackend().get_user(user.pk)
        assert read.has_perm("bookings.cancel_booking")
        assert read.has_perm("utilisateurs.add_customuser")
        assert not read.has_perm("utilisateurs.change_customuser")
    assert read.get_all_permissions() == fresh(user).get_all_permissions()
    assert OneQueryBackend().get_user(make_user().pk).get_all_permissions() == set()
    assert OneQueryBackend().get_user(make_user(is_active=False).pk) is None
    assert OneQueryBackend().get_user(0) is None


def test_it_adds_a_users_own_permissions_to_those_of_their_groups():
    user = make_user(groups=["Bureau"])
    user.user_permissions.add(Permission.objects.get(codename="override_overlap_booking"))
    own = fresh(user).get_all_permissions()
    group = Group.objects.get(name="Bureau")
    assert len(own) == group.permissions.count() + 1
    assert {"bookings.override_overlap_booking", "bookings.view_booking"} <= own


def test_a_user_without_groups_may_nothing():
    assert fresh(make_user()).get_all_permissions() == set()


def test_a_deactivated_user_may_nothing():
    user = fresh(make_user(groups=["Administration"], is_active=False))
    assert user.get_all_permissions() == set()
    assert not user.has_perm("bookings.view_booking")


def test_a_deactivated_superuser_may_nothing():
    assert not fresh(make_user(is_superuser=True, is_active=False)).has_perm("bookings.x")


def test_a_superuser_may_everything():
    user = fresh(make_user(is_superuser=True))
    assert len(user.get_all_permissions()) == Permission.objects.count()


def test_a_right_on_one_object_is_never_given():
    user = fresh(make_user(groups=["Administration"]))
    assert not user.has_perm("bookings.view_booking", user)
