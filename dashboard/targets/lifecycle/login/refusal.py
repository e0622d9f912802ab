"""Why a login page refused: a limit on logins, a server error, a form's own message."""

from __future__ import annotations

from html.parser import HTMLParser
from http import HTTPStatus
from typing import TYPE_CHECKING

from dashboard.project.secrets.masking import masked

if TYPE_CHECKING:
    import httpx

MOST_CHARACTERS = 200  # quoted of a page
INVISIBLE = ("script", "style", "template")
LIMIT_STATUSES = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.LOCKED)
LIMIT_WORDS = ("too many", "locked", "try again later", "rate limit", "throttle")
VOID = ("br", "hr", "img", "input", "link", "meta", "wbr", "source", "area", "base", "col")


def refusal_text(response: httpx.Response, exception: str, hint: str = "") -> str:
    """Return what a login page answered: *found 429 Too Many Requests, "Account locked"*.

    `exception` is what the target raised; it is quoted of a server error whose page does not name
    one itself. `hint` is added where nothing better is known.
    """
    page = PageText.of(response)
    status = f"found {response.status_code} {response.reason_phrase}".rstrip()
    if location := response.headers.get("location"):
        return f"{status} to {masked(location)}"
    message = page.exception or page.error or page.text
    if response.is_server_error:
        message = page.exception or exception or page.text
    text = f'{status}, "{_shortened(masked(message))}"' if message else status
    if _is_limit(response, message):
        retry_after = response.headers.get("retry-after")
        wait = f", Retry-After: {retry_after}" if retry_after else ""
        return f"{text}{wait}; this is a limit on logins"
    return f"{text}; {hint}" if hint and not response.is_server_error else text


def _is_limit(response: httpx.Response, message: str) -> bool:
    named = any(words in message.lower() for words in LIMIT_WORDS)
    return response.status_code in LIMIT_STATUSES or (not response.is_server_error and named)


def _shortened(text: str) -> str:
    one_line = " ".join(text.split())
    too_long = len(one_line) > MOST_CHARACTERS
    return one_line[: MOST_CHARACTERS - 1] + "…" if too_long else one_line


class PageText(HTMLParser):
    """The visible text of a page, the errors of its forms, and Django's exception."""

    def __init__(self) -> None:
        super().__init__()
        self._open: list[tuple[str, str]] = []  # name and classes of each open element
        self._parts: dict[str, list[str]] = {"title": [], "text": [], "error": [], "value": []}

    @classmethod
    def of(cls, response: httpx.Response) -> PageText:
        """Parse a response; other content than HTML is taken as text."""
        page = cls()
        if "html" in response.headers.get("content-type", "html"):
            page.feed(response.text)
            page.close()
        else:
            page._parts["text"].append(response.text)
        return page

    @property
    def text(self) -> str:
        """All visible text, on one line."""
        return self._joined("text")

    @property
    def error(self) -> str:
        """The errors that the form shows; empty if there are none."""
        return self._joined("error")

    @property
    def exception(self) -> str:
        """The exception of Django's technical page: *OperationalError: no such table: user*."""
        kind = self._joined("title").partition(" at /")[0]
        return f"{kind}: {self._joined('value')}" if self._parts["value"] else ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        if tag not in VOID:
            self._open.append((tag, dict(attrs).get("class") or ""))

    def handle_endtag(self, tag: str) -> None:
        """Close an element and those that were left open inside it."""
        names = [name for name, _ in self._open]
        if tag in names:
            del self._open[len(names) - 1 - names[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        """Collect text by the elements that it is in."""
        tags, classes = {tag for tag, _ in self._open}, " ".join(names for _, names in self._open)
        if tags.intersection(INVISIBLE) or not data.strip():
            return
        if "title" in tags:
            self._parts["title"].append(data)
            return
        self._parts["text"].append(data)
        if "exception_value" in classes and not self._parts["value"]:  # it occurs twice
            self._parts["value"].append(data)
        if "error" in classes:
            self._parts["error"].append(data)

    def _joined(self, part: str) -> str:
        return " ".join(" ".join(self._parts[part]).split())
