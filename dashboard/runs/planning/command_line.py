"""A plan as the command that fires it, to be copied from the page into a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from dashboard.wire.plan.fields import PLAN_FIELDS
from dashboard.wire.plan.plan import ENGINE, MARGIN, MAX_CONCURRENCY, Load, Plan, Rate

from .program import DEFAULT_PROGRAM

COMMAND = "burst"


def command_line(
    plan: Plan, project: str | None = None, program: Sequence[str] = DEFAULT_PROGRAM
) -> str:
    """Return `python manage.py burst …`, quoted for a shell; its plan is equal to this one.

    `project` is the lab.toml, None for the default one. `program` starts Liveburst.
    """
    words = [*program, COMMAND, plan.scenario, *_lanes(plan), *_load(plan.load), *_rounds(plan)]
    words += [*_option("seed", plan.seed)]
    for name, value in plan.parameters.items():
        words += ["--set", f"{name}={value!r}"]
    words += [*_option("timeout", plan.timeout_s)]
    if plan.client != ENGINE:
        words += ["--client", plan.client]
    if plan.margin != MARGIN:
        words += [*_option("margin", plan.margin)]
    if not plan.bystander:
        words.append("--no-neighbour")
    if plan.where:
        words.append("--where")
    if project is not None:
        words += ["--project", project]
    return shlex.join(words)


def _lanes(plan: Plan) -> Iterator[str]:
    """Yield the options for the lanes; an A/A run names its lane once."""
    for lane in plan.lanes[:1] if plan.control else plan.lanes:
        yield from ("--lane", str(lane))
    if plan.control:
        yield "--control"


def _load(load: Load) -> Iterator[str]:
    if isinstance(load, Rate):
        yield from (*_option("rate", load.rate_rps), *_option("duration", load.duration_s))
        if load.poisson:
            yield "--poisson"
        if load.concurrency != MAX_CONCURRENCY:
            yield from _option("concurrency", load.concurrency)
    else:
        yield from (*_option("requests", load.requests), *_option("concurrency", load.concurrency))
        yield from _option("every", load.every_s)
    if load.send_kb_per_s is not None:
        yield from _option("send_kb_per_s", load.send_kb_per_s)


def _rounds(plan: Plan) -> Iterator[str]:
    if plan.until_sure:
        yield "--until-sure"
        if plan.limit_s is not None:
            yield from _option("limit", plan.limit_s)
    yield from _option("rounds", plan.rounds)


def _option(name: str, value: float) -> tuple[str, str]:
    """Return the option of a plan's number with its value, so that the same number is read."""
    return PLAN_FIELDS[name].option, repr(value)
