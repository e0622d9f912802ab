"""The types of a verdict's causes: `name` determines which evidence it has.

`lane` is the lane in which it was found, None where it concerns both. `share` is how much of the
gap it explains, 0 to 1; None if that is unknown.
"""

from typing import Literal, TypeAlias, TypedDict

from .evidence import (
    ClientBoundEvidence,
    ConnectionsLeakEvidence,
    CpuBoundEvidence,
    ErrorsEvidence,
    ExecutorFullEvidence,
    LoopBlockedEvidence,
    NoDifferenceEvidence,
    OneAtATimeEvidence,
    SerialisedEvidence,
    StreamingEvidence,
    ThreadCostEvidence,
    ThreadsBusyEvidence,
    WaitingEvidence,
    WaitingForConnectionEvidence,
)


class OfLane(TypedDict):
    """What each cause has that makes one lane slower."""

    lane: str
    share: float | None


class OfBoth(TypedDict):
    """What each cause has that concerns both lanes."""

    lane: None
    share: None


class ThreadsBusy(OfLane):
    """Every thread of the server had a request while others waited."""

    name: Literal["threads-busy"]
    evidence: ThreadsBusyEvidence


class OneAtATime(OfLane):
    """No process ever had a second request in the application."""

    name: Literal["one-at-a-time"]
    evidence: OneAtATimeEvidence


class LoopBlocked(OfLane):
    """Something held the event loop, and other requests waited for it."""

    name: Literal["loop-blocked"]
    evidence: LoopBlockedEvidence


class SerialisedOnOneThread(OfLane):
    """Sync work queued for one thread: within one traced request, or of several."""

    name: Literal["serialised-on-one-thread"]
    evidence: SerialisedEvidence


class ExecutorFull(OfLane):
    """All threads of the loop's default executor existed, and calls queued."""

    name: Literal["executor-full"]
    evidence: ExecutorFullEvidence


class CpuBound(OfLane):
    """The lane used nearly all of the CPU that it could."""

    name: Literal["cpu-bound"]
    evidence: CpuBoundEvidence


class ThreadCost(OfLane):
    """Requests start threads, or switch between them far more often."""

    name: Literal["thread-cost"]
    evidence: ThreadCostEvidence


class WaitingInApp(OfLane):
    """The view waited, and not for a thread or for the event loop."""

    name: Literal["waiting-in-app"]
    evidence: WaitingEvidence


class WaitingForConnection(OfLane):
    """The view waited for a connection to a database."""

    name: Literal["waiting-for-connection"]
    evidence: WaitingForConnectionEvidence


class ConnectionsLeak(OfLane):
    """The lane leaves connections to a database open that are of no more use."""

    name: Literal["connections-leak"]
    evidence: ConnectionsLeakEvidence


class NotStreaming(OfLane):
    """The lane buffers its answers while the other one streams them."""

    name: Literal["not-streaming"]
    evidence: StreamingEvidence


class Errors(OfLane):
    """Too many requests of the lane failed."""

    name: Literal["errors"]
    evidence: ErrorsEvidence


class ClientBound(OfBoth):
    """The load generator was at its limit."""

    name: Literal["client-bound"]
    evidence: ClientBoundEvidence


class NoDifference(OfBoth):
    """The interval lies inside the margin."""

    name: Literal["no-difference"]
    evidence: NoDifferenceEvidence


# Causes of a gap between two lanes, each of which makes one of them slower.
GapCause: TypeAlias = (
    ThreadsBusy
    | OneAtATime
    | LoopBlocked
    | SerialisedOnOneThread
    | ExecutorFull
    | CpuBound
    | ThreadCost
    | WaitingInApp
    | WaitingForConnection
)
CauseReport: TypeAlias = (
    GapCause | NotStreaming | ConnectionsLeak | Errors | ClientBound | NoDifference
)
