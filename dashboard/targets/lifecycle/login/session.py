"""Logging in to a project as a browser does, so that views behind a login can be measured.

The login page is fetched, its form is filled in with a name and a password from the environment,
and the cookies that come back are sent with each request of a variant with `login = true`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dashboard.project.model.login import Login, credentials_of
from dashboard.project.model.placeholders import fill_in
from dashboard.project.model.scenario import Variant
from dashboard.project.secrets.masking import masked, remember_session
from dashboard.wire.errors import TargetFailed
from dashboard.wire.tls import client_context

from .refusal import refusal_text

if TYPE_CHECKING:
    import httpx

TIMEOUT_S = 15.0  # a good password hash alone takes half a second
REDIRECTS = range(300, 400)
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
CSRF_COOKIE, CSRF_HEADER = "csrftoken", "X-CSRFToken"  # Django's defaults


@dataclass(frozen=True)
class LoginTarget:
    """A target to log in to: its URL, and its name in error messages.

    `exception` returns what the target raised meanwhile; empty if that is unknown. `ca` is the
    file with the authority of its certificate.
    """

    base_url: str
    name: str
    exception: Callable[[], Awaitable[str]]
    ca: str | None = None


async def log_in(login: Login, target: LoginTarget) -> dict[str, str]:
    """Log in and return the cookies of the new session, by name.

    Raises TargetFailed, quoting the page or the exception, if there is no form or the answer to
    it is not a redirect.
    """
    import httpx  # noqa: PLC0415 - every command imports this module, and few log in

    credentials = credentials_of(login)
    try:
        async with httpx.AsyncClient(
            base_url=target.base_url,
            headers=dict(login.headers),
            timeout=TIMEOUT_S,
            trust_env=False,
            verify=client_context(urlsplit(target.base_url).hostname or "", target.ca),
        ) as client:
            cookies, hidden_fields = await _fetch_form(client, login)
            session = await _send_form(client, login, hidden_fields | credentials, cookies)
            remember_session(session)
            return session
    except _Refused as refused:
        reason = refusal_text(refused.response, await target.exception(), refused.hint)
        raise TargetFailed(f"{target.name}: expected {refused.expected}, {reason}") from None
    except httpx.HTTPError as error:
        reason = masked(str(error)) or type(error).__name__
        expected = f"expected to log in at {login.path}"
        raise TargetFailed(f"{target.name}: {expected}, found: {reason}") from None


def request_headers(variant: Variant, session: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the headers of a variant's requests, its cookies and the session's among them.

    `{env:NAME}` is filled in, so they are for the wire alone and must not be stored. An unsafe
    method carries Django's CSRF token, as a script of the page would send it.
    """
    cookies = {name: fill_in(value, one_line=True) for name, value in variant.cookies}
    added: list[tuple[str, str]] = []
    if variant.login:
        cookies = {**session, **cookies}
        if variant.method not in SAFE_METHODS and CSRF_COOKIE in session:
            added.append((CSRF_HEADER, session[CSRF_COOKIE]))
    if cookies:
        added.append(("Cookie", cookie_header(cookies)))
    own = tuple((name, fill_in(value, one_line=True)) for name, value in variant.headers)
    return (*own, *added)


class _Refused(Exception):
    """A response of the login page that is not what was expected."""

    def __init__(self, expected: str, response: httpx.Response, hint: str = "") -> None:
        super().__init__(expected)
        self.expected = expected
        self.response = response
        self.hint = hint


async def _fetch_form(
    client: httpx.AsyncClient, login: Login
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the page's cookies, and the hidden fields of its form, as Django's CSRF token."""
    page = await client.get(login.path)
    if page.status_code != HTTPStatus.OK:
        raise _Refused(f"a login form at {login.path}", page)
    parser = _HiddenFields()
    parser.feed(page.text)
    return _cookies(page), parser.fields


async def _send_form(
    client: httpx.AsyncClient,
    login: Login,
    form: Mapping[str, str],
    cookies: Mapping[str, str],
) -> dict[str, str]:
    """Send the form and return the cookies after it.

    They are not left to a cookie jar: that would not send those marked `Secure` to a plain
    address, and a project that is served without TLS only here marks them so.
    """
    headers = {
        "Cookie": cookie_header(cookies),
        "Referer": f"{client.base_url}{login.path.lstrip('/')}",
    }
    response = await client.post(login.path, data=dict(form), headers=headers)
    if response.status_code not in REDIRECTS or not response.cookies:
        hint = f"are {login.username} and {login.password} right?"
        raise _Refused("the login to answer with a redirect", response, hint)
    return {**cookies, **_cookies(response)}


def cookie_header(cookies: Mapping[str, str]) -> str:
    """Return the value of the header `Cookie`."""
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def _cookies(response: httpx.Response) -> dict[str, str]:
    return {cookie.name: cookie.value or "" for cookie in response.cookies.jar}


class _HiddenFields(HTMLParser):
    """Collects `<input type="hidden" name=… value=…>`."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Add a hidden input that has a name."""
        attributes = dict(attrs)
        if tag == "input" and attributes.get("type") == "hidden" and attributes.get("name"):
            self.fields[str(attributes["name"])] = attributes.get("value") or ""
