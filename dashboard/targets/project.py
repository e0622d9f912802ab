"""A project that can be put under load, as its lab.toml describes it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dashboard.wire.errors import InvalidPlan, Problem
from dashboard.wire.plan import Lane, Plan

from .scenario import Parameter, Scenario
from .servers import SERVERS, Server


@dataclass(frozen=True)
class Project:
    """What may be started and fired at, and nothing else may.

    `path` is the lab.toml, `directory` where the processes run, `python` the interpreter
    that they run with, `env` what their environment gets besides. `wsgi` and `asgi` are
    import strings, `module:attribute`; None where the project has none. `servers` is the
    table of servers with the processes and threads that the project asks for.
    """

    name: str
    path: Path
    directory: Path
    wsgi: str | None
    asgi: str | None
    python: str
    env: Mapping[str, str]
    scenarios: Mapping[str, Scenario]
    servers: Mapping[str, Server] = field(default_factory=lambda: SERVERS)

    def application(self, server: Server) -> str | None:
        """The import string of what this server would serve."""
        return self.wsgi if server.interface == "wsgi" else self.asgi

    def check(self, plan: Plan) -> None:
        """Whether the plan can be fired at this project; raises InvalidPlan if not.

        The problems' fields are `scenario`, `lanes` and `parameters.NAME`.
        """
        problems = self.problems(plan.scenario, plan.lanes, plan.parameters)
        if problems:
            raise InvalidPlan(*problems)

    def problems(
        self, name: str, lanes: Sequence[Lane], parameters: Mapping[str, float]
    ) -> list[Problem]:
        """What speaks against firing a scenario's lanes with these parameters."""
        scenario = self.scenarios.get(name)
        if scenario is None:
            return [Problem("scenario", f"expected {_one_of(self.scenarios)}, found {name!r}")]
        return [
            *(found for lane in lanes for found in self._lane_problems(scenario, lane)),
            *_parameter_problems(scenario, parameters),
        ]

    def _lane_problems(self, scenario: Scenario, lane: Lane) -> Iterator[Problem]:
        variant, server = scenario.variants.get(lane.variant), self.servers.get(lane.server)
        if variant is None:
            expected = _one_of(scenario.variants)
            yield Problem("lanes", f"{lane}: expected a variant, {expected}")
        if server is None:
            yield Problem("lanes", f"{lane}: expected a server, {_one_of(self.servers)}")
        elif variant and variant.needs == "asgi" and server.interface != "asgi":
            yield Problem("lanes", f"{lane}: expected an ASGI server, {server.name} is WSGI")
        elif self.application(server) is None:
            yield Problem(
                "lanes", f"{lane}: expected {self.path.name} to name project.{server.interface}"
            )


def _parameter_problems(scenario: Scenario, given: Mapping[str, float]) -> Iterator[Problem]:
    for name, value in given.items():
        parameter = scenario.parameters.get(name)
        if parameter is None:
            expected = _one_of(scenario.parameters)
            yield Problem(f"parameters.{name}", f"expected {expected}, found {name!r}")
        elif not _within(parameter, value):
            bounds = f"{parameter.min:g} to {parameter.max:g} {parameter.unit}".strip()
            yield Problem(f"parameters.{name}", f"expected {bounds}, found {value}")


def _within(parameter: Parameter, value: float) -> bool:
    return (
        isinstance(value, int | float)
        and math.isfinite(value)
        and parameter.min <= value <= parameter.max
    )


def _one_of(names: Mapping[str, object]) -> str:
    return "one of " + ", ".join(names) if names else "none"
