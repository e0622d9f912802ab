"""A plan as the command that fires it: what somebody copies from the page into a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from dashboard.wire.plan import ENGINE, MARGIN, MAX_CONCURRENCY, Load, Plan, Rate

from .program import DEFAULT_PROGRAM

COMMAND = "burst"


def command_line(
    plan: Plan, project: str | None = None, program: Sequence[str] = DEFAULT_PROGRAM
) -> str:
    """`python manage.py burst …` for a shell; `project` is the lab.toml, where it is no default.

    `program` is how the person starts Liveburst. The command's plan is equal to this one.
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
    """A control names its lane once, and fires it beside its twin."""
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
