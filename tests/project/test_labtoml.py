"""Reading a lab.toml: the project of a valid one, the problems of a bad one."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.project.labtoml.assemble import project_of
from dashboard.project.labtoml.load import load_manifest
from dashboard.project.labtoml.problems import Problems
from dashboard.project.labtoml.reading import read_file
from dashboard.project.model.scenario import ClaimSweep, Expectation, Parameter, Variant
from dashboard.project.servers.catalogue import SERVERS
from dashboard.wire.errors import InvalidManifest
from dashboard.wire.plan.plan import Lane
from tests.targets.helpers import LIVEAPP, ROOT

GOOD = """
[project]
name = "shop"
wsgi = "shop.wsgi:application"
asgi = "shop.asgi:application"
env = { DJANGO_SETTINGS_MODULE = "shop.settings" }
setup = [["python", "manage.py", "migrate"]]
neighbour = "/ping/"

[scenario.search]
title = "Searching"
parameters.pages = { default = 3, min = 1, max = 9, unit = "pages", offers = [5] }
lanes = ["sync@daphne"]
load = { requests = 7, rounds = 2 }
wait = "pages"

[scenario.search.variant.sync]
family = "sync"
path = "/search/?pages={pages}"
source = "shop.views:search"
needs = "asgi"
at_a_time = 2
method = "POST"
headers = { Accept = "text/html" }
body = "q={}"
requires = ["postgresql"]

[requirement.postgresql]
variable = "SHOP_DATABASE_URL"

[companion.upstream]
command = ["python", "upstream.py", "{port}"]
env = { UPSTREAM_URL = "http://127.0.0.1:{port}" }

[claim.fast]
text = "Searching is fast."
scenario = "search"
expect = [["sync@daphne", "latency_ms.p95 < 9"], ["sync@daphne:backlog=128", "peak_in_app > 2"]]
load = { requests = 1, concurrency = 1, rounds = 5 }
parameters = { pages = 2 }
sweep = { over = "concurrency=1..512", levels = 4 }
"""


def write(directory: Path, text: str) -> Path:
    path = directory / "lab.toml"
    path.write_text(text)
    return path


def test_a_valid_file_is_read(tmp_path: Path) -> None:
    project = load_manifest(write(tmp_path, GOOD))
    assert (project.name, project.directory, project.python) == ("shop", tmp_path, sys.executable)
    assert project.env == {"DJANGO_SETTINGS_MODULE": "shop.settings"}
    search = project.scenarios["search"]
    assert search.parameters == {"pages": Parameter("pages", 3, 1, 9, "pages", (5,))}
    assert (search.requests, search.rounds, search.wait) == (7, 2, "pages")
    assert search.lanes == (Lane("sync", "daphne"),)
    path, source = "/search/?pages={pages}", "shop.views:search"
    assert search.variants == {
        "sync": Variant(
            *("sync", "sync", path, source, "asgi", 2),
            *("POST", (("Accept", "text/html"),), "q={}", ("postgresql",)),
        )
    }
    assert project.setup == (("python", "manage.py", "migrate"),)
    assert project.bystander_path == "/ping/"


def test_the_port_of_a_companion_is_filled_in(tmp_path: Path) -> None:
    upstream = load_manifest(write(tmp_path, GOOD)).companions["upstream"]
    assert upstream.has_port
    assert upstream.command_on(8001, "py") == ["py", "upstream.py", "8001"]
    assert upstream.env_on(8001) == {"UPSTREAM_URL": "http://127.0.0.1:8001"}


def test_a_companion_may_be_limited_to_scenarios(tmp_path: Path) -> None:
    """Unknown names are refused: such a companion would never start."""
    unlimited = load_manifest(write(tmp_path, GOOD)).companions["upstream"]
    assert unlimited.needed_by("search")
    assert unlimited.needed_by(None)
    lab = GOOD.replace('"{port}"]\n', '"{port}"]\nscenarios = ["search"]\n')
    some = load_manifest(write(tmp_path, lab)).companions["upstream"]
    assert some.needed_by("search")
    assert not some.needed_by("sort")
    assert not some.needed_by(None)


def test_a_claim_has_a_scenario_and_expectations_of_its_lanes(tmp_path: Path) -> None:
    claim = load_manifest(write(tmp_path, GOOD)).claims["fast"]
    assert (claim.text, claim.scenario) == ("Searching is fast.", "search")
    assert claim.expect == (
        Expectation(Lane("sync", "daphne"), "latency_ms.p95 < 9"),
        Expectation(Lane("sync", "daphne:backlog=128"), "peak_in_app > 2"),
    )
    assert str(claim.expect[0]) == "sync@daphne.latency_ms.p95 < 9"
    assert claim.lanes == (Lane("sync", "daphne"), Lane("sync", "daphne:backlog=128"))
    assert (claim.requests, claim.concurrency, claim.rounds) == (1, 1, 5)
    assert claim.parameters == {"pages": 2}
    assert claim.sweep == ClaimSweep("concurrency=1..512", 4)


def test_keys_left_out_have_defaults(tmp_path: Path) -> None:
    left_out = (
        "load =",
        "wait =",
        "wsgi =",
        "env =",
        "needs =",
        "at_a_time =",
        "source =",
        "setup =",
        "neighbour =",
    )
    lines = [line for line in GOOD.splitlines() if not line.startswith(left_out)]
    project = load_manifest(write(tmp_path, "\n".join(lines)))
    search = project.scenarios["search"]
    assert (search.requests, search.rounds, search.wait) == (100, 3, None)
    assert (project.wsgi, project.env) == (None, {})
    assert search.variants["sync"].at_a_time is None


def test_python_may_be_the_interpreter_of_a_virtualenv(tmp_path: Path) -> None:
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    text = GOOD.replace("[scenario.search]", 'python = ".venv/bin/python"\n[scenario.search]', 1)
    assert load_manifest(write(tmp_path, text)).python == str(python)


def test_the_built_in_project_is_read() -> None:
    project = load_manifest(LIVEAPP)
    assert project.directory == ROOT
    assert list(map(str, project.scenarios["sleep"].lanes)) == [
        "sync@gunicorn-gthread",
        "sync@daphne",
        "async@daphne",
    ]
    assert project.scenarios["sleep"].variants.keys() == {"sync", "async", "async-blocking"}
    assert {"bridged", "bridged-threads"} <= project.scenarios["mixed"].variants.keys()
    assert project.scenarios["sleep"].parameters["delay"].offers == (3,)


REFUSALS = [
    ('name = "shop"', "", "project.name", "expected"),
    ('name = "shop"', "name = 3", "project.name", "expected a text, found 3"),
    ('name = "shop"', 'nam = "shop"', "project.nam", "did you mean name?"),
    ('"shop.wsgi:application"', '"shop.wsgi"', "project.wsgi", "'package.module:name'"),
    ("env = {", 'directory = "nowhere"\nenv = {', "project.directory", "a directory"),
    ("env = {", 'python = "nowhere"\nenv = {', "project.python", "an interpreter"),
    ('[["python", "manage.py", "migrate"]]', "[[]]", "project.setup", "a list of commands"),
    ('"shop.settings"', "1", "project.env.DJANGO_SETTINGS_MODULE", "a text"),
    ('title = "Searching"', "", "scenario.search.title", "expected"),
    ("default = 3", "default = 10", "scenario.search.parameters.pages.default", "1 to 9"),
    ("default = 3", "default = nan", "scenario.search.parameters.pages.default", "a number"),
    ("default = 3", "default = true", "scenario.search.parameters.pages.default", "a number"),
    ("min = 1,", "", "scenario.search.parameters.pages.min", "expected"),
    ("max = 9", "max = 0", "scenario.search.parameters.pages.max", "at least min, 1"),
    ("offers = [5]", "offers = [50]", "scenario.search.parameters.pages.offers", "1 to 9"),
    ("offers = [5]", "offers = 5", "scenario.search.parameters.pages.offers", "list of numbers"),
    ('["sync@daphne"]', "[]", "scenario.search.lanes", "a list of texts"),
    ('"sync@daphne"', '"sync"', "scenario.search.lanes", "VARIANT@SERVER"),
    ('"sync@daphne"', '"async@daphne"', "scenario.search.lanes", "a variant (sync)"),
    (
        '"sync@daphne"',
        '"sync@apache"',
        "scenario.search.lanes",
        "expected a server, one of gunicorn-sync",
    ),
    ('["sync@daphne"]', '["sync@daphne", "sync@daphne"]', "scenario.search.lanes", "each once"),
    ("requests = 7", "requests = 0", "scenario.search.load.requests", "a whole number from 1"),
    ("rounds = 2", "rounds = 2.5", "scenario.search.load.rounds", "a whole number from 1"),
    ("rounds = 2", "round = 2", "scenario.search.load.round", "did you mean rounds?"),
    ('wait = "pages"', 'wait = "time"', "scenario.search.wait", "the name of a parameter"),
    ('wait = "pages"', 'wait = "pages * time"', "scenario.search.wait", "of several with *"),
    ("at_a_time = 2", 'wait = "time"', "scenario.search.variant.sync.wait", "of a parameter"),
    ('family = "sync"', 'family = "threads"', "scenario.search.variant.sync.family", "'async'"),
    ('"/search/', '"search/', "scenario.search.variant.sync.path", "begins with /"),
    ("{pages}", "{page}", "scenario.search.variant.sync.path", "parameters in braces (pages)"),
    ("{pages}", "{pages", "scenario.search.variant.sync.path", "parameters in braces (pages)"),
    ("{pages}", "{pages.real}", "scenario.search.variant.sync.path", "parameters in braces"),
    ('"shop.views:search"', '"shop"', "scenario.search.variant.sync.source", "an import"),
    ('needs = "asgi"', 'needs = "luck"', "scenario.search.variant.sync.needs", "'asgi' or 'wsgi'"),
    ("at_a_time = 2", "at_a_time = 0", "scenario.search.variant.sync.at_a_time", "from 1"),
    ("[scenario.search.variant.sync]", '[scenario.search.variant."a@b"]', "", "expected a name"),
    ('neighbour = "/ping/"', 'neighbour = "ping"', "project.neighbour", "begins with /"),
    ('[["python", "manage.py", "migrate"]]', '["migrate"]', "project.setup", "each a list"),
    ('["python", "upstream.py", "{port}"]', "[]", "companion.upstream.command", "a list of texts"),
    ('["python", "upstream.py", "{port}"]', '"serve"', "companion.upstream.command", "of texts"),
    (
        '"{port}"]',
        '"{port}"]\nscenarios = ["sort"]',
        "companion.upstream.scenarios",
        "expected names of scenarios, found 'sort'",
    ),
    ('env = { UPSTREAM_URL = "http', 'envs = { U = "http', "companion.upstream.envs", "mean env?"),
    ('scenario = "search"', 'scenario = "sleep"', "claim.fast.scenario", "one of search"),
    ('scenario = "search"', "", "claim.fast.scenario", "expected"),
    ('"Searching is fast."', "7", "claim.fast.text", "a text"),
    ('["sync@daphne", "lat', '["async@daphne", "lat', "claim.fast.expect", "a variant (sync)"),
    ('["sync@daphne", "lat', '["sync@apache", "lat', "claim.fast.expect", "a server, one of"),
    ("backlog=128", "threads=128", "claim.fast.expect", "threads: not a setting of daphne"),
    ('["sync@daphne", "latency_ms.p95 < 9"]', '["sync@daphne"]', "claim.fast.expect", "pairs"),
    ("concurrency = 1, rounds", "concurrency = 0, rounds", "claim.fast.load.concurrency", "whole"),
    ("{ pages = 2 }", "{ pages = 20 }", "claim.fast.parameters.pages", "1 to 9"),
    ("=1..512", "", "claim.fast.sweep.over", "NAME=LOW..HIGH"),
    ("{ pages = 2 }", "{ page = 2 }", "claim.fast.parameters.page", "of search: pages"),
    ('method = "POST"', 'method = "FETCH"', "scenario.search.variant.sync.method", "GET, HEAD"),
    ('method = "POST"', 'method = "GET"', "scenario.search.variant.sync.body", "a method that"),
    ('{ Accept = "text', '{ "A B" = "text', "scenario.search.variant.sync.headers", "can carry"),
    (
        '{ Accept = "text/html" }',
        '{ Accept = "{env:my-type}" }',
        "scenario.search.variant.sync.headers",
        "expected {env:NAME}, the name of letters, digits and _, found '{env:my-type}'",
    ),
    ('["postgresql"]', '"postgresql"', "scenario.search.variant.sync.requires", "list of texts"),
    ('["postgresql"]', '["redis"]', "scenario.search.variant.sync.requires", "[requirement.redis]"),
    ('"SHOP_DATABASE_URL"', '"A B"', "requirement.postgresql.variable", "an environment variable"),
    ("[project]", "claims = 1\n[project]", "claims", "did you mean claim?"),
]


@pytest.mark.parametrize(("old", "new", "key", "expected"), REFUSALS)
def test_a_bad_value_is_refused_by_file_and_key(
    tmp_path: Path, old: str, new: str, key: str, expected: str
) -> None:
    assert old in GOOD
    with pytest.raises(InvalidManifest) as refused:
        load_manifest(write(tmp_path, GOOD.replace(old, new, 1)))
    found = {problem.field: problem.message for problem in refused.value.problems}
    fields = [field for field in found if field.startswith(f"lab.toml: {key}")]
    assert any(expected in found[field] for field in fields), found


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    bad = GOOD.replace('name = "shop"', "").replace("requests = 7", "requests = -1")
    with pytest.raises(InvalidManifest) as refused:
        load_manifest(write(tmp_path, bad))
    assert len(refused.value.problems) == 2


def test_a_file_with_nothing_to_serve_or_to_fire_at_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidManifest, match=r"project\.wsgi: expected at least one of wsgi, asgi"
    ):
        load_manifest(write(tmp_path, '[project]\nname = "x"\n'))
    with pytest.raises(InvalidManifest, match="scenario: expected"):
        load_manifest(write(tmp_path, '[project]\nname = "x"\nwsgi = "a:b"\n'))


def test_a_file_that_is_missing_or_not_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidManifest, match=r"lab\.toml: expected TOML"):
        load_manifest(write(tmp_path, "[project"))
    with pytest.raises(InvalidManifest, match="expected a file that can be read"):
        load_manifest(tmp_path / "nowhere.toml")
    (tmp_path / "latin.toml").write_bytes(b"name = '\xff'")
    with pytest.raises(InvalidManifest, match="expected TOML"):
        load_manifest(tmp_path / "latin.toml")


keys = st.sampled_from(
    ["name", "wsgi", "env", "sleep", "lanes", "variant", "parameters", "", "@", "[key]"]
)
odd_texts = st.sampled_from(
    ["{", "{pages!r}", "{env:}", "a@b", "http://[", "http://x:y", "a:b", "\0"]
)
scalars = st.booleans() | st.integers() | st.floats() | keys | odd_texts | st.text(max_size=9)
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=8
)

STARTS = ("expected ", "unknown key; ")  # a validator's own words would begin otherwise


@given(data=st.dictionaries(st.sampled_from(["project", "scenario", "x", "[key]"]), values))
def test_any_data_is_refused_in_words(data: dict[str, object]) -> None:
    problems = Problems("lab.toml")
    project_of(read_file(data, problems), LIVEAPP, problems)
    assert problems
    assert all(problem.message.startswith(STARTS) for problem in problems.all), problems.all


def places(value: object, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield each place in a file's tables and lists, as the keys that lead there."""
    yield place
    inner = value.items() if isinstance(value, dict) else ()
    for key, one in enumerate(value) if isinstance(value, list) else inner:
        yield from places(one, (*place, key))


FULL = """
[project.login]
path = "/login/"
username = "SHOP_USER"
password = "SHOP_PASSWORD"
headers = { Host = "shop.example" }

[server.uvicorn]
processes = 2
loop = "uvloop"

[server.staging]
url = "http://127.0.0.1:8002"

[version.before]
revision = "HEAD~1"

[scenario.search.variant.upload]
family = "async"
path = "/upload/"
method = "POST"
upload = { field = "file", megabytes = "{pages}" }
cookies = { theme = "dark" }
env = { DB_POOL = "1" }
settings = "shop.settings.pool"

[scenario.search.variant.consumer]
family = "async"
path = "/ws/"
websocket = true
open = ["hello"]
message = "{n}"
answer = "any"
"""


@given(
    place=st.sampled_from([one for one in places(tomllib.loads(GOOD + FULL)) if one]), value=values
)
def test_any_value_anywhere_is_read_or_refused_in_words(
    place: tuple[str | int, ...], value: object
) -> None:
    data: Any = tomllib.loads(GOOD + FULL)
    *outer, last = place
    reduce(lambda table, key: table[key], outer, data)[last] = value
    problems = Problems("lab.toml")
    project_of(read_file(data, problems), LIVEAPP, problems)
    assert all(problem.message.startswith(STARTS) for problem in problems.all), problems.all


@given(
    value=st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**15), 10**15),
)
def test_a_path_contains_a_parameter_without_loss(value: float) -> None:
    path = Variant("v", "sync", "/?delay={delay}").url_path({"delay": value})
    assert float(path.removeprefix("/?delay=")) == value


def test_a_path_contains_a_parameter_in_its_short_form() -> None:
    variant = Variant("v", "sync", "/?delay={delay}")
    assert variant.url_path({"delay": 3.0}) == "/?delay=3"
    assert variant.url_path({"delay": 0.1}) == "/?delay=0.1"


def test_the_catalogue_is_keyed_by_name() -> None:
    assert all(name == server.name for name, server in SERVERS.items())


def test_a_project_sets_processes_and_threads_of_a_server(tmp_path: Path) -> None:
    text = GOOD + "[server.gunicorn-gthread]\nprocesses = 2\nthreads = 32\n"
    project = load_manifest(write(tmp_path, text))
    gthread = project.servers["gunicorn-gthread"]
    assert (gthread.processes, gthread.threads) == (2, 32)
    assert project.servers["uvicorn"] == SERVERS["uvicorn"]
    assert SERVERS["gunicorn-gthread"].threads == 8


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[server.apache]", "server.apache: expected one of gunicorn-sync"),
        ("[server.daphne]\nprocesses = 2", "daphne.processes: not a setting of daphne"),
        (
            "[server.gunicorn-sync]\nthreads = 2",
            "gunicorn-sync.threads: not a setting of gunicorn-sync",
        ),
        ("[server.uvicorn]\nprocesses = 0", "uvicorn.processes: expected a whole number"),
    ],
)
def test_an_unknown_server_or_setting_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidManifest) as refused:
        load_manifest(write(tmp_path, GOOD + text))
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("own", "other", "field"),
    [
        ('env = { URL = "a" }', "", "companion.one.env.URL: expected once, project.env has it"),
        ("", "[companion.two]\ncommand = ['two']\nenv = { URL = 'b' }",
         "companion.two.env.URL: expected once, companion.one.env.URL has it"),
    ],
)  # fmt: skip
def test_a_variable_that_is_set_twice_is_refused(
    tmp_path: Path, own: str, other: str, field: str
) -> None:
    lab = f"""
[project]
name = "two"
wsgi = "two:application"
{own}
[companion.one]
command = ["one"]
env = {{ URL = "http://127.0.0.1" }}
{other}
[scenario.a]
title = "A"
lanes = ["sync@waitress"]
[scenario.a.variant.sync]
family = "sync"
path = "/"
"""
    (tmp_path / "lab.toml").write_text(lab)
    with pytest.raises(InvalidManifest) as refused:
        load_manifest(tmp_path / "lab.toml")
    assert field in str(refused.value)
