"""The gate of an exposed dashboard, by its scopes: who is admitted, and what each role may do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from dashboard.accounts import AuditEntry, Role, User
from dashboard.web.access import sessions
from dashboard.web.access.audit import ACTIONS, NOT_LISTED
from dashboard.web.access.exposed_gate import ExposedGate
from dashboard.web.access.exposure import Exposure
from dashboard.web.access.roles import access_of, needed_role
from dashboard.web.access.sessions import StartToken, begin
from dashboard.web.access.watched_socket import SESSION_ENDED, WatchedSocket
from dashboard.web.asgi_types import Message, Receive, Scope, Send

pytestmark = pytest.mark.django_db(transaction=True)
OWN, OTHER = 1000, 1001
EXPOSURE = Exposure.of(
    {"LIVEBURST_TRUSTED_PROXY": "10.0.0.1", "LIVEBURST_ALLOWED_HOSTS": "lab.example.com"}
)
DIRECT = Exposure(hosts=("lab.example.com",), certificate=Path("c"), key=Path("k"))
PROXIED = {
    "host": "lab.example.com",
    "x-forwarded-proto": "https",
    "x-forwarded-for": "192.0.2.7",
}
COOKIE = "sessionid"  # Django's default: the tests' settings are those of no exposed dashboard


class Client:
    """A client of one gate, behind which an application notes what it is asked."""

    def __init__(self, exposure: Exposure = EXPOSURE) -> None:
        self.start = StartToken()
        self.asked: list[str] = []
        self.answer: dict[str, Any] = {"status": 200, "headers": []}
        self._gate = ExposedGate(self._application, exposure, self.start, OWN)

    async def _application(self, scope: Scope, receive: Receive, send: Send) -> None:
        access = access_of(scope)
        self.asked.append(f"{access.name} {access.role} {access.address}")
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            return
        await send({"type": "http.response.start", **self.answer})
        await send({"type": "http.response.body", "body": scope["query_string"]})

    async def send(
        self,
        path: str = "/",
        method: str = "GET",
        *,
        peer: str = "10.0.0.1",
        uid: int | None = None,
        kind: str = "http",
        **headers: str,
    ) -> list[Message]:
        """Send a request or websocket; return the messages of the answer."""
        path, _, query = path.partition("?")
        passed_on = PROXIED if peer == "10.0.0.1" else {"host": "lab.example.com"}
        sent = {**passed_on, "accept": "text/html", **headers}
        scope = {
            "type": kind,
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "client": [peer, 1],
            "scheme": "https",
            "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in sent.items()],
            "extensions": {"liveburst.peer_uid": uid},
        }
        messages: list[Message] = []

        async def receive() -> Message:
            return {"type": "websocket.connect"}

        async def collect(message: Message) -> None:
            messages.append(message)

        await self._gate(scope, receive, collect)
        return messages

    async def get(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Send a request; return status, headers and body."""
        start, body = await self.send(*args, **kwargs)
        return {**start, "headers": dict(start["headers"]), "body": body["body"]}


@pytest.fixture
def client() -> Client:
    return Client()


def new_user(role: Role = Role.VIEWER, name: str = "") -> User:
    user = User(name=name or str(role), role=role)
    user.password = "not used here"
    user.save()
    return user


def cookie_of(user: User, **changed: Any) -> str:
    """Begin a session as a login does."""
    store = SessionStore()
    begin(store)
    store[SESSION_KEY] = str(user.pk)
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.update(changed)
    store.create()
    return f"{COOKIE}={store.session_key}"


async def logged_in(role: Role = Role.VIEWER) -> str:
    return await sync_to_async(lambda: cookie_of(new_user(role)))()


async def test_without_a_session_there_is_only_the_login_page(client: Client) -> None:
    page = await client.get("/runs/?q=a%20b")
    assert page["status"] == 303
    location = urlsplit(page["headers"][b"location"].decode())
    assert location.path == "/login/"
    assert parse_qs(location.query) == {"next": ["/runs/?q=a%20b"]}
    assert (await client.get("/runs/", accept="*/*"))["status"] == 403
    assert (await client.get("/runs/", "POST"))["status"] == 403
    assert (await client.get("/static/css/base.css"))["status"] == 303
    assert client.asked == []
    for method in ("GET", "POST"):
        assert (await client.get("/login/", method))["status"] == 200
    assert client.asked == [" viewer 192.0.2.7"] * 2


async def test_an_open_page_is_sent_to_the_login_page(client: Client) -> None:
    url = "https://lab.example.com/runs/x/?round=2"
    fragment = await client.get("/queue/", hx_request="true", hx_current_url=url)
    assert fragment["status"] == 403
    target = fragment["headers"][b"hx-redirect"].decode()
    assert parse_qs(urlsplit(target).query) == {"next": ["/runs/x/?round=2"]}
    closed = await client.send("/ws/", kind="websocket")
    assert [message["type"] for message in closed] == ["websocket.accept", "websocket.close"]
    assert closed[1]["code"] == SESSION_ENDED
    assert client.asked == []


async def test_a_viewer_reads_and_an_operator_also_writes(client: Client) -> None:
    viewer, operator = await logged_in(), await logged_in(Role.OPERATOR)
    for method in ("GET", "HEAD"):
        assert (await client.get("/", method, cookie=viewer))["status"] == 200
    await client.send("/ws/", kind="websocket", cookie=viewer)
    assert client.asked == ["viewer viewer 192.0.2.7"] * 3
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "post", "TRACE"):
        refused = await client.get("/runs/", method, cookie=viewer)
        assert refused["status"] == 403
        assert b"only operators may do this" in refused["body"]
    assert len(client.asked) == 3
    assert (await client.get("/runs/", "POST", cookie=operator))["status"] == 200
    assert (await client.get("/audit/", cookie=operator))["status"] == 200
    assert (await client.get("/audit/", cookie=viewer))["status"] == 403
    assert (await client.get("/logout/", "POST", cookie=viewer))["status"] == 200


def addresses(resolver: URLResolver, prefix: str = "/") -> Iterator[tuple[str, str]]:
    """Every address of the dashboard with an example for what varies, and its name."""
    for pattern in resolver.url_patterns:
        route = str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, prefix + route)
        elif isinstance(pattern, URLPattern) and not route.startswith("^"):
            example = "".join(
                part.partition(">")[2].join(["x", ""]) if ">" in part else part
                for part in route.split("<")
            )
            yield prefix + example, str(pattern.name)


ADDRESSES = dict(addresses(get_resolver("dashboard.web.urls")))


def test_the_addresses_are_those_of_the_dashboard() -> None:
    assert len(ADDRESSES) > 30
    assert all(resolve(path).url_name == name for path, name in ADDRESSES.items())


@pytest.mark.parametrize("path", ADDRESSES)
async def test_at_no_address_a_viewer_may_write(client: Client, path: str) -> None:
    viewer = await logged_in()
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        admitted = (await client.get(path, method, cookie=viewer))["status"] == 200
        assert admitted == (path in {"/login/", "/logout/"}) or path == "/login/"
        assert (await client.get(path, method))["status"] == (200 if path == "/login/" else 403)
    reads = needed_role("GET", path) == Role.VIEWER
    assert reads == (path != "/audit/")
    assert (await client.get(path, cookie=viewer))["status"] == (200 if reads else 403)


async def test_a_session_ends(client: Client) -> None:
    now_s = time.time()
    user = await sync_to_async(new_user)()
    ended: list[dict[str, Any]] = [
        {"began": now_s - sessions.LASTS_S - 1},
        {"seen": now_s - sessions.IDLE_S - 1},
        {HASH_SESSION_KEY: "of another password"},
        {SESSION_KEY: "0"},
        {"began": 0, "seen": 0},
    ]
    for changed in ended:
        cookie = await sync_to_async(cookie_of)(user, **changed)
        assert (await client.get("/", cookie=cookie))["status"] == 303
    assert await Session.objects.acount() == 0
    assert client.asked == []


async def test_removing_a_user_and_a_new_password_end_the_sessions(client: Client) -> None:
    for change in (lambda user: user.delete(), lambda user: (user.set_password("x"), user.save())):
        user = await sync_to_async(new_user)(name="someone")
        cookie = await sync_to_async(cookie_of)(user)
        assert (await client.get("/", cookie=cookie))["status"] == 200
        await sync_to_async(change)(user)
        assert (await client.get("/", cookie=cookie))["status"] == 303


async def test_a_role_counts_from_the_next_request_on(client: Client) -> None:
    user = await sync_to_async(new_user)(Role.OPERATOR)
    cookie = await sync_to_async(cookie_of)(user)
    assert (await client.get("/runs/", "POST", cookie=cookie))["status"] == 200
    await User.objects.aupdate(role=Role.VIEWER)
    assert (await client.get("/runs/", "POST", cookie=cookie))["status"] == 403


async def test_use_is_written_down_once_a_minute(client: Client) -> None:
    user = await sync_to_async(new_user)()
    seen = time.time() - sessions.SEEN_EVERY_S - 1
    cookie = await sync_to_async(cookie_of)(user, seen=seen)
    key = cookie.partition("=")[2]
    assert (await client.get("/", cookie=cookie))["status"] == 200
    first = (await sync_to_async(SessionStore(key).load)())["seen"]
    assert first > seen
    await client.get("/", cookie=cookie)
    assert (await sync_to_async(SessionStore(key).load)())["seen"] == first


async def test_the_start_token_becomes_a_session_that_ends_with_the_dashboard(
    client: Client,
) -> None:
    exchanged = await client.get(f"/runs/?a=1&token={client.start.token}")
    assert exchanged["status"] == 303
    assert exchanged["headers"][b"location"] == b"/runs/?a=1"
    given = exchanged["headers"][b"set-cookie"].decode()
    assert {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"} <= set(given.split("; "))
    cookie = given.partition(";")[0]
    assert (await client.get("/runs/", "POST", cookie=cookie))["status"] == 200
    assert client.asked == ["start token operator 192.0.2.7"]
    assert (await Client().get("/", cookie=cookie))["status"] == 303
    assert (await client.get("/?token=wrong"))["status"] == 303
    assert (await client.get(f"/?token={client.start.token}", "POST"))["status"] == 403


async def test_the_own_user_needs_no_login_but_through_a_proxy() -> None:
    direct = Client(DIRECT)
    await direct.get("/runs/", "POST", peer="127.0.0.1", uid=OWN)
    assert direct.asked == ["own user operator 127.0.0.1"]
    assert (await direct.get("/", peer="127.0.0.1", uid=OTHER))["status"] == 303
    assert (await direct.get("/", peer="127.0.0.1", uid=None))["status"] == 303
    assert (await Client().get("/", uid=OWN))["status"] == 303


async def test_what_is_not_encrypted_is_sent_to_https(client: Client) -> None:
    page = await client.get("/runs/?q=x", x_forwarded_proto="http")
    assert page["status"] == 303
    assert page["headers"][b"location"] == b"https://lab.example.com/runs/?q=x"


async def test_an_obstacle_is_shown_with_the_missing_line(client: Client) -> None:
    page = await client.get("/", host="127.0.0.1:8000")
    assert page["status"] == 403
    assert b"proxy_set_header Host $http_host;" in page["body"]
    direct = await client.get("/", peer="192.0.2.1", uid=OWN)
    assert b"reached through its proxy" in direct["body"]
    assert [m["type"] for m in await client.send("/ws/", kind="websocket", host="x")] == [
        "websocket.close"
    ]


async def test_what_succeeded_is_in_the_audit_list(client: Client) -> None:
    operator = await logged_in(Role.OPERATOR)
    client.answer = {"status": 303, "headers": [(b"location", b"/runs/bcdfghjk/")]}
    await client.get("/runs/", "POST", cookie=operator)
    client.answer = {"status": 200, "headers": []}
    await client.get("/runs/xyz23456/delete/", "POST", cookie=operator)
    await client.get("/explore/sweep/estimate/", "POST", cookie=operator)
    await client.get("/", cookie=operator)
    client.answer = {"status": 422, "headers": []}
    await client.get("/runs/", "POST", cookie=operator)
    entries = [
        (entry.user, entry.address, entry.action, entry.subject)
        async for entry in AuditEntry.objects.all()
    ]
    assert entries == [
        ("operator", "192.0.2.7", "deleted", "xyz23456"),
        ("operator", "192.0.2.7", "fired", "bcdfghjk"),
    ]


def test_every_action_of_the_audit_list_has_its_address() -> None:
    assert {*ACTIONS, *NOT_LISTED} <= set(ADDRESSES.values())


async def test_a_websocket_is_closed_when_its_session_ends() -> None:
    checks = iter([object(), None])
    sent: list[Message] = []
    received: list[Message] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        received.append(await receive())

    async def check() -> Any:
        return next(checks)

    async def send(message: Message) -> None:
        sent.append(message)

    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    await WatchedSocket(application, check, every_s=0.01)({}, never, send)
    assert sent == [{"type": "websocket.close", "code": SESSION_ENDED}]
    assert received == [{"type": "websocket.disconnect", "code": SESSION_ENDED}]
