"""Targets are kept warm, restarted when needed, and the reason is reported."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from dashboard.targets.lifecycle import pool
from dashboard.targets.lifecycle.pool import Targets
from dashboard.targets.observe.proc_stats import read_process
from dashboard.targets.supervise import start_deadline
from dashboard.wire.errors import TargetFailed
from tests.targets.client import fire
from tests.targets.conftest import MakeTargets, ignore
from tests.targets.helpers import AVAILABLE, descriptors, marked, until_async
from tests.targets.small_projects import write_small

pytestmark = pytest.mark.servers
SERVER = "gunicorn-gthread"
WARM = ("gunicorn-sync", "gunicorn-gthread", "daphne", "uvicorn")


class Events(list[tuple[str, str]]):
    """An `on_event` that remembers."""

    def __call__(self, state: str, message: str) -> None:
        self.append((state, message))

    @property
    def states(self) -> list[str]:
        return [state for state, _ in self]


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """A small project that a test may change; its files are an hour old."""
    return write_small(tmp_path / "project")


def edit(path: Path, old: str, new: str) -> None:
    """Change a file, and make it newer than now, whatever the clock's grain."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    os.utime(path, (time.time() + 1,) * 2)


async def test_a_target_is_kept_warm(make_targets: MakeTargets, lab: Path) -> None:
    targets, events = make_targets(lab), Events()
    assert targets.expected_start_s(SERVER) is None
    first = await targets.ready(SERVER, events)
    assert targets.expected_start_s(SERVER) == 0
    assert await targets.ready(SERVER, events) is first
    assert events == [
        ("starting", f"starting {SERVER}"),
        ("ready", f"{SERVER} is ready"),
        ("ready", f"{SERVER} is ready"),
    ]
    await targets.discard(SERVER)
    assert (targets.expected_start_s(SERVER) or 0) > 0


async def test_two_concurrent_calls_return_the_same_target(
    make_targets: MakeTargets, lab: Path
) -> None:
    targets = make_targets(lab)
    first, second = await asyncio.gather(*(targets.ready(SERVER, ignore) for _ in range(2)))
    assert first is second


async def test_changed_code_is_served(make_targets: MakeTargets, lab: Path) -> None:
    targets, events = make_targets(lab), Events()
    old = await targets.ready(SERVER, events)
    edit(lab.parent / "small.py", 'b"small"', 'b"large"')
    new = await targets.ready(SERVER, events)
    assert new is not old
    assert not old.alive
    assert events[2] == ("restarting", "small.py changed")
    (answer,) = await fire(new.port, "/", 1, 1)
    assert answer.body == b"large"


async def test_a_changed_lab_toml_is_read_again(make_targets: MakeTargets, lab: Path) -> None:
    targets, events = make_targets(lab), Events()
    await targets.ready(SERVER, events)
    edit(lab, 'name = "small"', 'name = "renamed"')
    await targets.ready(SERVER, events)
    assert ("restarting", "lab.toml changed") in events
    assert targets.project.name == "renamed"


async def test_a_lab_toml_that_became_invalid_is_a_failure(
    make_targets: MakeTargets, lab: Path
) -> None:
    targets = make_targets(lab)
    await targets.ready(SERVER, ignore)
    edit(lab, "[project]", "[project")
    with pytest.raises(TargetFailed, match=r"lab\.toml changed and cannot be used: .*TOML"):
        await targets.ready(SERVER, ignore)


async def test_a_server_that_ended_is_started_again(
    make_targets: MakeTargets, lab: Path, mark: str
) -> None:
    targets, events = make_targets(lab), Events()
    old = await targets.ready(SERVER, events)
    master = min(set(marked(mark)) - {guard for guard in marked(mark) if is_guard(guard)})
    os.kill(master, signal.SIGKILL)
    assert await until_async(lambda: not old.alive)
    assert not marked(mark)  # its workers did not outlive it
    new = await targets.ready(SERVER, events)
    assert new.alive
    assert ("restarting", f"{SERVER} had ended") in events


async def test_a_suspended_server_is_started_again(
    make_targets: MakeTargets, lab: Path, mark: str
) -> None:
    targets, events = make_targets(lab), Events()
    old = await targets.ready(SERVER, events)
    master = min(set(marked(mark)) - {guard for guard in marked(mark) if is_guard(guard)})
    os.kill(master, signal.SIGSTOP)
    assert await until_async(lambda: old.suspended)
    assert (await targets.ready(SERVER, events)).alive
    assert ("restarting", f"{SERVER} was suspended") in events


def is_guard(pid: int) -> bool:
    return "guard.py" in " ".join(psutil.Process(pid).cmdline()[:4])


@pytest.mark.parametrize("server", ["gunicorn-sync", "daphne", "uvicorn"])
async def test_an_application_that_cannot_be_imported_is_a_failure(
    make_targets: MakeTargets, lab: Path, server: str, mark: str
) -> None:
    targets, before = make_targets(lab), descriptors()
    (lab.parent / "small.py").write_text("import nothing_of_that_name\n")
    with pytest.raises(TargetFailed, match=f"{server} ended with status") as failed:
        await targets.ready(server, ignore)
    assert "nothing_of_that_name" in failed.value.log_tail
    assert not marked(mark)
    assert descriptors() <= before + 1


async def test_a_python_that_is_no_interpreter_is_a_failure(
    make_targets: MakeTargets, lab: Path
) -> None:
    edit(lab, 'python = "python"', 'python = "small.py"')
    with pytest.raises(TargetFailed, match="ended with status 127") as failed:
        await make_targets(lab).ready(SERVER, ignore)
    assert "cannot start" in failed.value.log_tail


async def test_a_server_that_never_answers_is_a_failure(
    make_targets: MakeTargets, lab: Path, monkeypatch: pytest.MonkeyPatch, mark: str
) -> None:
    monkeypatch.setattr(start_deadline, "START_TIMEOUT_S", 0.5)
    (lab.parent / "small.py").write_text("import time; time.sleep(60)\n")
    with pytest.raises(TargetFailed, match=r"expected an answer within 0\.5 s, found none"):
        await make_targets(lab).ready(SERVER, ignore)
    assert not marked(mark)


async def test_how_long_a_start_may_take_is_a_setting(
    make_targets: MakeTargets, lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The project's, not the 0.3 s within which this one would be given up; and it is shown."""
    monkeypatch.setattr(start_deadline, "START_TIMEOUT_S", 0.3)
    monkeypatch.setattr(start_deadline, "NOTICE_AFTER_S", 0.0)
    edit(lab, "[project]", "[project]\nstart_timeout_s = 50")
    module = lab.parent / "small.py"
    module.write_text(f"import time; time.sleep(1.5)\n{module.read_text()}")
    events = Events()
    assert (await make_targets(lab).ready(SERVER, events)).alive
    assert ("starting", "starting for 1 s of at most 50 s") in events


@pytest.mark.parametrize("server", ["gunicorn-gthread", "waitress", "uvicorn", "daphne"])
async def test_an_application_that_always_raises_is_ready(
    make_targets: MakeTargets, lab: Path, server: str
) -> None:
    """As one does whose page for unknown paths cannot be rendered: its other views may be fine."""
    broken = ("def wsgi(environ, start)", "async def asgi(*_)")
    text = "".join(f"{head}:\n    raise RuntimeError('no')\n" for head in broken)
    (lab.parent / "small.py").write_text(text)
    target = await make_targets(lab).ready(server, ignore)
    assert target.alive


async def test_a_start_that_is_cancelled_leaves_nothing(
    make_targets: MakeTargets, lab: Path, mark: str
) -> None:
    starting = asyncio.create_task(make_targets(lab).ready(SERVER, ignore))
    assert await until_async(lambda: marked(mark))
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert await until_async(lambda: not marked(mark))


async def test_four_warm_targets_use_hardly_any_cpu(targets: Targets, mark: str) -> None:
    await asyncio.gather(*(targets.ready(server, ignore) for server in WARM))
    pids = [*marked(mark), os.getpid()]

    def cpu_ns() -> int:
        return sum(read_process(pid)["cpu"] for pid in pids)

    await until_async(lambda: False, 0.5)  # what starting left to do
    before, began = cpu_ns(), time.monotonic_ns()
    await asyncio.sleep(3)
    assert (cpu_ns() - before) / (time.monotonic_ns() - began) < 0.03


async def test_only_a_few_start_at_once(
    make_targets: MakeTargets, lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks for thirteen servers at once must not have each of them late for the others."""
    starting, most = 0, 0
    full = asyncio.Event()

    async def start_slowly(*_: object, name: str) -> object:
        nonlocal starting, most
        starting += 1
        most = max(most, starting)
        if starting == pool.STARTS_AT_ONCE:
            full.set()
        await asyncio.wait_for(full.wait(), 30)
        await asyncio.sleep(0.01)  # long enough for any other that would be let in
        starting -= 1
        raise TargetFailed(f"{name} is not to start")

    monkeypatch.setattr(pool, "start_target", start_slowly)
    targets = make_targets(lab)
    starts = [targets.ready(server, ignore) for server in AVAILABLE]
    failed = await asyncio.gather(*starts, return_exceptions=True)
    assert all("is not to start" in str(error) for error in failed)
    assert most == pool.STARTS_AT_ONCE
