"""Describes a view without calling it; part of the inspector.

Standard library and the project's own Django, Python 3.9. A view is a function, a class's
`as_view()`, a callable object, one of Django REST framework's (`view.cls`, `view.actions`) or of
django-ninja's (a `PathView` with operations), with any decorators around it.
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
import sysconfig
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from liveburst_layers import closure, innermost, layers

NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
SERVES_FILES = {"django.views.static", "django.contrib.staticfiles.views"}
INSTALLED = {"site-packages", "dist-packages"}
# Of Django REST framework: those that require a login even to read.
LOGIN_PERMISSIONS = {
    *("IsAuthenticated", "IsAdminUser", "DjangoModelPermissions", "DjangoObjectPermissions"),
}
# A route to one of these is the project's own: the project gave it its arguments.
GENERIC = "django.views.generic"


def about(view: Any) -> dict[str, Any]:
    """Return the properties of a view for a draft, as plain values."""
    cls, operation = view_class(view), get_operation(view)
    code = written(view, cls, operation)
    module = str(getattr(code, "__module__", None) or type(code).__module__)
    methods = allowed(view, cls)
    return {
        "view": source_of(code, cls, view),
        "module": module,
        "function": name_of(code, cls, view),
        "application": application_of(module),
        "own": is_own(module),
        "family": "async" if is_async(view, cls) else "sync",
        "reads": methods is None or "GET" in methods,
        "methods": methods,
        "files": module in SERVES_FILES,
        "login": requires_login(view, cls, operation),
    }


# Which code


def view_class(view: Any) -> Any:
    """Return the class behind `as_view()`, below any decorators; None without one."""
    for layer in layers(view):
        for cls in (getattr(layer, "view_class", None), getattr(layer, "cls", None)):
            if inspect.isclass(cls):
                return cls
    return None


def attribute(view: Any, name: str) -> Any:
    """Return the attribute of the first layer that has it; None if none has."""
    for layer in layers(view):
        value = getattr(layer, "__dict__", {}).get(name)
        if value is not None:
            return value
    return None


def operations(view: Any) -> list[Any]:
    """Return django-ninja's operations behind a view; empty if it is not ninja's."""
    for layer in layers(view):
        for owner in (closure(layer).get("self"), getattr(layer, "__self__", None)):
            listed = getattr(owner, "operations", None)
            if isinstance(listed, list) and all(hasattr(each, "view_func") for each in listed):
                return listed
    return []


def get_operation(view: Any) -> Any:
    """Return the operation that answers GET, or else the first; None if it is not ninja's."""
    listed = operations(view)
    gets = (operation for operation in listed if "GET" in operation.methods)
    return next(gets, listed[0] if listed else None)


def written(view: Any, cls: Any, operation: Any) -> Any:
    """Return the function or class as it was written, below decorators."""
    if operation is not None:
        return innermost(operation.view_func)
    if cls is None:
        code = innermost(view)
        return code if hasattr(code, "__qualname__") else type(code)
    if is_importable(cls):
        return cls
    handler = next((getattr(cls, method.lower()) for method in handled(view, cls)), None)
    return cls if handler is None else innermost(handler)  # `@api_view` made the class


def is_importable(cls: Any) -> bool:
    """Return True if the class can be imported by its name, unlike one made by a decorator."""
    value = sys.modules.get(cls.__module__)
    for name in cls.__qualname__.split("."):
        value = getattr(value, name, None)
    return value is cls


def action_of(view: Any) -> Any:
    """Return the name of a ViewSet's method for GET, or else of its first; None for others."""
    actions = attribute(view, "actions")
    if not isinstance(actions, dict) or not actions:
        return None
    return actions.get("get") or next(iter(actions.values()))


def name_of(code: Any, cls: Any, view: Any) -> str:
    """Return the name to show: `report`, `ReportView`, `ReportViewSet.list`."""
    name = getattr(code, "__qualname__", type(code).__name__).rpartition("<locals>.")[2]
    action = action_of(view) if code is cls else None
    return f"{name}.{action}" if action else name


def source_of(code: Any, cls: Any, view: Any) -> str | None:
    """Return `module:name` of the code, of a ViewSet's method if it has one; None without."""
    name = getattr(code, "__qualname__", "")
    action = action_of(view) if code is cls else None
    if action in getattr(cls, "__dict__", {}):
        name = f"{name}.{action}"
    module = getattr(code, "__module__", None) or ""
    return f"{module}:{name}" if NAME.fullmatch(name) and NAME.fullmatch(module) else None


# Whose code


@functools.cache
def is_own(module: str) -> bool:
    """Return True if a module is the project's own, and not an installed package's."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if module.startswith(GENERIC) or file is None:
        return module.startswith(GENERIC) or module == "__main__"
    path = Path(file).resolve()
    library = Path(sysconfig.get_path("stdlib")).resolve()
    return not INSTALLED & set(path.parts) and library not in path.parents


def application_of(module: str) -> str:
    """Return the label of the Django application that a module belongs to, or its package."""
    with suppress(Exception):  # the registry is whatever the project made of it
        if not is_own(module) and not module.startswith("django."):
            return module.partition(".")[0]
        config = import_module("django.apps").apps.get_containing_app_config(module)
        if config is not None:
            return str(config.label)
    return module.partition(".")[0]


# How it is called


def is_async(view: Any, cls: Any) -> bool:
    """Return True if Django would await this view."""
    marked = getattr(view, "_is_coroutine", None) or getattr(view, "_is_coroutine_mark", None)
    if inspect.iscoroutinefunction(view) or marked is not None:
        return True
    if cls is not None and view_class_is_outermost(view):
        return bool(getattr(cls, "view_is_async", False))
    return inspect.iscoroutinefunction(type(view).__call__)


def view_class_is_outermost(view: Any) -> bool:
    """Return True if `as_view()` made the view itself, and not only what it wraps."""
    return hasattr(view, "view_class") or hasattr(view, "cls")


def handled(view: Any, cls: Any) -> list[str]:
    """Return the methods that a class has a handler for, in upper case."""
    names = (attribute(view, "view_initkwargs") or {}).get("http_method_names")
    actions = attribute(view, "actions")
    return [
        name.upper()
        for name in names or list(getattr(cls, "http_method_names", ()))
        if name.lower() != "options"
        and (name in actions if isinstance(actions, dict) else hasattr(cls, name.lower()))
    ]


def allowed(view: Any, cls: Any) -> list[str] | None:
    """Return the methods that the view answers, by its code; None if that does not limit them."""
    listed = operations(view)
    if listed:
        return sorted({str(method) for operation in listed for method in operation.methods})
    limits = [
        {str(method).upper() for method in names}
        for layer in all_layers(view, cls)
        for names in [closure(layer).get("request_method_list")]
        if names is not None
    ]
    if cls is not None:
        by_class = set(handled(view, cls))
        if by_class or not dispatches_itself(cls):
            limits.append(by_class)
    return sorted(set.intersection(*limits)) if limits else None


def dispatches_itself(cls: Any) -> bool:
    """Return True if a class chooses handlers by its own code, as graphene's GraphQLView does."""
    owner = next((base for base in cls.__mro__ if "dispatch" in base.__dict__), None)
    return owner is not None and not owner.__module__.startswith(("django.", "rest_framework."))


def all_layers(view: Any, cls: Any) -> Any:
    """Yield the layers of a view, and those around its class's `dispatch` and handler of GET."""
    yield from layers(view)
    for name in ("dispatch", action_of(view) or "get"):
        if cls is not None and hasattr(cls, name):
            yield from layers(getattr(cls, name))


def requires_login(view: Any, cls: Any, operation: Any) -> bool:
    """Return True if a decorator, a mixin or a permission requires a login."""
    if operation is not None:
        return bool(getattr(operation, "auth_callbacks", None))
    if any("test_func" in closure(layer) for layer in all_layers(view, cls)):
        return True
    if cls is None:
        return False
    by_route = (attribute(view, "initkwargs") or {}).get("permission_classes")
    permissions = by_route if by_route is not None else getattr(cls, "permission_classes", ())
    mixed_in = any(base.__name__ == "AccessMixin" for base in cls.__mro__)
    return mixed_in or any(map(keeps_anonymous_out, permissions or ()))


def keeps_anonymous_out(permission: Any) -> bool:
    """Return True if a permission of Django REST framework keeps anonymous readers out."""
    names = {base.__name__ for base in getattr(permission, "__mro__", ())}
    return bool(names & LOGIN_PERMISSIONS) and getattr(permission, "authenticated_users_only", True)
