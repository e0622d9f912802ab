"""A project's routes as the inspector reports them. Plain values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

from dashboard.wire.codec import from_json

from .inspector_answer import RouteEntry

R = TypeVar("R")

# Those that Django's own `reverse` leaves: RFC 3986's sub-delims, and what else a path may contain.
_SAFE = "/~:@!$&'()*+,;="
_PARAMETER = re.compile(r"<(?:[^>:]+:)?([^>]+)>")


@dataclass(frozen=True)
class RouteRows:
    """Values for the parameters of a route: the CSV file for them, its columns and its rows."""

    file: str
    columns: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Route:
    """A path of a project, and what is known of its view without calling it.

    `path` is the pattern as text; `regex`: a regular expression is left in it. `parameters` are
    the names in the path with their converters: `{"pk": "int"}`. `view` is `module:name` of the
    code as written, None if no name leads to it; `module` and `function` are its names in any
    case. `callable_id` is equal for patterns of the same callable with the same arguments.
    `application` is the package of the code, `own`: it is the project's. `methods` are those that
    the view answers, None if unknown from its code; `reads`: GET is one of them as far as is
    known. `login`: it requires a login. `files`: it serves files. `rows` are values for the
    parameters; `no_rows` is why they were looked for and not found.
    """

    path: str
    namespace: str
    parameters: Mapping[str, str]
    view: str | None
    function: str
    family: str
    reads: bool
    login: bool
    files: bool
    module: str
    callable_id: int
    regex: bool = False
    name: str | None = None
    application: str = ""
    own: bool = True
    methods: tuple[str, ...] | None = None
    rows: RouteRows | None = None
    no_rows: str = ""

    @property
    def url_path(self) -> str:
        """The path for a request, an IRI as a URI; with rows, that of the first of them."""
        if self.rows is None:
            return quote(self.path, safe=_SAFE)
        values = dict(zip(self.rows.columns, self.rows.values[0], strict=True))
        return self.filled({name: quote(value, safe="") for name, value in values.items()})

    @property
    def url_template(self) -> str:
        """The path for a lab.toml: with rows, `{name}` where a row has a value."""
        if self.rows is None:
            return self.url_path
        return self.filled({name: f"{{{name}}}" for name in self.rows.columns})

    def filled(self, values: Mapping[str, str]) -> str:
        """Return the path with a text for each parameter; what is between them is encoded."""
        parts = _PARAMETER.split(self.path)  # a literal, a name, a literal, …
        literals = [quote(part, safe=_SAFE) for part in parts[::2]]
        filled = [values[name] for name in parts[1::2]]
        return "".join(map("".join, zip(literals, [*filled, ""], strict=True)))


@dataclass(frozen=True)
class WebsocketRoute:
    """A websocket route of a project; `checks_origin`: it requires an Origin header."""

    path: str
    regex: bool
    parameters: Mapping[str, str]
    checks_origin: bool
    view: str | None
    function: str
    application: str
    own: bool
    family: str

    @property
    def url_path(self) -> str:
        """The path for a request."""
        return quote(self.path, safe=_SAFE)


def read_route(kind: type[R], entry: RouteEntry) -> R:
    """Return the route of an entry in the inspector's answer, where parameters are a list."""
    parameters = {parameter["name"]: parameter["kind"] for parameter in entry["parameters"]}
    return from_json(kind, {**entry, "parameters": parameters})
