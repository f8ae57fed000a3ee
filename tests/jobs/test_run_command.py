"""`manage.py run`: pages and worker start together and end together."""

import os
import signal
import socket
import sqlite3
from contextlib import closing
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest

from project.jobs.models import Heartbeat
from tests.jobs.waiting import wait_for


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def running(site, port, make_user):
    make_user("awa")  # not empty: nothing to seed
    process = site.start("run", f"--port={port}")
    wait_for(lambda: answers(port))
    return process


def answers(port):
    try:
        return urlopen(f"http://127.0.0.1:{port}/accounts/login/", timeout=10).status == 200
    except HTTPError:
        raise  # it answers, wrongly
    except (URLError, TimeoutError):  # not yet
        return False


def worker_pid():
    heartbeat = wait_for(Heartbeat.objects.first)
    return int(heartbeat.place.rsplit(":", 1)[1])


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_pages_and_worker(running, port, ending):
    pid = worker_pid()
    assert is_alive(pid)

    running.send_signal(ending)

    assert running.wait(timeout=60) == 0, running.stdout.read()
    assert not is_alive(pid)
    assert not Heartbeat.objects.exists()
    assert not answers(port)


def test_it_says_where_it_is_and_that_a_taken_port_is_taken(running, site, port):
    second = site.start("run", f"--port={port}")
    output, _ = second.communicate(timeout=60)
    assert second.returncode == 1
    assert f"127.0.0.1:{port}" in output
    assert "--port" in output
    assert "Traceback" not in output

    worker_pid()
    running.send_signal(signal.SIGINT)
    output, _ = running.communicate(timeout=60)
    assert f"http://localhost:{port}" in output
    assert "Traceback" not in output


def test_it_ends_loudly_when_its_worker_dies(running):
    os.kill(worker_pid(), signal.SIGKILL)
    output, _ = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "worker" in output.splitlines()[-1]


def test_a_killed_start_leaves_no_worker_behind(running):
    worker_pid()
    running.kill()
    wait_for(lambda: not Heartbeat.objects.exists())


def test_it_fills_an_empty_database_once_and_keeps_it(empty_site, port):
    for _ in range(2):
        process = empty_site.start("run", f"--port={port}")
        wait_for(lambda: answers(port))
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0, output
        assert "bureau" in output
        with closing(sqlite3.connect(empty_site.path)) as database:
            # An integration's own account has no password to sign in with.
            names = (
                "SELECT username FROM utilisateurs_customuser"
                " WHERE password NOT LIKE '!%' ORDER BY username"
            )
            found = [name for (name,) in database.execute(names)]
            assert found == ["admin", "bureau", "gestion", "technicien"]
            integrations = "SELECT count(*) FROM api_integration"
            assert database.execute(integrations).fetchall() == [(1,)]
