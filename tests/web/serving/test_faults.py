"""Whatever an application raises, Daphne goes on: errors are answered and connections freed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from dashboard.targets.lifecycle.sockets import free_port
from dashboard.web.serving.guard import INTERNAL_ERROR
from tests.targets.helpers import until
from tests.web.serving.raw_http import memory_mib

pytestmark = pytest.mark.servers
ROOT = Path(__file__).parents[3]
REQUESTS = 300


@pytest.fixture(scope="module")
def faulty() -> Iterator[tuple[str, int]]:
    """A Daphne whose application fails when asked to: its address and its process."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        [sys.executable, "-m", "tests.web.serving.faulty", str(port)],
        cwd=ROOT,
    ) as process:
        assert until(lambda: answers(address) or process.poll() is not None, 60)
        yield address, process.pid
        process.terminate()


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/").status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("guard", ["", "/guarded"])
def test_a_response_that_fails_is_cut_off_and_others_are_answered(
    faulty: tuple[str, int], guard: str
) -> None:
    address, _ = faulty
    for _ in range(2):
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{address}{guard}/within", timeout=60)
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{address}{guard}/twice", timeout=60)
        assert httpx.get(f"{address}{guard}/after", timeout=60).status_code == 200
        assert httpx.get(f"{address}{guard}/before", timeout=60).status_code == 500


@pytest.mark.parametrize("guard", ["", "/guarded"])
def test_a_websocket_that_fails_is_closed(faulty: tuple[str, int], guard: str) -> None:
    address, _ = faulty
    with connect(f"{address.replace('http', 'ws')}{guard}/ws", open_timeout=60) as socket:
        with pytest.raises(ConnectionClosedError):
            socket.recv(60)
        if guard:
            assert socket.close_code == INTERNAL_ERROR
    assert httpx.get(f"{address}/before", timeout=60).status_code == 500


def test_nothing_is_kept_of_requests_that_failed(faulty: tuple[str, int]) -> None:
    address, pid = faulty

    fail(address, REQUESTS)
    before_mib, files = memory_mib(pid), _open_files(pid)
    fail(address, REQUESTS)
    assert memory_mib(pid) - before_mib < REQUESTS * 0.01  # without the guard 10 KB each
    assert until(lambda: _open_files(pid) <= files, 5)
    assert until(lambda: int(httpx.get(f"{address}/").text) < 10, 10)


def fail(address: str, times: int) -> None:
    """Send requests that fail in turn within, before and after their response."""
    with httpx.Client(base_url=address, timeout=60) as client:
        for number in range(times):
            path = ("within", "before", "after")[number % 3]
            try:
                client.get(f"/guarded/{path}")
            except httpx.RemoteProtocolError:
                assert path == "within"


def _open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
