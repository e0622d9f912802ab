"""Whether a dashboard's Daphne keeps anything of requests that failed.

`python -m bench.failed_responses`: 5,000 requests that fail in turn within, before and after their
response; status 1 if memory grows by more than 1 KB per request. Without the guards in
`dashboard/web/serving/` it is 10 KB.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from dashboard.targets.lifecycle.sockets import free_port
from tests.targets.helpers import until
from tests.web.serving.raw_http import memory_mib
from tests.web.serving.test_faults import answers, fail

ROOT = Path(__file__).parents[1]
WARM_UP, REQUESTS, PARTS = 500, 5_000, 5
MAX_KIB_PER_REQUEST = 1.0


def main() -> int:
    """Send the requests, print the memory after each part, and return the exit status."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "tests.web.serving.faulty", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        try:
            until(lambda: answers(address), 60)
            fail(address, WARM_UP)
            before_mib = memory_mib(process.pid)
            for part in range(1, PARTS + 1):
                fail(address, REQUESTS // PARTS)
                after_mib = memory_mib(process.pid)
                print(f"{part * REQUESTS // PARTS:,} requests: {after_mib:.1f} MiB")
        finally:
            process.terminate()
    growth_kib = (after_mib - before_mib) * 1024 / REQUESTS
    print(f"{growth_kib:.2f} KiB per request")
    return int(growth_kib > MAX_KIB_PER_REQUEST)


if __name__ == "__main__":
    sys.exit(main())
