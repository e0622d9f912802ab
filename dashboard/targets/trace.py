"""One request traced, in a target of its own that is started for it and ended after it.

Any one request may meet a busy machine, which would stand in its trace as if it were Django's
doing. So a few are traced, one after the other, and the quickest is kept.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from dashboard.project.model.placeholders import fill_in
from dashboard.project.model.scenario import Variant
from dashboard.project.model.service import target_name
from dashboard.project.project import Project
from dashboard.project.secrets.masking import all_masked, masked
from dashboard.targets.lifecycle.external_target import ExternalTarget
from dashboard.targets.lifecycle.login.session import request_headers
from dashboard.targets.lifecycle.pool import Targets
from dashboard.targets.lifecycle.target import Target
from dashboard.targets.observe.answers import Kind
from dashboard.targets.supervise.cores import Cores
from dashboard.wire import multipart
from dashboard.wire.errors import TargetFailed

HEADER = "liveburst-xray"
LOG_DIRECTORY = Path("logs", "xray")  # of its own: those of a run are not written over
MOST_TRIES = 5
TRIES_S = 2.0  # no other try is begun after so long: a request that waits long is traced once
TRACE_TIMEOUT_S = 10.0  # from the answer to the trace: what the request still does after it
_LOOK_EVERY_S = 0.01
WATCHED = 1  # the number of the one firing, as its probe knows it
LAST_REPORT_S = 1.0


@dataclass(frozen=True)
class Traced:
    """What came of it: the trace as `probe/liveburst_xray.py` specifies it, and the answer.

    It is the quickest of so many `tries`. `answers` are the exceptions and redirects of the
    request before them, which was not traced.
    """

    trace: Mapping[str, Any]
    status: int
    facts: Mapping[str, Any]
    tries: int
    answers: Sequence[Kind] = ()

    @property
    def length_ns(self) -> int:
        """How long the request was in the application."""
        request = self.trace["spans"][0]
        return int(request["ended"] - request["begun"])


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
) -> Traced:
    """Start a target of this project, warm it up with one request, and trace the quickest next.

    `server` is the lane's text for it. The target and its companions, those that `scenario`
    needs among them, are ended whatever happens. `prepared`: set-up commands are not run
    again. Raises TargetFailed where it does not
    start, does not answer within `timeout_s`, or leaves no trace.
    """
    logs = home / LOG_DIRECTORY
    logs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=logs) as directory:
        token, file = secrets.token_urlsafe(16), Path(directory, "trace.json")
        traced = _with_the_xray(project, server, token, file)
        targets = Targets(
            replace(traced, setup=()) if prepared else traced,
            mark=mark,
            log_directory=logs,
            cores=cores,
            home=home,
        )
        try:
            target = await targets.ready(
                target_name(server, variant.overrides), _tell_nobody, scenario, variant.login
            )
            if isinstance(target, ExternalTarget):
                raise TargetFailed(f"{server}: expected a server that we start, it runs already")
            asking = _Asking(target, variant, parameters, timeout_s)
            return await _quickest(asking, token, file)
        finally:
            await targets.stop()


def _tell_nobody(state: str, message: str) -> None:
    """Of one request nobody wants to know how its target came about."""


def _with_the_xray(project: Project, server: str, token: str, file: Path) -> Project:
    """The project, with the X-ray between the probe and its own application."""
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


class _Asking:
    """The request that the engine would send, as often as it is wanted."""

    def __init__(
        self, target: Target, variant: Variant, parameters: Mapping[str, float], timeout_s: float
    ) -> None:
        self.target = target
        self._method = variant.method
        self._path = variant.url_path(parameters)
        self._body = _Body(variant, parameters)
        self._client = httpx.AsyncClient(base_url=target.url, timeout=timeout_s, trust_env=False)
        del self._client.headers["accept-encoding"]  # the engine offers no compression
        self._client.headers.update([("User-Agent", "liveburst"), *self._body.headers])
        self._client.headers.update(request_headers(variant, target.session))

    async def ask(self, **headers: str) -> int:
        """Ask once; the status of the answer. Raises TargetFailed where there is none."""
        method, path = self._method, self._path
        try:
            answer = await self._client.request(
                method, path, content=self._body.content(), headers=headers
            )
        except httpx.HTTPError as error:
            found = masked(f"{type(error).__name__} {error}".strip())
            message = f"{self.target.server.name}: expected an answer to {method} {path}"
            raise TargetFailed(f"{message}, found {found}", self.target.log_tail()) from error
        return answer.status_code

    async def ask_for_answers(self) -> Sequence[Kind]:
        """Ask once, and say why it was not answered by its view, if it was not."""
        await self.target.begin(WATCHED)
        await self.ask()
        await self.target.end(WATCHED, quiet_timeout_s=LAST_REPORT_S)
        return self.target.answers

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


class _Body:
    """What is sent behind the head: a text, that of the first row, or a form with a file."""

    def __init__(self, variant: Variant, parameters: Mapping[str, float]) -> None:
        manner = variant.manner(parameters)
        self._text = fill_in(manner.rows[0][1] if manner.rows else variant.body)
        self._upload = manner.upload

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Those that a form needs; it has a length, so that nobody is sent chunks."""
        if self._upload is None:
            return []
        length = str(multipart.length_of(self._upload))
        return [("Content-Type", multipart.CONTENT_TYPE), ("Content-Length", length)]

    def content(self) -> bytes | AsyncIterator[bytes] | None:
        """Anew for each request."""
        if self._upload is None:
            return self._text.encode() or None
        return _as_it_is_taken(multipart.pieces_of(self._upload))


async def _as_it_is_taken(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def _quickest(asking: _Asking, token: str, file: Path) -> Traced:
    """One request that is not traced, then some that are; the quickest of these."""
    found: list[tuple[Mapping[str, Any], int]] = []
    until_s = time.monotonic() + TRIES_S
    try:
        answers = await asking.ask_for_answers()
        while not found or (len(found) < MOST_TRIES and time.monotonic() < until_s):
            status = await asking.ask(**{HEADER: token})
            found.append((await _trace(asking.target, file), status))
            file.unlink()  # noqa: ASYNC240
    finally:
        await asking.close()
    facts = asking.target.facts
    every = [Traced(trace, status, facts, len(found), answers) for trace, status in found]
    return min(every, key=lambda traced: traced.length_ns)


async def _trace(target: Target, file: Path) -> Mapping[str, Any]:
    """The trace, which is written when the request is over: later than its last byte."""
    try:
        async with asyncio.timeout(TRACE_TIMEOUT_S):
            while not file.exists():  # noqa: ASYNC110, ASYNC240 - another process makes it
                await asyncio.sleep(_LOOK_EVERY_S)
    except TimeoutError:
        message = f"{target.server.name}: expected a trace of the request, found none"
        raise TargetFailed(message, target.log_tail()) from None
    told = json.loads(file.read_text(encoding="utf-8"))  # noqa: ASYNC240
    trace: Mapping[str, Any] = all_masked(told)
    return trace
