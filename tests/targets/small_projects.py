"""Small Django projects like those of users, written into a test's directory."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from dashboard.targets.onboarding.inspection import Inspection

Look = Callable[[dict[str, str]], Inspection]

MANAGE = """
import os, sys

def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)

if __name__ == "__main__":
    main()
"""
SETTINGS = """
SECRET_KEY = "no secret"
ROOT_URLCONF = "shop.urls"
ALLOWED_HOSTS = ["*"]
"""
URLS = """
from django.http import HttpResponse
from django.urls import path

def hello(request):
    return HttpResponse("hello")

urlpatterns = [path("hello/", hello)]
"""
APPLICATION = """
import os
from django.core.{kind} import get_{kind}_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_{kind}_application()
"""
PLAIN = {
    "manage.py": MANAGE,
    "shop/__init__.py": "",
    "shop/settings.py": SETTINGS,
    "shop/urls.py": URLS,
    "shop/wsgi.py": APPLICATION.format(kind="wsgi"),
    "shop/asgi.py": APPLICATION.format(kind="asgi"),
}

# The beginning of a manage.py.
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

# An application that needs nothing to be imported, so that servers start quickly; runserver alone
# needs Django.
SMALL = {
    "small.py": """
import asyncio, os, time

if os.environ["LIVEBURST_SERVER"] == "django":
    import django
    django.setup()
urlpatterns = []

def wsgi(environ, start_response):
    if environ["PATH_INFO"] == "/sleep/":
        time.sleep(float(environ["QUERY_STRING"]))
    start_response("200 OK", [("Content-Length", "5")])
    return [b"small"]

async def asgi(scope, receive, send):
    assert scope["type"] == "http"
    if scope["path"] == "/sleep/":
        await asyncio.sleep(float(scope["query_string"]))
    head = [(b"content-length", b"5")]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": b"small"})
""",
    "small_settings.py": """
SECRET_KEY = "no secret"
ALLOWED_HOSTS = ["*"]
WSGI_APPLICATION = "small.wsgi"
ROOT_URLCONF = "small"
""",
    "lab.toml": """
[project]
name = "small"
wsgi = "small:wsgi"
asgi = "small:asgi"
python = "python"
env = { DJANGO_SETTINGS_MODULE = "small_settings" }

[scenario.ask]
title = "Asking"
lanes = ["sync@gunicorn-sync"]
variant.sync = { family = "sync", path = "/" }
""",
}


def write_small(directory: Path) -> Path:
    """Write the small application, an hour old, and return its lab.toml."""
    hour_ago = time.time() - 3600
    for path in write_files(directory, SMALL).iterdir():
        os.utime(path, (hour_ago, hour_ago))
    return directory / "lab.toml"


def write_files(directory: Path, files: dict[str, str]) -> Path:
    """Write these files below the directory and return it."""
    for name, text in files.items():
        file = directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return directory
