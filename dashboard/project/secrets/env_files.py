"""The files in which a project keeps environment variables: `.env` and others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

# NAME=value; a quoted value may span lines; what follows ` #` is a comment.
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
    """Return the variables in a file; `${NAME}` refers to an earlier one, or to `environment`.

    Raises OSError if it cannot be read, ValueError if it is not UTF-8.
    """
    variables: dict[str, str] = {}
    for name, value, is_literal in _entries(file.read_text(encoding="utf-8")):
        variables[name] = value if is_literal else _expanded(value, {**variables, **environment})
    return variables


def _entries(text: str) -> Iterator[tuple[str, str, bool]]:
    """Yield each name with its value, and whether `${NAME}` in it is to be taken literally."""
    for entry in _ENTRY.finditer(text):
        if entry["single"] is not None:
            yield entry["name"], entry["single"], True
        elif entry["double"] is not None:
            value = _ESCAPED.sub(lambda match: _ESCAPES.get(match[1], match[1]), entry["double"])
            yield entry["name"], value, False
        else:
            yield entry["name"], entry["plain"], False


def _expanded(value: str, variables: Mapping[str, str]) -> str:
    return _REFERENCE.sub(lambda match: variables.get(match[1]) or match[2] or "", value)
