"""Only the project's own files are read, and no more of them than is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.analysis.where.source import LINES_AROUND, MAX_FILE_BYTES, ProjectSource

from .looks import VIEWS, written


@pytest.fixture
def source(tmp_path: Path) -> ProjectSource:
    (tmp_path / "outside.py").write_text("secret = 1\n")
    project = tmp_path / "project"
    project.mkdir()
    written(project)
    (project / "link.py").symlink_to(tmp_path / "outside.py")
    (project / "large.py").write_text("#" * (MAX_FILE_BYTES + 1))
    (project / "latin.py").write_bytes(b"# \xe9\n")
    return ProjectSource(project)


@pytest.mark.parametrize("line", [1, 2, 6, 11])
def test_the_lines_around_a_line_contain_it(source: ProjectSource, line: int) -> None:
    first, lines = source.around("shop/views.py", line)
    assert lines[line - first] == VIEWS.splitlines()[line - 1]
    assert len(lines) <= 2 * LINES_AROUND + 1


@pytest.mark.parametrize(
    "path",
    [
        "../outside.py",
        "link.py",
        "large.py",
        "latin.py",
        "missing.py",
        "shop",
        "",
        "a\0b",
        "/etc/passwd",
    ],
)
def test_nothing_else_is_read(source: ProjectSource, path: str) -> None:
    assert source.text(path) == ""
    assert source.around(path, 1) == (0, [])


@pytest.mark.parametrize("line", [0, -1, 12, 10**9])
def test_a_line_that_is_not_there_has_no_source(source: ProjectSource, line: int) -> None:
    assert source.around("shop/views.py", line) == (0, [])
