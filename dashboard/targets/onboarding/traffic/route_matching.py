"""Which of a project's routes a path leads to, as Django would decide: the first that matches."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from dashboard.targets.onboarding.route import Route

_PARAMETER = re.compile(r"<(?:([^>:]+):)?([^>]+)>")
_CONVERTERS = {
    "int": "[0-9]+",
    "slug": "[-a-zA-Z0-9_]+",
    "uuid": "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "path": ".+",
}
_PLACEHOLDER = re.compile(r"\{[^}]*\}|<[^>]*>")


class RouteMatcher:
    """The routes of a project; those with a regular expression left in them match nothing."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self.routes = routes
        self._patterns = [
            (number, _pattern(route)) for number, route in enumerate(routes) if not route.regex
        ]
        self._by_template = {
            _PLACEHOLDER.sub("{}", route.path): number
            for number, route in reversed(list(enumerate(routes)))
        }
        self.match = lru_cache(maxsize=100_000)(self._match)

    def by_template(self, template: str) -> int | None:
        """Return the number of the route of an OpenAPI path, `/item/{id}/`; None without one."""
        return self._by_template.get(_PLACEHOLDER.sub("{}", template))

    def _match(self, path: str) -> tuple[int, tuple[str, ...]] | None:
        """Return the number of the route of a decoded path, and the values of its parameters."""
        for number, pattern in self._patterns:
            match = pattern.fullmatch(path)
            if match:
                return number, match.groups()
        return None


def _pattern(route: Route) -> re.Pattern[str]:
    parts = _PARAMETER.split(route.path)  # a literal, a converter, a name, a literal, …
    pattern = re.escape(parts[0])
    for kind, literal in zip(parts[1::3], parts[3::3], strict=True):
        pattern += f"({_CONVERTERS.get(kind, '[^/]+')}){re.escape(literal)}"
    return re.compile(pattern)
