"""A project that can be put under load, as a lab.toml describes it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from dashboard.project.model.companion import Companion
from dashboard.project.model.login import Login, missing_credentials
from dashboard.project.model.placeholders import variable_problems
from dashboard.project.model.requirement import Requirement
from dashboard.project.model.scenario import Claim, Parameter, Scenario, Variant
from dashboard.project.model.server import Server
from dashboard.project.model.service import MARK, ServiceOverrides, target_name
from dashboard.project.model.version import Version, version_name
from dashboard.project.servers.catalogue import SERVERS
from dashboard.project.servers.settings import InvalidSetting, resolve
from dashboard.wire.errors import InvalidPlan, Problem
from dashboard.wire.loopback import is_loopback
from dashboard.wire.plan.plan import TWIN, Lane, Plan

# How a project is served of which nothing is known: a small pool, as in many deployments.
USUAL_WSGI, USUAL_ASGI = "gunicorn-gthread:threads=4", "uvicorn"


@dataclass(frozen=True)
class Project:
    """Everything that may be started and fired at.

    path: the lab.toml.
    directory, python, env: where the processes run, their interpreter, and further environment
        variables.
    wsgi, asgi: import strings, `module:attribute`, or None.
    servers: the catalogue with the project's own settings, and the targets that run already.
    setup: commands to run before anything is started.
    bystander_path: the path of an unrelated fast view, for the bystander.
    served_by: how it is served today, as a lane names a server; None: see `today`.
    versions: of its code, which a lane may name: `sync@daphne#before`.
    requirements: what some of its variants need besides the project.
    start_timeout_s: how long a server or a companion may take to start; None: 20 s, and longer
        while it uses the CPU.
    inherit_env: names, or patterns with *, of variables of our own environment that the processes
        inherit besides those that all projects do.
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
    setup: tuple[tuple[str, ...], ...] = ()
    bystander_path: str | None = None
    served_by: str | None = None
    companions: Mapping[str, Companion] = field(default_factory=dict)
    claims: Mapping[str, Claim] = field(default_factory=dict)
    login: Login | None = None
    versions: Mapping[str, Version] = field(default_factory=dict)
    requirements: Mapping[str, Requirement] = field(default_factory=dict)
    start_timeout_s: float | None = None
    inherit_env: tuple[str, ...] = ()

    @property
    def today(self) -> str:
        """How the project is served today, as a lane names a server; by default a usual way."""
        return self.served_by or (USUAL_WSGI if self.wsgi or not self.asgi else USUAL_ASGI)

    def server(self, text: str) -> Server:
        """Return the server of a lane, `gunicorn-gthread:threads=32`, with its settings in force.

        Raises InvalidPlan if the name or a setting is unknown.
        """
        try:
            return resolve(self.servers, text)
        except InvalidSetting as error:
            raise InvalidPlan(Problem("lanes", f"{text}: {error}")) from None

    def version(self, server: str) -> Version | None:
        """Return the version that a lane's text for a server names, None if it names none.

        Raises InvalidPlan if the name is unknown.
        """
        name = version_name(server.removesuffix(TWIN))
        if name is None:
            return None
        if name not in self.versions:
            message = f"expected a version, {_one_of(self.versions)}, found {name!r}"
            raise InvalidPlan(Problem("lanes", f"{server}: {message}"))
        return self.versions[name]

    @property
    def remote(self) -> tuple[str, ...]:
        """The servers on other machines, to be fired at only with explicit permission."""
        return tuple(
            name
            for name, server in self.servers.items()
            if server.url and not is_loopback(urlsplit(server.url).hostname or "")
        )

    @property
    def unmixed(self) -> Mapping[str, Scenario]:
        """The scenarios that are one piece of work: all but the mixes."""
        return {name: scenario for name, scenario in self.scenarios.items() if not scenario.mix}

    def application(self, server: Server) -> str | None:
        """Return the import string of what a server serves, or the URL if it runs already."""
        if server.url is not None:
            return server.url
        return self.wsgi if server.interface == "wsgi" else self.asgi

    def overrides_of(self, target: str) -> ServiceOverrides | None:
        """Return the overrides with which a target is served; None if there are none."""
        variants = (
            variant
            for scenario in self.scenarios.values()
            for variant in scenario.variants.values()
        )
        overrides = (variant.overrides for variant in variants if variant.overrides)
        return next(
            (override for override in overrides if target.endswith(MARK + override.key)), None
        )

    def served_as(self, target: str) -> Project:
        """Return the project as a target serves it: with the overrides of the variant."""
        overrides = self.overrides_of(target)
        if overrides is None:
            return self
        env = {**self.env, **dict(overrides.env)}
        asgi, wsgi = overrides.asgi or self.asgi, overrides.wsgi or self.wsgi
        return replace(self, env=env, asgi=asgi, wsgi=wsgi)

    def refusal(self, variant: Variant, server: Server) -> str | None:
        """Return why a variant cannot be fired at under a server; None if it can."""
        if unusable := [*self._refused_parts(variant, server), *self._unusable(variant)]:
            return "; ".join(unusable)
        if server.url is not None:
            return None
        if variant.needs not in (None, server.interface):
            wanted = "an ASGI" if variant.needs == "asgi" else "a WSGI"
            return f"expected {wanted} server, {server.name} is {server.interface.upper()}"
        if self.served_as(target_name("", variant.overrides)).application(server) is None:
            return f"expected {self.path.name} to name project.{server.interface}"
        if server.no_async_reason and variant.family == "async":
            return f"expected a sync variant: {server.no_async_reason}"
        return self.missing_requirement(variant) or None

    def _refused_parts(self, variant: Variant, server: Server) -> Iterator[str]:
        """Yield why views of a mix cannot be fired at under a server."""
        for part in variant.mix:
            if reason := self.refusal(part.variant, server):
                yield f"{part.name}: {reason}"

    def _unusable(self, variant: Variant) -> list[str]:
        """Return everything that the environment lacks for a variant's requests."""
        problems = variable_problems(variant)
        if variant.login and self.login and (missing := missing_credentials(self.login)):
            problems.append(f"{missing}, for project.login")
        return problems

    def missing_requirement(self, variant: Variant) -> str:
        """Return which requirement of a variant is not available; empty if all are."""
        brought = {**self.env}
        for companion in self.companions.values():
            brought |= companion.env
        reasons = (self.requirements[name].lacking(brought) for name in variant.requires)
        return next(filter(None, reasons), "")

    def check(self, plan: Plan) -> None:
        """Raise InvalidPlan if the plan cannot be fired at this project.

        The problems' fields are `scenario`, `lanes` and `parameters.NAME`.
        """
        problems = self.problems(plan.scenario, plan.lanes, plan.parameters)
        if not problems and (gone := plan.mix.keys() - self.scenarios[plan.scenario].mix.keys()):
            expected = f"expected a mix with {', '.join(sorted(gone))}"
            problems.append(Problem("scenario", f"{expected}, which {plan.scenario} has no more"))
        if problems:
            raise InvalidPlan(*problems)

    def problems(
        self, name: str, lanes: Sequence[Lane], parameters: Mapping[str, float]
    ) -> list[Problem]:
        """Return what prevents firing at a scenario's lanes with these parameters."""
        scenario = self.scenarios.get(name)
        if scenario is None:
            return [Problem("scenario", f"expected {_one_of(self.scenarios)}, found {name!r}")]
        return [
            *(problem for lane in lanes for problem in self._lane_problems(scenario, lane)),
            *_parameter_problems(scenario, parameters),
        ]

    def _lane_problems(self, scenario: Scenario, lane: Lane) -> Iterator[Problem]:
        variant = scenario.variants.get(lane.variant)
        if variant is None:
            expected = _one_of(scenario.variants)
            yield Problem("lanes", f"{lane}: expected a variant, {expected}")
        try:
            server = resolve(self.servers, lane.server)
            self.version(lane.server)
        except InvalidSetting as error:
            yield Problem("lanes", f"{lane}: {error}")
            return
        except InvalidPlan as error:
            yield from error.problems
            return
        reason = self.refusal(variant, server) if variant else None
        if reason is not None:
            yield Problem("lanes", f"{lane}: {reason}")


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
