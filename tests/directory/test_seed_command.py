import random

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from project.directory import seeding
from project.directory.models import Customer, Driver, Partner
from project.directory.seed import seed_parties
from project.utilisateurs.models import CustomUser

pytestmark = pytest.mark.django_db
KINDS = (Customer, Driver, Partner)


@pytest.fixture
def seed(settings):
    settings.DEBUG = True

    def run(**options):
        call_command("seed", bookings=0, **options)

    return run


def counts():
    return [CustomUser.objects.count(), *(kind.objects.count() for kind in KINDS)]


def parties(**options):
    """What a run makes, which is then taken back."""
    with transaction.atomic():
        seed_parties({"bookings": 500}, random.Random(options["seed"]))
        made = [list(kind.objects.order_by("pk").values_list("name", "phone")) for kind in KINDS]
        transaction.set_rollback(True)
    return made


def test_it_is_refused_where_debug_is_off(settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="--force"):
        call_command("seed")
    assert counts() == [0, 0, 0, 0]


def test_it_can_be_forced_where_debug_is_off(settings):
    settings.DEBUG = False
    call_command("seed", bookings=0, force=True)
    assert CustomUser.objects.filter(username="bureau").exists()


@pytest.mark.parametrize("bookings", [-1, 5_000_001])
def test_it_refuses_a_number_out_of_bounds(settings, bookings):
    settings.DEBUG = True
    with pytest.raises(CommandError, match="from 0"):
        call_command("seed", bookings=bookings)
    assert counts() == [0, 0, 0, 0]


def test_it_makes_an_account_of_each_role(seed, client):
    seed()
    for username, group in (
        ("bureau", "Bureau"),
        ("gestion", "Gestion"),
        ("admin", "Administration"),
    ):
        user = CustomUser.objects.get(username=username)
        assert [str(group) for group in user.groups.all()] == [group]
        assert user.is_staff == (username == "admin")
        assert client.login(username=username, password="carnet-demo")


def test_a_second_run_changes_nothing(seed):
    seed()
    before = counts()
    changed = CustomUser.objects.get(username="bureau")
    changed.set_password("changed-since")
    changed.save()
    seed()
    assert counts() == before
    assert CustomUser.objects.get(username="bureau").check_password("changed-since")


def test_it_makes_as_many_parties_as_the_bookings_call_for():
    seed_parties({"bookings": 4000}, random.Random(1))
    assert counts()[1:] == [200, 40, 8]


def test_each_party_has_a_log_line_and_a_history_row(seed):
    seed()
    for kind in KINDS:
        records = kind.objects.count()
        assert records >= 8
        assert kind.logs.rel.related_model._base_manager.count() == records
        assert kind.history.count() == records


def test_what_it_makes_is_valid(seed):
    seed()
    for kind in KINDS:
        for record in kind.objects.all():
            record.full_clean()


def test_the_same_seed_gives_the_same_data():
    assert parties(seed=7) == parties(seed=7)


def test_another_seed_gives_other_data():
    assert parties(seed=7) != parties(seed=8)


def test_seeders_run_in_their_order_each_with_its_own_randomness(monkeypatch):
    monkeypatch.setattr(seeding, "_seeders", {})
    drawn = []
    seeding.register("second", lambda options, rng: drawn.append(("second", rng.random())), 2)
    seeding.register("first", lambda options, rng: drawn.append(("first", rng.random())), 1)
    seeding.run({"seed": 1})
    assert [name for name, _ in drawn] == ["first", "second"]
    alone = random.Random("1:second").random()
    assert drawn[1] == ("second", alone)
