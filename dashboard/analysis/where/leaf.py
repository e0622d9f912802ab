"""The call that a line of the project made, by a name that its author would write.

Below a line there may be thirty frames of a library. The name is that of the first function that is
public, qualified by the package it is imported from: `requests.get`, `django.db … get`.
"""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.wire.report.where import State
from dashboard.wire.traces.looks import LookFrame

# Packages of the standard library whose modules are imported by their own names. Others are flat:
# asyncio.tasks.sleep is written asyncio.sleep.
BY_MODULE = {"concurrent", "email", "html", "http", "importlib", "logging", "urllib", "xml"}
# Between a call and the function it is about.
WRAPPERS = {"manager_method", "wrapper", "wrapped", "inner", "decorator", "newfunc"}
# asgiref's bridges are classes: a task awaits the one, and a thread calls the other.
BRIDGES = {True: "asgiref.sync_to_async", False: "asgiref.async_to_sync"}


def leaf_of(below: Sequence[LookFrame], state: State) -> str:
    """Return the name of the call that the frames below a line belong to; empty without frames."""
    for frame in below:
        name = _own_name(frame.function)
        if frame.module == "asgiref.sync" and name.endswith("__call__"):
            return BRIDGES[state == "awaiting"]
        last = name.rpartition(".")[2]
        if not last.startswith(("_", "<")) and last not in WRAPPERS:
            return _qualified(frame.module, name)
    return _qualified(below[0].module, _own_name(below[0].function)) if below else ""


def _own_name(function: str) -> str:
    """Return a qualified name without the functions that it is defined in."""
    return function.rpartition("<locals>.")[2]


def _qualified(module: str, name: str) -> str:
    """Return a function with the package that it is imported from, without private classes."""
    package, *inner = module.split(".")
    if package == "django":
        return _of_django(inner, name.rpartition(".")[2])
    public = inner if package in BY_MODULE else []
    parts = [package, *public, *name.split(".")]
    return ".".join([*(part for part in parts[:-1] if not part.startswith("_")), parts[-1]])


def _of_django(inner: Sequence[str], name: str) -> str:
    """Return *django.shortcuts.render*, and *django.db … get* for what is deeper inside."""
    package = ".".join(["django", *inner[:1]])
    return f"{package}.{name}" if len(inner) < 2 else f"{package} … {name}"
