"""The sentence on the limit that all lanes share, from the verdict's JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeAlias

from dashboard.analysis.text.numbers import milliseconds, seconds_of, significant, times_at_most
from dashboard.wire.plural import counted
from dashboard.wire.report.verdict import LaneLimitReport, SharedLimitName, SharedLimitReport

Lanes: TypeAlias = Sequence[LaneLimitReport]
Number: TypeAlias = Literal[
    "time_s",
    "cpu_ms_per_request",
    "own_cpu_share",
    "least_own_cpu_share",
    "cpu_alone_s",
    "in_view",
    "peak_in_view",
    "view_ms_p50",
]

# Server and Django by themselves cost 0.1 to 2 ms per request where measured. A request that costs
# less CPU than this limit may cost still less under another server.
MOSTLY_SERVER_MS = 5.0
FASTER = 1.05  # smallest possible speed-up that is given as a number
WORTH_SAYING = 0.1  # of the cores, used by other processes


def shared_limit_sentence(limit: SharedLimitReport | None) -> str:
    """Return one sentence or two; empty if there is no shared limit."""
    if not limit:
        return ""
    return _WORDS[limit["name"]](limit["lanes"], limit["concurrency"])


def _all(lanes: Lanes) -> str:
    return "Both lanes" if len(lanes) == 2 else f"All {len(lanes)} lanes"


def _known(lanes: Lanes, name: Number) -> list[float]:
    """Return a number of each lane in which it is known."""
    return [number for lane in lanes if (number := lane[name]) is not None]


def _range(lanes: Lanes, name: Number, to_text: Callable[[float], str]) -> str:
    """Return "65 ms", or "65 ms to 68 ms" if the lanes differ."""
    values = _known(lanes, name)
    if not values:
        return "an unknown amount"
    ends = to_text(min(values)), to_text(max(values))
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def _share(value: float) -> str:
    return f"{100 * min(1.0, value):.0f} %"


def _cores(lanes: Lanes) -> str:
    """Return the cores that each lane could keep busy, without a number if the lanes differ."""
    counts = {lane["usable_cores"] for lane in lanes}
    if len(counts) != 1:
        return "their cores"
    (count,) = counts
    if count is None:
        return "their cores"
    return "one core" if count == 1 else f"{count:g} cores"


def _cpu(lanes: Lanes) -> str:
    words = f"{_all(lanes)} spend {_range(lanes, 'cpu_ms_per_request', milliseconds)} of CPU per"
    if all(lane["cpu_alone_s"] is not None and lane["time_s"] for lane in lanes):
        spent = _range(lanes, "cpu_alone_s", seconds_of)
        words += f" request, {spent} of {_range(lanes, 'time_s', seconds_of)} on {_cores(lanes)}"
    else:
        used = _range(lanes, "own_cpu_share", _share)
        words += f" request, {used} of what {_cores(lanes)} can do"
    taken = max(lane["taken_by_others"] or 0 for lane in lanes)
    others = f", of which other processes used up to {_share(taken)}"
    return words + (others if taken >= WORTH_SAYING else "")


def _more_cores(lanes: Lanes) -> str:
    spare = all((lane["cores"] or 0) > (lane["usable_cores"] or 0) for lane in lanes)
    return "more processes would" if spare else "more processes on more cores would"


def _cpu_bound(lanes: Lanes, concurrency: int | None) -> str:
    where, most = f"on {_cores(lanes)}", _most(lanes)
    more = f"more than {times_at_most(most)}× as much" if most >= FASTER else "more"
    if min(_known(lanes, "cpu_ms_per_request"), default=0) < MOSTLY_SERVER_MS:
        return (
            f"{_cpu(lanes)}: none of them can do {more} {where}. So little CPU time may be the"
            f" server's own; less of it per request would help, and {_more_cores(lanes)}."
        )
    most_help = f"make it more than {times_at_most(most)}× faster" if most >= FASTER else "help"
    return (
        f"{_cpu(lanes)}: neither another server nor async can {most_help} there;"
        f" {_more_cores(lanes)}."
    )


def _most(lanes: Lanes) -> float:
    """Return how many times as fast a lane can become if it only waits for its own CPU time."""
    return 1 / min(_known(lanes, "least_own_cpu_share"), default=1.0)


def _mostly_cpu(lanes: Lanes, concurrency: int | None) -> str:
    most = times_at_most(_most(lanes))
    return (
        f"{_cpu(lanes)}: at that cost per request, neither another server nor async can make it"
        f" more than {most}× faster on {_cores(lanes)}."
    )


def _light_load(lanes: Lanes, concurrency: int | None) -> str:
    if concurrency == 1:
        return (
            "One request at a time was sent: this shows how long a request takes, not how a server"
            " or async handles many at once."
        )
    mean = significant(max(_known(lanes, "in_view"), default=0), 2)
    return (
        "The load was too light to make a difference: on average there were at most"
        f" {mean} requests in the view."
    )


def _same_limit(lanes: Lanes, concurrency: int | None) -> str:
    peak = lanes[0]["peak_in_view"] or 0
    requests = counted(peak, "request")
    words = (
        f"{_all(lanes)} had at most {requests} in the view at a time, of {concurrency} in flight"
    )
    if all(lane["own_cpu_share"] is not None for lane in lanes):
        words += f", and were idle there, using {_range(lanes, 'own_cpu_share', _share)} of the CPU"
    words += ":"
    if all(lane["capacity"] == peak for lane in lanes):
        return (
            f"{words} the limit is the same, the number of processes and threads of each. More of"
            " them would help."
        )
    if any(lane["capacity"] == peak for lane in lanes):
        return f"{words} the limit is the same."
    return (
        f"{words} the limit is the same, and it is not that of the server: a pool, a lock, or what"
        f" the view waits for admits no more."
    )


def _waiting(lanes: Lanes, concurrency: int | None) -> str:
    peak = _range(lanes, "peak_in_view", lambda value: f"{value:g}")
    return (
        f"{_all(lanes)} had up to {peak} of {concurrency} requests in the view at once, idle for"
        f" {_range(lanes, 'view_ms_p50', milliseconds)} (median) with"
        f" {_range(lanes, 'cpu_ms_per_request', milliseconds)} of CPU per request: with"
        f" {concurrency} at a time neither another server nor async can help, only what the view"
        f" waits for."
    )


def _unknown(lanes: Lanes, concurrency: int | None) -> str:
    """Return what is known of the lanes if no common limit was found."""
    observations = []
    if all(lane["own_cpu_share"] is not None for lane in lanes):
        observations.append(
            f"they used {_range(lanes, 'own_cpu_share', _share)} of {_cores(lanes)}"
        )
    if all(lane["peak_in_view"] is not None for lane in lanes):
        peak = _range(lanes, "peak_in_view", lambda value: f"{value:g}")
        observations.append(f"had at most {peak} requests in the view at a time")
    if not observations:
        return ""
    return f"No limit was found that {_all(lanes).lower()} share: {', and '.join(observations)}."


_WORDS: Mapping[SharedLimitName, Callable[[Lanes, int | None], str]] = {
    "cpu-bound": _cpu_bound,
    "mostly-cpu": _mostly_cpu,
    "light-load": _light_load,
    "same-limit": _same_limit,
    "waiting": _waiting,
    "unknown": _unknown,
}
