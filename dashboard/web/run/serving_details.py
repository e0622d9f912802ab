"""How a lane was served, in words: server, versions, where each came from, cores, backlog."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.models import Run
from dashboard.targets.onboarding.fallback_applications import is_fallback_application


@dataclass(frozen=True)
class Served:
    """One lane: what it was started with, and the command; both empty before it was started."""

    lane: str
    family: str
    words: tuple[str, ...]
    command: str


def served(run: Run) -> list[Served]:
    """Each lane of a run, as far as its target has told."""
    return [
        Served(
            lane=lane.name,
            family=lane.family,
            words=tuple(_words(lane.facts)),
            command=shlex.join(lane.facts.get("command", [])),
        )
        for lane in run.lanes.all()
        if lane.facts
    ]


def _words(facts: Mapping[str, Any]) -> Iterator[str]:
    if facts.get("probe") is False:
        yield (
            f"{facts.get('url')} runs already and has no probe: segments, peaks, threads, memory,"
            " CPU and versions are not known"
        )
        return
    for name, package in facts.get("packages", {}).items():
        yield f"{name} {package['version']} from {package['from']}"
    versions = facts.get("versions", {})
    known = [f"{word} {versions[key]}" for key, word in NAMES.items() if key in versions]
    if known:
        yield ", ".join(known)
    if is_fallback_application(facts.get("application")):
        made = f"get_{facts['interface']}_application()"
        yield f"Django's own {made}, since the project has no module for it"
    yield from _own(facts.get("own") or {})
    if facts.get("version"):
        version = facts["version"]
        yield f"the code as of {version['name']}: {version['revision'] or version['directory']}"
    yield from _settings(facts)


def _own(own: Mapping[str, Any]) -> Iterator[str]:
    """What is the variant's own, in a target of its own."""
    for word in ("settings", "asgi", "wsgi"):
        if own.get(word):
            yield f"{word} of its own: {own[word]}"
    if own.get("env"):
        yield f"variables of its own: {', '.join(own['env'])}"


NAMES = {"python": "Python", "django": "Django", "loop": "event loop"}


def _settings(facts: Mapping[str, Any]) -> Iterator[str]:
    """What is in force, as far as it is known."""
    cores = ", ".join(map(str, facts.get("cores") or ()))
    if cores:
        yield f"on core {cores}"
    if facts.get("backlog") is not None:
        yield f"backlog {facts['backlog']}"
    if facts.get("keep_alive_s") is not None:
        yield f"keep-alive {facts['keep_alive_s']} s"
