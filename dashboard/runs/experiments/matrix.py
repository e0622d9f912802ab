"""A matrix: each variant of a scenario at each server, compared with one baseline cell.

Cells that were fired minutes apart are not comparable by their makespans: the machine is not what
it was. So a run has as many lanes as a run may have, which take turns round by round, and one of
them is always the baseline: each cell's ratio to it is paired by round, has an interval, and means
the same in every run. How much the baseline itself differs between the runs is shown as the drift.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dashboard.models import Experiment, Status
from dashboard.project.labtoml.load import Project, Scenario
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue.experiment import (
    MAX_REQUESTS_OF_ALL,
    ExperimentPlan,
    Step,
    Steps,
    fire_with_retry,
)
from dashboard.targets.lifecycle.server_packages import missing_packages
from dashboard.wire.codec import from_json, to_json
from dashboard.wire.errors import InvalidPlan, Problem
from dashboard.wire.plan import MAX_LANES, Lane, Plan

MAX_CELLS = 80
# What people deploy; a matrix of which nobody says more has these.
USUAL_SERVERS = (
    *("gunicorn-sync", "gunicorn-gthread", "gunicorn-gevent"),
    *("waitress", "daphne", "uvicorn"),
)


@dataclass(frozen=True)
class Cell:
    """One variant at one server; `refusal` says why it cannot be fired, where it cannot."""

    variant: str
    server: str
    refusal: str = ""

    @property
    def lane(self) -> Lane:
        """What is fired for it."""
        return Lane(self.variant, self.server)


@dataclass(frozen=True)
class Matrix:
    """What is asked: `plan` is that of every run but for its lanes.

    `cells` has one for each variant at each server, variant by variant.
    """

    variants: tuple[str, ...]
    servers: tuple[str, ...]
    cells: tuple[Cell, ...]
    plan: Plan
    baseline: Lane

    def to_json(self) -> dict[str, Any]:
        """What is stored as the experiment's question."""
        question: dict[str, Any] = to_json(self)
        return question

    @classmethod
    def from_json(cls, data: object) -> Matrix:
        """Read what `to_json` wrote, also in an older version; raises InvalidJson."""
        return from_json(cls, data, ignore_unknown=True)

    @property
    def experiment_plan(self) -> ExperimentPlan:
        """The experiment to be performed."""
        kind = Experiment.Kind.MATRIX
        return ExperimentPlan(kind, self.plan.scenario, self.to_json(), steps_of(self))


def make_matrix(
    project: Project,
    *,
    scenario: str,
    variants: Sequence[str] = (),
    servers: Sequence[str] = (),
    requests: int | None = None,
    concurrency: int | None = None,
    rounds: int | None = None,
    **more: Any,
) -> Matrix:
    """A matrix that may be fired; `more` is `make_plan`'s: parameters, timeout_s, seed.

    Without variants it has all of the scenario, without servers the usual ones. Cells that cannot
    be fired stay, with the reason. Raises InvalidPlan with the problems by field.
    """
    known = project.scenarios.get(scenario)
    if known is None:
        raise InvalidPlan(*project.problems(scenario, (), {}))
    variants = tuple(dict.fromkeys(variants)) or tuple(known.variants)
    servers = tuple(dict.fromkeys(servers)) or usual_servers(project)
    cells = tuple(_cells(project, known, variants, servers))
    able = [cell.lane for cell in cells if not cell.refusal]
    if not able:
        raise InvalidPlan(Problem("servers", f"expected one that fits: {cells[0].refusal}"))
    baseline = next((lane for lane in known.lanes if lane in able), able[0])
    plan = make_plan(
        project,
        scenario=scenario,
        lanes=[str(baseline)],
        requests=requests,
        concurrency=concurrency,
        rounds=rounds,
        **more,
    )
    _check_size(cells, able, plan)
    return Matrix(variants, servers, cells, plan, baseline)


def usual_servers(project: Project) -> tuple[str, ...]:
    """The servers of a matrix where nobody names any: the usual ones, and the project's own."""
    own = [name for name, server in project.servers.items() if server.url is not None]
    return (*(name for name in USUAL_SERVERS if name in project.servers), *own)


def _cells(
    project: Project, scenario: Scenario, variants: Sequence[str], servers: Sequence[str]
) -> Iterator[Cell]:
    if unknown := [name for name in variants if name not in scenario.variants]:
        expected = f"expected one of {', '.join(scenario.variants)}"
        raise InvalidPlan(Problem("variants", f"{expected}, found {unknown[0]!r}"))
    try:
        resolved = {name: project.server(name) for name in servers}
    except InvalidPlan as error:
        problems = (replace(problem, field="servers") for problem in error.problems)
        raise InvalidPlan(*problems) from None
    missing = {name: missing_packages(project, server) for name, server in resolved.items()}
    for variant in variants:
        for name, server in resolved.items():
            refusal = project.refusal(scenario.variants[variant], server)
            yield Cell(variant, name, refusal or missing[name])


def _check_size(cells: Sequence[Cell], able: Sequence[Lane], plan: Plan) -> None:
    if len(cells) > MAX_CELLS:
        message = f"expected at most {MAX_CELLS} cells (variants x servers), found {len(cells)}"
        raise InvalidPlan(Problem("servers", message))
    # The baseline is fired in every run.
    lanes = len(able) - 1 + len(_packed(able[1:]))
    total = plan.load.requests * plan.rounds * lanes
    if total > MAX_REQUESTS_OF_ALL:
        message = f"expected at most {MAX_REQUESTS_OF_ALL:,} in all runs, found {total:,}"
        raise InvalidPlan(Problem("requests", message))


def steps_of(matrix: Matrix) -> Steps:
    """The matrix's runs. One that fails is fired again server by server, so that a server which
    does not start takes no cell of another with it.

    A baseline that does not even finish alone is replaced by the first cell of another server.
    """
    baseline, trusted = matrix.baseline, False
    able = [cell.lane for cell in matrix.cells if not cell.refusal]
    # Server by server: whoever stands in one run was started at about the same time.
    able.sort(key=lambda lane: matrix.servers.index(lane.server))
    waiting = deque(_packed([lane for lane in able if lane != baseline]))
    while waiting:
        lanes = waiting.popleft()
        run = yield from fire_with_retry(_step(matrix, baseline, lanes))
        if run.status != Status.FAILED:
            trusted = True
            continue
        if not trusted:
            alone = yield _step(matrix, baseline, [])
            if alone.status == Status.FAILED:
                able = [lane for lane in able if lane.server != baseline.server]
                if not able:
                    return
                baseline, *rest = able
                waiting = deque(_packed(rest))
                continue
            trusted = True
        if len(groups := _by_server(lanes)) > 1:
            waiting.extendleft(reversed(groups))


def _by_server(lanes: Sequence[Lane]) -> list[list[Lane]]:
    servers = dict.fromkeys(lane.server for lane in lanes)
    return [[lane for lane in lanes if lane.server == server] for server in servers]


def _packed(lanes: Sequence[Lane]) -> list[list[Lane]]:
    """As many in a run as it has room for beside the baseline; at least one run."""
    room = MAX_LANES - 1
    return [list(lanes[at : at + room]) for at in range(0, len(lanes), room)] or [[]]


def _step(matrix: Matrix, baseline: Lane, lanes: Sequence[Lane]) -> Step:
    plan = replace(matrix.plan, lanes=(baseline, *lanes))
    return Step(", ".join(dict.fromkeys(lane.server for lane in plan.lanes)), plan)
