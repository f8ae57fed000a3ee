"""A worker for tests inside one process, and a site that several processes share."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connections

from project.jobs.worker import Worker


@pytest.fixture
def worker():
    return Worker()


@pytest.fixture
def make_user(db):
    def make(username, **fields):
        return get_user_model().objects.create_user(username=username, **fields)

    return make


@pytest.fixture
def awa(make_user):
    return make_user("awa")


class Site:
    """Starts `manage.py` commands on the database that the test itself sees."""

    def __init__(self, url):
        self.url = url
        self.processes = []

    def start(self, *arguments):
        process = subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=settings.BASE_DIR,
            env={**os.environ, "DATABASE_URL": self.url},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.processes.append(process)
        return process

    def start_worker(self, *, stale_after=30):
        return self.start("worker", "--interval=0.05", f"--stale-after={stale_after}")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for process in self.processes:
            process.kill()
            process.communicate()


@pytest.fixture
def site(transactional_db, tmp_path):
    """PostgreSQL's test database, or for SQLite, whose own is in memory, a copy in a file."""
    ours = connections["default"]
    if ours.vendor == "postgresql":
        where = ours.settings_dict
        address = f"{where['HOST']}:{where['PORT'] or 5432}"
        url = f"postgres://{where['USER']}:{where['PASSWORD']}@{address}/{where['NAME']}"
        with Site(url) as site:
            yield site
        return
    path = tmp_path / "site.sqlite3"
    ours.ensure_connection()
    with closing(sqlite3.connect(path)) as copy:
        ours.connection.backup(copy)
    shared = ours.copy()
    shared.settings_dict["NAME"] = str(path)
    connections["default"] = shared
    with Site(f"sqlite:///{path}") as site:
        yield site
    shared.close()
    connections["default"] = ours


@pytest.fixture
def empty_site(tmp_path):
    """A machine on which nothing was ever started: not even the tables exist."""
    with Site(f"sqlite:///{tmp_path / 'new.sqlite3'}") as site:
        site.path = tmp_path / "new.sqlite3"
        yield site


@pytest.fixture
def gate(tmp_path):
    path = tmp_path / "gate"
    os.mkfifo(path)
    return path
