"""The line as the bar shows it: a chip for each run and experiment that runs or waits."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from dashboard.models import Experiment, Run
from dashboard.runs.queue import run_queue
from dashboard.runs.reports.wording import short_load
from dashboard.wire.plan import Plan


@dataclass(frozen=True)
class Chip:
    """Who stands at a place in the line; place 0 runs."""

    id: str
    place: int
    status: str
    words: str
    url: str
    stop_url: str


def chips() -> list[Chip]:
    """Everybody in line, the one that runs first."""
    return [
        Chip(member.pk, place, member.status, _words(member), *_addresses(member))
        for place, member in enumerate(run_queue.queued())
    ]


def _words(member: run_queue.QueueEntry) -> str:
    if isinstance(member, Experiment):
        return f"{member.kind}: {member.title}"
    plan = Plan.from_json(member.plan)
    return f"{plan.scenario} {short_load(plan.load)} × {plan.rounds}"


def _addresses(member: run_queue.QueueEntry) -> tuple[str, str]:
    if isinstance(member, Run):
        return reverse("run", args=[member.pk]), reverse("stop", args=[member.pk])
    stop_url = reverse("experiment-stop", args=[member.pk])
    if member.kind == Experiment.Kind.CLAIMS:
        return reverse("claims"), stop_url
    return reverse("experiment", args=[member.pk]), stop_url
