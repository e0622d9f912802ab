"""Checks of what runs need of the machine: servers, a port, cores."""

from __future__ import annotations

import socket
from pathlib import Path

from dashboard.project.labtoml.load import load_manifest
from dashboard.project.servers.catalogue import SERVERS
from dashboard.targets.preparation.server_packages import missing_packages
from dashboard.targets.supervise.cores import Cores
from dashboard.wire.plural import counted

from .finding import Finding, note, ok, problem


def check_project(path: Path) -> Finding:
    """Check that the lab.toml can be read."""
    project = load_manifest(path)
    return ok("project", f"{project.name}, {counted(len(project.unmixed), 'scenario')}.")


def check_servers(path: Path) -> Finding:
    """Check which servers of the catalogue can serve the project."""
    project = load_manifest(path)
    missing = [name for name in SERVERS if missing_packages(project, SERVERS[name])]
    installed = [name for name in SERVERS if name not in missing]
    way_out = "Run: pip install 'liveburst[servers]'"
    if not installed:
        return problem("servers", "none is installed.", way_out)
    text = f"found {', '.join(installed)}"
    if missing:
        return note("servers", f"{text}; not installed: {', '.join(missing)}.", way_out)
    return ok("servers", f"{text}.")


def check_port(port: int) -> Finding:
    """Check that the dashboard's port is free."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            text = f"{port} cannot be used: {error.strerror}."
            return note("port", text, "The dashboard takes the next free one.")
    return ok("port", f"{port} is free.")


def check_cores() -> Finding:
    """Check that targets and load generator have cores of their own."""
    cores = Cores.here()
    if not cores.targets:
        text = "targets, load generator and dashboard share all cores."
        return note("cores", text, "Comparisons are noisier; two cores or more keep them apart.")
    targets, engine = (", ".join(map(str, each)) for each in (cores.targets, cores.engine))
    text = f"targets on core {targets}, load generator on core {engine}."
    if cores.idle:
        return note("cores", text, "The dashboard shares that core; with four it has its own.")
    return ok("cores", text)
