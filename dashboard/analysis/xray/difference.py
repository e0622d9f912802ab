"""What one traced request does that another does not: in all, and by part.

Counts are exact. The time is that of the fastest request of each lane, which is drawn; whether it
differs at all is decided by all that were traced.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import comb

from dashboard.analysis.text.numbers import milliseconds, significant
from dashboard.wire.codec import JsonObject
from dashboard.wire.plural import counted
from dashboard.wire.traces.xray import CountsJson, DifferenceJson, PartCostJson, PartJson
from dashboard.wire.units import NS_PER_MS

from .alignment import AlignedPart, align
from .bill import short_names
from .parts import MIDDLEWARE, REQUEST, VIEW, Cost, Part, chain
from .trace import Xray

MOST_CHANCE = 0.05  # that two equal lanes are told apart by their times
NOTICEABLE_SHARE = 0.05  # of the longer request, for a part that differs in nothing but its time
MOST_NAMED = 3  # parts in the sentence
MINUS = "\N{MINUS SIGN}"
ABSENT = "–"
NOUNS = (("hop", "hops"), ("thread", "threads"), ("query", "queries"))


@dataclass(frozen=True)
class Difference(JsonObject):
    """The difference between two traced requests: what the second costs more than the first.

    `lengths_ns` are those of all requests that were traced, of the first and of the second lane;
    those of the first may be from before and after the second.
    """

    first: Xray
    second: Xray
    lengths_ns: tuple[Sequence[int], Sequence[int]]

    @cached_property
    def total(self) -> Cost:
        """The difference of the whole requests."""
        return _whole(self.second) - _whole(self.first)

    @cached_property
    def parts(self) -> tuple[AlignedPart, ...]:
        """The parts of both, in the order in which they began."""
        return align(self.first, self.second)

    @cached_property
    def differing(self) -> tuple[AlignedPart, ...]:
        """The parts that differ, most hops first, then threads, queries and time.

        Parts that differ in nothing but their time are among them only if the requests do.
        """
        shortest_ns = NOTICEABLE_SHARE * max(self.first.length_ns, self.second.length_ns)
        differing = [
            each
            for each in self.parts
            if any(each.change.counts)
            or (each.first is None) != (each.second is None)
            or (self.time_differs and abs(each.change.own_ns) >= shortest_ns)
        ]
        return tuple(sorted(differing, key=_size, reverse=True))

    @cached_property
    def time_differs(self) -> bool:
        """True if all requests of one lane took longer than all of the other, and hardly by chance.

        Two equal lanes do so in 2 of all ways to divide the requests between them.
        """
        first, second = self.lengths_ns
        apart = max(first) < min(second) or max(second) < min(first)
        return apart and 2 / comb(len(first) + len(second), len(first)) <= MOST_CHANCE

    def label(self, part: Part) -> str:
        """Return the name of a part as it is shown."""
        return _label(part, self._middleware)

    @cached_property
    def _middleware(self) -> Mapping[str, str]:
        spans = (*chain(self.first), *chain(self.second))
        return short_names(dict.fromkeys(span.path for span in spans))

    @property
    def text(self) -> str:
        """The difference of the whole requests: *+14 hops, +1 thread, +0.9 ms*.

        Without the time if it may differ by chance.
        """
        return ", ".join([*counts_text(self.total), *self._time_text()]) or "no difference"

    @property
    def rows(self) -> list[tuple[str, str, str, str]]:
        """The whole request, then each part that differs: name, both costs, the change."""
        whole = AlignedPart(REQUEST, _whole(self.first), _whole(self.second))
        names = ["the whole request", *(self.label(each.part) for each in self.differing)]
        return [
            (name, cost_text(each.first), cost_text(each.second), change_text(each.change))
            for name, each in zip(names, (whole, *self.differing), strict=True)
        ]

    @property
    def alike(self) -> int:
        """The number of the other parts."""
        return len(self.parts) - len(self.differing)

    def _time_text(self) -> list[str]:
        return [time for time in (time_text(self.total),) if time and self.time_differs]

    def sentence(self, first: str, second: str) -> str:
        """Return the difference in one sentence or two; the lanes' names are given."""
        named = [
            f"{self.label(each.part)} ({', '.join(texts)})"
            for each in self.differing
            if (texts := counts_text(each.change))
        ]
        text = f"{second} against {first}: {self.text}."
        if named:
            more = len(named) - MOST_NAMED
            text += f" By part: {', '.join(named[:MOST_NAMED])}"
            text += f" and {counted(more, 'other part')}." if more > 0 else "."
        if self.time_differs:
            return text
        n = " and ".join(str(len(lengths)) for lengths in self.lengths_ns)
        by = time_text(self.total) or "0 ms"
        return f"{text} Their times cannot be told apart: {by}, from {n} traced requests."

    def without_it(self, statuses: tuple[int, int]) -> str:
        """Return what leaving something out changes: *−2 hops, −0.3 ms, still 200*.

        `statuses` are those of the two responses. If they differ, so does what was done, and the
        times are not compared.
        """
        first, second = statuses
        counts = counts_text(self.total)
        if first != second:
            return ", ".join([*counts, f"{second} instead of {first}"])
        time = self._time_text() or ["time alike"]
        return ", ".join([*(counts or ["no hop fewer"]), *time, f"still {first}"])

    def to_json(self) -> DifferenceJson:
        """Return the JSON object specified in docs/commands.md; times are in milliseconds."""
        return {
            **_counts_json(self.total),
            "length_ms": self.total.own_ns / NS_PER_MS,
            "time_differs": self.time_differs,
            "n": [len(lengths) for lengths in self.lengths_ns],
            "parts": list(self._parts_json()),
        }

    def _parts_json(self) -> Iterator[PartJson]:
        for each in self.parts:
            yield {
                "part": self.label(each.part),
                "first": _part_cost(each.first),
                "second": _part_cost(each.second),
            }


def cost_text(cost: Cost | None) -> str:
    """Return what a part costs: *2 hops, 1 thread, 0.31 ms*; a dash if there is no such part."""
    if cost is None:
        return ABSENT
    counts = [
        counted(number, *noun) for number, noun in zip(cost.counts, NOUNS, strict=True) if number
    ]
    return ", ".join([*counts, milliseconds(round(cost.own_ns / NS_PER_MS, 3))])


def change_text(change: Cost) -> str:
    """Return what a part costs more: *+2 hops, +0.26 ms*; empty if nothing."""
    return ", ".join(filter(None, [*counts_text(change), time_text(change)]))


def counts_text(change: Cost) -> list[str]:
    """Return the counts that changed: *+14 hops*, *−1 thread*, *+2 queries*."""
    return [
        f"{sign(number)}{counted(abs(number), *noun)}"
        for number, noun in zip(change.counts, NOUNS, strict=True)
        if number
    ]


def time_text(change: Cost) -> str:
    """Return a difference in time with two digits, at most to the microsecond; empty for none."""
    ms = round(change.own_ns / NS_PER_MS, 3)
    return f"{sign(ms)}{milliseconds(float(significant(abs(ms), 2)))}" if ms else ""


def sign(number: float) -> str:
    """Return the sign of a number, + or −."""
    return MINUS if number < 0 else "+"


def _label(part: Part, middleware: Mapping[str, str]) -> str:
    if part == REQUEST:
        return "Django itself"
    if part[0] == MIDDLEWARE:
        names = [middleware.get(part[1], part[1]), *map(_without_kind, part[2:])]
    else:
        names = [*(["the view"] if part[:1] == VIEW else []), *map(_without_kind, part[1:])]
    return " › ".join(names)


def _without_kind(text: str) -> str:
    return text.partition(" ")[2]


def _whole(xray: Xray) -> Cost:
    return Cost(len(xray.hops), xray.threads_started, xray.queries, xray.length_ns)


def _size(each: AlignedPart) -> tuple[int, ...]:
    return (*map(abs, each.change.counts), abs(each.change.own_ns))


def _part_cost(cost: Cost | None) -> PartCostJson | None:
    """Return the cost of a part; None if there is no such part."""
    return None if cost is None else {**_counts_json(cost), "own_ms": cost.own_ns / NS_PER_MS}


def _counts_json(cost: Cost) -> CountsJson:
    return {"hops": cost.hops, "threads_started": cost.threads, "queries": cost.queries}
