"""What a response shows of its view: whether it answered, refused, or ended the session."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from contextlib import suppress
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING

from dashboard.project.secrets.masking import masked
from dashboard.wire.untrusted import decode_json

if TYPE_CHECKING:
    import httpx

LONGEST_REASON = 160
_TITLE = re.compile(r"<title>\s*(\w+)\s+at\s[^<]*</title>")
_VALUE = re.compile(r'<pre class="exception_value">([^<]*)</pre>')


def ends_session(response: httpx.Response, session: Mapping[str, str]) -> bool:
    """Return True if a response deletes a cookie of the session, as a log-out does."""
    cookies = SimpleCookie()
    for header in response.headers.get_list("set-cookie"):
        with suppress(CookieError):
            cookies.load(header)
    return any(name in session and not morsel.value for name, morsel in cookies.items())


def is_from_view(response: httpx.Response) -> bool:
    """Return True if the project's view made this answer, and no middleware before it."""
    stamps = response.headers.get("liveburst", "").split()
    return len(stamps) > 1 and stamps[1].lstrip("-").isdigit() and int(stamps[1]) > 0


def reason_in(response: httpx.Response, text: str) -> str:
    """Return the reason in an answer: of Django's DEBUG page, or of an API's JSON."""
    title, value = _TITLE.search(text), _VALUE.search(text)
    if title and value:
        reason = f"{title[1]}: {html.unescape(value[1])}"
    elif "json" in response.headers.get("content-type", ""):
        reason = _detail(text)
    else:
        reason = response.headers.get("www-authenticate", "")
    return quoted(reason)


def quoted(text: str) -> str:
    """Return a text of the project on one line, with secrets masked, not too long."""
    return masked(" ".join(text.split()))[:LONGEST_REASON]


def _detail(text: str) -> str:
    """Return the `detail` of DRF and django-ninja: a sentence, or what is missing where."""
    try:
        answer = decode_json(text)
    except ValueError:
        return ""
    detail = answer.get("detail") if isinstance(answer, dict) else None
    if isinstance(detail, str):
        return detail
    if detail is None:
        return text  # DRF's own errors are by field
    entries = detail if isinstance(detail, list) else []
    errors = [
        entry for entry in entries if isinstance(entry, dict) and {"loc", "msg"} <= entry.keys()
    ]
    return "; ".join(f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in errors)
