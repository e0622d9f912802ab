"""The code of a scenario's variants, as it stands in the project's files, highlighted.

The project is never imported: its files are read and parsed, and only those that lie under the
directory that its lab.toml names.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.utils.safestring import SafeString, mark_safe
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from dashboard.project.labtoml.load import Project, Variant
from dashboard.wire.plural import counted

MAX_FILE_BYTES = 500_000
MAX_LINES = 150
DOCSTRING = 'class="sd"'  # it says what the code does, and is no difference in what it does
# A remark to a linter says nothing to a reader; what stands behind its dash does.
FOR_A_LINTER = re.compile(r"  # (?:noqa|type: ignore)\b[^\n]*?(?: - (?P<why>.*))?$", re.MULTILINE)

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class NoCode(Exception):
    """There is nothing to show, for the reason that the message gives."""


@dataclass(frozen=True)
class Line:
    """One line, highlighted; `differs` from the variant that this one is held against."""

    html: SafeString
    differs: bool


@dataclass(frozen=True)
class Listing:
    """A variant's code. `why` there are no lines, where there are none; `place` names the file."""

    variant: str
    family: str
    place: str
    lines: tuple[Line, ...]
    why: str = ""


def code_of(project: Project, scenario: str, lanes: Sequence[str]) -> list[Listing]:
    """The code of these lanes' variants, each once; of those that the project has no more, none."""
    known = project.scenarios[scenario].variants if scenario in project.scenarios else {}
    names = dict.fromkeys(lane.partition("@")[0] for lane in lanes)
    return listings(project, [known[name] for name in names if name in known])


def listings(project: Project, variants: Sequence[Variant]) -> list[Listing]:
    """The code of each, with the lines marked that differ from the first (its own: the second)."""
    sources = [_source(project, variant) for variant in variants]
    found = []
    for position, (variant, source) in enumerate(zip(variants, sources, strict=True)):
        other = sources[1:2] if position == 0 else sources[:1]
        against = other[0] if other and not isinstance(other[0], NoCode) else None
        found.append(_listing(variant, source, against))
    return found


def _source(project: Project, variant: Variant) -> str | NoCode:
    if variant.source is None:
        return NoCode("The lab.toml names no source for it.")
    try:
        return source_of(project.directory, variant.source)
    except NoCode as why:
        return why


def _listing(variant: Variant, source: str | NoCode, against: str | None) -> Listing:
    place = variant.source or ""
    if isinstance(source, NoCode):
        return Listing(variant.name, variant.family, place, (), str(source))
    lines = source.splitlines()
    differing = _differing(lines, lines if against is None else against.splitlines())
    marked = tuple(
        Line(line, number in differing and DOCSTRING not in line)
        for number, line in enumerate(_highlighted(source))
    )
    return Listing(variant.name, variant.family, place, marked)


def _differing(lines: Sequence[str], against: Sequence[str]) -> set[int]:
    """The numbers of the lines that are not in the other; blank ones never differ."""
    matcher = difflib.SequenceMatcher(None, against, lines, autojunk=False)
    return {
        number
        for what, _, _, begin, end in matcher.get_opcodes()
        if what != "equal"
        for number in range(begin, end)
        if lines[number].strip()
    }


def _highlighted(source: str) -> Iterator[SafeString]:
    """Each line as HTML: spans with Pygments' short classes, none of them across a line's end."""
    lexer, formatter = PythonLexer(stripnl=False), HtmlFormatter(nowrap=True)
    for line in highlight(source, lexer, formatter).splitlines():
        yield mark_safe(line)  # noqa: S308 - the formatter escapes what it is given


def source_of(directory: Path, name: str) -> str:
    """The code of `module:function` in a project's directory, with what it uses of its module.

    Raises NoCode where there is none: no such file or function, outside of the directory, too
    large, or not Python.
    """
    module, _, function = name.partition(":")
    path = _path(directory, module)
    try:
        return _source_in(path, path.stat().st_mtime_ns, function)
    except OSError as error:
        raise NoCode(f"{module} cannot be read: {error.strerror}.") from None


def _path(directory: Path, module: str) -> Path:
    """The module's file, which lies under the directory even where a link leads out of it."""
    stem = directory.joinpath(*module.split("."))
    for path in (stem.with_name(f"{stem.name}.py"), stem / "__init__.py"):
        if path.is_file():
            if path.resolve().is_relative_to(directory.resolve()):
                return path
            raise NoCode(f"{module} lies outside of the project's directory.")
    raise NoCode(f"{module} is no file of the project's directory.")


@lru_cache(maxsize=256)
def _source_in(path: Path, mtime_ns: int, function: str) -> str:
    """`mtime_ns` is there to forget what was read of an older file."""
    if path.stat().st_size > MAX_FILE_BYTES:
        raise NoCode(f"{path.name} is larger than {MAX_FILE_BYTES:,} bytes.")
    try:
        text = path.read_text(encoding="utf-8")
        module = ast.parse(text)
    except (ValueError, SyntaxError, RecursionError):  # not UTF-8, or not Python
        raise NoCode(f"{path.name} is no Python that can be read.") from None
    every = {node.name: node for node in module.body if isinstance(node, Definition)}
    outermost = function.partition(".")[0]  # of a method: its class
    if outermost not in every:
        raise NoCode(f"{path.name} defines no {function}.")
    wanted = _with_helpers(every, outermost)
    lines = text.splitlines()
    parts = ["\n".join(_lines_of(node, lines)) for node in wanted]
    return _bounded(FOR_A_LINTER.sub(_what_it_explains, "\n\n\n".join(parts)))


def _with_helpers(every: dict[str, Definition], function: str) -> list[Definition]:
    """The function and what it uses of its own module, and so on, in the order of the file."""
    wanted: set[str] = set()
    left = [function]
    while left:
        name = left.pop()
        wanted.add(name)
        used = {node.id for node in ast.walk(every[name]) if isinstance(node, ast.Name)}
        left += sorted(used & every.keys() - wanted)
    return [node for name, node in every.items() if name in wanted]


def _lines_of(node: Definition, lines: Sequence[str]) -> Sequence[str]:
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return lines[first - 1 : node.end_lineno]


def _what_it_explains(remark: re.Match[str]) -> str:
    return f"  # {remark['why']}" if remark["why"] else ""


def _bounded(source: str) -> str:
    lines = source.splitlines()
    if len(lines) <= MAX_LINES:
        return source
    return "\n".join([*lines[:MAX_LINES], f"# {counted(len(lines) - MAX_LINES, 'more line')}"])
