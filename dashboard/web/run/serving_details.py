"""How each lane was served, in words: server, versions and their origin, cores, backlog."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.models import Run
from dashboard.targets.onboarding.fallback_applications import is_fallback_application
from dashboard.wire.plural import plural


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


def _descriptions(config: Mapping[str, Any]) -> Iterator[str]:
    if config.get("probe") is False:
        yield (
            f"{config.get('url')} was already running and has no probe: segments, peaks, threads,"
            " memory, CPU and versions are unknown"
        )
        return
    for name, package in config.get("packages", {}).items():
        yield f"{name} {package['version']} from {package['from']}"
    versions = config.get("versions", {})
    named = [f"{name} {versions[key]}" for key, name in NAMES.items() if key in versions]
    if named:
        yield ", ".join(named)
    if is_fallback_application(config.get("application")):
        function = f"get_{config['interface']}_application()"
        yield f"Django's own {function}, because the project has no module for it"
    yield from _own_settings(config.get("own") or {})
    if config.get("version"):
        version = config["version"]
        yield f"code version {version['name']}: {version['revision'] or version['directory']}"
    yield from _limits(config)


def _own_settings(own: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a variant overrides, which gives it a target of its own."""
    for key in ("settings", "asgi", "wsgi"):
        if own.get(key):
            yield f"its own {key}: {own[key]}"
    if own.get("env"):
        yield f"its own environment variables: {', '.join(own['env'])}"


NAMES = {"python": "Python", "django": "Django", "loop": "event loop"}


def _limits(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield the cores, backlog and keep-alive timeout that are known."""
    cores = [str(core) for core in config.get("cores") or ()]
    if cores:
        yield f"on {plural(len(cores), 'core', 'cores')} {', '.join(cores)}"
    if config.get("backlog") is not None:
        yield f"backlog {config['backlog']}"
    if config.get("keep_alive_s") is not None:
        yield f"keep-alive {config['keep_alive_s']} s"
