"""Undoing what a file changed takes the rights for all that it changed, not to edit alone."""

import pytest
from django.contrib.auth.models import Permission

from project.actions.undo import CannotUndo, undo
from project.audit.models import Batch
from project.exchange.imports.models import Import
from project.exchange.imports.services import NotNow
from project.utilisateurs.models import CustomUser
from tests.bookings.importing import row_for, take, write
from tests.bookings.importing import undo as undone
from tests.bookings.test_import import only
from tests.factories import make_booking, make_driver

pytestmark = pytest.mark.django_db
TO_CHANGE = ("import_booking", "view_booking", "change_booking")
PEOPLE = ("assign_booking", "unassign_booking")


@pytest.fixture
def changed(gestion, customer):
    """An import that gave a ride to Ali, or put other values into it: (ride, batch)."""
    make_driver("Ali")

    def changed(**values):
        ride = make_booking(customer=customer, price=35_000)
        write(take(gestion, {**row_for(), "Référence": ride.reference, **values}))
        ride.refresh_from_db()
        return ride, Batch.objects.latest("created_at")

    return changed


@pytest.mark.parametrize("rights", [(), PEOPLE[:1], PEOPLE[1:]])
def test_who_may_not_assign_takes_no_driver_away_by_an_undo(changed, rights):
    ride, batch = changed(Chauffeur="Ali")
    with pytest.raises(CannotUndo, match="pas le droit"):
        undo(batch, by=only(*TO_CHANGE, *rights))
    ride.refresh_from_db()
    assert ride.driver.name == "Ali"
    assert ride.logs.count() == 2
    assert undo(batch, by=only(*TO_CHANGE, *PEOPLE)).changed == 1
    ride.refresh_from_db()
    assert ride.driver is None


def test_who_may_change_a_ride_undoes_what_else_was_changed(changed):
    ride, batch = changed(Prix=1)
    assert undo(batch, by=only(*TO_CHANGE)).changed == 1
    ride.refresh_from_db()
    assert ride.price == 35_000


def test_an_import_is_not_undone_by_who_lost_a_right_since(customer):
    make_driver("Ali")
    clerk = only(*TO_CHANGE, *PEOPLE)
    ride = make_booking(customer=customer)
    item = write(take(clerk, {**row_for(), "Référence": ride.reference, "Chauffeur": "Ali"}))
    clerk.user_permissions.remove(*Permission.objects.filter(codename__in=PEOPLE))
    item.owner = CustomUser.objects.get(pk=clerk.pk)
    with pytest.raises(NotNow, match="pas le droit"):
        undone(item)
    ride.refresh_from_db()
    assert ride.driver.name == "Ali"
    assert Import.objects.get(pk=item.pk).stage == Import.Stage.READY
