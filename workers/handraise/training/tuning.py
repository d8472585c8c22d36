"""Tuning a network that reads: from labels, or from labels and what better networks say of the same texts.

PyTorch does the work, on a GPU where there is one. Deep networks are tuned on the labels alone (the teachers); then a
network of every second layer of one of them learns from the labels, from the mean of what the teachers say, and from
the vectors that one makes of the texts (distillation: Hinton et al., 2015; Sanh et al., 2019).
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

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


class Lesson(NamedTuple):
    """What teachers say of the texts."""

    logits: Floats
    """Texts by heads."""
    vectors: Floats
    """Texts by `WIDTH`."""


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


def forward(p: Parameters, numbers: Any, mask: Any, *, learning: bool) -> tuple[Any, Any]:
    """The vectors and the heads' logits of padded texts (texts by pieces)."""
    texts, length = numbers.shape

    def linear(x: Any, name: str) -> Any:
        return functional.linear(x, p[f"{name}.w"], p[f"{name}.b"])

    def normalised(x: Any, name: str) -> Any:
        return functional.layer_norm(x, (WIDTH,), p[f"{name}.w"], p[f"{name}.b"], EPSILON)

    def split(x: Any) -> Any:
        return x.view(texts, length, ATTENTION_HEADS, -1).transpose(1, 2)

    def dropped(x: Any) -> Any:
        return functional.dropout(x, _DROPOUT, learning)

    x = dropped(normalised(functional.embedding(numbers, p["emb.word"]) + p["emb.place"][:length], "emb.ln"))
    there = (mask > 0)[:, None, None, :]
    for layer in range(sum(name.endswith(".q.w") for name in p)):
        query, key, value = (split(linear(x, f"l{layer}.{part}")) for part in "qkv")
        attention = functional.scaled_dot_product_attention(query, key, value, attn_mask=there)
        joined = linear(attention.transpose(1, 2).reshape(texts, length, WIDTH), f"l{layer}.ao")
        x = normalised(x + dropped(joined), f"l{layer}.aln")
        inner = functional.gelu(linear(x, f"l{layer}.fi"))
        x = normalised(x + dropped(linear(inner, f"l{layer}.fo")), f"l{layer}.oln")
    vectors = (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    return vectors, vectors @ p["heads.w"] * SHARP + p["heads.b"]


def tune(
    start: Mapping[str, Floats],
    pieces: Sequence[Sequence[int]],
    holds: Floats,
    known: Floats,
    *,
    rate: float,
    epochs: int,
    lesson: Lesson | None = None,
    seed: int = 0,
) -> dict[str, Floats]:
    """Tune a network's parameters on the rows; progress goes to stderr."""
    torch.manual_seed(seed)
    torch.backends.cuda.matmul.allow_tf32 = True
    random, where = np.random.default_rng(seed), device()
    p = {name: torch.tensor(value, device=where, requires_grad=True) for name, value in start.items()}
    y, w = torch.tensor(holds, device=where), torch.tensor(known, device=where)
    taught = None if lesson is None else [torch.tensor(part, device=where) for part in lesson]
    steps = epochs * _batches_of_an_epoch(len(pieces))
    optimiser = torch.optim.AdamW(p.values(), lr=rate, weight_decay=_DECAY, fused=where.type == "cuda")
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _share_of_rate(step, steps))
    began = time.monotonic()
    for epoch in range(epochs):
        losses = []
        for chosen, numbers, mask in batches(pieces, random.permutation(len(pieces)), random):
            at = torch.from_numpy(chosen).to(where)
            vectors, logits = forward(p, _on(numbers, where), _on(mask, where), learning=True)
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


def _on(array: npt.NDArray[Any], where: Any) -> Any:
    return torch.from_numpy(array).to(where, non_blocking=True)


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
    pieces: Sequence[Sequence[int]], order: npt.NDArray[np.int64], random: np.random.Generator
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]]:
    """Batches of texts of like length: which texts, their pieces' numbers, and where there are any."""
    for start in range(0, len(order), _SORTED):
        near = sorted(order[start : start + _SORTED].tolist(), key=lambda i: len(pieces[i]))
        for at in random.permutation(np.arange(0, len(near), BATCH)):
            chosen = near[at : at + BATCH]
            yield np.array(chosen), *padded([pieces[i] for i in chosen])


def padded(texts: Sequence[Sequence[int]]) -> tuple[npt.NDArray[np.int64], Floats]:
    """Texts' pieces side by side, and where there are any."""
    longest = max(map(len, texts))
    length = _LENGTHS[int(np.searchsorted(_LENGTHS, longest))]
    numbers = np.zeros((len(texts), length), dtype=np.int64)
    mask = np.zeros((len(texts), length), dtype=np.float32)
    for row, text in enumerate(texts):
        numbers[row, : len(text)] = text
        mask[row, : len(text)] = 1
    return numbers, mask


def lesson_of(teachers: Sequence[Mapping[str, Floats]], pieces: Sequence[Sequence[int]]) -> Lesson:
    """The teachers' mean logits of the texts, and the vectors of the first of them."""
    said = [_said(teacher, pieces) for teacher in teachers]
    return Lesson(np.mean([one.logits for one in said], axis=0), said[0].vectors)


def _said(parameters: Mapping[str, Floats], pieces: Sequence[Sequence[int]]) -> Lesson:
    where = device()
    p = {name: torch.tensor(value, device=where) for name, value in parameters.items()}
    logits = np.zeros((len(pieces), parameters["heads.b"].shape[0]), dtype=np.float32)
    vectors = np.zeros((len(pieces), WIDTH), dtype=np.float32)
    by_length = np.argsort([len(text) for text in pieces], kind="stable")
    with torch.no_grad():
        for start in range(0, len(pieces), 4 * BATCH):
            chosen = by_length[start : start + 4 * BATCH]
            numbers, mask = padded([pieces[i] for i in chosen])
            vector, logit = forward(p, _on(numbers, where), _on(mask, where), learning=False)
            vectors[chosen], logits[chosen] = vector.cpu().numpy(), logit.cpu().numpy()
    return Lesson(logits, vectors)
