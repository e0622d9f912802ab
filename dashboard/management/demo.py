"""Whether the packages of the built-in project are installed: they are the extra `demo`."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from dashboard.runs.planning.program import DEFAULT_PROJECT
from dashboard.wire.errors import InvalidPlan, Problem

# The modules that liveapp imports, and the packages that they come from.
DEMO = {
    "aiofiles": "aiofiles",
    "aiohttp": "aiohttp",
    "celery": "celery",
    "PIL": "pillow",
    "requests": "requests",
}


def check_demo(path: Path) -> None:
    """Raise InvalidPlan if this is the built-in project and one of its packages is missing."""
    missing = [package for module, package in DEMO.items() if find_spec(module) is None]
    if missing and path.resolve() == DEFAULT_PROJECT.resolve():
        message = (
            f"expected the packages of the built-in project, found no {', '.join(missing)}:"
            " install 'liveburst[demo,servers]', or name a project of yours"
        )
        raise InvalidPlan(Problem("project", message))
