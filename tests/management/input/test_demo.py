"""The built-in project needs the extra `demo`; without it there is an error and nothing starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.management import demo
from dashboard.runs.planning.program import DEFAULT_PROJECT
from dashboard.wire.errors import InvalidPlan


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without two of the packages."""
    monkeypatch.setattr(demo, "find_spec", lambda name: None if name in ("celery", "PIL") else ...)


@pytest.mark.usefixtures("bare")
def test_missing_packages_are_named_with_what_installs_them() -> None:
    with pytest.raises(
        InvalidPlan, match=r"no celery, pillow: install 'liveburst\[demo,servers\]'"
    ):
        demo.check_demo(DEFAULT_PROJECT)


@pytest.mark.usefixtures("bare")
def test_another_project_does_not_need_them(tmp_path: Path) -> None:
    demo.check_demo(tmp_path / "lab.toml")


def test_nothing_is_missing_where_the_extra_is_installed() -> None:
    demo.check_demo(DEFAULT_PROJECT)
