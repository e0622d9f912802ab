"""The settings of a server, from [server.NAME] or from a lane: `gunicorn-gthread:threads=32`.

    SERVER            = NAME [":" SETTING {"," SETTING}]
    SETTING           = FIELD "=" VALUE
    FIELD             = "processes" | "threads" | "backlog" | "keep_alive" | "executor" | "loop"
                      | "without" | "conn_max_age" | "pool"

A server's entry in the catalogue determines which of them it has; others are refused. `executor`
is the number of threads of the event loop's default executor, in each process. `without`
leaves an entry of MIDDLEWARE out, named by its path or the end of it, and may be repeated:
`daphne:without=SessionMiddleware,without=MessageMiddleware`. `conn_max_age` (seconds) and `pool` (a
number of connections, or `off`) override DATABASES: `uvicorn:pool=20`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from dashboard.project.model.server import Server
from dashboard.project.model.version import without_version
from dashboard.wire.plan.plan import TWIN

BOUNDS: Mapping[str, tuple[int, int]] = {
    "processes": (1, 64),
    "threads": (1, 1024),
    "backlog": (128, 65535),  # granian takes no fewer
    "keep_alive": (1, 3600),
    "executor": (1, 1024),
    "conn_max_age": (0, 86400),
}
_UNITS = {"keep_alive": " s", "executor": " threads", "conn_max_age": " s"}
POOL, NO_POOL = "pool", "off"
MOST_POOLED = 1000  # connections in each process
WITHOUT = "without"
MOST_WITHOUT = 160  # characters: the name of a target's log file contains them
_IMPORT_PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


class InvalidSetting(ValueError):
    """A setting that a server does not have, or a value that is out of bounds."""

    def __init__(self, field: str, message: str) -> None:
        self.field, self.message = field, message
        super().__init__(f"{field}: {message}" if field else message)


def bounds(server: Server) -> dict[str, tuple[int, int]]:
    """Return this server's settings that are whole numbers, each with its bounds."""
    available = {
        "processes": server.processes_settable,
        "threads": server.threads_settable,
        "backlog": server.url is None,
        "keep_alive": server.keep_alive_s is not None,
        "executor": server.url is None and server.interface == "asgi",
        "conn_max_age": server.url is None,
    }
    return {field: BOUNDS[field] for field, is_there in available.items() if is_there}


def settable(server: Server) -> tuple[str, ...]:
    """Return the names of this server's settings."""
    loop = ("loop",) if server.loops else ()
    return (*bounds(server), *loop, *((WITHOUT, POOL) if server.url is None else ()))


def with_settings(server: Server, values: Mapping[str, int | str]) -> Server:
    """Return the server with these settings in force. Raises InvalidSetting, with the field."""
    for field, value in values.items():
        _check(server, field, value)
    if values.get(POOL, NO_POOL) != NO_POOL and values.get("conn_max_age"):
        raise InvalidSetting("conn_max_age", "expected 0 or none beside a pool")
    numbers = {field: int(value) for field, value in values.items() if field in BOUNDS}
    if "keep_alive" in numbers:
        numbers["keep_alive_s"] = numbers.pop("keep_alive")
    return replace(
        server,
        **numbers,  # type: ignore[arg-type]
        loop=str(values["loop"]) if "loop" in values else server.loop,
        without=left_out(values) or server.without,
        pool=values.get(POOL, server.pool),
        custom_settings=_custom_settings(server, values),
    )


def left_out(values: Mapping[str, int | str]) -> tuple[str, ...]:
    """Return the middleware that parsed settings leave out, as they are named there."""
    return tuple(str(values[WITHOUT]).split(",")) if WITHOUT in values else ()


def resolve(servers: Mapping[str, Server], text: str) -> Server:
    """Return the server that a lane's text names, with its settings in force.

    Raises InvalidSetting, whose field is empty for an unknown server. Twin and version are ignored:
    they do not change the server.
    """
    name, values = parse(without_version(text.removesuffix(TWIN)))
    server = servers.get(name)
    if server is None:
        raise InvalidSetting("", f"expected a server, one of {', '.join(servers)}")
    return with_settings(server, values) if values else server


def parse(text: str) -> tuple[str, dict[str, int | str]]:
    """Parse `NAME:FIELD=VALUE,…` into the name and the settings. Raises InvalidSetting."""
    name, colon, rest = text.partition(":")
    values: dict[str, int | str] = {}
    for part in rest.split(",") if colon else ():
        field, equals, value = (word.strip() for word in part.partition("="))
        if not (field and equals and value):
            raise InvalidSetting("", f"expected FIELD=VALUE after {name}:, found {part!r}")
        if field in values and (field != WITHOUT or value in left_out(values)):
            raise InvalidSetting(field, "expected once")
        number = int(value) if value.isascii() and value.isdigit() else value
        values[field] = f"{values[field]},{value}" if field in values else number
    return name, values


def as_text(name: str, values: Mapping[str, int | str]) -> str:
    """Return the text that `parse` parses into this name and these settings."""
    settings = [f"{field}={value}" for field, value in values.items() if field != WITHOUT]
    settings += [f"{WITHOUT}={middleware}" for middleware in left_out(values)]
    return f"{name}:{','.join(settings)}" if settings else name


def _check(server: Server, field: str, value: int | str) -> None:
    if field not in settable(server):
        others = ", ".join(settable(server)) or "none"
        raise InvalidSetting(field, f"not a setting of {server.name}, which has: {others}")
    if field == "loop":
        if value not in server.loops:
            loops = ", ".join(server.loops)
            raise InvalidSetting(field, f"expected one of {loops}, found {value!r}")
        return
    if field == WITHOUT:
        _check_without(str(value))
        return
    if field == POOL:
        _check_pool(value)
        return
    low, high = bounds(server)[field]
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        expected = f"expected a whole number from {low} to {high}"
        raise InvalidSetting(field, f"{expected}, found {value!r}")


def _check_pool(value: int | str) -> None:
    if value != NO_POOL and not (isinstance(value, int) and 1 <= value <= MOST_POOLED):
        expected = f"expected a whole number from 1 to {MOST_POOLED}, or {NO_POOL}"
        raise InvalidSetting(POOL, f"{expected}, found {value!r}")


def _check_without(value: str) -> None:
    for path in value.split(","):
        if not _IMPORT_PATH.fullmatch(path):
            message = f"expected the path of a middleware or its end, found {path!r}"
            raise InvalidSetting(WITHOUT, message)
    if len(value) > MOST_WITHOUT:
        message = f"expected {MOST_WITHOUT} characters at most, found {len(value)}"
        raise InvalidSetting(WITHOUT, f"{message}: the end of a path, its class, is enough")


def _custom_settings(server: Server, values: Mapping[str, int | str]) -> tuple[str, ...]:
    """Return the chosen settings that the server's concurrency does not show, as `backlog 100`."""
    shown = [
        f"{field.replace('_', '-')} {_shown(field, value)}{_UNITS.get(field, '')}"
        for field, value in values.items()
        if field not in ("processes", "threads")
    ]
    return (
        *(word for word in server.custom_settings if word.split()[0] not in _names(shown)),
        *shown,
    )


def _shown(field: str, value: int | str) -> int | str:
    """Return a setting's value as it is shown: of a path to a middleware, the last part."""
    if field != WITHOUT:
        return value
    return " and ".join(path.rpartition(".")[2] for path in str(value).split(","))


def _names(words: list[str]) -> set[str]:
    return {word.split()[0] for word in words}
