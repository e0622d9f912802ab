"""Reading [scenario.NAME] and [claim.NAME] of a lab.toml."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from pathlib import Path

from dashboard.project.model.placeholders import EXPECTED, malformed
from dashboard.project.model.scenario import (
    METHODS,
    Claim,
    ClaimSweep,
    Expectation,
    Parameter,
    Scenario,
    UploadForm,
    Variant,
    wait_parameters,
)
from dashboard.project.model.service import SETTINGS, ServiceOverrides
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.load import MAX_EVERY_S, MAX_SEND_KB_PER_S, MIN_SEND_KB_PER_S
from dashboard.wire.plan import MAX_CONCURRENCY, MAX_LANES, MAX_REQUESTS, MAX_ROUNDS, Lane
from dashboard.wire.request_mode import MAX_UPLOAD_BYTES
from dashboard.wire.units import BYTES_PER_MB

from .exchange import read_exchange
from .rows import read_rows
from .table import Table

IMPORT = r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*"
MIN_POLL_MS, MAX_POLL_MS = 1, 60_000
OVER = r"\w+=[\d.]+\.\.[\d.]+"
MAX_LEVELS = 100
IMPORT_EXPECTED = "an import, like 'package.module:name'"
_COOKIE_VALUE = re.compile(r"[!#-+\--:<-\[\]-~]*")  # RFC 6265: no space, quote, comma, ; or \\
_HEADER_NAME = set(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~")

# What is wrong with the server's part of a lane, in words; None where nothing is.
RefuseServer = Callable[[str], str | None]


def read_scenario(name: str, table: Table, refuse_server: RefuseServer, beside: Path) -> Scenario:
    """Read [scenario.NAME] of a file in the directory `beside`."""
    load = table.table("load", {})
    parameters = {
        key: _parameter(key, inner) for key, inner in table.tables("parameters", default={})
    }
    rows = read_rows(table, beside, parameters)
    variants = {
        key: _variant(key, inner, parameters, rows) for key, inner in table.tables("variant")
    }
    if table.has("variant") and not variants:
        table.complain("variant", f"expected at least one, like [{table.key}.variant.sync]")
    scenario = Scenario(
        name=name,
        title=table.text("title"),
        parameters=parameters,
        lanes=_lanes(table, variants, refuse_server),
        requests=load.whole("requests", 1, MAX_REQUESTS, default=100),
        rounds=load.whole("rounds", 1, MAX_ROUNDS, default=3),
        variants=variants,
        wait=_wait(table, parameters),
        concurrency=load.whole("concurrency", 1, MAX_CONCURRENCY, default=None),
        send_kb_per_s=load.bounded("send_kb_per_s", MIN_SEND_KB_PER_S, MAX_SEND_KB_PER_S),
        every_s=load.bounded("every_s", 0, MAX_EVERY_S) or 0.0,
    )
    load.finish()
    table.finish()
    return scenario


def read_claim(
    name: str, table: Table, scenarios: Mapping[str, Scenario], refuse_server: RefuseServer
) -> Claim:
    """Read [claim.NAME]. The conditions' own grammar is for whoever evaluates them."""
    load = table.table("load", {})
    scenario = scenarios.get(table.text("scenario"))
    if scenario is None and table.has("scenario"):
        table.complain("scenario", f"expected one of {', '.join(scenarios)}")
    claim = Claim(
        name=name,
        text=table.text("text"),
        scenario=scenario.name if scenario else "",
        expect=_expectations(table, scenario, refuse_server),
        requests=load.whole("requests", 1, MAX_REQUESTS, default=None),
        concurrency=load.whole("concurrency", 1, MAX_CONCURRENCY, default=None),
        rounds=load.whole("rounds", 1, MAX_ROUNDS, default=None),
        parameters=table.number_map("parameters"),
        send_kb_per_s=load.bounded("send_kb_per_s", MIN_SEND_KB_PER_S, MAX_SEND_KB_PER_S),
        sweep=_course(table),
    )
    if scenario:
        _check_values(claim.parameters, scenario, table)
    if len(claim.lanes) > MAX_LANES:
        table.complain("expect", f"expected at most {MAX_LANES} lanes, found {len(claim.lanes)}")
    load.finish()
    table.finish()
    return claim


def _course(table: Table) -> ClaimSweep | None:
    """The `sweep` of a claim; None where there is none."""
    if not table.has("sweep"):
        table.known("sweep")
        return None
    inner = table.table("sweep")
    course = ClaimSweep(
        over=inner.text("over", pattern=OVER, expected="NAME=LOW..HIGH"),
        levels=inner.whole("levels", 2, MAX_LEVELS, default=None),
    )
    inner.finish()
    return course


def _expectations(
    table: Table, scenario: Scenario | None, refuse_server: RefuseServer
) -> tuple[Expectation, ...]:
    expected = "a list of [LANE, 'METRIC OPERATOR NUMBER'] pairs"
    found = []
    for pair in table.text_lists("expect", expected):
        if len(pair) != 2:
            table.refuse("expect", expected, pair)
            continue
        lane = _lane(table, "expect", pair[0], scenario.variants if scenario else {}, refuse_server)
        if lane is not None:
            found.append(Expectation(lane, pair[1].strip()))
    if not found:
        table.complain("expect", f"expected {expected}, at least one")
    return tuple(found)


def _check_values(values: Mapping[str, float], scenario: Scenario, table: Table) -> None:
    for name, value in values.items():
        parameter = scenario.parameters.get(name)
        if parameter is None:
            known = ", ".join(scenario.parameters)
            table.complain("parameters", f"expected parameters of {scenario.name}: {known}")
        elif not parameter.min <= value <= parameter.max:
            table.refuse("parameters", f"{name}: {parameter.min:g} to {parameter.max:g}", value)


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


def _variant(
    name: str,
    table: Table,
    parameters: Mapping[str, Parameter],
    rows: tuple[Mapping[str, str], ...],
) -> Variant:
    family = table.text("family", pattern="sync|async", expected="'sync' or 'async'")
    needs = table.optional_text("needs", pattern="asgi|wsgi", expected="'asgi' or 'wsgi'")
    method = table.optional_text("method", pattern="|".join(METHODS), expected=", ".join(METHODS))
    variant = Variant(
        name=name,
        family="async" if family == "async" else "sync",
        path=table.text("path", pattern="/[!-~]*", expected="a path that begins with /"),
        source=table.optional_text("source", pattern=IMPORT, expected=IMPORT_EXPECTED),
        needs={"asgi": "asgi", "wsgi": "wsgi"}.get(needs or ""),  # type: ignore[arg-type]
        at_a_time=table.whole("at_a_time", 1, 10_000, default=None),
        method=method or "GET",
        headers=read_headers(table),
        body=table.optional_text("body", pattern="(?s).*") or "",
        requires=table.texts("requires", default=()),
        cookies=read_cookies(table),
        login=table.flag("login"),
        upload=_upload(table, parameters),
        poll_every_ms=table.bounded("poll_every_ms", MIN_POLL_MS, MAX_POLL_MS),
        websocket=table.flag("websocket"),
        exchange=read_exchange(table),
        chunks=table.flag("chunks"),
        rows=rows,
        wait=_wait(table, parameters),
        overrides=_own(table),
    )
    _check_references(variant, table)
    known = [*parameters, *(rows[0] if rows else ())]
    if not _placeholders(variant.path) <= set(known):
        table.refuse("path", f"only parameters in braces ({', '.join(known)})", variant.path)
    manners = ("upload", "poll_every_ms", "websocket", "chunks")
    if sum(map(table.has, manners)) > (0 if rows else 1):
        table.complain("", f"expected at most one of {', '.join(manners)}, and none beside rows")
    if variant.upload and (variant.method in ("GET", "HEAD") or variant.body):
        table.complain("upload", "expected a method that has a body, and no body beside it")
    if variant.body and variant.method in ("GET", "HEAD"):
        table.complain("body", f"expected a method that has one, found {variant.method}")
    table.finish()
    return variant


def _check_references(variant: Variant, table: Table) -> None:
    """Refuse what is meant to be `{env:NAME}` and would be sent as it stands."""
    for key, values in {
        "headers": [value for _, value in variant.headers],
        "cookies": [value for _, value in variant.cookies],
        "body": [variant.body],
        "rows": [value for row in variant.rows for value in row.values()],
    }.items():
        if wrong := next(filter(None, map(malformed, values)), ""):
            table.refuse(key, EXPECTED, wrong)


def _own(table: Table) -> ServiceOverrides | None:
    """The `env`, `settings`, `asgi` and `wsgi` of a variant; None where it has none of them."""
    env = table.text_map("env")
    settings = table.optional_text("settings", pattern=r"[A-Za-z_][\w.]*", expected="a module")
    if settings:
        env = {**env, SETTINGS: settings}
    asgi = table.optional_text("asgi", pattern=IMPORT, expected=IMPORT_EXPECTED)
    wsgi = table.optional_text("wsgi", pattern=IMPORT, expected=IMPORT_EXPECTED)
    own = ServiceOverrides(tuple(sorted(env.items())), asgi, wsgi)
    return own if own != ServiceOverrides() else None


def _wait(table: Table, parameters: Mapping[str, Parameter]) -> str | None:
    """The `wait` of a scenario or a variant; None where there is none."""
    wait = table.optional_text("wait")
    if wait and not set(wait_parameters(wait)) <= parameters.keys():
        table.refuse("wait", "the name of a parameter, or of several with * between them", wait)
    return wait


def _upload(table: Table, parameters: Mapping[str, Parameter]) -> UploadForm | None:
    """The `upload` of a variant: a field, and how large; None where there is none."""
    if not table.has("upload"):
        table.known("upload")
        return None
    inner = table.table("upload")
    field = inner.text("field", pattern=r"[\w-]+", expected="the name of a form's field")
    largest = MAX_UPLOAD_BYTES / BYTES_PER_MB
    megabytes = inner.number_or_name("megabytes", 0, largest, parameters.keys())
    inner.finish()
    return UploadForm(field, megabytes)


def read_headers(table: Table) -> tuple[tuple[str, str], ...]:
    """The `headers` of a table, each a pair."""
    headers = table.text_map("headers")
    for name, value in headers.items():
        if not name or not set(name) <= _HEADER_NAME or not value.isprintable():
            table.refuse("headers", "names and values that HTTP can carry", f"{name}: {value}")
    return tuple(headers.items())


def read_cookies(table: Table) -> tuple[tuple[str, str], ...]:
    """The `cookies` of a table, each a pair; values as they go over the wire."""
    cookies = table.text_map("cookies")
    for name, value in cookies.items():
        if not name or not set(name) <= _HEADER_NAME or not _COOKIE_VALUE.fullmatch(value):
            table.refuse("cookies", "names and values that a cookie can have", f"{name}={value}")
    return tuple(cookies.items())


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


def _lanes(
    table: Table, variants: Mapping[str, Variant], refuse_server: RefuseServer
) -> tuple[Lane, ...]:
    found = [_lane(table, "lanes", text, variants, refuse_server) for text in table.texts("lanes")]
    lanes = tuple(lane for lane in found if lane is not None)
    if len(lanes) > MAX_LANES or len(set(lanes)) < len(lanes):
        table.complain("lanes", f"expected at most {MAX_LANES} lanes, each once")
    return lanes


def _lane(
    table: Table,
    key: str,
    text: str,
    variants: Mapping[str, Variant],
    refuse_server: RefuseServer,
) -> Lane | None:
    try:
        lane = Lane.parse(text)
    except InvalidPlan:
        table.refuse(key, "VARIANT@SERVER", text)
        return None
    wrong = refuse_server(lane.server)
    if lane.variant not in variants:
        table.refuse(key, f"a variant ({', '.join(variants)}) at a server", text)
    elif wrong:
        table.complain(key, f"{text}: {wrong}")
    return lane
