"""The tables of a lab.toml: a class for each kind of table, a field for each key.

The descriptions are what an editor shows, by docs/lab.schema.json; docs/lab.md explains more.
Checks that need two tables, a file or a server are in the modules beside this one.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from dashboard.project.servers.settings import BOUNDS

from . import values as v


def key(description: str, default: Any = ..., *, example: Any = None) -> Any:
    """Declare a key. A required one has an example, which also replaces a value that is wrong."""
    examples = None if example is None else [example]
    return Field(default, description=description, examples=examples)


class Table(BaseModel):
    """A table of a lab.toml: an unknown key is refused, and no value is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    def values_for(self, record: type[Any]) -> dict[str, Any]:
        """Return the values of the keys that are also fields of a dataclass."""
        names = record.__dataclass_fields__.keys() & type(self).model_fields.keys()
        return {name: getattr(self, name) for name in names}


class Login(Table):
    """How to log in, for the variants with `login = true`."""

    path: v.UrlPath = key("a page with a form; its hidden fields are sent too", example="/login/")
    username: v.Variable = key("the environment variable with the name", example="SHOP_USER")
    password: v.Secret = key("the environment variable with the password", example="SHOP_KEY")
    username_field: v.Text = key("the form's field for the name", "username")
    password_field: v.Text = key("the form's field for the password", "password")
    headers: v.Headers = key("headers of the requests that log in", {})


class Project(Table):
    """What is put under load, and how it is started."""

    name: v.Text = key("the project's name", example="shop")
    directory: v.Text = key("where every command runs, relative to this file", ".")
    wsgi: v.Import | None = key("WSGI application; at least one of wsgi, asgi, url", None)
    asgi: v.Import | None = key("ASGI application; at least one of wsgi, asgi, url", None)
    python: v.Text = key("relative to directory; 'python' is the dashboard's own", "python")
    env: v.Environment = key("environment variables of the project's processes", {})
    inherit_env: v.EnvNames = key(
        "variables to pass on from Liveburst's own environment; * matches any characters", ()
    )
    env_files: v.Texts = key("files with more variables, relative to directory", ())
    setup: v.Commands = key("run first; 'python' as the first word is project.python", ())
    neighbour: v.UrlPath | None = key("the path of an unrelated fast view", None)
    server: v.Text | None = key("how it is served today, as in a lane, for `survey`", None)
    url: v.Url | None = key("a target that runs already: the server `running`", None)
    ca: v.Text | None = key("authorities for https (PEM), relative to this file", None)
    allow_remote: v.Flag = key("true: a url may be on another machine", False)
    start_timeout_s: v.StartTimeout | None = key("how long a start may take, in seconds", None)
    login: Login | None = key("how to log in, for variants with login = true", None)


class Server(Table):
    """Other defaults for a server; with a url, a target that runs already."""

    processes: Annotated[int, v.whole(*BOUNDS["processes"])] | None = key("worker processes", None)
    threads: Annotated[int, v.whole(*BOUNDS["threads"])] | None = key("in each process", None)
    backlog: Annotated[int, v.whole(*BOUNDS["backlog"])] | None = key("of the socket", None)
    keep_alive: Annotated[int, v.whole(*BOUNDS["keep_alive"])] | None = key("in seconds", None)
    executor: Annotated[int, v.whole(*BOUNDS["executor"])] | None = key(
        "threads of the event loop's default executor, in each process", None
    )
    loop: v.Text | None = key("the kind of event loop", None)
    config: v.Text | None = key("the server's own settings file, relative to directory", None)
    start_timeout_s: v.StartTimeout | None = key("how long its start may take, in seconds", None)
    url: v.Url | None = key("a target that runs already", None)


class Version(Table):
    """Another version of the code, for lanes like sync@daphne#NAME."""

    revision: v.Revision | None = key("of the project's own git repository; or directory", None)
    directory: v.Text | None = key("relative to this file; or revision", None)


class Companion(Table):
    """Another process that the project needs."""

    command: v.Texts = key("{port} becomes a free port", example=["python", "upstream.py"])
    env: v.Environment = key("for every target and companion; {port} becomes the port", {})
    scenarios: v.Texts = key("those that need it; left out: all of them", ())
    start_timeout_s: v.StartTimeout | None = key("how long its start may take, in seconds", None)


class Requirement(Table):
    """What some variants need besides the project."""

    variable: v.Variable = key("it is there if this environment variable is", example="SHOP_DB")


class Parameter(Table):
    """A number that a scenario takes."""

    default: v.Number = key("the value if none is chosen", example=0)
    min: v.Number = key("the lowest value", example=0)
    max: v.Number = key("the highest value", example=0)
    unit: v.Line = key("shown behind the value; `wait` is in seconds unless it is 'ms'", "")
    offers: v.Numbers = key("values worth a button", ())


class ClaimLoad(Table):
    """The load of a claim; what is left out is as in the scenario."""

    requests: v.Requests | None = key("in each round", None)
    concurrency: v.Concurrency | None = key("in flight at most; left out: all at once", None)
    rounds: v.Rounds | None = key("how often each lane is fired at", None)
    send_kb_per_s: v.SendKbPerS | None = key("how quickly a client uploads", None)


class Load(ClaimLoad):
    """The load of a scenario."""

    requests: v.Requests = key("in each round", 100)
    rounds: v.Rounds = key("how often each lane is fired at", 3)
    every_s: v.EveryS = key("the time between two messages of a websocket", 0.0)


class Upload(Table):
    """A file in a multipart form, made while it is sent."""

    field: v.FormField = key("the form's field", example="file")
    megabytes: v.Megabytes = key("a number, or a parameter: '{megabytes}'", example=1)


class OpeningStep(Table):
    """A step of a websocket's opening that waits for an answer of the server."""

    send: v.OpeningText | None = key("the text; left out: only waits, as for a greeting", None)
    answer: v.Answer = key("which message is waited for", example="any")


class Variant(Table):
    """One way to write the scenario's work."""

    family: v.Family = key("how the view is written", example="sync")
    path: v.UrlPath = key("with {parameter} and {column} in it", example="/search/")
    source: v.Import | None = key("the view, whose code is shown beside the chart", None)
    needs: v.Interface | None = key("the only kind of server that it works under", None)
    method: v.Method = key("of the requests", "GET")
    headers: v.Headers = key("{env:NAME} is filled in from the environment", {})
    body: v.Body = key("sent unchanged; not with GET and HEAD", "")
    cookies: v.Cookies = key("{env:NAME} is filled in from the environment", {})
    login: v.Flag = key("each request carries the session that was logged in", False)
    upload: Upload | None = key("a file in a multipart form", None)
    poll_every_ms: v.PollMs | None = key("202 is followed to its Location until a result", None)
    websocket: v.Flag = key("requests are messages; concurrency is the connections", False)
    open: Annotated[tuple[v.OpeningText | OpeningStep, ...], v.opening] = key(
        "on each new websocket, before its first message: a text, or one with its answer", ()
    )
    message: v.Message | None = key("sent and timed; {n} is the request's number", None)
    answer: v.Answer | None = key("which message answers it; left out: the same message", None)
    chunks: v.Flag = key("note the longest wait between two pieces of an answer", False)
    requires: v.Texts = key("names of requirements", ())
    wait: v.Text | None = key("how long one of these waits, if not the scenario's wait", None)
    at_a_time: v.AtATime | None = key("how many one event loop can do at once", None)
    env: v.Environment = key("variables over the project's env", {})
    settings: v.Module | None = key("its own DJANGO_SETTINGS_MODULE", None)
    asgi: v.Import | None = key("its own ASGI application", None)
    wsgi: v.Import | None = key("its own WSGI application", None)


class Scenario(Table):
    """One piece of work, and the ways to write it."""

    title: v.Text = key("what the work is", example="Searching")
    parameters: dict[v.Name, Parameter] = key("numbers for {name} in paths", {})
    lanes: v.Texts = key("VARIANT@SERVER, the baseline first", example=["sync@daphne"])
    load: Load = key("what is fired", Load.model_validate({}))
    rows: v.Text | None = key("a CSV file beside this one; each request takes a row", None)
    wait: v.Text | None = key(
        "the parameters, joined by *, whose product is its waiting time", None
    )
    variant: dict[v.Name, Variant] = key("the ways to write it")


class Mix(Table):
    """Several views as one load: what their project is requested in all."""

    title: v.Text = key("what the traffic is", example="Monday at ten")
    weights: v.Weights = key("how often each view is requested, by SCENARIO.VARIANT")
    servers: v.Texts = key("those of its lanes, the baseline first", example=["daphne"])
    rate: v.Rate | None = key("requests per second; left out: a burst, by load", None)
    duration: v.Duration = key("how long the rate lasts, in seconds", 10.0)
    load: Load = key("what is fired", Load.model_validate({}))


class Sweep(Table):
    """The loads at which a claim's card also offers its lanes."""

    over: v.Span = key("what is varied", example="concurrency=1..512")
    levels: v.Levels | None = key("how many loads", None)


class Claim(Table):
    """A sentence that people believe, and what would have to hold."""

    text: v.Text = key("the sentence", example="Searching is fast.")
    scenario: v.Text = key("the scenario that tests it", example="search")
    expect: v.Pairs = key("[LANE, 'METRIC OPERATOR NUMBER']", example=[["sync@daphne", "ok > 9"]])
    load: ClaimLoad = key("left out: the scenario's", ClaimLoad.model_validate({}))
    parameters: dict[str, v.Number] = key("left out: the defaults", {})
    sweep: Sweep | None = key("its card also offers the lanes at these loads", None)


class File(Table):
    """A project for Liveburst: what serves it, and what may be fired at it."""

    project: Project = key("what is put under load, and how it is started")
    server: dict[v.Name, Server] = key("servers with other defaults, targets that run", {})
    version: dict[v.Name, Version] = key("other versions of the code", {})
    companion: dict[v.Name, Companion] = key("other processes that the project needs", {})
    requirement: dict[v.Name, Requirement] = key("what some variants need besides it", {})
    scenario: dict[v.Name, Scenario] = key("pieces of work")
    mix: dict[v.Name, Mix] = key("several views as one load", {})
    claim: dict[v.Name, Claim] = key("sentences that people believe", {})
