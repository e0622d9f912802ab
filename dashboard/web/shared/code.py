"""The highlighted source code of a scenario's variants.

The project is never imported: only files below the directory that its lab.toml names are read and
parsed.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from django.utils.safestring import SafeString, mark_safe
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from dashboard.project.model.scenario import MixPart, Variant
from dashboard.project.project import Project
from dashboard.wire.plural import counted

MAX_FILE_BYTES = 500_000
MAX_LINES = 150
MAX_VIEWS = 6  # of a mix
# The classes of Pygments' HTML that static/css/code.css has a rule for. Spans of others are left
# out: they were half of a listing.
STYLED = "k|kn|kc|kd|ow|nd|s|s1|s2|sa|si|se|mi|mf|mh|c|c1|sd|nf|nc"
_UNSTYLED = re.compile(rf'<span class="(?!(?:{STYLED})")\w+">([^<]*)</span>')
DOCSTRING = 'class="sd"'  # in Pygments' HTML; a different docstring is no difference in behaviour
# Linter comments are removed, but the reason after their dash stays.
LINTER_COMMENT = re.compile(r"  # (?:noqa|type: ignore)\b[^\n]*?(?: - (?P<why>.*))?$", re.MULTILINE)

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class NoCode(Exception):
    """There is no code to show; the message is the reason."""


@dataclass(frozen=True)
class Line:
    """A highlighted line; `differs` from the variant that it is compared with."""

    html: SafeString
    differs: bool


@dataclass(frozen=True)
class Listing:
    """A variant's code from the source that `place` names; without lines, `why` has the reason."""

    variant: str
    family: str
    place: str
    lines: tuple[Line, ...]
    why: str = ""


def code_of(project: Project, scenario: str, lanes: Sequence[str]) -> list[Listing]:
    """Return the code of the lanes' variants, each once, without variants that no longer exist."""
    variants = project.scenarios[scenario].variants if scenario in project.scenarios else {}
    names = dict.fromkeys(lane.partition("@")[0] for lane in lanes)
    chosen = [variants[name] for name in names if name in variants]
    views = [part for variant in chosen for part in variant.mix]
    return _of_mix(project, views) if views else listings(project, chosen)


def _of_mix(project: Project, views: Sequence[MixPart]) -> list[Listing]:
    """Return the code of the views that are requested most; being other work, none is compared."""
    most = sorted(views, key=lambda view: -view.weight)[:MAX_VIEWS]
    variants = [replace(view.variant, name=view.name) for view in most]
    return [listing for variant in variants for listing in listings(project, [variant])]


def listings(project: Project, variants: Sequence[Variant]) -> list[Listing]:
    """Return the code of each variant; lines that differ from the first one are marked.

    The first one is compared with the second.
    """
    sources = [_source(project, variant) for variant in variants]
    listings = []
    for position, (variant, source) in enumerate(zip(variants, sources, strict=True)):
        other = sources[1:2] if position == 0 else sources[:1]
        against = other[0] if other and not isinstance(other[0], NoCode) else None
        listings.append(_listing(variant, source, against))
    return listings


def _source(project: Project, variant: Variant) -> str | NoCode:
    if variant.source is None:
        return NoCode("The lab.toml names no source for this variant.")
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
        for number, line in enumerate(highlighted(source))
    )
    return Listing(variant.name, variant.family, place, marked)


def _differing(lines: Sequence[str], against: Sequence[str]) -> set[int]:
    """Return the numbers of the lines that `against` lacks; blank lines never differ."""
    matcher = difflib.SequenceMatcher(None, against, lines, autojunk=False)
    return {
        number
        for tag, _, _, begin, end in matcher.get_opcodes()
        if tag != "equal"
        for number in range(begin, end)
        if lines[number].strip()
    }


@lru_cache(maxsize=256)
def highlighted(source: str) -> tuple[SafeString, ...]:
    """Return each line as HTML with Pygments' short classes; no span crosses a line's end.

    Kept, since most pages show code and its source hardly ever changes.
    """
    html = highlight(source, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True))
    lines = _UNSTYLED.sub(r"\1", html).splitlines()
    # Escaped by the formatter.
    return tuple(mark_safe(line) for line in lines)  # nosec B308, B703 # noqa: S308


def source_of(directory: Path, name: str) -> str:
    """Return the code of `module:function` and of all that it uses from its own module.

    Raises NoCode if the file or function is missing, outside of the directory, too large or not
    Python.
    """
    module, _, function = name.partition(":")
    path = _path(directory, module)
    try:
        return _source_in(path, path.stat().st_mtime_ns, function)
    except OSError as error:
        raise NoCode(f"{module} cannot be read: {error.strerror}.") from None


def _path(directory: Path, module: str) -> Path:
    """Return the module's file. Raises NoCode if a symbolic link leads out of the directory."""
    stem = directory.joinpath(*module.split("."))
    for path in (stem.with_name(f"{stem.name}.py"), stem / "__init__.py"):
        if path.is_file():
            if path.resolve().is_relative_to(directory.resolve()):
                return path
            raise NoCode(f"{module} is outside of the project's directory.")
    raise NoCode(f"{module} has no file in the project's directory.")


@lru_cache(maxsize=256)
def _source_in(path: Path, mtime_ns: int, function: str) -> str:
    """Read and extract; `mtime_ns` makes the cache forget older versions of the file."""
    if path.stat().st_size > MAX_FILE_BYTES:
        raise NoCode(f"{path.name} is larger than {MAX_FILE_BYTES:,} bytes.")
    try:
        text = path.read_text(encoding="utf-8")
        module = ast.parse(text)
    except (ValueError, SyntaxError, RecursionError):  # not UTF-8, or not Python
        raise NoCode(f"{path.name} is not valid Python.") from None
    definitions = {node.name: node for node in module.body if isinstance(node, Definition)}
    outermost = function.partition(".")[0]  # of a method: its class
    if outermost not in definitions:
        raise NoCode(f"{path.name} does not define {function}.")
    used = _with_helpers(definitions, outermost)
    lines = text.splitlines()
    parts = ["\n".join(_lines_of(node, lines)) for node in used]
    return _bounded(LINTER_COMMENT.sub(_reason, "\n\n\n".join(parts)))


def _with_helpers(definitions: dict[str, Definition], function: str) -> list[Definition]:
    """Return the function and, recursively, the definitions that it uses, in file order."""
    wanted: set[str] = set()
    pending = [function]
    while pending:
        name = pending.pop()
        wanted.add(name)
        used = {node.id for node in ast.walk(definitions[name]) if isinstance(node, ast.Name)}
        pending += sorted(used & definitions.keys() - wanted)
    return [node for name, node in definitions.items() if name in wanted]


def _lines_of(node: Definition, lines: Sequence[str]) -> Sequence[str]:
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return lines[first - 1 : node.end_lineno]


def _reason(comment: re.Match[str]) -> str:
    return f"  # {comment['why']}" if comment["why"] else ""


def _bounded(source: str) -> str:
    lines = source.splitlines()
    if len(lines) <= MAX_LINES:
        return source
    return "\n".join([*lines[:MAX_LINES], f"# {counted(len(lines) - MAX_LINES, 'more line')}"])
