"""Try: change a policy, see what is wrong with it as one writes, publish it, and go back to an earlier one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import Any, Final
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from handraise.console.guard import checked, form_of, session_of
from handraise.console.policies import InForce, Policies, Proposal, versions
from handraise.console.publisher import BrokerAwayError, confirmed
from handraise.console.rendering import is_partial
from handraise.console.services import Services, services_of
from handraise.review.publishing import ReadTo, UnreadPolicyError, policies_read_to, publish_policy, withdraw_policy
from handraise.review.queries import businesses, policy_version
from handraise.review.tables import PolicyRow

_SEEN_SECONDS: Final = 3.0
_LOOK_SECONDS: Final = 0.1
_MOST_NOTE: Final = 500
_UNREAD: Final = (
    "This policy was changed, and the log has not read that yet, so nothing was published. Once the new version is"
    " shown here, make your change to that one. If that takes longer than a minute, `handraise log` is behind or not"
    " running."
)


async def choose(request: Request) -> Response:
    """Whose policy."""
    services = services_of(request)

    def read() -> list[str]:
        with services.log.reading() as session:
            return businesses(session)

    known = await run_in_threadpool(read)
    if len(known) == 1:
        return RedirectResponse(address(known[0]), 303)
    return services.renderer.page(request, "try_choose.html", businesses=known)


async def show(request: Request) -> Response:
    """The editor, with the policy in force or an earlier version in it."""
    services, business = services_of(request), _business(request)
    wanted = request.query_params.get("version")
    found, published = await run_in_threadpool(_read, services, business)
    document, opened = found.document, None
    if wanted:
        opened = await run_in_threadpool(_version, services, business, wanted)
        if opened is None or opened.document is None:
            raise HTTPException(404, "There is no such version.")
        document = opened.document
    proposal = await run_in_threadpool(_propose, services, business, document)
    return services.renderer.page(
        request, "try.html", **values(business, found, published), document=document, proposal=proposal, opened=opened
    )


async def check(request: Request) -> Response:
    """What is wrong with the text as it is now."""
    services, business, form = services_of(request), _business(request), await form_of(request)
    proposal = await run_in_threadpool(_propose, services, business, text_of(form, "document"))
    return services.renderer.page(request, "try_problems.html", proposal=proposal, version=text_of(form, "against"))


async def publish(request: Request) -> Response:
    """Put the text into force, unless somebody else has changed the policy since the page was loaded."""
    services, business, form = services_of(request), _business(request), await form_of(request)
    proposal = await run_in_threadpool(_propose, services, business, text_of(form, "document"))
    if proposal.draft is None or proposal.version is None:
        return _outcome(
            request, business, proposal=proposal, status=422, problem="This cannot be published before it is mended."
        )
    found, read_to = await run_in_threadpool(_known, services, business)
    if found.version != text_of(form, "against"):
        return _outcome(request, business, proposal=proposal, status=409, problem=_meanwhile(found))
    note = " ".join(text_of(form, "note").split())[:_MOST_NOTE] or None
    publishing = publish_policy(
        services.settings,
        proposal.draft,
        document=text_of(form, "document"),
        by=session_of(request).name,
        note=note,
        read_to=read_to,
    )
    return await _sent(request, business, publishing, proposal)


async def withdraw(request: Request) -> Response:
    """Let the policy of the workers' file hold again, unless somebody else has changed what was published over it."""
    services, business, form = services_of(request), _business(request), await form_of(request)
    found, read_to = await run_in_threadpool(_known, services, business)
    proposal, is_changed = found.beneath, found.version != text_of(form, "against")
    if proposal is None or proposal.version is None:
        if is_changed:
            raise HTTPException(409, _meanwhile(found))
        raise HTTPException(404, "There is no policy of a file of the workers to go back to.")
    if is_changed:
        return _outcome(request, business, proposal=proposal, status=409, problem=_meanwhile(found))
    by, note = session_of(request).name, "Back to the workers' file"
    withdrawing = withdraw_policy(services.settings, business, by=by, note=note, read_to=read_to)
    return await _sent(request, business, withdrawing, proposal, is_published=False)


async def state(request: Request) -> Response:
    """Which version holds, and whether the workers follow it; asked again whenever the log has something new."""
    services, business = services_of(request), _business(request)
    found, published = await run_in_threadpool(_read, services, business)
    return services.renderer.page(request, "try_versions.html", **values(business, found, published))


def address(business: str) -> str:
    """The page of a business's policy."""
    return f"/try/{quote(business, safe='')}"


def values(business: str, found: InForce, published: list[PolicyRow]) -> dict[str, Any]:
    """What the templates of the page name."""
    return {
        "business": business,
        "address": address(business),
        "in_force": found,
        "versions": published,
        "version": found.version,
    }


def text_of(form: FormData, name: str) -> str:
    """A text of the form, with the line ends that a file has."""
    value = form.get(name)
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""


def _meanwhile(found: InForce) -> str:
    """Somebody else was faster."""
    by = (found.publication.by if found.publication else None) or "Somebody"
    return f"{by} has changed this policy meanwhile. Open it anew, and make your change to what holds now."


async def _sent(
    request: Request, business: str, publishing: Awaitable[None], proposal: Proposal, *, is_published: bool = True
) -> Response:
    """Send it to Kafka, and wait a moment for the log to read it."""
    services = services_of(request)
    try:
        await confirmed(publishing)
    except UnreadPolicyError:
        return _outcome(request, business, proposal=proposal, status=409, problem=_UNREAD)
    except BrokerAwayError as error:
        return _outcome(request, business, proposal=proposal, status=503, problem=str(error))
    seen = await _seen(services, business, proposal.version, is_published=is_published)
    if not is_partial(request):
        return RedirectResponse(address(business), 303)
    return _outcome(request, business, proposal=proposal, seen=seen, is_published=is_published)


def _outcome(
    request: Request,
    business: str,
    *,
    proposal: Proposal,
    status: int = 200,
    problem: str = "",
    seen: bool = False,
    is_published: bool = True,
) -> Response:
    """What became of publishing; htmx puts it below the editor."""
    services = services_of(request)
    if not is_partial(request):
        raise HTTPException(status, problem)
    answer = services.renderer.page(
        request,
        "try_published.html",
        status,
        proposal=proposal,
        problem=problem,
        seen=seen,
        is_published=is_published,
        address=address(business),
    )
    if not problem:
        answer.headers["HX-Trigger-After-Swap"] = "published"
    return answer


def _business(request: Request) -> str:
    business = request.path_params["business"]
    return str(business)


def _read(services: Services, business: str) -> tuple[InForce, list[PolicyRow]]:
    with services.log.reading() as session:
        return Policies(session, services.settings).in_force(business), versions(session, business)


def _known(services: Services, business: str) -> tuple[InForce, ReadTo]:
    """What the log has of a policy, and how far it has read."""
    with services.log.reading() as session:
        found = Policies(session, services.settings).in_force(business)
        return found, policies_read_to(session, services.settings)


def _propose(services: Services, business: str, document: str) -> Proposal:
    with services.log.reading() as session:
        return Policies(session, services.settings).propose(business, document)


def _version(services: Services, business: str, version: str) -> PolicyRow | None:
    with services.log.reading() as session:
        return policy_version(session, business, version)


async def _seen(services: Services, business: str, version: str | None, *, is_published: bool) -> bool:
    """Whether the log has read the new version within the time that a person waits for."""
    deadline = time.monotonic() + _SEEN_SECONDS
    while time.monotonic() < deadline:
        found, _ = await run_in_threadpool(_read, services, business)
        if found.version == version and (found.publication is not None) == is_published:
            return True
        await asyncio.sleep(_LOOK_SECONDS)
    return False


routes = [
    Route("/try", choose),
    Route("/try/{business}", show),
    Route("/try/{business}/state", state),
    Route("/try/{business}/check", checked(check), methods=["POST"]),
    Route("/try/{business}/publish", checked(publish), methods=["POST"]),
    Route("/try/{business}/withdraw", checked(withdraw), methods=["POST"]),
]
