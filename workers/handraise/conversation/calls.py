"""Whether a message only calls for what is waited for: the answer that was put off, or the person."""

from __future__ import annotations

import re
from typing import Final

from handraise.conversation.state import Conversation
from handraise.conversation.weights import MIN_QUESTION_WORDS
from handraise.detection.signals import Signals
from handraise.events import ChatMessage, Sender

_NEWS: Final = re.compile(
    r"\b(?:updates?|news|progress|novedad(?:es)?|noticias?|novidades?|nouvelles?|neues|neuigkeiten|khabar)\b"
    "|अपडेट|ख़?बर|جديد|أخبار|تحديث",
    re.IGNORECASE,
)
"""What is asked for by who waits for an answer."""
_FOUND: Final = re.compile(
    r"\b(?:find out|found|checked|looked|luck|managed|pudiste|pudo|pudieron|encontraste|encontr[oó]|averigu\w+"
    r"|revisaste|revis[oó]|consultaste|conseguiu|conseguiste|achou|verificou|descobriu"
    r"|trouv[ée]\w*|regard[ée]\w*|v[ée]rifi[ée]\w*"
    r"|pu (?:voir|regarder|v[ée]rifier)|gefunden|nachgesehen|nachgeschaut|geschaut|gepr[uü]ft|(?:he)?rausgefunden"
    r"|pata (?:chala|kiya|laga)|check kiya|mil gaya|dekha)\b"
    "|पता (?:चला|किया|लगा)|चेक किया|मिल गया|لقيت|وجدت|شفت|عرفت|تأكدت",
    re.IGNORECASE,
)
"""What somebody is asked who wanted to look something up."""
_STILL_WAITS: Final = re.compile(
    r"\bstill (?:here|waiting)\b|\bsigo (?:por )?(?:ac[áa]|aqu[ií]|esperando)\b"
    r"|\bainda (?:aqui|[aà] espera|esperando)\b"
    r"|\bcontinuo (?:aqui|[aà] espera|esperando)\b|\bj[’' ]?attends (?:toujours|encore)\b|\btoujours l[aà]\b"
    r"|\bwarte (?:immer )?noch\b|\bbin (?:immer )?noch da\b|\ba(?:bhi|b) (?:bhi|tak) (?:wait|inte[jz]a+r)"
    "|अ(?:भी|ब) (?:भी|तक) (?:इंतज़?ार|इन्तज़?ार|वेट)|(?:ما|لا) زلت (?:أ|ا)نتظر|لس[هةا] (?:مستني|ناطر|منتظر|عم)",
    re.IGNORECASE,
)
"""Said by who waits for what was put off: no question, but one all the same."""
PATIENCE_MS: Final = 60_000
"""Who calls sooner after the AI has asked for a moment has not been left waiting: the answer is on its way."""
_CALL_WORDS: Final = 3
"""A message of more content words asks, or tells, something else besides."""


def calls_for_what_was_put_off(state: Conversation, message: ChatMessage, signals: Signals) -> bool:
    """Whether a message such as "Any update?" or "Hello??" asks for what the AI has just said that it would look up.

    "Did you find out?" and "still waiting" do as well; "ok, waiting" does not, with which somebody agrees to wait.
    """
    if not (state.pending and state.put_off):
        return False
    if len(signals.fingerprint) <= _CALL_WORDS:
        asks_whether = signals.question and _FOUND.search(message.text)
        if asks_whether or _STILL_WAITS.search(message.text):
            return True
    return signals.question and only_calls(message, signals)


def has_waited(state: Conversation, at: int) -> bool:
    """Whether more than a moment has passed since the AI last spoke, by the time of the message in hand."""
    spoke = (turn.sent_at for turn in reversed(state.transcript) if turn.sender is Sender.ASSISTANT)
    return at - next(spoke, 0) >= PATIENCE_MS


def only_calls(message: ChatMessage, signals: Signals) -> bool:
    """Whether a message has no content but that something is waited for: "Price?" would be another question."""
    news = len(_NEWS.findall(message.text))
    return len(signals.fingerprint) <= (MIN_QUESTION_WORDS if news else 0)
