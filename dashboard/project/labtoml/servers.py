"""The servers of a lab.toml: the catalogue with other settings, and targets that run already."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from dashboard.project.model.server import Launch, Server
from dashboard.project.servers.catalogue import SERVERS
from dashboard.project.servers.settings import InvalidSetting, with_settings
from dashboard.wire.loopback import is_loopback
from dashboard.wire.tls import client_context

from . import tables
from .problems import Problems

_ADDRESS = re.compile(r"(?:\[[^\]]+\]|[^\[\]:]+)(?::\d+)?")  # host and port, nothing else
RUNNING = "running"  # the server's name if [project] itself has a url


def servers_of(file: tables.File, beside: Path, problems: Problems) -> dict[str, Server]:
    """Return the catalogue with the settings of this file, and the targets that run already."""
    allow_remote = file.project.allow_remote
    ca = _ca(file.project.ca, beside, problems.at("project", "ca"))
    servers = dict(SERVERS)
    if file.project.url:
        url = _url(file.project.url, allow_remote, problems.at("project", "url"))
        servers[RUNNING] = running(RUNNING, url, ca)
    for name, table in file.server.items():
        here = problems.at("server", name)
        if name in SERVERS:
            servers[name] = _with_settings(SERVERS[name], table, here)
        elif table.url:
            servers[name] = running(name, _url(table.url, allow_remote, here.at("url")), ca)
            for key in table.model_fields_set - {"url"}:
                here.at(key).add("expected no settings beside a url")
        else:
            here.add(f"expected one of {', '.join(SERVERS)}, or a url")
    return servers


def running(name: str, url: str, ca: str | None = None) -> Server:
    """Return the server of a target that runs already, of which only the address is known."""
    server = Server(name, (), "asgi", _not_started, "unknown", processes_settable=False)
    return replace(server, url=url, ca=ca)


def _ca(text: str | None, beside: Path, here: Problems) -> str | None:
    """Return the path of the file with authorities, relative to the lab.toml; None without one."""
    if text is None:
        return None
    file = str(beside / text)
    try:
        client_context("", file)
    except (OSError, ValueError):
        here.expected("a file with certificates (PEM), relative to this file", text)
    return file


def _not_started(server: Server, launch: Launch) -> list[str]:
    raise ValueError(f"{server.name} runs already at {server.url}")


def _with_settings(server: Server, table: tables.Server, here: Problems) -> Server:
    if table.url:
        here.at("url").add(f"expected another name, {server.name} is a server that we start")
    if table.config and not server.implicit.files:
        here.at("config").add(f"expected none, {server.name} has no settings file")
    values = table.model_dump(exclude={"url", "config", "start_timeout_s"}, exclude_none=True)
    if values.get("processes") == 1 and not server.processes_settable:
        del values["processes"]
    for field, value in values.items():
        try:
            server = with_settings(server, {field: value})
        except InvalidSetting as error:
            here.at(field).add(error.message)
    return replace(server, config=table.config, start_timeout_s=table.start_timeout_s)


def _url(text: str, allow_remote: bool, here: Problems) -> str:
    try:
        parts = urlsplit(text)
        host = parts.hostname if parts.port != 0 and _ADDRESS.fullmatch(parts.netloc) else None
    except ValueError:  # no port, or no IPv6 address
        host = None
    if host is None:
        here.expected("an address like 'http://127.0.0.1:8001'", text)
    elif not allow_remote and not is_loopback(host):
        here.expected("an address of this machine, or project.allow_remote = true", text)
    return text.rstrip("/")
