"""The views of a file with requests: a path with columns, rows for them, and their share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dashboard.targets.onboarding.draft.route_selection import LOGIN_REASON
from dashboard.targets.onboarding.route import Route

from .groups import Group
from .path_shapes import Shape, Values
from .view_names import columns_of_segments, encoded, path_text, unique_columns

BODY = "body"  # its column comes last: the text of a body may contain names of others in braces


@dataclass(frozen=True)
class View:
    """Requests of one kind; `requests` is their number in the file.

    `path` has `{column}` where a row has a value. `problem` is why it cannot be fired at as it is;
    empty if it can.
    """

    method: str
    path: str
    requests: int
    title: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    content_type: str = ""
    body: str = ""
    route: Route | None = None
    problem: str = ""


def view_of(shape: Shape, group: Group, route: Route | None) -> View:
    """Return the view of a group of requests."""
    names = unique_columns([*_path_columns(shape, route), *shape.query, *_body_column(shape)])
    table = [_row(shape, values) for values in group.sample]
    # A column with a single value is part of the path.
    varying = [
        position for position in range(len(names)) if len({row[position] for row in table}) > 1
    ]
    texts = [f"{{{name}}}" for name in names]
    written = [
        texts[position] if position in varying else encoded(table[0][position], "")
        for position in range(len(names))
    ]
    in_path = len(names) - bool(shape.content_type)
    return View(
        method=shape.method,
        path=_template(shape, route, written[:in_path]),
        requests=group.requests,
        title=f"{shape.method} {_template(shape, route, texts[:in_path])}",
        columns=tuple(names[position] for position in varying),
        rows=tuple(tuple(row[position] for position in varying) for row in table if varying),
        content_type=shape.content_type,
        body=_body(texts[in_path:], table[0], len(names) - 1 in varying),
        route=route,
        problem=LOGIN_REASON if route and route.login else "",
    )


def _body(texts: Sequence[str], first_row: Sequence[str], varies: bool) -> str:
    """Return the body for a lab.toml: its column, or the only one that there is."""
    if not texts:
        return ""
    return texts[0] if varies else first_row[-1]


def _path_columns(shape: Shape, route: Route | None) -> Iterator[str]:
    yield from route.parameters if route else columns_of_segments(shape.segments)


def _body_column(shape: Shape) -> Iterator[str]:
    if shape.content_type:
        yield BODY


def _row(shape: Shape, values: Values) -> tuple[str, ...]:
    """Return what a request has for each column."""
    if shape.route is None:
        path = [
            value
            for value, segment in zip(values.path, shape.segments, strict=True)
            if segment is None
        ]
    else:
        path = list(values.path)
    body = [values.body or ""] if shape.content_type else []
    return (*path, *values.query, *body)


def _template(shape: Shape, route: Route | None, texts: Sequence[str]) -> str:
    """Return path and query with a text for each column of them."""
    remaining = iter(texts)
    if route is None:
        path = path_text(
            next(remaining) if segment is None else encoded(segment) for segment in shape.segments
        )
    else:
        path = route.filled({name: next(remaining) for name in route.parameters})
    query = "&".join(f"{encoded(name, '[]')}={next(remaining)}" for name in shape.query)
    return f"{path}?{query}" if query else path
