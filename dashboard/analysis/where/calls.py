"""The call on a line, read from its source: functions in C, such as `time.sleep`, have no frame."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

BUILTINS = frozenset(dir(builtins))


class Names(NamedTuple):
    """The names called on each line of a file, and what the names that it imports are."""

    called: Mapping[int, tuple[str, ...]]
    imported: Mapping[str, str]


def call_on_line(source: str, line: int) -> str:
    """Return the name of the one call on a line, by the module it is imported from.

    Return an empty text if there is none, if there are several, or if the source is not Python.
    Calls of built-in functions count only if there is no other.
    """
    called = _names(source).called.get(line, ())
    names = list(dict.fromkeys(called))
    notable = [name for name in names if name not in BUILTINS] or names
    return imported_name(source, notable[0]) if len(notable) == 1 else ""


def imported_name(source: str, call: str) -> str:
    """Return a call by the module it is imported from: *sleep* as *time.sleep*."""
    first, dot, rest = call.partition(".")
    return _names(source).imported.get(first, first) + dot + rest


@lru_cache(maxsize=64)
def _names(source: str) -> Names:
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return Names({}, {})
    called: dict[int, tuple[str, ...]] = {}
    for node in nodes:
        if isinstance(node, ast.Call) and (name := _dotted(node.func)):
            called[node.lineno] = (*called.get(node.lineno, ()), name)
    return Names(called, {name: full for node in nodes for name, full in _imports(node)})


def _dotted(node: ast.expr) -> str:
    """Return *a.b.c*; empty for what is not a name, such as the result of another call."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _imports(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield the names that an import statement binds under another name, with what they are."""
    if isinstance(node, ast.Import):
        yield from ((alias.asname, alias.name) for alias in node.names if alias.asname)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        for alias in node.names:
            yield alias.asname or alias.name, f"{node.module}.{alias.name}"
