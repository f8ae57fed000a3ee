"""deployments/entrypoint.sh: the database and the files first, then the web server."""

import os
import shutil
import subprocess

import pytest
from django.conf import settings

SCRIPT = settings.BASE_DIR / "deployments" / "entrypoint.sh"


@pytest.fixture
def site(tmp_path):
    """A place that looks like an installation, whose programs say what they were asked."""
    (tmp_path / "deployments").mkdir()
    shutil.copy(SCRIPT, tmp_path / "deployments")
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("python", "gunicorn"):
        said = f'#!/bin/sh\necho "{name} $*"\ncase "$*" in *$FAILS*) exit 3;; esac\n'
        (programs / name).write_text(said)
        (programs / name).chmod(0o755)

    def start(*arguments, fails="nothing", **environment):
        return subprocess.run(
            ["sh", tmp_path / "deployments" / "entrypoint.sh", *arguments],
            env={"PATH": os.environ["PATH"], "FAILS": fails} | environment,
            cwd="/",
            capture_output=True,
            text=True,
        )

    return start


def test_it_is_a_script_that_a_shell_reads():
    assert os.access(SCRIPT, os.X_OK)
    checked = subprocess.run(["sh", "-n", SCRIPT], capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_it_migrates_collects_and_serves(site):
    done = site("--check-config", BIND="127.0.0.1:9000", WORKERS="2")
    assert done.returncode == 0, done.stderr
    migrate, collect, serve = done.stdout.splitlines()
    assert migrate == "python manage.py migrate --noinput"
    assert collect.startswith("python manage.py collectstatic --noinput")
    assert serve.startswith("gunicorn project.wsgi --bind 127.0.0.1:9000 --workers 2 ")
    assert serve.endswith(" --check-config")


def test_nothing_is_served_where_the_migration_fails(site):
    done = site(fails="migrate")
    assert (done.returncode, done.stdout) == (3, "python manage.py migrate --noinput\n")
