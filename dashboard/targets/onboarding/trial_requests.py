"""One GET at each drafted path, under one server: which can be fired at as they are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from dashboard.project.model.login import missing_credentials
from dashboard.project.secrets.masking import masked
from dashboard.targets.lifecycle.exception_watch import watch_exceptions
from dashboard.targets.lifecycle.login.session import LoginTarget, cookie_header, log_in
from dashboard.targets.lifecycle.pool import Targets
from dashboard.targets.lifecycle.target import Target
from dashboard.wire.errors import TargetFailed
from dashboard.wire.tls import client_context

from .login_form import LoginForm, find_login_form
from .trial_response import ends_session, is_from_view, quoted, reason_in

if TYPE_CHECKING:
    import httpx

GET_TIMEOUT_S = 10.0  # for each path
TOTAL_TIMEOUT_S = 60.0  # for all of them
MOST_BYTES = 16 * 1024 * 1024  # read of an answer
MOST_REDIRECTS = 3  # on the way to a login form
MOST_LOGINS = 3  # a path may end the session
SUCCESS, REDIRECTS, NO_ENTRY = range(200, 300), range(300, 400), (401, 403)
RaisedException = Callable[[], Awaitable[str]]  # returns what was raised; empty for nothing
# Watches the target during a request.
Watch = Callable[[], AbstractAsyncContextManager[RaisedException]]
LogIn = Callable[[], Awaitable[Mapping[str, str]]]  # returns the cookies of a new session


@dataclass(frozen=True)
class TrialAnswer:
    """The answer to a GET, as `description`: "answered 302 to /accounts/login/".

    `usable`: the path can be fired at, if `logged_in` by a session. `login`: it seems to require a
    login. `status` is 0 if there was none.
    """

    usable: bool
    description: str
    status: int = 0
    login: bool = False
    logged_in: bool = False


@dataclass(frozen=True)
class TrialResult:
    """The result of a trial under the server of this name.

    `answers` are by path; those that there was no time for are missing. `form` is the login form
    that was found, or None, and `login_problem` why not all paths behind it were tried. If nothing
    could be tried, `failure` is why, and `log_tail` the last lines of the server's log; else both
    are empty. `pending_migrations` is determined only if a path answered 500.
    """

    server: str
    answers: Mapping[str, TrialAnswer] = field(default_factory=dict)
    form: LoginForm | None = None
    failure: str = ""
    log_tail: str = ""
    pending_migrations: bool = False
    login_problem: str = ""


async def try_paths(
    targets: Targets,
    server: str,
    paths: Sequence[str],
    *,
    headers: Mapping[str, str],
    login_path: str,
    credentials: tuple[str, str],
) -> TrialResult:
    """Start a server, request each path once, and end everything that was started.

    `credentials` name the environment variables of user name and password: where both are set,
    the paths that require a login are requested once more, logged in.
    """
    try:
        target = await targets.ready(server, _ignore_event)
        async with _client(target, headers) as client:
            trial = TrialClient(client, login_path, partial(watch_exceptions, target))
            await trial.request(paths)
            login_problem = await _try_logged_in(trial, target, server, headers, credentials)
        result = TrialResult(server, trial.answers, trial.form, login_problem=login_problem)
        if target.failure is not None:
            failure = target.failure
            return replace(result, failure=str(failure), log_tail=failure.log_tail)
        server_errors = any(answer.status >= 500 for answer in trial.answers.values())
        pending = server_errors and bool((await targets.migrations(server)).pending)
        return replace(result, pending_migrations=pending)
    except TargetFailed as error:
        return TrialResult(server, failure=str(error), log_tail=error.log_tail)
    finally:
        await targets.stop()


def _client(target: Target, headers: Mapping[str, str]) -> httpx.AsyncClient:
    import httpx  # noqa: PLC0415 - `lab` imports this module, and only `lab init --try` uses it

    return httpx.AsyncClient(
        base_url=target.url,
        headers=dict(headers),
        timeout=GET_TIMEOUT_S,
        trust_env=False,
        verify=client_context(target.host),
    )


async def _try_logged_in(
    trial: TrialClient,
    target: Target,
    server: str,
    headers: Mapping[str, str],
    credentials: tuple[str, str],
) -> str:
    """Log in if possible, and try the paths behind it; return why not all were tried, or ""."""
    login = trial.form.login(*credentials, headers) if trial.form else None
    if login is None or missing_credentials(login):
        return ""
    try:
        async with watch_exceptions(target) as exception:
            to_log_in = partial(log_in, login, LoginTarget(target.url, server, exception))
            return await trial.request_logged_in(to_log_in)
    except TargetFailed as error:
        return f"logging in with {login.username} and {login.password} failed: {error}"


def _ignore_event(state: str, message: str) -> None:
    """Drop it: only the result is reported."""


class TrialClient:
    """Requests paths one after the other, each without cookies but those of a session."""

    def __init__(self, client: httpx.AsyncClient, login_path: str, watch: Watch) -> None:
        import httpx  # noqa: PLC0415 - as in `_client`

        self.answers: dict[str, TrialAnswer] = {}
        self.form: LoginForm | None = None
        self._client = client
        self._failures = httpx.HTTPError
        self._login_path = login_path
        self._watch = watch
        self._leads_to_login: dict[str, bool] = {}  # by path
        self._session: Mapping[str, str] = {}

    async def request(self, paths: Sequence[str]) -> None:
        """Request each path, as many as there is time for."""
        end_s = time.monotonic() + TOTAL_TIMEOUT_S
        for path in paths:
            if time.monotonic() > end_s:
                return
            async with self._watch() as exception:
                self.answers[path] = await self._get(path, exception)
        if any(answer.login for answer in self.answers.values()) and self.form is None:
            login_path = self._own_path(self._login_path)
            if login_path:
                await self._leads_to_form(login_path)

    async def request_logged_in(self, log_in: LogIn) -> str:
        """Request each path that seems to require a login once more, with a session.

        Returns why not all were requested; empty if all were. Raises TargetFailed if the login
        fails.
        """
        end_s = time.monotonic() + TOTAL_TIMEOUT_S
        logins = 0
        for path in [path for path, answer in self.answers.items() if answer.login]:
            if time.monotonic() > end_s:
                return f"the {TOTAL_TIMEOUT_S:g} s for the trial, logged in, were over"
            if not self._session and logins == MOST_LOGINS:
                return f"{MOST_LOGINS} sessions were ended by a path before they were tried"
            if not self._session:
                self._session = await log_in()
                logins += 1
            async with self._watch() as exception:
                answer = await self._get(path, exception)
            description = masked(f"{answer.description} (logged in)")
            answer = replace(answer, description=description, login=False, logged_in=True)
            self.answers[path] = answer
        return ""

    async def _get(self, path: str, exception: RaisedException) -> TrialAnswer:
        status: int | None = None
        self._client.cookies.clear()
        try:
            async with (
                asyncio.timeout(GET_TIMEOUT_S),
                self._client.stream("GET", path, headers=self._cookies()) as response,
            ):
                status = response.status_code
                text = await _read(response)
        except TimeoutError:
            return _timed_out(status)
        except self._failures as error:
            return await _broken_off(status, error, exception)
        if ends_session(response, self._session):
            self._session = {}
            return TrialAnswer(False, f"answered {status} and ended the session", status)
        if status in SUCCESS:
            return TrialAnswer(True, f"answered {status}", status)
        if status in REDIRECTS:
            return await self._redirected(path, response)
        reason = reason_in(response, text)
        if status >= 500:
            reason = await _raised(exception) or reason
        description = f"answered {status}" + (f": {reason}" if reason else "")
        return TrialAnswer(False, description, status, login=status in NO_ENTRY)

    async def _redirected(self, path: str, response: httpx.Response) -> TrialAnswer:
        location = response.headers.get("location", "")
        to = f" to {location.partition('?')[0]}" if location else ""
        description = f"answered {response.status_code}{to}"
        own_path = self._own_path(urljoin(path, location))
        login = self._is_login_url(location)
        if self._session:
            login = login or (self.form is not None and own_path == self.form.path)
        elif own_path is not None and own_path != path:
            login = await self._leads_to_form(own_path) or login
        usable = is_from_view(response) and not login
        return TrialAnswer(usable, description, response.status_code, login)

    def _cookies(self) -> dict[str, str]:
        return {"Cookie": cookie_header(self._session)} if self._session else {}

    def _is_login_url(self, location: str) -> bool:
        """Return True if this is LOGIN_URL, as a path or on the host that it names."""
        given, wanted = urlsplit(location), urlsplit(self._login_path)
        return given.path == wanted.path and wanted.netloc in ("", given.netloc)

    def _own_path(self, url: str) -> str | None:
        """Return the path of a URL of this target; None for other hosts, which get no request."""
        parts = urlsplit(url)
        client = self._client
        own_hosts = {"", client.base_url.netloc.decode(), client.headers.get("host", "")}
        return parts.path if parts.netloc in own_hosts and parts.scheme != "https" else None

    async def _leads_to_form(self, path: str) -> bool:
        """Return True if a page, or its redirect, has a login form; the first is kept."""
        if path not in self._leads_to_login:
            form = await self._find_form(path)
            self._leads_to_login[path] = form is not None
            self.form = self.form or form
        return self._leads_to_login[path]

    async def _find_form(self, path: str) -> LoginForm | None:
        self._client.cookies.clear()
        next_path: str | None = path
        try:
            for _ in range(MOST_REDIRECTS + 1):
                if next_path is None:
                    return None
                path = next_path
                async with asyncio.timeout(GET_TIMEOUT_S):
                    response = await self._client.get(path)
                if response.status_code not in REDIRECTS:
                    break
                next_path = self._own_path(urljoin(path, response.headers.get("location", "")))
        except (self._failures, TimeoutError):
            return None
        return find_login_form(response.text, path) if response.is_success else None


def _timed_out(status: int | None) -> TrialAnswer:
    within = f"within {GET_TIMEOUT_S:g} s"
    if status is None:
        return TrialAnswer(False, f"did not answer {within}")
    return TrialAnswer(False, f"answered {status}, but did not end {within}")


async def _broken_off(
    status: int | None, error: httpx.HTTPError, exception: RaisedException
) -> TrialAnswer:
    reason = await _raised(exception) or masked(str(error)) or type(error).__name__
    begun = "was not answered" if status is None else f"answered {status}, but broke off"
    return TrialAnswer(False, f"{begun}: {reason}")


async def _raised(exception: RaisedException) -> str:
    return quoted(await exception())


async def _read(response: httpx.Response) -> str:
    """Return the text of an answer, up to MOST_BYTES."""
    body = b""
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > MOST_BYTES:
            break
    return body.decode(errors="replace")
