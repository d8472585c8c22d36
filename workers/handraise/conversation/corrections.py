"""Whether the AI talks past the customer, who says or shows twice in a short while that the answer is beside the point.

It is shown by coming back to words of a question that the answer has left out.
"""

from __future__ import annotations

import re
from enum import IntEnum
from itertools import chain, takewhile
from typing import Final

from handraise.conversation.leftout import asks_anew, is_comparable, left_out
from handraise.conversation.state import Conversation, StoredTurn
from handraise.conversation.weights import LEFT_OUT, STRONG
from handraise.detection.general import general_words
from handraise.detection.signals import Signals
from handraise.detection.tokens import MARKS
from handraise.events import Holder, Sender

WITHIN: Final = 2
"""So many customer turns behind one correction, another says that the AI talks past the customer."""
NEXT: Final = 1
"""One word that comes back is a second sign only in the very next turn: who has gone on since names it for something
else."""
_WORD: Final = re.compile(r"(?<![\w-])[^\W_][\w-]{4,63}(?![\w-])")
_PLAIN_WORD: Final = re.compile(rf"[\w{MARKS}]+")
_ASKING: Final = "?؟"
_SAYS_WHETHER: Final = re.compile(
    r"\W*(?:yes|yep|no|s[ií]|sim|n[aã]o|oui|non|ja|nein|haa?n|ji|nahi|हाँ|हां|जी|नहीं|نعم|لا|ايوه|أيوه)(?![\w\u0900-\u097f])",
    re.IGNORECASE,
)
"""The beginning of an answer that says whether, which may be true of the next question too."""
_BRIEF: Final = 8
"""So many words at most has an answer that only says whether."""
_SMALL: Final = 4
"""Letters of a word that changes nothing in an answer that comes again."""
_GREETING: Final = 3
"""So many words more at most has the one of them with a greeting."""
_TELLING: Final = re.compile(
    r"\d|\A(?:no|not|t|non|pas|ne|nicht|kein|não|nao|nem|nahi|nhi|sin|sem|sans|ohne|yes|sí|si|oui|ja|nein|sim|haan"
    r"|नहीं|नही|ना|बिना|हाँ|हां|لا|ليس|مش|مو|ما|لم|لن|بدون|نعم)\Z"
)
"""A number, or a small word that turns an answer round; "t" is what is left of "isn't"."""
_AGAIN: Final = (
    r"(?:once )?again|once more|otra vez|de nuevo|nuevamente|de novo|outra vez|novamente|encore(?: une fois)?"
    r"|(?:à|de) nouveau|schon wieder|wieder|noch ?mals?|phir ?se|fir ?se|doo?bara|dubara|फिर से|फिर|दोबारा|दुबारा"
    r"|مر[ةه] (?:ثاني[ةه]|تاني[ةه]?|[أا]خرى)|(?:ثاني|تاني|كمان) مر[ةه]|برض[هو]|من جديد"
)
_NOT: Final = (
    r"(?:not|isn['’]t|wasn['’]t|didn['’]t|doesn['’]t|no|não|nao|pas|ce n['’]est pas|nicht|kein\w*|nahi+n?|nhi|नही[ंं]?"
    r"|مش|مو|ليس|مب|ما)"
)
_SAID_AGAIN: Final = re.compile(
    rf"(?<!\w)(?:{_AGAIN})\s+(?:[^\s.!?]+\s+){{0,3}}?{_NOT}(?!\w)"
    rf"|\A\W*(?:\w+[\s,]+)?(?:{_AGAIN})\s*[,:]"
    r"|(?<!\w)(?:(?:second|third|fourth) time|(?:segunda|tercera|terceira|cuarta|quarta) vez|(?:deuxième|troisième"
    r"|seconde) fois|(?:zum )?(?:zweite|dritte|vierte)[ns]? mal|(?:दूसरी|तीसरी) बार|(?:dusri|doosri|tisri|teesri) baa?r"
    r"|(?:ثاني|تاني|ثالث|تالت) مر[ةه]|للمر[ةه] (?:الثاني[ةه]|التاني[ةه]|الثالث[ةه]))(?!\w)",
    re.IGNORECASE,
)
"""With which who says that an answer is beside the point says as well that it is not the first: "again not what I
asked", "again, my question was…", "for the second time". "Please read it again" does not."""
_TWICE: Final = 2
"""Who has written so often at most has had one answer to what they asked."""
_DIGITS: Final = 3
"""A word of five characters or more with so many digits is a reference: of an order, say, or a device."""


class Beside(IntEnum):
    """How a customer's message tells that the answer before it was beside the point; kept in the state as a number."""

    SAID = 0
    """Outright, or by giving again what the AI asks for again."""
    HINTED = 1
    """It comes back to one word."""
    SHOWN = 2
    """It comes back to several, or says so and comes back to one."""


def is_talked_past(state: Conversation, signals: Signals) -> bool:
    """Whether a message tells clearly enough that the AI's answer is beside the point. `state` has it already.

    That takes a second time. Two hints tell nothing, nor does a hint with what is said: words come back by chance as
    well. An AI that repeats itself word for word fails in its next turn, which says so more plainly; but who says so
    outright of an answer that came twice has told it at once, and so has who says that it is beside the point again.
    """
    beside = _beside(state, signals)
    if beside is None:
        if signals.thanks >= STRONG:
            state.corrected = 0
        return False
    within = NEXT if beside is Beside.HINTED else WITHIN
    again = state.corrected > 0 and state.customer_turns - state.corrected <= within
    before = Beside(state.corrected_as)
    state.corrected, state.corrected_as = state.customer_turns, beside
    if state.repeats or (signals.corrects and _says_again(state)):
        return signals.corrects
    return again and (Beside.SHOWN in (before, beside) or before == beside == Beside.SAID)


def _says_again(state: Conversation) -> bool:
    """Whether the message in hand says that it is not the first time, where the AI has answered twice at least."""
    answered = sum(one.sender is Sender.ASSISTANT and not one.given for one in state.transcript[:-1])
    return answered > 1 and state.customer_turns > _TWICE and bool(_SAID_AGAIN.search(state.transcript[-1].text))


def is_told_in_vain(state: Conversation, answer: Signals) -> bool:
    """Whether the customer has told so since the AI last spoke, and its next turn takes up no word of that anew.

    Who gets the same answer again has told so by coming back to a word at all, were it with the next question. What is
    read out once more with what was corrected is no repetition. `state` has the AI's turn already.
    """
    told = state.questions[len(state.questions) - state.open_questions :]
    taken_up = set(answer.fingerprint).intersection(chain.from_iterable(told)).difference(*state.answers)
    return not taken_up and _has_just_told(state)


def is_said_again_in_vain(state: Conversation, answer: Signals) -> bool:
    """Whether the AI says what an earlier turn said and nothing else, though the customer has said something since.

    Nobody has to notice that aloud: an answer that did not serve before does not serve once more. It may where a
    question is new in nothing but what the answer names ("And on Saturdays?", after all the opening hours), and where
    the answer is a yes or a no ("And the parking?"). A detail that is asked for again is no answer, and another
    moment's patience is one too many only for who was put off with the last. `state` has the AI's turn already.
    """
    since = said_since(state)
    if not state.pending or answer.asks_detail or not any(one.sender is Sender.CUSTOMER for one in since):
        return False
    if answer.deferral:
        return is_put_off_again(state, answer)
    says = set(answer.fingerprint)
    if not (any(says <= set(one) for one in state.answers) and _has_been_said(state)):
        return False
    if not _asks(state, since):
        return True
    if _SAYS_WHETHER.match(state.transcript[-1].text):
        return False
    before = len(state.questions) - state.open_questions
    asked = set(chain.from_iterable(state.questions[before:]))
    new = asked.difference(general_words(answer.language), *state.questions[:before])
    return not new or not new <= says


def is_put_off_again(state: Conversation, answer: Signals) -> bool:
    """Whether the AI asks for another moment in the words of the last time, though the customer has asked since.

    In other words that leaves a gap, which is told by how it is asked for. `state` has the AI's turn already.
    """
    asked = answer.deferral and state.put_off and state.pending and _asks(state, said_since(state))
    return asked and _has_been_said(state)


def _has_been_said(state: Conversation) -> bool:
    *earlier, turn = state.transcript
    return any(one.sender is Sender.ASSISTANT and _is_the_same(turn, one) for one in earlier)


def goes_on_to_who_asked(state: Conversation) -> bool:
    """Whether an AI turn stands right behind another of the AI's that came to a question: it is part of the answer.

    `state` has it already. What systems say between them changes nothing.
    """
    before = [one for one in state.transcript[-2::-1] if one.sender is not Sender.SYSTEM]
    parts = list(takewhile(lambda one: one.sender is Sender.ASSISTANT and not one.given, before))
    asked = takewhile(lambda one: one.sender is Sender.CUSTOMER, before[len(parts) :])
    return bool(parts) and any(mark in f"{one.text}{one.end}" for one in asked for mark in _ASKING)


def said_since(state: Conversation) -> list[StoredTurn]:
    """What customers and systems have said since anybody else spoke, but for the turn in hand."""
    return list(takewhile(lambda one: one.sender not in (Sender.ASSISTANT, Sender.HUMAN), state.transcript[-2::-1]))


def _asks(state: Conversation, turns: list[StoredTurn]) -> bool:
    return state.questioned or any(mark in one.text for one in turns for mark in _ASKING)


def _is_the_same(turn: StoredTurn, other: StoredTurn) -> bool:
    """Whether two turns have the same words, but for a few small ones, their order, and a greeting before one of them.

    "Not" is no small word, and no number is.
    """
    words, others = (set(_PLAIN_WORD.findall(one.text.casefold())) for one in (turn, other))
    differing = words ^ others
    if any(map(_TELLING.search, differing)):
        return False
    if all(len(word) <= _SMALL for word in differing):
        return True
    return (words < others or others < words) and len(differing) <= _GREETING


def _has_just_told(state: Conversation) -> bool:
    since = 0
    for turn in state.transcript[-2::-1]:
        if turn.sender is Sender.CUSTOMER:
            since += 1
        elif turn.sender is not Sender.SYSTEM and not turn.given:
            break
    return max(state.corrected, state.left_out_at) > state.customer_turns - since


def _beside(state: Conversation, signals: Signals) -> Beside | None:
    if state.customer_turns <= 1 or state.holder is not Holder.AI:
        return None
    answer = _answer(state)
    if answer is None:
        return Beside.SAID if signals.corrects and _is_told_of_late(state) else None
    said = signals.corrects or (state.ai_asked and _gives_again(state, answer))
    words = left_out(state, signals)
    if words and (_says_only_whether(answer) or not is_comparable(state, answer)):
        words = 0
    if words:
        state.left_out_at = state.customer_turns
    if not said and (signals.thanks >= STRONG or asks_anew(state, signals)):
        words = 0
    if words >= LEFT_OUT or (said and words):
        return Beside.SHOWN
    if said:
        return Beside.SAID
    return Beside.HINTED if words else None


def _says_only_whether(answer: StoredTurn) -> bool:
    """Whether an answer is a yes or a no with a few words: what was asked about is answered without being named."""
    return len(answer.text.split(maxsplit=_BRIEF)) <= _BRIEF and _SAYS_WHETHER.match(answer.text) is not None


def _is_told_of_late(state: Conversation) -> bool:
    """Whether the customer has written since the AI answered, and has not said yet that it was beside the point."""
    since = said_since(state)
    written = sum(one.sender is Sender.CUSTOMER for one in since)
    answer = state.transcript[-2 - len(since)] if len(state.transcript) > len(since) + 1 else None
    answered = answer is not None and answer.sender is Sender.ASSISTANT and not answer.given
    asked_before = state.customer_turns - 1 - written
    return answered and asked_before > 0 and state.corrected < state.customer_turns - written


def _answer(state: Conversation) -> StoredTurn | None:
    """The AI's own last turn, if nobody but it has spoken since the customer's last message."""
    for turn in state.transcript[-2::-1]:
        if turn.sender is Sender.ASSISTANT and not turn.given:
            return turn
        if turn.sender in (Sender.CUSTOMER, Sender.HUMAN):
            return None
    return None


def _gives_again(state: Conversation, answer: StoredTurn) -> bool:
    """Whether a customer gives a reference once more, which the AI has not named itself."""
    *earlier, turn = state.transcript
    given = _references(turn) - _references(answer)
    return bool(given) and any(
        one.sender is Sender.CUSTOMER and not given.isdisjoint(_references(one)) for one in earlier
    )


def _references(turn: StoredTurn) -> set[str]:
    found = (word.casefold() for word in _WORD.findall(f"{turn.text}\n{turn.end}"))
    return {word for word in found if sum(map(str.isdigit, word)) >= _DIGITS}
