"""The files of variables that a project keeps beside its code, `.env` by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

# NAME=value, a value in quotes may go over several lines; what follows ` #` is a comment.
_ENTRY = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][\w.-]*)[ \t]*=[ \t]*
    (?:'(?P<single>[^']*)'|"(?P<double>(?:[^"\\]|\\.)*)"|(?P<plain>[^\r\n]*?))
    [ \t]*(?:(?<=\s)\#[^\r\n]*)?\r?$""",
    re.MULTILINE | re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_REFERENCE = re.compile(r"\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}")


def read_env_file(file: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a file; `${NAME}` is an earlier one, or one of `environment`.

    Raises OSError if it cannot be read, ValueError if it is not UTF-8.
    """
    found: dict[str, str] = {}
    for name, value, is_literal in _entries(file.read_text(encoding="utf-8")):
        found[name] = value if is_literal else _filled_in(value, {**found, **environment})
    return found


def _entries(text: str) -> Iterator[tuple[str, str, bool]]:
    """Each name with its value, and whether `${NAME}` in it stands for itself."""
    for entry in _ENTRY.finditer(text):
        if entry["single"] is not None:
            yield entry["name"], entry["single"], True
        elif entry["double"] is not None:
            value = _ESCAPED.sub(lambda one: _ESCAPES.get(one[1], one[1]), entry["double"])
            yield entry["name"], value, False
        else:
            yield entry["name"], entry["plain"], False


def _filled_in(value: str, variables: Mapping[str, str]) -> str:
    return _REFERENCE.sub(lambda one: variables.get(one[1]) or one[2] or "", value)
