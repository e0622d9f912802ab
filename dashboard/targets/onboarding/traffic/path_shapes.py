"""Requests by shape: method, path with its values taken out, and the names in the query."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, unquote

from .path_values import is_token, is_value, names_secret

MOST_FIELDS = 50  # of a query


@dataclass(frozen=True, slots=True)
class Shape:
    """What requests to one view have in common.

    `segments` are those of the path, None where there are values; without the project's routes.
    `route` is the number of the route that the path leads to; then `segments` is empty. `query`
    has the names of its fields. `content_type`: that of a body.
    """

    method: str
    host: str
    segments: tuple[str | None, ...]
    query: tuple[str, ...]
    route: int | None = None
    content_type: str = ""

    def with_value_at(self, position: int) -> Shape:
        """Return the shape with a value at this segment."""
        segments = self.segments
        return replace(self, segments=(*segments[:position], None, *segments[position + 1 :]))


@dataclass(frozen=True, slots=True)
class Values:
    """The values of one request: segments of its path or a route's parameters, query, body."""

    path: tuple[str, ...]
    query: tuple[str, ...]
    body: str | None = None


class Unusable(Exception):
    """Why a request gets no view, in words."""


@dataclass(frozen=True, slots=True)
class Query:
    """The fields of a query without secrets; `withheld` are the names of those."""

    names: tuple[str, ...]
    values: tuple[str, ...]
    withheld: tuple[str, ...]


def plain_query(text: str) -> Query:
    """Return the fields of a query. Raises Unusable if there are too many."""
    if not text:
        return NO_QUERY
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Unusable(f"a query of more than {MOST_FIELDS} fields") from None
    secret = [name for name, value in pairs if names_secret(name) or is_token(value)]
    plain = [(name, value) for name, value in pairs if name not in secret]
    names, values = tuple(name for name, _ in plain), tuple(value for _, value in plain)
    return Query(names, values, tuple(dict.fromkeys(secret)))


NO_QUERY = Query((), (), ())


def segments_of(path: str) -> tuple[str, ...]:
    """Return the parts of a path between its slashes, decoded. Raises Unusable."""
    try:
        segments = tuple(unquote(part, errors="strict") for part in path.split("/")[1:])
    except UnicodeDecodeError:
        raise Unusable("a path that is not UTF-8") from None
    if any(map(is_token, segments)):
        raise Unusable("a path that contains a token")
    return segments


def fixed_segments(segments: tuple[str, ...]) -> tuple[str | None, ...]:
    """Return the parts of a path, None for those that are values by their form."""
    return tuple(None if is_value(segment) else segment for segment in segments)
