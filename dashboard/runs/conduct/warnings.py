"""What a reader of a run's numbers must know beside them, and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from dashboard.project.secrets.masking import masked
from dashboard.runs.reports.instrument import MAX_STEAL_PERCENT, Reading
from dashboard.runs.reports.results import WARM_UP_ROUND
from dashboard.runs.resources import Resources, Target
from dashboard.runs.sinks.fanout import Fanout
from dashboard.runs.sinks.sink import Event
from dashboard.targets.lifecycle.ignored_settings import advice_on_ignored_settings
from dashboard.targets.observe.answers import AnswerKind, merge_answers
from dashboard.wire.plan import Firing, Lane, Plan
from dashboard.wire.plural import counted

from .advice import Statuses, advice_on
from .advice_on_answers import Answered, advice_on_answers
from .attendance import RequestsSent, attendance_warnings, each_is_one_request
from .run_targets import RunTargets

MOST_QUOTED = 200  # characters of what a websocket received last, as the engine keeps it


class Warnings:
    """Looks at what went on around each firing, and tells the sinks."""

    def __init__(self, plan: Plan, resources: Resources, fanout: Fanout) -> None:
        self._plan = plan
        self._pool = resources.targets
        self._project = self._pool.project  # as it was when the run began
        self._fanout = fanout
        self._executors: dict[int, Mapping[str, int]] = {}
        self._answers: dict[int, list[AnswerKind]] = {}
        self._ignored: dict[int, int] = {}  # messages of a websocket that answered nothing
        self._unanswered: set[int] = set()  # lanes of which it was said

    async def overflows(self, reading: Reading) -> None:
        """Warn where the target's own backlog turned connections away in a firing that counts.

        In a warm-up it is said, and costs no verdict.
        """
        if not reading.overflows:
            return
        times = counted(reading.overflows, "time")
        where = f"{self._plan.lanes[reading.lane]}, round {reading.round}"
        message = f"{where}: the server's backlog overflowed {times}."
        spoils = reading.round != WARM_UP_ROUND
        await self._fanout.event({"event": "warning", "message": message, "spoils": spoils})

    async def unquiet(self, lane: Lane, number: int) -> None:
        """Say that a target was ended since it went on with what its clients gave up."""
        message = (
            f"{lane}, round {number}: the server went on with requests that had timed out,"
            " and was started anew."
        )
        await self._fanout.event({"event": "warning", "message": message})

    async def executor(self, position: int, target: Target) -> None:
        """What the lane's default executor came to, when more stood in line than ever before."""
        executor, known = target.executor, self._executors.get(position)
        if executor is None:
            return
        if known is None or executor["queued"] > known["queued"]:
            self._executors[position] = executor
            found: Event = {"event": "found", "lane": position}
            await self._fanout.event({**found, "facts": {"executor": dict(executor)}})

    async def answers(self, position: int, target: Target) -> None:
        """Keep why requests were not answered by their view, of all rounds so far."""
        if target.answers:
            known = self._answers.get(position, [])
            self._answers[position] = merge_answers(known, target.answers)
            found: Event = {"event": "found", "lane": position}
            await self._fanout.event({**found, "facts": {"answers": self._answers[position]}})

    async def attendance(self, firing: Firing, sent: RequestsSent, target: Target) -> None:
        """Warn where others answered than were promised, or others asked than the engine."""
        said = attendance_warnings(
            sent,
            target.worker_turnover,
            promised=target.facts.get("processes"),
            one_each=each_is_one_request(firing),
        )
        for message in said:
            where = f"{self._plan.lanes[firing.lane]}, round {firing.round}"
            await self._fanout.event({"event": "warning", "message": f"{where}: {message}"})

    async def conversation(self, position: int, number: int, said: Mapping[str, Any]) -> None:
        """What a websocket said beside answers; a warning, once a lane, where answers lacked."""
        if number != WARM_UP_ROUND:
            known = self._ignored.get(position, 0) + said["ignored"]
            self._ignored[position] = known
            found: Event = {"event": "found", "lane": position}
            await self._fanout.event({**found, "facts": {"websocket": {"ignored": known}}})
        if said["without_answer"] and position not in self._unanswered:
            self._unanswered.add(position)
            message = self._no_answer(self._plan.lanes[position], said)
            await self._fanout.event({"event": "warning", "message": message})

    def _no_answer(self, lane: Lane, said: Mapping[str, Any]) -> str:
        rule = self._project.scenarios[self._plan.scenario].variants[lane.variant].exchange.answer
        what = f"an answer (answer = {json.dumps(rule)})" if rule else "the same message back"
        last = f"{_last_words(said['last'])!r}" if said["last"] else "nothing"
        messages = counted(said["without_answer"], "message")
        return f"{lane}: {messages} waited for {what} in vain; the last thing received was {last}."

    async def steal(self, reading: Reading) -> None:
        """Warn of a round that counts although the host took CPU time away."""
        message = (
            f"{self._plan.lanes[reading.lane]}, round {reading.round}: the host took"
            f" {reading.steal_percent:.1f} % of the CPU time away, and the limit is"
            f" {MAX_STEAL_PERCENT:g} %. As many rounds as there are were repeated already."
        )
        await self._fanout.event({"event": "warning", "message": message})

    async def advise(self, targets: RunTargets, statuses: Statuses) -> None:
        """Say what distorts the numbers of this project, or what its answers mean."""
        said: dict[str, list[str]] = {}
        for position, lane in enumerate(self._plan.lanes):
            for advice in await self._advice(position, lane, targets, statuses):
                said.setdefault(advice, []).append(str(lane))
        for advice, lanes in said.items():
            message = f"{', '.join(lanes)}: {advice}"
            await self._fanout.event({"event": "warning", "message": message})

    async def _advice(
        self, position: int, lane: Lane, targets: RunTargets, statuses: Statuses
    ) -> list[str]:
        target = await targets.of(position, lane)
        scenario = self._project.scenarios[self._plan.scenario]
        answered = Answered(
            statuses.only(position),
            scenario.variants[lane.variant].url_path(self._plan.parameters),
            statuses.failures(position),
            self._answers.get(position, []),
            target.log_line,
        )
        check = partial(self._pool.migrations, targets.name_of(lane))
        on_answers = [one async for one in advice_on_answers(answered, target.facts, check)]
        ignored = advice_on_ignored_settings(target.facts)
        return [*ignored, *advice_on(target.facts), *on_answers]


def _last_words(said: str) -> str:
    """Return what a websocket received last, secrets masked: it was cut at so many characters."""
    heard, closed, reason = said.partition("; closed with ")
    return masked(heard, cut_off=len(heard) >= MOST_QUOTED) + masked(closed + reason)
