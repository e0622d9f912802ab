"""The text of a drafted lab.toml, part by part."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from dashboard.project.labtoml.schema import SCHEMA_FILE
from dashboard.targets.onboarding.fallback_applications import (
    fallback_application,
    is_fallback_application,
)
from dashboard.targets.onboarding.inspection import SETTINGS, Inspection
from dashboard.targets.onboarding.route import Route, WebsocketRoute

from .pairing import ScenarioDraft, slug

OURS = " # the dashboard's own"
LOAD = "load = { requests = 100, concurrency = 20, rounds = 3 }"
# The package, and the server of ours that is started with it; what is there already comes first.
WSGI_SERVERS = {"gunicorn": "gunicorn-gthread", "waitress": "waitress"}
ASGI_SERVERS = {
    "uvicorn": "uvicorn",
    "daphne": "daphne",
    "hypercorn": "hypercorn",
    "granian": "granian-asgi",
}
WEBSOCKET_SERVER = "daphne"  # the one that needs no further package for them


def opening(seen: Inspection) -> str:
    """Where the draft comes from, as a comment."""
    return (
        f"#:schema ./{SCHEMA_FILE}\n"
        f"# Drafted by `lab init` from {seen.settings or seen.directory.name},"
        f" Django {seen.django}, Python {seen.python_version}.\n"
        "# It starts processes, so read it before you use it."
        " docs/lab.md says what else can stand here.\n"
    )


def project_name(seen: Inspection) -> str:
    """What the project is called: the package of its settings, or else its directory."""
    return seen.settings.partition(".")[0] or seen.directory.name


def project_table(seen: Inspection, beside: Path) -> str:
    """[project], for a file in the directory `beside`."""
    env = {**({SETTINGS: seen.settings} if seen.settings else {}), **seen.env}
    pairs = ", ".join(f"{name} = {toml_string(value)}" for name, value in env.items())
    lines = [
        "[project]",
        f"name = {toml_string(project_name(seen))}",
        f"directory = {toml_string(os.path.relpath(seen.directory, beside))}",
        *_applications(seen),
        f"python = {toml_string(seen.python_shown)}" + ("" if seen.python else OURS),
        f"env = {{ {pairs} }}",
        *_env_files(seen),
        '# setup = [["python", "manage.py", "migrate", "--noinput"]] # before the first target',
        '# neighbour = "/ping/" # a fast view: what everybody else feels beside a burst',
    ]
    return "\n".join(lines) + "\n"


def _applications(seen: Inspection) -> Iterator[str]:
    for kind, name in (("wsgi", seen.wsgi), ("asgi", seen.asgi)):
        if name and is_fallback_application(name):
            made = f"Django's own get_{kind}_application(): the project has no {kind}.py"
            yield f"{kind} = {toml_string(name)} # {made}"
        elif name:
            yield f"{kind} = {toml_string(name)}"
        elif kind in seen.broken:
            instead = "Django's own, without what the project's module would add"
            yield f"# {kind} = {toml_string(fallback_application(kind))} # {instead}"


def _env_files(seen: Inspection) -> Iterator[str]:
    if seen.env_files:
        yield f"env_files = [{', '.join(map(toml_string, seen.env_files))}]"


def notes_comment(remarks: Sequence[str]) -> str:
    """What a person should know before using the draft; empty where there is nothing."""
    if not remarks:
        return ""
    return "\n".join(["# Worth knowing:", *(f"# - {one_line(text)}" for text in remarks)]) + "\n"


def measurement_notes(seen: Inspection) -> Iterator[str]:
    """What in the project would distort a measurement, or is not there."""
    if seen.debug:
        yield "DEBUG is true, which slows every request down and keeps each query in memory."
    if refuses_loopback(seen):
        yield "ALLOWED_HOSTS refuses loopback, so every request says a Host that is allowed."
    if seen.asgi and any(database["conn_max_age"] for database in seen.databases):
        yield "CONN_MAX_AGE is set: under ASGI it keeps connections open that nobody uses again."
    yield from _lacking(seen)
    if not any(route.family == "async" for route in seen.routes):
        yield "No async view was found: each view is compared across servers."


def _lacking(seen: Inspection) -> Iterator[str]:
    """What servers will not have of what manage.py has."""
    for interface, name in (("wsgi", seen.wsgi), ("asgi", seen.asgi)):
        if interface in seen.broken:
            yield f"No lanes under {interface.upper()}: {seen.broken[interface]}."
        elif name is None:
            yield f"No {interface.upper()} application was found."
    for interface, settings in seen.other_settings.items():
        yield (
            f"The {interface.upper()} module sets {settings} itself, whatever env says: the servers"
            " have these settings, not those that were looked at."
        )
    for name in seen.env_unknown:
        yield f"manage.py sets {name} to what is not written here: let your environment have it."


def scenario(piece: ScenarioDraft, seen: Inspection, *, login: bool = False) -> str:
    """[scenario.NAME] with a variant for each of its routes."""
    key = f"scenario.{piece.name}"
    lines = [
        f"[{key}]",
        f"title = {toml_string(one_line(' and '.join(route.path for route in piece.routes)))}",
        f"lanes = [{', '.join(map(toml_string, lanes(piece, seen)))}]",
        LOAD,
        "",
    ]
    for route in piece.routes:
        lines += [f"[{key}.variant.{route.family}]", *_variant(route, seen)]
        lines += ["login = true", ""] if login else [""]
    return "\n".join(lines)


def _variant(route: Route, seen: Inspection) -> Iterator[str]:
    yield f"family = {toml_string(route.family)}"
    yield f"path = {toml_string(route.url_path)}"
    if route.view:
        yield f"source = {toml_string(route.view)}"
    yield from host_header(seen)


def lanes(piece: ScenarioDraft, seen: Inspection) -> Iterator[str]:
    """Two lanes next to each other differ in one thing: the server, or the code."""
    families = [route.family for route in piece.routes]
    if seen.wsgi:
        yield f"{families[0]}@{_first(WSGI_SERVERS, seen.servers)}"
    if seen.asgi:
        for family in families:
            yield f"{family}@{_first(ASGI_SERVERS, seen.servers)}"


def first_server(seen: Inspection) -> str:
    """The server of every scenario's first lane."""
    servers = WSGI_SERVERS if seen.wsgi else ASGI_SERVERS
    return _first(servers, seen.servers)


def _first(servers: dict[str, str], there: Sequence[str]) -> str:
    """A server that is there, or else the first, which will be installed beside the project."""
    installed = [server for package, server in servers.items() if package in there]
    return (installed or list(servers.values()))[0]


def websocket_scenario(socket: WebsocketRoute, seen: Inspection) -> str:
    """A websocket's scenario, as a comment: nobody can see whether its consumer is an echo."""
    name, family = slug(socket.path), socket.family
    headers = {"Host": allowed_host(seen)} if refuses_loopback(seen) else {}
    if socket.checks_origin:
        headers["Origin"] = f"http://{allowed_host(seen)}"
    pairs = ", ".join(f"{key} = {toml_string(value)}" for key, value in headers.items())
    lines = [
        f"[scenario.{name}]",
        f"title = {toml_string(one_line(socket.path))}",
        f"lanes = [{toml_string(f'{family}@{WEBSOCKET_SERVER}')}]",
        LOAD,
        "",
        f"[scenario.{name}.variant.{family}]",
        f"family = {toml_string(family)}",
        f"path = {toml_string(socket.url_path)}",
        *([f"source = {toml_string(socket.view)}"] if socket.view else []),
        'needs = "asgi"',
        "websocket = true",
        """# message = '{"id": {n}}' # where it is no echo: what is sent,""",
        '# answer = "json.id={n}" # and which answer is its own; or "any", "contains {n}"',
        *([f"headers = {{ {pairs} }}"] if pairs else []),
        "",
    ]
    why = (
        f"{socket.path} is a websocket. This works where it answers a message with the same"
        " message; else say open, message and answer, as in docs/lab.md."
    )
    return commented("\n".join(lines), why)


def host_header(seen: Inspection) -> Iterator[str]:
    """The Host that each request must say, where the project refuses loopback."""
    if refuses_loopback(seen):
        yield f"headers = {{ Host = {toml_string(allowed_host(seen))} }}"


def refuses_loopback(seen: Inspection) -> bool:
    """Whether ALLOWED_HOSTS has no place for 127.0.0.1."""
    hosts = seen.allowed_hosts or (("localhost", "127.0.0.1") if seen.debug else ())
    return not {"*", "127.0.0.1"} & set(hosts)


def allowed_host(seen: Inspection) -> str:
    """A host that the project lets in."""
    host = next(iter(seen.allowed_hosts), "").lstrip(".")
    return "localhost" if host in ("", "*") else host


def commented(text: str, why: str) -> str:
    """A part of the file as a comment, the reason above it."""
    lines = [f"# {one_line(why)}", *text.rstrip("\n").split("\n")]
    return "\n".join([lines[0], *(f"# {line}".rstrip() for line in lines[1:])]) + "\n"


def one_line(text: str) -> str:
    """A text that can stand behind a `#`: on one line, without control characters."""
    return "".join(char if char.isprintable() else " " for char in text)


def toml_string(text: str) -> str:
    """A TOML basic string; what JSON escapes, TOML reads alike (but for DEL)."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
