"""`{env:NAME}` in header, cookie and body values: replaced from the environment when firing.

Stored, shown and exported texts contain the name. The value is only in what goes to the load
generator, and is masked in everything that comes back from the target (`secrets.masking`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from dashboard.project.secrets.masking import remember_variable
from dashboard.wire.errors import TargetFailed
from dashboard.wire.plan.request_mode import RequestMode

from .scenario import Variant

_REFERENCE = re.compile(r"\{env:([A-Za-z_]\w*)\}")
# Meant to be a reference. GraphQL's `{env: "prod"}`, with a quote in it, is not.
_MALFORMED = re.compile(r"""\{env:(?![A-Za-z_]\w*\})[^"'{}]*(?:\}|$)""")
EXPECTED = "{env:NAME}, the name of letters, digits and _"


def fill_in(text: str, *, one_line: bool = False) -> str:
    """Return the text with its references replaced by the values of the variables.

    Raises TargetFailed, with the variable's name but not its value, if a variable is not set, is
    empty or, with `one_line`, contains what a header cannot carry.
    """

    def value_of(reference: re.Match[str]) -> str:
        name = reference[1]
        value = value_in_environment(name)
        if not value:
            raise TargetFailed(f"expected {name} in the environment, found none")
        if one_line and not value.isprintable():
            raise TargetFailed(f"{name}: expected a value that a header can carry")
        return value

    return _REFERENCE.sub(value_of, text)


def with_filled_rows(mode: RequestMode) -> RequestMode:
    """Return the request mode with the references in the bodies of its rows replaced."""
    if not mode.rows:
        return mode
    return replace(mode, rows=tuple((path, fill_in(body)) for path, body in mode.rows))


def value_in_environment(name: str) -> str:
    """Return a variable's value, empty if not set; target output is masked for it from now on."""
    value = os.environ.get(name, "")
    remember_variable(name, value)
    return value


def malformed(text: str) -> str:
    """Return the first thing in a text that looks like a reference but is none; else empty."""
    match = _MALFORMED.search(text)
    return match[0] if match else ""


def variable_problems(variant: Variant) -> list[str]:
    """Return which of a variant's variables are not set, or cannot be carried by a header."""
    in_head = _names(value for _, value in (*variant.headers, *variant.cookies))
    names = in_head | _names(_bodies(variant))
    problems = []
    if missing := [name for name in names if not value_in_environment(name)]:
        problems.append(f"{expected_in_environment(missing)}, for {{env:{missing[0]}}}")
    problems += [
        f"{name}: expected a value that a header can carry"
        for name in in_head
        if not value_in_environment(name).isprintable()
    ]
    return problems


def expected_in_environment(names: Iterable[str]) -> str:
    """Return the words for variables that are missing, all of them at once."""
    return f"expected {' and '.join(names)} in the environment"


def _names(texts: Iterable[str]) -> dict[str, None]:
    """Return the names that texts refer to, each once, in order."""
    return dict.fromkeys(name for text in texts for name in _REFERENCE.findall(text))


def _bodies(variant: Variant) -> Iterator[str]:
    """Yield the body, and the values of the rows that go into it."""
    yield variant.body
    for name in variant.rows[0] if variant.rows else ():
        if f"{{{name}}}" in variant.body:
            yield from (row[name] for row in variant.rows)
