"""From the text of a lab.toml to values, within bounds: no text exhausts memory, time or stack.

tomllib takes memory that grows with the square of a dotted key's length (200 kB of `a.a.a…` ask for
40 GB), and fails by RecursionError where arrays or tables are nested deeply.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, TypeAlias

# A table as a file has it: whatever its author wrote, until `reading.py` has checked it.
TomlTable: TypeAlias = dict[str, Any]

MOST_BYTES: Final = 2**20
MOST_LEVELS: Final = 32  # tables and lists inside each other; a lab.toml has 6
_WHOLE_NUMBERS: Final = range(-(2**63), 2**63)  # what TOML guarantees
_TOO_DEEP: Final = f"tables or lists inside each other more than {MOST_LEVELS} levels deep"

_PART = r"""(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""
# A key of too many parts, where a key may be: in a line of its own or in a table within a line.
_LONG_KEY = re.compile(
    rf"(?:^|[\[{{,])[ \t]*+{_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{MOST_LEVELS}}}", re.MULTILINE
)


def read_toml(path: Path) -> TomlTable:
    """Return the values in a file. Raises OSError, or ValueError with what was found instead."""
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)  # a device has no end
    if len(data) > MOST_BYTES:
        raise ValueError(f"more than {MOST_BYTES:,} bytes")
    return parse_toml(data.decode())


def parse_toml(text: str) -> TomlTable:
    """Return the values in a text. Raises ValueError with what was found instead."""
    if _LONG_KEY.search(text):
        raise ValueError(_TOO_DEEP)
    try:
        values = tomllib.loads(text)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    _check(values)
    return values


def _check(values: TomlTable) -> None:
    """Raise ValueError if values are nested too deeply, or have a number of more than 64 bits."""
    level: list[object] = [values]
    for _ in range(MOST_LEVELS):
        level = [inner for value in level for inner in _inside(value)]
        if any(isinstance(value, int) and value not in _WHOLE_NUMBERS for value in level):
            raise ValueError("a whole number of more than 64 bits")
    if any(isinstance(value, list | dict) for value in level):
        raise ValueError(_TOO_DEEP)


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
