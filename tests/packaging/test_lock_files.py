"""Test that the lock files install with hashes required, in any order of pip's choosing."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK_FILES = ("requirements.txt", "requirements-dev.txt")


def locked(lock_file: str) -> list[Requirement]:
    """Return the pins of LOCK_FILE that apply to this Python."""
    lines = (ROOT / lock_file).read_text().splitlines()
    pins = (Requirement(line.rstrip("\\ ")) for line in lines if line[:1].isalnum())
    return [pin for pin in pins if pin.marker is None or pin.marker.evaluate()]


def dependencies(pin: Requirement) -> Iterator[Requirement]:
    """Yield what the installed distribution of PIN requires here, with the extras of PIN."""
    try:
        requires = distribution(pin.name).requires or []
    except PackageNotFoundError:  # of the other lock file's extras
        return
    for text in requires:
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *pin.extras)):
            yield requirement


@pytest.mark.parametrize("lock_file", LOCK_FILES)
def test_every_required_extra_is_pinned(lock_file: str) -> None:
    # pip takes `coverage==7.17` for another requirement than `coverage[toml]>=7.10`: it tries the
    # newest coverage for the second, which has no hash here, and gives up.
    pins = locked(lock_file)
    pinned_extras = {canonicalize_name(pin.name): pin.extras for pin in pins}
    missing = [
        f"{pin.name} requires {dependency}"
        for pin in pins
        for dependency in dependencies(pin)
        if dependency.extras - pinned_extras.get(canonicalize_name(dependency.name), set())
    ]
    assert not missing


@pytest.mark.parametrize("lock_file", LOCK_FILES)
def test_every_pin_has_a_hash(lock_file: str) -> None:
    blocks = (ROOT / lock_file).read_text().replace("\\\n", " ").splitlines()
    unhashed = [block for block in blocks if block[:1].isalnum() and "--hash=sha256:" not in block]
    assert not unhashed
