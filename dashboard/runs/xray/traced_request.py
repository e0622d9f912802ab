"""Traces one request of a lane, in a target of its own, while no run is active."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from dashboard.analysis.causes.view_calls import exceptions, redirects
from dashboard.analysis.text.causes.view_calls import exception_text
from dashboard.analysis.xray.bill import MiddlewareCost, middleware_bill
from dashboard.analysis.xray.trace import Xray, read_trace
from dashboard.project.model.scenario import Variant
from dashboard.project.project import Project
from dashboard.project.secrets.masking import masked
from dashboard.runs.planning.plans import scenario_of
from dashboard.runs.queue.laboratory import LOCK_NAME
from dashboard.runs.queue.run_queue import when_free
from dashboard.targets.supervise.cores import Cores
from dashboard.targets.trace import OnStep, TracedRequest, ignore_step, trace_request
from dashboard.wire.errors import InvalidPlan, Problem
from dashboard.wire.http_status import ACCEPTED
from dashboard.wire.plan.fields import PLAN_FIELDS
from dashboard.wire.plan.plan import Lane
from dashboard.wire.plural import counted
from dashboard.wire.report.answers import ExceptionKind
from dashboard.wire.report.target_facts import Serialised
from dashboard.wire.traces.xray import XrayResultJson
from dashboard.wire.units import NS_PER_MS

PATIENCE_S = 3.0  # a run that has just finished releases the machine a moment later


@dataclass(frozen=True)
class XraySubject:
    """The request to be traced; `make_subject` checks it."""

    project: Project
    scenario: str
    lane: Lane
    parameters: Mapping[str, float]
    timeout_s: float

    @property
    def variant(self) -> Variant:
        """The variant that is requested."""
        return self.project.scenarios[self.scenario].variants[self.lane.variant]

    @property
    def request(self) -> str:
        """Method and path, with the parameters; secrets in its query are masked."""
        return masked(f"{self.variant.method} {self.variant.url_path(self.parameters)}")


@dataclass(frozen=True)
class XrayResult:
    """The X-ray of a request: of the fastest of several.

    `bill` is what its middleware costs. `other_lengths_ns` are those of the slower requests.
    """

    subject: XraySubject
    traced: TracedRequest
    xray: Xray
    bill: tuple[MiddlewareCost, ...] = ()
    other_lengths_ns: tuple[int, ...] = ()

    @property
    def lengths_ns(self) -> tuple[int, ...]:
        """The lengths of all traced requests, that of the fastest first."""
        return (self.xray.length_ns, *self.other_lengths_ns)

    @property
    def sentence(self) -> str:
        """What it shows, in one sentence."""
        return self.xray.sentence(self.subject.variant.family)

    @property
    def evidence(self) -> Serialised | None:
        """For the cause `serialised-on-one-thread`: the queue that cost most; None without one."""
        queues = self.xray.serialised
        return queues[0].to_json() if queues else None

    @property
    def warnings(self) -> list[str]:
        """What must be known to read the X-ray."""
        warnings = []
        if self.traced.status == ACCEPTED:
            warnings.append("The response was 202: work done after it is not in the trace.")
        if self.traced.status >= 400:
            warnings.append(f"The request was answered {self.traced.status}.")
        warnings += [f"{exception_text(exception)}." for exception in self.exceptions]
        warnings += [
            f"It was redirected to {redirect['to']}." for redirect in redirects(self.traced.answers)
        ]
        if self.xray.dropped:
            warnings.append(f"The trace was full: it lacks {counted(self.xray.dropped, 'span')}.")
        return warnings

    @property
    def exceptions(self) -> list[ExceptionKind]:
        """What was raised when the same request was sent before it was traced."""
        status = self.traced.status
        return exceptions(self.traced.answers, {f"http-{status}": 1})

    def to_json(self) -> XrayResultJson:
        """Return the JSON object specified in docs/commands.md."""
        subject = self.subject
        return {
            "scenario": subject.scenario,
            "lane": str(subject.lane),
            "variant": subject.lane.variant,
            "server": subject.lane.server,
            "parameters": dict(subject.parameters),
            "request": subject.request,
            "status": self.traced.status,
            "tries": self.traced.tries,
            "target": {**self.traced.facts, "asgiref": self.traced.trace["asgiref"]},
            "sentence": self.sentence,
            "warnings": self.warnings,
            "exceptions": self.exceptions,
            "lengths_ms": [length_ns / NS_PER_MS for length_ns in self.lengths_ns],
            "middleware": [entry.to_json() for entry in self.bill],
            **self.xray.to_json(),
        }


def read_result(subject: XraySubject, traced: TracedRequest) -> XrayResult:
    """Return the X-ray of a traced request; of the slower tries only their numbers are kept."""
    xray, *others = (read_trace(trace) for trace in (traced.trace, *traced.others))
    return XrayResult(
        subject,
        replace(traced, others=()),
        xray,
        bill=middleware_bill(xray, others),
        other_lengths_ns=tuple(other.length_ns for other in others),
    )


def make_subject(
    project: Project,
    *,
    scenario: str,
    lane: str,
    parameters: Mapping[str, float],
    timeout_s: float,
) -> XraySubject:
    """Return a checked subject; parameters that are not given have their defaults.

    Raises InvalidPlan with the problems by field: scenario, lanes, parameters.NAME, timeout.
    """
    definition = scenario_of(project, scenario)
    chosen = Lane.parse(lane)
    values = definition.values({}) | dict(parameters)
    problems = project.problems(scenario, (chosen,), values)
    if not problems and project.server(chosen.server).url is not None:
        expected = f"expected a server that Liveburst starts, {chosen.server} is external"
        problems.append(Problem("lanes", f"{chosen}: {expected}"))
    if not problems and definition.variants[chosen.variant].websocket:
        expected = "expected one request to trace, a websocket is messages on a connection"
        problems.append(Problem("lanes", f"{chosen}: {expected}"))
    if not problems and definition.mix:
        views = ", ".join(definition.mix)
        problems.append(Problem("scenario", f"expected one view, {scenario} is a mix of {views}"))
    if problem := PLAN_FIELDS["timeout"].problem(timeout_s):
        problems.append(problem)
    if problems:
        raise InvalidPlan(*problems)
    return XraySubject(project, scenario, chosen, values, timeout_s)


class RequestTracer:
    """Traces requests for one process, each in a target of its own.

    `home` has the queue's lock and the logs. All methods raise TargetFailed if the target does not
    start or does not answer.
    """

    def __init__(self, *, mark: str, home: Path, cores: Cores) -> None:
        self._mark = mark
        self._home = home
        self._cores = cores

    async def trace(
        self, subject: XraySubject, *, prepared: bool = False, on_step: OnStep = ignore_step
    ) -> XrayResult:
        """Trace now; the caller makes sure that no run is active.

        `prepared`: the project's set-up commands were run already, as for the targets of a run.
        """
        traced = await trace_request(
            subject.project,
            subject.lane.server,
            subject.variant,
            subject.parameters,
            mark=self._mark,
            home=self._home,
            cores=self._cores,
            timeout_s=subject.timeout_s,
            scenario=subject.scenario,
            prepared=prepared,
            on_step=on_step,
        )
        return await asyncio.to_thread(read_result, subject, traced)

    async def trace_when_free(self, subjects: Sequence[XraySubject]) -> list[XrayResult]:
        """Trace one request of each, one after the other, as soon as the queue is empty."""
        async with when_free(self._home / LOCK_NAME):
            return await self._trace_all(subjects, ignore_step)

    async def trace_if_free(
        self, subjects: Sequence[XraySubject], on_step: OnStep = ignore_step
    ) -> list[XrayResult] | None:
        """Trace one request of each if the queue is empty within PATIENCE_S, else return None."""
        async with AsyncExitStack() as turn:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await turn.enter_async_context(when_free(self._home / LOCK_NAME))
            except TimeoutError:
                return None
            return await self._trace_all(subjects, on_step)

    async def _trace_all(
        self, subjects: Sequence[XraySubject], on_step: OnStep
    ) -> list[XrayResult]:
        return [
            await self.trace(subject, prepared=position > 0, on_step=on_step)
            for position, subject in enumerate(subjects)
        ]
