"""Run a project's manage.py as for `runserver`, up to where Django would take over.

manage.py may change the import path, read `.env` files, choose the settings by the command, or
start through django-configurations. So it is not read but run, as `__main__`, and what it calls at
its end (`execute_from_command_line`, or anything else that runs a command) is replaced.
Standard library, Python 3.9.
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

# Every way to a command leads through one of these.
REPLACED = {
    "django.core.management": ("ManagementUtility", "execute"),
    "django.core.management.base": ("BaseCommand", "execute"),
}
DJANGOS = {"TZ"}  # what Django itself sets when it reads the settings


class HandedOver(Exception):
    """manage.py would start another interpreter, where nothing would be replaced."""


class Preparation:
    """What manage.py changes in the environment, from where it starts."""

    def __init__(self, manage: str) -> None:
        self._manage = manage
        self._environment = dict(os.environ)
        self._opened: list[str] = []
        self._watching = True
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._watching and event == "open" and isinstance(arguments[0], str):
            self._opened.append(str(Path(arguments[0]).absolute()))
        if self._watching and event == "os.exec":
            raise HandedOver(
                f"it starts {os.fsdecode(arguments[0])} in its place; give that by --python"
            )

    def end(self) -> dict[str, Any]:
        """What it changed, as plain values.

        Values that may be secret are not among them: those that are written in manage.py itself
        are `plain`, of the others there is a digest, to be found in the `files` that it read.
        """
        self._watching = False
        changed = {
            name: value
            for name, value in os.environ.items()
            if self._environment.get(name) != value and name not in DJANGOS
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
    """Every text that is written in a Python file."""
    tree = ast.parse(Path(file).read_bytes())
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def is_text(file: str) -> bool:
    """Whether it may hold variables: a file that is there, and no code."""
    return Path(file).is_file() and not file.endswith((".py", ".pyc", ".so", ".pth"))


def run(manage: str, settings: str | None, then: Callable[[], None]) -> None:
    """Run manage.py; `then` is called where it would run its command, and does not return.

    Returns where manage.py ends without running one. What it raises is not caught, but for
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
    """Have every Django command call `then` instead, also where Django is imported only later."""

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
    """A finder that finds nothing itself; it calls `then` with a module once it is imported."""

    def __init__(self, names: Any, then: Callable[[ModuleType], None]) -> None:
        self._names, self._then = set(names), then

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """The spec that the other finders have, its loader with one thing more to do."""
        if name not in self._names:
            return None
        self._names.remove(name)  # the other finders are asked through this same list
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
