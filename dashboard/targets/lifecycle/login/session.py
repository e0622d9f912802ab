"""Logging in to a project as a browser does, so that views behind a login can be measured.

The login page is fetched, its form filled in with a name and a password from the environment,
and the cookies that come back are what each request of a variant with `login = true` carries.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

import httpx

from dashboard.project.model.login import Login, credentials_of
from dashboard.project.model.placeholders import fill_in
from dashboard.project.model.scenario import Variant
from dashboard.project.secrets.masking import masked, remember_session
from dashboard.wire.errors import TargetFailed

from .refusal import refusal

TIMEOUT_S = 15.0  # a good password hash alone takes half a second
REDIRECTS = range(300, 400)
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
CSRF_COOKIE, CSRF_HEADER = "csrftoken", "X-CSRFToken"  # Django's defaults


@dataclass(frozen=True)
class LoginTarget:
    """A target to be logged in to: its URL, and what errors call it.

    `exception` tells what the target raised meanwhile, as far as it is known.
    """

    base_url: str
    name: str
    exception: Callable[[], Awaitable[str]]


async def log_in(login: Login, door: LoginTarget) -> dict[str, str]:
    """The cookies of a new session, by name.

    Raises TargetFailed, in the words of the page or of the exception, where there is no form, or
    the answer to it is no redirect.
    """
    name = door.name
    credentials = credentials_of(login)
    try:
        async with httpx.AsyncClient(
            base_url=door.base_url,
            headers=dict(login.headers),
            timeout=TIMEOUT_S,
            trust_env=False,
            verify=False,  # noqa: S501 - a target of the project's own, mostly on loopback
        ) as client:
            cookies, form = await _form(client, login)
            session = await _send(client, login, form | credentials, cookies)
            remember_session(session)
            return session
    except _Refused as refused:
        found = refusal(refused.answer, await door.exception(), refused.hint)
        raise TargetFailed(f"{name}: expected {refused.expected}, {found}") from None
    except httpx.HTTPError as error:
        found = masked(str(error)) or type(error).__name__
        raise TargetFailed(f"{name}: expected to log in at {login.path}, found: {found}") from None


def request_headers(variant: Variant, session: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The headers of a variant's requests: its own, and its cookies and the session as one more.

    `{env:NAME}` is filled in: they are for the wire alone, and to be stored nowhere.

    A method that changes something carries Django's CSRF token, as a page's script would.
    """
    cookies = {name: fill_in(value, one_line=True) for name, value in variant.cookies}
    more: list[tuple[str, str]] = []
    if variant.login:
        cookies = {**session, **cookies}
        if variant.method not in SAFE_METHODS and CSRF_COOKIE in session:
            more.append((CSRF_HEADER, session[CSRF_COOKIE]))
    if cookies:
        more.append(("Cookie", "; ".join(f"{name}={value}" for name, value in cookies.items())))
    own = tuple((name, fill_in(value, one_line=True)) for name, value in variant.headers)
    return (*own, *more)


class _Refused(Exception):
    """An answer of the login page that is not what was expected."""

    def __init__(self, expected: str, answer: httpx.Response, hint: str = "") -> None:
        super().__init__(expected)
        self.expected = expected
        self.answer = answer
        self.hint = hint


async def _form(client: httpx.AsyncClient, login: Login) -> tuple[dict[str, str], dict[str, str]]:
    """The page's cookies, and the hidden fields of its form (Django's CSRF token is one)."""
    page = await client.get(login.path)
    if page.status_code != httpx.codes.OK:
        raise _Refused(f"a login form at {login.path}", page)
    fields = _HiddenFields()
    fields.feed(page.text)
    return _cookies(page), fields.found


async def _send(
    client: httpx.AsyncClient,
    login: Login,
    form: Mapping[str, str],
    cookies: Mapping[str, str],
) -> dict[str, str]:
    """The cookies after the form was sent.

    They are carried by hand: a jar would keep those marked `Secure` from a plain address, and
    a project that is served in the open only here marks them so.
    """
    headers = {
        "Cookie": "; ".join(f"{key}={value}" for key, value in cookies.items()),
        "Referer": f"{client.base_url}{login.path.lstrip('/')}",
    }
    answer = await client.post(login.path, data=dict(form), headers=headers)
    if answer.status_code not in REDIRECTS or not answer.cookies:
        hint = f"are {login.username} and {login.password} right?"
        raise _Refused("the login to answer with a redirect", answer, hint)
    return {**cookies, **_cookies(answer)}


def _cookies(answer: httpx.Response) -> dict[str, str]:
    return {cookie.name: cookie.value or "" for cookie in answer.cookies.jar}


class _HiddenFields(HTMLParser):
    """Collects `<input type="hidden" name=… value=…>`."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one that is hidden and has a name."""
        given = dict(attrs)
        if tag == "input" and given.get("type") == "hidden" and given.get("name"):
            self.found[str(given["name"])] = given.get("value") or ""
