"""Why a login page turned us away, in its own words: a limit, an error, a wrong password."""

from __future__ import annotations

from html.parser import HTMLParser

import httpx

from dashboard.project.secrets.masking import masked

MOST_CHARACTERS = 200  # of what a page says
INVISIBLE = ("script", "style", "template")
LIMIT_STATUSES = (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.LOCKED)
LIMIT_WORDS = ("too many", "locked", "try again later", "rate limit", "throttle")
VOID = ("br", "hr", "img", "input", "link", "meta", "wbr", "source", "area", "base", "col")


def refusal(answer: httpx.Response, exception: str, hint: str = "") -> str:
    """Return what an answer of the login page says: *429 Too Many Requests, "Account locked"*.

    `exception` is quoted where the answer is an error and does not name one itself. `hint` follows
    where nothing better is known.
    """
    page = Page.of(answer)
    found = f"found {answer.status_code} {answer.reason_phrase}".rstrip()
    if location := answer.headers.get("location"):
        return f"{found} to {masked(location)}"
    said = page.exception or page.error or page.text
    if answer.is_server_error:
        said = page.exception or exception or page.text
    quoted = f'{found}, "{_short(masked(said))}"' if said else found
    if _is_limit(answer, said):
        after = answer.headers.get("retry-after")
        wait = f", Retry-After: {after}" if after else ""
        return f"{quoted}{wait}; this is a limit on logins"
    return f"{quoted}; {hint}" if hint and not answer.is_server_error else quoted


def _is_limit(answer: httpx.Response, said: str) -> bool:
    words = any(word in said.lower() for word in LIMIT_WORDS)
    return answer.status_code in LIMIT_STATUSES or (not answer.is_server_error and words)


def _short(text: str) -> str:
    one_line = " ".join(text.split())
    cut = len(one_line) > MOST_CHARACTERS
    return one_line[: MOST_CHARACTERS - 1] + "…" if cut else one_line


class Page(HTMLParser):
    """What a person reads on a page: its text, a form's first errors, Django's exception."""

    def __init__(self) -> None:
        super().__init__()
        self._open: list[tuple[str, str]] = []  # each element's name, and its classes
        self._parts: dict[str, list[str]] = {"title": [], "text": [], "error": [], "value": []}

    @classmethod
    def of(cls, answer: httpx.Response) -> Page:
        """Read an answer; one that is no HTML is text."""
        page = cls()
        if "html" in answer.headers.get("content-type", "html"):
            page.feed(answer.text)
            page.close()
        else:
            page._parts["text"].append(answer.text)
        return page

    @property
    def text(self) -> str:
        """Everything that can be seen, on one line."""
        return self._joined("text")

    @property
    def error(self) -> str:
        """What the form complains of; empty where it does not."""
        return self._joined("error")

    @property
    def exception(self) -> str:
        """The exception of Django's technical page: *OperationalError: no such table: user*."""
        kind = self._joined("title").partition(" at /")[0]
        return f"{kind}: {self._joined('value')}" if self._parts["value"] else ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where we are."""
        if tag not in VOID:
            self._open.append((tag, dict(attrs).get("class") or ""))

    def handle_endtag(self, tag: str) -> None:
        """Leave the element, and whatever in it was left open."""
        names = [name for name, _ in self._open]
        if tag in names:
            del self._open[len(names) - 1 - names[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        """Put text where it belongs."""
        tags, classes = {tag for tag, _ in self._open}, " ".join(one for _, one in self._open)
        if tags.intersection(INVISIBLE) or not data.strip():
            return
        if "title" in tags:
            self._parts["title"].append(data)
            return
        self._parts["text"].append(data)
        if "exception_value" in classes and not self._parts["value"]:  # it is there twice
            self._parts["value"].append(data)
        if "error" in classes:
            self._parts["error"].append(data)

    def _joined(self, name: str) -> str:
        return " ".join(" ".join(self._parts[name]).split())
