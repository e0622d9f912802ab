"""Reading a lab.toml: strictly, because it starts processes.

Every problem is reported at once, each by file and key, with what was expected there.
"""

from __future__ import annotations

import string
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dashboard.wire.errors import InvalidManifest, InvalidPlan, Problem
from dashboard.wire.plan import MAX_LANES, MAX_REQUESTS, MAX_ROUNDS, Lane

from .project import Project
from .scenario import Parameter, Scenario, Variant
from .servers import SERVERS, Server
from .table import Table

__all__ = ["Parameter", "Project", "Scenario", "Variant", "load_manifest"]

MAX_PROCESSES = 64
MAX_THREADS = 1024
_IMPORT = r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*"
_IMPORT_EXPECTED = "an import, like 'package.module:name'"


def load_manifest(path: Path) -> Project:
    """Read a lab.toml. Raises InvalidManifest; each problem's field is `FILE: KEY`."""
    problems: list[Problem] = []
    table = Table(_parse(path), "", path.name, problems)
    project = _project(table, path.resolve())
    table.finish()
    if problems:
        raise InvalidManifest(*problems)
    return project


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        expected = f"expected a file that can be read, found: {error.strerror}"
        raise InvalidManifest(Problem(path.name, expected)) from None
    except ValueError as error:  # not UTF-8, or not TOML
        raise InvalidManifest(Problem(path.name, f"expected TOML, found: {error}")) from None


def _project(file: Table, path: Path) -> Project:
    table = file.table("project")
    directory = _directory(table, path.parent)
    project = Project(
        name=table.text("name"),
        path=path,
        directory=directory,
        wsgi=table.optional_text("wsgi", pattern=_IMPORT, expected=_IMPORT_EXPECTED),
        asgi=table.optional_text("asgi", pattern=_IMPORT, expected=_IMPORT_EXPECTED),
        python=_python(table, directory),
        env=_environment(table),
        scenarios={name: _scenario(name, inner) for name, inner in file.tables("scenario")},
        servers=_servers(file),
    )
    if not table.has("wsgi") and not table.has("asgi"):
        table.complain("wsgi", "expected, or asgi: there is nothing to serve")
    if file.has("scenario") and not project.scenarios:
        file.complain("scenario", "expected at least one, like [scenario.sleep]")
    table.finish()
    return project


def _directory(table: Table, beside: Path) -> Path:
    text = table.optional_text("directory") or "."
    directory = (beside / text).resolve()
    if not directory.is_dir():
        table.refuse("directory", "a directory, relative to this file", text)
    return directory


def _python(table: Table, directory: Path) -> str:
    """The interpreter; "python" is the one that runs the dashboard.

    A virtualenv's interpreter is a symbolic link and must be started by that name.
    """
    text = table.optional_text("python") or "python"
    if text == "python":
        return sys.executable
    python = directory / text
    if not python.is_file():
        table.refuse("python", "an interpreter, relative to the project's directory", text)
    return str(python)


def _environment(table: Table) -> dict[str, str]:
    environment = table.text_map("env")
    for name, value in environment.items():
        if not name or "=" in name or "\0" in name + value:
            table.refuse("env", "names and values that an environment can hold", name)
    return environment


def _servers(file: Table) -> dict[str, Server]:
    """The table of servers, with what stands under [server.NAME] in place of its own numbers."""
    servers = dict(SERVERS)
    for name, table in file.tables("server", default={}):
        known = SERVERS.get(name)
        if known is None:
            table.complain("", f"expected one of {', '.join(SERVERS)}")
            continue
        most = MAX_PROCESSES if known.several else 1
        processes = table.whole("processes", 1, most, default=known.processes)
        threads = known.threads
        if known.pooled:
            threads = table.whole("threads", 1, MAX_THREADS, default=known.threads)
        servers[name] = replace(known, processes=processes, threads=threads)
        table.finish()
    return servers


def _scenario(name: str, table: Table) -> Scenario:
    load = table.table("load", {})
    parameters = {
        key: _parameter(key, inner) for key, inner in table.tables("parameters", default={})
    }
    variants = {key: _variant(key, inner, parameters) for key, inner in table.tables("variant")}
    if table.has("variant") and not variants:
        table.complain("variant", f"expected at least one, like [{table.key}.variant.sync]")
    scenario = Scenario(
        name=name,
        title=table.text("title"),
        parameters=parameters,
        lanes=_lanes(table, variants),
        requests=load.whole("requests", 1, MAX_REQUESTS, default=100),
        rounds=load.whole("rounds", 1, MAX_ROUNDS, default=3),
        variants=variants,
        wait=table.optional_text("wait"),
    )
    if scenario.wait and scenario.wait not in parameters:
        table.refuse("wait", "the name of a parameter", scenario.wait)
    load.finish()
    table.finish()
    return scenario


def _parameter(name: str, table: Table) -> Parameter:
    before = len(table.problems)
    parameter = Parameter(
        name=name,
        default=table.number("default"),
        min=table.number("min"),
        max=table.number("max"),
        unit=table.optional_text("unit", pattern=".*") or "",
        offers=table.numbers("offers"),
    )
    if len(table.problems) == before:  # else the bounds may be stand-ins
        _check_bounds(parameter, table)
    table.finish()
    return parameter


def _check_bounds(parameter: Parameter, table: Table) -> None:
    low, high = parameter.min, parameter.max
    if low > high:
        table.refuse("max", f"at least min, {low:g},", high)
    for key, values in {"default": (parameter.default,), "offers": parameter.offers}.items():
        for value in values:
            if not low <= value <= high:
                table.refuse(key, f"{low:g} to {high:g}", value)


def _variant(name: str, table: Table, parameters: Mapping[str, Parameter]) -> Variant:
    family = table.text("family", pattern="sync|async", expected="'sync' or 'async'")
    needs = table.optional_text("needs", pattern="asgi", expected="'asgi'")
    variant = Variant(
        name=name,
        family="async" if family == "async" else "sync",
        path=table.text("path", pattern="/[!-~]*", expected="a path that begins with /"),
        source=table.optional_text("source", pattern=_IMPORT, expected=_IMPORT_EXPECTED),
        needs="asgi" if needs else None,
        at_a_time=table.whole("at_a_time", 1, 10_000, default=None),
    )
    if not _placeholders(variant.path) <= parameters.keys():
        table.refuse("path", f"only parameters in braces ({', '.join(parameters)})", variant.path)
    table.finish()
    return variant


def _placeholders(path: str) -> set[str]:
    """The names in braces; what `{` and `}` make of it that is more than a name is kept whole."""
    try:
        parts = list(string.Formatter().parse(path))
    except ValueError:
        return {path}
    return {
        name + (f":{spec}" if spec else "") + (f"!{conversion}" if conversion else "")
        for _, name, spec, conversion in parts
        if name is not None
    }


def _lanes(table: Table, variants: Mapping[str, Variant]) -> tuple[Lane, ...]:
    lanes = []
    for text in table.texts("lanes"):
        try:
            lane = Lane.parse(text)
        except InvalidPlan:
            table.refuse("lanes", "VARIANT@SERVER", text)
            continue
        if lane.variant not in variants or lane.server not in SERVERS:
            expected = f"a variant ({', '.join(variants)}) at a server ({', '.join(SERVERS)})"
            table.refuse("lanes", expected, text)
        lanes.append(lane)
    if len(lanes) > MAX_LANES or len(set(lanes)) < len(lanes):
        table.complain("lanes", f"expected at most {MAX_LANES} lanes, each once")
    return tuple(lanes)
