"""The home is its owner's alone, and the key is there completely or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest

from dashboard.state import secret_key
from dashboard.state.home import make_home
from dashboard.wire.errors import UnusableHome


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIVEBURST_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("before", [None, 0o755, 0o777, 0o700])
def test_the_home_is_its_owners_alone(home: Path, before: int | None) -> None:
    if before is not None:
        home.mkdir()
        home.chmod(before)
    assert make_home() == home
    assert mode(home) == 0o700


def test_a_directory_for_other_things_keeps_its_mode(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    home.chmod(0o755)
    monkeypatch.setenv("HOME", str(home))
    make_home()
    assert mode(home) == 0o755


def test_a_directory_for_all_users_is_refused_and_keeps_its_mode(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    home.chmod(0o1777)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(tempfile, "tempdir", str(home))
        with pytest.raises(UnusableHome, match="is shared by all users"):
            make_home()
    with monkeypatch.context() as another:
        another.setattr(os, "geteuid", lambda: 4_000_000)
        with pytest.raises(UnusableHome, match="is shared by all users"):
            make_home()
    assert mode(home) == 0o1777
    make_home()  # a tmpfs of ours
    assert mode(home) == 0o700


def test_a_key_is_made_once(home: Path) -> None:
    key = secret_key.secret_key()
    assert len(key) >= 50
    assert secret_key.secret_key() == key
    assert [path.name for path in home.iterdir()] == ["key"]
    assert mode(home / "key") == 0o600


def test_of_two_processes_the_first_one_makes_the_key(home: Path) -> None:
    key = secret_key.secret_key()
    secret_key._create(home / "key")
    assert secret_key.secret_key() == key


def test_a_key_that_is_not_written_completely_has_no_name(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(descriptor: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(UnusableHome, match="No space left"):
        secret_key.secret_key()
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"short", bytes(range(128, 255))])
def test_a_bad_key_is_refused_and_kept(home: Path, content: bytes) -> None:
    home.mkdir()
    (home / "key").write_bytes(content)
    with pytest.raises(UnusableHome, match="Set it aside"):
        secret_key.secret_key()
    assert (home / "key").read_bytes() == content
    assert len(secret_key.settings_key()) >= 50  # so that `doctor` can load the settings


def test_a_file_system_without_hard_links(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refused)
    assert secret_key.secret_key() == (home / "key").read_text()
