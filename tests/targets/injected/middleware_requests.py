"""Traces the planted project's views below several chains of middleware, in one process.

    python -m tests.targets.injected.middleware_requests CHAINS

CHAINS is a JSON object: paths of middleware by the name of a chain. Prints the traces as one JSON
object by interface, chain and view, and the versions of Django and asgiref. An interpreter of its
own: the X-ray's patches are for good.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .xray_requests import PATH, TOKEN, ask_asgi, ask_wsgi

VIEWS = ("sync", "async_")


def main(chains: str) -> None:
    sys.path[:0] = PATH
    os.environ["LIVEBURST_XRAY_TOKEN"] = TOKEN
    xray = importlib.import_module("liveburst_xray")
    importlib.import_module("liveburst_xray_patches").apply_patches()
    # Imported after the patches, as a target does.
    project = importlib.import_module("tests.targets.injected.xray_project")
    with tempfile.TemporaryDirectory() as directory:
        found = {
            "wsgi": traces_by_chain(project, "wsgi", xray.WSGIXray, json.loads(chains), directory),
            "asgi": traces_by_chain(project, "asgi", xray.ASGIXray, json.loads(chains), directory),
        }
    django = importlib.import_module("django").__version__
    print(json.dumps({"traces": found, "django": django}))


def traces_by_chain(
    project: Any,
    interface: str,
    wrapper: Any,
    chains: Mapping[str, Sequence[str]],
    directory: str,
) -> dict[str, dict[str, Any]]:
    """Return a trace of each view below each chain; Django builds a chain with its handler."""
    found: dict[str, dict[str, Any]] = {}
    for name, chain in chains.items():
        project.settings.MIDDLEWARE = list(chain)
        application = wrapper(getattr(project, interface))
        found[name] = {view: traced(application, interface, view, directory) for view in VIEWS}
    return found


def traced(application: Any, interface: str, view: str, directory: str) -> Any:
    file = Path(directory, "trace.json")
    os.environ["LIVEBURST_XRAY_FILE"] = str(file)
    if interface == "asgi":
        asyncio.run(ask_asgi(application, f"/{view}", TOKEN))
    else:
        ask_wsgi(application, f"/{view}", TOKEN)
    trace = json.loads(file.read_text())
    file.unlink()
    return trace


if __name__ == "__main__":
    main(sys.argv[1])
