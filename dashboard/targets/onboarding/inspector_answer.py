"""The types of what the inspector reports of a project (`targets/injected/inspector/`)."""

from typing import Literal, NotRequired, TypeAlias, TypedDict

Interface: TypeAlias = Literal["wsgi", "asgi"]
INTERFACES: tuple[Interface, ...] = ("wsgi", "asgi")


class CodePlace(TypedDict):
    """A line of the project's code."""

    file: str
    line: int | None
    function: str
    code: str


class Failed(TypedDict):
    """What the project raised, its first cause, and the line of the project that raised it.

    `exits`: it ended the process. `module` is the module that was imported, if it is known.
    """

    error: str
    cause: str | None
    at: CodePlace | None
    exits: NotRequired[bool]
    module: NotRequired[str]


class FoundApplication(TypedDict):
    """The import string of an application, or what prevented it.

    `django`: Django itself can make one. `settings` is the settings module once it was imported.
    `script` is the module of a manage.py that is the whole project.
    """

    application: str | None
    django: bool
    failed: Failed | None
    settings: NotRequired[str | None]
    script: NotRequired[str]


class Prepared(TypedDict):
    """What manage.py changed in the environment, with digests of secrets, and the files it read."""

    environment: dict[str, str]
    digests: dict[str, str]
    files: list[str]
    directory: str


class Database(TypedDict):
    """A database of the settings; `conn_max_age` is as the project wrote it."""

    engine: str
    conn_max_age: object


class RouteParameter(TypedDict):
    """A parameter in the path of a route, with its converter."""

    name: str
    kind: str


class RouteEntry(TypedDict):
    """A route or a websocket's route: `Route` and `WebsocketRoute` describe the other keys."""

    path: str
    parameters: list[RouteParameter]


class RowsEntry(TypedDict):
    """The rows of a route with parameters, a value for each of them, or why it has none."""

    path: str
    rows: list[list[str]]
    reason: str | None


class InspectorAnswer(TypedDict):
    """Everything that was found before the inspector ended, however it ended.

    `ended` is how it failed, empty if it ended by itself; `log` has the last lines of its log.
    `unnamed`: no settings were chosen. The other keys are there as far as its `step` came.
    """

    ended: str
    log: list[str]
    root: str
    step: NotRequired[str]
    unnamed: NotRequired[bool]
    failed: NotRequired[Failed]
    python: NotRequired[str]
    prepared: NotRequired[Prepared]
    path: NotRequired[list[str]]
    settings: NotRequired[str | None]
    configuration: NotRequired[str | None]
    django: NotRequired[str]
    debug: NotRequired[bool]
    allowed_hosts: NotRequired[list[str]]
    servers: NotRequired[list[str]]
    databases: NotRequired[list[Database]]
    login_url: NotRequired[str]
    routes: NotRequired[list[RouteEntry]]
    wsgi: NotRequired[FoundApplication]
    asgi: NotRequired[FoundApplication]
    sockets: NotRequired[list[RouteEntry]]
    rows: NotRequired[list[RowsEntry]]
