"""Learning anew what an AI says, on the reader's layers as they are; the networks here are small, of random weights."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from handraise.detection.heads import ASSISTANT_SIGNALS, CUSTOMER_HEADS, HEADS
from handraise.detection.reader import NETWORKS, PARTS, PIECES, Reader
from tests.support.networks import LONG, SHORT, TURNS, WORDS, Floats, whole_network, written
from tests.support.networks import PIECES as KNOWN

answers, onnx = import_module("handraise.training.answers"), import_module("onnx")

OWN: Final = slice(len(CUSTOMER_HEADS), len(HEADS))
TEXTS: Final = [[WORDS[at % 7].removeprefix("▁")] * (1 + at // 7 % 4) for at in range(28)] * 20


def holds() -> Floats:
    """The first signal holds where somebody says "no", the others where they do not."""
    no = np.array([text[0] == "no" for text in TEXTS])
    return np.stack([no, *[~no] * (len(ASSISTANT_SIGNALS) - 1)], axis=1).astype(np.float32)


def says(reader: Reader) -> Floats:
    """What each part says of some texts (texts by parts by heads)."""
    return np.array([[*reader.read(*one)] for one in ((SHORT,), (SHORT, TURNS), (LONG,), (["no"],), (["no"] * 3,))])


@pytest.fixture
def before(tmp_path: Path) -> Floats:
    """What the parts say before they learn."""
    (tmp_path / PIECES).write_bytes(KNOWN)
    return says(written(whole_network(), tmp_path))


def test_it_says_what_it_has_learned_of_an_ai_and_of_customers_what_it_did(before: Floats, tmp_path: Path) -> None:
    answers.learn_and_write(TEXTS, [()] * len(TEXTS), holds(), tmp_path)
    after = says(Reader.load(tmp_path))
    np.testing.assert_array_equal(after[:, :, : OWN.start], before[:, :, : OWN.start])
    assert (after[3:, :, OWN.start].mean(axis=0) > after[:3, :, OWN.start].mean(axis=0)).all()
    assert (after[3:, :, OWN.start + 1 :].mean(axis=0) < after[:3, :, OWN.start + 1 :].mean(axis=0)).all()


def test_to_learn_again_takes_the_place_of_what_was_learned(before: Floats, tmp_path: Path) -> None:
    """The same rows make the same files; others change no more than the heads of what an AI says."""
    answers.learn_and_write(TEXTS, [()] * len(TEXTS), holds(), tmp_path)
    first = [(tmp_path / name).read_bytes() for name in NETWORKS]
    answers.learn_and_write(TEXTS, [()] * len(TEXTS), holds(), tmp_path)
    assert [(tmp_path / name).read_bytes() for name in NETWORKS] == first
    answers.learn_and_write(TEXTS, [()] * len(TEXTS), 1 - holds(), tmp_path)
    after = says(Reader.load(tmp_path))
    np.testing.assert_array_equal(after[:, :, : OWN.start], before[:, :, : OWN.start])
    assert (after[3:, :, OWN.start].mean(axis=0) < after[:3, :, OWN.start].mean(axis=0)).all()


def test_the_parts_know_that_they_belong_together(before: Floats, tmp_path: Path) -> None:
    first = (tmp_path / NETWORKS[0]).read_bytes()
    answers.learn_and_write(TEXTS, [()] * len(TEXTS), holds(), tmp_path)
    with pytest.raises(ValueError, match="not of these pieces or heads"):
        Reader([first, *((tmp_path / name).read_bytes() for name in NETWORKS[1:])], KNOWN)
    assert before.shape[1:] == (PARTS, len(HEADS))


def test_a_reader_of_fewer_heads_learns_the_new_ones(tmp_path: Path) -> None:
    """As the first that has to learn a signal of the AI that there was none of when it was tuned."""
    (tmp_path / PIECES).write_bytes(KNOWN)
    written(whole_network(), tmp_path)
    for name in NETWORKS:
        network = onnx.load(tmp_path / name)
        (output,) = [one for one in network.graph.output if one.name == "logits"]
        output.type.tensor_type.shape.dim[1].dim_value = len(HEADS) - 1
        last = next(node for node in network.graph.node if "logits" in node.output)
        bounds = {"from": 0, "to": len(HEADS) - 1, "axis": 1}
        for bound, value in bounds.items():
            network.graph.initializer.append(onnx.numpy_helper.from_array(np.array([value]), bound))
        cut = onnx.helper.make_node("Slice", [last.input[0], *bounds], ["fewer"])
        last.input[0] = "fewer"
        network.graph.node.insert(len(network.graph.node) - 1, cut)
        onnx.save(network, tmp_path / name)
    answers.learn_and_write(TEXTS, [()] * len(TEXTS), holds(), tmp_path)
    assert says(Reader.load(tmp_path)).shape[1:] == (PARTS, len(HEADS))
