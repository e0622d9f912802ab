"""The pages that only an exposed dashboard has: login, logout, and the audit list."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import login, logout
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.timezone import now
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.accounts import AuditEntry, Role, User
from dashboard.web.access.audit import LOGGED_IN, write
from dashboard.web.access.forwarded import UPGRADE_LINES, Obstacle
from dashboard.web.access.refusal import page_headers
from dashboard.web.access.roles import NEXT, Access, access_of
from dashboard.web.access.sessions import begin
from dashboard.web.shared.htmx import HtmxRequest
from dashboard.web.shared.queue_chips import chips

from .check_login import LoginCheck, Refused

logger = logging.getLogger(__name__)
BACKEND = "liveburst"  # Django stores with a session what checked its password
ENTRIES_PER_PAGE = 100
WRONG = "The name or the password is wrong."
checks = LoginCheck()


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
async def login_page(request: HtmxRequest) -> HttpResponse:
    """GET: the form. POST: log in, and open the page that was asked for."""
    _only_exposed()
    access = access_of(getattr(request, "scope", {}))
    if request.method != "POST":
        if access.name:
            return HttpResponseRedirect(_next(request.GET.get(NEXT, "")), status=303)
        return await _form(request, request.GET.get(NEXT, ""))
    name = request.POST.get("name", "").strip().lower()[:150]
    try:
        user = await checks.user(name, request.POST.get("password", "")[:1000], access.address)
    except Refused as refused:
        return await _refuse(request, name, access.address, refused.wait_s)
    await sync_to_async(_log_in)(request, user, access.address)
    return HttpResponseRedirect(_next(request.POST.get(NEXT, "")), status=303)


async def _refuse(request: HttpRequest, name: str, address: str, wait_s: int) -> HttpResponse:
    logger.warning("A login from %s failed", address)
    asked_for = request.POST.get(NEXT, "")
    if not wait_s:
        return await _form(request, asked_for, name, WRONG, 422)
    problem = f"Too many failed logins. Try again in {_waiting(wait_s)}."
    response = await _form(request, asked_for, name, problem, 429)
    response["Retry-After"] = str(wait_s)
    return response


def _waiting(wait_s: int) -> str:
    return f"{wait_s} s" if wait_s < 100 else f"{-(-wait_s // 60)} minutes"


async def _form(
    request: HttpRequest, asked_for: str, name: str = "", problem: str = "", status: int = 200
) -> HttpResponse:
    context = {"next": _next(asked_for), "name": name, "problem": problem}
    response = await sync_to_async(_alone)(request, "access/login.html", context, status)
    # The form is refused unless its page's address is known.
    response["referrer-policy"] = "same-origin"
    return response


def _alone(
    request: HttpRequest, template: str, context: Mapping[str, Any], status: int
) -> HttpResponse:
    """Return a page that contains its own style and needs no other file."""
    response = render(request, template, context, status=status)
    for header, value in page_headers().items():
        response[header] = value
    return response


def _log_in(request: HttpRequest, user: User, address: str) -> None:
    """Begin a new session: a key that was known before the login is of no use afterwards."""
    login(request, user, BACKEND)
    begin(request.session)
    User.objects.filter(pk=user.pk).update(last_login=now())
    write(Access(user.name, Role(user.role), address), LOGGED_IN)


def _next(asked_for: str) -> str:
    """Return the address on this host to open, else the bench's."""
    bench = reverse("bench")
    safe = url_has_allowed_host_and_scheme(asked_for, allowed_hosts=None, require_https=True)
    return asked_for if safe and asked_for.startswith(bench) else bench


@require_POST
def logout_page(request: HttpRequest) -> HttpResponse:
    """End the session."""
    _only_exposed()
    logout(request)
    return HttpResponseRedirect(reverse("login"), status=303)


@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """List what operators did, the newest first."""
    _only_exposed()
    page = Paginator(AuditEntry.objects.all(), ENTRIES_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "accounts/audit.html", {"page": page, "queue": chips()})


@require_safe
def not_upgraded(request: HttpRequest) -> HttpResponse:
    """Name the lines that are missing in a proxy that passes the websocket on as a request."""
    _only_exposed()
    sentence = "The proxy passes the page's websocket on as an ordinary request."
    context = {"obstacle": Obstacle(sentence, UPGRADE_LINES)}
    response = _alone(request, "access/obstacle.html", context, 426)
    response["Upgrade"] = "websocket"
    return response


def _only_exposed() -> None:
    if not settings.EXPOSURE.exposed:
        raise Http404
