"""A companion: another process that a project needs, as its lab.toml describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

PORT = "{port}"


@dataclass(frozen=True)
class Companion:
    """A command to be started before any target, and the environment that it brings.

    `{port}` in either stands for the companion's own port of loopback. `env` is handed to
    every target, and to every companion. `scenarios` are those that need it; none named: all.
    """

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    scenarios: tuple[str, ...] = ()

    def needed_by(self, scenario: str | None) -> bool:
        """Whether a scenario needs it; None: no scenario in particular."""
        return not self.scenarios or scenario in self.scenarios

    @property
    def has_port(self) -> bool:
        """Whether it is told a port, on which it will answer when it is ready."""
        return any(PORT in word for word in self.command)

    def command_on(self, port: int, python: str) -> list[str]:
        """Its command with the port filled in; "python" is the project's interpreter."""
        first, *rest = (word.replace(PORT, str(port)) for word in self.command)
        return [python if first == "python" else first, *rest]

    def env_on(self, port: int) -> dict[str, str]:
        """Its environment with the port filled in."""
        return {name: value.replace(PORT, str(port)) for name, value in self.env.items()}
