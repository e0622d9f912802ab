"""What makes X-rays for the pages of these tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.runs.xray.traced_request import RequestTracer
from dashboard.targets.supervise.cores import Cores
from dashboard.web.xray.jobs import xray_store


@pytest.fixture(autouse=True)
def page(tmp_path: Path) -> None:
    xray_store.use(RequestTracer(mark="liveburst-test-xray", home=tmp_path, cores=Cores.here()))
