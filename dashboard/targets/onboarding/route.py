"""A project's routes as the inspector reports them. Plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

from dashboard.wire.codec import from_json

from .inspector_answer import RouteEntry

R = TypeVar("R")

# Those that Django's own `reverse` leaves: RFC 3986's sub-delims, and what else a path may contain.
_SAFE = "/~:@!$&'()*+,;="


@dataclass(frozen=True)
class Route:
    """A path of a project, and what is known of its view without calling it.

    `path` is the pattern as text; `regex`: a regular expression is left in it. `parameters` are
    the names in the path with their converters: `{"pk": "int"}`. `view` is `module:name` of the
    code as written, None if no name leads to it; `module` and `function` are its names in any
    case. `callable_id` is equal for patterns of the same callable with the same arguments.
    `application` is the package of the code, `own`: it is the project's. `methods` are those that
    the view answers, None if unknown from its code; `reads`: GET is one of them as far as is
    known. `login`: it requires a login. `files`: it serves files.
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

    @property
    def url_path(self) -> str:
        """The path for a request: an IRI as a URI, without `{…}` for lab.toml to fill in."""
        return quote(self.path, safe=_SAFE)


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
