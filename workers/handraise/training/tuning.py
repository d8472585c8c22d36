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
_SORTED: Final = BATCH * 60
"""With a third as many, a tenth more of what is read is padding."""
_LENGTHS: Final = (8, 12, 16, 24, 32, 48, 64, 96, 128)
"""Lengths to which batches are padded, so that few shapes are compiled."""
PRIOR: Final = -2.0
"""The log-odds from which the heads start."""


def batches(
    pieces: Sequence[Sequence[int]], order: npt.NDArray[np.int64]
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]]:
    """Batches of texts of like length: which texts, their pieces' numbers, and where there are any.

    Out of every `_SORTED` texts of the order, batches are made by length, and come in no order of length.
    """
    random = np.random.default_rng(len(order))
    for start in range(0, len(order), _SORTED):
        chunk = sorted(order[start : start + _SORTED], key=lambda i: len(pieces[i]))
        for at in random.permutation(np.arange(0, len(chunk), BATCH)):
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
    shares: Sequence[float],
    look_up: Callable[[npt.NDArray[np.int64]], npt.NDArray[Any]] = lambda numbers: numbers,
    seed: int = 0,
) -> dict[str, Floats]:
    """Tune parameters on the rows; `look_up` turns pieces into the network's input. Progress goes to stderr.

    There is one of `shares` for each epoch: how much of the rows it goes through. Most rows are learned at once, and
    teach little when they come again; so, from the second epoch on, it is those whose mean loss over the heads that are
    known was higher than that of others seen at about the same time, when they were last seen.
    """
    p: Parameters = {name: jnp.asarray(value) for name, value in start.items()}
    steps = round(sum(shares) * (len(pieces) / BATCH + 1))
    schedule = optax.warmup_cosine_decay_schedule(0.0, rate, steps // 16, steps, rate / 20)
    optimiser = optax.adamw(schedule, weight_decay=0.01)

    def loss(p: Parameters, inputs: Any, mask: Any, holds: Any, known: Any, key: jax.Array) -> tuple[Any, Any]:
        losses = optax.sigmoid_binary_cross_entropy(logits(p, inputs, mask, key), holds) * known
        return losses.sum() / (known.sum() + 1e-6) * len(HEADS), losses.sum(1) / (known.sum(1) + 1e-6)

    @partial(jax.jit, donate_argnums=(0, 1))
    def step(p: Parameters, state: Any, inputs: Any, mask: Any, holds: Any, known: Any, key: jax.Array) -> Any:
        (value, each), gradients = jax.value_and_grad(loss, has_aux=True)(p, inputs, mask, holds, known, key)
        updates, state = optimiser.update(gradients, state, p)
        return optax.apply_updates(p, updates), state, value, each

    random = np.random.default_rng(seed)
    state, key, began = optimiser.init(p), jax.random.PRNGKey(seed), time.monotonic()
    standing = np.zeros(len(pieces))
    for epoch, share in enumerate(shares):
        losses, each_loss = [], np.zeros(len(pieces), dtype=np.float32)
        order = random.permutation(np.flatnonzero(standing < share))
        for chosen, numbers, mask in batches(pieces, order):
            y, w = np.zeros((2, BATCH, len(HEADS)), dtype=np.float32)
            y[: len(chosen)], w[: len(chosen)] = holds[chosen], known[chosen]
            key, used = jax.random.split(key)
            p, state, value, each = step(p, state, look_up(numbers), mask, y, w, used)
            losses.append(float(value))
            each_loss[chosen] = each[: len(chosen)]
        stand(order, each_loss, standing)
        sys.stderr.write(
            f"  epoch {epoch + 1} of {len(shares)}: {len(order)} rows, loss {np.mean(losses):.3f},"
            f" {time.monotonic() - began:.0f} s\n"
        )
    return {name: np.asarray(value) for name, value in p.items()}


def stand(order: npt.NDArray[np.int64], losses: Floats, standing: npt.NDArray[np.float64]) -> None:
    """Rank the texts of an epoch by loss among those near them in its order.

    The highest loss stands at 0, the lowest just below the epoch's share of all texts. A text that is seen early is
    judged by a network that knows less, so it is compared with its like. One that was left out keeps what it had.
    """
    share = len(order) / len(standing)
    for start in range(0, len(order), _SORTED):
        near = order[start : start + _SORTED]
        ranks = np.argsort(np.argsort(-losses[near], kind="stable"), kind="stable")
        standing[near] = ranks / len(near) * share


def new_heads(width: int, seed: int = 0) -> dict[str, Floats]:
    """Weights of the heads over a text's vector of `width`."""
    random = np.random.default_rng(seed)
    weights = random.normal(0, 0.02, (width, len(HEADS))).astype(np.float32)
    return {"heads.weight": weights, "heads.bias": np.full(len(HEADS), PRIOR, dtype=np.float32)}
