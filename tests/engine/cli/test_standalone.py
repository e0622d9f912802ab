"""`python -m dashboard.engine --url …`: its results, errors and exit statuses."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

import pytest

from dashboard.engine.cli.usage import read_options
from dashboard.wire.plan.plan import Rate
from tests.engine.servers.hostile import OK, Behaviour, Peer, responds, serving
from tests.firing import ROOT

URL = "http://127.0.0.1:8000/"
RATE = ["--url", URL, "--rate", "5", "--duration", "2"]


async def alone(*arguments: str, limit: str = "") -> tuple[int, str, str]:
    """Return exit status, stdout and stderr of the load generator with these options."""
    command = f'{limit} exec "$0" -m dashboard.engine "$@"'
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", command, sys.executable, *arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 20)
    return process.returncode or 0, out.decode(), err.decode()


@pytest.mark.processes
async def test_json_to_stdout_is_one_object_and_nothing_else() -> None:
    async with serving(responds(OK)) as server:
        url = f"http://localhost:{server.port}/a/b?c=d#e"
        status, out, err = await alone("--url", url, "-n", "200", "-c", "20", "--json", "-")
    result = json.loads(out)
    assert (status, err) == (0, "")
    assert list(result) == [
        "requests", "ok", "errors", "cut_off",
        "makespan_s", "throughput_rps", "latency_ms", "service_ms",
    ]  # fmt: skip
    assert (result["requests"], result["ok"], result["errors"]) == (200, 200, {})
    assert result["throughput_rps"] == 200 / result["makespan_s"]
    latency = [result["latency_ms"][name] for name in ("min", "p50", "p90", "p95", "p99", "max")]
    assert latency == sorted(latency)
    assert server.heads[0].startswith(b"GET /a/b?c=d HTTP/1.1\r\n")
    assert f"Host: localhost:{server.port}\r\n".encode() in server.heads[0]
    assert server.connections == 20


@pytest.mark.processes
async def test_a_rate_reports_what_was_offered_and_achieved() -> None:
    async with serving(responds(OK)) as server:
        url = f"http://127.0.0.1:{server.port}/"
        rate = ("--url", url, "--rate", "400", "--duration", "0.5", "--poisson", "--seed", "3")
        status, out, err = await alone(*rate, "--json", "-")
        _, text, _ = await alone(*rate)
    result = json.loads(out)
    assert (status, err) == (0, "")
    assert list(result)[-4:] == ["offered_rps", "achieved_rps", "backlog", "scheduling_error_ms"]
    assert (result["requests"], result["ok"], result["offered_rps"]) == (200, 200, 400)
    assert 0 < result["achieved_rps"] <= 400
    late = [result["scheduling_error_ms"][name] for name in ("p50", "p99", "max")]
    assert late == sorted(late)
    assert "offered 400/s, achieved " in text
    assert "scheduling error, ms: p50 " in text


@pytest.mark.processes
async def test_the_result_goes_to_a_file_or_as_text_to_stdout(tmp_path: Path) -> None:
    file = tmp_path / "numbers.json"
    async with serving(responds(OK)) as server:
        url = f"http://127.0.0.1:{server.port}"
        assert await alone("--url", url, "-n", "5", "--json", str(file)) == (0, "", "")
        status, out, _ = await alone("--url", url, "-n", "5")
    assert json.loads(file.read_text())["ok"] == 5
    assert status == 0
    assert out.startswith("5 of 5 ok in ")


@pytest.mark.processes
async def test_a_burst_that_fails_completely_has_a_result() -> None:
    status, out, err = await alone("--url", "http://127.0.0.1:1/", "-n", "30", "--json", "-")
    assert (status, err) == (0, "")
    assert json.loads(out)["errors"] == {"refused": 30}


@pytest.mark.processes
async def test_a_descriptor_limit_that_is_too_low_is_reported_before_firing() -> None:
    async with serving(responds(OK)) as server:
        url = f"http://127.0.0.1:{server.port}/"
        status, out, err = await alone("--url", url, "-n", "200", limit="ulimit -n 100;")
        rate = ("--url", url, "--rate", "100", "--duration", "0.1", "--json", "-")
        # A rate uses only as many connections as it needs: few.
        assert (await alone(*rate, limit="ulimit -n 100;"))[0] == 0
        refused, _, _ = await alone(*rate, "-c", "200", limit="ulimit -n 100;")
    assert (status, out, refused) == (2, "", 2)
    assert "argument -c: expected at most 76 connections at once" in err
    assert "may open 100 descriptors (ulimit -n" in err
    assert server.requests == 10


@pytest.mark.processes
async def test_ctrl_c_prints_the_result_so_far() -> None:
    all_sent = asyncio.Event()

    def answers_three(peer: Peer, number: int) -> None:
        if number < 3:
            peer.write(OK)
        elif number == 4:
            all_sent.set()

    result = await _interrupted(answers_three, all_sent)
    assert (result["requests"], result["ok"], result["errors"]) == (3, 3, {})
    assert result["cut_off"] == 2


async def _interrupted(answer: Behaviour, moment: asyncio.Event) -> dict[str, object]:
    async with serving(answer) as server:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "dashboard.engine", "--url", f"http://127.0.0.1:{server.port}"),
            *("-n", "100", "-c", "2", "--json", "-"),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        await moment.wait()
        process.send_signal(signal.SIGINT)
        out, _ = await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 130
    result: dict[str, object] = json.loads(out)
    return result


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-n", "5"], "required: --url"),
        (["--url", ""], "argument --url: expected http[s]://HOST[:PORT][/PATH], found ''"),
        (["--url", "https:///path"], "argument --url: expected http[s]://"),
        (["--url", "ftp://127.0.0.1/"], "argument --url: expected http[s]://"),
        (["--url", "127.0.0.1:8000"], "argument --url: expected http[s]://"),
        (["--url", "http:///path"], "argument --url: expected http[s]://"),
        (["--url", "http://127.0.0.1:0/"], "argument --url: expected http[s]://"),
        (["--url", "http://127.0.0.1:x/"], "argument --url: expected http[s]://"),
        (["--url", "http://127.0.0.1:99999/"], "argument --url: expected http[s]://"),
        (["--url", "http://127.0.0.1/a b"], "argument --url: expected http[s]://"),
        (["--url", "http://127.0.0.1/\r\nX: y"], "argument --url: expected http[s]://"),
        (["--url", "http://a..b/"], "argument --url: expected a known host"),
        (["--url", "http://192.0.2.1/"], "argument --url: expected an address of this machine"),
        (["--url", "http://0.0.0.0/"], "argument --url: expected an address of this machine"),
        (["--url", URL, "-n", "0"], "argument -n: expected 1 to 1000000, found 0"),
        (["--url", URL, "-n", "many"], "argument -n: invalid int value: 'many'"),
        (["--url", URL, "-n", "5", "-c", "6"], "argument -c: expected at most the 5 requests, "),
        (["--url", URL, "-c", "0"], "argument -c: expected 1 to 10000, found 0"),
        (["--url", URL, "--rate", "5"], "argument --rate: needs --duration"),
        (["--url", URL, "--duration", "5"], "argument --duration: needs --rate"),
        (["--url", URL, "--poisson"], "argument --poisson: needs --rate"),
        ([*RATE, "-n", "5"], "argument -n: cannot be combined with --rate"),
        ([*RATE, "-c", "0"], "argument -c: expected 1 to 10000, found 0"),
        ([*RATE, "--rate", "0"], "argument --rate: expected above 0 to 10000 a second"),
        ([*RATE, "--duration", "inf"], "argument --duration: expected above 0 to 600 s"),
        ([*RATE, "--rate", "9000", "--duration", "120"], "argument --duration: expected at most"),
        (["--url", URL, "--client", "curl"], "argument --client: invalid choice: 'curl'"),
        ([*RATE, "--seed", "-1"], "argument --seed: expected 0 to 2147483647, found -1"),
        (["--url", URL, "--timeout", "0"], "argument --timeout: expected above 0 to 300 s"),
        (["--url", URL, "--timeout", "nan"], "argument --timeout: expected above 0 to 300 s"),
        (["--url", URL, "--json", "/"], "argument --json: expected - or a writable file"),
    ],
)  # fmt: skip
def test_bad_usage(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read_options(arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_concurrency_defaults_to_all_requests() -> None:
    load = read_options(["--url", URL, "-n", "7"]).firing.load
    assert (load.requests, load.concurrency) == (7, 7)
    assert read_options(["--url", URL, "-n", "20000"]).firing.load.concurrency == 10_000


def test_the_concurrency_of_a_rate_defaults_to_unlimited() -> None:
    assert read_options(RATE).firing.load == Rate(5, 2)
    poisson = read_options([*RATE, "--poisson", "--seed", "9", "-c", "3"]).firing
    assert (poisson.load, poisson.seed) == (Rate(5, 2, poisson=True, concurrency=3), 9)


def test_client_tls_and_keep_alive() -> None:
    firing = read_options(["--url", "https://localhost:8443/x"]).firing
    assert (firing.client, firing.keep_alive) == ("engine", True)
    assert (firing.tls, firing.port) == (True, 8443)
    firing = read_options(["--url", URL, "--client", "httpx", "--no-keep-alive"]).firing
    assert (firing.client, firing.keep_alive, firing.tls) == ("httpx", False, False)


def test_ipv6() -> None:
    firing = read_options(["--url", "http://[::1]:8000"]).firing
    assert (firing.host, firing.port, firing.path) == ("::1", 8000, "/")
    assert firing.headers == (("Host", "[::1]:8000"),)
