"""Reading [server.NAME], `url` and [companion.NAME] of a lab.toml."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from urllib.parse import urlsplit

from dashboard.project.model.companion import Companion
from dashboard.project.model.server import Launch, Server
from dashboard.project.servers.catalogue import SERVERS
from dashboard.project.servers.settings import InvalidSetting, bounds, settable, with_settings
from dashboard.wire.loopback import is_loopback

from .table import Table

RUNNING = "running"  # the server's name where [project] itself names a url


def read_servers(file: Table, project: Table) -> dict[str, Server]:
    """The table of servers, as this file changes it and with the targets that run already."""
    allow_remote = project.flag("allow_remote")
    servers = dict(SERVERS)
    url = _url(project, allow_remote)
    if url:
        servers[RUNNING] = running(RUNNING, url)
    for name, table in file.tables("server", default={}):
        if table.has("url"):
            if name in SERVERS:
                table.complain("url", f"expected a name of its own, {name} is one that we start")
            servers[name] = running(name, _url(table, allow_remote) or "")
        elif name in SERVERS:
            servers[name] = _with_settings(table, SERVERS[name])
        else:
            table.complain("", f"expected one of {', '.join(SERVERS)}, or a url")
            continue
        table.finish()
    return servers


def read_companion(name: str, table: Table, scenarios: Container[str]) -> Companion:
    """Read [companion.NAME]; `scenarios` are those that there are."""
    companion = Companion(
        name,
        table.texts("command"),
        table.text_map("env"),
        table.texts("scenarios", default=()),
    )
    for scenario in companion.scenarios:
        if scenario not in scenarios:
            table.refuse("scenarios", "names of scenarios", scenario)
    table.finish()
    return companion


def running(name: str, url: str) -> Server:
    """The server of a target that runs already: nothing of it is known but where it is."""
    return Server(name, (), "asgi", _not_started, "unknown", processes_settable=False, url=url)


def _not_started(server: Server, launch: Launch) -> list[str]:
    raise ValueError(f"{server.name} runs already at {server.url}")


def _with_settings(table: Table, server: Server) -> Server:
    low_high = bounds(server)
    values: dict[str, int | str] = {
        field: table.whole(field, *low_high[field]) for field in low_high if table.has(field)
    }
    if not server.processes_settable:
        table.whole("processes", 1, 1, default=1)
    if server.loops and table.has("loop"):
        values["loop"] = table.text("loop")
    for field in settable(server):
        table.known(field)
    config = table.optional_text("config") if server.implicit.files else None
    try:
        return replace(with_settings(server, values), config=config)
    except InvalidSetting as error:
        table.complain(error.field, error.message)
        return server


def _url(table: Table, allow_remote: bool) -> str | None:
    expected = "an address like 'http://127.0.0.1:8001'"
    text = table.optional_text("url", pattern=r"https?://[^/?#@\s]+/?", expected=expected)
    if text is None:
        return None
    parts = urlsplit(text)
    try:
        known = parts.hostname is not None and parts.port != 0
    except ValueError:
        known = False
    if not known:
        table.refuse("url", expected, text)
    elif not allow_remote and not is_loopback(parts.hostname or ""):
        table.refuse("url", "an address of this machine, or project.allow_remote = true,", text)
    return text.rstrip("/")
