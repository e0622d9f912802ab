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
    lane's name asks for them, `executor`, `websocket`, `xray` and `neighbour_cost` if they were
    measured. `neighbour_cost` is [value, uncertainty] of each quantity of one bystander request.
    `fault` is why there is no verdict on the lane. `answers` are stored with the lane, and are
    elsewhere in the report.
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
    websocket: WebsocketFacts
    xray: XrayFacts
    neighbour_cost: dict[str, list[float]]
    fault: str
    answers: list[AnswerKind]
