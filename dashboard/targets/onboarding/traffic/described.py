"""The views of an OpenAPI description: one for each operation, all with the same share."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from dashboard.targets.onboarding.traffic.formats.logged_request import LoggedRequest
from dashboard.targets.onboarding.traffic.formats.openapi import Description, Operation, Parameter

from .path_shapes import Unusable
from .path_values import names_secret
from .route_matching import RouteMatcher
from .selection import Choice, LeftOut
from .view_names import encoded
from .views import View

_PLACEHOLDER = re.compile(r"\{([^}]*)\}")


def described_views(
    description: Description, choice: Choice, matcher: RouteMatcher
) -> tuple[list[View], LeftOut]:
    """Return a view for each operation, and what was left out."""
    views, left_out = [], LeftOut()
    for method, path, operation, parameters in description.operations():
        try:
            choice.check(LoggedRequest(method, path), path)
        except Unusable as reason:
            left_out.requests[f"{reason}"] += 1
            continue
        body, content_type = _body(operation) if choice.bodies else ("", "")
        if operation.request_body and not body:
            left_out.parts["its body (--bodies takes in the example of an operation)"] += 1
        number = matcher.by_template(path)
        filled, missing = _filled(path, parameters)
        views.append(
            View(
                method=method,
                path=filled,
                requests=1,
                title=f"{method} {path}",
                content_type=content_type,
                body=body,
                route=None if number is None else matcher.routes[number],
                problem=_problem(description, operation, missing),
            )
        )
    return views, left_out


def _filled(path: str, parameters: Sequence[Parameter]) -> tuple[str, list[str]]:
    """Return the path with the values of its parameters, and the names of those without."""
    values = {(parameter.place, parameter.name): parameter.value for parameter in parameters}
    in_path: Mapping[str, str | None] = {
        name: values.get(("path", name)) for name in _PLACEHOLDER.findall(path)
    }
    in_query = {
        parameter.name: parameter.value
        for parameter in parameters
        if parameter.place == "query" and parameter.required and not names_secret(parameter.name)
    }
    missing = [name for name, value in {**in_path, **in_query}.items() if value is None]
    parts = _PLACEHOLDER.split(path)  # a literal, a name, a literal, …
    text = encoded(parts[0])
    for name, literal in zip(parts[1::2], parts[2::2], strict=True):
        text += encoded(in_path[name] or "", "") + encoded(literal)
    query = "&".join(
        f"{encoded(name, '[]')}={encoded(value or '', '')}" for name, value in in_query.items()
    )
    return f"{text}?{query}" if query else text, missing


def _problem(description: Description, operation: Operation, missing: Sequence[str]) -> str:
    security = description.security if operation.security is None else operation.security
    problems = []
    if missing:
        problems.append(f"it needs a value for {', '.join(missing)}, of which there is no example")
    if security and {} not in security:
        problems.append(
            "it requires authorization, which is left out: set it from a variable of the"
            ' environment, headers = { Authorization = "Bearer {env:TOKEN}" }'
        )
    return "; ".join(problems)


def _body(operation: Operation) -> tuple[str, str]:
    """Return the example of a body and its type; empty without one."""
    content = operation.request_body.content if operation.request_body else {}
    for kind, media in content.items():
        if media.example is not None and kind.isascii() and kind.isprintable():
            value = media.example
            return value if isinstance(value, str) else json.dumps(value, default=str), kind
    return "", ""
