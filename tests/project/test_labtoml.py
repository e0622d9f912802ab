"""Reading a lab.toml: the project of a valid one."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from dashboard.project.labtoml.load import load_manifest
from dashboard.project.model.scenario import ClaimSweep, Expectation, Parameter, Variant
from dashboard.project.servers.catalogue import SERVERS
from dashboard.wire.plan.plan import Lane
from tests.targets.helpers import LIVEAPP, ROOT

from .lab_files import GOOD, write


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


def test_it_is_known_how_the_project_is_served_today(tmp_path: Path) -> None:
    assert load_manifest(write(tmp_path, GOOD)).today == "gunicorn-gthread:threads=8"
    assert load_manifest(LIVEAPP).today == "gunicorn-gthread:threads=4"


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
        "server =",
    )
    lines = [line for line in GOOD.splitlines() if not line.startswith(left_out)]
    project = load_manifest(write(tmp_path, "\n".join(lines)))
    search = project.scenarios["search"]
    assert (search.requests, search.rounds, search.wait) == (100, 3, None)
    assert (project.wsgi, project.env) == (None, {})
    assert project.today == "uvicorn"
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
