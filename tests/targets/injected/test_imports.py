"""What is injected can be imported in a stranger's interpreter, module by module, in any order."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from dashboard.targets import injected

from .pythons import VERSIONS, interpreter

DIRECTORIES = [injected.PROBE, injected.STARTER, injected.INSPECTOR, injected.CHECKER]
FILES = [file for directory in DIRECTORIES for file in sorted(directory.glob("*.py"))]
OLDEST = (3, 9)
# Imports each module first, in a process of its own, with one directory besides the standard
# library to import from. Prints what was raised, and what each module brought with it.
IMPORT_EACH = """
import asyncio, importlib, json, os, sys, traceback
directory = sys.argv[1]
sys.path.insert(0, directory)
failed = {}
for name in sorted(file[:-3] for file in os.listdir(directory) if file.endswith(".py")):
    reader, writer = os.pipe()
    if os.fork() == 0:
        error = ""
        try:
            importlib.import_module(name)
        except BaseException:
            error = traceback.format_exc()
        os.write(writer, (error or ",".join(sys.modules.keys() & {"django", "asgiref"})).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        error = pipe.read()
    if error:
        failed[name] = error
    os.wait()
print(json.dumps({"failed": failed, "python": sys.version_info[:2]}))
"""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where other Pythons put what they have compiled: not beside the source."""
    return tmp_path_factory.mktemp("compiled")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("directory", DIRECTORIES, ids=lambda directory: directory.name)
def test_each_module_can_be_imported_first(directory: Path, version: str, compiled: Path) -> None:
    """It needs its own directory and the standard library, and neither Django nor asgiref."""
    done = subprocess.run(
        [
            interpreter(version),
            "-I",
            "-S",
            "-X",
            f"pycache_prefix={compiled}",
            "-c",
            IMPORT_EACH,
            str(directory),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    result = json.loads(done.stdout)
    assert ".".join(map(str, result["python"])) == version
    assert result["failed"] == {}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_oldest_python_can_read_it(file: Path) -> None:
    ast.parse(file.read_text(), feature_version=OLDEST)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_imports_only_the_standard_library_and_modules_beside_it(file: Path) -> None:
    beside = {other.stem for other in file.parent.glob("liveburst_*.py")}
    assert imports(file) - beside <= sys.stdlib_module_names


@pytest.mark.parametrize("directory", DIRECTORIES, ids=lambda directory: directory.name)
def test_there_is_no_circle_of_imports(directory: Path) -> None:
    """Not even inside functions or for types: preparing the order raises for a circle."""
    TopologicalSorter({file.stem: imports(file) for file in directory.glob("*.py")}).prepare()


def imports(file: Path) -> set[str]:
    """The modules that a file imports anywhere in it, by their first names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return {name.partition(".")[0] for name in found}


def test_module_names_hide_no_module_of_a_project() -> None:
    """The directories come first on the import path, so they may hide nothing."""
    assert {file.stem for file in FILES if not file.stem.startswith("liveburst_")} == set()
    assert len({file.stem for file in FILES}) == len(FILES)
