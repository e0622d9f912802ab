"""Pair the sync and the async version of one view, and name each pair and each single view.

Routes are distinguished by pattern, name and code, never by their callable's name alone: all of
Django REST framework's functions are one class's `view`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

from dashboard.targets.onboarding.route import Route

_WORD = re.compile(r"(^|_)(async|sync)(?=_|$)|(?:^|(?<=[a-z0-9]))(Async|Sync)(?=[A-Z]|$)")
_WORD_IN_PATH = re.compile(r"(^|[-_])(async|sync)(?=[-_]|$)")
# What a ViewSet of adrf calls its actions, without the `a`.
_ACTIONS = {"list", "create", "retrieve", "update", "destroy"}


@dataclass(frozen=True)
class ScenarioDraft:
    """A scenario to be drafted: its name, and a route for each family, sync first."""

    name: str
    routes: tuple[Route, ...]

    @property
    def own(self) -> bool:
        """True if its code is the project's own."""
        return all(route.own for route in self.routes)

    @property
    def rows_file(self) -> str:
        """The CSV file of its rows; empty without."""
        return next((route.rows.file for route in self.routes if route.rows), "")


def pair_routes(routes: Sequence[Route]) -> list[ScenarioDraft]:
    """Return the routes as scenarios: the project's own first, pairs before single ones."""
    names = {(base_of_module(route.module), route.function) for route in routes}

    def name(route: Route) -> str:
        return base_of_function(route, names)

    def by_code(route: Route) -> Hashable:
        return base_of_module(route.module), name(route)

    scenarios, single = _paired(routes, by_code, name)
    for key in (_by_path_segment, _by_word_in_path):
        pairs, single = _paired(single, key, name)
        scenarios += pairs
    scenarios += [ScenarioDraft(route.function, (route,)) for route in single]
    order = {route.path: number for number, route in enumerate(routes)}
    scenarios.sort(
        key=lambda scenario: (
            not scenario.own,
            len(scenario.routes) == 1,
            order[scenario.routes[0].path],
        )
    )
    return _named(scenarios)


def _paired(
    routes: Sequence[Route], key: Callable[[Route], Hashable], name: Callable[[Route], str]
) -> tuple[list[ScenarioDraft], list[Route]]:
    """Return the pairs of a sync and an async route with one key, and the remaining routes."""
    groups: dict[Hashable, list[Route]] = {}
    for route in routes:
        groups.setdefault((key(route), _columns(route)), []).append(route)
    pairs = [
        tuple(sorted(group, key=lambda route: route.family, reverse=True))
        for group in groups.values()
        if sorted(route.family for route in group) == ["async", "sync"]
    ]
    paired = {route.path for pair in pairs for route in pair}
    return (
        [ScenarioDraft(name(pair[0]), pair) for pair in pairs],
        [route for route in routes if route.path not in paired],
    )


def _columns(route: Route) -> Hashable:
    """Return the columns of a route's rows: a scenario's variants share one file of them."""
    return route.rows and frozenset(route.rows.columns)


def base_of_function(route: Route, names: set[tuple[str, str]]) -> str:
    """Return a view's name without the word for its family: `areport` is `report`.

    If nothing remains (`sync` and `async_`), it is the last part of its module's name.
    """
    outer, dot, inner = route.function.rpartition(".")
    outer = without_family(outer)
    plain = inner[1:] if inner.startswith("a") else ""
    module = base_of_module(route.module)
    if plain and ((dot and plain in _ACTIONS) or (module, outer + dot + plain) in names):
        inner = plain
    return f"{outer}{dot}{without_family(inner)}".strip(".") or module.rpartition(".")[2]


def without_family(name: str) -> str:
    """Return a name without the word for its family: `AsyncReport` and `report_async`."""
    return _WORD.sub("", name).strip("_")


def base_of_module(module: str) -> str:
    """Return a module without such words: of `shop.views.async_`, `shop.views`."""
    return ".".join(filter(None, map(without_family, module.split("."))))


def _by_path_segment(route: Route) -> Hashable:
    """Return the same key for `/async/report/`, `/sync/report/` and `/report/`."""
    return tuple(part for part in route.path.split("/") if part not in ("async", "sync"))


def _by_word_in_path(route: Route) -> Hashable:
    """Return one key for `/api/report` and `/async-api/report` if the functions' names agree."""
    parts = [_WORD_IN_PATH.sub("", part).strip("-_") for part in route.path.split("/")]
    return tuple(filter(None, parts)), route.function


def _named(scenarios: Sequence[ScenarioDraft]) -> list[ScenarioDraft]:
    """Return the scenarios with names that are valid in a lab.toml, no two alike.

    The name is the code's if that is unique, or else the route's name, or else its path.
    """
    choices = [_choices(scenario) for scenario in scenarios]
    counts = [Counter(column) for column in zip(*choices, strict=True)]
    taken: set[str] = set()
    named = []
    for scenario, options in zip(scenarios, choices, strict=True):
        unique = (name for name, count in zip(options, counts, strict=True) if count[name] == 1)
        wanted = next((name for name in unique if name and name not in taken), options[-1])
        named.append(replace(scenario, name=_unused(taken, wanted)))
    return named


def _choices(scenario: ScenarioDraft) -> tuple[str, str, str]:
    """Return possible names, the best first. Of a ViewSet, the route's is best: `user-list`."""
    first = scenario.routes[0]
    of_route = slug(first.name or "") if first.name else ""
    is_viewset = "." in scenario.name and len(scenario.routes) == 1
    of_code = of_route if is_viewset and of_route else slug(scenario.name)
    return of_code, of_route, slug(first.path)


def _unused(taken: set[str], wanted: str) -> str:
    """Return the name, with the first number that makes it unused, and add it to `taken`."""
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}-{number}", number + 1
    taken.add(name)
    return name


def slug(text: str) -> str:
    """Return a text as a valid name of a scenario."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-").lower()
    return name or ("root" if not text.strip("/") else "route")


def split(pair: ScenarioDraft, taken: set[str]) -> Iterator[ScenarioDraft]:
    """Yield a pair as two scenarios, the second with a name that is not in `taken`."""
    for number, route in enumerate(pair.routes):
        name = pair.name if number == 0 else _unused(taken, f"{pair.name}-{route.family}")
        yield ScenarioDraft(name, (route,))
