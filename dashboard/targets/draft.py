"""A lab.toml for somebody's project, drafted from what it looks like from inside."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .inspection import Inspection, Route

MOST_SCENARIOS = 40
LOAD = "load = { requests = 100, concurrency = 20, rounds = 3 }"
# The package, and the server of ours that is started with it; what is there already comes first.
WSGI_SERVERS = {"gunicorn": "gunicorn-gthread", "waitress": "waitress"}
ASGI_SERVERS = {
    "uvicorn": "uvicorn",
    "daphne": "daphne",
    "hypercorn": "hypercorn",
    "granian": "granian-asgi",
}
_FAMILY_WORDS = re.compile(
    r"(^|_)(async|sync)(?=_|$)|^(Async|Sync)(?=[A-Z])|(Async|Sync)(?=View|$)"
)


@dataclass(frozen=True)
class Piece:
    """One piece of work: a route for each family that it is written in."""

    name: str
    routes: tuple[Route, ...]


def draft(seen: Inspection, beside: Path) -> str:
    """The text of a lab.toml that lies in the directory `beside`, commented, to run unedited."""
    usable = [route for route in seen.routes if _left_out(route) is None]
    pieces = _named(_paired(_each_view_once(usable)))
    parts = [
        _opening(seen),
        _project(seen, beside),
        _remarks(seen, len(pieces) - MOST_SCENARIOS),
        *(_scenario(piece, seen) for piece in pieces[:MOST_SCENARIOS]),
    ]
    return "\n".join(part for part in parts if part)


def has_scenario(text: str) -> bool:
    """Whether a draft has anything to fire at."""
    return "\n[scenario." in text


# Which routes


def _left_out(route: Route) -> str | None:
    """Why a route gets no scenario; None where it gets one."""
    reasons = {
        "it is Django's own": _is_admin(route),
        "its path is a regular expression": "(" in route.path,
        f"its path needs a value for {', '.join(route.parameters)}": route.parameters,
        "it serves files": route.files,
        "it does not answer GET": not route.reads,
        "it wants a login ([project.login] in docs/lab.md says how)": route.login,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _is_admin(route: Route) -> bool:
    return route.namespace.partition(":")[0] == "admin"


def _each_view_once(routes: Sequence[Route]) -> list[Route]:
    """A view that several paths lead to is measured by the first of them."""
    return list({route.view or route.path: route for route in reversed(routes)}.values())[::-1]


def _paired(routes: Sequence[Route]) -> list[tuple[str, tuple[Route, ...]]]:
    """The routes with a name, two and two where one is the other's async version."""
    by_key: dict[tuple[str, str], list[Route]] = {}
    functions = {(_module(route), route.function) for route in routes}
    for route in routes:
        base = _base_name(route, functions)
        by_key.setdefault((_module(route), base), []).append(route)
    found: list[tuple[str, tuple[Route, ...]]] = []
    for (_, base), group in by_key.items():
        families = {route.family for route in group}
        if len(group) == 2 and len(families) == 2:
            found.append((base, tuple(sorted(group, key=lambda one: one.family, reverse=True))))
        else:
            found.extend((route.function, (route,)) for route in group)
    return found


def _base_name(route: Route, functions: set[tuple[str, str]]) -> str:
    """What a view is called but for the word that says its family: `areport` is `report`.

    Where no more than that word is left (`sync` and `async_`), its module says what it is.
    """
    name = route.function
    if name.startswith("a") and (_module(route), name[1:]) in functions:
        return name[1:]
    return _FAMILY_WORDS.sub("", name).strip("_") or _module(route).rpartition(".")[2]


def _module(route: Route) -> str:
    return (route.view or "").partition(":")[0]


def _named(pairs: Sequence[tuple[str, tuple[Route, ...]]]) -> list[Piece]:
    """A name for each that a lab.toml may have, and no two alike."""
    names = [_slug(name) for name, _ in pairs]
    often = Counter(names)
    taken: set[str] = set()
    pieces = []
    for name, (_, routes) in zip(names, pairs, strict=True):
        wanted = name if often[name] == 1 else _slug(routes[0].path)
        while wanted in taken:
            wanted += "-2"
        taken.add(wanted)
        pieces.append(Piece(wanted, routes))
    return pieces


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-").lower() or "root"


# The text


def _opening(seen: Inspection) -> str:
    return (
        f"# Drafted by `lab init` from {seen.settings}, Django {seen.django},"
        f" Python {seen.python_version}.\n"
        "# It starts processes, so read it before you use it."
        " docs/lab.md says what else can stand here.\n"
    )


def _project(seen: Inspection, beside: Path) -> str:
    python = os.path.relpath(seen.python, seen.directory) if seen.python else "python"
    lines = [
        "[project]",
        f"name = {_quoted(seen.settings.partition('.')[0])}",
        f"directory = {_quoted(os.path.relpath(seen.directory, beside))}",
        *(f"{kind} = {_quoted(name)}" for kind, name in _applications(seen)),
        f"python = {_quoted(python)}" + ("" if seen.python else " # the dashboard's own"),
        f"env = {{ DJANGO_SETTINGS_MODULE = {_quoted(seen.settings)} }}",
        '# setup = [["python", "manage.py", "migrate", "--noinput"]] # before the first target',
        '# neighbour = "/ping/" # a fast view: what everybody else feels beside a burst',
    ]
    return "\n".join(lines) + "\n"


def _applications(seen: Inspection) -> list[tuple[str, str]]:
    return [(kind, name) for kind, name in (("wsgi", seen.wsgi), ("asgi", seen.asgi)) if name]


def _remarks(seen: Inspection, too_many: int) -> str:
    remarks = [*_warnings(seen), *_what_was_left_out(seen)]
    if too_many > 0:
        remarks.append(f"{too_many} more routes could have had a scenario.")
    if not remarks:
        return ""
    return "\n".join(["# Worth knowing:", *(f"# - {remark}" for remark in remarks)]) + "\n"


def _warnings(seen: Inspection) -> Iterator[str]:
    if seen.debug:
        yield "DEBUG is true, which slows every request down and keeps each query in memory."
    if _refuses_loopback(seen):
        yield "ALLOWED_HOSTS refuses loopback, so every request says a Host that is allowed."
    if seen.asgi and any(database["conn_max_age"] for database in seen.databases):
        yield "CONN_MAX_AGE is set: under ASGI it keeps connections open that nobody uses again."
    if seen.wsgi is None:
        yield "No WSGI application was found."
    if seen.asgi is None:
        yield "No ASGI application was found."
    if not any(route.family == "async" for route in seen.routes):
        yield "No async view was found: each view is compared across servers."


def _what_was_left_out(seen: Inspection) -> Iterator[str]:
    admin = sum(map(_is_admin, seen.routes))
    if admin:
        yield f"The admin's {admin} routes were left out."
    for route in seen.routes:
        why = _left_out(route)
        if why and not _is_admin(route):
            yield f"{route.path}: {why}."


def _refuses_loopback(seen: Inspection) -> bool:
    hosts = seen.allowed_hosts or (("localhost", "127.0.0.1") if seen.debug else ())
    return not {"*", "127.0.0.1"} & set(hosts)


def _scenario(piece: Piece, seen: Inspection) -> str:
    key = f"scenario.{piece.name}"
    lanes = ", ".join(_quoted(lane) for lane in _lanes(piece, seen))
    lines = [
        f"[{key}]",
        f"title = {_quoted(' and '.join(route.path for route in piece.routes))}",
        f"lanes = [{lanes}]",
        LOAD,
        "",
    ]
    for route in piece.routes:
        lines += [
            f"[{key}.variant.{route.family}]",
            f"family = {_quoted(route.family)}",
            f"path = {_quoted(route.path)}",
            *([f"source = {_quoted(route.view)}"] if route.view else []),
            *_headers(seen),
            "",
        ]
    return "\n".join(lines)


def _lanes(piece: Piece, seen: Inspection) -> Iterator[str]:
    """Two lanes next to each other differ in one thing: the server, or the code."""
    families = [route.family for route in piece.routes]
    if seen.wsgi:
        yield f"{families[0]}@{_first(WSGI_SERVERS, seen.servers)}"
    if seen.asgi:
        for family in families:
            yield f"{family}@{_first(ASGI_SERVERS, seen.servers)}"


def _first(servers: dict[str, str], there: Sequence[str]) -> str:
    """A server that is there, or else the first, which will be installed beside the project."""
    installed = [server for package, server in servers.items() if package in there]
    return (installed or list(servers.values()))[0]


def _headers(seen: Inspection) -> list[str]:
    if not _refuses_loopback(seen):
        return []
    host = next(iter(seen.allowed_hosts), "").lstrip(".") or "localhost"
    return [f"headers = {{ Host = {_quoted(host)} }}"]


def _quoted(text: str) -> str:
    """A TOML basic string; what JSON escapes, TOML reads alike."""
    return json.dumps(text, ensure_ascii=False)
