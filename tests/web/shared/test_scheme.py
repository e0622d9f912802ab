"""The colour scheme is in the page as it is sent: nothing has to run before it is painted."""

from __future__ import annotations

import pytest
from django.test import AsyncClient

EVIL = 'dark" onload="alert(1)'


@pytest.mark.parametrize(
    ("scheme", "attribute"),
    [
        ("dark", ' data-scheme="dark"'),
        ("light", ' data-scheme="light"'),
        ("system", ""),
        ("", ""),
        (EVIL, ""),
    ],
)
@pytest.mark.parametrize("address", ["/", "/no-such-page/"])
async def test_a_page_has_the_scheme_of_its_cookie(
    browser: AsyncClient, address: str, scheme: str, attribute: str
) -> None:
    browser.cookies["liveburst_scheme"] = scheme
    page = (await browser.get(address)).content.decode()
    opening = page.split("<html", 1)[1].split(">", 1)[0]
    assert opening.strip() == f'lang="en"{attribute}'
    assert "onload" not in page
