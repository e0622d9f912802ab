"""A login form as a page has it: where it is sent, and what it calls its two fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

_NAME_TYPES = ("text", "email", "tel", "")
_NAMES = ("username", "login", "email", "user")


@dataclass(frozen=True)
class LoginForm:
    """The form of the page at `path`; `sent_to` is the path that it is sent to."""

    path: str
    sent_to: str
    username_field: str
    password_field: str


@dataclass
class _Form:
    action: str
    method: str
    inputs: list[tuple[str, str]] = field(default_factory=list)  # type, name

    def named(self, *kinds: str) -> list[str]:
        return [name for kind, name in self.inputs if kind in kinds and name]


def find_login_form(html: str, path: str) -> LoginForm | None:
    """Return the login form of a page at `path`; None if it has none.

    That is a form sent by POST with one password, and a name to go with it. One with two
    passwords registers somebody or changes a password.
    """
    forms = _Forms()
    forms.feed(html)
    for form in forms.found:
        passwords, names = form.named("password"), form.named(*_NAME_TYPES)
        if form.method == "post" and len(passwords) == 1 and names:
            name = next((one for one in _NAMES if one in names), names[0])
            sent_to = urlsplit(urljoin(path, form.action)).path
            return LoginForm(urlsplit(path).path, sent_to, name, passwords[0])
    return None


class _Forms(HTMLParser):
    """Collects the forms of a page and their inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[_Form] = []
        self._open: _Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, or an input of the form that is open."""
        given = {key: value or "" for key, value in attrs}
        if tag == "form":
            self._open = _Form(given.get("action", ""), given.get("method", "get").lower())
            self.found.append(self._open)
        elif tag == "input" and self._open is not None:
            kind = given.get("type", "").lower()
            self._open.inputs.append((kind, given.get("name", "")))

    def handle_endtag(self, tag: str) -> None:
        """Note the end of a form."""
        if tag == "form":
            self._open = None
