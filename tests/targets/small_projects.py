"""Small Django projects like those of users, written into a test's directory."""

from __future__ import annotations

from pathlib import Path

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


def write_files(directory: Path, files: dict[str, str]) -> Path:
    """Write these files below the directory and return it."""
    for name, text in files.items():
        file = directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return directory
