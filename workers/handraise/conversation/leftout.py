"""Which words a customer comes back to that the AI's answers have left out, and where that tells nothing."""

from __future__ import annotations

import re
from itertools import chain, takewhile
from typing import Final

from handraise.conversation.similarity import Fingerprint
from handraise.conversation.state import MAX_FINGERPRINTS, Conversation, StoredTurn
from handraise.conversation.weights import NEGATIVE
from handraise.detection.fingerprint import MOST, hash_of
from handraise.detection.general import general_words
from handraise.detection.language import is_foreign
from handraise.detection.normalise import fold
from handraise.detection.signals import Signals
from handraise.events import Sender

ASKED: Final = 3
"""So many of a customer's last messages are compared with the next."""
LEAST_ANSWER: Final = 2
"""An answer of fewer content words says whether, not what."""
_PLAIN_WORD: Final = re.compile(r"\w+")
_LETTER: Final = re.compile(r"[^\W\d_]")
_BEHIND_LATIN: Final = "\u0250"
_SENTENCE_END: Final = re.compile(r"[.!?…؟।](?=\W)|\n")
_SENTENCE: Final = 3
"""Fewer words beside a question are no sentence: "Ok." or "I see."."""
_ASKING: Final = 2
"""Of so many sentences at most is a message that asks the next question."""


def left_out(state: Conversation, signals: Signals) -> int:
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
    number = sum(known is None or word < known for word in missing)
    tells = state.ai_asked and not signals.question and signals.sentiment > NEGATIVE
    return min(number, 1) if tells else number


def is_comparable(state: Conversation, answer: StoredTurn) -> bool:
    """Whether a message can be compared with an answer: word for word, in a language whose general words are known.

    "Birthday party" is no word of an answer in Devanagari, though it is about that.
    """
    if state.language and is_foreign(state.language):
        return False
    written, answered = _LETTER.findall(state.transcript[-1].text), _LETTER.findall(answer.text)
    return not (written and answered) or _is_latin(written) is _is_latin(answered)


def asks_anew(state: Conversation, signals: Signals) -> bool:
    """Whether a message is a question of a sentence or two with a word of its own: the next on the same topic.

    "Good to know. Can I use my library card for e-books too?" names the card again though all was answered. Who was not
    answered says more than that, or nothing new.
    """
    if not signals.question:
        return False
    sentences = _SENTENCE_END.split(state.transcript[-1].text)
    if sum(len(sentence.split()) >= _SENTENCE for sentence in sentences) > _ASKING:
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


def _is_latin(letters: list[str]) -> bool:
    return 2 * sum(letter < _BEHIND_LATIN for letter in letters) >= len(letters)
