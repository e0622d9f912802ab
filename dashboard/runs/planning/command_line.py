"""A plan as the command that fires it, to be copied from the page into a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from dashboard.wire.plan import ENGINE, MARGIN, MAX_CONCURRENCY, Load, Plan, Rate

from .program import DEFAULT_PROGRAM

COMMAND = "burst"


def command_line(
    plan: Plan, project: str | None = None, program: Sequence[str] = DEFAULT_PROGRAM
) -> str:
    """Return `python manage.py burst …`, quoted for a shell; its plan is equal to this one.

    `project` is the lab.toml, None for the default one. `program` starts Liveburst.
    """
    words = [*program, COMMAND, plan.scenario, *_lanes(plan), *_load(plan.load), *_rounds(plan)]
    words += ["--seed", str(plan.seed)]
    for name, value in plan.parameters.items():
        words += ["--set", f"{name}={value!r}"]
    words += ["--timeout", f"{plan.timeout_s!r}"]
    if plan.client != ENGINE:
        words += ["--client", plan.client]
    if plan.margin != MARGIN:
        words += ["--margin", f"{plan.margin!r}"]
    if not plan.neighbour:
        words.append("--no-neighbour")
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
        yield from ("--rate", f"{load.rate_rps!r}", "--duration", f"{load.duration_s!r}")
        if load.poisson:
            yield "--poisson"
        if load.concurrency != MAX_CONCURRENCY:
            yield from ("-c", str(load.concurrency))
    else:
        yield from ("-n", str(load.requests), "-c", str(load.concurrency))
        yield from ("--every", f"{load.every_s!r}")
    if load.send_kb_per_s is not None:
        yield from ("--send-kb-per-s", f"{load.send_kb_per_s!r}")


def _rounds(plan: Plan) -> Iterator[str]:
    if plan.until_sure:
        yield "--until-sure"
    yield from ("--rounds", str(plan.rounds))
