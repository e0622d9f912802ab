"""Writes docs/licences.md from the metadata of the installed packages: `make lock` runs it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "licences.md"
HEAD = """# Licences

Liveburst itself is under BSD-3-Clause (`LICENSE`). Nothing below is copied into its repository:
packages are installed from PyPI and npm, pinned by the lock files with hashes.
`python -m tests.docs.licences` writes this page from their metadata.
"""
_LONGEST = 60  # some put the whole text where the name belongs


def page() -> str:
    """Return the page: what `make run` installs from PyPI and npm, and what developers add."""
    runtime = dict(_locked("requirements.txt"))
    development = dict(_locked("requirements-dev.txt"))
    return "\n".join(
        [
            HEAD,
            *_table("Installed by `make run`", runtime),
            *_table("Installed from npm by `make run`", dict(_from_npm("dependencies"))),
            *_table(
                "For development and tests",
                {name: row for name, row in development.items() if name not in runtime}
                | dict(_from_npm("devDependencies")),
            ),
        ]
    )


def _table(title: str, licences: dict[str, str]) -> Iterator[str]:
    yield f"## {title}\n\n| package | licence |\n| --- | --- |"
    yield from (f"| {name} | {licence} |" for name, licence in sorted(licences.items()))
    yield ""


def _locked(lock: str) -> Iterator[tuple[str, str]]:
    """Yield the packages in a lock file that are for this platform, with their licences."""
    for line in (ROOT / lock).read_text().splitlines():
        if line[:1].isalnum():
            requirement = Requirement(line.rstrip(" \\"))
            if requirement.marker is None or requirement.marker.evaluate():
                yield requirement.name.lower(), licence_of(requirement.name)


def licence_of(package: str) -> str:
    """Return the licence of an installed package; empty if its metadata has none."""
    try:
        found = metadata(package)
    except PackageNotFoundError:
        return ""
    classifiers = [
        text.rpartition(" :: ")[2]
        for text in found.get_all("Classifier") or ()
        if text.startswith("License :: ") and text != "License :: OSI Approved"
    ]
    written = _first(found, "License").strip()
    named = written if written and "\n" not in written and len(written) <= _LONGEST else ""
    return str(_first(found, "License-Expression") or ", ".join(classifiers) or named)


def _first(found: PackageMetadata, key: str) -> str:
    return str(next(iter(found.get_all(key) or ()), ""))


def _from_npm(key: str) -> Iterator[tuple[str, str]]:
    for name in json.loads((ROOT / "package.json").read_text())[key]:
        package = ROOT / "node_modules" / name / "package.json"
        yield name, str(json.loads(package.read_text()).get("license", ""))


if __name__ == "__main__":
    PAGE.write_text(page())
