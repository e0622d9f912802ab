"""Reads a file with requests into views with shares, rows and arrivals by minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dashboard.targets.onboarding.draft.route_selection import exclusion_reason
from dashboard.targets.onboarding.route import Route
from dashboard.targets.onboarding.traffic.formats.logged_request import LoggedRequest, RequestSource
from dashboard.targets.onboarding.traffic.formats.openapi import Description
from dashboard.targets.onboarding.traffic.formats.sources import opened
from dashboard.wire.plural import counted

from .described import described_views
from .groups import Groups
from .path_shapes import Shape, Unusable, Values, fixed_segments, plain_query, segments_of
from .route_matching import RouteMatcher
from .selection import Choice, LeftOut, is_utf8
from .views import View, view_of

SECONDS = 60  # in a minute
REFERENCE = "{env:"
MOST_HOSTS = 10  # named in a note


@dataclass(frozen=True)
class Traffic:
    """What a file has: its views, the most requested first, and what was left out.

    `kind` is that of the file, `requests` the number of all requests in it. `minutes` are the
    numbers of requests by minute, counted from 1970, of those that were taken in.
    """

    kind: str
    requests: int
    views: tuple[View, ...]
    minutes: Mapping[int, int]
    left_out: tuple[str, ...]

    @property
    def taken_in(self) -> int:
        """The number of the views' requests."""
        return sum(view.requests for view in self.views)


def read_traffic(path: Path, choice: Choice, routes: Sequence[Route] = ()) -> Traffic:
    """Return the traffic in a file; paths are those of `routes` if there are any.

    Raises InvalidTraffic with the line that cannot be read.
    """
    with opened(path) as source:
        if isinstance(source, Description):
            views, left_out = described_views(source, choice, RouteMatcher(routes))
            sentences = tuple(left_out.sentences())
            return Traffic("OpenAPI description", len(views), tuple(views), {}, sentences)
        return _Reader(choice, routes).read(source)


class _Reader:
    """What is known of a file with requests up to the present one."""

    def __init__(self, choice: Choice, routes: Sequence[Route]) -> None:
        self._choice = choice
        self._matcher = RouteMatcher(routes) if routes else None
        # What a draft leaves out for other reasons than the values that it has here.
        self._excluded = [
            exclusion_reason(replace(route, parameters={}, reads=True, login=False))
            for route in routes
        ]
        self._groups = Groups()
        self._left_out = LeftOut()
        self._minutes: Counter[tuple[str, int]] = Counter()
        self._requests = 0

    def read(self, source: RequestSource) -> Traffic:
        """Read all requests."""
        for request in source:
            self._requests += 1
            try:
                self._take_in(request)
            except Unusable as reason:
                self._left_out.requests[str(reason)] += 1
        self._groups.settle()
        host = self._chosen_host()
        left_out = [*source.notes, *self._left_out.sentences()]
        if self._groups.rare:
            left_out.append(f"Left out: {counted(self._groups.rare, 'request')} of rare paths.")
        return Traffic(
            source.kind, self._requests, self._views(host), self._minutes_of(host), tuple(left_out)
        )

    def _take_in(self, request: LoggedRequest) -> None:
        path, _, query_text = request.target.partition("?")
        if not is_utf8(request.target):
            raise Unusable("a path that is not UTF-8")
        self._choice.check(request, path)
        query = plain_query(query_text.partition("#")[0])
        body = self._choice.body_of(request)
        segments = segments_of(path)
        place, values = self._placed(segments)
        shape = Shape(
            request.method,
            request.host,
            () if place is not None else fixed_segments(segments),
            query.names,
            place,
            _content_type(request) if body is not None else "",
        )
        if any(REFERENCE in text for text in (*values, *query.values, body or "")):
            raise Unusable(f"a value that contains {REFERENCE}, which a lab.toml would fill in")
        self._groups.add(shape, Values(values, query.values, body))
        self._left_out.parts.update(self._choice.withheld(request, query))
        if request.at_s is not None:
            self._minutes[request.host, int(request.at_s // SECONDS)] += 1

    def _placed(self, segments: tuple[str, ...]) -> tuple[int | None, tuple[str, ...]]:
        """Return the number of a path's route and its values; of a path by form, its segments."""
        if self._matcher is None:
            return None, segments
        match = self._matcher.match("/" + "/".join(segments))
        if match is None:
            raise Unusable("no route of the project")
        number, values = match
        if reason := self._excluded[number]:
            raise Unusable(f"{self._matcher.routes[number].path}: {reason}")
        return number, values

    def _chosen_host(self) -> str:
        """Return the host with the most requests; the others are left out."""
        hosts: Counter[str] = Counter()
        for shape, group in self._groups.by_shape.items():
            hosts[shape.host] += group.requests
        for host, number in hosts.most_common()[1:MOST_HOSTS]:
            self._left_out.requests[f"to another host, {ascii(host)[1:-1]}"] += number
        others = sum(number for _, number in hosts.most_common()[MOST_HOSTS:])
        if others:
            self._left_out.requests["to other hosts"] += others
        return next((host for host, _ in hosts.most_common(1)), "")

    def _views(self, host: str) -> tuple[View, ...]:
        routes = self._matcher.routes if self._matcher else ()
        views = [
            view_of(shape, group, None if shape.route is None else routes[shape.route])
            for shape, group in self._groups.by_shape.items()
            if shape.host == host
        ]
        return tuple(sorted(views, key=lambda view: (-view.requests, view.title)))

    def _minutes_of(self, host: str) -> dict[int, int]:
        return {minute: number for (name, minute), number in self._minutes.items() if name == host}


def _content_type(request: LoggedRequest) -> str:
    """Return the type of a body, a general one if it is no text that a header can carry."""
    text = request.content_type
    return text if text and text.isascii() and text.isprintable() else "application/octet-stream"
