"""Tuning a network that reads: from labels, or from labels and what better networks say of the same texts.

PyTorch does the work, on a GPU where there is one. Deep networks are tuned on the labels alone (the teachers); then a
network of every second layer of one of them learns from the labels, from the mean of what the teachers say, and from
the vectors that one makes of the texts (distillation: Hinton et al., 2015; Sanh et al., 2019).

A text is read with what was said before it, but its vector is that of its own pieces alone.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from handraise.detection.pieces import Cut
from handraise.training.base import ATTENTION_HEADS, EPSILON, WIDTH, Floats

Parameters = Mapping[str, Any]
"""Tensors by name; those of a layer begin with `l` and its number."""

SHARP: Final = 5.0
"""Makes the new heads learn faster than the rest."""
PRIOR: Final = -2.0
"""The log-odds from which the heads start."""
BATCH: Final = 128
_SORTED: Final = BATCH * 30
"""Out of so many texts, batches are made by length."""
_LENGTHS: Final = (8, 12, 16, 24, 32, 48, 64, 96, 128)
"""Lengths to which batches are padded."""
_DROPOUT: Final = 0.1
_DECAY: Final = 0.01
_LEAST_RATE: Final = 0.05
"""The share of its highest rate with which learning ends."""
_SOFT: Final = 0.7
"""What the teachers' word counts, and not the labels."""
_ALIKE: Final = 5.0
"""What the likeness of a text's vector to the teacher's counts."""
_EARLY_WIDTH: Final = 256
"""How wide the layer is between the vector that some layers make of a text and what they say of it."""
_EARLY_RATE: Final = 2e-3
_EARLY_EPOCHS: Final = 20
_LEAST_SPREAD: Final = 1e-3


class Lesson(NamedTuple):
    """What teachers say of the texts."""

    logits: Floats
    """Texts by heads."""
    vectors: Floats
    """Texts by `WIDTH`."""


class Padded(NamedTuple):
    """Texts side by side (texts by pieces)."""

    numbers: npt.NDArray[np.int64]
    """Of their pieces."""
    there: Floats
    """1 where there is a piece."""
    own: Floats
    """1 where it is the text's own, and does not stand before it."""


def device() -> Any:
    """A GPU where there is one, else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def new_heads(count: int, seed: int) -> dict[str, Floats]:
    """Weights of the heads over a text's vector."""
    random = np.random.default_rng(seed)
    weights = random.normal(0, 0.02, (WIDTH, count)).astype(np.float32)
    return {"heads.w": weights, "heads.b": np.full(count, PRIOR, dtype=np.float32)}


def layers_of(parameters: Mapping[str, Floats], kept: Sequence[int]) -> dict[str, Floats]:
    """A network of some of another's layers."""
    own = {name: value for name, value in parameters.items() if not _is_of_a_layer(name)}
    for at, layer in enumerate(kept):
        prefix = f"l{layer}."
        own |= {
            f"l{at}.{name.removeprefix(prefix)}": value for name, value in parameters.items() if name.startswith(prefix)
        }
    return own


def _is_of_a_layer(name: str) -> bool:
    return name[0] == "l" and name[1].isdigit()


def _halved(where: Any) -> Any:
    """A context in which a processor that multiplies 16-bit floats itself does so: twice as fast there.

    What is learned stays in 32 bits.
    """
    able = where.type == "cpu" and torch.cpu.get_capabilities().get("avx512_bf16", False)
    return torch.autocast(where.type, dtype=torch.bfloat16, enabled=bool(able))


def forward(p: Parameters, numbers: Any, there: Any, own: Any, *, learning: bool) -> tuple[Any, Any]:
    """The vectors and the heads' logits of texts.

    Args:
        p: the network.
        numbers: of the texts' pieces, padded (texts by pieces).
        there: 1 where there is a piece, 0 where there is only padding.
        own: 1 where the piece is the text's own, 0 where it stands before it, and in the padding.
        learning: whether some of it is left out at random.
    """
    texts, length = numbers.shape

    def linear(x: Any, name: str) -> Any:
        return functional.linear(x, p[f"{name}.w"], p[f"{name}.b"])

    def normalised(x: Any, name: str) -> Any:
        return functional.layer_norm(x, (WIDTH,), p[f"{name}.w"], p[f"{name}.b"], EPSILON)

    def split(x: Any) -> Any:
        return x.view(texts, length, ATTENTION_HEADS, -1).transpose(1, 2)

    def dropped(x: Any) -> Any:
        return functional.dropout(x, _DROPOUT, learning)

    before = (there - own)[..., None] * p["emb.before"]
    x = functional.embedding(numbers, p["emb.word"]) + p["emb.place"][:length] + before
    x = dropped(normalised(x, "emb.ln"))
    seen = (there > 0)[:, None, None, :]
    for layer in range(sum(name.endswith(".q.w") for name in p)):
        query, key, value = (split(linear(x, f"l{layer}.{part}")) for part in "qkv")
        attention = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        joined = linear(attention.transpose(1, 2).reshape(texts, length, WIDTH), f"l{layer}.ao")
        x = normalised(x + dropped(joined), f"l{layer}.aln")
        inner = functional.gelu(linear(x, f"l{layer}.fi"))
        x = normalised(x + dropped(linear(inner, f"l{layer}.fo")), f"l{layer}.oln")
    vectors = (x * own[..., None]).sum(1) / own.sum(1, keepdim=True)
    return vectors, vectors @ p["heads.w"] * SHARP + p["heads.b"]


def tune(
    start: Mapping[str, Floats],
    texts: Sequence[Cut],
    holds: Floats,
    known: Floats,
    *,
    rate: float,
    epochs: int,
    lesson: Lesson | None = None,
    seed: int = 0,
    left: Collection[str] = (),
) -> dict[str, Floats]:
    """Tune a network's parameters, but those that are `left` as they are, on texts of which it is known what holds.

    What holds may be given as a probability. Progress goes to stderr.
    """
    torch.manual_seed(seed)
    torch.backends.cuda.matmul.allow_tf32 = True
    random, where = np.random.default_rng(seed), device()
    p = {name: torch.tensor(value, device=where, requires_grad=name not in left) for name, value in start.items()}
    y, w = torch.tensor(holds, device=where), torch.tensor(known, device=where)
    taught = None if lesson is None else [torch.tensor(part, device=where) for part in lesson]
    steps = epochs * _batches_of_an_epoch(len(texts))
    learning = [value for value in p.values() if value.requires_grad]
    optimiser = torch.optim.AdamW(learning, lr=rate, weight_decay=_DECAY, fused=where.type == "cuda")
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _share_of_rate(step, steps))
    began = time.monotonic()
    for epoch in range(epochs):
        losses = []
        for chosen, padded in batches(texts, random.permutation(len(texts)), random):
            at = torch.from_numpy(chosen).to(where)
            vectors, logits = _heard(p, padded, where, learning=True)
            wanted = y[at]
            if taught is not None:
                wanted = _SOFT * torch.sigmoid(taught[0][at]) + (1 - _SOFT) * wanted
            loss = functional.binary_cross_entropy_with_logits(logits, wanted, weight=w[at], reduction="sum")
            loss = loss / (w[at].sum() + 1e-6) * holds.shape[1]
            if taught is not None:
                loss = loss + _ALIKE * (1 - functional.cosine_similarity(vectors, taught[1][at], dim=-1)).mean()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(loss.detach())
        mean = float(torch.stack(losses).mean())
        sys.stderr.write(f"  epoch {epoch + 1} of {epochs}: loss {mean:.3f}, {time.monotonic() - began:.0f} s\n")
    return {name: value.detach().cpu().numpy() for name, value in p.items()}


def _heard(p: Parameters, padded: Padded, where: Any, *, learning: bool) -> tuple[Any, Any]:
    """As `forward`, in 32 bits whatever it was worked out in."""
    with _halved(where):
        vectors, logits = forward(p, *_on(padded, where), learning=learning)
    return vectors.float(), logits.float()


def _on(padded: Padded, where: Any) -> list[Any]:
    return [torch.from_numpy(array).to(where, non_blocking=True) for array in padded]


def _batches_of_an_epoch(texts: int) -> int:
    whole, rest = divmod(texts, _SORTED)
    return whole * (_SORTED // BATCH) + math.ceil(rest / BATCH)


def _share_of_rate(step: int, steps: int) -> float:
    """Up in a sixteenth of the steps, then down along a cosine."""
    rising = max(1, steps // 16)
    if step < rising:
        return (step + 1) / rising
    done = (step - rising) / max(1, steps - rising)
    return _LEAST_RATE + (1 - _LEAST_RATE) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def batches(
    texts: Sequence[Cut], order: npt.NDArray[np.int64], random: np.random.Generator
) -> Iterator[tuple[npt.NDArray[np.int64], Padded]]:
    """Batches of texts of like length: which texts, and their pieces."""
    for start in range(0, len(order), _SORTED):
        near = sorted(order[start : start + _SORTED].tolist(), key=lambda i: len(texts[i].pieces))
        for at in random.permutation(np.arange(0, len(near), BATCH)):
            chosen = near[at : at + BATCH]
            yield np.array(chosen), side_by_side([texts[i] for i in chosen])


def side_by_side(texts: Sequence[Cut]) -> Padded:
    """Texts padded to one length."""
    longest = max(len(text.pieces) for text in texts)
    length = _LENGTHS[int(np.searchsorted(_LENGTHS, longest))]
    numbers = np.zeros((len(texts), length), dtype=np.int64)
    there = np.zeros((len(texts), length), dtype=np.float32)
    own = np.zeros_like(there)
    for row, text in enumerate(texts):
        end = len(text.pieces)
        numbers[row, :end] = text.pieces
        there[row, :end] = 1
        own[row, text.own : end] = 1
    return Padded(numbers, there, own)


def lesson_of(
    of_texts: Sequence[Mapping[str, Floats]], of_turns: Sequence[Mapping[str, Floats]], texts: Sequence[Cut]
) -> Lesson:
    """What two kinds of teachers say of texts.

    These are the mean logits of all of them where nothing stands before a text. Where something does, they are those of
    the teachers `of_turns`, for the others have never seen the like. The vectors are of the first teacher `of_turns`.
    """
    first, *others = (said_by(teacher, texts) for teacher in of_turns)
    after = [first.logits, *(one.logits for one in others)]
    logits = np.mean(after, axis=0)
    alone = [at for at, text in enumerate(texts) if not text.own]
    bare = [texts[i] for i in alone]
    heard = [*(said[alone] for said in after), *(said_by(teacher, bare).logits for teacher in of_texts)]
    logits[alone] = np.mean(heard, axis=0)
    return Lesson(logits, first.vectors)


def said_by(parameters: Mapping[str, Floats], texts: Sequence[Cut]) -> Lesson:
    """What a network says of texts."""
    where = device()
    p = {name: torch.tensor(value, device=where) for name, value in parameters.items()}
    logits = np.zeros((len(texts), parameters["heads.b"].shape[0]), dtype=np.float32)
    vectors = np.zeros((len(texts), WIDTH), dtype=np.float32)
    by_length = np.argsort([len(text.pieces) for text in texts], kind="stable")
    with torch.no_grad():
        for start in range(0, len(texts), 4 * BATCH):
            chosen = by_length[start : start + 4 * BATCH]
            padded = side_by_side([texts[i] for i in chosen])
            vector, logit = _heard(p, padded, where, learning=False)
            vectors[chosen], logits[chosen] = vector.cpu().numpy(), logit.cpu().numpy()
    return Lesson(logits, vectors)


def early_heads(vectors: Floats, whole: Floats, seed: int) -> dict[str, Floats]:
    """Weights that say what a whole network says of texts, from the vectors that its first layers make of them.

    Args:
        vectors: texts by `WIDTH`.
        whole: the whole network's logits (texts by heads).
        seed: of what is random.

    Returns:
        Of two layers, `in` and `out`, with a GELU between them, the weights and biases.
    """
    torch.manual_seed(seed)
    random, where = np.random.default_rng(seed), device()
    mean, spread = vectors.mean(axis=0), vectors.std(axis=0) + _LEAST_SPREAD
    x = torch.tensor((vectors - mean) / spread, device=where)
    wanted = torch.sigmoid(torch.tensor(whole, device=where))
    inner = torch.nn.Linear(vectors.shape[1], _EARLY_WIDTH, device=where)
    outer = torch.nn.Linear(_EARLY_WIDTH, whole.shape[1], device=where)
    parameters = [*inner.parameters(), *outer.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=_EARLY_RATE, weight_decay=_DECAY)
    steps = _EARLY_EPOCHS * math.ceil(len(vectors) / BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _share_of_rate(step, steps))
    for _ in range(_EARLY_EPOCHS):
        order = torch.from_numpy(random.permutation(len(vectors))).to(where)
        for at in order.split(BATCH):
            hidden = functional.dropout(functional.gelu(inner(x[at])), _DROPOUT)
            loss = functional.binary_cross_entropy_with_logits(outer(hidden) * SHARP, wanted[at], reduction="sum")
            optimiser.zero_grad(set_to_none=True)
            (loss / len(at)).backward()
            optimiser.step()
            schedule.step()
    tuned = [one.detach().cpu().numpy() for one in parameters]
    scaled = tuned[0] / spread
    return {
        "in.w": scaled,
        "in.b": tuned[1] - scaled @ mean,
        "out.w": tuned[2] * np.float32(SHARP),
        "out.b": tuned[3] * np.float32(SHARP),
    }
