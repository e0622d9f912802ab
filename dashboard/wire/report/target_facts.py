"""The types of facts about a lane's target: `target` in the lane's report."""

from typing import NotRequired, TypedDict, final

from .answers import AnswerKind


@final
class Serialised(TypedDict):
    """Thread hops of one request that shared one thread, and the time lost."""

    thread: str
    hops: int
    worked_ms: float
    longest_ms: float
    lost_ms: float


class XrayFacts(TypedDict):
    """What a traced request of the lane showed: its sentence, its counts, and where hops queued.

    Older reports lack `view_query_ms`, the time in queries of the view, and `middleware`, the
    number of layers before it.
    """

    sentence: str
    hops: int
    threads_started: int
    queries: int
    length_ms: float
    serialised: Serialised | None
    view_query_ms: NotRequired[float]
    middleware: NotRequired[int]


class ExecutorFacts(TypedDict):
    """The default executor of the event loop when its queue was longest.

    `shared`: the queue was longer for the one thread that asgiref has for sync work outside of
    Django's requests, and the numbers are those of that thread.
    """

    limit: int
    threads: int
    queued: int
    shared: NotRequired[bool]


class PoolFacts(TypedDict):
    """A pool of connections that psycopg keeps in each process, as it counts them itself.

    `limit` is how many connections the pools of all processes may have, `size` how many they had at
    most, and `waiting` how many requests waited for one at most. In all firings together they
    `opened` connections, and `queued` requests waited for `wait_ms`, the bystander's among them.
    """

    limit: int
    size: int
    waiting: int
    opened: int
    queued: int
    wait_ms: int


class ConnectionFacts(TypedDict):
    """Connections to one database, by its alias, without those of the bystander's requests.

    `requests`, `opened` (or taken from the pool), `collected` (closed by the garbage collector) and
    `waited_ms` are of all firings together. The others are the largest value that one firing had,
    of all processes: `open_max`, `waiting_max` and `wait_ms_max` during it; at its end `left_open`
    and, of those that it opened, `leaked`. `max_age_s` is CONN_MAX_AGE; None: for ever. `can_pool`:
    Django can pool them here. `vendor` is Django's name for the kind of database.
    """

    alias: str
    requests: int
    opened: int
    open_max: int
    left_open: int
    leaked: int
    collected: int
    waiting_max: int
    waited_ms: float
    wait_ms_max: float
    max_age_s: float | None
    can_pool: bool
    vendor: str
    pool: PoolFacts | None


class ActivityFacts(TypedDict):
    """Connections to PostgreSQL after the last round: as the probes count them, and as it does."""

    by_probe: int
    by_database: int


class DjangoFacts(TypedDict, total=False):
    """The settings of the project that change a measurement, as a probe read them."""

    debug: bool
    allowed_hosts: list[str]
    keeps_connections: bool
    set_up_first: bool


PackageFacts = TypedDict("PackageFacts", {"version": str, "from": str})
PackageFacts.__doc__ = "The version of a package of the server, and where it was found."


class OwnFacts(TypedDict):
    """What a variant overrides of its project: the names of variables, and other modules."""

    env: list[str]
    settings: str | None
    asgi: str | None
    wsgi: str | None


class VersionFacts(TypedDict):
    """Another version of the project's code, and the directory from which it was served."""

    name: str
    directory: str
    revision: str | None


class WebsocketFacts(TypedDict):
    """Messages of websockets that answered nothing."""

    ignored: int


class TargetFacts(TypedDict, total=False):
    """How a target was started and what was found there; an older report has fewer of these keys.

    A target that runs already has no probe, and a `url`. `own` and `version` are there if the
    lane's name asks for them, `executor`, `connections`, `activity`, `websocket`, `xray` and
    `neighbour_cost` if they were measured. `neighbour_cost` is [value, uncertainty] of each
    quantity of one bystander request. `fault` is why there is no verdict on the lane. `answers` are
    stored with the lane, and are elsewhere in the report.
    """

    command: list[str]
    url: str | None
    probe: bool
    processes: int | None
    threads: int | None
    cores: list[int]
    backlog: int | None
    keep_alive_s: float | None
    loop: str | None
    config: str | None
    interface: str
    application: str | None
    versions: dict[str, str]
    packages: dict[str, PackageFacts]
    ignored: list[str]
    withheld: list[str]
    django: DjangoFacts | None
    own: OwnFacts
    version: VersionFacts
    executor: ExecutorFacts
    connections: list[ConnectionFacts]
    activity: ActivityFacts
    websocket: WebsocketFacts
    xray: XrayFacts
    neighbour_cost: dict[str, list[float]]
    fault: str
    answers: list[AnswerKind]
