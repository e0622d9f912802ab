"""What `lab init` finds in small projects that start in different ways."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dashboard.targets.onboarding.inspector import inspect_project
from dashboard.targets.onboarding.project_search import find_projects
from tests.targets.small_projects import (
    CONFIGURATIONS,
    MANAGE,
    PLAIN,
    READS_ENV,
    SETTINGS,
    Look,
    write_files,
)


def after_the_first_line(text: str, more: str) -> str:
    return text.replace("import os, sys\n", f"import os, sys\n{more}\n", 1)


STARTS: dict[str, tuple[dict[str, str], str, dict[str, str]]] = {
    # What is changed of a plain project, its settings, and what the servers are given besides.
    "as startproject makes it": ({}, "shop.settings", {}),
    "a settings package, chosen by the command": (
        {
            "manage.py": """
import os, sys
# os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings.prod")
which = "dev" if sys.argv[1:2] == ["runserver"] else "prod"
os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings." + which
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
""",
            "shop/settings.py": "raise RuntimeError",
            "shop/settings/__init__.py": "",
            "shop/settings/base.py": SETTINGS,
            "shop/settings/dev.py": "from .base import *\nDEBUG = True",
        },
        "shop.settings.dev",
        {},
    ),
    "a directory put on the import path": (
        {
            "manage.py": after_the_first_line(MANAGE, "sys.path.insert(0, 'src/apps')"),
            "src/apps/cart/__init__.py": "",
            "shop/settings.py": SETTINGS + "INSTALLED_APPS = ['cart']",
        },
        "shop.settings",
        {"PYTHONPATH": "src/apps"},
    ),
    "values that stand in manage.py": (
        {
            "manage.py": after_the_first_line(MANAGE, "os.environ.setdefault('LEVEL', 'local')"),
            "shop/settings.py": SETTINGS + "import os; os.environ['LEVEL']",
        },
        "shop.settings",
        {"LEVEL": "local"},
    ),
    "a configuration chosen by django-configurations": (
        {
            **CONFIGURATIONS,
            "manage.py": MANAGE.replace(
                "from django.core.management", "from configurations.management"
            ).replace(
                "    from", "    os.environ.setdefault('DJANGO_CONFIGURATION', 'Dev')\n    from"
            ),
            "shop/settings.py": "class Dev:\n" + SETTINGS.replace("\n", "\n    "),
        },
        "shop.settings",
        {"DJANGO_CONFIGURATION": "Dev"},
    ),
    "a command of another class": (
        {
            "manage.py": MANAGE.replace(
                "import execute_from_command_line", "import ManagementUtility"
            ).replace("execute_from_command_line(sys.argv)", "ManagementUtility().execute()")
        },
        "shop.settings",
        {},
    ),
    "a manage.py that calls a command itself": (
        {
            "manage.py": """
import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
import django
django.setup()
from django.core.management import call_command
call_command("migrate")
"""
        },
        "shop.settings",
        {},
    ),
    "prints, threads and exits": (
        {
            "manage.py": after_the_first_line(
                MANAGE,
                """
import atexit, threading
atexit.register(print, "{}")
print("{}", end="")
threading.Thread(target=threading.Event().wait).start()
""",
            ),
            "shop/settings.py": SETTINGS + "import sys; print('no JSON', file=sys.stderr)",
        },
        "shop.settings",
        {},
    ),
}


@pytest.mark.parametrize("name", STARTS)
def test_it_starts_as_its_manage_py_starts_it(name: str, look: Look) -> None:
    files, settings, env = STARTS[name]
    files = {**PLAIN, **files}
    if "shop/settings/__init__.py" in files:
        del files["shop/settings.py"]
    seen = look(files)
    assert seen.settings == settings
    assert [route.path for route in seen.routes] == ["/hello/"]
    assert dict(seen.env) == {"DJANGO_SETTINGS_MODULE": settings, **env}
    assert (seen.env_files, seen.env_unknown) == ((), ())
    assert not seen.broken


def test_values_of_an_env_file_are_not_copied(look: Look) -> None:
    seen = look(
        {
            **PLAIN,
            ".env": "SHOP_KEY=very-secret\nUNUSED=1\n",
            "manage.py": READS_ENV + MANAGE,
            "shop/settings.py": SETTINGS + "import os; SECRET_KEY = os.environ['SHOP_KEY']",
        }
    )
    assert seen.env_files == (".env",)
    assert "very-secret" not in repr(seen)


def test_a_variable_from_elsewhere_is_named_without_its_value(look: Look) -> None:
    more = "os.environ['TOKEN'] = '-'.join(['very', 'secret'])"
    seen = look({**PLAIN, "manage.py": after_the_first_line(MANAGE, more)})
    assert seen.env_unknown == ("TOKEN",)
    assert "very-secret" not in repr(seen)


def test_settings_given_take_precedence(tmp_path: Path, look: Look) -> None:
    (place,) = find_projects(write_files(tmp_path, {**PLAIN, "shop/other.py": SETTINGS}))
    seen = inspect_project(place, python=None, settings="shop.other")
    assert seen.settings == "shop.other"


def test_settings_of_the_dashboard_are_not_passed_to_the_project(
    look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    assert look(PLAIN).settings == "shop.settings"
    assert os.environ["DJANGO_SETTINGS_MODULE"] == "dashboard.settings"


# Without a manage.py


@pytest.mark.parametrize(
    ("file", "section", "quote"),
    [
        ("pyproject.toml", "tool.pytest.ini_options", "'"),
        ("setup.cfg", "tool:pytest", ""),
        ("pytest.ini", "pytest", ""),
        (None, "", ""),
    ],
)
@pytest.mark.parametrize("below", [".", "src"])
def test_a_project_without_a_manage_py(
    tmp_path: Path, file: str | None, section: str, quote: str, below: str
) -> None:
    write_files(tmp_path / below, {k: text for k, text in PLAIN.items() if k != "manage.py"})
    if file:
        named = f"DJANGO_SETTINGS_MODULE={quote}shop.settings{quote}"
        write_files(tmp_path, {file: f"[{section}]\n{named}"})
    (place,) = find_projects(tmp_path)
    assert (place.settings, place.directory) == ("shop.settings", tmp_path / below)
    assert place.why == (f"{file} names it" if file else "the only one")


def test_a_project_without_a_manage_py_is_inspected(look: Look) -> None:
    seen = look({name: text for name, text in PLAIN.items() if name != "manage.py"})
    assert (seen.settings, seen.asgi) == ("shop.settings", "shop.asgi:application")
