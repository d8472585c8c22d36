"""From the scores of the models to the signals of a text: what is known of wordings in which the models err.

The scores are moved by what the phrases are sure of, by what is said outright and by what is reported, and the words
that made a signal are shown as its evidence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from msgspec.structs import replace

from handraise.detection.besides import MISSED, POSSIBLE_COMPLAINT, REPORTED, asks_besides, complains_besides
from handraise.detection.corrections import contrasts
from handraise.detection.elsewhere import without_elsewhere
from handraise.detection.heads import CUSTOMER_SIGNALS, HEADS, INTENTS
from handraise.detection.lately import Said
from handraise.detection.mixture import GROUPS, Mixture
from handraise.detection.ngrams import NgramModel
from handraise.detection.normalise import clip, fold, mask, original_offset
from handraise.detection.outright import CORRECTION, SCORE, default_outright
from handraise.detection.ownpeople import without_own_people
from handraise.detection.phrase_detector import PhraseDetector
from handraise.detection.reported import default_reports
from handraise.detection.signals import Intent, Signals, Span
from handraise.detection.statements import Place
from handraise.detection.tokens import EMOJI, TOKEN
from handraise.events import Sender

_SHOWN: Final = 0.2
"""From this score, words are shown as evidence."""
_MOST_WORDS: Final = 3
_LEAST_SHARE: Final = 0.15
"""A word is shown if it added to the log-odds at least so much."""
_CALM: Final = 0.55
"""How negative a text that is surely negative is at least; the rest is for distress."""
_TELLING: Final = re.compile(rf"\w|[{EMOJI}]")
"""What may be shown as evidence: words and pictures, not marks."""
_INTENTS: Final = tuple(Intent)
_SURE_PROMISE: Final = 0.9
"""From this score, the phrases are right about an AI's promise in languages other than English: 56 times of 56 in what
writers wrote that no model had learned from. In English, where they err in one of nine, they are only weighed."""
_PLAIN_YES: Final = 0.85
_THANKS: Final = 0.5
"""From the first score of the phrases on, and below the second, a text is a yes where one was asked for: "ok" and
"claro", which the models take for nothing, since in the corpus they mostly follow no offer. Only the fold knows one. It
is made no likelier than the first: where nothing was offered it is none."""
_REFUSED: Final = 0.02
"""How likely a request is at most in a message that says outright that nobody is wanted: the models hear the person."""
_CLEAR_PROMISE: Final = 0.5
"""From this score on, the phrases have found that somebody will answer."""
_NO_PROMISE: Final = 0.1
"""How much of a promise it is at most that a driver rings before he comes: the models hear that somebody will call."""
_NOT_UNDERSTOOD: Final = 0.1
"""How much an AI admits that asks for other words, or praises: the models take "I did not understand", and "I could not
think of a better one", for "I do not know"."""
_CLEAR_ADMISSION: Final = 0.5
"""From this score on, the phrases have found that something is not known besides what is praised."""
_UNDERSTANDS: Final = re.compile(
    r"underst[ao]+n?d|n.?t (?:quite |really )?get (?:that|it|you)\b(?! for)|\bcatch|\bfollow\b|sure what"
    r"|enti?end|compr[eé]|compris|sais[ir]|percebi"
    r"|verst[ae]nd|verstehe|sicher,? was|samajh|samjh|समझ|فهم",
    re.IGNORECASE,
)
"""What an AI has not done that asks for other words, in place of having no answer."""
_PLAIN_DANGER: Final = 0.9
_POSSIBLE_DANGER: Final = 0.1
_LIKELY_DANGER: Final = 0.6
"""From this score of the phrases on, in languages other than English, it is likely that somebody is in danger where the
models hold it for possible: 14 times of 22 in what writers wrote that no model had learned from. In English they are
wrong whenever the models doubt them."""
_COLUMN: Final = {name: at for at, name in enumerate(HEADS)}
_SCORES: Final = tuple((name, _COLUMN[name]) for name in CUSTOMER_SIGNALS)
_ANSWERS: Final = tuple((name, _COLUMN[name]) for name in ("admission", "promise"))
_FLAGS: Final = tuple(
    (name, _COLUMN[name], least)
    for name, least in {"deferral": 0.5, "asks_detail": 0.5, "offers_human": 0.65, "fault": 0.7}.items()
)
"""From which scores on each holds. After an offer a mere yes calls a human, so it has to be surer: of the AI turns by
writers of whom no model has learned, 96 of 100 that are taken for one are one, and 80 of 100 are found (94 and 84 from
.5 on). A fault hides what is not known, and fails at once: from .7 on 49 of 61 held-out ones are heard and 5 of 134
look-alikes that were written against it are taken for one (52 and 7 from .5 on)."""
_FEW_WORDS: Final = 8
_POSSIBLE_OFFER: Final = 0.03
"""In so few words an offer is what the phrases take for one, unless the models rule it out: 129 times of 135 in the
corpus, in which the models have learned the other six."""
_NEGATIVE, _POSITIVE = _COLUMN["negative"], _COLUMN["positive"]
_INTENT_COLUMNS: Final = slice(_COLUMN[INTENTS[0]], _COLUMN[INTENTS[-1]] + 1)
"""They stand side by side, in the order of `Intent`."""


class Postprocessor:
    """Makes signals of the scores that the models give to a text; not for several threads at once."""

    def __init__(self, phrases: PhraseDetector, ngrams: NgramModel, mixture: Mixture) -> None:
        self._phrases: Final = phrases
        self._ngrams: Final = ngrams
        self._mixture: Final = mixture
        self._outright: Final = default_outright()
        self._reports: Final = default_reports()

    def signals(self, said: Said, phrases: Signals, tokens: list[str], row: Sequence[float]) -> Signals:
        """What a text says.

        Args:
            said: the text, its sender, and its producer's word on the language.
            phrases: what the phrases say of it.
            tokens: as the learned models read it.
            row: how likely each head is.
        """
        text, sender, language = said
        if sender is Sender.ASSISTANT:
            return self._of_assistant(text, phrases, tokens, row)
        return self._of_customer(text, language, phrases, tokens, row)

    def _of_assistant(self, text: str, phrases: Signals, tokens: list[str], row: Sequence[float]) -> Signals:
        scores = {name: round(row[column], 3) for name, column in _ANSWERS}
        if phrases.promise >= _SURE_PROMISE and GROUPS[phrases.language] != "en":
            scores["promise"] = max(scores["promise"], phrases.promise)
        if phrases.errand and phrases.promise < _CLEAR_PROMISE:
            scores["promise"] = min(scores["promise"], _NO_PROMISE)
        said_outright = self._outright.find(tokens)
        scores |= {name: max(scores[name], SCORE) for name in scores if name in said_outright}
        only_praises = "praise" in said_outright and phrases.admission < _CLEAR_ADMISSION
        if only_praises or ("rephrase" in said_outright and _UNDERSTANDS.search(text)):
            scores["admission"] = min(scores["admission"], _NOT_UNDERSTOOD)
        flags = {name: row[column] >= least for name, column, least in _FLAGS}
        if phrases.offers_human and len(tokens) <= _FEW_WORDS:
            flags["offers_human"] = row[_COLUMN["offers_human"]] >= _POSSIBLE_OFFER
        flags["offers_human"] &= not phrases.errand or _is_offered_beside(phrases.spans)
        flags["offers_human"] &= "closing" not in said_outright or phrases.offers_human
        flags["fault"] |= phrases.fault
        return replace(phrases, **scores, **flags, spans=self._spans(text, phrases, tokens, scores))

    def _of_customer(
        self, text: str, language: str | None, phrases: Signals, tokens: list[str], row: Sequence[float]
    ) -> Signals:
        scores = {name: round(row[column], 3) for name, column in _SCORES}
        said_outright = self._outright.find(tokens)
        outright = {name: place for name, place in said_outright.items() if name in scores}
        if "refusal" in said_outright:
            scores["human_request"] = min(scores["human_request"], _REFUSED)
        if "human_request" not in outright:
            self._weigh_report(language, phrases.language, tokens, scores)
            arrival = said_outright.get("arrival")
            if arrival is not None:
                self._weigh_rest(language, _beside(tokens, arrival), scores)
            if scores["human_request"] > REPORTED:
                self._weigh_rest(language, without_own_people(text), scores)
        if scores["complaint"] > REPORTED and "complaint" not in outright:
            self._weigh_elsewhere(language, text, scores)
            correction = said_outright.get(CORRECTION)
            if correction is not None:
                self._weigh_correction(language, tokens, correction, scores)
        if phrases.affirm >= _PLAIN_YES and phrases.thanks < _THANKS:
            scores["affirm"] = max(scores["affirm"], _PLAIN_YES)
        scores |= {name: max(scores[name], SCORE) for name in outright}
        if (
            phrases.crisis >= _PLAIN_DANGER
            and _POSSIBLE_DANGER <= scores["crisis"] < _LIKELY_DANGER
            and GROUPS[phrases.language] != "en"
        ):
            scores["crisis"] = _LIKELY_DANGER
        scores["distress"] = max(scores["distress"], scores["crisis"])
        sentiment = row[_POSITIVE] - row[_NEGATIVE] * (_CALM + (1.0 - _CALM) * scores["distress"])
        intents = row[_INTENT_COLUMNS]
        return replace(
            phrases,
            **scores,
            corrects=CORRECTION in said_outright or contrasts(text),
            sentiment=round(max(-1.0, min(1.0, sentiment)), 3) + 0.0,
            intent=_INTENTS[intents.index(max(intents))],
            spans=self._spans(text, phrases, tokens, scores, outright),
        )

    def _weigh_elsewhere(self, language: str | None, text: str, scores: dict[str, float]) -> None:
        """Take trouble with another business for no complaint about this one."""
        rest = without_elsewhere(text)
        if rest is not None and not complains_besides(rest, language, self._phrases, self._ngrams, self._mixture):
            scores["complaint"] = REPORTED

    def _weigh_correction(self, language: str | None, tokens: list[str], said: Place, scores: dict[str, float]) -> None:
        """Take who says no more than that the AI's answer is beside the point for nobody with a complaint."""
        rest = _beside(tokens, said)
        if not complains_besides(rest, language, self._phrases, self._ngrams, self._mixture):
            scores["complaint"] = min(scores["complaint"], REPORTED)

    def _weigh_rest(self, language: str | None, rest: Sequence[str] | None, scores: dict[str, float]) -> None:
        """Take who asks for nobody in the rest of a message for nobody who wants a human; None: all of it counts."""
        if rest is None or scores["human_request"] <= REPORTED:
            return
        if not asks_besides(rest, language, self._phrases, self._ngrams, self._mixture):
            scores["human_request"] = REPORTED

    def _weigh_report(self, language: str | None, spoken: str, tokens: list[str], scores: dict[str, float]) -> None:
        """Take who only reports a call for nobody who asks for a person; that none has come is a complaint besides."""
        asked = scores["human_request"] > REPORTED
        is_doubtful = asked or POSSIBLE_COMPLAINT <= scores["complaint"] < MISSED
        report = self._reports.find(tokens, spoken) if is_doubtful else None
        if report is None:
            return
        if report.missed:
            scores["complaint"] = max(scores["complaint"], MISSED)
        if not (asked and asks_besides(report.rest, language, self._phrases, self._ngrams, self._mixture)):
            scores["human_request"] = min(scores["human_request"], REPORTED)

    def _spans(
        self,
        text: str,
        phrases: Signals,
        tokens: list[str],
        scores: dict[str, float],
        outright: Mapping[str, Place] = MappingProxyType({}),
    ) -> tuple[Span, ...]:
        """The phrases' evidence for what scores; else what is said outright, or the words that moved it most."""
        if not phrases.spans and max(scores.values()) < _SHOWN:
            return ()
        kept = [span for span in phrases.spans if scores.get(span.signal, 1.0) >= _SHOWN]
        shown = {span.signal for span in kept}
        unshown = [name for name, score in scores.items() if score >= _SHOWN and name not in shown]
        if unshown:
            places = [found.span() for found in TOKEN.finditer(mask(clip(text)))]
            for name in unshown:
                if name in outright:
                    begin, end = places[outright[name].begin][0], places[outright[name].end - 1][1]
                    length = len(text)
                    kept.append(Span(name, original_offset(begin, length), original_offset(end, length), scores[name]))
                else:
                    kept += self._words(text, tokens, places, name, scores[name])
        kept.sort(key=lambda span: (span.start, span.end, span.signal))
        return tuple(kept)

    def _words(
        self, text: str, tokens: list[str], places: list[tuple[int, int]], name: str, score: float
    ) -> list[Span]:
        worth = self._ngrams.worth(tokens, name)
        words = [i for i, token in enumerate(tokens) if worth[i] > 0.0 and _TELLING.match(token)]
        plain = self._phrases.function_words
        telling = [i for i in words if fold(tokens[i]) not in plain] or words
        best = sorted(telling, key=lambda i: (-worth[i], i))[:_MOST_WORDS]
        shown = [i for i in best if worth[i] >= _LEAST_SHARE] or best[:1]
        length = len(text)
        return [
            Span(name, original_offset(places[i][0], length), original_offset(places[i][1], length), score)
            for i in shown
        ]


def _beside(tokens: Sequence[str], said: Place) -> list[str]:
    """What stands before a statement and behind it, where that has a word or a number."""
    parts = (" ".join(tokens[: said.begin]), " ".join(tokens[said.end :]))
    return [part for part in parts if any(map(str.isalnum, part))]


def _is_offered_beside(spans: Sequence[Span]) -> bool:
    """Whether the phrases find a person offered apart from whoever rings before coming: the models hear both."""
    errands = [span for span in spans if span.signal == "errand"]
    offers = [span for span in spans if span.signal == "offers_human"]
    return any(all(one.end <= errand.start or one.start >= errand.end for errand in errands) for one in offers)
