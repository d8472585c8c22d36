"""The wire types: what Handraise reads from and writes to its topics, and nothing else.

Each struct is the value of one topic, as JSON. Decoding is strict about types, ranges and lengths and ignores fields
that it does not know, so that a producer can add fields before the workers are upgraded. Times on the wire are
RFC 3339 in UTC; a producer may also send `sent_at` and `at` as epoch milliseconds.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Final, TypeVar

import msgspec
import msgspec.inspect
from msgspec import Meta, Struct

# --- value types ---

Id = Annotated[str, Meta(min_length=1, max_length=200, description="An identifier, unique where it is used.")]
_BUSINESS: Final = r"^[^/]+$"
_ABOUT_BUSINESS: Final = "The tenant; without `/`, which keys use."
BusinessId = Annotated[str, Meta(min_length=1, max_length=200, pattern=_BUSINESS, description=_ABOUT_BUSINESS)]
MAX_NAME: Final = 200
Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
MAX_SHORT_TEXT: Final = 2_000
ShortText = Annotated[str, Meta(max_length=MAX_SHORT_TEXT)]
MAX_TEXT: Final = 500_000
"""Code points of a message; one with more is refused whole."""
Text = Annotated[str, Meta(max_length=MAX_TEXT)]
Score = Annotated[float, Meta(ge=0.0, le=1.0)]
Polarity = Annotated[float, Meta(ge=-1.0, le=1.0)]
Count = Annotated[int, Meta(ge=0)]
Label = Annotated[str, Meta(min_length=1, max_length=64)]
_TAG: Final = r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,4}$"
_ABOUT_TAGS: Final = "BCP 47, for example `en` or `pt-BR`."
LanguageTag = Annotated[str, Meta(pattern=_TAG, description=_ABOUT_TAGS)]
UtcTime = Annotated[datetime, Meta(tz=True, description="RFC 3339, in UTC.")]
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2999
"""What is computed from an event's time, such as when a human is due, must still be a time of the calendar."""
LIKE_SECONDS: Final = range(946_684_800, 10_000_000_000)
"""Of the years from 2000 on, had they been seconds; in milliseconds, some months of 1970 that nobody means."""
EpochMilliseconds = Annotated[
    int,
    Meta(
        ge=0,
        le=32_503_679_999_999,
        description="Milliseconds since 1970-01-01 UTC.",
        extra_json_schema={"not": {"minimum": LIKE_SECONDS.start, "maximum": LIKE_SECONDS.stop - 1}},
    ),
]
EventTime = UtcTime | EpochMilliseconds
Scalar = Annotated[str, Meta(max_length=2_000)] | int | float | bool | None
Attributes = Annotated[dict[Label, Scalar], Meta(max_length=64)]


class Sender(StrEnum):
    """Who wrote a message."""

    CUSTOMER = "customer"
    ASSISTANT = "assistant"
    HUMAN = "human"
    SYSTEM = "system"


class Holder(StrEnum):
    """Who answers the customer."""

    AI = "ai"
    HUMAN = "human"


class ControlState(StrEnum):
    """Where a conversation stands between the AI and the humans."""

    AI = "ai"
    OFFERED = "offered"
    ESCALATED = "escalated"
    HUMAN = "human"
    CLOSED = "closed"


class Priority(StrEnum):
    """How soon a human should look."""

    CRITICAL = "critical"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class Action(StrEnum):
    """What a trigger that fires does."""

    ESCALATE = "escalate"
    NOTIFY = "notify"
    OFFER = "offer"
    SHADOW = "shadow"


class EscalationType(StrEnum):
    """The step in the life of an escalation that an event reports."""

    RAISED = "raised"
    UPDATED = "updated"
    CLOSED = "closed"


class ClosedBecause(StrEnum):
    """Why an escalation ended."""

    RESOLVED = "resolved"
    RELEASED = "released"
    HANDED_BACK = "handed_back"
    IDLE = "idle"
    ERASED = "erased"


class OutcomeKind(StrEnum):
    """What a human-support tool reports."""

    ACCEPTED = "accepted"
    REPLIED = "replied"
    RELEASED = "released"
    RESOLVED = "resolved"
    FAILED = "failed"
    VERDICT = "verdict"
    ERASED = "erased"
    """Everything that is kept of the conversation is to be forgotten."""


class Verdict(StrEnum):
    """A human's judgement of an escalation."""

    APPROPRIATE = "appropriate"
    UNNECESSARY = "unnecessary"
    TOO_LATE = "too_late"
    WRONG_OWNER = "wrong_owner"


class DecisionResult(StrEnum):
    """What became of a trigger on one message."""

    FIRED = "fired"
    SUPPRESSED = "suppressed"
    NEAR = "near"
    MISSED = "missed"
    """A human was probably needed and nothing had been raised; `because` says what tells so."""


class Trend(StrEnum):
    """Where the customer's sentiment is heading."""

    FALLING = "falling"
    STEADY = "steady"
    RISING = "rising"


# --- chat.messages ---

# The two patterns took a third of the time to decode a message. `ChatMessage` sees to them itself, more cheaply.
_QuickBusinessId = Annotated[
    str,
    Meta(min_length=1, max_length=200, description=_ABOUT_BUSINESS, extra_json_schema={"pattern": _BUSINESS}),
]
_QuickLanguageTag = Annotated[str, Meta(description=_ABOUT_TAGS, extra_json_schema={"pattern": _TAG})]


class Customer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the producer knows of the person who writes."""

    id: Id | None = None
    name: Annotated[str, Meta(max_length=200)] | None = None
    segment: Annotated[str, Meta(max_length=200)] | None = None


class Assistant(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the producer knows of one turn of its AI agent; absent means unknown."""

    answered: bool | None = None
    confidence: Score | None = None
    intent: Annotated[str, Meta(max_length=200)] | None = None
    sources: Annotated[list[Annotated[str, Meta(max_length=2_000)]], Meta(max_length=100)] | None = None
    retrieval_score: Score | None = None
    error: Annotated[str, Meta(max_length=2_000)] | None = None


class ChatMessage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One turn of a conversation, as an upstream system publishes it. Kafka key: `conversation_id`."""

    message_id: Id
    conversation_id: Id
    business_id: _QuickBusinessId
    sender: Sender
    sent_at: EventTime
    text: Text
    message_type: Label = "text"
    channel: Label | None = None
    language: _QuickLanguageTag | None = None
    reply_id: Id | None = None
    customer: Customer | None = None
    assistant: Assistant | None = None
    attributes: Attributes | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for a business or a language that does not fit, or a time that is out of range."""
        if "/" in self.business_id:
            raise ValueError(f"Expected `str` matching regex {_BUSINESS!r} - at `$.business_id`")
        if self.language is not None and not _is_tag(self.language):
            raise ValueError(f"Expected `str` matching regex {_TAG!r} - at `$.language`")
        _check_time(self.sent_at, "sent_at")


@lru_cache(maxsize=1_024)
def _is_tag(tag: str) -> bool:
    return re.search(_TAG, tag) is not None


# --- chat.escalations ---


class Reply(Struct, frozen=True, kw_only=True):
    """What the customer is told. To be sent once per `reply_id`, and not after `valid_until`."""

    reply_id: Id
    text: str
    language: str
    valid_until: UtcTime


class Evidence(Struct, frozen=True, kw_only=True):
    """The words that moved a trigger. Offsets are Unicode code points of the message's original text."""

    message_id: Id
    start: Count
    end: Count
    text: str
    signal: str
    score: Score


class Turn(Struct, frozen=True, kw_only=True):
    """One line of the transcript; `cut` counts the code points left out of a long text."""

    message_id: Id
    sender: Sender
    sent_at: UtcTime
    text: str
    cut: Count = 0


class Transcript(Struct, frozen=True, kw_only=True):
    """The last turns, oldest first; `omitted` counts the earlier turns that are not here."""

    turns: list[Turn]
    omitted: Count = 0


class SentimentState(Struct, frozen=True, kw_only=True):
    """The customer's sentiment over the conversation: -1 is most negative, 1 most positive."""

    now: Polarity
    trend: Trend
    lowest: Polarity
    streak: Annotated[int, Meta(ge=0, description="Negative customer messages in a row, up to now.")]


class IntentState(Struct, frozen=True, kw_only=True):
    """What the customer mostly wants, and how often it was asked again."""

    name: str
    asked_again: Count


class Attempt(Struct, frozen=True, kw_only=True):
    """Something that the AI already tried."""

    message_id: Id
    text: str


class Escalation(Struct, frozen=True, kw_only=True):
    """A conversation that a human must take over or know of. Kafka key: `conversation_id`.

    Consumers drop what they have seen of (`escalation_id`, `revision`).
    """

    type: EscalationType
    escalation_id: Id
    revision: Count
    conversation_id: Id
    business_id: BusinessId
    trigger: Name
    trigger_class: str | None
    also: list[str]
    action: Action
    priority: Priority
    owner: str
    queue: str
    due_at: UtcTime
    reply: Reply | None
    reason: str
    evidence: list[Evidence]
    summary: str
    transcript: Transcript
    sentiment: SentimentState
    intent: IntentState
    attempts: list[Attempt]
    customer: Customer | None
    channel: str | None
    policy_version: str
    detector_version: str
    caused_by: Id
    occurred_at: UtcTime
    emitted_at: UtcTime
    closed_because: ClosedBecause | None = None


# --- chat.control ---


class Control(Struct, frozen=True, kw_only=True):
    """Who holds a conversation, and the reply to send now. Kafka key: `business_id/conversation_id`, compacted."""

    business_id: BusinessId
    conversation_id: Id
    holder: Holder
    state: ControlState
    escalation_id: Id | None
    reply: Reply | None
    since: UtcTime


# --- chat.outcomes ---


class Outcome(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a human-support tool reports back. Kafka key: `conversation_id`."""

    outcome_id: Id
    conversation_id: Id
    business_id: BusinessId
    kind: OutcomeKind
    at: EventTime
    escalation_id: Id | None = None
    verdict: Verdict | None = None
    by: Annotated[str, Meta(max_length=MAX_NAME)] | None = None
    note: ShortText | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for a time that is out of range."""
        _check_time(self.at, "at")


# --- chat.decisions ---


class Decision(Struct, frozen=True, kw_only=True):
    """What became of one trigger on one message. Kafka key: `conversation_id`."""

    conversation_id: Id
    business_id: BusinessId
    message_id: Id
    trigger: Name
    result: DecisionResult
    because: str
    score: Score
    threshold: Score
    action: Action
    escalation_id: Id | None
    policy_version: str
    detector_version: str
    occurred_at: UtcTime


# --- chat.dead-letters ---


class DeadLetterReason(StrEnum):
    """Why a record could not be used."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    INVALID = "invalid"
    UNKNOWN_CONVERSATION = "unknown_conversation"
    REJECTED_POLICY = "rejected_policy"


class DeadLetter(Struct, frozen=True, kw_only=True):
    """The headers of a record of `chat.dead-letters`; its key and value are the original bytes.

    Each field is one Kafka header, `handraise.<field>`, as UTF-8 text. `error` names the field and the rule that it
    broke, never its value. `cut_bytes` counts what was left off a record that was too large to keep whole.
    """

    reason: DeadLetterReason
    source_topic: str
    source_partition: Count
    source_offset: Count
    error: str
    cut_bytes: Count = 0


# --- chat.policies ---

Duration = Annotated[
    str,
    Meta(
        pattern=r"^(an?|one|\d{1,4}) (minutes?|hours?|days?)$",
        description="A length of time on the clock: `30 minutes`, `24 hours`, `1 day`.",
    ),
]
Promise = Annotated[
    str,
    Meta(
        pattern=r"^(an?|one|[1-9]\d{0,3}) ((business|working) )?(minutes?|hours?|days?)$",
        description="By when a human answers, counted in opening hours: `30 minutes`, `2 hours`, `1 business day`.",
    ),
]
Window = Annotated[
    str,
    Meta(
        pattern=r"^(an?|one|[1-9]\d{0,3}) (minutes?|hours?|days?|turns?)$",
        description="How far back it counts, in time or in messages of those whom it is about, this one included:"
        " `10 minutes`, `5 turns`.",
    ),
]
OpenTimes = Annotated[
    str,
    Meta(
        pattern=r"^(closed|\d{1,2}:\d{2}-\d{1,2}:\d{2}(, ?\d{1,2}:\d{2}-\d{1,2}:\d{2}){0,11})$",
        description="Intervals, or `closed`: `09:00-13:00, 15:00-19:00`; `18:00-02:00` ends the next day.",
    ),
]
Weekdays = Annotated[
    str,
    Meta(
        pattern=r"^(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?$",
        description="A day of the week, or a range of them: `sat`, `mon-fri`. A single day outranks a range.",
    ),
]
Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$", description="A date: `2026-12-24`.")]
Days = Annotated[
    str,
    Meta(
        pattern=r"^\d{4}-\d{2}-\d{2}( to \d{4}-\d{2}-\d{2})?$",
        description="A date or a range of dates, both included: `2026-08-10 to 2026-08-21`.",
    ),
]
HolidayCode = Annotated[
    str,
    Meta(
        pattern=r"^[A-Z]{2}(-[A-Za-z0-9]{1,6})?$",
        description="Country, or country and region, as in the library `holidays`: `FR`, `DE-BY`.",
    ),
]
PolicyText = Annotated[str, Meta(min_length=1, max_length=4_000)]
Keyword = Annotated[str, Meta(min_length=1, max_length=200)]
Sentence = Annotated[str, Meta(min_length=1, max_length=600)]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$", description="ISO 4217, for example `EUR`.")]
Positive = Annotated[float, Meta(gt=0)]


class _PolicyPart(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A part of a policy: what a business misspells must not pass unseen."""


class Hours(_PolicyPart, frozen=True, kw_only=True):
    """When a business's people answer, in the business's own time zone."""

    zone: Annotated[str, Meta(min_length=1, max_length=64, description="IANA time zone: `Europe/Madrid`.")] = "UTC"
    days: dict[Weekdays, OpenTimes] = msgspec.field(default_factory=lambda: {"mon-fri": "09:00-17:00"})
    holidays: HolidayCode | None = None
    closed: Annotated[list[Days], Meta(max_length=500)] = []
    special: Annotated[dict[Day, OpenTimes], Meta(max_length=500)] = {}
    """Dates with hours of their own; they outrank `holidays` and `closed`."""


class ReplyTexts(_PolicyPart, frozen=True, kw_only=True):
    """A reply that differs with whether the business is open when the customer writes."""

    open: PolicyText
    closed: PolicyText


Replies = PolicyText | dict[LanguageTag, PolicyText | ReplyTexts]
"""Per language; a text alone is in the first language of the policy that wrote it."""


class TriggerPolicy(_PolicyPart, frozen=True, kw_only=True):
    """What a business sets of one trigger; whatever is absent has the default."""

    enabled: bool = True
    action: Action | None = None
    threshold: Score | None = None
    cooldown: Duration | None = None
    owner: Name | None = None
    queue: Name | None = None
    priority: Priority | None = None
    within: Promise | None = None
    around_the_clock: bool = False
    """The promise runs at night and on closed days too."""
    reply: Replies | None = None


class HighValuePolicy(TriggerPolicy, frozen=True, kw_only=True):
    """`high_value` also says from which quantity, and which amount of each currency, an enquiry is large."""

    quantity: Positive | None = None
    amounts: Annotated[dict[Currency, Positive], Meta(max_length=200)] | None = None


class Bounds(_PolicyPart, frozen=True, kw_only=True):
    """A number that lies within both bounds, each included; at least one is given."""

    at_least: float | None = None
    at_most: float | None = None


class AmountBounds(Bounds, frozen=True, kw_only=True):
    """A sum of money in the message, in any currency if none is named."""

    currency: Currency | None = None


class QuantityBounds(Bounds, frozen=True, kw_only=True):
    """A number of things in the message, of any kind if no unit is named."""

    unit: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


class AttributeTest(Bounds, frozen=True, kw_only=True):
    """What an attribute must be; every test that is given must hold."""

    equals: Scalar | msgspec.UnsetType = msgspec.UNSET
    one_of: Annotated[list[Scalar], Meta(min_length=1, max_length=1_000)] | None = msgspec.field(
        name="in", default=None
    )
    exists: bool | None = None


class ExampleTest(_PolicyPart, frozen=True, kw_only=True):
    """A message that means the same as one of some sentences, in whatever words and language."""

    like: Annotated[list[Sentence], Meta(min_length=1, max_length=200)]
    unlike: Annotated[list[Sentence], Meta(min_length=1, max_length=200)] | None = None
    """A message that is nearer to one of these does not hold."""
    at_least: Score = 0.55
    """How alike at least, from 0 to 1: `handraise trigger try` shows what a value catches."""


class CountTest(_PolicyPart, frozen=True, kw_only=True):
    """A condition that held for several messages, the one in hand among them; `at_least` or `in_a_row` is given."""

    of: Condition
    at_least: Annotated[int, Meta(ge=1, le=20)] | None = None
    """So many messages, whatever was said between them."""
    in_a_row: Annotated[int, Meta(ge=1, le=20)] | None = None
    """So many messages without another one between them, of those whom the condition is about."""
    within: Window | None = None


class SequenceTest(_PolicyPart, frozen=True, kw_only=True):
    """Conditions that held one after the other, each for a later message; the last holds for the one in hand."""

    of: Annotated[list[Condition], Meta(min_length=2, max_length=5)]
    within: Window | None = None
    """From the first to the last of them."""


class EarlierTest(_PolicyPart, frozen=True, kw_only=True):
    """A condition that held for a message of the conversation before this one, or holds for this one."""

    of: Condition
    within: Window | None = None


class SilenceTest(_PolicyPart, frozen=True, kw_only=True):
    """Nobody says anything for so long after a message for which the rest of the condition holds."""

    lasts: Duration = msgspec.field(name="for")
    silent: Annotated[list[Sender], Meta(min_length=1)] | Sender | None = msgspec.field(name="from", default=None)
    """Whose silence it is. Without it, that of whoever should answer: the AI and the humans."""
    in_hours: bool = False
    """Only the hours in which the business is open count."""


class Condition(_PolicyPart, frozen=True, kw_only=True, rename={"all_of": "all", "any_of": "any", "none_of": "not"}):
    """When an own trigger holds: every entry that is given must; within a list, one of its members is enough."""

    all_of: Annotated[list[Condition], Meta(min_length=1, max_length=100)] | None = None
    any_of: Annotated[list[Condition], Meta(min_length=1, max_length=100)] | None = None
    none_of: Condition | None = None
    keywords: Annotated[list[Keyword], Meta(min_length=1, max_length=50_000)] | None = None
    """Whole words and phrases in any script, whatever their case and accents; `refund*` and `*kosten` match more."""
    patterns: Annotated[list[Annotated[str, Meta(min_length=1, max_length=1_000)]], Meta(min_length=1)] | None = None
    """Regular expressions of RE2, whatever their case."""
    examples: Annotated[list[Sentence], Meta(min_length=1, max_length=200)] | ExampleTest | None = None
    """Sentences that mean what is looked for."""
    message_type: Annotated[list[Label], Meta(min_length=1)] | Label | None = None
    sender: Annotated[list[Sender], Meta(min_length=1)] | Sender | None = None
    """Without it, here or in what surrounds it, only what the customer writes is looked at.

    A member of `any` is surrounded by what stands beside `any`, not by the other members; another `any` beside it
    counts only where each of its members names a sender.
    """
    attributes: Annotated[dict[Label, AttributeTest | Scalar], Meta(min_length=1, max_length=64)] | None = None
    amount: AmountBounds | None = None
    quantity: QuantityBounds | None = None
    sentiment: Bounds | None = None
    sentiment_mean: Bounds | None = None
    negative_streak: Annotated[int, Meta(ge=1)] | None = None
    """At least so many negative messages of the customer in a row."""
    customer_turns: Bounds | None = None
    signals: Annotated[dict[Label, Score], Meta(min_length=1)] | None = None
    """Signals of detection by name, each at least so strong."""
    count: CountTest | None = None
    sequence: Annotated[list[Condition], Meta(min_length=2, max_length=5)] | SequenceTest | None = None
    """Conditions that held one after the other: `sequence: [{keywords: [price]}, {keywords: [too expensive]}]`."""
    earlier: EarlierTest | None = None
    silence: SilenceTest | None = None
    """Only at the top of `when`: the trigger holds once the silence has lasted."""


class OwnTrigger(TriggerPolicy, frozen=True, kw_only=True):
    """A trigger that a business defines itself."""

    when: Condition | None = None
    """May be left out only where the policy inherits a trigger of this name."""
    channels: Annotated[list[Label], Meta(min_length=1)] | None = None
    languages: Annotated[list[LanguageTag], Meta(min_length=1)] | None = None


class BuiltinTriggers(_PolicyPart, frozen=True, kw_only=True):
    """The built-in triggers, the most urgent first; `crisis` is the class of `distress` about life and safety."""

    crisis: TriggerPolicy = TriggerPolicy()
    human_request: TriggerPolicy = TriggerPolicy()
    distress: TriggerPolicy = TriggerPolicy()
    complaint: TriggerPolicy = TriggerPolicy()
    broken_promise: TriggerPolicy = TriggerPolicy()
    high_value: HighValuePolicy = HighValuePolicy()
    knowledge_gap: TriggerPolicy = TriggerPolicy()
    ai_failure: TriggerPolicy = TriggerPolicy()


class TriggerOverride(_PolicyPart, frozen=True, kw_only=True):
    """What is different about one trigger; whatever is absent stays as it is elsewhere."""

    enabled: bool | None = None
    action: Action | None = None
    threshold: Score | None = None
    cooldown: Duration | None = None
    owner: Name | None = None
    queue: Name | None = None
    priority: Priority | None = None
    within: Promise | None = None
    around_the_clock: bool | None = None
    reply: Replies | None = None
    quantity: Positive | None = None
    """Of `high_value` alone, as is `amounts`."""
    amounts: Annotated[dict[Currency, Positive], Meta(max_length=200)] | None = None


class Override(_PolicyPart, frozen=True, kw_only=True):
    """Triggers that are different on some channels, for some segments of customers, or for both.

    Where several fit, the more specific one counts: one for channel and segment before one for the segment, and that
    before one for the channel.
    """

    channels: Annotated[list[Label], Meta(min_length=1, max_length=100)] | None = None
    segments: (
        Annotated[list[Annotated[str, Meta(min_length=1, max_length=200)]], Meta(min_length=1, max_length=100)] | None
    ) = None
    triggers: Annotated[dict[Label, TriggerOverride], Meta(min_length=1, max_length=1_000)]
    """By name, built-in and own ones."""


class Policy(_PolicyPart, frozen=True, kw_only=True):
    """A business's triggers, owners, hours and replies. Kafka key: `business_id`, compacted.

    The policy of the business `default` serves every business that has none.
    """

    business_id: BusinessId
    inherits: BusinessId | None = None
    """Another policy, by its `business_id`: what this one does not say is as that one says it."""
    owner: Name | None = None
    """The person or team that customers are told of. To be given, or inherited."""
    name: Name | None = None
    fallback_owner: Name | None = None
    queue: Name = "support"
    within: Promise = "1 business day"
    hours: Hours = Hours()
    languages: Annotated[list[LanguageTag], Meta(min_length=1, max_length=50)] = msgspec.field(
        default_factory=lambda: ["en"]
    )
    """The first is used when a message's own language cannot be told or has no text."""
    idle_after: Duration = "24 hours"
    reply_valid_for: Duration = "10 minutes"
    ai_answers_within: Duration | None = None
    """An AI that leaves a customer's question without an answer for so long has failed. Without it, silence is no
    failure: a chat on a web page wants an answer in seconds, a mailbox in hours."""
    triggers: BuiltinTriggers = BuiltinTriggers()
    own_triggers: Annotated[dict[Label, OwnTrigger], Meta(max_length=1_000)] = {}
    overrides: Annotated[list[Override], Meta(max_length=100)] = []
    """What is different on a channel, or for a segment of customers."""


# --- decoding ---


class InvalidEventError(ValueError):
    """An event that does not fit its type: `path` names the field (`$.assistant.confidence`), `reason` the rule.

    Neither holds a value of the event, so both are safe to log. An attribute is named if its name looks like one.
    """

    def __init__(self, code: DeadLetterReason, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.code: Final = code
        self.path: Final = path
        self.reason: Final = reason


EventT = TypeVar("EventT", bound=Struct)

_WHERE = re.compile(r"^(?P<reason>.*?)(?: - at `(?P<path>[^`]+)`)?$", re.DOTALL)
_VALUE = re.compile(r"(?:enum value|value) '.*'$|Invalid enum value .*$", re.DOTALL)
_ANY_ATTRIBUTE: Final = "$.attributes[...]"
_ATTRIBUTE_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
"""Names are the producer's own: one that does not look like a name, such as a phone number, is not repeated."""


MAX_VALUE_BYTES: Final = 4_194_304
"""A larger value is not even decoded: no event of the contract comes near it."""


def decode(data: bytes | str, decoder: msgspec.json.Decoder[EventT]) -> EventT:
    """Decode one event.

    Raises:
        InvalidEventError: the bytes are too many or not JSON, or a field is missing, ill-typed or out of its range.
    """
    if len(data) > MAX_VALUE_BYTES:
        raise InvalidEventError(DeadLetterReason.TOO_LARGE, "$", f"the value is larger than {MAX_VALUE_BYTES} bytes")
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        found = _WHERE.match(str(error))
        reason, path = (found["reason"], found["path"] or "$") if found else ("invalid", "$")
        reason = _VALUE.sub(_not_allowed(decoder.type, path), reason)
        if path == _ANY_ATTRIBUTE:
            path = _path_of_attribute(data)
        raise InvalidEventError(DeadLetterReason.INVALID, path, reason) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidEventError(DeadLetterReason.NOT_JSON, "$", "not JSON in UTF-8") from None


@lru_cache(maxsize=64)
def _not_allowed(kind: type[Struct], path: str) -> str:
    """That a value is none of those that a field may have, with these where the field is one of the event itself."""
    info = msgspec.inspect.type_info(kind)
    fields = info.fields if isinstance(info, msgspec.inspect.StructType) else ()
    found = next((field.type for field in fields if f"$.{field.encode_name}" == path), None)
    members = found.types if isinstance(found, msgspec.inspect.UnionType) else (found,)
    allowed = [
        str(one.value) for member in members if isinstance(member, msgspec.inspect.EnumType) for one in member.cls
    ]
    return f"not one of {', '.join(allowed)}" if allowed else "not one of the allowed values"


class _WithAttributes(Struct):
    """The attributes of a message, unread."""

    attributes: dict[str, msgspec.Raw]


def _path_of_attribute(data: bytes | str) -> str:
    """Which attribute does not fit, if its name may be told."""
    try:
        attributes = msgspec.json.decode(data, type=_WithAttributes).attributes
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # After the attribute comes what is not JSON.
        return _ANY_ATTRIBUTE
    for name, value in attributes.items():
        try:
            msgspec.json.decode(value, type=Scalar)
        except msgspec.DecodeError:
            return f"$.attributes.{name}" if _ATTRIBUTE_NAME.fullmatch(name) else _ANY_ATTRIBUTE
    return _ANY_ATTRIBUTE


MESSAGES: Final = msgspec.json.Decoder(ChatMessage)
OUTCOMES: Final = msgspec.json.Decoder(Outcome)
_ENCODER = msgspec.json.Encoder(order=None)


def encode(event: Struct) -> bytes:
    """Encode an event as compact JSON, fields in the order of their definition: equal events give equal bytes."""
    return _ENCODER.encode(event)


def _check_time(time: datetime | int, field: str) -> None:
    # msgspec bounds numbers, not times; it puts this message into its own error.
    if isinstance(time, int):
        if time in LIKE_SECONDS:
            raise ValueError(f"Expected milliseconds, and these look like seconds - at `$.{field}`")
    elif not FIRST_YEAR <= time.year <= LAST_YEAR:
        raise ValueError(f"Expected a year from {FIRST_YEAR} to {LAST_YEAR} - at `$.{field}`")


def milliseconds(time: datetime | int) -> int:
    """A time of the wire as epoch milliseconds, rounded down."""
    if isinstance(time, int):
        return time
    delta = time - _EPOCH
    return delta.days * 86_400_000 + delta.seconds * 1_000 + delta.microseconds // 1_000


def utc(time_ms: int) -> datetime:
    """Epoch milliseconds as a time of the wire."""
    return datetime.fromtimestamp(time_ms // 1_000, UTC).replace(microsecond=time_ms % 1_000 * 1_000)


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
