"""The text of a lab.toml is read within bounds of memory, time and depth, or refused in words."""

from __future__ import annotations

import random
import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from dashboard.project.labtoml.load import load_manifest
from dashboard.project.labtoml.toml_text import MOST_BYTES, MOST_LEVELS, parse_toml
from dashboard.wire.errors import InvalidManifest
from tests.targets.helpers import LIVEAPP

TOO_DEEP = f"tables or lists inside each other more than {MOST_LEVELS} levels deep"
TOO_LARGE = "a whole number of more than 64 bits"
MEMORY_BYTES = 2**30  # beyond what the process has: a dotted key of 200 kB would ask for 40 GB

REFUSED = {
    "lists": ("a = " + "[" * 100_000, TOO_DEEP),
    "closed lists": ("a = " + "[" * 400 + "]" * 400, TOO_DEEP),
    "inline tables": ("a = " + "{a = " * 50_000, TOO_DEEP),
    "dotted key": ("a" + ".a" * 100_000 + " = 1", TOO_DEEP),
    "dotted key with spaces": ("a" + " . a" * MOST_LEVELS + " = 1", TOO_DEEP),
    "quoted parts": ('"a"' + '."a\\""' * MOST_LEVELS + " = 1", TOO_DEEP),
    "header": ("[[a" + ".a" * MOST_LEVELS + "]]", TOO_DEEP),
    "key of an inline table": ("x = { y = 1, a" + ".a" * MOST_LEVELS + " = 1 }", TOO_DEEP),
    "table brackets": ("[" * 100_000, "Invalid initial character"),
    "decimal": ("a = " + "9" * 5_000, "4300 digits"),
    "hexadecimal": ("a = 0x" + "f" * 5_000, TOO_LARGE),
    "octal": ("a = 0o1" + "0" * 21, TOO_LARGE),
    "negative": (f"a = {-(2**63) - 1}", TOO_LARGE),
    "inside": ("a = [[{ b = 0xfffffffffffffffff }]]", TOO_LARGE),
    "bytes": ("# " + "a" * MOST_BYTES, f"more than {MOST_BYTES:,} bytes"),
    "surrogate": ('a = "\\ud800"', "Escaped character is not a Unicode scalar value"),
    "NUL": ("\0", "Invalid statement"),
}
ACCEPTED = {
    "as deep as possible": "a" + ".a" * (MOST_LEVELS - 1) + " = 1",
    "dots in a text": 'a = "' + "a." * 1_000 + '"',
    "64 bits": f"a = [{2**63 - 1}, {-(2**63)}]",
    "lines": "\n" * 100_000,
    "tables": "[[a.b.c]]\n" * 10_000,
}


ODD = ["[", "]", "{", "=", '"', "\0", "\x1b", "é", "[[[", "http://[::1", "\n"]


@pytest.fixture
def little_memory() -> Iterator[None]:
    """Let the process have little more memory than it has."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.parametrize("case", REFUSED)
def test_a_text_out_of_bounds_is_refused_in_words(
    case: str, tmp_path: Path, little_memory: None
) -> None:
    text, found = REFUSED[case]
    file = tmp_path / "lab.toml"
    file.write_text(text)
    with pytest.raises(InvalidManifest) as refused:
        load_manifest(file)
    assert str(refused.value).startswith(f"{file}: expected TOML, found: ")
    assert found in str(refused.value)


@pytest.mark.parametrize("case", ACCEPTED)
def test_what_is_within_the_bounds_is_read(case: str) -> None:
    assert isinstance(parse_toml(ACCEPTED[case]), dict)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/urandom"])
def test_a_device_without_an_end_is_refused(device: str, little_memory: None) -> None:
    with pytest.raises(InvalidManifest, match="expected TOML, found: more than"):
        load_manifest(Path(device))


def test_a_good_file_with_any_change_is_read_or_refused(tmp_path: Path) -> None:
    draws, good, file = random.Random(15), LIVEAPP.read_text(), tmp_path / "lab.toml"
    for _ in range(60):
        at = draws.randrange(len(good))
        odd = draws.choice(ODD) * draws.choice([1, 1, 99])
        file.write_text(good[:at] + odd + good[at + draws.randrange(9) :])
        with suppress(InvalidManifest):
            load_manifest(file)
