"""From TOML to tables: pydantic finds what is wrong, this says it in our words and places."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from .problems import Problems, kind, shown
from .tables import File, Table
from .values import EXPECTED, SECRET, Expected

_OF_A_KEY = "[key]"  # the last part of an error's place if a key is wrong, and not its value


def read_file(data: dict[str, Any], problems: Problems) -> File:
    """Return the tables of a file, with a stand-in for each value that is wrong.

    So the checks between tables can add their problems to those that are found here. What is
    wrong is taken out of `data`.
    """
    while True:
        try:
            return File.model_validate(data)
        except ValidationError as error:
            for details in error.errors(include_url=False):
                _report(details, problems, data)


def _report(error: ErrorDetails, problems: Problems, data: dict[str, Any]) -> None:
    place = [str(part) for part in error["loc"] if part != _OF_A_KEY]
    *tables, key = place
    field = _fields_of(tables).get(key)
    here = problems.at(*place)
    match error["type"]:
        case "missing":
            here.add(f"expected {_words(field)}, found none")
        case "extra_forbidden":
            here.add(f"unknown key; {_meant(key, _fields_of(tables))}")
        case t if t == SECRET:
            here.add(f"expected {error['msg']}, found {kind(error['input'])}")
        case t if t == EXPECTED:
            here.add(f"expected {error['msg']}, found {shown(error['input'])}")
        case _:
            here.add(f"expected a table, found {kind(error['input'])}")
    _mend(data, tables, key, _stand_in(field) if error["type"] == "missing" else None)


def _mend(data: Any, tables: Sequence[str], key: str, stand_in: Any) -> None:
    """Put a stand-in into a table, or take out what is wrong: it is optional, or missing next."""
    for name in tables:
        data = data.get(name, {})
    if stand_in is None:
        data.pop(key, None)
    else:
        data[key] = stand_in


def _stand_in(field: FieldInfo | None) -> Any:
    return field.examples[0] if field and field.examples else {}


def _words(field: FieldInfo | None) -> str:
    expected = [one for one in (field.metadata if field else ()) if isinstance(one, Expected)]
    return expected[0].words if expected else "a table"


def _meant(key: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    return f"did you mean {near[0]}?" if near else f"expected one of {', '.join(sorted(known))}"


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
