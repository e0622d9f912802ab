"""The type of a run's report: what `burst --json` prints, the page shows and exports carry.

Keys are the JSON's and part of the command line's contract; docs/commands.md describes them.
Unknown values are None (`null`), never 0 and never left out. A report that an older version
stored may lack later keys.
"""

from typing import Literal, NotRequired, TypeAlias, TypedDict

from .advice import Advice
from .lanes import LaneReport
from .verdict import VerdictReport
from .views import ViewReport
from .where import WhereReport

DiscardReason = Literal["stolen", "late"]  # by the host; the load generator


class BurstLoad(TypedDict):
    """A closed load; `send_kb_per_s` and `every_s` only if they were set."""

    kind: Literal["burst"]
    requests: int
    concurrency: int
    send_kb_per_s: NotRequired[float]
    every_s: NotRequired[float]


class RateLoad(TypedDict):
    """An open load; `send_kb_per_s` only if it was set."""

    kind: Literal["rate"]
    rate_rps: float
    duration_s: float
    poisson: bool
    concurrency: int
    send_kb_per_s: NotRequired[float]


LoadReport: TypeAlias = BurstLoad | RateLoad


class DiscardedRound(TypedDict):
    """A round that was repeated: the host took CPU time away, or the load generator was late."""

    round: int
    reason: DiscardReason


class Environment(TypedDict, total=False):
    """The machine and the dashboard's own versions; empty if the run never started."""

    python: str
    django: str
    system: str
    cpu: str | None
    cpus: int | None
    load_average: list[float]


class Calibrated(TypedDict):
    """The capacity of the load generator: the response time that it adds, and its limit."""

    floor_ms: float | None
    limit_rps: float | None


class Instrument(Calibrated):
    """The capacity of the load generator, and whether it may have spoiled the run."""

    saturated: bool | None
    steal_percent: float | None


class Report(TypedDict):
    """The result of one run.

    `advice` is there once the run has ended, and not in older reports. `where` is there if that was
    asked for, and not stored with the report. `mixed_views` are those of a mix.
    """

    run: str
    scenario: str
    status: str
    load: LoadReport
    rounds: int
    discarded_rounds: list[int]
    discarded: list[DiscardedRound]
    seed: int
    parameters: dict[str, float]
    environment: Environment
    lanes: list[LaneReport]
    verdict: VerdictReport | None
    instrument: Instrument | None
    warnings: list[str]
    advice: NotRequired[list[Advice]]
    where: NotRequired[WhereReport]
    mixed_views: NotRequired[list[ViewReport]]
