"""Traffic for the benchmarks: conversations in seven languages, the same ones for the same number of events.

Who speaks when is taken from the conversations of the demo and of the tests, what is said from the corpus of the
detector. Most of it calls for nothing, as in life: the share of turns drawn from rows that hold a label is below.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.json import Decoder

from handraise.demo.samples import load_samples
from handraise.events import Assistant, ChatMessage, Customer, Sender, encode
from tests.support.brokers import ROOT

CORPUS: Final = ROOT / "workers" / "handraise" / "detection" / "corpus"
CONVERSATIONS: Final = ROOT / "tests" / "data" / "conversations"

LANGUAGES: Final = {"en": 56, "es": 10, "pt": 8, "fr": 7, "de": 8, "hi": 3, "hi_latn": 4, "ar": 4}
"""Shares of the conversations, in per cent."""
BUSINESSES: Final = 400
LIVE: Final = 1_500
"""Conversations that go on at the same time."""
LABELLED: Final = {Sender.CUSTOMER: 0.06, Sender.ASSISTANT: 0.12}
"""Share of the turns that are drawn from rows with a label; most of the AI's only ask for a detail."""
JOINED: Final = {Sender.CUSTOMER: 0.35, Sender.ASSISTANT: 0.7}
"""Share of the turns that are two texts in one, so that fewer of them are ever said twice."""
LONGEST_TEXT: Final = 160
"""Bytes of a text; the corpus has longer ones, of AI agents that take many words."""
LONG: Final = 0.02
"""Share of the conversations that go on for up to `LONGEST` turns."""
LONGEST: Final = 200
HINTED: Final = 0.6
"""Share of the conversations whose producer names the language."""
_CHANNELS: Final = ("web", "app", "whatsapp", "email")
_NAMES: Final = ("Ana", "Joe", "Miriam", "Lukas", "Priya", "Omar", "Chloé", "Inês", "Anaïs", "Tom", "Salma", "Ravi")
_DIGIT: Final = re.compile(r"\d")
_BEGIN: Final = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_STEP: Final = timedelta(milliseconds=40)


class Made(NamedTuple):
    """A record for the message topic, and when its message was sent."""

    key: bytes
    value: bytes


class _Row(Struct):
    text: str
    language: str
    sender: Sender
    labels: list[str]


class _Texts:
    """What can be said, by language and sender, without a label and with one."""

    def __init__(self) -> None:
        decoder = Decoder(_Row)
        found = defaultdict[tuple[str, Sender, bool], list[str]](list)
        for file in sorted(CORPUS.glob("train/*.jsonl")):
            for line in file.read_bytes().splitlines():
                row = decoder.decode(line)
                if len(row.text.encode()) > LONGEST_TEXT:
                    continue
                found[row.language, row.sender, bool(row.labels)].append(row.text)
        self._found: Final = dict(found)

    def draw(self, chance: random.Random, language: str, sender: Sender) -> str:
        """One turn's text, with its figures thrown anew."""
        author = Sender.CUSTOMER if sender is Sender.CUSTOMER else Sender.ASSISTANT
        pool = self._found[language, author, chance.random() < LABELLED[author]]
        text = chance.choice(pool)
        if chance.random() < JOINED[author]:
            text = f"{text} {chance.choice(self._found[language, author, False])}"
        return _DIGIT.sub(lambda _: chance.choice("0123456789"), text)


class _Conversation:
    """One conversation, turn by turn."""

    def __init__(self, chance: random.Random, number: int, texts: _Texts) -> None:
        self._chance: Final = chance
        self._texts: Final = texts
        language = chance.choices(list(LANGUAGES), list(LANGUAGES.values()))[0]
        self._language: Final = language
        self._tag: Final = ("hi" if language == "hi_latn" else language) if chance.random() < HINTED else None
        self._id: Final = f"c-{number:07d}-{chance.getrandbits(64):016x}"
        self._business: Final = f"business-{int(BUSINESSES * chance.random() ** 2):03d}"
        self._channel: Final = chance.choice(_CHANNELS)
        self._customer: Final = Customer(id=f"u-{chance.getrandbits(40):010x}", name=chance.choice(_NAMES))
        self._senders: Final = list(chance.choice(_senders()))
        if chance.random() < LONG:
            self._senders.extend(self._senders * (LONGEST // len(self._senders) - 1))
            del self._senders[chance.randrange(40, LONGEST) :]
        self._said = 0

    @property
    def over(self) -> bool:
        """Whether everything is said."""
        return self._said == len(self._senders)

    def turn(self, place: int) -> Made:
        """The next message, number `place` of all."""
        sender = self._senders[self._said]
        self._said += 1
        message = ChatMessage(
            message_id=f"m-{place:08d}-{self._chance.getrandbits(64):016x}",
            conversation_id=self._id,
            business_id=self._business,
            sender=sender,
            sent_at=_BEGIN + place * _STEP,
            text=self._texts.draw(self._chance, self._language, sender),
            channel=self._channel,
            language=self._tag,
            customer=self._customer,
            assistant=self._of_assistant() if sender is Sender.ASSISTANT else None,
            attributes={"page": f"/help/{self._chance.randrange(200)}", "returning": self._chance.random() < 0.5},
        )
        return Made(self._id.encode(), encode(message))

    def _of_assistant(self) -> Assistant:
        chance = self._chance
        return Assistant(
            answered=chance.random() > 0.01,
            confidence=round(0.55 + 0.44 * chance.random(), 2),
            intent=f"topic-{chance.randrange(60)}",
            sources=[f"kb/{chance.randrange(900)}"],
        )


@cache
def _senders() -> tuple[tuple[Sender, ...], ...]:
    """Who speaks in the conversations of the demo and the tests."""
    samples = load_samples([*sorted((ROOT / "workers/handraise/demo/conversations").glob("*.jsonl"))])
    samples += load_samples([*sorted(CONVERSATIONS.glob("*.jsonl"))])
    return tuple(tuple(message.sender for message in sample.messages) for sample in samples)


def traffic(events: int, seed: int = 1) -> Iterator[Made]:
    """So many messages, in order. Equal arguments give equal bytes."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    texts = _Texts()
    live: list[_Conversation] = []
    begun = 0
    for place in range(events):
        at = chance.randrange(LIVE)
        if at >= len(live) or live[at].over:
            begun += 1
            at = min(at, len(live))
            live[at : at + 1] = [_Conversation(chance, begun, texts)]
        yield live[at].turn(place)
