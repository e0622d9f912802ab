"""What `lab init` finds in small projects that start in different ways, or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dashboard.targets.onboarding.inspection import Inspection
from dashboard.targets.onboarding.inspector import inspect_project
from dashboard.targets.onboarding.project_search import find_projects
from dashboard.wire.errors import InvalidManifest, TargetFailed
from tests.targets.small_projects import MANAGE, PLAIN, SETTINGS, write_files

LOOKS = Callable[[dict[str, str]], Inspection]
READS_ENV = """
import os, sys
for line in open(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".env")):
    name, _, value = line.strip().partition("=")
    os.environ.setdefault(name, value)
"""
CONFIGURATIONS = {  # what django-configurations has at the places that manage.py and we touch
    "configurations/__init__.py": "",
    "configurations/importer.py": """
import os, sys, types

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name != os.environ.get("DJANGO_SETTINGS_MODULE"):
            return None
        sys.meta_path.remove(self)
        import importlib
        module = importlib.import_module(name)
        chosen = getattr(module, os.environ["DJANGO_CONFIGURATION"])
        for key in dir(chosen):
            if key.isupper():
                setattr(module, key, getattr(chosen, key))
        del sys.modules[name]
        import importlib.util
        from importlib.machinery import ModuleSpec
        class Loader:
            def create_module(self, spec):
                return module
            def exec_module(self, module):
                pass
        return ModuleSpec(name, Loader())

def install(check_options=False):
    sys.meta_path.insert(0, Finder())
""",
    "configurations/management.py": """
from . import importer
importer.install(check_options=True)
from django.core.management import execute_from_command_line
""",
}


@pytest.fixture
def look(tmp_path: Path) -> LOOKS:
    """Write a project and look at it with our own interpreter."""

    def look(files: dict[str, str], settings: str | None = None) -> Inspection:
        (place,) = find_projects(write_files(tmp_path, files))
        return inspect_project(place, python=None, settings=settings, timeout_s=30)

    return look


def after_the_first_line(text: str, more: str) -> str:
    return text.replace("import os, sys\n", f"import os, sys\n{more}\n", 1)


STARTS: dict[str, tuple[dict[str, str], str, dict[str, str]]] = {
    # What is changed of a plain project, its settings, and what the servers are given besides.
    "as startproject makes it": ({}, "shop.settings", {}),
    "a settings package, chosen by the command": (
        {
            "manage.py": """
import os, sys
# os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings.prod")
which = "dev" if sys.argv[1:2] == ["runserver"] else "prod"
os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings." + which
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
""",
            "shop/settings.py": "raise RuntimeError",
            "shop/settings/__init__.py": "",
            "shop/settings/base.py": SETTINGS,
            "shop/settings/dev.py": "from .base import *\nDEBUG = True",
        },
        "shop.settings.dev",
        {},
    ),
    "a directory put on the import path": (
        {
            "manage.py": after_the_first_line(MANAGE, "sys.path.insert(0, 'src/apps')"),
            "src/apps/cart/__init__.py": "",
            "shop/settings.py": SETTINGS + "INSTALLED_APPS = ['cart']",
        },
        "shop.settings",
        {"PYTHONPATH": "src/apps"},
    ),
    "values that stand in manage.py": (
        {
            "manage.py": after_the_first_line(MANAGE, "os.environ.setdefault('LEVEL', 'local')"),
            "shop/settings.py": SETTINGS + "import os; os.environ['LEVEL']",
        },
        "shop.settings",
        {"LEVEL": "local"},
    ),
    "a configuration chosen by django-configurations": (
        {
            **CONFIGURATIONS,
            "manage.py": MANAGE.replace(
                "from django.core.management", "from configurations.management"
            ).replace(
                "    from", "    os.environ.setdefault('DJANGO_CONFIGURATION', 'Dev')\n    from"
            ),
            "shop/settings.py": "class Dev:\n" + SETTINGS.replace("\n", "\n    "),
        },
        "shop.settings",
        {"DJANGO_CONFIGURATION": "Dev"},
    ),
    "a command of another class": (
        {
            "manage.py": MANAGE.replace(
                "import execute_from_command_line", "import ManagementUtility"
            ).replace("execute_from_command_line(sys.argv)", "ManagementUtility().execute()")
        },
        "shop.settings",
        {},
    ),
    "a manage.py that calls a command itself": (
        {
            "manage.py": """
import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
import django
django.setup()
from django.core.management import call_command
call_command("migrate")
"""
        },
        "shop.settings",
        {},
    ),
    "prints, threads and exits": (
        {
            "manage.py": after_the_first_line(
                MANAGE,
                """
import atexit, threading
atexit.register(print, "{}")
print("{}", end="")
threading.Thread(target=threading.Event().wait).start()
""",
            ),
            "shop/settings.py": SETTINGS + "import sys; print('no JSON', file=sys.stderr)",
        },
        "shop.settings",
        {},
    ),
}


@pytest.mark.parametrize("name", STARTS)
def test_it_starts_as_its_manage_py_starts_it(name: str, look: LOOKS) -> None:
    files, settings, env = STARTS[name]
    files = {**PLAIN, **files}
    if "shop/settings/__init__.py" in files:
        del files["shop/settings.py"]
    seen = look(files)
    assert seen.settings == settings
    assert [route.path for route in seen.routes] == ["/hello/"]
    assert dict(seen.env) == {"DJANGO_SETTINGS_MODULE": settings, **env}
    assert (seen.env_files, seen.env_unknown) == ((), ())
    assert not seen.broken


def test_values_of_an_env_file_are_not_copied(look: LOOKS) -> None:
    seen = look(
        {
            **PLAIN,
            ".env": "SHOP_KEY=very-secret\nUNUSED=1\n",
            "manage.py": READS_ENV + MANAGE,
            "shop/settings.py": SETTINGS + "import os; SECRET_KEY = os.environ['SHOP_KEY']",
        }
    )
    assert seen.env_files == (".env",)
    assert "very-secret" not in repr(seen)


def test_a_variable_from_elsewhere_is_named_without_its_value(look: LOOKS) -> None:
    more = "os.environ['TOKEN'] = '-'.join(['very', 'secret'])"
    seen = look({**PLAIN, "manage.py": after_the_first_line(MANAGE, more)})
    assert seen.env_unknown == ("TOKEN",)
    assert "very-secret" not in repr(seen)


def test_settings_given_take_precedence(tmp_path: Path, look: LOOKS) -> None:
    (place,) = find_projects(write_files(tmp_path, {**PLAIN, "shop/other.py": SETTINGS}))
    seen = inspect_project(place, python=None, settings="shop.other")
    assert seen.settings == "shop.other"


FAILS: dict[str, tuple[dict[str, str], str, str, str]] = {
    # What is changed, what was expected, the last line of the project, the frame in it.
    "settings that raise": (
        {"shop/settings.py": "import os\nKEY = os.environ['SHOP_KEY']"},
        "expected Django to start with shop.settings",
        "KeyError: 'SHOP_KEY'",
        "at shop/settings.py:2 in <module>: KEY = os.environ['SHOP_KEY']",
    ),
    "a cause below": (
        {
            "shop/settings.py": "try:\n    {}['KEY']\nexcept KeyError as e:\n"
            "    raise ValueError('set KEY') from e\n"
        },
        "expected Django to start with shop.settings",
        "ValueError: set KEY\n  because of KeyError: 'KEY'",
        "at shop/settings.py:2",
    ),
    "settings that are no Python": (
        {"shop/settings.py": "\nDEBUG = = True"},
        "expected Django to start with shop.settings",
        "SyntaxError: invalid syntax",
        "at shop/settings.py:2: DEBUG = = True",
    ),
    "settings that exit": (
        {"shop/settings.py": "import sys\nprint('set KEY')\nsys.exit(4)"},
        "expected Django to start with shop.settings",
        "set KEY\n  it exited with status 4",
        "at shop/settings.py:3",
    ),
    "settings that end the process": (
        {"shop/settings.py": "import os\nos._exit(0)"},
        "expected Django to start with shop.settings",
        "os._exit(0) was called",
        "at shop/settings.py:2",
    ),
    "a manage.py that misses a package": (
        {"manage.py": "import dotenv_that_is_not_there"},
        "manage.py to start Django",
        "ModuleNotFoundError: No module named 'dotenv_that_is_not_there'",
        "at manage.py:1",
    ),
    "a manage.py that refuses": (
        {"manage.py": "import sys\nprint('no such Python')\nsys.exit(1)"},
        "manage.py to start Django",
        "no such Python\n  it exited with status 1",
        "at manage.py:3",
    ),
    "a manage.py that hands over to another interpreter": (
        {"manage.py": "import os, sys\nos.execv('/bin/true', ['true', *sys.argv])"},
        "manage.py to start Django",
        "it starts /bin/true in its place; give that by --python",
        "at manage.py:2",
    ),
    "a signal": (
        {"shop/settings.py": "import os\nos.kill(os.getpid(), 9)"},
        "expected Django to start with shop.settings",
        "ended with status 137",
        "",
    ),
    "routes that raise": (
        {"shop/urls.py": "from django.urls import path\nimport missing_one"},
        "expected the routes of shop.settings to import",
        "ModuleNotFoundError: No module named 'missing_one'",
        "at shop/urls.py:2",
    ),
}


@pytest.mark.parametrize("name", FAILS)
def test_a_failure_quotes_the_projects_exception(name: str, look: LOOKS) -> None:
    files, expected, said, frame = FAILS[name]
    with pytest.raises(TargetFailed) as failed:
        look({**PLAIN, **files})
    assert expected in str(failed.value)
    assert str(failed.value).endswith(f"with {sys.executable}, found:")
    assert said in failed.value.log_tail
    assert frame in failed.value.log_tail
    for ours in ("Traceback", "liveburst_"):
        assert ours not in failed.value.log_tail


def test_a_project_that_hangs_is_reported_with_the_line(tmp_path: Path) -> None:
    hangs = "import threading\nthreading.Event().wait()"  # and imports nothing that takes long
    (place,) = find_projects(write_files(tmp_path, {**PLAIN, "manage.py": hangs}))
    with pytest.raises(TargetFailed) as failed:
        inspect_project(place, python=None, settings=None, timeout_s=3)
    assert "it was not done after 3 s" in failed.value.log_tail
    assert "at manage.py:2" in failed.value.log_tail


def test_a_manage_py_that_chooses_nothing_is_refused_with_the_option(look: LOOKS) -> None:
    with pytest.raises(InvalidManifest, match="give --settings MODULE"):
        look({**PLAIN, "manage.py": "print('done')"})


# Without a manage.py


@pytest.mark.parametrize(
    ("file", "section", "quote"),
    [
        ("pyproject.toml", "tool.pytest.ini_options", "'"),
        ("setup.cfg", "tool:pytest", ""),
        ("pytest.ini", "pytest", ""),
        (None, "", ""),
    ],
)
@pytest.mark.parametrize("below", [".", "src"])
def test_a_project_without_a_manage_py(
    tmp_path: Path, file: str | None, section: str, quote: str, below: str
) -> None:
    write_files(tmp_path / below, {k: text for k, text in PLAIN.items() if k != "manage.py"})
    if file:
        named = f"DJANGO_SETTINGS_MODULE={quote}shop.settings{quote}"
        write_files(tmp_path, {file: f"[{section}]\n{named}"})
    (place,) = find_projects(tmp_path)
    assert (place.settings, place.directory) == ("shop.settings", tmp_path / below)
    assert place.why == (f"{file} names it" if file else "the only one")


def test_a_project_without_a_manage_py_is_inspected(look: LOOKS) -> None:
    seen = look({name: text for name, text in PLAIN.items() if name != "manage.py"})
    assert (seen.settings, seen.asgi) == ("shop.settings", "shop.asgi:application")


# Applications

APPLICATIONS: dict[str, tuple[dict[str, str | None], str | None, str | None]] = {
    "beside the settings": ({}, "shop.wsgi:application", "shop.asgi:application"),
    "no asgi.py": (
        {"shop/asgi.py": None},
        "shop.wsgi:application",
        "liveburst_django:asgi",
    ),
    "neither": (
        {"shop/asgi.py": None, "shop/wsgi.py": None},
        "liveburst_django:wsgi",
        "liveburst_django:asgi",
    ),
    "beside each other": (
        {
            "shop/settings.py": SETTINGS + "WSGI_APPLICATION = 'deploy.web.wsgi.application'",
            "shop/wsgi.py": None,
            "shop/asgi.py": None,
            "deploy/__init__.py": "",
            "deploy/web/__init__.py": "",
            "deploy/web/wsgi.py": PLAIN["shop/wsgi.py"],
            "deploy/web/asgi.py": PLAIN["shop/asgi.py"],
        },
        "deploy.web.wsgi:application",
        "deploy.web.asgi:application",
    ),
    "beside manage.py": (
        {
            "shop/asgi.py": None,
            "asgi.py": PLAIN["shop/asgi.py"].replace("application =", "app ="),
        },
        "shop.wsgi:application",
        "asgi:app",
    ),
    "said by the settings": (
        {
            "shop/settings.py": SETTINGS + "ASGI_APPLICATION = 'shop.routing.application'",
            "shop/routing.py": PLAIN["shop/asgi.py"],
        },
        "shop.wsgi:application",
        "shop.routing:application",
    ),
    "in the package of the routes": (
        {
            "shop/settings.py": None,
            "settings.py": SETTINGS,
            "manage.py": MANAGE.replace("shop.settings", "settings"),
        },
        "shop.wsgi:application",
        "shop.asgi:application",
    ),
}


SINGLE = """
import sys
from django.conf import settings
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])
from django.core.wsgi import get_wsgi_application
from django.urls import path
urlpatterns = [path("hello/", lambda request: None)]
app = get_wsgi_application()
if __name__ == "__main__":
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
"""


def test_a_manage_py_may_be_the_whole_project(look: LOOKS) -> None:
    seen = look({"manage.py": SINGLE})
    assert (seen.settings, seen.wsgi, seen.asgi) == ("", "manage:app", "liveburst_django:asgi")
    assert dict(seen.env) == {"LIVEBURST_CONFIGURED_BY": "manage"}


@pytest.mark.parametrize("name", APPLICATIONS)
def test_applications_are_found_or_djangos_own_are_offered(name: str, look: LOOKS) -> None:
    changes, wsgi, asgi = APPLICATIONS[name]
    files = {name: text for name, text in {**PLAIN, **changes}.items() if text is not None}
    seen = look(files)
    assert (seen.wsgi, seen.asgi) == (wsgi, asgi)
    assert not seen.broken


@pytest.mark.parametrize(
    ("asgi", "said"),
    [
        (
            "import not_there\n",
            "ModuleNotFoundError: No module named 'not_there', at shop/asgi.py:1",
        ),
        ("import sys\nsys.exit('no')\n", "it exited with status 'no', at shop/asgi.py:2"),
        ("import os\nos._exit(3)\n", "os._exit(3) was called, at shop/asgi.py:2"),
        ("import os\nos.kill(os.getpid(), 9)\n", "ended with status 137"),
        ("def\n", "SyntaxError"),
    ],
)
def test_an_asgi_py_that_raises_affects_only_asgi(look: LOOKS, asgi: str, said: str) -> None:
    seen = look({**PLAIN, "shop/asgi.py": asgi})
    assert (seen.wsgi, seen.asgi) == ("shop.wsgi:application", None)
    assert said in seen.broken["asgi"]
    assert [route.path for route in seen.routes] == ["/hello/"]


def test_a_module_that_sets_other_settings_is_noted(look: LOOKS) -> None:
    insists = PLAIN["shop/asgi.py"].replace(
        'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")',
        'os.environ["DJANGO_SETTINGS_MODULE"] = "shop.production"',
    )
    seen = look({**PLAIN, "shop/asgi.py": insists, "shop/production.py": SETTINGS})
    assert dict(seen.other_settings) == {"asgi": "shop.production"}
    assert seen.env == {"DJANGO_SETTINGS_MODULE": "shop.settings"}


def test_websockets_of_its_application_are_seen(look: LOOKS) -> None:
    routed = """
from channels.generic.websocket import WebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

class Echo(WebsocketConsumer):
    pass

application = ProtocolTypeRouter(
    {"http": get_asgi_application(), "websocket": URLRouter([path("echo/", Echo.as_asgi())])}
)
"""
    seen = look({**PLAIN, "shop/asgi.py": routed})
    assert [socket.path for socket in seen.sockets] == ["/echo/"]


def test_settings_of_the_dashboard_are_not_passed_to_the_project(
    look: LOOKS, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    assert look(PLAIN).settings == "shop.settings"
    assert os.environ["DJANGO_SETTINGS_MODULE"] == "dashboard.settings"
