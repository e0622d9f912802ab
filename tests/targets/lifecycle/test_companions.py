"""Companions and set-up: run before every target, watched, stopped last, never orphaned."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from dashboard.project.labtoml.load import load_manifest
from dashboard.targets.lifecycle import pool
from dashboard.targets.lifecycle.pool import Targets
from dashboard.targets.supervise import start_deadline, subprocesses
from dashboard.targets.supervise.cores import Cores
from dashboard.wire.errors import TargetFailed
from tests.targets.client import fire
from tests.targets.conftest import MakeTargets, ignore
from tests.targets.helpers import listening_ports, marked, until_async

pytestmark = pytest.mark.servers
SERVER = "gunicorn-sync"

LAB = """
[project]
name = "shop"
wsgi = "shop:application"
setup = [["python", "prepare.py"]]

[companion.upstream]
command = ["python", "upstream.py", "{port}"]
env = { UPSTREAM_URL = "http://127.0.0.1:{port}/" }

[companion.worker]
command = ["python", "-c", "import os, time; print(os.environ['UPSTREAM_URL']); time.sleep(60)"]

[scenario.ask]
title = "Asking"
lanes = ["sync@gunicorn-sync"]
[scenario.ask.variant.sync]
family = "sync"
path = "/"
"""
SHOP = """
import os

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [os.environ["UPSTREAM_URL"].encode()]
"""
UPSTREAM = """
import http.server, sys
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), None).serve_forever()
"""
PREPARE = "print('prepared', file=open('prepared.txt', 'a'))\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project with a set-up command and two companions; its files are an hour old."""
    directory = tmp_path / "shop"
    directory.mkdir()
    files = {
        "lab.toml": LAB,
        "shop.py": SHOP,
        "upstream.py": UPSTREAM,
        "prepare.py": PREPARE,
    }
    for name, text in files.items():
        (directory / name).write_text(text)
        os.utime(directory / name, (time.time() - 3600,) * 2)
    return directory


@pytest.fixture
def targets(make_targets: MakeTargets, shop: Path) -> Targets:
    return make_targets(shop / "lab.toml")


async def upstream_port(targets: Targets) -> int:
    target = await targets.ready(SERVER, ignore)
    (answer,) = await fire(target.port, "/", 1, 1)
    return int(answer.body.decode().rstrip("/").rpartition(":")[2])


def over(process: psutil.Process) -> bool:
    """Whether its end could be waited for: a while before, it has no environment any more."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def pids_of(mark: str, script: str) -> list[int]:
    """The companion itself, not its guard."""
    return [
        pid
        for pid in marked(mark)
        if script in Path(f"/proc/{pid}/cmdline").read_text().split("\0")
        and "guard.py" not in Path(f"/proc/{pid}/cmdline").read_text()
    ]


def pid_of(mark: str, script: str) -> int:
    """One that is there for sure, since its port answered."""
    (pid,) = pids_of(mark, script)
    return pid


async def test_companions_start_before_the_target_and_pass_it_their_env(
    targets: Targets, shop: Path, tmp_path: Path
) -> None:
    port = await upstream_port(targets)
    assert port in listening_ports()
    log = tmp_path / "logs" / "companion-worker.log"
    assert await until_async(lambda: log.read_text() or True)
    assert (shop / "prepared.txt").read_text() == "prepared\n"
    assert await upstream_port(targets) == port
    assert (shop / "prepared.txt").read_text() == "prepared\n"


async def test_stopping_leaves_nothing(targets: Targets, mark: str) -> None:
    port = await upstream_port(targets)
    await targets.stop()
    assert await until_async(lambda: not marked(mark))
    assert port not in listening_ports()


async def test_changed_code_restarts_everything(targets: Targets, shop: Path) -> None:
    before = await upstream_port(targets)
    (shop / "upstream.py").write_text(UPSTREAM + "# changed\n")
    os.utime(shop / "upstream.py", (time.time() + 1,) * 2)
    assert await upstream_port(targets) != before
    assert (shop / "prepared.txt").read_text() == "prepared\n" * 2


async def test_the_end_of_a_companion_is_a_failure_of_the_target(
    targets: Targets, mark: str
) -> None:
    target = await targets.ready(SERVER, ignore)
    assert target.alive
    os.kill(pid_of(mark, "upstream.py"), signal.SIGKILL)
    assert await until_async(lambda: not target.alive)
    assert str(target.failure) == "companion upstream ended with status 137"
    events: list[str] = []
    await targets.ready(SERVER, lambda state, message: events.append(message))
    assert events == [
        "companion upstream ended with status 137, starting companions: upstream, worker",
        "companions were started anew",
        f"{SERVER} is ready",
    ]


async def test_a_companion_that_does_not_start_fails_with_its_last_log_lines(
    targets: Targets, shop: Path, mark: str
) -> None:
    (shop / "upstream.py").write_text("raise SystemExit('no database here')")
    with pytest.raises(TargetFailed, match="companion upstream ended with status 1") as failed:
        await targets.ready(SERVER, ignore)
    assert failed.value.log_tail == "no database here"
    assert await until_async(lambda: not marked(mark))


async def test_a_companion_that_never_answers_is_a_failure(
    targets: Targets, shop: Path, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start_deadline, "START_TIMEOUT_S", 0.3)
    (shop / "upstream.py").write_text("import time; time.sleep(60)")
    with pytest.raises(TargetFailed, match=r"expected its port to answer within 0\.3 s"):
        await targets.ready(SERVER, ignore)
    assert await until_async(lambda: not marked(mark))


async def test_a_set_up_that_fails_is_a_failure(targets: Targets, shop: Path) -> None:
    (shop / "prepare.py").write_text("raise SystemExit('no such table')")
    with pytest.raises(TargetFailed, match=r"prepare\.py ended with status 1") as failed:
        await targets.ready(SERVER, ignore)
    assert failed.value.log_tail == "no such table"


async def test_a_set_up_has_a_timeout(
    targets: Targets, shop: Path, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "SETUP_TIMEOUT_S", 0.3)
    (shop / "prepare.py").write_text("import time; time.sleep(60)")
    with pytest.raises(TargetFailed, match=r"expected an end within 0\.3 s"):
        await targets.ready(SERVER, ignore)
    assert await until_async(lambda: not marked(mark))


async def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TargetFailed, match="nothing-of-that-name ended with status 127"):
        await subprocesses.run_to_end(
            ["nothing-of-that-name"],
            env={},
            directory=tmp_path,
            log=tmp_path / "log",
            timeout_s=5,
        )


async def test_two_servers_share_their_companions(targets: Targets, mark: str) -> None:
    first, second = await asyncio.gather(
        targets.ready(SERVER, ignore), targets.ready("waitress", ignore)
    )
    assert first is not second
    assert pid_of(mark, "upstream.py")  # one, and one alone


ONLY_FOR_SOME = """
[companion.sorter]
command = ["python", "sorter.py"]
scenarios = ["sort"]

[companion.elsewhere]
command = ["python", "upstream.py", "{port}"]
env = { ELSEWHERE_URL = "http://127.0.0.1:{port}/" }
scenarios = ["sort"]

[scenario.sort]
title = "Sorting"
lanes = ["sync@gunicorn-sync"]
[scenario.sort.variant.sync]
family = "sync"
path = "/"
"""


@pytest.fixture
def sorting(shop: Path, targets: Targets) -> Targets:
    """The same project, with two companions more that only one of its scenarios needs."""
    (shop / "sorter.py").write_text("import time; time.sleep(60)\n")
    (shop / "lab.toml").write_text(LAB + ONLY_FOR_SOME)
    for name in ("sorter.py", "lab.toml"):
        os.utime(shop / name, (time.time() - 3600,) * 2)
    return Targets(
        load_manifest(shop / "lab.toml"),
        mark=targets._mark,
        log_directory=targets._log_directory,
        cores=Cores.here(),
    )


async def test_a_companion_of_a_scenario_is_started_when_that_is_fired(
    sorting: Targets, mark: str
) -> None:
    events: list[str] = []

    async def ready(scenario: str) -> object:
        return await sorting.ready(SERVER, lambda state, message: events.append(message), scenario)

    try:
        target_of_ask = await ready("ask")
        assert events[1] == "starting companions: upstream, worker"
        upstream = pid_of(mark, "upstream.py")
        events.clear()

        sorted_ = await ready("sort")
        assert events[0] == "starting companions: sorter, elsewhere"
        assert await until_async(lambda: pids_of(mark, "sorter.py"), 2)
        assert upstream in marked(mark)  # the others were left alone
        assert sorted_ is not target_of_ask  # restarted with the address of `elsewhere`

        events.clear()
        assert await ready("ask") is sorted_
        assert await ready("sort") is sorted_
        assert events == [f"{SERVER} is ready"] * 2
    finally:
        await sorting.stop()


async def test_a_companion_that_is_not_needed_now_may_end(sorting: Targets, mark: str) -> None:
    try:
        await sorting.ready(SERVER, ignore, "sort")
        target = await sorting.ready(SERVER, ignore, "ask")
        assert await until_async(lambda: pids_of(mark, "sorter.py"), 2)
        sorter = psutil.Process(pid_of(mark, "sorter.py"))
        guard = sorter.parents()[1 if sys.platform == "linux" else 0]  # the outer one
        sorter.kill()
        assert await until_async(lambda: over(guard))
        assert target.alive
        assert await sorting.ready(SERVER, ignore, "ask") is target

        again = await sorting.ready(SERVER, ignore, "sort")
        assert again.alive
        assert await until_async(lambda: pids_of(mark, "sorter.py"))
    finally:
        await sorting.stop()
