"""Homes that cannot be used × commands: a sentence and a way out, and every file is kept."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.management.forked.client import Ended, Forks, forks

pytestmark = pytest.mark.processes

MARK = f"liveburst-test-homes-{os.getpid()}"
DATABASE, KEY = "liveburst.sqlite3", "key"
BURST = ("burst", "sleep", "--lane", "sync@waitress", "-n", "1", "--rounds", "1", "--no-neighbour")
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "lab": ("lab", "--no-browser", "--port", "0"),
    "burst": BURST,
    "export": ("export", "last"),
    "prune": ("prune", "--keep", "1h"),
}
CHECKS = 10  # lines of `doctor`
# A run with 40 frames of 4 KB.
FURNISH = """
from dashboard.models import Run, StoredFrame
run = Run.objects.create(plan={"scenario": "sleep"}, title="t", project="p", owner_pid=1,
    owner_started=0, status="finished", pk="23456789")
StoredFrame.objects.bulk_create(
    StoredFrame(run=run, sequence=number, data=bytes(4096)) for number in range(40))
"""


@dataclass
class Home:
    """A used home, to be broken."""

    path: Path
    forks: Forks
    held: ExitStack
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        return self.path / DATABASE

    def remember(self) -> None:
        """Remember what is there, which no command may change."""
        for name in () if self.files else (DATABASE, KEY):
            place = self.forks.seen(self.path / name)
            if place.is_file() and os.access(place, os.R_OK):
                self.files[name] = place.read_bytes()

    def lost(self) -> list[str]:
        """Return the names of the files that are not as they were."""
        seen = self.forks.seen(self.path)
        return [name for name, was in self.files.items() if (seen / name).read_bytes() != was]


@pytest.fixture(scope="module")
def commands() -> Iterator[Forks]:
    with forks(MARK) as started:
        yield started


@pytest.fixture(scope="module")
def used(commands: Forks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one run."""
    home = tmp_path_factory.mktemp("used")
    assert commands.run(home, "export", "none").status == 2
    made = commands.run(home, "shell", "-c", FURNISH)
    assert made.status == 0, made.stderr
    with closing(sqlite3.connect(home / DATABASE)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return home


@pytest.fixture
def home(used: Path, commands: Forks, tmp_path: Path) -> Iterator[Home]:
    path = tmp_path / "home"
    shutil.copytree(used, path)
    with ExitStack() as held:
        yield Home(path, commands, held)


def truncate(share: float) -> Callable[[Home], None]:
    return lambda home: os.truncate(home.database, int(home.database.stat().st_size * share))


def garbage(home: Home) -> None:
    home.database.write_bytes(os.urandom(50_000))


def garbage_inside(home: Home) -> None:
    with home.database.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(8 * 4096))


def empty(home: Home) -> None:
    os.truncate(home.database, 0)
    home.database.with_name(f"{DATABASE}-wal").write_bytes(b"precious")


def directory(home: Home) -> None:
    home.database.unlink()
    home.database.mkdir()


def dangling(home: Home) -> None:
    home.database.unlink()
    home.database.symlink_to(home.path / "nowhere" / DATABASE)


def read_only_file(home: Home) -> None:
    home.forks.need_permissions()
    home.database.chmod(0o400)


def unreadable_file(home: Home) -> None:
    home.forks.need_permissions()
    home.database.chmod(0)


def read_only_directory(home: Home) -> None:
    home.forks.mount("--bind", str(home.path), str(home.path))
    home.forks.mount("-o", "remount,bind,ro", str(home.path))


def read_only_parent(home: Home) -> None:
    home.forks.mount("--bind", str(home.path), str(home.path))
    home.forks.mount("-o", "remount,bind,ro", str(home.path))
    home.path = home.path / "new"


def full_disk(home: Home) -> None:
    content = {path.name: path.read_bytes() for path in home.path.iterdir()}
    size = sum(len(data) + 4096 for data in content.values()) // 4096 * 4096 + 8192
    home.forks.mount("-t", "tmpfs", "-o", f"size={size},mode=700", "none", str(home.path))
    seen = home.forks.seen(home.path)
    for name, data in content.items():
        (seen / name).write_bytes(data)
    fill(seen)


def full_disk_and_new(home: Home) -> None:
    full_disk(home)
    for name in (DATABASE, KEY):
        (home.forks.seen(home.path) / name).unlink()
    fill(home.forks.seen(home.path))


def fill(directory: Path) -> None:
    """Leave no room on the disk of a directory."""
    with (directory / "filler").open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


def newer(home: Home) -> None:
    with closing(sqlite3.connect(home.database)) as database:
        database.execute(
            "INSERT INTO django_migrations(app, name, applied) VALUES ('dashboard', '0999_x', '')"
        )
        database.commit()


def another_database(home: Home) -> None:
    """A database of another program, with a table of a name that ours has."""
    home.database.unlink()
    with closing(sqlite3.connect(home.database)) as database:
        database.execute("CREATE TABLE dashboard_run (id)")


def locked(home: Home) -> None:
    home.remember()  # first: SQLite's locks end once this process closes any copy of the file
    database = home.held.enter_context(closing(sqlite3.connect(home.database)))
    database.execute("PRAGMA locking_mode=EXCLUSIVE")
    database.execute("BEGIN EXCLUSIVE")


def empty_key(home: Home) -> None:
    os.truncate(home.path / KEY, 0)


def short_key(home: Home) -> None:
    os.truncate(home.path / KEY, 20)


def binary_key(home: Home) -> None:
    (home.path / KEY).write_bytes(bytes(range(128, 228)))


def key_directory(home: Home) -> None:
    (home.path / KEY).unlink()
    (home.path / KEY).mkdir()


def file_as_home(home: Home) -> None:
    home.path = home.path / KEY


def loop(home: Home) -> None:
    home.path = home.path / "loop"
    home.path.symlink_to(home.path)


BROKEN: Mapping[str, tuple[Callable[[Home], None], str]] = {
    "truncated to half a header": (truncate(0.0001), "damaged"),
    "truncated in the first page": (truncate(0.008), "damaged"),
    "truncated to a half": (truncate(0.5), "damaged"),
    "truncated by a tenth": (truncate(0.9), "damaged"),
    "garbage": (garbage, "damaged: it does not begin as a database does"),
    "garbage inside": (garbage_inside, "damaged"),
    "empty": (empty, "damaged: it is empty"),
    "a directory in its place": (directory, "is not a file"),
    "a link to nowhere": (dangling, "which does not exist"),
    "a read-only file": (read_only_file, "cannot be read and written"),
    "an unreadable file": (unreadable_file, "cannot be read and written"),
    "a read-only directory": (read_only_directory, "cannot be"),
    "a home below a read-only directory": (read_only_parent, "Read-only file system"),
    "a full disk": (full_disk, "no room left on its disk"),
    "a full disk and a new home": (full_disk_and_new, "No space left on device"),
    "a newer schema": (newer, "of a newer Liveburst, which added 0999_x"),
    "a database of another program": (another_database, "of another program"),
    "a locked database": (locked, "locked by another process"),
    "an empty key": (empty_key, "has 0 characters"),
    "a short key": (short_key, "has 20 characters"),
    "a binary key": (binary_key, "it is not text"),
    "a directory as key": (key_directory, "Is a directory"),
    "a file as home": (file_as_home, "is not a directory"),
    "a loop of links": (loop, "is not a directory"),
}


def check_refused(ended: Ended, words: str) -> None:
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr + ended.stdout
    assert ended.stdout == ""
    assert ended.status == 3


@pytest.mark.parametrize("name", BROKEN)
def test_each_command_ends_with_a_sentence_and_keeps_every_file(name: str, home: Home) -> None:
    damage, words = BROKEN[name]
    damage(home)
    home.remember()
    wait = {"dashboard__database__file_check__LOCK_WAIT_S": 0.1}
    for arguments in COMMANDS.values():
        ended = home.forks.run(home.path, *arguments, **wait)
        check_refused(ended, words)
        assert "doctor" in ended.stderr
    checked = home.forks.run(home.path, "doctor", **wait)
    assert words in checked.stdout
    assert (checked.status, checked.stderr) == (1, "")
    lines = checked.stdout.splitlines()
    assert len(lines) == CHECKS
    assert all(line.startswith(("ok  ", "note  ", "problem  ")) for line in lines)
    assert home.lost() == []


REPAIRED = (
    "garbage",
    "empty",
    "truncated to a half",
    "a directory in its place",
    "a link to nowhere",
)


@pytest.mark.parametrize("name", REPAIRED)
def test_a_database_is_set_aside_and_the_next_start_makes_a_new_one(name: str, home: Home) -> None:
    BROKEN[name][0](home)
    home.remember()
    done = home.forks.run(home.path, "doctor", "--set-aside", "database")
    assert (done.status, done.stderr) == (0, "")
    first = done.stdout.splitlines()[0]
    moved = Path(first.partition(" → ")[2])
    assert first == f"{home.database} → {moved}"
    assert os.path.lexists(moved)
    if DATABASE in home.files:
        assert moved.read_bytes() == home.files[DATABASE]
    if name == "empty":
        assert next(moved.parent.glob("*-wal")).read_bytes() == b"precious"
    started = home.forks.run(home.path, "export", "last")
    assert "expected the address of a stored run" in started.stderr


def test_the_newest_sound_backup_is_restored(home: Home, used: Path) -> None:
    backups = home.path / "backups"
    backups.mkdir()
    shutil.copy(used / DATABASE, backups / "liveburst-20260101T000000.000000Z.sqlite3")
    (backups / "liveburst-20260202T000000.000000Z.sqlite3").write_bytes(b"not whole")
    garbage(home)
    home.remember()
    done = home.forks.run(home.path, "doctor", "--restore-backup")
    assert (done.status, done.stderr) == (0, "")
    assert "1 run, " in done.stdout
    (aside,) = (home.path / "set-aside").iterdir()
    assert aside.read_bytes() == home.files[DATABASE]
    assert home.forks.run(home.path, "export", "last").status == 0


def test_without_a_backup_nothing_is_moved(home: Home) -> None:
    garbage(home)
    home.remember()
    done = home.forks.run(home.path, "doctor", "--restore-backup")
    assert (done.status, done.stdout) == (3, "")
    assert "There is no sound backup" in done.stderr
    assert home.lost() == []


def test_a_database_that_another_process_has_open_is_not_moved(home: Home) -> None:
    database = home.held.enter_context(closing(sqlite3.connect(home.database)))
    database.execute("SELECT count(*) FROM dashboard_run").fetchone()
    done = home.forks.run(home.path, "doctor", "--set-aside", "database")
    assert (done.status, done.stdout) == (3, "")
    assert "Another process uses" in done.stderr
    assert database.execute("SELECT count(*) FROM dashboard_run").fetchone() == (1,)


def test_a_bad_key_is_set_aside(home: Home) -> None:
    short_key(home)
    home.remember()
    done = home.forks.run(home.path, "doctor", "--set-aside", "key")
    assert (done.status, done.stderr) == (0, "")
    (aside,) = (home.path / "set-aside").iterdir()
    assert aside.read_bytes() == home.files[KEY]
    assert home.forks.run(home.path, "export", "last").status == 0


def test_a_sound_home_has_no_problem_and_others_have_no_access(home: Home) -> None:
    home.path.chmod(0o755)
    done = home.forks.run(home.path, "doctor", "--port", "0")
    assert (done.status, done.stderr) == (0, "")
    assert "is accessible to you only" in done.stdout
    assert "is sound: 1 run, " in done.stdout
    assert {path.stat().st_mode & 0o077 for path in (home.path, home.path / KEY)} == {0}


def test_a_project_that_cannot_be_read_is_a_problem_of_its_own(home: Home) -> None:
    done = home.forks.run(home.path, "doctor", "--project", "nowhere.toml")
    assert (done.status, done.stderr) == (1, "")
    assert "problem  project: nowhere.toml: expected a file" in done.stdout
    assert "ok       database" in done.stdout


def test_an_older_schema_is_migrated_by_any_command_after_a_copy(home: Home) -> None:
    assert home.forks.run(home.path, "migrate", "dashboard", "0006", "--verbosity=0").status == 0
    checked = home.forks.run(home.path, "doctor")
    assert "note     database" in checked.stdout
    assert "is of an older version" in checked.stdout
    assert home.forks.run(home.path, "export", "last").status == 0
    checked = home.forks.run(home.path, "doctor")
    assert "is sound: 1 run, " in checked.stdout
    assert "1 backup, " in checked.stdout


def test_what_liveburst_writes_is_its_owners_and_what_the_user_names_is_as_usual(
    home: Home, tmp_path: Path
) -> None:
    output = tmp_path / "run.json"
    done = home.forks.run(home.path / "new" / "home", "export", "last", "-o", str(output))
    assert done.status == 2
    made = [*(home.path / "new").rglob("*"), home.path / "new"]
    assert {path.name for path in made} >= {"home", DATABASE, KEY}
    assert {oct(path.stat().st_mode & 0o077) for path in made} == {"0o0"}
    before = os.umask(0)
    os.umask(before)
    done = home.forks.run(home.path, "export", "last", "-o", str(output))
    assert done.status == 0
    assert output.stat().st_mode & 0o777 == 0o666 & ~before


def test_a_damaged_frame_ends_an_export_with_a_sentence(home: Home) -> None:
    done = home.forks.run(home.path, "export", "last", "--format", "csv")
    assert done.status == 3
    assert "run: it cannot be exported: expected a frame that begins with" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_home_elsewhere_by_a_link_is_used_there(home: Home, tmp_path: Path) -> None:
    link, elsewhere = tmp_path / "link", tmp_path / "elsewhere.sqlite3"
    link.symlink_to(home.path)
    home.database.rename(elsewhere)
    home.database.symlink_to(elsewhere)
    assert home.forks.run(link, "export", "last").status == 0
    assert home.database.readlink() == elsewhere
