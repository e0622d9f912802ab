"""Where a test run leaves its state, and that of the project under load.

What the tests start inherits both by the environment. Each worker of pytest-xdist has its own,
beside the one that it inherited.
"""

from __future__ import annotations

import os
import tempfile

HOME = os.environ.get("LIVEBURST_HOME") or tempfile.mkdtemp(prefix="liveburst-tests-")
_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if not HOME.endswith(_worker):
    HOME = f"{HOME}-{_worker}"
    os.environ.pop("LIVEAPP_HOME", None)
os.environ["LIVEBURST_HOME"] = HOME
os.environ.setdefault("LIVEAPP_HOME", f"{HOME}/liveapp")
