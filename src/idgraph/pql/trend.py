"""Measures of how counts go: growth, consistency and spikes, from counts in steps that reach back from a time.

At a time t the steps of a measure end at t, t − step, t − 2·step …; each holds what came after it began, up to its end.
A step that begins before the entity's first such event says nothing of it and is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from idgraph.pql.quantity import Consistency, Growth, Spike
from idgraph.pql.scope import micros

__all__ = ["followed"]

_Counts = NDArray[np.float64]
_LEAST: Final = 4  # fewer steps than this show no trend
_AT_ONCE: Final = 50_000  # rows whose pairs of steps are held in memory together
_NORMAL: Final = 1.4826  # what makes the median absolute deviation a standard deviation of normal values


def followed(
    measure: Growth | Consistency | Spike, found: pl.LazyFrame, times: pl.LazyFrame, keys: Sequence[str]
) -> pl.LazyFrame:
    """Compute a measure at some times.

    Args:
        measure: which.
        found: the events it counts: keys, at, count.
        times: keys, at.
        keys: what tells entities apart.

    Returns:
        The keys, at, value (NaN where there is too little to say).
    """
    number = _steps_of(measure)
    counted = _in_steps(found, times, keys, micros(measure.step), number)
    compute = _COMPUTE[type(measure)]
    names = [str(step) for step in range(number)]

    def kernel(rows: pl.DataFrame) -> pl.DataFrame:
        counts = rows.select(pl.col(names).cast(pl.Float64).fill_null(float("nan"))).to_numpy()
        parts = [compute(counts[begin : begin + _AT_ONCE]) for begin in range(0, len(counts), _AT_ONCE)]
        return rows.select(*keys, "at").with_columns(value=pl.Series(np.concatenate([*parts, np.empty(0)])))

    schema = {**{name: counted.collect_schema()[name] for name in (*keys, "at")}, "value": pl.Float64()}
    return counted.map_batches(kernel, schema=schema)


def _steps_of(measure: Growth | Consistency | Spike) -> int:
    if isinstance(measure, Spike):
        return 1 + micros(measure.baseline) // micros(measure.step)
    return micros(measure.over) // micros(measure.step)


def _in_steps(found: pl.LazyFrame, times: pl.LazyFrame, keys: Sequence[str], step: int, number: int) -> pl.LazyFrame:
    """Count in steps back from each time: columns `0` (the latest), `1` …, null before the first event."""
    sums = found.sort("at").with_columns(total=pl.col("count").cum_sum().over(keys)).select(*keys, "at", "total")
    births = found.group_by(keys).agg(born=pl.col("at").min())
    rows = times.join(births, on=list(keys))
    for back in range(number + 1):
        edge = pl.col("at") - pl.duration(microseconds=back * step)
        upto = sums.rename({"at": "edge", "total": f"upto {back}"})
        rows = (
            rows.with_columns(edge=edge).sort("edge").join_asof(upto, on="edge", by=list(keys), check_sortedness=False)
        )
    begins = [pl.col("at") - pl.duration(microseconds=(back + 1) * step) for back in range(number)]
    differences = [
        pl.col(f"upto {back}").fill_null(0) - pl.col(f"upto {back + 1}").fill_null(0) for back in range(number)
    ]
    known = [
        pl.when(begin >= pl.col("born")).then(difference).alias(str(back))
        for back, (begin, difference) in enumerate(zip(begins, differences, strict=True))
    ]
    return rows.select(*keys, "at", *known)


def _growth(counts: _Counts) -> _Counts:
    """The factor over the whole window that the median slope of all pairs of steps makes (Theil 1950, Sen 1968)."""
    logs = np.log1p(counts)
    later, earlier = np.triu_indices(counts.shape[1], 1)
    slopes = (logs[:, later] - logs[:, earlier]) / (earlier - later)
    median = _median(slopes)
    enough = np.isfinite(counts).sum(axis=1) >= _LEAST
    return np.where(enough, np.exp(median * counts.shape[1]), np.nan)


def _consistency(counts: _Counts) -> _Counts:
    """The share of all steps with an event; those before the first event have none."""
    return (np.nan_to_num(counts) > 0).mean(axis=1)  # type: ignore[no-any-return]


def _spike(counts: _Counts) -> _Counts:
    """The latest step against the median and spread of those before; no spread counts as less than that of chance."""
    before = counts[:, 1:]
    usual = _median(before)
    spread = _NORMAL * _median(np.abs(before - usual[:, None]))
    chance = np.sqrt(np.maximum(usual, 1.0))  # Poisson
    enough = np.isfinite(before).sum(axis=1) >= _LEAST
    return np.where(enough, (counts[:, 0] - usual) / np.maximum(spread, chance), np.nan)


def _median(values: _Counts) -> _Counts:
    """The median of each row without its NaN; NaN of none. Sorting puts NaN last, and warns of nothing."""
    ordered = np.sort(values, axis=1)
    number = np.isfinite(values).sum(axis=1)
    rows = np.arange(len(values))
    low, high = np.maximum(number - 1, 0) // 2, number // 2
    middle = (ordered[rows, low] + ordered[rows, np.minimum(high, values.shape[1] - 1)]) / 2
    return np.where(number > 0, middle, np.nan)


_COMPUTE: Final[dict[type, Callable[[_Counts], _Counts]]] = {
    Growth: _growth,
    Consistency: _consistency,
    Spike: _spike,
}
