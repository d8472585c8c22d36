"""The reader reads no further than until nothing that decides something is in doubt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handraise.detection import Detector, Signals
from handraise.detection.detector import DOUBT, SURE, Sure, default_detector
from handraise.detection.heads import CUSTOMER_SIGNALS, HEADS
from handraise.detection.mixture import FEATURES, STAGES, Mixture
from handraise.detection.ngrams import default_ngrams
from handraise.detection.phrase_detector import default_phrases
from handraise.detection.reader import PARTS, Reader, default_reader
from handraise.detection.tokens import tokens_of
from handraise.events import Sender

if TYPE_CHECKING:
    import numpy.typing as npt

Word = Mapping[str, float]
"""How likely signals are; the others are not."""

OF_A_CUSTOMER: Final = [name for name in DOUBT if name in CUSTOMER_SIGNALS]
TEXT: Final = "It rattles"
UNLIKELY: Final = 0.001


class Telling:
    """A reader whose words are given; how many were waited for is counted."""

    def __init__(self, words: Sequence[Word]) -> None:
        self._words: Final = words
        self.waited_for = 0

    def read(self, tokens: Sequence[str], before: Sequence[Sequence[str]] = ()) -> Iterator[npt.NDArray[np.float64]]:
        """One word after another, whatever the text."""
        assert tokens
        assert len(before) in (0, 1)
        for word in self._words:
            self.waited_for += 1
            likely = np.array([word.get(head, UNLIKELY) for head in HEADS])
            yield np.log(likely / (1 - likely))


def believing() -> Mixture:
    """A mixture that is in doubt of everything until it hears the reader, and then says what the reader says.

    But for danger and requests, for which a text is read twice.
    """
    weights = {stage: np.zeros((len(HEADS), FEATURES + 1)) for stage in STAGES}
    read_twice = [HEADS.index("crisis"), HEADS.index("human_request")]
    for stage, own in weights.items():
        if stage.endswith("/0"):
            own[read_twice, -1] = np.log(0.05 / 0.95)
        else:
            own[:, -1 - len(HEADS) : -1] = np.eye(len(HEADS))
    return Mixture(weights)


def asked(*words: Word, sender: Sender = Sender.CUSTOMER, before: Sequence[str] = ()) -> tuple[Signals, int]:
    """What a text says, and how many of the reader's words it took to know."""
    reader = Telling(words)
    detector = Detector(default_phrases(), default_ngrams(), believing(), cast(Reader, reader))
    (signals,) = detector([TEXT], senders=[sender], before=[before])
    return signals, reader.waited_for


@pytest.mark.parametrize("before", [(), ("Is it whole?",)])
def test_what_is_clear_at_the_first_word_is_read_no_further(before: Sequence[str]) -> None:
    for likely in (0.995, 0.05):
        signals, words = asked({"complaint": likely}, {"complaint": 0.3}, {"complaint": 0.4}, before=before)
        assert (signals.complaint, words) == (likely, 1)


def test_the_second_word_has_to_be_surer_of_less() -> None:
    """Of what the first leaves in doubt little is left that reading on would change."""
    for likely in (0.985, 0.12):
        signals, words = asked({"complaint": likely}, {"complaint": likely}, {"complaint": 0.3})
        assert (signals.complaint, words) == (likely, 2)
        signals, words = asked({"complaint": likely}, {"complaint": 0.9}, {"complaint": 0.3})
        assert (signals.complaint, words) == (0.3, 3)


def test_one_signal_in_doubt_is_enough_to_read_on() -> None:
    signals, words = asked({"complaint": 0.995, "human_request": 0.4}, {"complaint": 0.99, "human_request": 0.98})
    assert (signals.complaint, signals.human_request, words) == (0.99, 0.98, 2)


def test_danger_that_is_hardly_possible_is_read_on() -> None:
    for word in range(PARTS - 1):
        words = [{"crisis": 0.05}] * (word + 1) + [{"crisis": 0.01}] * (PARTS - word - 1)
        assert asked(*words)[1] == word + 2
    assert asked({"crisis": 0.05}, {"crisis": 0.96}, {"crisis": 0.7})[0].crisis == 0.7
    assert asked({"crisis": 0.01}, {"crisis": 0.5})[1] == 1


def test_of_an_ai_only_what_it_says_decides() -> None:
    signals, words = asked({"complaint": 0.5, "promise": 0.995}, sender=Sender.ASSISTANT)
    assert (signals.promise, signals.complaint, words) == (0.995, 0.0, 1)
    assert asked({"admission": 0.5}, {"admission": 0.5}, {"admission": 0.5}, sender=Sender.ASSISTANT)[1] == PARTS


ROUNDED = 1e-6
"""A likelihood goes to log-odds and back."""


@given(
    st.lists(
        st.dictionaries(st.sampled_from(OF_A_CUSTOMER), st.floats(UNLIKELY, 1 - UNLIKELY)),
        min_size=PARTS,
        max_size=PARTS,
    )
)
def test_the_last_word_that_was_waited_for_decides(words: list[Word]) -> None:
    signals, heard = asked(*words)
    said = [{name: word.get(name, UNLIKELY) for name in OF_A_CUSTOMER} for word in words]
    assert signals.high_value == pytest.approx(said[heard - 1]["high_value"], abs=1e-3)
    for sure, word in zip(SURE[: heard - 1], said, strict=False):
        bounds = dict.fromkeys(OF_A_CUSTOMER, sure) | {"crisis": Sure(DOUBT["crisis"].others, DOUBT["crisis"].most)}
        assert any(bounds[name].least - ROUNDED < likely < bounds[name].most + ROUNDED for name, likely in word.items())
    if heard < PARTS:
        sure, others = SURE[heard - 1], [likely for name, likely in said[heard - 1].items() if name != "crisis"]
        assert not any(sure.least + ROUNDED < likely < sure.most - ROUNDED for likely in others)


def test_a_text_alone_is_read_once_and_one_after_turns_each_time() -> None:
    reader = Telling([{"complaint": 0.995}])
    detector = Detector(default_phrases(), default_ngrams(), believing(), cast(Reader, reader))
    detector([TEXT])
    detector([TEXT], before=[("Is it whole?",)])
    assert detector([TEXT])[0].complaint == 0.995
    detector([TEXT], before=[("Is it whole?",)])
    assert reader.waited_for == 3


def test_no_word_is_worked_out_before_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else nothing would be gained."""
    reader = default_reader()
    ran = list[int]()

    class Counted:
        def __init__(self, number: int, part: object) -> None:
            self._number, self._part = number, part

        def run(self, names: None, feed: object) -> object:
            ran.append(self._number)
            return self._part.run(names, feed)  # type: ignore[attr-defined]  # of onnxruntime, which has no types

    monkeypatch.setattr(reader, "_parts", [Counted(at, part) for at, part in enumerate(reader._parts)])  # noqa: SLF001 - what is run is what is counted
    words = reader.read(tokens_of("It rattles"), [tokens_of("Is it whole?")])
    assert not ran
    for at in range(PARTS):
        next(words)
        assert ran == list(range(at + 1))
    assert next(words, None) is None


def test_the_words_of_the_network_come_nearer_to_its_last() -> None:
    texts = ["The lamp arrived in pieces and nobody answers", "Could I get a quote for 300 chairs?", "ok thanks"]
    words = np.array([[*default_reader().read(tokens_of(text))] for text in texts])
    apart = np.abs(words[:, :-1] - words[:, -1:]).mean(axis=(0, 2))
    assert apart[0] > apart[1]
    assert default_detector()(texts)[0].complaint > 0.5
