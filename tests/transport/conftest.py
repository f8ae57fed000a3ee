from tests.asking import only
from tests.bookings.conftest import boss, browser_of, bureau, codes, desk, gestion

__all__ = ["boss", "browser_of", "bureau", "codes", "desk", "gestion", "only"]


def assert_recorded(record, outcome, code, user):
    """One log line and one history row of this batch, by this user, at the record's version."""
    record.refresh_from_db()
    [entry] = record.logs.filter(batch=outcome.batch)
    assert (entry.action_code, entry.user) == (code, user)
    row = record.history.get(batch_id=outcome.batch.pk)
    assert (row.history_user, row.version) == (user, record.version)
    return entry
