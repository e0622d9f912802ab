"""How looks at the engine are sorted."""

from __future__ import annotations

from bench.profile import count_looks

ENGINE = "main (dashboard/engine/__main__.py:25);run_forever (loop.c:33192)"
DATA_RECEIVED = "Connection.data_received (dashboard/engine/http/connection.py:126)"
RECEIVED = f"{ENGINE};uv__read (stream.c:1154);{DATA_RECEIVED}"


def test_a_look_counts_for_the_innermost_known_frame() -> None:
    looks = count_looks(
        [
            f"{ENGINE};write (libc.so.6) 7",
            f"{RECEIVED};feed_data (parser.c:6373);Py_DECREF (object.h:537) 2",
            f"{RECEIVED};Py_INCREF (object.h:502) 3",
            f"{RECEIVED} 1",
            f"{ENGINE};0x7fc2d763b24a (libc.so.6) 4",
            "0x7fc2d763b24a (libc.so.6) 1",
        ]
    )
    assert looks == {
        "the kernel: `write`": 7,
        "httptools": 2,
        "engine: `Connection.data_received`": 4,
        "uvloop": 4,
        "the rest of Python": 1,
    }
