"""Inspections of small projects by our own interpreter."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.targets.onboarding.inspection import Inspection
from dashboard.targets.onboarding.inspector import inspect_project
from dashboard.targets.onboarding.project_search import find_projects
from tests.targets.small_projects import Look, write_files


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """Write a project and look at it with our own interpreter."""

    def look(files: dict[str, str], settings: str | None = None) -> Inspection:
        (place,) = find_projects(write_files(tmp_path, files))
        return inspect_project(place, python=None, settings=settings, timeout_s=30)

    return look
