"""Settings files and variables of a server have no effect unless the lab.toml names them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from dashboard.project.labtoml.load import load_manifest
from dashboard.project.secrets.inheritance import is_handed_on
from dashboard.project.servers.catalogue import SERVERS
from dashboard.runs.conduct.warnings.server_checks import RequestsSent, server_warnings
from dashboard.targets.preparation.ignored_settings import hints_on_ignored_settings
from tests.targets.client import fire
from tests.targets.conftest import MakeTargets, ignore
from tests.targets.helpers import marked, until_async

LAB = """
[project]
name = "own"
wsgi = "own:application"
asgi = "own:asgi"
{more}
[scenario.own]
title = "Own"
lanes = ["sync@gunicorn-sync"]
[scenario.own.variant.sync]
family = "sync"
path = "/"
"""
APPLICATION = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]

async def asgi(scope, receive, send):
    if scope["type"] == "http":
        head = [(b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": b"ok"})
"""
HOSTILE = "open('was-read', 'w')\nworkers = 5\nmax_requests = 1\nchdir = '/'\n"
VARIABLES = {
    "GUNICORN_CMD_ARGS": "--workers 5",
    "WEB_CONCURRENCY": "5",
    "UVICORN_WORKERS": "5",
    "GRANIAN_WORKERS": "5",
    "UWSGI_PROCESSES": "5",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "own.py").write_text(APPLICATION)
    (tmp_path / "gunicorn.conf.py").write_text(HOSTILE)
    (tmp_path / "hypercorn.toml").write_text("workers = 5\n")
    (tmp_path / "uwsgi.ini").write_text("[uwsgi]\nprocesses = 5\n")
    (tmp_path / "lab.toml").write_text(LAB.format(more=""))
    return tmp_path / "lab.toml"


@pytest.mark.servers
@pytest.mark.parametrize(
    "server", ["gunicorn-sync", "gunicorn-uvicorn", "uvicorn", "granian-wsgi", "hypercorn"]
)
async def test_settings_files_and_variables_are_ignored(
    server: str, project: Path, make_targets: MakeTargets, mark: str
) -> None:
    target = await make_targets(project).ready(server, ignore)
    assert not (project.parent / "was-read").exists()
    # The guard's two, a master, one worker, and a tracker of multiprocessing's.
    assert len(marked(mark)) <= 5
    expected = [*SERVERS[server].implicit.files]
    expected += sorted(
        name for name in VARIABLES if name.startswith(SERVERS[server].implicit.variables)
    )
    assert target.facts["ignored"] == expected
    hints = list(hints_on_ignored_settings(target.facts))
    assert len(hints) == bool(expected)
    assert all(name in hints[0] for name in expected)


def on_purpose(project: Path) -> None:
    project.write_text(LAB.format(more='[server.gunicorn-sync]\nconfig = "mine.py"'))
    (project.parent / "mine.py").write_text("max_requests = 10\n")


@pytest.mark.servers
async def test_a_config_is_used_and_a_replaced_worker_is_a_warning(
    project: Path, make_targets: MakeTargets
) -> None:
    on_purpose(project)
    target = await make_targets(project).ready("gunicorn-sync", ignore)
    assert target.facts["config"] == "mine.py"
    assert await target.begin(1)
    sent, answered_by = 0, set[int]()
    while len(answered_by) < 2 and sent < 5000:  # a busy machine takes long to start the next one
        answered_by |= {sample.process for sample in await fire(target.port, "/", 1, 1)}
        sent += 1
    assert await until_async(lambda: answered_by <= {*target.processes})  # the new one too
    assert await target.end(1, quiet_timeout_s=5)
    seen = target.worker_turnover
    assert seen is not None
    assert (seen.died, seen.joined) == (1, 1)
    warnings = list(
        server_warnings(RequestsSent(sent, 0, answered_by), seen, promised=1, one_each=True)
    )
    assert len(warnings) == 1
    assert "1 worker process of the server ended and 1 came" in warnings[0]


@pytest.mark.servers
async def test_requests_from_elsewhere_are_noticed(
    project: Path, make_targets: MakeTargets
) -> None:
    target = await make_targets(project).ready("gunicorn-sync", ignore)
    assert await target.begin(1)
    await asyncio.gather(fire(target.port, "/", 20, 2), fire(target.port, "/", 3, 1))
    assert await target.end(1, quiet_timeout_s=5)
    (warning,) = server_warnings(
        RequestsSent(20, 0, {1}), target.worker_turnover, promised=1, one_each=True
    )
    assert "3 requests more than the 20 that were sent" in warning


def test_every_variable_of_the_catalogue_is_withheld_from_servers() -> None:
    for server in SERVERS.values():
        for name in server.implicit.variables:
            assert not is_handed_on(name if not name.endswith("_") else f"{name}X")


def test_a_settings_file_is_only_for_servers_that_have_one(project: Path) -> None:
    project.write_text(LAB.format(more='[server.daphne]\nconfig = "mine.py"'))
    with pytest.raises(Exception, match=r"server\.daphne\.config"):
        load_manifest(project)
