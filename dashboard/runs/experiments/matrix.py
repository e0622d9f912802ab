"""A matrix: each variant of a scenario at each server, compared with one baseline cell.

The total times of cells fired minutes apart cannot be compared: the machine is not what it was. So
each run has as many lanes as a run may have, which take turns round by round, and one of them is
always the baseline: each cell's ratio to it is paired by round, has an interval, and means the same
in every run. How much the baseline itself differs between the runs is shown as the drift.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, cast

from dashboard.models import Experiment, Run, Status
from dashboard.project.model.scenario import Scenario
from dashboard.project.project import Project
from dashboard.runs.planning.plans import make_plan, scenario_of
from dashboard.runs.queue.experiment import (
    MAX_REQUESTS_OF_ALL,
    ExperimentPlan,
    Step,
    Steps,
    fire_with_retry,
)
from dashboard.targets.preparation.server_packages import missing_packages
from dashboard.wire.codec import JsonObject
from dashboard.wire.errors import InvalidPlan, Problem
from dashboard.wire.plan.plan import MAX_LANES, Lane, Plan
from dashboard.wire.stored.questions import MatrixQuestion

MAX_CELLS = 80
USUAL_SERVERS = (  # those that are deployed most, the default of a matrix
    *("gunicorn-sync", "gunicorn-gthread", "gunicorn-gevent"),
    *("waitress", "daphne", "uvicorn"),
)


@dataclass(frozen=True)
class Cell:
    """One variant at one server; `refusal` is why it cannot be fired, empty if it can."""

    variant: str
    server: str
    refusal: str = ""

    @property
    def lane(self) -> Lane:
        """The lane that is fired for the cell."""
        return Lane(self.variant, self.server)


@dataclass(frozen=True)
class Matrix(JsonObject):
    """The question of a matrix: `plan` is that of every run, except for its lanes.

    `cells` are sorted by variant, then by server.
    """

    ignores_unknown_keys: ClassVar[bool] = True

    variants: tuple[str, ...]
    servers: tuple[str, ...]
    cells: tuple[Cell, ...]
    plan: Plan
    baseline: Lane

    def to_json(self) -> MatrixQuestion:
        """Return the question as it is stored with its experiment."""
        return cast(MatrixQuestion, super().to_json())

    @property
    def fireable(self) -> list[Lane]:
        """The lanes, server by server: those of one run are then started at about the same time."""
        lanes = [cell.lane for cell in self.cells if not cell.refusal]
        return sorted(lanes, key=lambda lane: self.servers.index(lane.server))

    @property
    def plans(self) -> list[Plan]:
        """The plans of its runs, if none of them fails."""
        others = [lane for lane in self.fireable if lane != self.baseline]
        return [_step(self, self.baseline, group).plan for group in _packed(others)]

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
    **more: Any,
) -> Matrix:
    """Return a checked matrix; `more` goes to `make_plan`: requests, rounds, parameters.

    Without variants it has all of the scenario, without servers the usual ones. Cells that cannot
    be fired stay, with the reason. Raises InvalidPlan with the problems by field.
    """
    definition = scenario_of(project, scenario)
    variants = tuple(dict.fromkeys(variants)) or tuple(definition.variants)
    servers = tuple(dict.fromkeys(servers)) or usual_servers(project)
    cells = tuple(_cells(project, definition, variants, servers))
    fireable = [cell.lane for cell in cells if not cell.refusal]
    if not fireable:
        raise InvalidPlan(Problem("servers", f"expected one that fits: {cells[0].refusal}"))
    baseline = next((lane for lane in definition.lanes if lane in fireable), fireable[0])
    plan = make_plan(project, scenario=scenario, lanes=[str(baseline)], **more)
    _check_size(cells, fireable, plan)
    return Matrix(variants, servers, cells, plan, baseline)


def usual_servers(project: Project) -> tuple[str, ...]:
    """Return the default servers of a matrix: the usual ones, and the project's own."""
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


def _check_size(cells: Sequence[Cell], fireable: Sequence[Lane], plan: Plan) -> None:
    if len(cells) > MAX_CELLS:
        message = f"expected at most {MAX_CELLS} cells (variants x servers), found {len(cells)}"
        raise InvalidPlan(Problem("servers", message))
    # The baseline is fired in every run.
    lanes = len(fireable) - 1 + len(_packed(fireable[1:]))
    total = plan.load.requests * plan.rounds * lanes
    if total > MAX_REQUESTS_OF_ALL:
        message = f"expected at most {MAX_REQUESTS_OF_ALL:,} in all runs, found {total:,}"
        raise InvalidPlan(Problem("requests", message))


def steps_of(matrix: Matrix) -> Steps:
    """Yield the matrix's runs, compared with its baseline.

    A baseline that fails even alone is replaced by the first cell of another server.
    """
    lanes, baseline = matrix.fireable, matrix.baseline
    while not (yield from _against(matrix, baseline, lanes)):
        lanes = [lane for lane in lanes if lane.server != baseline.server]
        if not lanes:
            return
        baseline = lanes[0]


def _against(matrix: Matrix, baseline: Lane, lanes: Sequence[Lane]) -> Generator[Step, Run, bool]:
    """Fire the lanes beside `baseline`; return False as soon as that is known to fail alone.

    A run that fails is fired again server by server, so that a server which does not start costs
    no cell of another one.
    """
    waiting = deque(_packed([lane for lane in lanes if lane != baseline]))
    baseline_works = False
    while waiting:
        group = waiting.popleft()
        run = yield from fire_with_retry(_step(matrix, baseline, group))
        if run.status != Status.FAILED:
            baseline_works = True
            continue
        if not baseline_works:
            alone = yield _step(matrix, baseline, [])
            if alone.status == Status.FAILED:
                return False
            baseline_works = True
        if len(groups := _by_server(group)) > 1:
            waiting.extendleft(reversed(groups))
    return True


def _by_server(lanes: Sequence[Lane]) -> list[list[Lane]]:
    servers = dict.fromkeys(lane.server for lane in lanes)
    return [[lane for lane in lanes if lane.server == server] for server in servers]


def _packed(lanes: Sequence[Lane]) -> list[list[Lane]]:
    """Return the lanes of each run: as many as fit beside the baseline; at least one run."""
    room = MAX_LANES - 1
    return [list(lanes[at : at + room]) for at in range(0, len(lanes), room)] or [[]]


def _step(matrix: Matrix, baseline: Lane, lanes: Sequence[Lane]) -> Step:
    plan = replace(matrix.plan, lanes=(baseline, *lanes))
    return Step(", ".join(dict.fromkeys(lane.server for lane in plan.lanes)), plan)
