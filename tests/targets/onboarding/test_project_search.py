"""Where `lab init` finds a project: its manage.py, and the interpreter that it is run with."""

from __future__ import annotations

import base64
import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dashboard.targets.onboarding.interpreter_search import find_interpreter
from dashboard.targets.onboarding.project_search import ProjectLocation, find_projects
from tests.targets.small_projects import MANAGE, write_files


def manages(directory: Path, *names: str) -> None:
    write_files(directory, {f"{name}/manage.py": MANAGE for name in names})


@pytest.mark.parametrize(
    ("there", "given", "expected"),
    [
        (["."], ".", ["."]),
        (["backend"], ".", ["backend"]),
        (["src"], ".", ["src"]),
        (["src/shop"], ".", ["src/shop"]),
        (["services/shop"], ".", ["services/shop"]),
        (["backend/src/shop"], ".", ["backend/src/shop"]),
        ([".", "example"], ".", ["."]),
        (["backend", "docs/example"], ".", ["backend"]),
        (["shop", "blog"], ".", ["blog", "shop"]),
        (["services/shop", "services/blog"], ".", ["services/blog", "services/shop"]),
        (["."], "shop/templates", ["."]),
        ([".venv/x", "node_modules/x", ".tox"], ".", []),
    ],
)
def test_a_manage_py_is_found_at_below_or_above(
    tmp_path: Path, there: list[str], given: str, expected: list[str]
) -> None:
    manages(tmp_path, *there)
    (tmp_path / ".git").mkdir()  # nothing above this
    (tmp_path / given).mkdir(parents=True, exist_ok=True)
    places = find_projects(tmp_path / given)
    assert [place.directory.relative_to(tmp_path).as_posix() for place in places] == expected
    assert all(place.root == tmp_path for place in places)


def test_the_search_upwards_ends_at_the_top_of_the_repository(tmp_path: Path) -> None:
    manages(tmp_path, ".")
    (tmp_path / "other" / ".git").mkdir(parents=True)
    (tmp_path / "other" / "shop").mkdir()
    assert find_projects(tmp_path / "other" / "shop") == []


def test_a_manage_py_may_have_any_name(tmp_path: Path) -> None:
    write_files(tmp_path, {"bin/manage-local": MANAGE, "manage.py": MANAGE})
    (place,) = find_projects(tmp_path / "bin" / "manage-local")
    assert place.manage == tmp_path / "bin" / "manage-local"


# Interpreters


def virtualenv(prefix: Path, *, django: bool = True) -> Path:
    """What looks like a virtualenv; its interpreter."""
    write_files(prefix, {"pyvenv.cfg": "", "bin/python": ""})
    if django:
        write_files(prefix, {"lib/python3.11/site-packages/django/__init__.py": ""})
    return prefix / "bin" / "python"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProjectLocation:
    """A project in a repository, and a home directory with nothing in it."""
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    monkeypatch.setenv("PATH", "")  # no poetry, no pipenv
    manages(tmp_path, "code/repository/backend")
    (tmp_path / "code" / "repository" / ".git").mkdir()
    (place,) = find_projects(tmp_path / "code" / "repository")
    return place


def poetry(place: ProjectLocation, home: Path) -> Path:
    write_files(place.directory, {"pyproject.toml": "[tool.poetry]\nname = 'The Shop'"})
    digest = hashlib.sha256(str(place.directory).encode()).digest()
    name = f"the_shop-{base64.urlsafe_b64encode(digest).decode()[:8]}-py3.11"
    return home / ".cache/pypoetry/virtualenvs" / name


def pipenv(place: ProjectLocation, home: Path) -> Path:
    prefix = home / ".local/share/virtualenvs/backend-abc"
    write_files(prefix, {".project": f"{place.directory}\n"})
    return prefix


def conda(place: ProjectLocation, home: Path) -> Path:
    prefix = home / "miniconda3/envs/shop"
    write_files(place.root, {"environment.yml": "name: shop\nchannels: [x]\n"})
    write_files(home, {".conda/environments.txt": f"{home}/miniconda3\n{prefix}\n"})
    return prefix


def pyenv(place: ProjectLocation, home: Path) -> Path:
    write_files(place.root, {".python-version": "shop-3.11\n"})
    return home / ".pyenv/versions/shop-3.11"


def named_by_file(place: ProjectLocation, home: Path) -> Path:
    prefix = home / "environments/shop"
    write_files(place.directory, {".venv": f"{prefix}\n"})
    return prefix


def beside(name: str) -> Callable[[ProjectLocation, Path], Path]:
    return lambda place, home: place.directory / name


KEPT: dict[str, Callable[[ProjectLocation, Path], Path]] = {
    **{
        f"{name} beside manage.py": beside(name)
        for name in (".venv", "venv", "env", ".env", "shop-env", ".direnv/python-3.11")
    },
    "at the top of the repository": lambda place, home: place.root / ".venv",
    "beside the repository": lambda place, home: place.root.parent / "venv",
    "poetry": poetry,
    "pipenv": pipenv,
    "conda": conda,
    "pyenv": pyenv,
    "a .venv that is a file": named_by_file,
}


@pytest.mark.parametrize("where", KEPT)
def test_an_interpreter_is_found_where_its_tool_keeps_it(
    where: str, place: ProjectLocation, tmp_path: Path
) -> None:
    python = virtualenv(KEPT[where](place, tmp_path / "home"))
    interpreter = find_interpreter(place, {})
    assert interpreter is not None
    assert interpreter.python == python
    assert interpreter.why


@pytest.mark.parametrize("name", ["VIRTUAL_ENV", "CONDA_PREFIX", "UV_PROJECT_ENVIRONMENT"])
def test_an_interpreter_is_found_by_the_environment(
    name: str, place: ProjectLocation, tmp_path: Path
) -> None:
    write_files(place.directory, {"pyproject.toml": ""})
    python = virtualenv(tmp_path / "elsewhere")
    interpreter = find_interpreter(place, {name: str(tmp_path / "elsewhere")})
    assert interpreter is not None
    assert (interpreter.python, interpreter.why) == (python, f"${name} names it")


def test_our_own_interpreter_is_not_used_because_it_is_active(place: ProjectLocation) -> None:
    assert find_interpreter(place, {"VIRTUAL_ENV": sys.prefix}) is None


def test_our_own_interpreter_is_used_if_it_is_in_the_project(place: ProjectLocation) -> None:
    (place.directory / ".venv").symlink_to(sys.prefix)
    interpreter = find_interpreter(place, {})
    assert interpreter is not None
    assert interpreter.is_ours


def test_the_nearest_with_django_wins(place: ProjectLocation) -> None:
    tools = virtualenv(place.directory / ".venv", django=False)
    python = virtualenv(place.root / ".venv")
    interpreter = find_interpreter(place, {})
    assert interpreter is not None
    assert interpreter.python == python
    (python.parents[1] / "lib").rename(python.parents[1] / "nothing")
    without = find_interpreter(place, {})
    assert without is not None
    assert without.python == tools
