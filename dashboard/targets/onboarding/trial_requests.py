"""One GET at each drafted path, with one server, to see what can be fired at as it is."""

from __future__ import annotations

import asyncio
import html
import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from urllib.parse import urljoin, urlsplit

import httpx

from dashboard.targets.lifecycle.exception_watch import watch_exceptions
from dashboard.targets.lifecycle.pool import Targets
from dashboard.wire.errors import TargetFailed

from .login_form import LoginForm, find_login_form

GET_TIMEOUT_S = 10.0  # for each path
TOTAL_TIMEOUT_S = 60.0  # for all of them
MOST_BYTES = 16 * 1024 * 1024  # of an answer; a larger one is read no further
MOST_REDIRECTS = 3  # on the way to a login form
LONGEST_REASON = 160
SUCCESS, REDIRECTS, NO_ENTRY = range(200, 300), range(300, 400), (401, 403)
# Watches the target while it is asked; what that gives tells what was raised meanwhile.
Watch = Callable[[], AbstractAsyncContextManager[Callable[[], Awaitable[str]]]]
_TITLE = re.compile(r"<title>\s*(\w+)\s+at\s[^<]*</title>")
_VALUE = re.compile(r'<pre class="exception_value">([^<]*)</pre>')


@dataclass(frozen=True)
class TrialAnswer:
    """What a GET at a path showed: `said` is "answered 302 to /accounts/login/".

    `kept`: it can be fired at as it is. `login`: it seems to want somebody logged in. `status`
    is 0 where there was none.
    """

    kept: bool
    said: str
    status: int = 0
    login: bool = False


@dataclass(frozen=True)
class TrialResult:
    """What came of trying, with the server of this name.

    `answers` are by path; one that is not in it was not tried, for want of time. `form` is the
    login form that was met, None where none was. `failure` says why nothing could be tried,
    `log_tail` in the project's own last lines; empty where it could. `pending_migrations` is
    known where something answered 500.
    """

    server: str
    answers: Mapping[str, TrialAnswer] = field(default_factory=dict)
    form: LoginForm | None = None
    failure: str = ""
    log_tail: str = ""
    pending_migrations: bool = False


async def try_paths(
    targets: Targets,
    server: str,
    paths: Sequence[str],
    *,
    headers: Mapping[str, str],
    login_path: str,
) -> TrialResult:
    """Start the server, ask for each path once, and end all that was started."""
    try:
        target = await targets.ready(server, _tell_nobody)
        async with httpx.AsyncClient(
            base_url=target.url,
            headers=dict(headers),
            timeout=GET_TIMEOUT_S,
            trust_env=False,
            verify=False,  # noqa: S501 - a target of the project's own, on loopback
        ) as client:
            visitor = TrialClient(client, login_path, partial(watch_exceptions, target))
            await visitor.visit(paths)
        tried = TrialResult(server, visitor.answers, visitor.form)
        if target.failure is not None:
            failure = target.failure
            return replace(tried, failure=str(failure), log_tail=failure.log_tail)
        broken = any(answer.status >= 500 for answer in visitor.answers.values())
        pending = broken and bool((await targets.migrations(server)).pending)
        return replace(tried, pending_migrations=pending)
    except TargetFailed as error:
        return TrialResult(server, failure=str(error), log_tail=error.log_tail)
    finally:
        await targets.stop()


def _tell_nobody(state: str, message: str) -> None:
    """It is told at the end."""


class TrialClient:
    """Asks for paths, one after the other, as somebody who was never there before."""

    def __init__(self, client: httpx.AsyncClient, login_path: str, watch: Watch) -> None:
        self.answers: dict[str, TrialAnswer] = {}
        self.form: LoginForm | None = None
        self._client = client
        self._login_path = login_path
        self._watch = watch
        self._looked_at: dict[str, bool] = {}  # path -> whether it leads to a login form

    async def visit(self, paths: Sequence[str]) -> None:
        """Ask for each path, as many as there is time for."""
        end_s = time.monotonic() + TOTAL_TIMEOUT_S
        for path in paths:
            if time.monotonic() > end_s:
                return
            async with self._watch() as exception:
                self.answers[path] = await self._ask(path, exception)
        if any(answer.login for answer in self.answers.values()) and self.form is None:
            there = self._here(self._login_path)
            if there:
                await self._leads_to_form(there)

    async def _ask(self, path: str, exception: Callable[[], Awaitable[str]]) -> TrialAnswer:
        status: int | None = None
        self._client.cookies.clear()
        try:
            async with (
                asyncio.timeout(GET_TIMEOUT_S),
                self._client.stream("GET", path) as response,
            ):
                status = response.status_code
                text = await _read(response)
        except TimeoutError:
            within = f"within {GET_TIMEOUT_S:g} s"
            if status is None:
                return TrialAnswer(False, f"did not answer {within}")
            return TrialAnswer(False, f"answered {status}, but did not end {within}")
        except httpx.HTTPError as error:
            raised = " ".join((await exception()).split())[:LONGEST_REASON]
            why = raised or str(error) or type(error).__name__
            begun = "was not answered" if status is None else f"answered {status}, but broke off"
            return TrialAnswer(False, f"{begun}: {why}")
        status = response.status_code
        if status in SUCCESS:
            return TrialAnswer(True, f"answered {status}", status)
        if status in REDIRECTS:
            return await self._redirected(path, response)
        why = _reason(response, text)
        if status >= 500:
            why = " ".join((await exception()).split())[:LONGEST_REASON] or why
        said = f"answered {status}" + (f": {why}" if why else "")
        return TrialAnswer(False, said, status, login=status in NO_ENTRY)

    async def _redirected(self, path: str, response: httpx.Response) -> TrialAnswer:
        location = response.headers.get("location", "")
        to = f" to {location.partition('?')[0]}" if location else ""
        said = f"answered {response.status_code}{to}"
        there = self._here(urljoin(path, location))
        login = self._is_login(location)
        if there is not None and there != path:
            login = await self._leads_to_form(there) or login
        return TrialAnswer(_by_view(response) and not login, said, response.status_code, login)

    def _is_login(self, location: str) -> bool:
        """Whether this is LOGIN_URL, as a path or on whatever host it names."""
        given, wanted = urlsplit(location), urlsplit(self._login_path)
        return given.path == wanted.path and wanted.netloc in ("", given.netloc)

    def _here(self, url: str) -> str | None:
        """The path of a URL of this target; None of any other, which is not ours to ask."""
        parts = urlsplit(url)
        ours = {"", self._client.base_url.netloc.decode(), self._client.headers.get("host", "")}
        return parts.path if parts.netloc in ours and parts.scheme != "https" else None

    async def _leads_to_form(self, path: str) -> bool:
        """Whether a page, or where it redirects to, has a login form; which is then kept."""
        if path not in self._looked_at:
            form = await self._find_form(path)
            self._looked_at[path] = form is not None
            self.form = self.form or form
        return self._looked_at[path]

    async def _find_form(self, path: str) -> LoginForm | None:
        self._client.cookies.clear()
        there: str | None = path
        try:
            for _ in range(MOST_REDIRECTS + 1):
                if there is None:
                    return None
                path = there
                async with asyncio.timeout(GET_TIMEOUT_S):
                    response = await self._client.get(path)
                if response.status_code not in REDIRECTS:
                    break
                there = self._here(urljoin(path, response.headers.get("location", "")))
        except (httpx.HTTPError, TimeoutError):
            return None
        return find_login_form(response.text, path) if response.is_success else None


async def _read(response: httpx.Response) -> str:
    """The answer's text, up to a bound."""
    body = b""
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > MOST_BYTES:
            break
    return body.decode(errors="replace")


def _by_view(response: httpx.Response) -> bool:
    """Whether the project's view made this answer, and no middleware before it."""
    stamps = response.headers.get("liveburst", "").split()
    return len(stamps) > 1 and stamps[1].lstrip("-").isdigit() and int(stamps[1]) > 0


def _reason(response: httpx.Response, text: str) -> str:
    """Why, as far as the answer says: Django's page for DEBUG, or what an API calls `detail`."""
    title, value = _TITLE.search(text), _VALUE.search(text)
    if title and value:
        words = f"{title[1]}: {html.unescape(value[1])}"
    elif "json" in response.headers.get("content-type", ""):
        words = _detail(text)
    else:
        words = response.headers.get("www-authenticate", "")
    return " ".join(words.split())[:LONGEST_REASON]


def _detail(text: str) -> str:
    """What DRF and django-ninja say in JSON: a sentence, or what is missing where."""
    try:
        said = json.loads(text)
    except ValueError:
        return ""
    detail = said.get("detail") if isinstance(said, dict) else None
    if isinstance(detail, str):
        return detail
    if detail is None:
        return text  # DRF's own errors are by field
    entries = detail if isinstance(detail, list) else []
    found = [one for one in entries if isinstance(one, dict) and {"loc", "msg"} <= one.keys()]
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found)
