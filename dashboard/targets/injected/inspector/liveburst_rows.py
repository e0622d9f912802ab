"""Reads values for the parameters of routes from the project's database; part of the inspector.

Standard library and the project's own Django, Python 3.9. It runs only on request, sends nothing
but SELECT, in a connection that the database itself keeps from writing, and calls no view. Which
model a route is about: `liveburst_models.py`; which of its fields: `liveburst_lookups.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from liveburst_lookups import Unknown
from liveburst_models import lookups_of
from liveburst_routes import entries, parameters

LONGEST_VALUE = 200  # characters
# By vendor: what makes the database itself refuse to write, and end a query that takes long.
READ_ONLY = {
    "sqlite": ("PRAGMA query_only = ON",),
    "postgresql": (
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        "SET statement_timeout = 5000",
    ),
    "mysql": ("SET SESSION TRANSACTION READ ONLY",),
}


class Refused(Exception):
    """A statement that is no SELECT."""


def rows_of(resolver: Any, most: int) -> Any:
    """Yield for each route with parameters its rows, or why there are none, as plain values.

    A row has a value for each parameter, in their order, as text for a path.
    """
    met: set[str] = set()
    for path, is_regex, _, entry in entries(resolver, "/", False, ""):
        converters = converters_of(entry.pattern, path)
        if not converters or is_regex or path in met:
            continue
        met.add(path)
        try:
            rows, model = selected(entry, path, converters, most)
        except Unknown as unknown:
            yield {"path": path, "rows": [], "reason": str(unknown)}
        except Exception as error:  # a project's models and databases may raise anything
            yield {"path": path, "rows": [], "reason": f"{type(error).__name__}: {first(error)}"}
        else:
            reason = None if rows else f"{model} has no row with such values"
            yield {"path": path, "rows": rows, "reason": reason}


def first(error: BaseException) -> str:
    """Return the first line of an exception's text."""
    return (str(error).strip().splitlines() or [""])[0]


def converters_of(pattern: Any, path: str) -> dict[str, Any]:
    """Return the converter of each parameter in a path, None where only its name is known."""
    own = getattr(pattern, "converters", {})
    return {
        parameter["name"]: own.get(parameter["name"]) or converter_by_name(parameter["kind"])
        for parameter in parameters(path)
    }


def converter_by_name(kind: str) -> Any:
    """Return Django's converter of this name, None if there is none: parameters of `include()`."""
    return import_module("django.urls.converters").get_converters().get(kind)


def selected(
    entry: Any, path: str, converters: dict[str, Any], most: int
) -> tuple[list[list[str]], str]:
    """Return up to `most` rows of a route in the order of their keys, and the model's name."""
    queryset, lookups = lookups_of(entry.callback, path, converters)
    alias = queryset.db
    connection = import_module("django.db").connections[alias]
    with reading(connection):
        values = queryset.using(alias).order_by("pk").values_list(*lookups)
        chosen = [texts(row, list(converters.values())) for row in values[:most]]
    rows = [row for row in chosen if row is not None]
    return rows, str(queryset.model.__name__)


@contextmanager
def reading(connection: Any) -> Iterator[None]:
    """Have a connection only read meanwhile; close it at the end.

    Raises Unknown if connecting would create a database.
    """
    if connection.vendor == "sqlite" and not Path(str(connection.settings_dict["NAME"])).is_file():
        raise Unknown("its database does not exist")
    try:
        with connection.cursor() as cursor:
            for statement in READ_ONLY.get(connection.vendor, ()):
                cursor.execute(statement)
        with connection.execute_wrapper(refuse_writing):
            yield
    finally:
        connection.close()


def refuse_writing(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
    """Execute a SELECT; raise Refused for any other statement."""
    if many or not str(sql).lstrip(" (").upper().startswith("SELECT"):
        raise Refused("expected a SELECT")
    return execute(sql, params, many, context)


def texts(row: Any, converters: list[Any]) -> Any:
    """Return a row's values as texts for a path; None if a converter does not take one of them."""
    result = []
    for value, converter in zip(row, converters):
        text = text_of(value, converter)
        if text is None:
            return None
        result.append(text)
    return result


def text_of(value: Any, converter: Any) -> Any:
    """Return a value as the text in a path; None if it is none that leads to the view."""
    if value is None or value == "":
        return None
    text = str(value)
    if converter is not None:
        with suppress(Exception):  # a project's converter may raise anything
            text = str(converter.to_url(value))
        matches = re.fullmatch(converter.regex, text) is not None
    else:
        matches = "/" not in text
    return text if matches and len(text) <= LONGEST_VALUE and text.isprintable() else None
