"""Finds the model that a route's parameters identify; part of the inspector.

Standard library and the project's own Django, Python 3.9. Of a class it takes what the class names
(`model`, `queryset`, `slug_field`, `lookup_field`, a serializer's model); of a function, the
names of its parameters and of itself, and the parts of the path in front of a parameter.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

from liveburst_layers import innermost
from liveburst_views import get_operation, view_class

KEYS = ("pk", "id", "uuid", "key")
SUFFIX = re.compile(r"(.+)_(pk|id|uuid|slug)")
DATE_PARTS = ("year", "month", "day")


class Unknown(Exception):
    """Why the parameters of a route get no values."""


def lookups_of(view: Any, path: str, converters: dict[str, Any]) -> tuple[Any, list[str]]:
    """Return a queryset, and for each parameter the lookup of its value. Raises Unknown."""
    names = list(converters)
    cls = view_class(view)
    special = class_lookups(cls, names)
    # A list's own model is another one than that which its parameters choose from.
    queryset = queryset_of_class(cls) if special else None
    if queryset is None:
        model = model_by_name(view, path, names)
        # The manager that the project's own code uses: it may hide rows.
        queryset = model._default_manager.all()  # noqa: SLF001 - Django documents it
    lookups = [
        special.get(name) or lookup_in(queryset.model, name, converter)
        for name, converter in converters.items()
    ]
    return queryset, lookups


# By class


def queryset_of_class(cls: Any) -> Any:
    """Return the queryset that a class names, without calling a method of it; None without."""
    queryset = getattr(cls, "queryset", None)
    if hasattr(queryset, "values_list") and hasattr(queryset, "model"):
        return queryset.all()
    meta = getattr(getattr(cls, "serializer_class", None), "Meta", None)
    for model in (getattr(cls, "model", None), getattr(meta, "model", None)):
        if is_model(model):
            return model._default_manager.all()  # noqa: SLF001 - Django documents it
    return None


def is_model(value: Any) -> bool:
    """Return True if a value is the class of a model with a table."""
    models = import_module("django.db.models")
    return isinstance(value, type) and issubclass(value, models.Model) and not meta(value).abstract


def meta(model: Any) -> Any:
    """Return what Django knows of a model."""
    return model._meta  # noqa: SLF001 - Django documents it


def class_lookups(cls: Any, names: list[str]) -> dict[str, str]:
    """Return the lookups that a generic view or one of Django REST framework gives parameters."""
    lookups = {}
    field = getattr(cls, "lookup_field", None)
    if isinstance(field, str):
        lookups[getattr(cls, "lookup_url_kwarg", None) or field] = field
    if isinstance(getattr(cls, "slug_field", None), str):
        lookups[getattr(cls, "slug_url_kwarg", "slug")] = cls.slug_field
        lookups[getattr(cls, "pk_url_kwarg", "pk")] = "pk"
    date = getattr(cls, "date_field", None)
    if isinstance(date, str):
        lookups.update({part: f"{date}__{part}" for part in DATE_PARTS})
    return {name: lookup for name, lookup in lookups.items() if name in names}


# By name


def model_by_name(view: Any, path: str, names: list[str]) -> Any:
    """Return the model that the last parameter is about, by names. Raises Unknown."""
    models = {}
    for model in import_module("django.apps").apps.get_models():
        models.setdefault(plain(model.__name__), []).append(model)
    module = module_of(view)
    for candidate in candidates(view, path, names[-1]):
        matching = models.get(candidate, [])
        near = [model for model in matching if package(model.__module__) == package(module)]
        if len(near) == 1 or len(matching) == 1:
            return (near or matching)[0]
    raise Unknown(f"no model was found for {names[-1]}")


def candidates(view: Any, path: str, name: str) -> Any:
    """Yield the possible names of a model, the likeliest first."""
    suffixed = SUFFIX.fullmatch(name)
    if suffixed:
        yield plain(suffixed[1])
    elif name not in (*KEYS, "slug"):
        yield plain(name)
    before = path[: path.rfind(f"{name}>")].rsplit("<", 1)[0]
    for segment in reversed(before.split("/")):
        if segment and "<" not in segment:
            yield from singulars(segment)
    words = function_name(view).split("_")
    for end in range(len(words), 0, -1):
        yield from singulars("_".join(words[:end]))
    for start in range(1, len(words)):
        yield from singulars("_".join(words[start:]))


def singulars(word: str) -> Any:
    """Yield a word, and what may be its singular."""
    text = plain(word)
    yield text
    if text.endswith("ies"):
        yield text[:-3] + "y"
    if text.endswith("es"):
        yield text[:-2]
    if text.endswith("s"):
        yield text[:-1]


def plain(name: str) -> str:
    """Return a name without what distinguishes `OrderItem` from `order_items`."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def package(module: str) -> str:
    """Return the package of a module: of `shop.views.detail`, `shop`."""
    return module.rpartition(".views")[0] or module.rpartition(".")[0]


def code_of(view: Any) -> Any:
    """Return the class or function as it was written; of django-ninja, its operation's function."""
    operation = get_operation(view)
    if operation is not None:
        return innermost(operation.view_func)
    return view_class(view) or innermost(view)


def module_of(view: Any) -> str:
    """Return the module of a view's code."""
    return str(getattr(code_of(view), "__module__", ""))


def function_name(view: Any) -> str:
    """Return the name of a view's code in lower case, with `_` between its words."""
    name = str(getattr(code_of(view), "__name__", ""))
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


# Lookups


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
