"""One conversation, turn by turn: what was said, what each trigger made of it, and what followed."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final

import msgspec
from aiokafka.errors import KafkaError
from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handraise.console import words
from handraise.console.handover import Happening, deeds, in_order, steps
from handraise.console.highlight import Piece, pieces
from handraise.console.services import services_of
from handraise.console.trial.past import read_conversation
from handraise.engine.clients import Clients
from handraise.engine.errors import EngineError
from handraise.engine.topics import TopicNames
from handraise.events import ChatMessage, Sender, Turn, milliseconds, utc
from handraise.review.masked import Masker
from handraise.review.queries import Exchange, History, conversation_history, erasures
from handraise.review.tables import DecisionRow

_BEFORE: Final = timedelta(days=1)
"""The first decision of a conversation may come so long after its first message."""
_READ_SECONDS: Final = 20.0


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
    """The conversation that the address names, as the log keeps it."""
    history, _ = await _history(request)
    return services_of(request).renderer.page(
        request,
        "conversation.html",
        business=history.business_id,
        conversation=history.conversation_id,
        escalations=history.escalations,
        moments=moments(history),
        told="",
    )


async def show_whole(request: Request) -> Response:
    """The same with what the log does not keep: each message since an erasure, from Kafka as far as it reaches."""
    services = services_of(request)
    history, erased_at = await _history(request)
    begun = min([history.exchanges[0].at, *(row.raised_at for row in history.escalations)])
    try:
        async with asyncio.timeout(_READ_SECONDS):
            talk = await read_conversation(
                Clients(services.settings),
                TopicNames(services.settings.topic_prefix),
                history.business_id,
                history.conversation_id,
                since_ms=milliseconds(begun - _BEFORE),
                erased_ms=None if erased_at is None else milliseconds(erased_at),
                limit=services.settings.console_trial_messages,
            )
    except (EngineError, KafkaError, TimeoutError):
        told = "Kafka does not answer, so only what the log keeps is shown."
        return services.renderer.page(request, "conversation_turns.html", moments=moments(history), told=told)
    if talk.is_cut:
        told = "There is more in Kafka than is read at a time: what was said last may be missing."
    else:
        told = "" if talk.messages else "Kafka holds this conversation no more, so only what the log keeps is shown."
    masker = Masker(contacts=services.settings.log_mask_contacts)
    whole = moments(_completed(history, talk.messages, masker))
    return services.renderer.page(request, "conversation_turns.html", moments=whole, told=told)


def _completed(history: History, messages: list[ChatMessage], masker: Masker) -> History:
    """The history with every message in it, masked as the log is."""
    exchanges = {exchange.message_id: exchange for exchange in history.exchanges}
    for message in messages:
        at = utc(milliseconds(message.sent_at))
        turn = Turn(message_id=message.message_id, sender=message.sender, sent_at=at, text=masker.text(message.text))
        known = exchanges.get(message.message_id)
        exchanges[message.message_id] = (
            Exchange(message_id=message.message_id, at=at, turn=turn, evidence=[], decisions=[])
            if known is None
            else msgspec.structs.replace(known, turn=turn)
        )
    order = {message.message_id: place for place, message in enumerate(messages)}
    in_order = sorted(exchanges.values(), key=lambda exchange: (exchange.at, order.get(exchange.message_id, -1)))
    return msgspec.structs.replace(history, exchanges=in_order)


def moments(history: History) -> list[Moment]:
    """The exchanges in their order, each with the happenings up to the next."""
    happenings = in_order(deeds(history.outcomes), *(steps(events) for events in history.revisions.values()))
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


async def _history(request: Request) -> tuple[History, datetime | None]:
    """The conversation, and up to when it was erased, if it was."""
    services = services_of(request)
    named = request.path_params["business"], request.path_params["conversation"]

    def read() -> tuple[History | None, datetime | None]:
        with services.log.reading() as session:
            return conversation_history(session, *named), erasures(session, [named]).get(named)

    history, erased_at = await run_in_threadpool(read)
    if history is None:
        raise HTTPException(404, "The log knows of no decision in this conversation.")
    return history, erased_at


routes = [
    Route("/conversations/{business}/whole/{conversation:path}", show_whole),
    Route("/conversations/{business}/{conversation:path}", show),
]
