"""The scenarios of a lab.toml, and the checks within each."""

from __future__ import annotations

import string
from collections.abc import Mapping
from pathlib import Path

from dashboard.project.model.placeholders import EXPECTED, malformed
from dashboard.project.model.scenario import (
    Parameter,
    Scenario,
    UploadForm,
    Variant,
    wait_parameters,
)
from dashboard.project.model.server import Server
from dashboard.project.model.service import SETTINGS, ServiceOverrides
from dashboard.project.servers.settings import InvalidSetting, resolve
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.plan.exchange import ANSWER_EXPECTED, ECHO, NUMBER, Exchange, OpeningStep
from dashboard.wire.plan.plan import MAX_LANES, Lane

from . import tables
from .problems import Problems
from .rows import read_rows

Parameters = Mapping[str, Parameter]
Servers = Mapping[str, Server]
Variants = Mapping[str, Variant]
Rows = tuple[Mapping[str, str], ...]
MODES = ("upload", "poll_every_ms", "websocket", "chunks")


def lane_of(text: str, variants: Variants, servers: Servers, here: Problems) -> Lane | None:
    """Return the lane that a text names; None if it names none."""
    try:
        lane = Lane.parse(text)
        resolve(servers, lane.server)
    except InvalidPlan:
        here.expected("VARIANT@SERVER", text)
        return None
    except InvalidSetting as error:
        here.add(f"{text}: {error}")
    if lane.variant not in variants:
        here.expected(f"a variant ({', '.join(variants)}) at a server", text)
    return lane


def scenario_of(
    name: str, table: tables.Scenario, servers: Servers, beside: Path, here: Problems
) -> Scenario:
    """Return the scenario that a table describes, in a file in the directory `beside`."""
    parameters = {
        key: _parameter(key, inner, here.at("parameters", key))
        for key, inner in table.parameters.items()
    }
    rows = read_rows(table.rows, beside, parameters, here.at("rows"))
    variants = {
        key: _variant(key, inner, parameters, rows, here.at("variant", key))
        for key, inner in table.variant.items()
    }
    if not variants:
        here.at("variant").add(f"expected at least one, like [{here.key}.variant.sync]")
    _check_wait(table.wait, parameters, here)
    return Scenario(
        name=name,
        title=table.title,
        parameters=parameters,
        lanes=_lanes(table.lanes, variants, servers, here.at("lanes")),
        variants=variants,
        wait=table.wait,
        **table.load.model_dump(),
    )


def _lanes(
    texts: tuple[str, ...], variants: Variants, servers: Servers, here: Problems
) -> tuple[Lane, ...]:
    read = [lane_of(text, variants, servers, here) for text in texts]
    unique = tuple(dict.fromkeys(lane for lane in read if lane is not None))
    if len(texts) > MAX_LANES or len(unique) < len(texts):
        here.add(f"expected at most {MAX_LANES} lanes, each once")
    return unique


def _parameter(name: str, table: tables.Parameter, here: Problems) -> Parameter:
    parameter = Parameter(name=name, **table.values_for(Parameter))
    if here:  # a bound may be a stand-in
        return parameter
    low, high = table.min, table.max
    if low > high:
        here.at("max").expected(f"at least min, {low:g},", high)
    for key, values in {"default": (table.default,), "offers": table.offers}.items():
        for value in values:
            if not low <= value <= high:
                here.at(key).expected(f"{low:g} to {high:g}", value)
    return parameter


def _variant(
    name: str, table: tables.Variant, parameters: Parameters, rows: Rows, here: Problems
) -> Variant:
    computed = {
        "name": name,
        "headers": tuple(table.headers.items()),
        "cookies": tuple(table.cookies.items()),
        "upload": _upload(table.upload, parameters, here.at("upload")),
        "exchange": _exchange(table, here),
        "rows": rows,
        "overrides": _overrides(table),
    }
    variant = Variant(**{**table.values_for(Variant), **computed})
    _check_wait(table.wait, parameters, here)
    _check_references(variant, here)
    names = [*parameters, *(rows[0] if rows else ())]
    if not _placeholders(variant.path) <= set(names):
        here.at("path").expected(f"only parameters in braces ({', '.join(names)})", variant.path)
    if len(table.model_fields_set & set(MODES)) > (0 if rows else 1):
        here.add(f"expected at most one of {', '.join(MODES)}, and none beside rows")
    _check_body(variant, here)
    return variant


def _check_body(variant: Variant, here: Problems) -> None:
    bodiless = variant.method in ("GET", "HEAD")
    if variant.upload and (bodiless or variant.body):
        here.at("upload").add("expected a method that has a body, and no body beside it")
    if variant.body and bodiless:
        here.at("body").add(f"expected a method that has one, found {variant.method}")


def _check_references(variant: Variant, here: Problems) -> None:
    """Refuse what is meant to be `{env:NAME}` and would be sent unchanged."""
    for key, values in {
        "headers": [value for _, value in variant.headers],
        "cookies": [value for _, value in variant.cookies],
        "body": [variant.body],
        "rows": [value for row in variant.rows for value in row.values()],
    }.items():
        if wrong := next(filter(None, map(malformed, values)), ""):
            here.at(key).expected(EXPECTED, wrong)


def _check_wait(wait: str | None, parameters: Parameters, here: Problems) -> None:
    if wait and not set(wait_parameters(wait)) <= parameters.keys():
        here.at("wait").expected("the name of a parameter, or of several with * between them", wait)


def _overrides(table: tables.Variant) -> ServiceOverrides | None:
    """Return what a variant is served with that differs from its project; None if nothing."""
    settings = {SETTINGS: table.settings} if table.settings else {}
    env = tuple(sorted({**table.env, **settings}.items()))
    overrides = ServiceOverrides(env, table.asgi, table.wsgi)
    return overrides if overrides != ServiceOverrides() else None


def _upload(
    table: tables.Upload | None, parameters: Parameters, here: Problems
) -> UploadForm | None:
    if table is None:
        return None
    megabytes = table.megabytes
    if isinstance(megabytes, str):
        names = {f"{{{name}}}": name for name in parameters}
        if megabytes not in names:
            choices = ", ".join(names) or "no parameter"
            here.at("megabytes").expected(f"a number, or one of {choices}", megabytes)
        megabytes = names.get(megabytes, 0.0)
    return UploadForm(table.field, megabytes)


def _exchange(table: tables.Variant, here: Problems) -> Exchange:
    """Return what is sent on a websocket and what answers it; by default a number's echo."""
    used = [key for key in ("open", "message", "answer") if key in table.model_fields_set]
    if used and "websocket" not in table.model_fields_set:
        here.at(used[0]).add("expected websocket = true beside it")
    if table.message is not None and NUMBER not in table.message and table.answer is None:
        here.at("answer").add(f"expected beside a message without {NUMBER}: {ANSWER_EXPECTED}")
    opening = tuple(_opening_step(step) for step in table.open)
    if any(NUMBER in (step.answer or "") for step in opening):
        here.at("open").add(f"expected an answer without {NUMBER}: an opening has no number")
    return Exchange(opening, table.message or NUMBER, table.answer or ECHO)


def _opening_step(step: str | tables.OpeningStep) -> OpeningStep:
    return OpeningStep(step) if isinstance(step, str) else OpeningStep(step.send, step.answer)


def _placeholders(path: str) -> set[str]:
    """Return the names in braces; anything but a name is returned unchanged."""
    try:
        parts = list(string.Formatter().parse(path))
    except ValueError:
        return {path}
    return {
        name + (f":{spec}" if spec else "") + (f"!{conversion}" if conversion else "")
        for _, name, spec, conversion in parts
        if name is not None
    }
