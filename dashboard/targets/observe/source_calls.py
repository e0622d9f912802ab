"""The call that a line was making, as its source has it."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MOST_CHARACTERS = 80
MOST_LINES = 40  # of one expression
MOST_BYTES = 2 * 1024 * 1024  # of one file
ELIDED = "…"
_WITH = re.compile(rb"\bwith\s+\(?\s*$")
_FOR = re.compile(rb"\bin\s+\(?\s*$")
# They make a call only where it has a frame of its own: a property, a query that is iterated.
_QUIET = ("LOAD_ATTR", "LOAD_METHOD", "GET_ITER", "FOR_ITER")


@dataclass(frozen=True)
class Expression:
    """Where the expression of an instruction is: lines from 1, columns in bytes from 0."""

    instruction: str
    first_line: int
    last_line: int
    begin: int
    end: int

    @property
    def calls_only_what_has_a_frame(self) -> bool:
        """True if this is no call as the innermost instruction of a stack."""
        return self.instruction in _QUIET


class Sources:
    """The files below a directory, each read once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory.resolve()
        self._files: dict[str, Sequence[bytes]] = {}

    def call(self, path: str, expression: Expression) -> str:
        """Return the call of an expression without its arguments; empty if it is none."""
        if path not in self._files:
            self._files[path] = self._read(path)
        return call_in(self._files[path], expression)

    def _read(self, path: str) -> Sequence[bytes]:
        try:
            file = (self._directory / path).resolve()
            if not file.is_relative_to(self._directory) or file.stat().st_size > MOST_BYTES:
                return ()
            return file.read_bytes().splitlines()
        except (OSError, ValueError):
            return ()


def call_in(lines: Sequence[bytes], expression: Expression) -> str:
    """Return the call that an instruction makes: `requests.get`, `with lock`, `for … in orders`."""
    source = _source(lines, expression)
    node = None if source is None else _parsed(source)
    if node is None:
        return ""
    before = lines[expression.first_line - 1][: expression.begin]
    instruction = expression.instruction
    if isinstance(node, ast.Await):
        node = node.value
    if _WITH.search(before) and "CALL" not in instruction:
        text = f"with {_name(node)}"
    elif instruction.endswith("_ITER") and _FOR.search(before):
        text = f"for {ELIDED} in {_name(node)}"
    elif isinstance(node, ast.Call):
        text = _name(node.func)
    elif isinstance(node, ast.Attribute) and instruction in _QUIET:
        text = _name(node)
    else:
        return ""
    return text if len(text) <= MOST_CHARACTERS else ELIDED + text[-MOST_CHARACTERS:]


def _source(lines: Sequence[bytes], expression: Expression) -> str | None:
    """Return the text of an expression; None if the file is too short for it."""
    first, last = expression.first_line, expression.last_line
    if not 1 <= first <= last <= min(len(lines), first + MOST_LINES):
        return None
    part = list(lines[first - 1 : last])
    part[-1] = part[-1][: expression.end]
    part[0] = part[0][expression.begin :]
    return b"\n".join(part).decode("utf-8", "replace")


def _parsed(source: str) -> ast.expr | None:
    """Return the expression; None if it is none, or cannot be read."""
    try:
        return ast.parse(f"({source}\n)", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _name(node: ast.expr) -> str:
    """Return the text of a call's function; what is in brackets, and literals, are left out."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            return f"{_name(value)}.{name}"
        case ast.Call(func=function):
            return f"{_name(function)}({ELIDED})"
        case ast.Subscript(value=value):
            return f"{_name(value)}[{ELIDED}]"
        case ast.Await(value=value):
            return _name(value)
    return ELIDED


def read_expression(written: Sequence[object]) -> Expression | None:
    """Return an expression as the sampler writes it; None for an empty one, or another form."""
    match written:
        case [str(name), int(first), int(last), int(begin), int(end)]:
            return Expression(name, first, last, begin, end)
    return None
