"""What tuning either network has in common: batches of like length, the loss, the schedule."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import optax

from handraise.detection.heads import HEADS

Floats = npt.NDArray[np.float32]
Parameters = dict[str, jax.Array]
Logits = Callable[[Parameters, Any, Any, jax.Array], jax.Array]
"""Parameters, a batch's input, its mask and a key for dropout, to logits."""

BATCH: Final = 32
_LENGTHS: Final = (8, 12, 16, 24, 32, 48, 64, 96, 128)
"""Lengths to which batches are padded, so that few shapes are compiled."""
PRIOR: Final = -2.0
"""The log-odds from which the heads start."""


def batches(
    pieces: Sequence[Sequence[int]], order: npt.NDArray[np.int64]
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]]:
    """Batches of texts of like length: which texts, their pieces' numbers, and where there are any."""
    for start in range(0, len(order), BATCH * 20):
        chunk = sorted(order[start : start + BATCH * 20], key=lambda i: len(pieces[i]))
        for at in range(0, len(chunk), BATCH):
            chosen = np.array(chunk[at : at + BATCH])
            longest = max(len(pieces[i]) for i in chosen)
            length = _LENGTHS[int(np.searchsorted(_LENGTHS, longest))]
            numbers = np.zeros((BATCH, length), dtype=np.int64)
            mask = np.zeros((BATCH, length), dtype=np.float32)
            mask[:, 0] = 1
            for row, i in enumerate(chosen):
                numbers[row, : len(pieces[i])] = pieces[i]
                mask[row, : len(pieces[i])] = 1
            yield chosen, numbers, mask


def tune(
    start: Mapping[str, Floats],
    logits: Logits,
    pieces: Sequence[Sequence[int]],
    holds: Floats,
    known: Floats,
    *,
    rate: float,
    epochs: int,
    look_up: Callable[[npt.NDArray[np.int64]], npt.NDArray[Any]] = lambda numbers: numbers,
    seed: int = 0,
) -> dict[str, Floats]:
    """Tune parameters on all rows; `look_up` turns pieces into the network's input. Progress goes to stderr."""
    p: Parameters = {name: jnp.asarray(value) for name, value in start.items()}
    steps = epochs * (len(pieces) // BATCH + 1)
    schedule = optax.warmup_cosine_decay_schedule(0.0, rate, steps // 16, steps, rate / 20)
    optimiser = optax.adamw(schedule, weight_decay=0.01)

    def loss(p: Parameters, inputs: Any, mask: Any, holds: Any, known: Any, key: jax.Array) -> jax.Array:
        losses = optax.sigmoid_binary_cross_entropy(logits(p, inputs, mask, key), holds)
        return (losses * known).sum() / (known.sum() + 1e-6) * len(HEADS)

    @partial(jax.jit, donate_argnums=(0, 1))
    def step(p: Parameters, state: Any, inputs: Any, mask: Any, holds: Any, known: Any, key: jax.Array) -> Any:
        value, gradients = jax.value_and_grad(loss)(p, inputs, mask, holds, known, key)
        updates, state = optimiser.update(gradients, state, p)
        return optax.apply_updates(p, updates), state, value

    random = np.random.default_rng(seed)
    state, key, began = optimiser.init(p), jax.random.PRNGKey(seed), time.monotonic()
    for epoch in range(epochs):
        losses = []
        for chosen, numbers, mask in batches(pieces, random.permutation(len(pieces))):
            y, w = np.zeros((2, BATCH, len(HEADS)), dtype=np.float32)
            y[: len(chosen)], w[: len(chosen)] = holds[chosen], known[chosen]
            key, used = jax.random.split(key)
            p, state, value = step(p, state, look_up(numbers), mask, y, w, used)
            losses.append(float(value))
        sys.stderr.write(
            f"  epoch {epoch + 1} of {epochs}: loss {np.mean(losses):.3f}, {time.monotonic() - began:.0f} s\n"
        )
    return {name: np.asarray(value) for name, value in p.items()}


def new_heads(width: int, seed: int = 0) -> dict[str, Floats]:
    """Weights of the heads over a text's vector of `width`."""
    random = np.random.default_rng(seed)
    weights = random.normal(0, 0.02, (width, len(HEADS))).astype(np.float32)
    return {"heads.weight": weights, "heads.bias": np.full(len(HEADS), PRIOR, dtype=np.float32)}
