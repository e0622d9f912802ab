"""Runs a project's manage.py as for `runserver`, up to where Django would take over.

manage.py may change the import path, read `.env` files, choose the settings by the command, or
start through django-configurations. So it is not read but run, as `__main__`, and what it calls at
its end (`execute_from_command_line`, or anything else that runs a command) is replaced.
Part of the inspector: standard library, Python 3.9.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import os
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

# Every way to a command calls one of these.
REPLACED = {
    "django.core.management": ("ManagementUtility", "execute"),
    "django.core.management.base": ("BaseCommand", "execute"),
}
SET_BY_DJANGO = {"TZ"}  # when it reads the settings


class HandedOver(Exception):
    """manage.py starts another interpreter, where nothing would be replaced."""


class Preparation:
    """What manage.py changes in the environment, compared with its start."""

    def __init__(self, manage: str) -> None:
        self._manage = manage
        self._environment = dict(os.environ)
        self._opened: list[str] = []
        self._watching = True
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._watching and event == "open" and isinstance(arguments[0], str):
            self._opened.append(str(Path(arguments[0]).absolute()))
        if self._watching and event == "os.exec":
            raise HandedOver(
                f"it starts {os.fsdecode(arguments[0])} in its place; give that by --python"
            )

    def end(self) -> dict[str, Any]:
        """Return what it changed, as plain values.

        Values that may be secret are not among them: those that are written in manage.py itself
        are in `environment`, of the others there is a digest, to be found in the `files` it read.
        """
        self._watching = False
        changed = {
            name: value
            for name, value in os.environ.items()
            if self._environment.get(name) != value and name not in SET_BY_DJANGO
        }
        written = literals(self._manage)
        plain = {name: value for name, value in changed.items() if value in written}
        return {
            "environment": plain,
            "digests": {
                name: hashlib.sha256(value.encode(errors="surrogateescape")).hexdigest()
                for name, value in changed.items()
                if name not in plain
            },
            "files": [file for file in dict.fromkeys(self._opened) if is_text(file)],
            "directory": str(Path.cwd()),
        }


def literals(file: str) -> set[str]:
    """Return every string literal in a Python file."""
    tree = ast.parse(Path(file).read_bytes())
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def is_text(file: str) -> bool:
    """Return True if the file may hold variables: it exists and is no code."""
    return Path(file).is_file() and not file.endswith((".py", ".pyc", ".so", ".pth"))


def run(manage: str, settings: str | None, then: Callable[[], None]) -> None:
    """Run manage.py; `then` is called where it would run its command, and does not return.

    Return if manage.py ends without running one. Whatever it raises passes through, except
    SystemExit with a status that means success.
    """
    replace_commands(then)
    sys.argv = [manage, "runserver"]
    if settings:
        sys.argv.append(f"--settings={settings}")
        os.environ["DJANGO_SETTINGS_MODULE"] = settings
    try:
        runpy.run_path(manage, run_name="__main__")
    except SystemExit as end:
        if end.code not in (None, 0):
            raise


def replace_commands(then: Callable[[], None]) -> None:
    """Make every Django command call `then` instead, also if Django is imported later."""

    def instead(*_arguments: Any, **_options: Any) -> None:
        then()

    def replace(module: ModuleType) -> None:
        name, method = REPLACED[module.__name__]
        setattr(getattr(module, name), method, instead)

    sys.meta_path.insert(0, WhenImported(REPLACED, replace))
    for name in REPLACED:
        if name in sys.modules:
            replace(sys.modules[name])


class WhenImported:
    """A finder that finds nothing itself; it calls `then` with each of some modules, imported."""

    def __init__(self, names: Any, then: Callable[[ModuleType], None]) -> None:
        self._names, self._then = set(names), then

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Return the other finders' spec, whose loader then calls `then` as well."""
        if name not in self._names:
            return None
        self._names.remove(name)  # the other finders are called through this list
        spec = importlib.util.find_spec(name)
        loader: Any = spec and spec.loader
        if loader is None:
            self._names.add(name)  # the project may find it later
        else:
            execute = loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                self._then(module)

            loader.exec_module = exec_module
        return spec
