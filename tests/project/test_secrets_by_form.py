"""What has the form of a secret is hidden, whatever prints it; what is needed to debug stays."""

from __future__ import annotations

import time

import pytest

from dashboard.project.secrets.masking import all_masked, masked
from dashboard.project.secrets.patterns import redacted

SECRET = "hunter2-Zebra"

# Each contains the secret once, as applications print it.
PRINTED = [
    # settings
    "SECRET_KEY = 'hunter2-Zebra'",
    'SECRET_KEY="hunter2-Zebra"',
    "SECRET_KEY_FALLBACKS = ['hunter2-Zebra']",
    "EMAIL_HOST_PASSWORD: hunter2-Zebra",
    "AWS_SECRET_ACCESS_KEY=hunter2-Zebra",
    "export API_KEY=hunter2-Zebra",
    "settings.STRIPE_API_KEY is not valid: api_key='hunter2-Zebra'",
    "PGPASSWORD=hunter2-Zebra psql shop",
    "SENTRY_DSN=hunter2-Zebra",
    # addresses
    "DATABASE_URL=postgres://shop:hunter2-Zebra@db:5432/shop",
    "could not connect to postgres://shop:hunter2-Zebra@db/shop?sslmode=require",
    "redis://:hunter2-Zebra@cache:6379/0 refused",
    "amqp://guest:hunter2-Zebra@localhost//",
    "mysql+pymysql://root:p@ss/hunter2-Zebra@localhost/shop",
    "postgresql://shop:hunter2-Zebra@[::1]:5432/shop",
    "https://hunter2-Zebra-of-a-robot@git.example/shop.git",
    "Server=db;User Id=sa;Pwd=hunter2-Zebra;",
    "connection failed: host=db user=shop password=hunter2-Zebra dbname=shop",
    "connection failed: user=shop password='hunter2-Zebra' dbname=shop",
    # headers
    "Authorization: Bearer hunter2-Zebra",
    "authorization: Basic hunter2-Zebra==",
    "> Authorization: Token hunter2-Zebra",
    "Proxy-Authorization: Digest username=shop, response=hunter2-Zebra",
    "'HTTP_AUTHORIZATION': 'Bearer hunter2-Zebra', 'HTTP_HOST': 'shop'",
    "(b'authorization', b'Bearer hunter2-Zebra')",
    'headers={"Authorization": "hunter2-Zebra"}',
    "X-Api-Key: hunter2-Zebra",
    "x-csrftoken: hunter2-Zebra",
    "Cookie: theme=dark; sid=hunter2-Zebra; x=1",
    "'HTTP_COOKIE': 'sid=hunter2-Zebra'",
    "Set-Cookie: sid=hunter2-Zebra; HttpOnly; Path=/",
    "(b'cookie', b'sid=hunter2-Zebra')",
    "curl -H Bearer hunter2-Zebra",
    # query strings and forms
    "GET /reset/?token=hunter2-Zebra HTTP/1.1",
    "/search/?q=tea&access_token=hunter2-Zebra&page=2",
    "/login/?next=/&password=hunter2-Zebra#top",
    "302 to /sso/?next=%2Fback%3Ftoken%3Dhunter2-Zebra%26page%3D2",
    "/files/a.pdf?X-Amz-Signature=hunter2-Zebra",
    "csrfmiddlewaretoken=hunter2-Zebra&q=tea",
    "sessionid=hunter2-Zebra; csrftoken=abc",
    "<QueryDict: {'username': ['eve'], 'password': ['hunter2-Zebra']}>",
    # JSON, repr, HTML
    '{"user": "eve", "password": "hunter2-Zebra"}',
    r'"body": "{\"password\": \"hunter2-Zebra\"}"',
    "{'accessToken': 'hunter2-Zebra'}",
    "Config(client_secret='hunter2-Zebra', region='eu')",
    "[('password', 'hunter2-Zebra')]",
    "<td>password</td> password=&#x27;hunter2-Zebra&#x27;",
    "&quot;api_key&quot;: &quot;hunter2-Zebra&quot;",
    "password: hunter2-Zebra",
    "login(password=b'hunter2-Zebra')",
    "INSERT INTO t SET password = 'hunter2-Zebra' WHERE id = 1",
    # commands
    "ran: mysqldump --password hunter2-Zebra shop",
    "ran: mysqldump --password=hunter2-Zebra shop",
    # keys
    "-----BEGIN RSA PRIVATE KEY-----\nhunter2-Zebra\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\nhunter2-Zebra\n",
]


@pytest.mark.parametrize("text", PRINTED)
def test_a_secret_is_hidden_and_the_text_around_it_stays(text: str) -> None:
    """The secret is gone, the first word stays, and hiding it again changes nothing."""
    hidden = masked(text)
    assert "hunter2" not in hidden
    assert "Zebra" not in hidden
    assert "[redacted]" in hidden
    assert masked(hidden) == hidden


@pytest.mark.parametrize(
    "token",
    [
        *("AKIA" + "ABCDEFGHIJKLMNOP", "ghp_" + "a1B2" * 9, "glpat-" + "a1B2" * 5),
        *("xoxb-" + "123456789012-abcdef", "sk_live_" + "a1B2" * 6, "AIza" + "a1B2" * 8 + "xyz"),
        *("eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0." + "c2lnbmF0dXJl", "pypi-" + "Ag" * 20),
        "django-insecure-" + "k3y&with#signs",
    ],
)
def test_tokens_are_known_by_their_beginning(token: str) -> None:
    """Issuers begin their tokens in a way that is recognised wherever they occur."""
    assert redacted(f"refused {token}, try again") in (
        "refused [redacted], try again",
        "refused [redacted] try again",  # a comma may belong to a Django key
    )


READABLE = [
    "KeyError: 'DATABASE_URL'",
    "KeyError: 'SECRET_KEY'",
    'SECRET_KEY = os.environ["SHOP_SECRET_KEY"]',
    'SECRET_KEY = env("SECRET_KEY")',
    "    password=settings.DB_PASSWORD,",
    "def login(name: str, password: str, token: str = None) -> None:",
    "django.core.exceptions.ImproperlyConfigured: The SECRET_KEY setting must not be empty.",
    "ImproperlyConfigured: Set the SECRET_KEY environment variable",
    "SyntaxError: invalid token in line 7",
    "password: This field is required.",
    'connection to server at "127.0.0.1", port 5432 failed: no password supplied',
    "http://127.0.0.1:8000/path?email=a@example.org",
    "http://127.0.0.1:8000/?page=2&q=tea",
    "expected an answer at http://[::1]:8000/search/?keyword=tea",
    "max_tokens=100 tokenizer=fast secretary=eve",
    'File "/srv/shop/tokens.py", line 12, in read_token',
    "Forbidden (CSRF token missing.): /orders/",
    "Bearer of bad news",
    "cookies: none were sent",
    "2026-11-30 12:00:01 INFO worker: ready",
    "{env:API_TOKEN} and token={env:API_TOKEN}, Authorization: Bearer {env:API_TOKEN}",
]


@pytest.mark.parametrize("text", READABLE)
def test_what_explains_a_failure_stays(text: str) -> None:
    """Names, source lines, addresses and sentences are shown unchanged."""
    assert redacted(text) == text


def test_a_secret_is_hidden_by_the_key_of_its_json() -> None:
    """In parsed JSON the name and the value are apart."""
    data = {"password": SECRET, "spans": [{"name": f"GET /?token={SECRET}&page=2"}], "token": 7}
    assert all_masked(data) == {
        "password": "[redacted]",
        "spans": [{"name": "GET /?token=[redacted]&page=2"}],
        "token": 7,
    }


@pytest.mark.parametrize(
    "piece", ["a", "password", "token=", "x://", "-", "'", "password: ", "://a:"]
)
def test_a_long_line_costs_little(piece: str) -> None:
    """No text makes an expression try every combination: the cost grows with the length."""
    begun_s = time.process_time()
    redacted(piece * (16384 // len(piece)))
    assert time.process_time() - begun_s < 2
