"""Former states in Django admin: there to be read. What was comes back by an undo alone."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.urls import reverse
from simple_history.admin import SimpleHistoryAdmin

from bookings import payouts
from bookings.models import Booking
from bookings.states import Status
from tests.bookings.conftest import browser_of, only
from tests.factories import make_booking, make_driver, make_user

pytestmark = pytest.mark.django_db
WITH_HISTORY = [
    model
    for model, model_admin in admin.site._registry.items()
    if isinstance(model_admin, SimpleHistoryAdmin)
]


def former_state(model, pk, version):
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_simple_history"
    return reverse(name, args=[pk, version])


@pytest.mark.parametrize("model", WITH_HISTORY, ids=lambda model: model._meta.label)
def test_nothing_is_sent_to_a_former_state(admin_client, model):
    assert admin_client.post(former_state(model, 1, 1)).status_code == 405


@pytest.fixture
def viewer(db):
    """Somebody of the staff who may look, and nothing else."""
    user = make_user("viewer", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_booking"))
    return user


@pytest.mark.parametrize("name", ["admin_user", "viewer"])
def test_a_settled_ride_does_not_become_what_it_was(name, request):
    user = request.getfixturevalue(name)
    booking = make_booking(status=Status.COMPLETED, driver=make_driver(), payout=20_000)
    first = booking.history.earliest("history_id")
    payouts.settle(only(booking), by=make_user("moussa", is_superuser=True))
    browser, url = browser_of(user), former_state(Booking, booking.pk, first.history_id)
    form = browser.get(url).context["adminform"].form
    answers = {field.name: field.value() for field in form if field.value() is not None}
    settled = only(booking).get()
    response = browser.post(url, answers | {"version": settled.version})
    assert response.status_code == 405
    assert only(booking).get().settled_amount == 20_000
    assert booking.logs.count() == 2
