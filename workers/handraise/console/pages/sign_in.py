"""Signing in and out."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from handraise.console.guard import SIGN_IN, checked
from handraise.console.services import services_of

_HOME = "/now"


async def show(request: Request) -> Response:
    """The form; the address that the terminal prints fills the token in."""
    return _form(request, token=request.query_params.get("token", ""), next_page=request.query_params.get("next", ""))


async def enter(request: Request) -> Response:
    """Compare the token, and remember who it was."""
    services = services_of(request)
    form = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    name, next_page = form.get("name", "").strip(), form.get("next", "")
    if not services.access.accepts(form.get("token", "")):
        return _form(request, 403, name=name, next_page=next_page, problem="That is not the token.")
    if not name:
        return _form(request, 422, token=form["token"], next_page=next_page, problem="Say who you are.")
    answer = RedirectResponse(_own_page(next_page), 303)
    answer.set_cookie(
        services.place.cookie,
        services.access.cookie(name, form.get("zone", "UTC")),
        max_age=services.access.seconds,
        secure=services.place.secure,
        httponly=True,
        samesite="strict",
    )
    return answer


async def leave(request: Request) -> Response:
    """Forget who it was."""
    place = services_of(request).place
    answer = RedirectResponse(SIGN_IN, 303)
    answer.delete_cookie(place.cookie, secure=place.secure, httponly=True, samesite="strict")
    return answer


def _form(
    request: Request, status: int = 200, *, name: str = "", token: str = "", next_page: str = "", problem: str = ""
) -> Response:
    return services_of(request).renderer.page(
        request, "sign_in.html", status, name=name, token=token, next=next_page, problem=problem
    )


def _own_page(path: str) -> str:
    """A page of the console to go on to; an address that could lead anywhere else is not followed."""
    is_own = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_own else _HOME


routes = [
    Route(SIGN_IN, show),
    Route(SIGN_IN, enter, methods=["POST"]),
    Route("/sign-out", checked(leave), methods=["POST"]),
]
