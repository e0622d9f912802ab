"""Who is admitted by a real dashboard: its own user, other users, forwarded ports."""

from __future__ import annotations

import os
import re
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.management.command import start, statuses
from tests.other_user import OTHER_UID, connection, forwarded, needs_root
from tests.targets.helpers import until

pytestmark = pytest.mark.servers
MARK = f"liveburst-test-access-{os.getpid()}"
REFUSED = "This dashboard belongs to another user"
HANDSHAKE = {
    "connection": "Upgrade",
    "upgrade": "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
}
CSRF = {"cookie": f"csrftoken={'x' * 32}", "x-csrftoken": "x" * 32}
REQUESTS = [
    ("GET", "/"),
    ("GET", "/queue/"),
    ("GET", "/static/js/main.js"),
    ("GET", "/runs/none/frames"),
    ("GET", "/runs/none/export/csv/"),
    ("POST", "/runs/"),
    ("POST", "/runs/none/delete/"),
]


class Lab(NamedTuple):
    """A running dashboard."""

    address: str
    token: str
    home: Path

    @property
    def port(self) -> int:
        """Its port."""
        return int(self.address.rpartition(":")[2])


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A real dashboard."""
    home = tmp_path_factory.mktemp("home")
    with start(home, MARK, "lab", "--no-browser", "--port", "0") as process:
        assert process.stdout
        address = process.stdout.readline().split()[-1]
        token = process.stdout.readline().rpartition("?token=")[2].strip()
        yield Lab(address, token, home)
        process.terminate()
        rest, errors = process.communicate(timeout=20)
    assert token not in rest + errors + (home / "dashboard.log").read_text()


def curl(*arguments: str) -> tuple[int, str]:
    """Run curl as another user; return the status and the page."""
    if not (program := shutil.which("curl")):
        pytest.skip("no curl on the path")
    done = subprocess.run(
        [program, "--silent", "--max-time", "20", "--write-out", "\n%{http_code}", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        user=OTHER_UID,
        group=OTHER_UID,
        extra_groups=[],
    )
    page, _, status = done.stdout.rpartition("\n")
    return int(status), page


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_the_own_user_passes_without_a_token(lab: Lab, method: str, path: str) -> None:
    answer = httpx.request(method, lab.address + path, headers=CSRF)
    assert answer.status_code in {200, 404, 422}
    assert REFUSED not in answer.text
    assert "httponly" in answer.headers["set-cookie"].lower()
    assert lab.token not in answer.text


@needs_root
@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_another_user_is_refused(lab: Lab, method: str, path: str) -> None:
    headers = [text for name, value in CSRF.items() for text in ("--header", f"{name}: {value}")]
    status, page = curl("--request", method, *headers, lab.address + path)
    assert status == 403
    assert REFUSED in page
    assert lab.token not in page


@needs_root
def test_another_user_gets_no_websocket(lab: Lab) -> None:
    headers = {**HANDSHAKE, "origin": lab.address}
    assert httpx.get(f"{lab.address}/ws/", headers=headers).status_code == 101
    sent = [text for name, value in headers.items() for text in ("--header", f"{name}: {value}")]
    assert curl(*sent, f"{lab.address}/ws/")[0] == 403


@needs_root
def test_another_user_with_the_token_is_admitted(lab: Lab, tmp_path: Path) -> None:
    jar = Path("/dev/shm") if Path("/dev/shm").is_dir() else tmp_path
    cookies = jar / f"{MARK}-cookies"
    try:
        address = f"{lab.address}/?token={lab.token}"
        status, page = curl("--location", "--cookie-jar", str(cookies), "--cookie", "", address)
        assert status == 200
        assert "<title>" in page
        assert lab.token not in page
        assert "HttpOnly" in cookies.read_text()
        assert curl("--cookie", str(cookies), f"{lab.address}/queue/")[0] == 200
    finally:
        cookies.unlink(missing_ok=True)


@needs_root
def test_what_another_user_sends_before_closing_fires_nothing(lab: Lab) -> None:
    """Most kernels list closed sockets as root's, and the dashboard of this test is root's."""
    head = "".join(f"{name}: {value}\r\n" for name, value in CSRF.items())
    body = (
        "scenario=sleep&lanes=sync%40gunicorn-sync&requests=1&concurrency=&rounds=1&seed=7"
        "&timeout=30&parameter_delay=0"
    )
    request = (
        f"POST /runs/ HTTP/1.1\r\nHost: 127.0.0.1:{lab.port}\r\n{head}"
        f"Content-Length: {len(body)}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}"
    ).encode()
    for reset in [0, 1] * 20:
        with connection(lab.port) as client:
            linger = struct.pack("ii", reset, 0)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            client.sendall(request)
    assert httpx.get(lab.address).status_code == 200  # the others were handled before
    assert statuses(lab.home) == []


@needs_root
def test_through_another_users_forwarder_the_token_is_needed(lab: Lab) -> None:
    with (
        forwarded(lab.port) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as browser,
    ):
        origin = f"http://127.0.0.1:{port}"
        refused = browser.get("/")
        assert refused.status_code == 403
        assert REFUSED in refused.text
        assert browser.get("/ws/", headers={**HANDSHAKE, "origin": origin}).status_code == 403
        exchanged = browser.get("/", params={"token": lab.token})
        assert exchanged.status_code == 303
        assert exchanged.headers["location"] == "/"
        assert browser.get("/").status_code == 200
        handshake = browser.get("/ws/", headers={**HANDSHAKE, "origin": origin})
        assert handshake.status_code == 101


@needs_root
def test_an_own_users_cookie_is_useless_to_another(lab: Lab) -> None:
    cookie = httpx.get(lab.address).headers["set-cookie"].partition(";")[0]
    assert curl("--header", f"Cookie: {cookie}", lab.address)[0] == 403


@needs_root
def test_without_a_token_everyone_is_admitted_and_that_is_printed(tmp_path: Path) -> None:
    with start(tmp_path, MARK, "lab", "--no-browser", "--port", "0", "--no-token") as process:
        assert process.stdout
        address = process.stdout.readline().split()[-1]
        warning = process.stdout.readline()
        assert curl(address)[0] == 200
        process.terminate()
        process.communicate(timeout=20)
    assert re.search("every user of this machine can fire, export and delete", warning)


def test_a_long_message_closes_the_websocket(lab: Lab) -> None:
    with connect(f"ws{lab.address[4:]}/ws/", origin=Origin(lab.address)) as socket_:
        socket_.send("x" * 5000)
        with pytest.raises(ConnectionClosed):
            list(socket_)


@needs_root
def test_another_user_cannot_use_up_the_descriptors(lab: Lab) -> None:
    refused = 0
    with ExitStack() as taken:
        clients = []
        for _ in range(300):
            try:
                clients.append(taken.enter_context(connection(lab.port)))
            except ConnectionResetError:  # closed before connect() has returned
                refused += 1
        assert httpx.get(lab.address, timeout=60).status_code == 200
        assert until(lambda: refused + sum(map(is_closed, clients)) >= 200)


def is_closed(client: socket.socket) -> bool:
    """Return True if the server has closed the connection."""
    client.setblocking(False)
    try:
        return client.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True
