"""`manage.py lab` as a whole: where it listens, which requests it answers, how it ends."""

from __future__ import annotations

import errno
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.management.command import refusal, start, start_anew
from tests.targets.helpers import marked, until

pytestmark = pytest.mark.servers
MARK = f"liveburst-test-lab-{os.getpid()}"
STARTS = 4


def address_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    line = process.stdout.readline()
    assert "http://" in line, process.communicate()[1]
    return str(re.findall(r"http://\S+", line)[0])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def lab(home: Path) -> Iterator[str]:
    """A real dashboard; its address."""
    with start(home, MARK, "lab", "--no-browser", "--port", "0") as process:
        yield address_of(process)
        process.terminate()
        assert process.wait(20) == 0
    assert until(lambda: not marked(MARK))


def handshake(address: str, path: str, **headers: str) -> int:
    """The status of a websocket handshake."""
    answer = httpx.get(
        f"{address}{path}",
        headers={
            "connection": "Upgrade",
            "upgrade": "websocket",
            "sec-websocket-version": "13",
            "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
            **headers,
        },
        timeout=60,
    )
    return answer.status_code


def test_the_page_answers(lab: str) -> None:
    page = httpx.get(lab, timeout=60)
    assert page.status_code == 200
    assert "Liveburst" in page.text


@pytest.mark.alone
def test_a_second_start_answers_within_three_seconds(home: Path) -> None:
    assert any(start_s(home) < 3 for _ in range(STARTS))


def start_s(home: Path) -> float:
    """Return how many seconds it takes until a dashboard answers; the best of a few is its own."""
    began = time.monotonic()
    with start_anew(home, f"{MARK}-second", "lab", "--no-browser", "--port", "0") as process:
        assert httpx.get(address_of(process), timeout=60).status_code == 200
        took_s = time.monotonic() - began
        process.send_signal(signal.SIGINT)
        process.wait(20)
    return took_s


def test_the_websocket_is_for_our_own_page_alone(lab: str) -> None:
    assert handshake(lab, "/ws/", origin=lab) == 101
    assert handshake(lab, "/ws/", origin="http://evil.example") == 403
    assert handshake(lab, "/ws/") == 403
    assert handshake(lab, "/elsewhere/", origin=lab) != 101


def test_another_host_is_not_answered(lab: str) -> None:
    answer = httpx.get(lab, headers={"host": "evil.example"}, timeout=60)
    assert answer.status_code == 400
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("path", ["/nothing", "/runs/none/", "/static/nothing.js", "/static/../x"])
def test_unknown_addresses_are_404(lab: str, path: str) -> None:
    assert httpx.get(lab + path, timeout=60).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        b"/static/../../etc/passwd",
        b"/static/%2e%2e/%2e%2e/etc/passwd",
        b"/static/..%2f..%2fetc/passwd",
        b"/static/%2Fetc/passwd",
        b"/static//etc/passwd",
        b"/static/css/base.css%00.js",
        b"/static/%ff%fe",
        b"/static/%",
        b"/static/%zz",
        b"/static/" + b"a" * 10_000,
        b"/static/" + b"%2e%2e%2f" * 1_000,
        b"/static/" + b"../" * 1_000 + b"etc/passwd",
    ],
)
def test_a_static_path_that_leads_elsewhere_is_refused(lab: str, path: bytes) -> None:
    """Sent as it is: a client would normalise it."""
    head = raw_response(lab, b"GET " + path + b" HTTP/1.1", b"Host: 127.0.0.1")
    assert head[0] in {"HTTP/1.1 404 Not Found", "HTTP/1.1 400 Bad Request"}
    assert "x-content-type-options: nosniff" in head
    assert any(line.startswith("content-security-policy:") for line in head)


def test_a_static_file_for_another_host_is_refused(lab: str) -> None:
    head = raw_response(lab, b"GET /static/css/base.css HTTP/1.1", b"Host: evil.example")
    assert head[0] == "HTTP/1.1 400 Bad Request"
    assert "x-content-type-options: nosniff" in head


def raw_response(address: str, *lines: bytes) -> list[str]:
    """Send a request without a body; return the response's status line and its headers."""
    url = httpx.URL(address)
    with socket.create_connection((url.host, url.port or 0), timeout=60) as client:
        client.sendall(b"\r\n".join([*lines, b"Connection: close", b"", b""]))
        response = b"".join(iter(lambda: client.recv(65536), b""))
    first, *headers = response.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    pairs = (header.partition(":") for header in headers)
    return [first, *(f"{name.lower()}:{value}" for name, _, value in pairs)]


def test_any_loopback_address_of_this_machine_can_be_listened_on(tmp_path: Path) -> None:
    host = "127.0.0.2" if sys.platform == "linux" else "127.0.0.1"
    with start(tmp_path, MARK, "lab", "--no-browser", "--host", host, "--port", "0") as process:
        address = address_of(process)
        assert address.startswith(f"http://{host}:")
        assert httpx.get(address, timeout=60).status_code == 200
        assert handshake(address, "/ws/", origin=address) == 101
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


@pytest.mark.parametrize(
    ("reason", "problem"),
    [
        (errno.EADDRNOTAVAIL, "host: expected an address that this machine has, found '127.0.0.9'"),
        (errno.EACCES, "port: expected one that can be listened on, found 80 (Permission denied)"),
        (
            errno.EMFILE,
            "port: expected one that can be listened on, found 80 (Too many open files)",
        ),
    ],
)
def test_why_nothing_can_be_listened_on_is_named(
    reason: int, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: socket.socket, address: object) -> None:
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(socket, "socket", type("Refusing", (socket.socket,), {"bind": refuse}))
    refused = refusal("lab", "--no-browser", "--host", "127.0.0.9", "--port", "80")
    assert (refused.returncode, str(refused)) == (2, problem)


def test_if_a_port_is_taken_the_next_is_used(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with start(tmp_path, MARK, "lab", "--no-browser", "--port", str(port)) as process:
            used_port = int(address_of(process).rpartition(":")[2])
            process.send_signal(signal.SIGINT)  # at once: it may not even serve yet
            assert process.wait(20) == 0
    assert port < used_port <= port + 50


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "example.org"], "host: expected an address of this machine"),
        (["--port", "70000"], "port: expected 0 to 65535, found 70000"),
        (["--port", "-1"], "port: expected"),
    ],
)
def test_bad_usage_names_the_option(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = refusal("lab", "--no-browser", *arguments)
    assert refused.returncode == 2
    assert words in str(refused)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "0.0.0.0"], "no user may operate it"),
        (["--project", "nowhere.toml"], "nowhere.toml: expected a file"),
    ],
)
def test_bad_usage_is_refused(tmp_path: Path, arguments: list[str], words: str) -> None:
    with start(tmp_path, MARK, "lab", "--no-browser", *arguments) as process:
        stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 2
    assert words in stderr
    assert "Traceback" not in stderr
    assert stdout == ""
