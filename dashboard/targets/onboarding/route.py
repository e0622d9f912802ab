"""A stranger's routes as the inspector tells them. Plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

# As Django's own `reverse` does it: RFC 3986's sub-delims and what else a path may hold.
_SAFE = "/~:@!$&'()*+,;="


@dataclass(frozen=True)
class Route:
    """A path of a project and what can be told of its view without calling it.

    `path` is the pattern as text, `regex` says that a regular expression is left in it.
    `parameters` are the names in the path and their converters: `{"pk": "int"}`. `view` is
    `module:name` of the code that a person wrote, None where no name leads to it; `module` and
    `function` are what it is called in any case. `callable_id` is alike for patterns that lead
    to the very same callable with the same arguments. `application` is whose the code is, and
    `own` whether it is the project's. `methods` are those that it answers, None where its code
    does not say; `reads`: GET is among them as far as one can see. `login`: it lets nobody in
    who is not logged in. `files`: it serves files.
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

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Route:
        """A route as the inspector says it."""
        methods = said["methods"]
        return cls(
            **{
                **said,
                "parameters": _parameters(said),
                "methods": None if methods is None else tuple(methods),
            }
        )

    @property
    def url_path(self) -> str:
        """The path as it is asked for: an IRI as a URI, with nothing that lab.toml reads."""
        return quote(self.path, safe=_SAFE)


@dataclass(frozen=True)
class WebsocketRoute:
    """A websocket route of a project; `checks_origin`: it asks for a header Origin."""

    path: str
    regex: bool
    parameters: Mapping[str, str]
    checks_origin: bool
    view: str | None
    function: str
    application: str
    own: bool
    family: str

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> WebsocketRoute:
        """A route as the inspector says it."""
        return cls(**{**said, "parameters": _parameters(said)})

    @property
    def url_path(self) -> str:
        """The path as it is asked for."""
        return quote(self.path, safe=_SAFE)


def _parameters(said: Mapping[str, Any]) -> dict[str, str]:
    return {one["name"]: one["kind"] for one in said["parameters"]}
