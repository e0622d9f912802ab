"""The gate before the application, by its scopes."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dashboard.web.access.credentials import Credentials
from dashboard.web.access.gate import AccessGate
from dashboard.web.asgi_types import Message, Receive, Scope, Send

OWN, OTHER = 1000, 1001
HOST = b"127.0.0.1:8000"


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with its query string."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["query_string"]})


class Client:
    """A client of one gate."""

    def __init__(self, credentials: Credentials | None = None) -> None:
        self.credentials = credentials or Credentials()
        self._gate = AccessGate(application, self.credentials, OWN)

    async def get(
        self, path: str = "/", uid: int | None = OTHER, method: str = "GET", **headers: str | bytes
    ) -> dict[str, Any]:
        """Send a request; return the response's status, headers and body."""
        path, _, query = path.partition("?")
        sent = {"host": HOST, **headers}
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(_name(key), _bytes(value)) for key, value in sent.items()],
            "extensions": {"liveburst.peer_uid": uid},
        }
        messages: list[Message] = []

        async def send(message: Message) -> None:
            messages.append(message)

        async def receive() -> Message:
            return {"type": "http.request"}

        await self._gate(scope, receive, send)
        start, body = messages
        return {**start, "headers": dict(start["headers"]), "body": body["body"]}

    async def cookie(self, uid: int | None = OTHER, host: bytes = HOST) -> bytes:
        """Exchange the token for a cookie."""
        answer = await self.get(f"/?token={self.credentials.token}", uid, host=host)
        assert answer["status"] == 303
        cookie: bytes = answer["headers"][b"set-cookie"].partition(b";")[0]
        return cookie


def _name(key: str) -> bytes:
    return key.replace("_", "-").encode()


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


@pytest.fixture
def client() -> Client:
    return Client()


async def test_the_own_user_is_admitted_and_given_a_cookie(client: Client) -> None:
    answer = await client.get("/runs/?q=x%20y", OWN)
    assert (answer["status"], answer["body"]) == (200, b"q=x%20y")
    cookie = answer["headers"][b"set-cookie"]
    assert cookie.startswith(b"liveburst-8000=")
    assert cookie.endswith(b"; HttpOnly; Path=/; SameSite=Strict")
    again = await client.get("/", OWN, cookie=cookie.partition(b";")[0])
    assert (again["status"], again["headers"]) == (200, {})


@pytest.mark.parametrize("uid", [OTHER, None, 0])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "HEAD"])
async def test_others_are_refused(client: Client, uid: int | None, method: str) -> None:
    answer = await client.get("/", uid, method)
    assert answer["status"] == 403
    assert b"set-cookie" not in answer["headers"]
    if method != "HEAD":
        assert b"token" in answer["body"]
        assert client.credentials.token.encode() not in answer["body"]


@pytest.mark.parametrize("uid", [OTHER, None])
async def test_the_token_is_exchanged_for_a_cookie(client: Client, uid: int | None) -> None:
    answer = await client.get(f"/runs/?q=a+b&token={client.credentials.token}&page=2", uid)
    assert answer["status"] == 303
    assert answer["headers"][b"location"] == b"/runs/?q=a+b&page=2"
    assert answer["headers"][b"referrer-policy"] == b"no-referrer"
    cookie = answer["headers"][b"set-cookie"].partition(b";")[0]
    assert (await client.get("/", uid, cookie=cookie))["status"] == 200
    assert (await client.get("/", uid, "POST", cookie=b"csrftoken=x; " + cookie))["status"] == 200


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example/", "/\r\nx: y"])
async def test_the_redirect_stays_on_this_host(client: Client, path: str) -> None:
    answer = await client.get(f"{path}?token={client.credentials.token}")
    location = answer["headers"][b"location"]
    assert re.fullmatch(rb"/(?![/\\])[!-~]*", location)
    assert b"\\" not in location


@pytest.mark.parametrize("token", ["", "wrong", "%F0%9F%98%80", "%00", "\ud800"])
async def test_a_wrong_token_is_refused(client: Client, token: str) -> None:
    answer = await client.get(f"/?token={token.encode('utf-8', 'replace').decode()}")
    assert answer["status"] == 403
    assert b"The token is not valid" in answer["body"]


async def test_a_token_never_fires(client: Client) -> None:
    answer = await client.get(f"/?token={client.credentials.token}", OTHER, "POST")
    assert answer["status"] == 403


async def test_the_own_users_token_is_removed_whatever_it_is(client: Client) -> None:
    answer = await client.get("/?token=of-the-last-start", OWN)
    assert (answer["status"], answer["headers"][b"location"]) == (303, b"/")
    answer = await client.get("/?token=x&a=1", OWN, "POST")
    assert (answer["status"], answer["body"]) == (200, b"a=1")


async def test_a_cookie_is_of_one_start(client: Client) -> None:
    cookie = await Client().cookie()
    assert (await client.get("/", cookie=cookie))["status"] == 403


async def test_a_cookie_is_of_one_port(client: Client) -> None:
    cookie = (await client.cookie(host=b"127.0.0.1:8001")).replace(b"8001", b"8000")
    assert (await client.get("/", cookie=cookie))["status"] == 403


@pytest.mark.parametrize(("given", "used"), [(OWN, OTHER), (OTHER, 1002), (None, OTHER)])
async def test_a_cookie_that_another_user_has_taken_is_useless(
    client: Client, given: int | None, used: int
) -> None:
    """Browsers send cookies to all ports of a host, so other users' servers receive them."""
    cookie = await client.cookie(given)
    assert (await client.get("/", used, cookie=cookie))["status"] == 403


@pytest.mark.parametrize("header", ["x_forwarded_for", "forwarded", "via", "x_real_ip"])
async def test_what_a_proxy_of_the_own_user_passes_on_is_not_admitted(
    client: Client, header: str
) -> None:
    headers: dict[str, Any] = {header: "10.0.0.1"}
    assert (await client.get("/", OWN, **headers))["status"] == 403


async def test_without_a_kernel_that_tells_nobody_is_admitted_as_the_own_user() -> None:
    gate = AccessGate(application, Credentials(), own_uid=None)
    client = Client()
    client._gate = gate
    assert (await client.get("/", None))["status"] == 403


async def test_after_a_link_on_another_site_the_page_offers_to_open_it_again(
    client: Client,
) -> None:
    answer = await client.get("//runs/<x>/", sec_fetch_mode="navigate", sec_fetch_site="cross-site")
    assert b'<a href="/runs/%3Cx%3E/">' in answer["body"]
    assert b"<a " not in (await client.get())["body"]


async def test_each_user_is_logged_once_and_no_token(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        await client.get("/runs/?token=secret")
    assert caplog.messages == ["Refused a client of user 1001: /runs/"]
