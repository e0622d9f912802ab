"""What is wrong with a lab.toml: one problem for each place."""

from __future__ import annotations

import re
from typing import Any

from dashboard.wire.errors import Problem
from dashboard.wire.plural import counted

LONGEST_SHOWN = 100  # characters of a value
_CREDENTIALS = re.compile("//[^/]*@")  # in a URL
_KINDS = {"str": "text", "bool": "boolean", "int": "number", "float": "number", "dict": "table"}


class Problems:
    """The problems of a file, as seen from the table or key at `key`.

    `all` is shared by everything at() returns.
    """

    def __init__(self, file: str, key: str = "", shared: list[Problem] | None = None) -> None:
        self.file, self.key = file, key
        self.all: list[Problem] = [] if shared is None else shared

    def at(self, *keys: str) -> Problems:
        """Return the same problems, as seen from a table or a key inside this one."""
        return Problems(self.file, ".".join(filter(None, [self.key, *keys])), self.all)

    def add(self, message: str) -> None:
        """Add a problem, unless there is one at this place or inside it already."""
        if not self:
            self.all.append(Problem(self._field, message))

    def expected(self, words: str, value: Any) -> None:
        """Add a problem with a value that is no secret."""
        self.add(f"expected {words}, found {shown(value)}")

    def __bool__(self) -> bool:
        """Return whether there is a problem at this place or inside it."""
        inside = f"{self._field}." if self.key else self._field
        return any(
            problem.field == self._field or problem.field.startswith(inside) for problem in self.all
        )

    @property
    def _field(self) -> str:
        return f"{self.file}: {self.key}" if self.key else self.file


def shown(value: Any) -> str:
    """Return a value for an error; what may hold a secret is named by its kind."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, list | dict) or _CREDENTIALS.search(text):
        return kind(value)
    if len(text) > LONGEST_SHOWN:
        return f"{kind(value)} of {len(text):,} characters"
    return repr(value) if isinstance(value, str) else text


def kind(value: Any) -> str:
    """Return what kind of value it is, without the value."""
    if isinstance(value, list):
        return f"a list of {counted(len(value), 'item')}" if value else "an empty list"
    return f"a {_KINDS.get(type(value).__name__, 'date or time')}"
