"""From TOML to tables: pydantic validates, and its errors become problems in our words."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from . import values as v
from .problems import Problems, kind, shown
from .tables import File, Table
from .toml_text import TomlTable

_KEY_ITSELF = "[key]"  # ends pydantic's place of a key that is wrong itself, not its value


def read_file(data: TomlTable, problems: Problems) -> File:
    """Return the tables of a file, with a stand-in for each value that is wrong.

    Thus the checks between tables can add their problems to those found here, and all are
    reported at once. `data` is changed: wrong values are removed or replaced.
    """
    while True:
        try:
            return File.model_validate(data)
        except ValidationError as error:
            for details in error.errors(include_url=False):
                _report(details, problems, data)


def _report(error: ErrorDetails, problems: Problems, data: TomlTable) -> None:
    """Add the problem, and mend the data so that the next attempt gets past it.

    A wrong value is removed. If its key is required it is missing next, and then replaced.
    """
    place = [str(part) for part in error["loc"]]
    if place[-2:] == [error["input"], _KEY_ITSELF]:
        place.pop()
    *tables, key = place
    fields = _fields_of(tables)
    problems.at(*place).add(_message(error, key, fields))
    table: TomlTable = data
    for name in tables:
        table = table.get(name, {})
    if error["type"] == "missing":
        table[key] = (fields[key].examples or [{}])[0]
    else:
        table.pop(key, None)


def _message(error: ErrorDetails, key: str, fields: dict[str, FieldInfo]) -> str:
    value = error["input"]
    match error["type"]:
        case "missing":
            expected = (item.words for item in fields[key].metadata if isinstance(item, v.Expected))
            return f"expected {next(expected, 'a table')}, found none"
        case "extra_forbidden":
            near = difflib.get_close_matches(key, fields, n=1)
            hint = f"did you mean {near[0]}?" if near else f"expected one of {_listed(fields)}"
            return f"unknown key; {hint}"
        case v.SECRET:
            return f"expected {error['msg']}, found {kind(value)}"
        case v.EXPECTED:
            return f"expected {error['msg']}, found {shown(value)}"
    return f"expected a table, found {kind(value)}"


def _listed(keys: Iterable[str]) -> str:
    return ", ".join(sorted(keys))


def _fields_of(place: Iterable[str]) -> dict[str, FieldInfo]:
    """Return the keys that the table at a place may have; none for a table of names."""
    annotation: Any = File
    for name in place:
        if get_origin(annotation) is dict:
            annotation = get_args(annotation)[1]
        else:
            annotation = _table_in(annotation).model_fields[name].annotation
    return {} if get_origin(annotation) is dict else dict(_table_in(annotation).model_fields)


def _table_in(annotation: Any) -> type[Table]:
    """Return the class in an annotation like `Login | None`."""
    kinds = (annotation, *get_args(annotation))
    return next(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Table))
