"""The settings of servers that the forms of Explore have fields for."""

from __future__ import annotations

from dashboard.project.model.server import Server
from dashboard.project.servers.settings import bounds

OFFERED = ("processes", "threads")


def settings_of(server: Server) -> tuple[str, ...]:
    """Return which of the offered settings a server has."""
    return tuple(setting for setting in OFFERED if setting in bounds(server))


def setting_field_name(server: str, setting: str) -> str:
    """Return the name of the form's field."""
    return f"{setting}-of-{server}"


def setting_in_force(server: Server, setting: str) -> str:
    """Return the value that holds if the field is empty."""
    value = server.processes if setting == "processes" else server.threads
    return "" if value is None else str(value)
