"""What is injected can be imported in a stranger's interpreter, module by module, in any order."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from dashboard.targets import injected

from .pythons import VERSIONS, interpreter

BESIDE_THE_PROBE = [injected.SAMPLER, injected.XRAY]
OTHERS = [injected.STARTER, injected.INSPECTOR, injected.CHECKER]
DIRECTORIES = [injected.PROBE, *BESIDE_THE_PROBE, *OTHERS]
FILES = [file for directory in DIRECTORIES for file in sorted(directory.glob("*.py"))]
OLDEST = (3, 9)
# Imports each module first, in a process of its own, with one directory besides the standard
# library to import from, or the probe's as well. An argument is a path of these, the directory
# with the modules first. Prints what was raised, and what each module brought with it, by
# directory. The modules are compiled before that, once for all of these processes.
IMPORT_EACH = """
import asyncio, compileall, importlib, json, os, sys, traceback

def outcome(path, name):
    sys.path[:0] = path
    try:
        importlib.import_module(name)
    except BaseException:
        return traceback.format_exc()
    return ",".join(sys.modules.keys() & {"django", "asgiref"})

failed = {}
for argument in sys.argv[1:]:
    directory, *_ = path = argument.split(os.pathsep)
    failed[os.path.basename(directory)] = errors = {}
    compileall.compile_dir(directory, quiet=2)
    for name in sorted(file[:-3] for file in os.listdir(directory) if file.endswith(".py")):
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.write(writer, outcome(path, name).encode())
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            error = pipe.read()
        os.wait()
        if error:
            errors[name] = error
print(json.dumps({"failed": failed, "python": sys.version_info[:2]}))
"""


def path_of(directory: Path) -> list[Path]:
    """Return what is on the import path for the modules of a directory: itself first."""
    return [directory, injected.PROBE] if directory in BESIDE_THE_PROBE else [directory]


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Import paths of copies: other Pythons put what they have compiled beside the source."""
    place = tmp_path_factory.mktemp("copies")
    ignored = shutil.ignore_patterns("__pycache__")
    for directory in DIRECTORIES:
        shutil.copytree(directory, place / directory.name, ignore=ignored)
    return [
        os.pathsep.join(str(place / part.name) for part in path_of(directory))
        for directory in DIRECTORIES
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_each_module_can_be_imported_first(version: str, paths: list[str]) -> None:
    """It needs its own path and the standard library, and neither Django nor asgiref."""
    done = subprocess.run(
        [interpreter(version), "-I", "-S", "-c", IMPORT_EACH, *paths],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    result = json.loads(done.stdout)
    assert ".".join(map(str, result["python"])) == version
    assert result["failed"] == {directory.name: {} for directory in DIRECTORIES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_oldest_python_can_read_it(file: Path) -> None:
    ast.parse(file.read_text(), feature_version=OLDEST)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_imports_only_the_standard_library_and_modules_on_its_path(file: Path) -> None:
    """The probe, which is in every target, so imports neither the sampler nor the X-ray."""
    path = path_of(file.parent)
    beside = {other.stem for directory in path for other in directory.glob("liveburst_*.py")}
    assert imports(file) - beside <= sys.stdlib_module_names


@pytest.mark.parametrize("directory", DIRECTORIES, ids=lambda directory: directory.name)
def test_there_is_no_circle_of_imports(directory: Path) -> None:
    """Not even inside functions or for types: preparing the order raises for a circle."""
    TopologicalSorter({file.stem: imports(file) for file in directory.glob("*.py")}).prepare()


def imports(file: Path) -> set[str]:
    """The modules that a file imports anywhere in it, by their first names."""
    modules: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            modules.add(node.module or "")
        elif isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
    return {name.partition(".")[0] for name in modules}


def test_module_names_hide_no_module_of_a_project() -> None:
    """The directories come first on the import path, so they may hide nothing."""
    assert {file.stem for file in FILES if not file.stem.startswith("liveburst_")} == set()
    assert len({file.stem for file in FILES}) == len(FILES)
