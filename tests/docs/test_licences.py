"""The page of licences has every package of the lock files, and each of them has a licence."""

from __future__ import annotations

import re

from tests.docs.licences import PAGE, ROOT, page


def test_each_package_has_a_licence_that_allows_its_use() -> None:
    rows = dict(re.findall(r"^\| (\S+) \| (.*) \|$", page(), re.MULTILINE))
    del rows["package"], rows["---"]
    assert [name for name, licence in rows.items() if not licence] == []
    assert [name for name, licence in rows.items() if "AGPL" in licence] == []


def test_the_page_names_each_locked_package() -> None:
    """Which of them are for this platform may differ, so only those that always are."""
    written = PAGE.read_text()
    for lock in ("requirements.txt", "requirements-dev.txt"):
        names = re.findall(
            r"^([\w.-]+)(?:\[.*\])?==\S+ \\$", (ROOT / lock).read_text(), re.MULTILINE
        )
        assert [name for name in names if f"| {name.lower()} |" not in written] == []


def test_whatever_is_installed_has_a_hash() -> None:
    makefile = (ROOT / "Makefile").read_text()
    installs = re.findall(r"^.*pip install (?:.*\\\n)*.*$", makefile, re.MULTILINE)
    assert installs
    assert [line for line in installs if "--require-hashes" not in line] == []
