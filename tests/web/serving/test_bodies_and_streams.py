"""A real dashboard: bodies that are too large, and responses that fail while they are sent."""

from __future__ import annotations

import base64
import json
import os
from array import array
from collections.abc import Iterator

import httpx
import pytest

from dashboard.runs.archive.imports.schema import RUN_FIELDS
from dashboard.wire import frame
from dashboard.wire.frame import COLUMNS, TYPE_CODES
from tests.management.command import start_anew
from tests.management.lab.test_lab import address_of
from tests.prepared_home import prepare
from tests.web.serving.raw_http import memory_mib, peak_memory_mib, post, post_all, zeros
from tests.web.serving.stored_rows import EXPERIMENT, LANE, RUN, insert, insert_frames

pytestmark = pytest.mark.servers
MARK = f"liveburst-test-serving-{os.getpid()}"
ODD, ODDER, LARGE = "23456789", "3456789b", "456789bc"
LARGE_FRAMES, FRAME_BYTES = 400, 2**18  # 100 MiB
LARGE_MIB = 600
SENT_ON_MIB = 150  # in vain; much more than may be kept of it
HEALTH = COLUMNS["health"]
FORM = "Content-Type: application/x-www-form-urlencoded"
MULTIPART = "Content-Type: multipart/form-data; boundary=b"
LENGTH = f"Content-Length: {LARGE_MIB * 2**20}"
CHUNKED = "Transfer-Encoding: chunked"


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """A dashboard with a run whose frame is none, and its process."""
    home = tmp_path_factory.mktemp("home")
    prepare(home)
    insert(home, "run", id=ODD, **RUN)
    insert(home, "runlane", run_id=ODD, **LANE)
    insert(home, "storedframe", run_id=ODD, sequence=0, data=b"no frame")
    insert(home, "storedframe", run_id=ODD, sequence=2**33, data=b"no such number")
    insert(home, "experiment", id=ODDER, **EXPERIMENT)
    insert(home, "run", id=LARGE, **RUN)
    insert_frames(home, LARGE, LARGE_FRAMES, bytes(FRAME_BYTES))
    with start_anew(home, MARK, "lab", "--no-browser", "--port", "0") as process:
        yield address_of(process), process.pid
        process.terminate()


def host_of(address: str) -> tuple[str, int]:
    url = httpx.URL(address)
    assert url.port
    return url.host, url.port


def test_a_broken_stream_ends_and_a_fault_elsewhere_answers_500(
    dashboard: tuple[str, int],
) -> None:
    address, pid = dashboard
    with httpx.Client(base_url=address, timeout=10) as client:
        for number in range(60):
            for path in ("export/csv", "export/trace", "frames"):
                with pytest.raises(httpx.RemoteProtocolError):
                    client.get(f"/runs/{ODD}/{path}")
            assert client.get(f"/explore/{ODDER}/").status_code == 500
            if number == 20:
                before_mib = memory_mib(pid)
        assert client.get("/").status_code == 200
    assert memory_mib(pid) - before_mib < 2  # 160 requests


def test_a_client_that_does_not_read_costs_no_memory(dashboard: tuple[str, int]) -> None:
    address, pid = dashboard
    before_mib = peak_memory_mib(pid)
    with httpx.Client(base_url=address, timeout=30) as client:
        with client.stream("GET", f"/runs/{LARGE}/frames") as response:
            for _ in range(20):  # other pages are answered, and the export stays where it is
                assert client.get("/queue/").status_code == 200
            waiting_mib = peak_memory_mib(pid) - before_mib
            received = sum(len(piece) for piece in response.iter_bytes())
        assert received > LARGE_FRAMES * FRAME_BYTES
        assert client.get("/queue/").status_code == 200
    assert waiting_mib < 50  # a batch of 20 frames with its copies; all of them are 100
    assert peak_memory_mib(pid) - before_mib < 60


@pytest.mark.parametrize("path", ["/runs/", "/runs/import/", "/queue/", "/static/css/base.css"])
@pytest.mark.parametrize("kind", [FORM, MULTIPART])
@pytest.mark.parametrize("framing", [LENGTH, CHUNKED])
def test_a_large_body_is_refused_before_it_is_read(
    dashboard: tuple[str, int], path: str, kind: str, framing: str
) -> None:
    address, pid = dashboard
    before_mib = peak_memory_mib(pid)
    body = zeros(LARGE_MIB, chunked=framing == CHUNKED)
    status, sent_bytes = post(host_of(address), path, body, kind, framing)
    assert status == 413
    limit_mib = 257 if path == "/runs/import/" and framing == CHUNKED else 1
    assert sent_bytes < (limit_mib + 64) * 2**20
    assert peak_memory_mib(pid) - before_mib < 40


def test_a_client_that_sends_on_is_not_kept(dashboard: tuple[str, int]) -> None:
    address, pid = dashboard
    before_mib = peak_memory_mib(pid)
    for framing in (LENGTH, CHUNKED):
        body = zeros(SENT_ON_MIB, chunked=framing == CHUNKED)
        post_all(host_of(address), "/", body, framing)
        assert httpx.get(address).status_code == 200
    assert peak_memory_mib(pid) - before_mib < 40


def test_a_body_within_the_limit_of_an_import_stays_in_its_file(
    dashboard: tuple[str, int],
) -> None:
    """It is refused by the CSRF check, for which Django reads it."""
    address, pid = dashboard
    before_mib = peak_memory_mib(pid)
    for kind in (FORM, MULTIPART):
        length = f"Content-Length: {200 * 2**20}"
        status, _ = post(host_of(address), "/runs/import/", zeros(200), kind, length)
        assert status in {400, 403}
    assert peak_memory_mib(pid) - before_mib < 40


def large_file(rows: int = 100_000) -> bytes:
    """Return an exported run, nearly all of it health of its server: 60 MB by 100,000 rows."""
    sample = {"request": 0, "due": 0, "sent_first": 1, "sent": 2, "done": 10**8, "status": 200}
    samples = frame.rows_to_columns("samples", [{**sample, "error": 0}])
    health = {name: array(TYPE_CODES[code], [1]) * rows for name, code in HEALTH.items()}
    frames = [
        frame.encode(kind, lane=0, round=1, origin_ns=1, columns=columns)
        for kind, columns in (("samples", samples), *(("health", health),) * 4)
    ]
    run = {name: RUN.get(name) for name in RUN_FIELDS}
    for name in ("plan", "environment", "warnings", "discarded_rounds"):
        run[name] = json.loads(str(run[name]))
    lane = {**LANE, "facts": {}, "capacity": None, "wait_s": None}
    texts = [base64.b64encode(data).decode() for data in frames]
    parts = {"liveburst": 1, "run": run, "lanes": [lane], "readings": [], "frames": texts}
    return json.dumps(parts).encode()


@pytest.mark.parametrize("broken", [False, True])
def test_a_large_import_keeps_no_page_waiting(dashboard: tuple[str, int], broken: bool) -> None:
    address, pid = dashboard
    text = large_file()
    before_mib = peak_memory_mib(pid)
    with httpx.Client(base_url=address, timeout=60) as client:
        token = client.get("/runs/").cookies["csrftoken"]
        answer = client.post(
            "/runs/import/",
            files={"file": ("run.json", text[:-9] if broken else text)},
            headers={"x-csrftoken": token},
        )
        assert answer.status_code == 303
        progress, waits_s = answer.headers["location"], [0.0]
        assert progress.startswith("/runs/import/")
        while (shown := client.get(progress)).status_code == 200:
            assert "import-progress" in shown.text
            waits_s.append(client.get("/").elapsed.total_seconds())
        if broken:
            assert shown.status_code == 422
            assert "file: expected JSON" in shown.text
        else:
            assert client.get(shown.headers["location"]).status_code == 200
    assert len(waits_s) > 3  # pages were answered meanwhile
    assert max(waits_s) < 5  # on a busy machine; in this process it took as long as the import
    assert peak_memory_mib(pid) - before_mib < 60
