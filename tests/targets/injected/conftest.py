"""The probe's modules, imported anew for each test: they count, and patch what others share."""

from __future__ import annotations

import concurrent.futures
import importlib
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from dashboard.targets import injected

from .calls import Probe

DIRECTORIES = (injected.PROBE, injected.SAMPLER, injected.XRAY)
MODULES = [path.stem for directory in DIRECTORIES for path in directory.glob("*.py")]


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The modules by name, with their patches of threads and pools undone afterwards."""
    for directory in DIRECTORIES:
        monkeypatch.syspath_prepend(str(directory))
    monkeypatch.setattr(threading.Thread, "start", threading.Thread.start)
    pool = concurrent.futures.ThreadPoolExecutor
    monkeypatch.setattr(pool, "submit", pool.submit)
    forget()
    importlib.import_module("liveburst_probe")
    yield Probe()
    forget()


def forget() -> None:
    for name in MODULES:
        sys.modules.pop(name, None)
