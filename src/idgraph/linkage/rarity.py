"""Rarity: how much more a rare value says than a common one, learnt from how often the rows that share it are one.

Taken by itself a value says the more the fewer rows hold it. But a value may also be common because one entity has many
rows: then its frequency says nothing against it. So for values of each frequency the pairs that share them are counted,
and how many of these match; what follows for the weight is met halfway, for what else speaks for a match is not quite
independent of the value.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from idgraph.linkage.model import Model
    from idgraph.linkage.patterns import Comparison, Decoded

__all__ = ["learn_rarity"]

_Floats = npt.NDArray[np.float64]
_ROUNDS: Final = 3
_HALFWAY: Final = 0.5
_KNOWN: Final = 50.0  # what frequency alone says counts as much as so many pairs
_SURE: Final = 1e-6  # no share is nearer to none or all
_DIGITS: Final = 2


def learn_rarity(
    model: Model, comparison: Comparison, decoded: Decoded, counts: _Floats, rows: int, possible: float
) -> Model:
    """Learn how much rarity says.

    Args:
        model: its other weights.
        comparison: how many pairs of rows share values of each frequency.
        decoded: the patterns of candidate pairs.
        counts: the pairs that show them.
        rows: how many rows the table has.
        possible: how many pairs there could be.

    Returns:
        The model with `rarity`.
    """
    prior = model.prior(rows, possible)
    for _ in range(_ROUNDS):
        odds = model.weights(decoded, comparison.held) + prior
        matched = counts / (1 + np.exp2(-np.clip(odds, -60, 60)))
        found = []
        for place, sharing in enumerate(comparison.sharing):
            levels, steps = decoded.levels[:, place], decoded.steps[:, place]
            bits = []
            for level, pairs in sharing.items():
                shown = (levels == level) & (steps >= 0)
                met, right = (
                    np.bincount(steps[shown], of[shown], len(pairs)).astype(np.float64) for of in (counts, matched)
                )
                rows_held = max(comparison.held[place][level], 1)
                said = np.log2(model.m[place][level]) + np.log2(rows_held) - np.arange(len(pairs)) / 2
                bits.append(_by_rarity(_more(said + prior, np.maximum(pairs, met), right), rows_held))
            found.append(tuple(bits))
        model = replace(model, rarity=tuple(found))
    return model


def _more(said: _Floats, pairs: _Floats, matched: _Floats) -> _Floats:
    """By how many bits pairs that share a value are likelier one than its frequency alone says, by step."""
    alone = 1 / (1 + np.exp2(-np.clip(said, -60, 60)))
    share = (matched + _KNOWN * alone) / (pairs + _KNOWN)
    more: _Floats = _HALFWAY * (_odds(share) - _odds(alone))
    return more


def _odds(share: _Floats) -> _Floats:
    sure = share.clip(_SURE, 1 - _SURE)
    found: _Floats = np.log2(sure / (1 - sure))
    return found


def _by_rarity(by_step: _Floats, held: int) -> tuple[float, ...]:
    """From steps of how many rows hold a value to steps of the share of rows that do, the commonest first."""
    rarest = round(2 * np.log2(held))
    found = [0.0] * (rarest + 1)
    for step, bits in enumerate(by_step[: rarest + 1]):
        found[rarest - step] = round(float(bits), _DIGITS)
    return tuple(found)
