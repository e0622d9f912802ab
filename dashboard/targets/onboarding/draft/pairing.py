"""Pairs the sync and the async version of one piece of work, and names each piece.

Routes are told apart by pattern, name and code, never by their callable's name alone: all of
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
    """One piece of work: a route for each family that it is written in, sync first."""

    name: str
    routes: tuple[Route, ...]

    @property
    def own(self) -> bool:
        """Whether its code is the project's own."""
        return all(route.own for route in self.routes)


def pair_routes(routes: Sequence[Route]) -> list[ScenarioDraft]:
    """The routes as pieces of work: the project's own first, pairs before single ones."""
    names = {(base_of_module(route.module), route.function) for route in routes}

    def by_code(route: Route) -> Hashable:
        return base_of_module(route.module), base_of_function(route, names)

    pieces, left = _paired(routes, by_code, lambda route: base_of_function(route, names))
    for key in (_by_path_segment, _by_word_in_path):
        more, left = _paired(left, key, lambda route: base_of_function(route, names))
        pieces += more
    pieces += [ScenarioDraft(route.function, (route,)) for route in left]
    order = {route.path: number for number, route in enumerate(routes)}
    pieces.sort(key=lambda one: (not one.own, len(one.routes) == 1, order[one.routes[0].path]))
    return _named(pieces)


def _paired(
    routes: Sequence[Route], key: Callable[[Route], Hashable], name: Callable[[Route], str]
) -> tuple[list[ScenarioDraft], list[Route]]:
    """The pairs with one key, of which one is sync and one async; and the routes that are left."""
    groups: dict[Hashable, list[Route]] = {}
    for route in routes:
        groups.setdefault(key(route), []).append(route)
    pairs = [
        tuple(sorted(group, key=lambda one: one.family, reverse=True))
        for group in groups.values()
        if sorted(route.family for route in group) == ["async", "sync"]
    ]
    taken = {route.path for pair in pairs for route in pair}
    return (
        [ScenarioDraft(name(pair[0]), pair) for pair in pairs],
        [route for route in routes if route.path not in taken],
    )


def base_of_function(route: Route, names: set[tuple[str, str]]) -> str:
    """What a view is called but for the word that says its family: `areport` is `report`.

    Where no more than that word is left (`sync` and `async_`), its module says what it is.
    """
    outer, dot, inner = route.function.rpartition(".")
    outer = without_family(outer)
    plain = inner[1:] if inner.startswith("a") else ""
    module = base_of_module(route.module)
    if plain and ((dot and plain in _ACTIONS) or (module, outer + dot + plain) in names):
        inner = plain
    return f"{outer}{dot}{without_family(inner)}".strip(".") or module.rpartition(".")[2]


def without_family(name: str) -> str:
    """A name without the word that says its family: `AsyncReport` and `report_async`."""
    return _WORD.sub("", name).strip("_")


def base_of_module(module: str) -> str:
    """A module without such words: `shop.views.async_` and `shop.sync_views` are `shop.views`."""
    return ".".join(filter(None, map(without_family, module.split("."))))


def _by_path_segment(route: Route) -> Hashable:
    """`/async/report/` and `/sync/report/` are one, and `/report/` with either."""
    return tuple(part for part in route.path.split("/") if part not in ("async", "sync"))


def _by_word_in_path(route: Route) -> Hashable:
    """`/api/report` and `/async-api/report` are one where their functions are called alike."""
    parts = [_WORD_IN_PATH.sub("", part).strip("-_") for part in route.path.split("/")]
    return tuple(filter(None, parts)), route.function


def _named(pieces: Sequence[ScenarioDraft]) -> list[ScenarioDraft]:
    """A name for each that a lab.toml may have, and no two alike.

    It is the code's where that tells them apart, or else the route's name, or else its path.
    """
    choices = [_choices(piece) for piece in pieces]
    often = [Counter(column) for column in zip(*choices, strict=True)]
    taken: set[str] = set()
    found = []
    for piece, options in zip(pieces, choices, strict=True):
        clear = (name for name, count in zip(options, often, strict=True) if count[name] == 1)
        wanted = next((name for name in clear if name and name not in taken), options[-1])
        found.append(replace(piece, name=_not_among(taken, wanted)))
    return found


def _choices(piece: ScenarioDraft) -> tuple[str, str, str]:
    """What it could be called. A ViewSet's route has the better name: `user-list`."""
    first = piece.routes[0]
    of_route = slug(first.name or "") if first.name else ""
    of_code = of_route if "." in piece.name and of_route and len(piece.routes) == 1 else ""
    return of_code or slug(piece.name), of_route, slug(first.path)


def _not_among(taken: set[str], wanted: str) -> str:
    """The name, or with the first number behind it that makes it new; it is taken from now on."""
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}-{number}", number + 1
    taken.add(name)
    return name


def slug(text: str) -> str:
    """A text as the name of a scenario."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-").lower()
    return name or ("root" if not text.strip("/") else "route")


def split(piece: ScenarioDraft, taken: set[str]) -> Iterator[ScenarioDraft]:
    """A pair as two pieces with names of their own, where one half of it cannot be fired at."""
    for number, route in enumerate(piece.routes):
        name = piece.name if number == 0 else _not_among(taken, f"{piece.name}-{route.family}")
        yield ScenarioDraft(name, (route,))
