"""JSON values with one part replaced, as no version of Liveburst would write them."""

from __future__ import annotations

import random
from typing import Any

SURROGATE = "\ud800"
VALUES: list[Any] = [
    *(None, True, -1, 0, 2**63, 2**200, 1e308, "", "text", SURROGATE, "\0"),
    *([], {}, [None], [[]], {"kind": "x"}, ["a", 1], {"": {}}, "x" * 100_000),
]


def mutated(value: Any, draws: random.Random) -> Any:
    """Return a copy of a JSON value with one part replaced or left out."""
    if not isinstance(value, dict | list) or not value or draws.random() < 0.1:
        return draws.choice(VALUES)
    copy: Any = value.copy()
    keys = list(copy) if isinstance(copy, dict) else list(range(len(copy)))
    key = draws.choice(keys)
    if draws.random() < 0.1:
        del copy[key]
    else:
        copy[key] = mutated(copy[key], draws)
    return copy
