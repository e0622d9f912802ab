"""The datagrams that the probe exchanges with the dashboard in a firing."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboard.targets import injected

from .calls import Call, Probe, answers, wrapped
from .pythons import VERSIONS, interpreter


@pytest.fixture
def dashboard_socket(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(2)
        host, port = listening.getsockname()
        monkeypatch.setenv("LIVEBURST_HEALTH", f"{host}:{port}")
        monkeypatch.setenv("LIVEBURST_TOKEN", "secret")
        monkeypatch.setenv("LIVEBURST_SERVER", "gunicorn")
        yield listening


def received(dashboard_socket: socket.socket) -> tuple[dict[str, Any], Any]:
    data, address = dashboard_socket.recvfrom(65536)
    return json.loads(data), address


def test_the_dialogue_of_a_firing(probe: Probe, dashboard_socket: socket.socket) -> None:
    application = wrapped(probe, answers([b"x"]))
    Call(application).body.close()
    hello, address = received(dashboard_socket)
    assert (hello["type"], hello["token"], hello["interface"]) == ("hello", "secret", "wsgi")
    assert hello["process"] == os.getpid()
    assert {"python", "django", "gunicorn"} <= hello["versions"].keys()

    def order(**message: Any) -> None:
        dashboard_socket.sendto(json.dumps({"token": "secret", **message}).encode(), address)

    order(token="wrong", type="begin", firing=6)
    dashboard_socket.sendto(b"not even JSON", address)
    order(type="begin", firing=7)
    report, _ = received(dashboard_socket)
    assert (report["type"], report["firing"], report["final"]) == ("report", 7, False)
    assert (report["requests"], report["loop_lag"]) == (0, -1)
    call = Call(application)
    order(type="end", firing=7)
    while not (report := received(dashboard_socket)[0])["in_app"]:
        pass
    assert not report["final"]  # it is in the application still
    call.body.close()
    while not report["final"]:
        report, _ = received(dashboard_socket)
    assert (report["in_app"], report["peak_in_app"], report["requests"]) == (0, 1, 1)
    dashboard_socket.settimeout(0.15)
    with pytest.raises(TimeoutError):  # and then it sleeps
        dashboard_socket.recv(65536)


def test_a_process_that_starts_in_a_firing_keeps_its_counts(
    probe: Probe, dashboard_socket: socket.socket
) -> None:
    Call(wrapped(probe, answers([b"x"]))).body.close()
    _, address = received(dashboard_socket)
    begin = {"token": "secret", "type": "begin", "firing": 1, "running": True}
    dashboard_socket.sendto(json.dumps(begin).encode(), address)
    assert received(dashboard_socket)[0]["requests"] == 1


async def test_a_blocked_loop_is_late_while_it_is_blocked(probe: Probe) -> None:
    heartbeat = probe.heartbeat.Heartbeat(asyncio.get_running_loop())
    heartbeat.begin()
    await asyncio.sleep(0.03)
    heartbeat.take()
    time.sleep(0.05)  # noqa: ASYNC251 - blocking is what is tested
    assert heartbeat.take() >= 30_000_000
    heartbeat.end()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_each_python_serves_and_reports(
    interface: str, version: str, dashboard_socket: socket.socket
) -> None:
    """An interpreter of its own, with the probe's directory and the standard library."""
    script = Path(__file__).with_name("bare_requests.py")
    command = [interpreter(version), "-I", "-S", "-B", str(script), str(injected.PROBE), interface]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        dashboard_socket.settimeout(20)
        stamps = [int(part) for part in process.stdout.readline().split()]
        assert stamps[1:] == [-1, -1, process.pid]
        hello, address = received(dashboard_socket)
        assert hello["versions"]["python"].startswith(f"{version}.")
        assert hello["versions"].get("loop") == ("asyncio" if interface == "asgi" else None)
        begin = {"token": "secret", "type": "begin", "firing": 1, "running": True}
        dashboard_socket.sendto(json.dumps(begin).encode(), address)
        report, _ = received(dashboard_socket)
        assert (report["requests"], report["peak_in_app"], report["in_app"]) == (1, 1, 0)
        assert (report["executor"] is None) == (interface == "wsgi")
        assert report["connections"] is None
        assert (report["connections_open"], report["connections_waiting"]) == (-1, -1)
        process.stdin.close()
        assert process.wait(20) == 0
