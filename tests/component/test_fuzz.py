"""Whatever bytes come in, each record is either used or a dead letter, and nothing but the typed errors is raised."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from handraise.conversation import Processor
from handraise.detection.signals import Intent, Signals
from handraise.engine.batch import Batch, Outbox
from handraise.engine.folding import Folding
from handraise.engine.shelf import check_policy
from handraise.engine.state import PartitionState
from handraise.engine.topics import Topic, TopicNames
from handraise.events import MESSAGES, OUTCOMES, InvalidEventError, decode
from handraise.policy import PolicyBook, PolicyError, compile_policy, parse
from tests.support.records import FakeRecord
from tests.support.steps import WithoutThreads

SCALARS: Final = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20))
JSON: Final = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
GOOD: Final[Sequence[dict[str, Any]]] = (
    {
        "message_id": "m",
        "conversation_id": "c",
        "business_id": "b",
        "sender": "customer",
        "sent_at": "2026-03-02T10:15:00Z",
        "text": "Where is my order?",
        "customer": {"id": "7", "name": "Ana"},
        "assistant": {"answered": True, "confidence": 0.5},
        "attributes": {"tier": "gold"},
    },
    {
        "outcome_id": "o",
        "conversation_id": "c",
        "business_id": "b",
        "kind": "resolved",
        "at": 1_764_000_000_000,
    },
)
POLICY: Final[dict[str, Any]] = {
    "business_id": "b",
    "owner": "Rosa",
    "within": "2 hours",
    "hours": {"zone": "Europe/Lisbon", "days": {"mon-fri": "09:00-17:00"}, "holidays": "PT", "closed": ["2026-08-10"]},
    "languages": ["en", "pt"],
    "triggers": {"high_value": {"quantity": 12, "amounts": {"EUR": 600}, "cooldown": "5 minutes", "threshold": 0.6}},
    "own_triggers": {
        "allergy": {
            "when": {
                "any": [{"keywords": ["allerg*"]}, {"patterns": ["\\bINV-\\d{6}\\b"]}, {"sentiment": {"at_most": -0.3}}]
            },
            "action": "notify",
        }
    },
}


@st.composite
def spoilt(draw: st.DrawFn, documents: Sequence[dict[str, Any]]) -> bytes:
    """A good document with a value somewhere in it replaced, a field dropped or added, or bytes of it changed."""
    document = json.loads(json.dumps(draw(st.sampled_from(documents))))
    for _ in range(draw(st.integers(0, 3))):
        place: Any = document
        while True:
            if isinstance(place, dict) and place:
                key: Any = draw(st.sampled_from(sorted(place)))
            elif isinstance(place, list) and place:
                key = draw(st.integers(0, len(place) - 1))
            else:
                break
            if not isinstance(place[key], dict | list) or draw(st.booleans()):
                match draw(st.sampled_from(("replace", "drop", "add"))):
                    case "replace":
                        place[key] = draw(JSON)
                    case "drop":
                        del place[key]
                    case _ if isinstance(place, dict):
                        place[draw(st.text(max_size=12))] = draw(JSON)
                    case _:
                        place.append(draw(JSON))
                break
            place = place[key]
    data = json.dumps(document, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    if draw(st.integers(0, 3)) == 0:
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.binary(max_size=4)) + data[at + draw(st.integers(0, 4)) :]
    return data


Result = TypeVar("Result")
Refused = TypeVar("Refused", bound=Exception)
AnyDecoder = msgspec.json.Decoder[Any]


def attempt(work: Callable[[], Result], refusal: type[Refused]) -> tuple[Result | None, Refused | None]:
    """What comes of it, or the one kind of error that may."""
    try:
        return work(), None
    except refusal as error:
        return None, error


EVENTS: Final = st.one_of(st.binary(max_size=60), JSON.map(lambda value: json.dumps(value).encode()), spoilt(GOOD))


@given(EVENTS, st.sampled_from([MESSAGES, OUTCOMES]))
def test_an_event_is_decoded_or_refused_with_a_path_and_a_reason(data: bytes, decoder: AnyDecoder) -> None:
    """And what was decoded can be written and read again."""
    event, refused = attempt(lambda: decode(data, decoder), InvalidEventError)
    if refused is not None:
        assert refused.path.startswith("$")
        assert refused.reason
    else:
        assert event is not None
        assert decode(msgspec.json.encode(event), decoder) == event


@given(st.one_of(st.binary(max_size=60), spoilt([POLICY])))
def test_a_policy_is_compiled_or_refused_with_its_problems(data: bytes) -> None:
    """The worker's check says the same."""
    compiled, refused = attempt(lambda: compile_policy(parse(data)), PolicyError)
    if refused is not None:
        assert str(refused)
        assert check_policy(b"b", data)
    else:
        assert compiled is not None
        assert compiled.version


@given(st.lists(st.tuples(st.sampled_from([Topic.MESSAGES, Topic.OUTCOMES, Topic.POLICIES]), EVENTS), max_size=12))
def test_each_record_is_used_or_a_dead_letter_as_it_came(values: list[tuple[Topic, bytes]]) -> None:
    """Never neither, and never both."""
    records = [FakeRecord(value, topic=topic.value, offset=offset) for offset, (topic, value) in enumerate(values)]
    outbox = asyncio.run(_folded(records))
    sources = [record for record in records if record.topic != Topic.POLICIES.value]
    dead = [record for record in sources if (record.topic, record.offset) in outbox.dead]
    assert len(outbox.folded) + len(dead) == len(sources)
    letters = [send.value for send in outbox.sends if send.topic is Topic.DEAD_LETTERS]
    buried = [record for record in records if (record.topic, record.offset) in outbox.dead]
    assert sorted(letter or b"" for letter in letters) == sorted(record.value or b"" for record in buried)


async def _folded(records: Sequence[FakeRecord]) -> Outbox:
    state = PartitionState()

    async def commit(_: Batch, __: Outbox) -> None:
        """Nothing is written."""

    batch = Batch(records, 1, state, None, commit)
    book = PolicyBook()
    processor = Processor(book.__getitem__, silent, "test")
    async with batch.transaction() as outbox:
        await Folding(WithoutThreads(processor, silent), TopicNames(""), check_policy).fold(batch, outbox)
    return outbox


SILENT: Final = Signals(language="und", sentiment=0.0, intent=Intent.OTHER)


def silent(texts: Sequence[str], **_: object) -> list[Signals]:
    """No text says anything."""
    return [SILENT] * len(texts)
