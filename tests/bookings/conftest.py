import pytest

from bookings import series_changes
from bookings.changes import To
from project.utilisateurs.groups import BUREAU, GESTION
from tests.asking import browser_of, only
from tests.factories import make_customer, make_user

__all__ = ["browser_of", "only"]


@pytest.fixture
def bureau(db):
    return make_user("awa", groups=[BUREAU])


@pytest.fixture
def gestion(db):
    return make_user("moussa", groups=[GESTION])


@pytest.fixture
def customer(db):
    return make_customer("Hôtel Téranga", phone="+221 33 111 11 11")


@pytest.fixture
def hotel(db):
    return make_customer("Hôtel Téranga", email="hotel@example.org", language="en")


@pytest.fixture
def desk(bureau):
    """The office's browser, in English."""
    return browser_of(bureau)


@pytest.fixture
def boss(gestion):
    """A manager's browser, in English."""
    return browser_of(gestion)


def change_series(selection, *, by, overwrite=False, override="", **values):
    """Change occurrences; `time` is the time of day."""
    if "time" in values:
        values["clock"] = values.pop("time")
    return series_changes.change_series(
        selection,
        by=by,
        values={name: To(value) for name, value in values.items()},
        overwrite=overwrite,
        override=override,
    )


def codes(outcome):
    """{code: count} of what an outcome refused."""
    return {refused.code: refused.count for refused in outcome.refused}


def assert_recorded(booking, outcome, code, user, lines=1):
    """One log line and one history row of this batch, by this user, at the booking's version."""
    booking.refresh_from_db()
    entries = booking.logs.filter(batch=outcome.batch)
    assert [(entry.action_code, entry.user) for entry in entries] == [(code, user)] * lines
    row = booking.history.get(batch_id=outcome.batch.pk)
    assert row.history_user == user
    assert row.version == booking.version
    assert row.history_change_reason == (outcome.batch.reason or entries[0].action)
    return entries[0]
