"""What a newcomer is promised: settings that are written down, and a test run that is honest."""

import os
import re
import subprocess
import sys

import pytest
from django.conf import settings

ROOT = settings.BASE_DIR
NEEDY = """
import pytest

def test_it_needs_nothing(): pass

@pytest.mark.chromium
def test_it_needs_a_mark(): pass

def test_it_needs_a_page(page): pass

@pytest.mark.libreoffice
def test_it_needs_an_office(): pass
"""


@pytest.fixture
def run_needy(tmp_path):
    """Run NEEDY as `make test` would, on a machine that has neither program."""
    (tmp_path / "test_needy.py").write_text(NEEDY)

    def run(*options, **environment):
        command = [sys.executable, "-m", "pytest", "-c", ROOT / "pytest.ini", "-p", "conftest"]
        inherited = {name: os.environ[name] for name in os.environ.keys() & {"HOME", "LANG"}}
        return subprocess.run(
            [*command, *options, tmp_path / "test_needy.py"],
            cwd=tmp_path,
            env={
                **inherited,
                "PATH": str(tmp_path),
                "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}",
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=240,
        )

    return run


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one process", "two processes"])
def test_the_last_line_names_what_was_deselected(run_needy, options):
    result = run_needy(*options)
    assert result.returncode == 0, result.stdout
    assert result.stdout.splitlines()[-1] == (
        "Deselected, for want of: Chromium (2 tests), LibreOffice (1 test)."
    )


def test_an_absence_fails_where_it_is_required(run_needy):
    result = run_needy(CARNET_REQUIRE="chromium")
    assert result.returncode == 1
    assert "needs Chromium, which is not here" in result.stdout
    assert result.stdout.splitlines()[-1] == "Deselected, for want of: LibreOffice (1 test)."


def test_a_ci_machine_requires_all(run_needy):
    assert "needs LibreOffice, which is not here" in run_needy(CI="true").stdout


def test_every_setting_is_written_down():
    source = (ROOT / "project" / "settings.py").read_text()
    read = set(re.findall(r'(?:env\.\w+|required)\(\s*"([A-Z_]+)"', source))
    example = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M))
    table = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "README.md").read_text(), re.M))
    assert "SECRET_KEY" in read
    assert example == read
    assert table == read


def test_every_requirement_is_pinned():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    named = [line for line in lines if line and not line.startswith("#")]
    assert named
    assert [line for line in named if not re.fullmatch(r"[\w.-]+(\[[\w,]+\])?==[\w.]+", line)] == []
