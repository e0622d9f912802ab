"""What is imported is what is required: the base alone runs the dashboard, `demo` the views."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OURS = {"dashboard", "liveapp"}
# Imported only when they are asked for by name, as `--client`.
CLIENTS = ROOT / "dashboard/engine/clients"
# Runs with a stranger's interpreter, and imports what that has.
INJECTED = ROOT / "dashboard/targets/injected"
BUILD = ROOT / "dashboard/packaging"  # runs when a wheel is built
INSTALLED = packages_distributions()
# Belongs to a package that is required, which promises it.
BELONGS_TO = {
    "OpenSSL": "daphne",  # requires twisted[tls]
    "asgiref": "django",
    "kombu": "celery",
    "pydantic_core": "pydantic",
    "urllib3": "requests",
    "yarl": "aiohttp",
}


def required(*extras: str) -> set[str]:
    """Return the names of the packages that an installation with these extras asks for."""
    texts = list(PYPROJECT["dependencies"])
    for extra in extras:
        texts += PYPROJECT["optional-dependencies"][extra]
    return {normal(re.split(r"[\s\[<>=~!;]", text, maxsplit=1)[0]) for text in texts}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(place: str, *without: Path) -> Iterator[tuple[str, str]]:
    """Yield (file, top-level module) of everything that a package of ours imports from others."""
    for path in (ROOT / place).rglob("*.py"):
        if any(path.is_relative_to(other) for other in without):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            else:
                continue
            for name in names:
                top = name.partition(".")[0]
                if top not in OURS and top not in sys.stdlib_module_names:
                    yield str(path.relative_to(ROOT)), top


@pytest.mark.parametrize(
    ("place", "extras", "without"),
    [
        ("dashboard", (), (CLIENTS, INJECTED, BUILD)),
        ("dashboard/engine/clients", ("demo",), ()),
        ("liveapp", ("demo", "servers", "postgres", "scale"), ()),
    ],
)
def test_every_import_is_a_dependency(
    place: str, extras: tuple[str, ...], without: tuple[Path, ...]
) -> None:
    allowed = required(*extras)
    for file, module in imported(place, *without):
        packages = {
            BELONGS_TO.get(module, normal(name)) for name in INSTALLED.get(module, [module])
        }
        assert packages & allowed, f"{file} imports {module}"
