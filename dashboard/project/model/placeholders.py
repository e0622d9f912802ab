"""`{env:NAME}` in header, cookie and body values: filled in from the environment, when firing.

What is stored, shown and exported has the name; the value is only in what goes to the engine,
and is masked in whatever the target tells of it (`masking`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from dashboard.project.secrets.masking import remember_variable
from dashboard.wire.errors import TargetFailed
from dashboard.wire.request_mode import Manner

from .scenario import Variant

_REFERENCE = re.compile(r"\{env:([A-Za-z_]\w*)\}")
# What was meant to be one: GraphQL's `{env: "prod"}`, with a quote in it, was not.
_MALFORMED = re.compile(r"""\{env:(?![A-Za-z_]\w*\})[^"'{}]*(?:\}|$)""")
EXPECTED = "{env:NAME}, the name of letters, digits and _"


def fill_in(text: str, *, one_line: bool = False) -> str:
    """Return the text with the values of the variables that it refers to.

    Raises TargetFailed, naming the variable and never its value, where one is not set or empty
    or, with `one_line`, holds what no header can carry.
    """

    def value_of(found: re.Match[str]) -> str:
        value = value_in_environment(found[1])
        if not value:
            raise TargetFailed(f"expected {found[1]} in the environment, found none")
        if one_line and not value.isprintable():
            raise TargetFailed(f"{found[1]}: expected a value that a header can carry")
        return value

    return _REFERENCE.sub(value_of, text)


def with_filled_rows(manner: Manner) -> Manner:
    """Return it with the bodies of its rows filled in."""
    if not manner.rows:
        return manner
    return replace(manner, rows=tuple((path, fill_in(body)) for path, body in manner.rows))


def value_in_environment(name: str) -> str:
    """Return a variable's value, from now on masked in what targets tell; empty for none."""
    value = os.environ.get(name, "")
    remember_variable(name, value)
    return value


def malformed(text: str) -> str:
    """Return what looks like a reference in a text and is none; empty where there is nothing."""
    found = _MALFORMED.search(text)
    return found[0] if found else ""


def variable_problems(variant: Variant) -> list[str]:
    """Say which variables a variant refers to that are not set, or that no header can carry."""
    in_head = _names(value for _, value in (*variant.headers, *variant.cookies))
    names = in_head | _names(_bodies(variant))
    said = []
    if missing := [name for name in names if not value_in_environment(name)]:
        said.append(f"{expected_in_environment(missing)}, for {{env:{missing[0]}}}")
    said += [
        f"{name}: expected a value that a header can carry"
        for name in in_head
        if not value_in_environment(name).isprintable()
    ]
    return said


def expected_in_environment(names: Iterable[str]) -> str:
    """Say that variables are missing, all of them at once."""
    return f"expected {' and '.join(names)} in the environment"


def _names(texts: Iterable[str]) -> dict[str, None]:
    """Return each name once, in the order in which they are referred to."""
    return dict.fromkeys(name for text in texts for name in _REFERENCE.findall(text))


def _bodies(variant: Variant) -> Iterator[str]:
    """Yield the body, and what rows bring to it."""
    yield variant.body
    for name in variant.rows[0] if variant.rows else ():
        if f"{{{name}}}" in variant.body:
            yield from (row[name] for row in variant.rows)
