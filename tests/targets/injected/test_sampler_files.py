"""A sampler that runs: what it writes to its file, and until when."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from dashboard.targets import injected
from dashboard.targets.observe.sampler_files import read_looks
from dashboard.wire.traces.looks import LookFrame

from . import calls
from .calls import Probe
from .pythons import VERSIONS, interpreter

MS = 1_000_000
PATIENCE_S = 60.0
# The state of a planted line, its name, and its call.
PLANTED = (("blocking", "wsgi", "time.sleep"), ("awaiting", "asgi", "asyncio.sleep"))


def test_a_full_file_ends_with_a_line_that_has_only_its_instant(
    probe: Probe, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(probe.sampler_file, "MOST_BYTES", 300)
    file = probe.sampler_file.LooksFile(str(tmp_path), 5 * MS)
    file.append({"until": 1, "stacks": []})
    assert not file.full
    file.append({"until": 2, "seen": ["x" * 300], "limits": ["waits"]})
    assert file.full
    file.end(3)
    assert written(tmp_path)[1:] == [
        {"until": 1},
        {"until": 2, "limits": ["waits"], "full": True},
    ]


def written(directory: Path) -> list[dict[str, Any]]:
    """The lines of the only file in a directory."""
    (file,) = directory.glob("*.looks")
    return [json.loads(line) for line in file.read_text().splitlines()]


def sample(
    probe: Probe, directory: Path, view: Any, until: Any, done: threading.Event
) -> list[dict[str, Any]]:
    """What a sampler writes while the view serves a request, until a line is such."""
    sampler = probe.sampler.Sampler(str(directory), 5 * MS)

    def application(environ: dict[str, Any], start: Any) -> list[bytes]:
        view()
        start("200 OK", [])
        return [b""]

    sampled = probe.sampler_application.SampledWSGI(application, lambda: None)

    def serve() -> None:
        calls.Call(calls.wrapped(probe, sampled)).body.close()

    serving = threading.Thread(target=serve)
    running = threading.Thread(target=sampler.run)
    running.start()
    try:
        serving.start()
        deadline_s = time.monotonic() + PATIENCE_S
        while not any(until(line) for line in written(directory)):
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
    finally:
        done.set()
        serving.join(PATIENCE_S)
        sampler.file.full = True
        running.join(PATIENCE_S)
    assert sampler.errors == []
    return written(directory)


def test_a_sampler_writes_what_it_sees_and_until_when(probe: Probe, tmp_path: Path) -> None:
    left_ns: list[int] = []

    def view() -> None:
        time.sleep(0.1)  # planted: here
        left_ns.append(time.monotonic_ns())

    def is_later(line: dict[str, Any]) -> bool:
        return bool(left_ns) and line.get("until", 0) > left_ns[0]

    lines = sample(probe, tmp_path, view, is_later, threading.Event())
    assert lines[0]["interval_ns"] == 5 * MS
    frames = {number: rest for line in lines for number, *rest in line.get("frames", ())}
    stacks = dict(entry for line in lines for entry in line.get("stacks", ()))
    seen = [entry for line in lines for entry in line.get("seen", ())]
    here = Path(__file__).read_text().splitlines().index("        time.sleep(0.1)  # planted: here")
    innermost = [frames[stacks[stack][-1]] for stack, state, *_ in seen if state == "blocking"]
    assert innermost
    for path, own, line, function, module, expression in innermost:
        assert (path, own, line) == (f"tests/targets/injected/{Path(__file__).name}", 1, here + 1)
        assert function.endswith("test_a_sampler_writes_what_it_sees_and_until_when.view")
        assert module == __name__
        assert expression[1:] == [here + 1, here + 1, 8, 23]
    ((visit, entered_ns),) = [entry for line in lines for entry in line.get("visits", ())]
    assert entered_ns < max(left_ns)
    assert {number for *_, numbers in seen for number in numbers[::4]} == {visit}
    total_ns = sum(ns for *_, numbers in seen for ns in numbers[2::4])
    assert total_ns > 50 * MS


def test_a_call_in_c_that_holds_the_gil_makes_it_late_and_is_named(
    probe: Probe, tmp_path: Path
) -> None:
    done = threading.Event()

    def view() -> None:
        while not done.is_set():
            re.match("(a+)+$", "a" * 21 + "b")

    def has_the_note(line: dict[str, Any]) -> bool:
        return any(note == "late" for _, _, note, _ in line.get("seen", ()))

    lines = sample(probe, tmp_path, view, has_the_note, done)
    late_ns = [late for line in lines for late in line.get("late_ns", ())]
    assert max(late_ns) > probe.sampler_look.LATE_NS
    stacks = dict(entry for line in lines for entry in line.get("stacks", ()))
    frames = {number: rest for line in lines for number, *rest in line.get("frames", ())}
    late = [entry for line in lines for entry in line.get("seen", ()) if entry[2] == "late"]
    assert {state for _, state, *_ in late} == {"cpu"}
    assert any(frames[stacks[stack][-1]][4] in {"re", __name__} for stack, *_ in late)


def test_nothing_is_imported_unless_the_environment_asks_for_it(probe: Probe) -> None:
    assert "liveburst_probe" in sys.modules
    assert not [name for name in sys.modules if name.startswith("liveburst_sampler")]


def test_a_file_is_its_owners_alone(probe: Probe, tmp_path: Path) -> None:
    probe.sampler_file.LooksFile(str(tmp_path), 5 * MS)
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("version", VERSIONS)
def test_each_python_samples(version: str, tmp_path: Path) -> None:
    """An interpreter of its own, with the probe, the sampler and the standard library."""
    script = Path(__file__).with_name("bare_sampled.py")
    paths = map(str, (script, injected.PROBE, injected.SAMPLER, tmp_path))
    subprocess.run([interpreter(version), "-I", "-S", "-B", *paths], check=True, timeout=60)
    looks = asyncio.run(read_looks(tmp_path, script.parent, 0, time.monotonic_ns()))
    lines = script.read_text().splitlines()
    longest: dict[str, LookFrame] = {}
    for stack in looks.stacks:  # the longest first
        own = [looks.frames[at] for at in stack.frames if looks.frames[at].project]
        if own:
            longest.setdefault(stack.state, own[-1])
    for state, name, call in PLANTED:
        frame = longest[state]
        assert (frame.path, lines[frame.line - 1].rpartition(" ")[2]) == (script.name, name)
        assert frame.call == ("" if version in {"3.9", "3.10"} else call)
    assert looks.sampler["limits"] == []
    assert looks.requests == 4
