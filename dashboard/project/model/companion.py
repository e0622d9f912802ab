"""A companion: another process that a project needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

PORT = "{port}"


@dataclass(frozen=True)
class Companion:
    """A command started before any target, and the environment variables that it brings.

    `{port}` in either is replaced by the companion's own loopback port. Every target and every
    companion gets `env`. `scenarios` names the scenarios that need it; if empty, all of them do.
    `start_timeout_s` is how long it may take to start; None: as long as the project's targets.
    """

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    scenarios: tuple[str, ...] = ()
    start_timeout_s: float | None = None

    def needed_by(self, scenario: str | None) -> bool:
        """Return whether a scenario needs it; None is no scenario in particular."""
        return not self.scenarios or scenario in self.scenarios

    @property
    def has_port(self) -> bool:
        """Whether its command takes a port, on which it answers once it is ready."""
        return any(PORT in word for word in self.command)

    def command_on(self, port: int, python: str) -> list[str]:
        """Return its command with the port filled in; "python" becomes `python`."""
        first, *rest = (word.replace(PORT, str(port)) for word in self.command)
        return [python if first == "python" else first, *rest]

    def env_on(self, port: int) -> dict[str, str]:
        """Return its environment variables with the port filled in."""
        return {name: value.replace(PORT, str(port)) for name, value in self.env.items()}
