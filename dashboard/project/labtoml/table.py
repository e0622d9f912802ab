"""Reading a TOML table strictly: each key is asked for once, what is left over is a problem."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Collection, Iterator
from typing import Any

from dashboard.wire.errors import Problem

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class Table:
    """One table of a file. What is wrong goes to `problems`, and a stand-in is returned.

    A caller that finds `problems` empty at the end has read only good values.
    """

    def __init__(self, data: Any, key: str, file: str, problems: list[Problem]) -> None:
        self.key, self.file, self.problems = key, file, problems
        self._asked: set[str] = set()
        self._data: dict[str, Any] = data if isinstance(data, dict) else {}
        if not isinstance(data, dict):
            self.refuse("", "a table", data)

    def refuse(self, key: str, expected: str, found: Any) -> None:
        """Note a problem with the value of `key` ("" for the table itself)."""
        self.complain(key, f"expected {expected}, found {found!r}")

    def complain(self, key: str, message: str) -> None:
        """Note a problem in words of one's own, unless this key has one already."""
        name = ".".join(part for part in (self.key, key) if part)
        field = f"{self.file}: {name}" if name else self.file
        if all(problem.field != field for problem in self.problems):
            self.problems.append(Problem(field, message))

    def has(self, key: str) -> bool:
        """Whether the key is there at all, with whatever value."""
        return key in self._data

    def known(self, key: str) -> None:
        """Note that the key may be there, though nobody asks for its value now."""
        self._asked.add(key)

    def keys(self) -> list[str]:
        """Every key that stands in the table."""
        return list(self._data)

    def _take(self, key: str, default: Any) -> Any:
        self._asked.add(key)
        if key not in self._data and default is ...:
            self.complain(key, "expected, but it is not there")
        return self._data.get(key, default)

    def text(self, key: str, *, pattern: str = ".+", expected: str = "a text") -> str:
        """A required text that matches `pattern` as a whole; `expected` says so in words."""
        return self.optional_text(key, pattern=pattern, expected=expected, default=...) or ""

    def optional_text(
        self, key: str, *, pattern: str = ".+", expected: str = "a text", default: Any = None
    ) -> str | None:
        """The same, or None where the key is missing."""
        value = self._take(key, default)
        if value is default:
            return None
        if isinstance(value, str) and re.fullmatch(pattern, value):
            return value
        self.refuse(key, expected, value)
        return None

    def number(self, key: str, default: Any = ...) -> float:
        """A finite number, required unless there is a default."""
        value = self._take(key, default)
        if is_number(value):
            return float(value)
        if value is not ...:
            self.refuse(key, "a number", value)
        return 0.0

    def bounded(self, key: str, low: float, high: float) -> float | None:
        """A number from `low` to `high`; None where the key is missing."""
        value = self._take(key, None)
        if value is None:
            return None
        if is_number(value) and low <= value <= high:
            return float(value)
        self.refuse(key, f"a number from {low:g} to {high:g}", value)
        return low

    def number_or_name(
        self, key: str, low: float, high: float, names: Collection[str]
    ) -> float | str:
        """A number above `low` and up to `high`, or one of the names in braces: '{name}'."""
        value = self._take(key, ...)
        if is_number(value) and low < value <= high:
            return float(value)
        name = value.strip("{}") if isinstance(value, str) else None
        if name in names and value == f"{{{name}}}":
            return str(name)
        if value is not ...:
            known = ", ".join(f"{{{name}}}" for name in names) or "no parameter"
            self.refuse(key, f"a number up to {high:g}, or one of {known}", value)
        return low

    def numbers(self, key: str) -> tuple[float, ...]:
        """A list of finite numbers; none where the key is missing."""
        value = self._take(key, [])
        if isinstance(value, list) and all(is_number(item) for item in value):
            return tuple(float(item) for item in value)
        self.refuse(key, "a list of numbers", value)
        return ()

    def whole(self, key: str, low: int, high: int, default: Any = ...) -> Any:
        """A whole number from `low` to `high`, or the default where the key is missing."""
        value = self._take(key, default)
        if value is default and default is not ...:
            return value
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        if value is not ...:
            self.refuse(key, f"a whole number from {low} to {high}", value)
        return low

    def texts(self, key: str, default: Any = ...) -> tuple[str, ...]:
        """A list of texts, at least one; required unless there is a default."""
        value = self._take(key, default)
        if value is default:
            return default if isinstance(default, tuple) else ()
        if _are_texts(value):
            return tuple(value)
        self.refuse(key, "a list of texts", value)
        return ()

    def text_lists(self, key: str, expected: str, default: Any = ...) -> list[list[str]]:
        """A list of lists of texts, none of them empty; required unless there is a default."""
        value = self._take(key, default)
        if value is ...:
            return []
        if isinstance(value, list) and all(_are_texts(item) for item in value):
            return value
        self.refuse(key, expected, value)
        return []

    def flag(self, key: str) -> bool:
        """True or false; false where the key is missing."""
        value = self._take(key, False)
        if not isinstance(value, bool):
            self.refuse(key, "true or false", value)
        return value is True

    def text_map(self, key: str) -> dict[str, str]:
        """A table of texts; empty where the key is missing."""
        value = self._take(key, {})
        if isinstance(value, dict) and all(isinstance(item, str) for item in value.values()):
            return value
        self.refuse(key, "a table of texts", value)
        return {}

    def number_map(self, key: str) -> dict[str, float]:
        """A table of finite numbers; empty where the key is missing."""
        value = self._take(key, {})
        if isinstance(value, dict) and all(is_number(item) for item in value.values()):
            return value
        self.refuse(key, "a table of numbers", value)
        return {}

    def table(self, key: str, default: Any = ...) -> Table:
        """A table inside this one."""
        value = self._take(key, default)
        name = ".".join(part for part in (self.key, key) if part)
        return Table({} if value is ... else value, name, self.file, self.problems)

    def tables(self, key: str, default: Any = ...) -> Iterator[tuple[str, Table]]:
        """Each table inside the table `key`, with its name; names are refused if odd."""
        outer = self.table(key, default)
        for name in outer.keys():  # noqa: SIM118 - it is no mapping
            if not NAME.fullmatch(name):
                outer.complain(name, "expected a name of letters, digits, - and _")
            yield name, outer.table(name)

    def finish(self) -> None:
        """Refuse every key that nobody asked for, with the one that was probably meant."""
        for key in self._data.keys() - self._asked:
            near = difflib.get_close_matches(key, self._asked, n=1)
            meant = f"did you mean {near[0]}?" if near else f"expected {_listed(self._asked)}"
            self.complain(key, f"unknown key; {meant}")


def is_number(value: Any) -> bool:
    """Whether a TOML value is a finite number (and not true or false)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and value != [] and all(isinstance(item, str) for item in value)


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))
