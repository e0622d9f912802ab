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
from liveburst_lookups import DATE_PARTS, SUFFIX, Unknown, lookup_in, meta, plain
from liveburst_views import get_operation, view_class

KEYS = ("pk", "id", "uuid", "key")


def lookups_of(view: Any, path: str, converters: dict[str, Any]) -> tuple[Any, list[str]]:
    """Return a queryset, and for each parameter the lookup of its value. Raises Unknown."""
    names = list(converters)
    cls = view_class(view)
    special = class_lookups(cls, names)
    # A list's own model is another one than that which its parameters choose from.
    queryset = queryset_of_class(cls) if special else None
    if queryset is None:  # not its truth value, which would query the database
        queryset = queryset_by_name(view, path, names)
    lookups = [
        special.get(name) or lookup_in(queryset.model, name, converter)
        for name, converter in converters.items()
    ]
    return queryset, lookups


def queryset_by_name(view: Any, path: str, names: list[str]) -> Any:
    """Return the rows of the model that names lead to, by its default manager. Raises Unknown.

    That is the one that the project's own code uses: it may hide rows.
    """
    return model_by_name(view, path, names)._default_manager.all()  # noqa: SLF001 - documented


# By class


def queryset_of_class(cls: Any) -> Any:
    """Return the queryset that a class names, without calling a method of it; None without."""
    queryset: Any = getattr(cls, "queryset", None)
    if hasattr(queryset, "values_list") and hasattr(queryset, "model"):
        return queryset.all()
    declared = getattr(getattr(cls, "serializer_class", None), "Meta", None)
    models: list[Any] = [getattr(cls, "model", None), getattr(declared, "model", None)]
    for model in models:
        if is_model(model):
            return model._default_manager.all()  # noqa: SLF001 - Django documents it
    return None


def is_model(value: Any) -> bool:
    """Return True if a value is the class of a model with a table."""
    models = import_module("django.db.models")
    return isinstance(value, type) and issubclass(value, models.Model) and not meta(value).abstract


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
    models: dict[str, list[Any]] = {}
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
