"""Whether the AI talks past the customer, who says or shows twice in a short while that the answer is beside the point.

It is shown by coming back to words of a question that the answer has left out.
"""

from __future__ import annotations

import re
from enum import IntEnum
from itertools import chain, takewhile
from typing import Final

from handraise.conversation.similarity import Fingerprint
from handraise.conversation.state import MAX_FINGERPRINTS, Conversation, StoredTurn
from handraise.conversation.weights import LEFT_OUT, NEGATIVE, STRONG
from handraise.detection.fingerprint import MOST, hash_of
from handraise.detection.general import general_words
from handraise.detection.language import is_foreign
from handraise.detection.normalise import fold
from handraise.detection.signals import Signals
from handraise.events import Holder, Sender

WITHIN: Final = 2
"""So many customer turns behind one correction, another says that the AI talks past the customer."""
ASKED: Final = 3
"""So many of a customer's last messages are compared with the next."""
LEAST_ANSWER: Final = 2
"""An answer of fewer content words says whether, not what."""
_WORD: Final = re.compile(r"(?<![\w-])[^\W_][\w-]{4,63}(?![\w-])")
_PLAIN_WORD: Final = re.compile(r"\w+")
_LETTER: Final = re.compile(r"[^\W\d_]")
_BEHIND_LATIN: Final = "\u0250"
_SENTENCE_END: Final = re.compile(r"[.!?…؟।](?=\W)|\n")
_SENTENCE: Final = 3
"""Fewer words beside a question are no sentence: "Ok." or "I see."."""
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
    """Whether a message tells for the second time that the AI's answer is beside the point. `state` has it already.

    Two hints tell nothing, nor does a hint with what is said: words come back by chance as well. An AI that repeats
    itself word for word fails in its next turn, which says so more plainly.
    """
    beside = _beside(state, signals)
    if beside is None:
        if signals.thanks >= STRONG:
            state.corrected = 0
        return False
    again = state.corrected > 0 and state.customer_turns - state.corrected <= WITHIN
    before = Beside(state.corrected_as)
    state.corrected, state.corrected_as = state.customer_turns, beside
    return again and not state.repeats and (Beside.SHOWN in (before, beside) or before == beside == Beside.SAID)


def is_told_in_vain(state: Conversation, answer: Signals) -> bool:
    """Whether the customer has told so since the AI last spoke, and its next turn takes up no word of that anew.

    A booking that is read out once more with what was corrected is no repetition. `state` has the AI's turn already.
    """
    told = state.questions[len(state.questions) - state.open_questions :]
    taken_up = set(answer.fingerprint).intersection(chain.from_iterable(told)).difference(*state.answers)
    return not taken_up and _has_just_told(state)


def _has_just_told(state: Conversation) -> bool:
    since = 0
    for turn in state.transcript[-2::-1]:
        if turn.sender is Sender.CUSTOMER:
            since += 1
        elif turn.sender is not Sender.SYSTEM and not turn.given:
            break
    return state.corrected > state.customer_turns - since


def _beside(state: Conversation, signals: Signals) -> Beside | None:
    if state.customer_turns <= 1 or state.holder is not Holder.AI:
        return None
    answer = _answer(state)
    if answer is None:
        return None
    said = signals.corrects or (state.ai_asked and _gives_again(state, answer))
    left_out = _left_out(state, signals)
    if left_out and not said and (signals.thanks >= STRONG or _asks_anew(state, signals)):
        left_out = 0
    if left_out and not _is_comparable(state, answer):
        left_out = 0
    if left_out >= LEFT_OUT or (said and left_out):
        return Beside.SHOWN
    if said:
        return Beside.SAID
    return Beside.HINTED if left_out else None


def _is_comparable(state: Conversation, answer: StoredTurn) -> bool:
    """Whether a message can be compared with an answer: word for word, in a language whose general words are known.

    "Birthday party" is no word of an answer in Devanagari, though it is about that.
    """
    if state.language and is_foreign(state.language):
        return False
    written, answered = _LETTER.findall(state.transcript[-1].text), _LETTER.findall(answer.text)
    return not (written and answered) or _is_latin(written) is _is_latin(answered)


def _is_latin(letters: list[str]) -> bool:
    return 2 * sum(letter < _BEHIND_LATIN for letter in letters) >= len(letters)


def _left_out(state: Conversation, signals: Signals) -> int:
    """How many words a message shares with the last ones that were answered, and not with the last answers.

    A bare "yes, of course" leaves nothing out. Of who calmly tells what the AI has asked about one word counts at most.
    """
    asked, answers = _exchanged(state)
    if not answers or len(answers[-1]) < LEAST_ANSWER:
        return 0
    shared = set(signals.fingerprint).intersection(chain.from_iterable(asked))
    if not shared:
        return 0
    # Of a word that a long answer's fingerprint has no room for it is not known whether it was left out.
    known = min((answer[-1] for answer in answers if len(answer) >= MOST), default=None)
    missing = shared.difference(general_words(signals.language), _signed_with(state), *answers)
    left_out = sum(known is None or word < known for word in missing)
    tells = state.ai_asked and not signals.question and signals.sentiment > NEGATIVE
    return min(left_out, 1) if tells else left_out


def _signed_with(state: Conversation) -> set[int]:
    """The words with which a message ends as the customer's last one did, where no question does: a signature."""
    *earlier, turn = state.transcript
    before = next((one for one in reversed(earlier) if one.sender is Sender.CUSTOMER), None)
    if before is None:
        return set()
    words, others = _words_from_the_end(turn), _words_from_the_end(before)
    ending = list(takewhile(lambda word: "?" not in word, _common_start(words, others)))
    if not _SENTENCE <= len(ending) < min(len(words), len(others)):
        return set()
    return {hash_of(fold(word)) for one in ending for word in _PLAIN_WORD.findall(one)}


def _common_start(words: list[str], others: list[str]) -> list[str]:
    return [word for word, _ in takewhile(lambda pair: pair[0] == pair[1], zip(words, others, strict=False))]


def _words_from_the_end(turn: StoredTurn) -> list[str]:
    return f"{turn.text} {turn.end}".split()[::-1]


def _asks_anew(state: Conversation, signals: Signals) -> bool:
    """Whether a message is one question, of a single sentence, with a word of its own: the next on the same topic.

    "And does the red one fold?" names the red one again though all was answered. Who was not answered says more than
    that, or nothing new.
    """
    if not signals.question:
        return False
    sentences = _SENTENCE_END.split(state.transcript[-1].text)
    if sum(len(sentence.split()) >= _SENTENCE for sentence in sentences) > 1:
        return False
    asked, answers = _exchanged(state)
    return not set(signals.fingerprint) <= general_words(signals.language).union(*asked, *answers)


def _exchanged(state: Conversation) -> tuple[list[Fingerprint], list[Fingerprint]]:
    """The customer's last messages that were answered, and the AI's turns behind them, of which one may be in several.

    Where those are more than are kept, there are only the messages to which all of the answer is.
    """
    asked = state.questions[: len(state.questions) - state.open_questions][-ASKED:]
    customers = answers = 0
    for turn in state.transcript[-2::-1]:
        if turn.sender is Sender.CUSTOMER:
            customers += 1
        elif turn.sender is Sender.ASSISTANT and not turn.given:
            answers += 1
        if customers == ASKED or answers > MAX_FINGERPRINTS:
            break
    if answers > MAX_FINGERPRINTS:
        asked = asked[len(asked) - min(customers, len(asked)) :]
    return asked, state.answers[-max(answers, ASKED) :]


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
