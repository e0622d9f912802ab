"""The question of a survey: which views, at which server, under which loads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, cast

from dashboard.models import Experiment
from dashboard.project.model.scenario import Scenario, Variant
from dashboard.project.model.server import Server
from dashboard.project.model.version import MARK
from dashboard.project.project import Project
from dashboard.runs.planning.mixes import mix_named, shares_of
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue.experiment import MAX_REQUESTS_OF_ALL, ExperimentPlan, Steps
from dashboard.targets.preparation.server_packages import missing_packages
from dashboard.wire.codec import JsonObject
from dashboard.wire.errors import InvalidPlan, Problem
from dashboard.wire.plan.plan import Lane, Plan
from dashboard.wire.plural import counted
from dashboard.wire.stored.questions import SurveyQuestion

from .choices import Subject, choices_of
from .loads import ALONE_REQUESTS, ALONE_ROUNDS, most_requests
from .steps import steps_of
from .view import View

__all__ = ["Survey", "View", "make_survey"]

USUAL_CONCURRENCY, USUAL_ROUNDS = 32, 5
LEAST_CONCURRENCY, MOST_CONCURRENCY = 4, 256
FEWEST_ROUNDS, MOST_ROUNDS = 5, 20  # fewer have no interval
MOST_WEIGHT = 1e9


@dataclass(frozen=True)
class Survey(JsonObject):
    """The question: `server` is today's, `concurrency` has the loads in ascending order.

    `rounds` are those in which a view is compared. `mix` is where the weights are from.
    """

    ignores_unknown_keys: ClassVar[bool] = True

    server: str
    concurrency: tuple[int, ...]
    rounds: int
    seed: int
    views: tuple[View, ...]
    mix: str = ""

    def to_json(self) -> SurveyQuestion:
        """Return the question as it is stored with its experiment."""
        return cast(SurveyQuestion, super().to_json())

    @property
    def fireable(self) -> list[View]:
        """The views that can be fired."""
        return [view for view in self.views if view.plan is not None]

    @property
    def experiment_plan(self) -> ExperimentPlan:
        """The experiment to be performed."""
        title = f"{counted(len(self.views), 'view')} at {self.server}"
        return ExperimentPlan(Experiment.Kind.SURVEY, title, self.to_json(), self.steps)

    @property
    def steps(self) -> Steps:
        """Its runs, view by view."""
        return steps_of(self.fireable, self.concurrency, self.rounds)


def make_survey(
    project: Project,
    *,
    scenarios: Sequence[str] = (),
    server: str | None = None,
    concurrency: int | None = None,
    rounds: int | None = None,
    seed: int | None = None,
    weights: Mapping[str, float] | None = None,
    mix: str = "",
) -> Survey:
    """Return a checked survey of these scenarios, or of all, at today's server.

    `weights` are shares of the traffic by scenario, 1 where there is none. With a `mix` they are
    those of its views, and its scenarios are surveyed unless others are named. Views that cannot be
    fired stay, with the reason. Raises InvalidPlan with the problems by field.
    """
    if mix:
        weights, scenarios = _traffic(project, mix, weights, scenarios)
    today = project.today if server is None else server
    most = USUAL_CONCURRENCY if concurrency is None else concurrency
    rounds = USUAL_ROUNDS if rounds is None else rounds
    _check(project, scenarios, most, rounds, weights or {})
    _check_server(project, today)
    views = tuple(
        _view(project, project.scenarios[name], today, most, (weights or {}).get(name, 1.0))
        for name in dict.fromkeys(scenarios or project.unmixed)
    )
    plans = [view.plan for view in views if view.plan]
    if not plans:
        raise InvalidPlan(Problem("scenarios", f"expected one that fits: {views[0].refusal}"))
    seed = plans[0].seed if seed is None else seed
    views = tuple(_with_seed(view, seed) for view in views)
    survey = Survey(today, (1, most // 4, most), rounds, seed, views, mix)
    _check_size(survey)
    return survey


def _traffic(
    project: Project, mix: str, weights: Mapping[str, float] | None, scenarios: Sequence[str]
) -> tuple[Mapping[str, float], Sequence[str]]:
    """Return the weights by the mix, 0 for what it does not request, and what is surveyed."""
    if weights:
        message = f"expected none beside a mix, found {', '.join(weights)}"
        raise InvalidPlan(Problem("weights", message))
    shares = shares_of(mix_named(project, mix, "mix"))
    return {**dict.fromkeys(project.unmixed, 0.0), **shares}, scenarios or list(shares)


def _check(
    project: Project,
    scenarios: Sequence[str],
    concurrency: int,
    rounds: int,
    weights: Mapping[str, float],
) -> None:
    problems = [
        *_unknown(project, "scenarios", scenarios),
        *_unknown(project, "weights", list(weights)),
        *_outside("concurrency", concurrency, LEAST_CONCURRENCY, MOST_CONCURRENCY),
        *_outside("rounds", rounds, FEWEST_ROUNDS, MOST_ROUNDS),
    ]
    for name, weight in weights.items():
        if not 0 <= weight <= MOST_WEIGHT:
            message = f"{name}: expected 0 to {MOST_WEIGHT:g}, found {weight:g}"
            problems.append(Problem("weights", message))
    if problems:
        raise InvalidPlan(*problems)


def _unknown(project: Project, field: str, names: Sequence[str]) -> Iterator[Problem]:
    """Yield names that no scenario has; a mix is no view to be ranked beside its own views."""
    expected = f"expected {', '.join(project.unmixed)}"
    for name in names:
        if name not in project.unmixed:
            yield Problem(field, f"{expected}, found {name!r}")


def _outside(field: str, value: int, low: int, high: int) -> Iterator[Problem]:
    if not low <= value <= high:
        yield Problem(field, f"expected {low} to {high}, found {value}")


def _check_server(project: Project, today: str) -> None:
    """Raise InvalidPlan if today's server is unknown, or cannot be started here."""
    if MARK in today:
        message = f"expected the project's own code, found a version: {today}"
        raise InvalidPlan(Problem("server", message))
    try:
        served = project.server(today)
    except InvalidPlan as error:
        problems = (replace(problem, field="server") for problem in error.problems)
        raise InvalidPlan(*problems) from None
    if served.url is not None:
        message = f"expected a server that Liveburst starts, {served.name} is external"
        raise InvalidPlan(Problem("server", message))
    if missing := missing_packages(project, served):
        raise InvalidPlan(Problem("server", missing))


def _view(
    project: Project,
    scenario: Scenario,
    server: str,
    concurrency: int,
    weight: float,
) -> View:
    served = project.server(server)
    variant, refusal = _todays_variant(project, scenario, served)
    lane, plan = Lane(variant.name, server), None
    if not refusal:
        try:
            plan = _alone(project, scenario, lane)
        except InvalidPlan as error:
            refusal = str(error)
    subject = Subject(project, scenario, variant, server, concurrency)
    return View(
        scenario=scenario.name,
        variant=variant.name,
        title=scenario.title,
        view=variant.source or variant.path,
        family=variant.family,
        lane=lane,
        weight=float(weight),
        processes=served.processes,
        threads=variant.at_a_time if served.interface == "asgi" else served.threads,
        plan=plan,
        choices=tuple(choices_of(subject)) if plan else (),
        refusal=refusal,
    )


def _todays_variant(project: Project, scenario: Scenario, served: Server) -> tuple[Variant, str]:
    """Return the variant that the server serves today, or the first with why none can be.

    A WSGI server serves a sync one if there is any; else the scenario's first lane decides.
    """
    names = dict.fromkeys([*(lane.variant for lane in scenario.lanes), *scenario.variants])
    variants = [scenario.variants[name] for name in names if name in scenario.variants]
    if served.interface == "wsgi":
        variants.sort(key=lambda variant: variant.family != "sync")
    refusals = [project.refusal(variant, served) or "" for variant in variants]
    for variant, refusal in zip(variants, refusals, strict=True):
        if not refusal:
            return variant, ""
    return variants[0], refusals[0]


def _alone(project: Project, scenario: Scenario, lane: Lane) -> Plan:
    """Return the plan of a view's first run: one request at a time."""
    return make_plan(
        project,
        scenario=scenario.name,
        lanes=[str(lane)],
        requests=ALONE_REQUESTS,
        concurrency=1,
        rounds=ALONE_ROUNDS,
        bystander=False,
    )


def _with_seed(view: View, seed: int) -> View:
    return replace(view, plan=replace(view.plan, seed=seed)) if view.plan else view


def _check_size(survey: Survey) -> None:
    most = most_requests(survey.concurrency, survey.rounds) * len(survey.fireable)
    if most > MAX_REQUESTS_OF_ALL:
        message = f"expected at most {MAX_REQUESTS_OF_ALL:,} requests in all runs"
        raise InvalidPlan(Problem("concurrency", f"{message}, found up to {most:,}"))
