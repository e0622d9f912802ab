"""How each lane was served, in words: server, versions and their origin, cores, backlog."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from dashboard.models import Run
from dashboard.targets.onboarding.fallback_applications import is_fallback_application
from dashboard.wire.plural import plural
from dashboard.wire.report.target_facts import OwnFacts, TargetFacts


@dataclass(frozen=True)
class ServingDetails:
    """How one lane was served: details in words, and the command that started its server."""

    lane: str
    family: str
    words: tuple[str, ...]
    command: str


def serving_details(run: Run) -> list[ServingDetails]:
    """Return the details of each lane whose target has started."""
    return [
        ServingDetails(
            lane=lane.name,
            family=lane.family,
            words=tuple(_descriptions(lane.facts)),
            command=shlex.join(lane.facts.get("command", [])),
        )
        for lane in run.lanes.all()
        if lane.facts
    ]


def _descriptions(facts: TargetFacts) -> Iterator[str]:
    if facts.get("probe") is False:
        yield (
            f"{facts.get('url')} was already running and has no probe: segments, peaks, threads,"
            " memory, CPU and versions are unknown"
        )
        return
    for name, package in facts.get("packages", {}).items():
        yield f"{name} {package['version']} from {package['from']}"
    versions = facts.get("versions", {})
    named = [f"{name} {versions[key]}" for key, name in NAMES.items() if key in versions]
    if named:
        yield ", ".join(named)
    if is_fallback_application(facts.get("application")):
        function = f"get_{facts.get('interface', 'asgi')}_application()"
        yield f"Django's own {function}, because the project has no module for it"
    if own := facts.get("own"):
        yield from _own_settings(own)
    if version := facts.get("version"):
        yield f"code version {version['name']}: {version['revision'] or version['directory']}"
    yield from _limits(facts)


def _own_settings(own: OwnFacts) -> Iterator[str]:
    """Yield what a variant overrides, which gives it a target of its own."""
    modules = {"settings": own.get("settings"), "asgi": own.get("asgi"), "wsgi": own.get("wsgi")}
    yield from (f"its own {name}: {module}" for name, module in modules.items() if module)
    if names := own.get("env"):
        yield f"its own environment variables: {', '.join(names)}"


NAMES = {"python": "Python", "django": "Django", "loop": "event loop"}


def _limits(facts: TargetFacts) -> Iterator[str]:
    """Yield the cores, backlog and keep-alive timeout that are known."""
    cores = [str(core) for core in facts.get("cores") or ()]
    if cores:
        yield f"on {plural(len(cores), 'core', 'cores')} {', '.join(cores)}"
    if (backlog := facts.get("backlog")) is not None:
        yield f"backlog {backlog}"
    if (keep_alive_s := facts.get("keep_alive_s")) is not None:
        yield f"keep-alive {keep_alive_s} s"
