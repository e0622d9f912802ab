"""A mix: several views as one load, and each of them alone, to see who slows whom down.

What is fired minutes apart cannot be compared, so the runs are fired in blocks: each block has the
mix once, each view alone at its own share of the rate, and, on request, the mix without each view,
in random order. A view is compared with itself by blocks: in the mix against alone, both with the
same number of requests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any, ClassVar, cast

from dashboard.models import Experiment
from dashboard.project.project import Project
from dashboard.runs.planning.mixes import mix_named
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue.experiment import MAX_REQUESTS_OF_ALL, ExperimentPlan, Step, Steps
from dashboard.wire.codec import JsonObject
from dashboard.wire.errors import InvalidPlan, Problem
from dashboard.wire.plan.plan import MAX_SEED, Plan, Rate
from dashboard.wire.stored.questions import MixQuestion

BLOCKS = 5  # as many as an interval needs
MIXED, ALONE, WITHOUT = "mix", "alone", "without"


@dataclass(frozen=True)
class MixExperiment(JsonObject):
    """The question of a mix: `plan` is that of the mix in one block, `alone` those of its views."""

    ignores_unknown_keys: ClassVar[bool] = True

    plan: Plan
    alone: Mapping[str, Plan]
    blocks: int
    leave_out: bool

    def to_json(self) -> MixQuestion:
        """Return the question as it is stored with its experiment."""
        return cast(MixQuestion, super().to_json())

    @property
    def experiment_plan(self) -> ExperimentPlan:
        """The experiment to be performed."""
        return ExperimentPlan(Experiment.Kind.MIX, self.plan.scenario, self.to_json(), _steps(self))

    def parts(self) -> Iterator[tuple[str, Plan]]:
        """Yield the label and the plan of each run of a block."""
        yield MIXED, self.plan
        for view, plan in self.alone.items():
            yield f"{ALONE} {view}", plan
        if self.leave_out and len(self.alone) > 1:
            for view in self.alone:
                yield f"{WITHOUT} {view}", _without(self.plan, view)


def make_mix(
    project: Project,
    *,
    scenario: str,
    blocks: int | None = None,
    leave_out: bool = False,
    rate_rps: float | None = None,
    duration_s: float | None = None,
    **options: Any,
) -> MixExperiment:
    """Return a checked experiment; rate and duration that are not given are those of the mix.

    `options` go to `make_plan`: lanes, seed. Raises InvalidPlan with the problems by field.
    """
    definition = mix_named(project, scenario, "scenario")
    rate_rps = definition.rate_rps if rate_rps is None else rate_rps
    if rate_rps is None:
        message = "expected one: in a burst, a view alone would have another load than in the mix"
        raise InvalidPlan(Problem("rate", message))
    plan = make_plan(
        project,
        scenario=scenario,
        rounds=1,
        rate_rps=rate_rps,
        duration_s=definition.duration_s if duration_s is None else duration_s,
        poisson=True,
        **options,
    )
    alone = {view: _alone(project, plan, view) for view in plan.mix}
    experiment = MixExperiment(plan, alone, BLOCKS if blocks is None else blocks, leave_out)
    _check_size(experiment)
    return experiment


def _alone(project: Project, plan: Plan, view: str) -> Plan:
    """Return the plan of one view at its own share of the rate, at the servers of the mix."""
    scenario, _, variant = view.partition(".")
    load = cast(Rate, plan.load)
    return make_plan(
        project,
        scenario=scenario,
        lanes=[f"{variant}@{lane.server}" for lane in plan.lanes],
        rounds=1,
        seed=plan.seed,
        rate_rps=load.rate_rps * plan.mix[view] / sum(plan.mix.values()),
        duration_s=load.duration_s,
        poisson=load.poisson,
        timeout_s=plan.timeout_s,
        bystander=plan.bystander,
    )


def _without(plan: Plan, view: str) -> Plan:
    """Return the plan of the mix without a view: the others are requested as often as before."""
    mix = {name: weight for name, weight in plan.mix.items() if name != view}
    load = cast(Rate, plan.load)
    share = sum(mix.values()) / sum(plan.mix.values())
    return replace(plan, mix=mix, load=replace(load, rate_rps=load.rate_rps * share))


def _steps(experiment: MixExperiment) -> Steps:
    """Yield the runs block by block, each block in an order of its own."""
    random = Random(experiment.plan.seed)  # nosec B311 # noqa: S311 - repeatable, not a secret
    for block in range(1, experiment.blocks + 1):
        parts = list(experiment.parts())
        random.shuffle(parts)
        for label, plan in parts:
            seed = (plan.seed + 1000 * block) % MAX_SEED
            yield Step(f"{block}: {label}", replace(plan, seed=seed))


def _check_size(experiment: MixExperiment) -> None:
    if not 1 <= experiment.blocks <= 40:
        message = f"expected 1 to 40, found {experiment.blocks}"
        raise InvalidPlan(Problem("blocks", message))
    in_a_block = sum(plan.load.requests * len(plan.lanes) for _, plan in experiment.parts())
    total = in_a_block * experiment.blocks
    if total > MAX_REQUESTS_OF_ALL:
        message = f"expected at most {MAX_REQUESTS_OF_ALL:,} in all runs, found {total:,}"
        raise InvalidPlan(Problem("rate", message))
