"""Which applications `lab init` finds in a project, or that it is given for want of one."""

from __future__ import annotations

import pytest

from tests.targets.small_projects import MANAGE, PLAIN, SETTINGS, Look

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


def test_a_manage_py_may_be_the_whole_project(look: Look) -> None:
    seen = look({"manage.py": SINGLE})
    assert (seen.settings, seen.wsgi, seen.asgi) == ("", "manage:app", "liveburst_django:asgi")
    assert dict(seen.env) == {"LIVEBURST_CONFIGURED_BY": "manage"}


@pytest.mark.parametrize("name", APPLICATIONS)
def test_applications_are_found_or_djangos_own_are_offered(name: str, look: Look) -> None:
    changes, wsgi, asgi = APPLICATIONS[name]
    files = {name: text for name, text in {**PLAIN, **changes}.items() if text is not None}
    seen = look(files)
    assert (seen.wsgi, seen.asgi) == (wsgi, asgi)
    assert not seen.broken


@pytest.mark.parametrize(
    ("asgi", "reason"),
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
def test_an_asgi_py_that_raises_affects_only_asgi(look: Look, asgi: str, reason: str) -> None:
    seen = look({**PLAIN, "shop/asgi.py": asgi})
    assert (seen.wsgi, seen.asgi) == ("shop.wsgi:application", None)
    assert reason in seen.broken["asgi"]
    assert [route.path for route in seen.routes] == ["/hello/"]


def test_a_module_that_sets_other_settings_is_noted(look: Look) -> None:
    insists = PLAIN["shop/asgi.py"].replace(
        'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")',
        'os.environ["DJANGO_SETTINGS_MODULE"] = "shop.production"',
    )
    seen = look({**PLAIN, "shop/asgi.py": insists, "shop/production.py": SETTINGS})
    assert dict(seen.other_settings) == {"asgi": "shop.production"}
    assert seen.env == {"DJANGO_SETTINGS_MODULE": "shop.settings"}


def test_websockets_of_its_application_are_seen(look: Look) -> None:
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
