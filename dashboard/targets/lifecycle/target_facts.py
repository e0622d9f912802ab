"""How a target was started and what was found there: the `target` of a lane in the report."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.project.model.server import Server
from dashboard.project.project import Project
from dashboard.targets.observe.health import ProbedProcess
from dashboard.targets.preparation.ignored_settings import ignored_settings
from dashboard.targets.preparation.server_packages import ServerPackages
from dashboard.wire.report.target_facts import PackageFacts, TargetFacts


def started_facts(
    project: Project,
    server: Server,
    packages: ServerPackages,
    *,
    command: Sequence[str],
    cores: Sequence[int],
    backlog: int | None,
    probe: ProbedProcess | None,
    withheld: list[str],
) -> TargetFacts:
    """Return the facts of a target that was started here.

    `backlog` is None if the kernel does not report it, `probe` if none responded in time.
    `withheld` are the variables of our environment that the settings name and did not get.
    """
    return {
        "command": list(command),
        "processes": server.processes,
        "threads": server.threads,
        "keep_alive_s": server.keep_alive_s,
        "loop": server.loop,
        "config": server.config,
        "cores": list(cores),
        "backlog": backlog,
        "probe": True,
        "packages": _packages(packages),
        "ignored": ignored_settings(server, project.directory),
        "withheld": withheld,
        "versions": {**packages.versions, **(probe.versions if probe else {})},
        "django": probe.django if probe else None,
        "interface": server.interface,
        "application": project.application(server),
    }


def _packages(packages: ServerPackages) -> dict[str, PackageFacts]:
    return {
        name: {"version": version, "from": packages.origins[name]}
        for name, version in packages.versions.items()
    }


def external_facts(server: Server) -> TargetFacts:
    """Return the facts of a target that runs already: hardly anything is known of it."""
    return {
        "url": server.url,
        "probe": False,
        "command": [],
        "processes": None,
        "threads": None,
        "cores": [],
        "backlog": None,
        "versions": {},
    }
