"""Traces one request, in a target of its own that is started for it and stopped afterwards.

Any one request may meet a busy machine, and its trace would charge that to Django. So a few are
traced, one after the other, and the quickest is kept.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dashboard.project.model.placeholders import fill_in
from dashboard.project.model.scenario import Variant
from dashboard.project.model.service import target_name
from dashboard.project.project import Project
from dashboard.project.secrets.masking import all_masked, masked
from dashboard.targets.lifecycle.external_target import ExternalTarget
from dashboard.targets.lifecycle.login.session import request_headers
from dashboard.targets.lifecycle.pool import Targets
from dashboard.targets.lifecycle.target import Target
from dashboard.targets.supervise.cores import Cores
from dashboard.wire.errors import TargetFailed
from dashboard.wire.plan import multipart
from dashboard.wire.report.answers import AnswerKind
from dashboard.wire.report.target_facts import TargetFacts
from dashboard.wire.traces.xray import TraceFile

HEADER = "liveburst-xray"
LOG_DIRECTORY = Path("logs", "xray")  # apart, so that a run's logs are not overwritten
MOST_TRIES = 5
TRIES_S = 2.0  # no further try begins after this: a request that waits long is traced once
TRACE_TIMEOUT_S = 10.0  # from the answer to the trace: what the request still does after it
_POLL_INTERVAL_S = 0.01
ONLY_FIRING = 1  # its number for the probe
LAST_REPORT_S = 1.0

OnStep = Callable[[str], None]  # called with what is done now, in words


def ignore_step(step: str) -> None:
    """Do nothing: the steps are not shown."""


@dataclass(frozen=True)
class TracedRequest:
    """The fastest of several traced requests: its trace and its status.

    `xray/liveburst_xray.py` specifies the trace. `answers` are the exceptions and redirects of
    the request before the `tries`, which was not traced. `others` are the traces of the slower
    tries.
    """

    trace: TraceFile
    status: int
    facts: TargetFacts
    tries: int
    answers: Sequence[AnswerKind] = ()
    others: Sequence[TraceFile] = ()

    @property
    def length_ns(self) -> int:
        """The time that the request was in the application (ns)."""
        request = self.trace["spans"][0]
        return request["ended"] - request["begun"]


async def trace_request(
    project: Project,
    server: str,
    variant: Variant,
    parameters: Mapping[str, float],
    *,
    mark: str,
    home: Path,
    cores: Cores,
    timeout_s: float,
    scenario: str | None = None,
    prepared: bool = False,
    on_step: OnStep = ignore_step,
) -> TracedRequest:
    """Start a target of this project, warm it up with one request, and trace a few more.

    `server` is the lane's text for it. The target and its companions, with those that `scenario`
    needs, are stopped in any case. `prepared`: the set-up commands have run already. Raises
    TargetFailed if there is no start, no answer within `timeout_s`, or no trace.
    """
    logs = home / LOG_DIRECTORY
    logs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=logs) as directory:
        token, file = secrets.token_urlsafe(16), Path(directory, "trace.json")
        wrapped = _with_the_xray(project, server, token, file)
        if prepared:
            wrapped = replace(wrapped, setup=())
        targets = Targets(wrapped, mark=mark, log_directory=logs, cores=cores, home=home)
        try:
            target = await _start(targets, server, variant, scenario, on_step)
            on_step("tracing one request")
            client = _Client(target, variant, parameters, timeout_s)
            return await _trace_quickest(client, token, file)
        finally:
            await targets.stop()


async def _start(
    targets: Targets, server: str, variant: Variant, scenario: str | None, on_step: OnStep
) -> Target:
    """Return the target of this variant, ready. Raises TargetFailed if we do not start it."""
    name = target_name(server, variant.overrides)
    target = await targets.ready(name, lambda _, message: on_step(message), scenario, variant.login)
    if isinstance(target, ExternalTarget):
        raise TargetFailed(f"{server}: expected a server that we start, it runs already")
    return target


def _with_the_xray(project: Project, server: str, token: str, file: Path) -> Project:
    """Return the project with the X-ray between the probe and its own application."""
    env = {
        "LIVEBURST_XRAY_APP": project.application(project.server(server)) or "",
        "LIVEBURST_XRAY_TOKEN": token,
        "LIVEBURST_XRAY_FILE": str(file),
    }
    return replace(
        project,
        wsgi=project.wsgi and "liveburst_xray:wsgi",
        asgi=project.asgi and "liveburst_xray:asgi",
        env={**project.env, **env},
    )


class _Client:
    """Sends the request that the engine would send."""

    def __init__(
        self, target: Target, variant: Variant, parameters: Mapping[str, float], timeout_s: float
    ) -> None:
        # Every command imports this module, and few trace a request.
        import httpx  # noqa: PLC0415

        self.target = target
        self._method = variant.method
        self._path = variant.url_path(parameters)
        self._body = _Body(variant, parameters)
        self._failures = httpx.HTTPError
        self._client = httpx.AsyncClient(base_url=target.url, timeout=timeout_s, trust_env=False)
        del self._client.headers["accept-encoding"]  # the engine offers no compression
        self._client.headers.update([("User-Agent", "liveburst"), *self._body.headers])
        self._client.headers.update(request_headers(variant, target.session))

    async def send(self, **headers: str) -> int:
        """Send the request and return the answer's status. Raises TargetFailed without one."""
        method, path = self._method, self._path
        try:
            answer = await self._client.request(
                method, path, content=self._body.content(), headers=headers
            )
        except self._failures as error:
            failure = f"{type(error).__name__} {error}".strip()
            message = f"{self.target.server.name}: expected an answer to {method} {path}"
            text = masked(f"{message}, found {failure}")
            raise TargetFailed(text, self.target.log_tail()) from error
        return answer.status_code

    async def send_untraced(self) -> Sequence[AnswerKind]:
        """Send the request and return why its view did not answer it; empty if it did."""
        await self.target.begin(ONLY_FIRING)
        await self.send()
        await self.target.end(ONLY_FIRING, quiet_timeout_s=LAST_REPORT_S)
        return self.target.answers

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


class _Body:
    """What is sent after the head: a text, that of the first row, or a form with a file."""

    def __init__(self, variant: Variant, parameters: Mapping[str, float]) -> None:
        mode = variant.request_mode(parameters)
        self._text = fill_in(mode.rows[0][1] if mode.rows else variant.body)
        self._upload = mode.upload

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The headers of a form. It has a length, so that it is not sent in chunks."""
        if self._upload is None:
            return []
        length = str(multipart.length_of(self._upload))
        return [("Content-Type", multipart.CONTENT_TYPE), ("Content-Length", length)]

    def content(self) -> bytes | AsyncIterator[bytes] | None:
        """Return the body, made anew for each request; None if it is empty."""
        if self._upload is None:
            return self._text.encode() or None
        return _as_async(multipart.pieces_of(self._upload))


async def _as_async(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def _trace_quickest(client: _Client, token: str, file: Path) -> TracedRequest:
    """Send one untraced request, then some traced ones; return the fastest of these."""
    traces: list[tuple[TraceFile, int]] = []
    until_s = time.monotonic() + TRIES_S
    try:
        answers = await client.send_untraced()
        while not traces or (len(traces) < MOST_TRIES and time.monotonic() < until_s):
            status = await client.send(**{HEADER: token})
            traces.append((await _read_trace(client.target, file), status))
            file.unlink()  # noqa: ASYNC240
    finally:
        await client.close()
    requests = [
        TracedRequest(trace, status, client.target.facts, len(traces), answers)
        for trace, status in traces
    ]
    fastest = min(requests, key=lambda request: request.length_ns)
    others = [request.trace for request in requests if request is not fastest]
    return replace(fastest, others=others)


async def _read_trace(target: Target, file: Path) -> TraceFile:
    """Return the trace, which is written when the request is over: later than its last byte."""
    try:
        async with asyncio.timeout(TRACE_TIMEOUT_S):
            while not file.exists():  # noqa: ASYNC110, ASYNC240 - another process makes it
                await asyncio.sleep(_POLL_INTERVAL_S)
    except TimeoutError:
        message = f"{target.server.name}: expected a trace of the request, found none"
        raise TargetFailed(message, target.log_tail()) from None
    written = json.loads(file.read_text(encoding="utf-8"))  # noqa: ASYNC240
    trace: TraceFile = all_masked(written)
    return trace
