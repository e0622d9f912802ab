"""`{env:NAME}` in header, cookie and body values: filled in from the environment, when firing.

What is stored, shown and exported has the name; the value is only in what goes to the engine.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace

from dashboard.wire.errors import TargetFailed
from dashboard.wire.manner import Manner

from .scenario import Variant

_REFERENCE = re.compile(r"\{env:([A-Za-z_]\w*)\}")


def filled(text: str, *, one_line: bool = False) -> str:
    """Return the text with the values of the variables that it refers to.

    Raises TargetFailed, naming the variable and never its value, where one is not set or, with
    `one_line`, holds what no header can carry.
    """

    def value_of(found: re.Match[str]) -> str:
        value = os.environ.get(found[1])
        if value is None:
            raise TargetFailed(f"expected {found[1]} in the environment, found none")
        if one_line and not value.isprintable():
            raise TargetFailed(f"{found[1]}: expected a value that a header can carry")
        return value

    return _REFERENCE.sub(value_of, text)


def filled_manner(manner: Manner) -> Manner:
    """Return it with the bodies of its rows filled in."""
    if not manner.rows:
        return manner
    return replace(manner, rows=tuple((path, filled(body)) for path, body in manner.rows))


def missing_variable(variant: Variant) -> str:
    """Say which variable a variant refers to that is not set; empty where all are."""
    texts = [variant.body, *(value for _, value in (*variant.headers, *variant.cookies))]
    names = dict.fromkeys(name for text in texts for name in _REFERENCE.findall(text))
    missing = [name for name in names if name not in os.environ]
    if not missing:
        return ""
    return f"expected {' and '.join(missing)} in the environment, for {{env:{missing[0]}}}"
