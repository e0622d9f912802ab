"""What other tools print is read rightly, and their failures are not taken for speed."""

from __future__ import annotations

import json

import pytest

from bench.tools import TOOLS, BenchFailed, Reading, Tool

BY_NAME = {tool.name: tool for tool in TOOLS}

WRK = """Running 1s test @ http://127.0.0.1:33565/
  Latency Distribution
     50%   98.00us
     75%  108.00us
     99%    2.14ms
  147216 requests in 1.10s, 9.27MB read
Requests/sec: 133884.70
"""
H2LOAD = """finished in 2.00s, 108101.10 req/s, 6.80MB/s
requests: 5000 total, 5000 started, 5000 done, 5000 succeeded, 0 failed, 0 errored, 0 timeout
"""
AB = """Failed requests:        0
Requests per second:    61673.20 [#/sec] (mean)
  50%      1
  99%      9
"""
HEY = """Summary:
  Requests/sec:\t35563.1223
Latency distribution:
  50% in 0.0003 secs
  99% in 0.0021 secs
"""
AUTOCANNON = json.dumps(
    {
        "duration": 2.0,
        "2xx": 177_644,
        "non2xx": 0,
        "errors": 0,
        "timeouts": 0,
        "latency": {"p50": 0, "p99": 1},
    }
)
LOCUST = json.dumps(
    [
        {
            "num_requests": 100,
            "num_failures": 0,
            "start_time": 10.0,
            "last_request_timestamp": 12.0,
            "response_times": {"3": 98, "30": 2},
        }
    ]
)


@pytest.mark.parametrize(
    ("name", "printed", "reading"),
    [
        ("wrk", WRK, Reading(133884.70, 0.098, 2.14)),
        ("h2load", H2LOAD, Reading(108101.10)),
        ("ab", AB, Reading(61673.20, 1, 9)),
        ("hey", HEY, Reading(35563.1223, 0.3, 2.1)),
        ("autocannon", AUTOCANNON, Reading(88822, 0, 1)),
        ("locust", LOCUST, Reading(50, 3, 30)),
    ],
)
def test_reads_what_a_tool_prints(name: str, printed: str, reading: Reading) -> None:
    measured = BY_NAME[name].read(printed)
    assert measured.rps == pytest.approx(reading.rps)
    assert measured.p50_ms == (reading.p50_ms and pytest.approx(reading.p50_ms))
    assert measured.p99_ms == (reading.p99_ms and pytest.approx(reading.p99_ms))


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("wrk", WRK + "  Socket errors: connect 0, read 7, write 0, timeout 0\n"),
        ("wrk", WRK + "  Non-2xx or 3xx responses: 12\n"),
        ("h2load", H2LOAD.replace("0 failed", "3 failed")),
        ("ab", AB.replace("Failed requests:        0", "Failed requests:        4")),
        ("hey", HEY + "Error distribution:\n  [3]\tconnection refused\n"),
        ("autocannon", AUTOCANNON.replace('"non2xx": 0', '"non2xx": 9')),
        ("locust", LOCUST.replace('"num_failures": 0', '"num_failures": 1')),
    ],
)
def test_a_turn_with_failures_has_no_rate(name: str, printed: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        BY_NAME[name].read(printed)


def test_a_failing_tool_has_a_message() -> None:
    tool = Tool("grump", "sh", lambda _url, _connections: ["-c", "echo no >&2; exit 3"], Reading)  # type: ignore[arg-type]
    with pytest.raises(BenchFailed, match=r"grump ended with 3:\nno"):
        tool.fire("http://127.0.0.1:1/", 1)
