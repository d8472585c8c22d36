"""One conversation, turn by turn: what was said, what each trigger made of it, and what followed."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handraise.console import words
from handraise.console.handover import Happening, deeds, steps
from handraise.console.highlight import Piece, pieces
from handraise.console.services import services_of
from handraise.events import Sender
from handraise.review.queries import Exchange, History, conversation_history
from handraise.review.tables import DecisionRow


class Moment(Struct, frozen=True, kw_only=True):
    """One message with what was decided on it, and what happened after it and before the next."""

    message_id: str
    at: datetime
    sender: Sender | None
    who: str
    pieces: list[Piece]
    cut: int
    decisions: list[DecisionRow]
    then: list[Happening]


async def show(request: Request) -> Response:
    """The conversation that the address names."""
    services = services_of(request)
    business, conversation = request.path_params["business"], request.path_params["conversation"]

    def read() -> History | None:
        with services.log.reading() as session:
            return conversation_history(session, business, conversation)

    history = await run_in_threadpool(read)
    if history is None:
        raise HTTPException(404, "The log knows of no decision in this conversation.")
    return services.renderer.page(
        request,
        "conversation.html",
        business=business,
        conversation=conversation,
        escalations=history.escalations,
        moments=moments(history),
    )


def moments(history: History) -> list[Moment]:
    """The exchanges in their order, each with the happenings up to the next."""
    happenings = sorted(
        [*deeds(history.outcomes), *(step for events in history.revisions.values() for step in steps(events))],
        key=lambda happening: happening.at,
    )
    exchanges = history.exchanges
    ends = [*(exchange.at for exchange in exchanges[1:]), None]
    return [
        _moment(
            exchange,
            [
                happening
                for happening in happenings
                if (happening.at >= exchange.at or exchange is exchanges[0]) and (end is None or happening.at < end)
            ],
        )
        for exchange, end in zip(exchanges, ends, strict=True)
    ]


def _moment(exchange: Exchange, then: list[Happening]) -> Moment:
    turn = exchange.turn
    return Moment(
        message_id=exchange.message_id,
        at=exchange.at,
        sender=turn.sender if turn else None,
        who=words.SENDERS[turn.sender] if turn else "Timer" if exchange.message_id.startswith("timer:") else "Message",
        pieces=pieces(turn.text, exchange.evidence) if turn else [],
        cut=turn.cut if turn else 0,
        decisions=exchange.decisions,
        then=then,
    )


routes = [Route("/conversations/{business}/{conversation:path}", show)]
