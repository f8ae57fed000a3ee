"""What the machine has, what the tests need, and the database and browser they run on.

A test that needs what this machine lacks is deselected, and the last line of the run says so.
What CARNET_REQUIRE names ("chromium postgresql", or "all", which CI=true means too) lets nothing
off: there the test fails.
"""

import os
import shutil
from collections import Counter

import pytest
from django.conf import settings
from django.db import connection

from tests import emptying, sweeps
from tests.jobs.waiting import wait_for

NEEDS = {
    "chromium": "Chromium",
    "libreoffice": "LibreOffice",
    "poppler": "Poppler's pdftotext",
    "postgresql": "PostgreSQL",
}
ABSENT = pytest.StashKey[set]()
DESELECTED = pytest.StashKey[Counter]()


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="sweeps try all of their cases")


# ------------------------------------------------------------------------------ what is missing
def pytest_configure(config):
    emptying.install()
    sweeps.FULL = config.getoption("full")
    if unknown := required() - set(NEEDS):
        raise pytest.UsageError(f"CARNET_REQUIRE: {', '.join(unknown)} is not of {list(NEEDS)}")
    config.stash[ABSENT] = absent()
    config.stash[DESELECTED] = Counter()


def absent():
    """The needs that this machine, with this DATABASE_URL, does not meet."""
    present = {
        "chromium": shutil.which("chromium"),
        "libreoffice": shutil.which("soffice"),
        "poppler": shutil.which("pdftotext"),
        "postgresql": "postgresql" in settings.DATABASES["default"]["ENGINE"],
    }
    return {need for need in NEEDS if not present[need]}


def required():
    names = os.environ.get("CARNET_REQUIRE", "all" if os.environ.get("CI") == "true" else "")
    return set(NEEDS) if names == "all" else set(names.split())


def lacks(item, needs):
    """The needs of this test among `needs`; whoever asks for a browser needs Chromium."""
    own = {mark.name for mark in item.iter_markers()}
    if "browser" in item.fixturenames:
        own.add("chromium")
    return [need for need in NEEDS if need in own & needs]


def pytest_collection_modifyitems(config, items):
    let_off = config.stash[ABSENT] - required()
    left = [item for item in items if lacks(item, let_off)]
    if left:
        config.stash[DESELECTED].update(lacks(item, let_off)[0] for item in left)
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if not lacks(item, let_off)]


def pytest_runtest_setup(item):
    for need in lacks(item, item.config.stash[ABSENT]):
        pytest.fail(f"needs {NEEDS[need]}, which is not here", pytrace=False)


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["deselected"] = dict(session.config.stash[DESELECTED])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    # Every pytest-xdist worker collects every test, so their counts repeat and do not add up.
    if counts := getattr(node, "workeroutput", {}).get("deselected"):
        node.config.stash[DESELECTED] = Counter(counts)


def pytest_unconfigure(config):
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter and DESELECTED in config.stash and not hasattr(config, "workerinput"):
        reporter.write_line(last_line(config.stash[DESELECTED]))


def last_line(deselected):
    if not deselected:
        return "Deselected: no test, for want of Chromium, LibreOffice, Poppler or PostgreSQL."
    counts = [(NEEDS[need], deselected[need]) for need in NEEDS if deselected[need]]
    tests = ", ".join(f"{need} ({count} test{'s'[: count - 1]})" for need, count in counts)
    return f"Deselected, for want of: {tests}."


# ------------------------------------------------------------------------------------- database
@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, tmp_path_factory):
    """SQLite is a file, as in an installation: in memory, threads would share one connection."""
    database = settings.DATABASES["default"]
    if "sqlite3" in database["ENGINE"]:
        file = tmp_path_factory.mktemp("database") / "carnet.sqlite3"
        database.setdefault("TEST", {})["NAME"] = str(file)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """PostgreSQL drops no database that someone is connected to: who is still there is sent off.

    That is a thread of the live server which answers a page that nobody looks at any more.
    """
    with django_db_blocker.unblock():
        emptying.note(connection)
    yield
    if connection.vendor == "postgresql":
        connection.close()  # a test may have cut it off
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        connection.close()


# ---------------------------------------------------------------------------------------- files
@pytest.fixture(autouse=True)
def files(settings, tmp_path, monkeypatch):
    """The folder of files: each test has its own, and so have the processes that it starts."""
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setenv("MEDIA_ROOT", str(settings.MEDIA_ROOT))
    return settings.MEDIA_ROOT / "private"


@pytest.fixture(autouse=True)
def nobody_writes_while_it_is_emptied(request):
    """A page that was left may still be on its way when a test that commits is over."""
    marker = request.node.get_closest_marker("django_db")
    commits = marker and marker.kwargs.get("transaction")
    if not commits and not {"transactional_db", "live_server"} & set(request.fixturenames):
        yield
        return
    request.getfixturevalue("transactional_db")  # which then is cleaned up after this
    yield
    if connection.vendor == "postgresql":
        wait_for(nobody_else_is_at_work)


def nobody_else_is_at_work():
    connection.close_if_unusable_or_obsolete()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE xact_start IS NOT NULL "
            "AND datname = current_database() AND pid <> pg_backend_pid() "
            "AND backend_type = 'client backend')"
        )
        return cursor.fetchone()[0]


# -------------------------------------------------------------------------------------- browser
@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """The system's Chromium, silent: it neither updates itself nor looks anything up."""
    # Playwright leaves its event loop running in this thread, where Django would refuse queries.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    return {
        **browser_type_launch_args,
        "executable_path": shutil.which("chromium"),
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }
