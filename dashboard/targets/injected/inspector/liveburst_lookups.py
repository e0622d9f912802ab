"""Finds the field of a model that a parameter of a route is; part of the inspector.

Standard library and the project's own Django, Python 3.9.
"""

from __future__ import annotations

import re
from typing import Any

SUFFIX = re.compile(r"(.+)_(pk|id|uuid|slug)")
DATE_PARTS = ("year", "month", "day")


class Unknown(Exception):
    """Why the parameters of a route get no values."""


def lookup_in(model: Any, name: str, converter: Any) -> str:
    """Return the lookup on a model of a parameter's value. Raises Unknown."""
    if name in ("pk", "id"):
        return "pk"
    fields = {field.name: field for field in meta(model).get_fields() if is_own_column(field)}
    if name in fields:
        return of_relation(fields[name], converter)
    suffixed = SUFFIX.fullmatch(name)
    if suffixed:
        owner, kind = suffixed.groups()
        key = "pk" if kind in ("pk", "id") else kind
        if plain(owner) == plain(model.__name__):
            return existing(model, key, name)
        if owner in fields and fields[owner].is_relation:
            return f"{owner}__{existing(fields[owner].related_model, key, name)}"
    if name in DATE_PARTS:
        return f"{date_field(fields, model)}__{name}"
    if plain(name) == plain(model.__name__):
        return of_model(model, converter)
    raise Unknown(f"{model.__name__} has no field for {name}")


def is_own_column(field: Any) -> bool:
    """Return True if a field is a column of the model itself, or a key to another."""
    return bool(getattr(field, "concrete", False)) and not getattr(field, "many_to_many", False)


def of_relation(field: Any, converter: Any) -> str:
    """Return the lookup of a field; of a key to another model, that of the model's value."""
    if not field.is_relation:
        return str(field.name)
    return f"{field.name}__{of_model(field.related_model, converter)}"


def of_model(model: Any, converter: Any) -> str:
    """Return what identifies a model in a path: its slug where the converter takes one."""
    names = {field.name for field in meta(model).get_fields()}
    takes_numbers = type(converter).__name__ in ("IntConverter", "UUIDConverter")
    return "slug" if "slug" in names and not takes_numbers else "pk"


def existing(model: Any, key: str, name: str) -> str:
    """Return `key` if the model has it. Raises Unknown."""
    if key == "pk" or any(field.name == key for field in meta(model).get_fields()):
        return key
    raise Unknown(f"{model.__name__} has no field for {name}")


def date_field(fields: dict[str, Any], model: Any) -> str:
    """Return the model's only date that a project enters. Raises Unknown."""
    dates = [
        name
        for name, field in fields.items()
        if "Date" in field.get_internal_type() and not getattr(field, "auto_now", False)
    ]
    if len(dates) != 1:
        raise Unknown(f"{model.__name__} has {len(dates)} dates")
    return dates[0]


def meta(model: Any) -> Any:
    """Return what Django knows of a model."""
    return model._meta  # noqa: SLF001 - Django documents it


def plain(name: str) -> str:
    """Return a name without what distinguishes `OrderItem` from `order_items`."""
    return re.sub(r"[^a-z0-9]", "", name.lower())
