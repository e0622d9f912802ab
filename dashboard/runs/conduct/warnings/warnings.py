"""Warnings beside a run's numbers, with hints on what to do."""

from __future__ import annotations

import json
from functools import partial

from dashboard.analysis.inference.control import MAX_STEAL_PERCENT
from dashboard.project.secrets.masking import masked
from dashboard.runs.conduct.run_context import RunContext
from dashboard.runs.conduct.run_targets import RunTargets
from dashboard.runs.reports.instrument import Reading
from dashboard.runs.resources import Target
from dashboard.targets.observe.answers import merge_answers
from dashboard.targets.observe.connections import merge_connections
from dashboard.targets.preparation.ignored_settings import (
    hints_on_ignored_settings,
    hints_on_withheld_variables,
)
from dashboard.wire.events import Conversation, EngineFired
from dashboard.wire.frame import WARM_UP_ROUND
from dashboard.wire.plan.exchange import MAX_QUOTED
from dashboard.wire.plan.plan import Firing, Lane
from dashboard.wire.plural import counted
from dashboard.wire.report.answers import AnswerKind
from dashboard.wire.report.target_facts import ConnectionFacts, ExecutorFacts

from .database_activity import compare_with_database
from .hints_on_answers import LaneAnswers, hints_on_answers
from .hints_on_settings import hints_on_settings
from .server_checks import RequestsSent, each_is_one_request, server_warnings
from .statuses import Statuses


class Warnings:
    """Looks at what went on around each firing, and sends warnings and facts to the sinks."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._plan = context.plan
        self._executors: dict[int, ExecutorFacts] = {}
        self._connections: dict[int, list[ConnectionFacts]] = {}
        self._answers: dict[int, list[AnswerKind]] = {}
        self._ignored: dict[int, int] = {}  # websocket messages that answered nothing, by lane
        self._warned_unanswered: set[int] = set()  # lanes

    async def after_firing(self, firing: Firing, fired: EngineFired, target: Target) -> None:
        """Report on a firing; `fired` is the engine's event. Little is reported of a warm-up."""
        if firing.round != WARM_UP_ROUND:
            await self._executor(firing.lane, target)
            await self._connections_of(firing.lane, target)
            await self._unanswered_by_view(firing.lane, target)
        if "websocket" in fired:
            await self.websocket(firing.lane, firing.round, fired["websocket"])

    async def check_server(self, firing: Firing, sent: RequestsSent, target: Target) -> None:
        """Warn if other processes answered than expected, or other clients sent requests."""
        if firing.round == WARM_UP_ROUND:
            return
        for message in server_warnings(
            sent,
            target.worker_turnover,
            promised=target.facts.get("processes"),
            one_each=each_is_one_request(firing),
        ):
            await self._context.warn(f"{self._context.place(firing.lane, firing.round)}: {message}")

    async def overflows(self, reading: Reading) -> None:
        """Warn if the target's own backlog turned connections away.

        In a counted round there is no verdict on the lane then; in a warm-up that costs nothing.
        """
        if not reading.overflows:
            return
        times = counted(reading.overflows, "time")
        place = self._context.place(reading.lane, reading.round)
        message = f"{place}: the server's backlog overflowed {times}."
        counts = reading.round != WARM_UP_ROUND
        await self._context.warn(message, spoils=reading.lane if counts else None)

    async def restarted_busy(self, firing: Firing) -> None:
        """Warn that a target was ended because it kept working on requests that had timed out."""
        await self._context.warn(
            f"{self._context.place(firing.lane, firing.round)}: the server kept working on requests"
            " that had timed out, and was restarted."
        )

    async def steal(self, reading: Reading) -> None:
        """Warn of a round that counts although the host took CPU time away."""
        await self._context.warn(
            f"{self._context.place(reading.lane, reading.round)}: the host took"
            f" {reading.steal_percent:.1f} % of the CPU time away; the limit is"
            f" {MAX_STEAL_PERCENT:g} %. The round counts, since as many rounds as the run has were"
            " repeated already."
        )

    async def websocket(self, position: int, number: int, counts: Conversation) -> None:
        """Report messages that answered nothing; warn, once per lane, of unanswered requests.

        `counts` is the field `websocket` of the engine's event `fired`.
        """
        if number != WARM_UP_ROUND:
            ignored = self._ignored.get(position, 0) + counts["ignored"]
            self._ignored[position] = ignored
            await self._context.add_facts(position, {"websocket": {"ignored": ignored}})
        unanswered = counts["without_answer"] or counts["unopened"]
        if unanswered and position not in self._warned_unanswered:
            self._warned_unanswered.add(position)
            await self._context.warn(self._unanswered(self._plan.lanes[position], counts))

    async def add_hints(self, targets: RunTargets, statuses: Statuses) -> None:
        """Warn of what distorts the numbers of this project, and of what its responses mean."""
        lanes_by_hint: dict[str, list[str]] = {}
        for position, lane in enumerate(self._plan.lanes):
            for hint in await self._hints(position, lane, targets, statuses):
                lanes_by_hint.setdefault(hint, []).append(str(lane))
        for hint, lanes in lanes_by_hint.items():
            await self._context.warn(f"{', '.join(lanes)}: {hint}")
        await compare_with_database(self._context, targets, self._connections)

    async def _executor(self, position: int, target: Target) -> None:
        """Report the lane's default executor if its queue was longer than ever before."""
        executor, longest = target.executor, self._executors.get(position)
        if executor is None:
            return
        if longest is None or executor["queued"] > longest["queued"]:
            self._executors[position] = executor
            await self._context.add_facts(position, {"executor": executor})

    async def _connections_of(self, position: int, target: Target) -> None:
        """Report the lane's connections to databases, over all rounds so far."""
        if target.connections:
            before = self._connections.get(position, [])
            connections = merge_connections(before, target.connections)
            self._connections[position] = connections
            await self._context.add_facts(position, {"connections": connections})

    async def _unanswered_by_view(self, position: int, target: Target) -> None:
        """Report why requests were not answered by their view, over all rounds so far."""
        if target.answers:
            answers = merge_answers(self._answers.get(position, []), target.answers)
            self._answers[position] = answers
            await self._context.add_facts(position, {"answers": answers})

    def _unanswered(self, lane: Lane, counts: Conversation) -> str:
        if counts["unopened"]:
            rule, number = counts["awaited"], counts["unopened"]
            expected = f"the answer to the opening (open: answer = {json.dumps(rule)})"
        else:
            rule, number = self._context.variant(lane).exchange.answer, counts["without_answer"]
            expected = f"an answer (answer = {json.dumps(rule)})"
        expected = expected if rule else "the same message back"
        last = f"{_quoted_last(counts['last'])!r}" if counts["last"] else "nothing"
        messages = counted(number, "connection" if counts["unopened"] else "message")
        return f"{lane}: {messages} went unanswered: expected {expected}; last received: {last}."

    async def _hints(
        self, position: int, lane: Lane, targets: RunTargets, statuses: Statuses
    ) -> list[str]:
        target = await targets.of(position, lane)
        answers = LaneAnswers(
            statuses.only(position),
            "one of the mix's views"
            if self._plan.mix
            else self._context.variant(lane).url_path(self._plan.parameters),
            statuses.failures(position),
            self._answers.get(position, []),
            target.log_line,
        )
        pool = self._context.resources.targets
        check = partial(pool.migrations, targets.name_of(lane))
        return [
            *hints_on_ignored_settings(target.facts),
            *hints_on_withheld_variables(target.facts),
            *hints_on_settings(
                {**target.facts, "connections": self._connections.get(position, [])}
            ),
            *[hint async for hint in hints_on_answers(answers, target.facts, check)],
        ]


def _quoted_last(text: str) -> str:
    """Return what a websocket received last, with secrets masked; the engine cut it off."""
    received, closed, reason = text.partition("; closed with ")
    return masked(received, cut_off=len(received) >= MAX_QUOTED) + masked(closed + reason)
