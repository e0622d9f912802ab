"""Two X-rays side by side, and the experiment in which the second leaves middleware out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from dashboard.analysis.xray.difference import Difference
from dashboard.project.model.version import MARK, without_version
from dashboard.project.servers.settings import WITHOUT, as_text, left_out, parse
from dashboard.runs.planning.program import project_option, suggested_command
from dashboard.wire.codec import JsonObject
from dashboard.wire.plan.plan import Lane
from dashboard.wire.traces.xray import XrayPairJson

from .traced_request import XrayResult


@dataclass(frozen=True)
class XrayPair(JsonObject):
    """The X-rays of two lanes, and what the second does that the first does not.

    `again` is another one of the first, made after the second: a machine that became slower in
    between must not be taken for a slower lane. None if there is none.
    """

    first: XrayResult
    second: XrayResult
    again: XrayResult | None = None

    @cached_property
    def difference(self) -> Difference:
        """The difference of their requests."""
        again_ns = self.again.lengths_ns if self.again else ()
        lengths_ns = (*self.first.lengths_ns, *again_ns), self.second.lengths_ns
        return Difference(self.first.xray, self.second.xray, lengths_ns)

    @property
    def sentence(self) -> str:
        """The difference in one sentence or two."""
        lanes = str(self.first.subject.lane), str(self.second.subject.lane)
        return self.difference.sentence(*lanes)

    @property
    def statuses(self) -> tuple[int, int]:
        """The statuses of the two responses."""
        return self.first.traced.status, self.second.traced.status

    @property
    def warnings(self) -> list[str]:
        """What must be known to read the difference."""
        warnings = []
        first, second = self.statuses
        if first != second:
            text = f"The responses differ: {first} and {second}. So does what was done for them."
            warnings.append(text)
        if self.again and len(self.again.xray.hops) != len(self.first.xray.hops):
            counts = f"{len(self.first.xray.hops)} and {len(self.again.xray.hops)}"
            lane = self.first.subject.lane
            warnings.append(f"{lane} was traced twice, with {counts} hops: it varies by itself.")
        return warnings

    @cached_property
    def left_out(self) -> tuple[str, ...]:
        """The middleware that only the second leaves out, if nothing else is different.

        As its lane names it, by a path or the end of it; empty for any other pair.
        """
        first, second = self.first.subject.lane, self.second.subject.lane
        (some, before), (others, after) = (_left_out(lane) for lane in (first, second))
        if some != others or not set(before) < set(after):
            return ()
        return tuple(name for name in after if name not in before)

    @property
    def outcome(self) -> str:
        """What leaving it out changes: *−2 hops, −0.3 ms, still 200*."""
        return self.difference.without_it(self.statuses)

    @property
    def burst(self) -> str:
        """The command that fires at both lanes, which decides about their times."""
        subject = self.first.subject
        lanes = [
            word for each in (self.first, self.second) for word in ("--lane", each.subject.lane)
        ]
        values = [
            word
            for name, value in subject.parameters.items()
            for word in ("--set", f"{name}={value:g}")
        ]
        path = project_option(subject.project.path)
        project = ["--project", path] if path else []
        words = ("burst", subject.scenario, *lanes, *values, *project)
        return suggested_command(*map(str, words))

    def to_json(self) -> XrayPairJson:
        """Return the JSON object specified in docs/commands.md."""
        return {
            "first": self.first.to_json(),
            "second": self.second.to_json(),
            "difference": {
                "sentence": self.sentence,
                "warnings": self.warnings,
                "left_out": list(self.left_out),
                "statuses": list(self.statuses),
                **self.difference.to_json(),
            },
        }


def lane_without(lane: Lane, names: Iterable[str]) -> Lane:
    """Return the lane that leaves out this middleware as well. The lane is valid."""
    server, mark, version = lane.server.partition(MARK)
    name, values = parse(server)
    values[WITHOUT] = ",".join(dict.fromkeys([*left_out(values), *names]))
    return Lane(lane.variant, f"{as_text(name, values)}{mark}{version}")


def experiment_without(path: str, pairs: Mapping[str, XrayPair]) -> str:
    """Return the key of the last pair that differs only in this middleware; empty if none does."""
    found = [
        key
        for key, pair in pairs.items()
        if len(pair.left_out) == 1 and f".{path}".endswith(f".{pair.left_out[0]}")
    ]
    return found[-1] if found else ""


def _left_out(lane: Lane) -> tuple[Lane, tuple[str, ...]]:
    """Return the lane as it would be with all of its middleware, and what it leaves out."""
    name, values = parse(without_version(lane.server))
    _, mark, version = lane.server.partition(MARK)
    names = left_out(values)
    values.pop(WITHOUT, None)
    return Lane(lane.variant, f"{as_text(name, values)}{mark}{version}"), names
