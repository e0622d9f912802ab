"""The queue as the bar shows it: a chip for each active run, experiment and sampling."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.db import DatabaseError
from django.urls import reverse

from dashboard.models import Experiment, Run, Sampling
from dashboard.runs.queue import run_queue
from dashboard.runs.reports.wording import short_load
from dashboard.wire.errors import LiveburstError
from dashboard.wire.plan.plan import Plan

from .experiment_address import experiment_address


@dataclass(frozen=True)
class Chip:
    """A member of the queue; the one at place 0 is running."""

    id: str
    place: int
    status: str
    text: str
    url: str
    stop_url: str


class Chips(tuple[Chip, ...]):
    """The queue as it was when a page was made."""

    __slots__ = ()

    @property
    def version(self) -> str:
        """A hash that changes whenever a member joins, begins or ends."""
        states = [(chip.id, chip.status) for chip in self]
        return hashlib.sha256(repr(states).encode()).hexdigest()[:12]


def chips() -> Chips:
    """Return a chip for each member of the queue, in order."""
    return Chips(
        Chip(member.pk, place, member.status, _text(member), *_addresses(member))
        for place, member in enumerate(run_queue.queued())
    )


def _text(member: run_queue.QueueEntry) -> str:
    try:
        if isinstance(member, Experiment):
            return f"{member.kind}: {member.title}"
        if isinstance(member, Sampling):
            return f"where: {member.scenario}"
        plan = Plan.from_json(member.plan)
    except (LiveburstError, ValueError, DatabaseError):  # a damaged row; every page has the queue
        return member.pk
    return f"{plan.scenario} {short_load(plan.load)} × {plan.rounds}"


def _addresses(member: run_queue.QueueEntry) -> tuple[str, str]:
    if isinstance(member, Run):
        return reverse("run", args=[member.pk]), reverse("stop", args=[member.pk])
    if isinstance(member, Sampling):
        url = reverse("where", args=[member.run_id]) if member.run_id else reverse("bench")
        return url, reverse("where-stop", args=[member.pk])
    return experiment_address(member), reverse("experiment-stop", args=[member.pk])
