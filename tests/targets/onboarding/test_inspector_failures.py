"""What `lab init` quotes of projects that do not start."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dashboard.targets.onboarding.inspector import inspect_project
from dashboard.targets.onboarding.project_search import find_projects
from dashboard.wire.errors import InvalidManifest, TargetFailed
from tests.targets.small_projects import PLAIN, Look, write_files

FAILS: dict[str, tuple[dict[str, str], str, str, str]] = {
    # What is changed, what was expected, the last line of the project, the frame in it.
    "settings that raise": (
        {"shop/settings.py": "import os\nKEY = os.environ['SHOP_KEY']"},
        "expected Django to start with shop.settings",
        "KeyError: 'SHOP_KEY'",
        "at shop/settings.py:2 in <module>: KEY = os.environ['SHOP_KEY']",
    ),
    "a cause below": (
        {
            "shop/settings.py": "try:\n    {}['KEY']\nexcept KeyError as e:\n"
            "    raise ValueError('set KEY') from e\n"
        },
        "expected Django to start with shop.settings",
        "ValueError: set KEY\n  because of KeyError: 'KEY'",
        "at shop/settings.py:2",
    ),
    "settings that are no Python": (
        {"shop/settings.py": "\nDEBUG = = True"},
        "expected Django to start with shop.settings",
        "SyntaxError: invalid syntax",
        "at shop/settings.py:2: DEBUG = = True",
    ),
    "settings that exit": (
        {"shop/settings.py": "import sys\nprint('set KEY')\nsys.exit(4)"},
        "expected Django to start with shop.settings",
        "set KEY\n  it exited with status 4",
        "at shop/settings.py:3",
    ),
    "settings that end the process": (
        {"shop/settings.py": "import os\nos._exit(0)"},
        "expected Django to start with shop.settings",
        "os._exit(0) was called",
        "at shop/settings.py:2",
    ),
    "a manage.py that misses a package": (
        {"manage.py": "import dotenv_that_is_not_there"},
        "manage.py to start Django",
        "ModuleNotFoundError: No module named 'dotenv_that_is_not_there'",
        "at manage.py:1",
    ),
    "a manage.py that refuses": (
        {"manage.py": "import sys\nprint('no such Python')\nsys.exit(1)"},
        "manage.py to start Django",
        "no such Python\n  it exited with status 1",
        "at manage.py:3",
    ),
    "a manage.py that hands over to another interpreter": (
        {"manage.py": "import os, sys\nos.execv('/bin/true', ['true', *sys.argv])"},
        "manage.py to start Django",
        "it starts /bin/true in its place; give that by --python",
        "at manage.py:2",
    ),
    "a signal": (
        {"shop/settings.py": "import os\nos.kill(os.getpid(), 9)"},
        "expected Django to start with shop.settings",
        "ended with status 137",
        "",
    ),
    "routes that raise": (
        {"shop/urls.py": "from django.urls import path\nimport missing_one"},
        "expected the routes of shop.settings to import",
        "ModuleNotFoundError: No module named 'missing_one'",
        "at shop/urls.py:2",
    ),
}


@pytest.mark.parametrize("name", FAILS)
def test_a_failure_quotes_the_projects_exception(name: str, look: Look) -> None:
    files, expected, reason, frame = FAILS[name]
    with pytest.raises(TargetFailed) as failed:
        look({**PLAIN, **files})
    assert expected in str(failed.value)
    assert str(failed.value).endswith(f"with {sys.executable}, found:")
    assert reason in failed.value.log_tail
    assert frame in failed.value.log_tail
    for ours in ("Traceback", "liveburst_"):
        assert ours not in failed.value.log_tail


def test_a_project_that_hangs_is_reported_with_the_line(tmp_path: Path) -> None:
    hangs = "import threading\nthreading.Event().wait()"  # and imports nothing that takes long
    (place,) = find_projects(write_files(tmp_path, {**PLAIN, "manage.py": hangs}))
    with pytest.raises(TargetFailed) as failed:
        inspect_project(place, python=None, settings=None, timeout_s=3)
    assert "it was not done after 3 s" in failed.value.log_tail
    assert "at manage.py:2" in failed.value.log_tail


def test_a_manage_py_that_chooses_nothing_is_refused_with_the_option(look: Look) -> None:
    with pytest.raises(InvalidManifest, match="give --settings MODULE"):
        look({**PLAIN, "manage.py": "print('done')"})
