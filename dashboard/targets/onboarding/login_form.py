"""A login form in the HTML of a page: the path it is sent to, and the names of its two fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from dashboard.project.model.login import Login

_USERNAME_TYPES = ("text", "email", "tel", "")
_USERNAMES = ("username", "login", "email", "user")


@dataclass(frozen=True)
class LoginForm:
    """The form of the page at `path`; `sent_to` is the path that it is sent to."""

    path: str
    sent_to: str
    username_field: str
    password_field: str

    def login(self, username: str, password: str, headers: Mapping[str, str]) -> Login | None:
        """Return how to log in, by variables of these names; None if it is sent elsewhere."""
        if self.sent_to != self.path:
            return None
        fields = (self.username_field, self.password_field)
        return Login(self.path, username, password, *fields, tuple(headers.items()))


@dataclass
class _Form:
    action: str
    method: str
    inputs: list[tuple[str, str]] = field(default_factory=list)  # type, name

    def names(self, *types: str) -> list[str]:
        return [name for kind, name in self.inputs if kind in types and name]


def find_login_form(html: str, path: str) -> LoginForm | None:
    """Return the login form of the page at `path`; None if it has none.

    That is a form sent by POST with a text field and one password. A form with two passwords is
    for registration or for changing a password.
    """
    parser = _Forms()
    parser.feed(html)
    for form in parser.forms:
        passwords, names = form.names("password"), form.names(*_USERNAME_TYPES)
        if form.method == "post" and len(passwords) == 1 and names:
            username = next((name for name in _USERNAMES if name in names), names[0])
            sent_to = urlsplit(urljoin(path, form.action)).path
            return LoginForm(urlsplit(path).path, sent_to, username, passwords[0])
    return None


class _Forms(HTMLParser):
    """Collects the forms of a page and their inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[_Form] = []
        self._open: _Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a form, or add an input to the open one."""
        attributes = {key: value or "" for key, value in attrs}
        if tag == "form":
            method = attributes.get("method", "get").lower()
            self._open = _Form(attributes.get("action", ""), method)
            self.forms.append(self._open)
        elif tag == "input" and self._open is not None:
            kind = attributes.get("type", "").lower()
            self._open.inputs.append((kind, attributes.get("name", "")))

    def handle_endtag(self, tag: str) -> None:
        """Close the form."""
        if tag == "form":
            self._open = None
