"""A target that runs already: fired at, but neither started nor stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.project.labtoml.load import load_manifest
from dashboard.wire.errors import InvalidManifest
from dashboard.wire.plan.plan import Burst, Lane, Plan
from tests.firing import burst, engine, fire
from tests.targets.conftest import MakeTargets, ignore
from tests.targets.small_projects import write_small

LAB = """
[project]
name = "somebody's"
url = "http://127.0.0.1:8001"
[scenario.ask]
title = "Asking"
lanes = ["async@running"]
[scenario.ask.variant.async]
family = "async"
path = "/"
needs = "wsgi"
"""


def write(directory: Path, text: str) -> Path:
    path = directory / "lab.toml"
    path.write_text(text)
    return path


def test_a_projects_url_is_a_server_called_running(tmp_path: Path) -> None:
    project = load_manifest(write(tmp_path, LAB))
    server = project.server("running")
    assert server.url == "http://127.0.0.1:8001"
    assert server.concurrency("async") == "runs already, nothing known"
    assert project.application(server) == server.url
    assert not project.remote
    plan = Plan("ask", (Lane("async", "running"),), Burst(1, 1), 1, 1, {}, 30)
    project.check(plan)  # what it needs cannot be known, so it is not refused


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("http://127.0.0.1:8001", "http://example.org", "project.url: expected an address of this"),
        ("http://127.0.0.1:8001", "http://10.0.0.1:80", "project.url: expected an address of this"),
        ("http://127.0.0.1:8001", "http://127.0.0.1/path", "project.url: expected an address like"),
        ("http://127.0.0.1:8001", "ftp://127.0.0.1", "project.url: expected an address like"),
        ("http://127.0.0.1:8001", "http://127.0.0.1:99999", "project.url: expected an address"),
        ("http://127.0.0.1:8001", "http://a@127.0.0.1", "project.url: expected an address like"),
        ("http://127.0.0.1:8001", "http://[::1", "project.url: expected an address like"),
        ('"async@running"', '"async@running:threads=2"', "not a setting of running"),
    ],
)
def test_what_cannot_be_fired_at_is_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(InvalidManifest) as refused:
        load_manifest(write(tmp_path, LAB.replace(old, new)))
    assert message in str(refused.value)


def test_another_machine_must_be_allowed(tmp_path: Path) -> None:
    text = LAB.replace("http://127.0.0.1:8001", "https://example.org")
    text = text.replace("[scenario.ask]", "allow_remote = true\n[scenario.ask]", 1)
    project = load_manifest(write(tmp_path, text))
    assert project.remote == ("running",)


def test_each_url_is_a_server_with_a_name(tmp_path: Path) -> None:
    more = '[server.staging]\nurl = "http://localhost:8002"\n'
    project = load_manifest(write(tmp_path, LAB + more))
    assert project.server("staging").url == "http://localhost:8002"
    with pytest.raises(InvalidManifest, match=r"server\.daphne\.url: expected another name"):
        load_manifest(write(tmp_path, LAB + more.replace("staging", "daphne")))


@pytest.mark.servers
async def test_it_is_fired_at_but_not_stopped(make_targets: MakeTargets, tmp_path: Path) -> None:
    started = await make_targets(write_small(tmp_path / "small")).ready("uvicorn", ignore)
    url = f"http://127.0.0.1:{started.port}"
    targets = make_targets(write(tmp_path, LAB.replace("http://127.0.0.1:8001", url)))
    target = await targets.ready("running", ignore)
    assert (target.host, target.port, target.tls) == (started.host, started.port, False)
    assert (target.facts["url"], target.facts["probe"]) == (url, False)
    assert await target.begin(1)
    async with engine() as process:
        fired = await fire(process, burst(target.port, "/", 20, 5))
    assert fired.samples["error"].count(0) == 20
    assert await target.end(1, quiet_timeout_s=1)
    assert target.take_rows(0) == []
    assert target.executor is None
    await targets.stop()
    assert started.alive


@pytest.mark.servers
async def test_it_needs_no_probe_but_must_accept_connections(
    make_targets: MakeTargets, tmp_path: Path
) -> None:
    targets = make_targets(write(tmp_path, LAB.replace("8001", "1")))
    with pytest.raises(Exception, match=r"expected a server to answer at http://127\.0\.0\.1:1"):
        await targets.ready("running", ignore)
