"""The listening socket, the kernel's counters, changed files, readings of a process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from dashboard.project.labtoml.load import load_manifest
from dashboard.targets.lifecycle.code_changes import Scan
from dashboard.targets.lifecycle.sockets import (
    BACKLOG,
    listening_socket,
    reserved_socket,
    restore_backlog,
)
from dashboard.targets.observe.listeners import backlog_of
from dashboard.targets.observe.machine import busy_times, cpu_times, steal_percent
from dashboard.targets.observe.proc_stats import exists, process_tree, read_process, read_switches
from dashboard.targets.supervise.environment import (
    project_environment,
    tool_environment,
    with_probe,
)
from dashboard.targets.supervise.log_files import last_line_since, read_tail
from tests.targets.helpers import LIVEAPP

linux = pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")


@linux
def test_busy_is_what_is_not_idle_on_these_cores(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    stat.write_text(
        "cpu  0 0 0 0 0 0 0 0\ncpu0 9 9 9 9 9 9 9 9 0 0\n"
        "cpu1 100 0 50 700 100 10 20 20 0 0\nintr 1\n"
    )
    ticks = os.sysconf("SC_CLK_TCK")
    assert busy_times([1], stat) == (200 / ticks, 1000 / ticks)
    assert busy_times([7], stat) is None
    assert busy_times([1], tmp_path / "nowhere") is None


def test_the_backlog_in_force_is_read_back() -> None:
    with listening_socket() as listener:
        assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        listener.listen(100)  # as servers do
        assert restore_backlog(listener) == BACKLOG
        assert backlog_of(listener.getsockname()[1]) == BACKLOG
        assert restore_backlog(listener, 128) == 128
    with reserved_socket() as holder:
        assert backlog_of(holder.getsockname()[1]) is None


@linux
def test_connections_inherit_nodelay() -> None:
    with listening_socket() as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_stolen_time_is_a_share_of_all(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    stat.write_text("cpu  10 0 20 60 5 0 1 4 0 0\ncpu0 1\n")
    assert cpu_times(stat) == (4, 100)
    assert steal_percent((4, 100), (7, 200)) == 3
    assert steal_percent((4, 100), (4, 100)) is None
    assert steal_percent(None, (4, 100)) is None
    assert cpu_times(tmp_path / "nowhere") is None


def test_changed_code_is_found(tmp_path: Path) -> None:
    manifest = tmp_path / "lab.toml"
    for name in ("lab.toml", "shop/views.py", "shop/page.html", "shop/note.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
        os.utime(path, (100, 100))
    assert Scan.of(tmp_path, manifest).changed_since(100) is None
    for name in ("shop/views.py", "shop/page.html", "lab.toml"):
        os.utime(tmp_path / name, (101, 101))
        assert Scan.of(tmp_path, manifest).changed_since(100) == tmp_path / name
        os.utime(tmp_path / name, (100, 100))
    os.utime(tmp_path / "shop/note.txt", (101, 101))
    assert Scan.of(tmp_path, manifest).changed_since(100) is None


@pytest.mark.parametrize("folder", [".git", "node_modules", "__pycache__", "env"])
def test_files_of_others_are_skipped(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder / "inner").mkdir(parents=True)
    (tmp_path / folder / "inner" / "new.py").touch()
    if folder == "env":
        (tmp_path / folder / "pyvenv.cfg").touch()
    assert Scan.of(tmp_path, tmp_path / "lab.toml").changed_since(100) is None


def test_a_process_is_read() -> None:
    reading = read_process(os.getpid())
    assert reading["threads"] >= threading.active_count()  # other tests leave speakers
    assert reading["rss"] > 1_000_000
    assert abs(reading["cpu"] - time.process_time_ns()) < 100_000_000
    assert exists(os.getpid())


@linux
def test_context_switches_are_those_of_all_threads() -> None:
    before = read_switches(os.getpid())["switches"]
    time.sleep(0.001)
    assert read_switches(os.getpid())["switches"] > before


@linux
def test_the_tree_is_that_of_all_threads_and_generations() -> None:
    with ThreadPoolExecutor(1) as thread, shell_above_cat(thread) as shell:
        assert shell.pid in process_tree(os.getpid())
        (cat,) = psutil.Process(shell.pid).children(recursive=True)
        assert process_tree(shell.pid) == [cat.pid]


@contextmanager
def shell_above_cat(thread: ThreadPoolExecutor) -> Iterator[subprocess.Popen[bytes]]:
    """A shell with a child, started by a thread that is not the process's first."""
    command = ["sh", "-c", "cat; true"]
    shell = thread.submit(
        lambda: subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    ).result()
    with shell:
        assert shell.stdin is not None
        assert shell.stdout is not None
        shell.stdin.write(b"x")
        shell.stdin.flush()
        shell.stdout.read(1)  # cat has started
        yield shell
        shell.stdin.close()


def test_a_process_that_has_gone_has_no_columns() -> None:
    unused_pid = 2**22 + 1  # above the largest process id that Linux gives
    assert read_process(unused_pid) == {}
    assert read_switches(unused_pid) == {}
    assert process_tree(unused_pid) == []
    assert not exists(unused_pid)


def test_a_target_gets_an_allow_list_of_our_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    monkeypatch.setenv("WEB_CONCURRENCY", "9")
    monkeypatch.setenv("UVICORN_WORKERS", "9")
    monkeypatch.setenv("LIVEBURST_HOME", "somewhere")
    monkeypatch.setenv("PYTHONPATH", "mine")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("SHOP_KEPT", "yes")
    monkeypatch.setenv("DATABASE_URL", "postgres://shop:of-production@db/shop")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the person")
    project = replace(
        load_manifest(LIVEAPP),
        env={"DJANGO_SETTINGS_MODULE": "shop.settings"},
        inherit_env=("SHOP_*", "WEB_CONCURRENCY"),
    )
    env = with_probe(project_environment(project, {}))
    assert env["DJANGO_SETTINGS_MODULE"] == "shop.settings"
    assert (env["SHOP_KEPT"], env["LC_ALL"], env["PATH"]) == ("yes", "C.UTF-8", os.environ["PATH"])
    assert not env.keys() & {"WEB_CONCURRENCY", "UVICORN_WORKERS", "LIVEBURST_HOME"}
    assert not env.keys() & {"DATABASE_URL", "AWS_SECRET_ACCESS_KEY"}
    assert tool_environment({})["DATABASE_URL"]  # git, pip and the inspector work as in the shell
    probe, rest = env["PYTHONPATH"].split(os.pathsep)
    assert (Path(probe) / "liveburst_probe.py").is_file()
    assert rest == "mine"


@pytest.mark.parametrize(
    ("variable", "module"),
    [("LIVEBURST_SAMPLER", "liveburst_sampler.py"), ("LIVEBURST_XRAY_APP", "liveburst_xray.py")],
)
def test_the_sampler_and_the_xray_can_be_imported_only_where_they_are_started(
    variable: str, module: str
) -> None:
    timed, other = (with_probe(env)["PYTHONPATH"].split(os.pathsep) for env in ({}, {variable: ""}))
    assert not [directory for directory in timed if (Path(directory) / module).exists()]
    assert other[: len(timed)] == timed
    (added,) = other[len(timed) :]
    assert (Path(added) / module).is_file()


def test_the_tail_of_a_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert read_tail(log) == ""
    log.write_text("".join(f"line {number}\n" for number in range(10_000)))
    assert read_tail(log).splitlines()[-1] == "line 9999"
    assert len(read_tail(log).splitlines()) == 30
    ours = 'Not Found: /.liveburst/ready\n"GET /.liveburst/ready HTTP/1.1" 404 179\n'
    log.write_text(f"{ours}Not Found: /ready\n{ours}")
    assert read_tail(log) == "Not Found: /ready"
    log.write_text(ours)
    assert last_line_since(log, 0) == ""
