"""The scenarios of a drafted lab.toml as text."""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.targets.onboarding.inspection import Inspection
from dashboard.targets.onboarding.route import Route, WebsocketRoute

from .pairing import ScenarioDraft, slug
from .server_choice import WEBSOCKET_SERVER, lanes
from .toml_text import commented_out, one_line, toml_string

LOAD = "load = { requests = 100, concurrency = 20, rounds = 3 }"


def scenario_section(
    scenario: ScenarioDraft, inspection: Inspection, *, login: bool = False
) -> str:
    """Return [scenario.NAME] with a variant for each of its routes."""
    key = f"scenario.{scenario.name}"
    title = one_line(" and ".join(route.path for route in scenario.routes))
    lines = [
        f"[{key}]",
        f"title = {toml_string(title)}",
        f"lanes = [{', '.join(map(toml_string, lanes(scenario, inspection)))}]",
        LOAD,
        *([f"rows = {toml_string(scenario.rows_file)}"] if scenario.rows_file else []),
        "",
    ]
    for route in scenario.routes:
        lines += [f"[{key}.variant.{route.family}]", *_variant(route, inspection)]
        lines += ["login = true", ""] if login else [""]
    return "\n".join(lines)


def _variant(route: Route, inspection: Inspection) -> Iterator[str]:
    yield f"family = {toml_string(route.family)}"
    yield f"path = {toml_string(route.url_template)}"
    if route.view:
        yield f"source = {toml_string(route.view)}"
    yield from host_header(inspection)


def host_header(inspection: Inspection) -> Iterator[str]:
    """Yield the headers line with an allowed Host, if the project refuses loopback."""
    if inspection.refuses_loopback:
        yield f"headers = {{ Host = {toml_string(inspection.allowed_host)} }}"


def websocket_section(route: WebsocketRoute, inspection: Inspection) -> str:
    """Return a websocket's scenario, commented out: whether its consumer echoes is unknown."""
    key, family = f"scenario.{slug(route.path)}", route.family
    lines = [
        f"[{key}]",
        f"title = {toml_string(one_line(route.path))}",
        f"lanes = [{toml_string(f'{family}@{WEBSOCKET_SERVER}')}]",
        LOAD,
        "",
        f"[{key}.variant.{family}]",
        f"family = {toml_string(family)}",
        f"path = {toml_string(route.url_path)}",
        *([f"source = {toml_string(route.view)}"] if route.view else []),
        'needs = "asgi"',
        "websocket = true",
        """# message = '{"id": {n}}' # where it is no echo: what is sent,""",
        '# answer = "json.id={n}" # and which message answers it; or "any", "contains {n}"',
        *_websocket_headers(route, inspection),
        "",
    ]
    reason = (
        f"{route.path} is a websocket. This works if it answers a message with the same message;"
        " otherwise set open, message and answer as in docs/lab.md."
    )
    return commented_out("\n".join(lines), reason)


def _websocket_headers(route: WebsocketRoute, inspection: Inspection) -> Iterator[str]:
    headers = {"Host": inspection.allowed_host} if inspection.refuses_loopback else {}
    if route.checks_origin:
        headers["Origin"] = f"http://{inspection.allowed_host}"
    if headers:
        pairs = ", ".join(f"{name} = {toml_string(value)}" for name, value in headers.items())
        yield f"headers = {{ {pairs} }}"
