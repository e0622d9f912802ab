"""A run with what its project offers, as the analysis derives advice from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from dashboard.analysis.advice.situation import (
    ServerChoice,
    Situation,
    VariantChoice,
    source_of,
)
from dashboard.project.model.scenario import Scenario, Variant
from dashboard.project.model.server import Server
from dashboard.project.model.version import MARK, without_version
from dashboard.project.project import Project
from dashboard.project.servers.settings import InvalidSetting, bounds, parse
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.plan.plan import Lane, Plan
from dashboard.wire.report.report import Report
from dashboard.wire.report.where import LaneWhere

# Where the scenario's own lanes name no server of a kind: the most common ones first.
PREFERRED = ("gunicorn-gthread", "uvicorn", "daphne", "waitress", "hypercorn")


def situation_of(
    project: Project, plan: Plan, report: Report, sampled: Iterable[LaneWhere] = ()
) -> Situation | None:
    """Return the situation; None if the project no longer has the scenario.

    `sampled` are the lanes of which a sampled firing was stored.
    """
    scenario = project.scenarios.get(plan.scenario)
    if scenario is None:
        return None

    @cache
    def can_fire(lane: str) -> bool:
        try:
            lanes = (Lane.parse(lane),)
        except InvalidPlan:
            return False
        return not project.problems(plan.scenario, lanes, plan.parameters)

    return Situation(
        report=report,
        servers=dict(_of_lanes(project, plan.lanes)),
        others=list(_others(project, [*plan.lanes, *scenario.lanes])),
        variants=_variants(scenario),
        can_fire=can_fire,
        source_line=source_of(sampled),
    )


def _of_lanes(project: Project, lanes: Sequence[Lane]) -> Iterator[tuple[str, ServerChoice]]:
    """Yield the servers of a run's lanes.

    Those of lanes with a version of the code are left out: they are about that code, and no
    command could name it. So are those that the project no longer has.
    """
    for lane in lanes:
        try:
            server, (_, settings) = project.server(lane.server), parse(lane.server)
        except (InvalidPlan, InvalidSetting):
            continue
        if MARK not in lane.server:
            yield lane.server, _choice(server, settings)


def _others(project: Project, lanes: Sequence[Lane]) -> Iterator[ServerChoice]:
    """Yield all servers that can be started, those of these lanes first, then the common ones."""
    of_lanes = (without_version(lane.server).partition(":")[0] for lane in lanes)
    for name in dict.fromkeys((*of_lanes, *PREFERRED, *project.servers)):
        server = project.servers.get(name)
        if server is not None and server.url is None:
            yield _choice(server, {})


def _choice(server: Server, settings: Mapping[str, int | str]) -> ServerChoice:
    most = {name: high for name, (_, high) in bounds(server).items()}
    runs_already = server.url is not None
    return ServerChoice(
        name=server.name,
        interface=server.interface,
        model=server.model,
        processes=server.processes,
        threads=server.threads,
        most_processes=None if runs_already else most.get("processes"),
        most_threads=None if runs_already else most.get("threads"),
        most_executor=None if runs_already else most.get("executor"),
        settings=settings,
    )


def _variants(scenario: Scenario) -> dict[str, VariantChoice]:
    return {name: _variant(name, variant) for name, variant in scenario.variants.items()}


def _variant(name: str, variant: Variant) -> VariantChoice:
    polls = variant.poll_every_ms is not None
    return VariantChoice(name, variant.family, variant.at_a_time, polls=polls)
