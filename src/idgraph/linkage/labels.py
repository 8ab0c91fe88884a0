"""Labels: pairs of rows that somebody judged to be the same or different. They teach, and they hold.

Pairs that are the same teach how one entity's values agree. All of them teach how many pairs of each weight are one,
and so from which weight on a pair is a link. That is fair whatever weights the labelled pairs have, for a label is
asked only about pairs of its own weight.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw
import numpy as np
import numpy.typing as npt

from idgraph.errors import ConfigError
from idgraph.linkage.fields import NEVER
from idgraph.schema import TEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idgraph.engines import Engine
    from idgraph.linkage.model import Model
    from idgraph.linkage.patterns import Comparison

__all__ = ["Labels", "labels_of"]

_COLUMNS: Final = ("left_id", "right_id", "verdict")
_Floats = npt.NDArray[np.float64]
_BELIEVED: Final = 2.0  # bits that the odds of a table are taken to be wrong by, before any label is seen
_SHIFTS: Final = np.round(np.arange(-12.0, 12.01, 0.1), 1)


@dataclass(frozen=True)
class Labels:
    """Judged pairs.

    Attributes:
        pairs: left, right (rows, left < right), same (Boolean): each pair once.
    """

    pairs: nw.LazyFrame

    def proven(self, comparison: Comparison, engine: Engine) -> dict[str, Sequence[float]]:
        """By field, how many pairs that are the same agree on each of its levels."""
        same = self.pairs.filter(nw.col("same")).select("left", "right")
        patterns = engine.collect(comparison.patterns([same]))["pattern"].to_numpy()
        levels = comparison.decoded(patterns).levels
        return {
            field.name: np.bincount(column[column >= 0], minlength=len(field.holding.levels)).astype(float).tolist()
            for field, column in zip(comparison.fields, levels.T, strict=True)
        }

    def beside(self, met: nw.LazyFrame) -> nw.LazyFrame:
        """The judged pairs (left, right) that are not among those met."""
        return self.pairs.select("left", "right").join(met.select("left", "right"), on=["left", "right"], how="anti")

    def shifted(self, model: Model, comparison: Comparison, met: nw.LazyFrame, prior: float, engine: Engine) -> Model:
        """Let a model expect as many matches as the labels say: its weights stay, the odds of all pairs move together.

        Args:
            model: to change.
            comparison: what compared.
            met: left, right, pattern: pairs, the judged ones among them.
            prior: its log2 odds before anything is compared.
            engine: what runs it.
        """
        told = engine.collect(met.join(self.pairs, on=["left", "right"])).sort("left", "right")
        odds = model.weights(comparison.decoded(told["pattern"].to_numpy()), comparison.held) + prior
        return replace(model, matches_per_row=model.matches_per_row * 2.0 ** _shift(odds, told["same"].to_numpy()))

    def held(self, weighed: nw.LazyFrame) -> nw.LazyFrame:
        """Let what was judged hold: odds and probability of judged pairs."""
        known = weighed.join(self.pairs, on=["left", "right"], how="left")
        judged = ~nw.col("same").is_null()
        columns = []
        for name, yes, no in (("odds", -NEVER, NEVER), ("probability", 1.0, 0.0)):
            said = nw.when(nw.col("same")).then(nw.lit(yes)).otherwise(nw.lit(no))
            columns.append(nw.when(judged).then(said).otherwise(name).alias(name))
        return known.with_columns(*columns).drop("same")


def labels_of(given: Any, rows: nw.LazyFrame, engine: Engine) -> Labels:  # noqa: ANN401 - a frame of any library
    """Read labels.

    Args:
        given: left_id, right_id, verdict: a row whose verdict is neither `same` nor `different` does not count.
        rows: row, id of the table.
        engine: what runs it.

    Raises:
        ConfigError: a column or an id is not there, a row is judged with itself, or a pair is judged both ways.
    """
    frame = engine.lazy(given)
    if missing := [name for name in _COLUMNS if name not in frame.collect_schema().names()]:
        msg = f"labels lack the column {missing[0]!r}; they need {', '.join(_COLUMNS)}"
        raise ConfigError(msg)
    said = frame.select(*(nw.col(name).cast(TEXT) for name in _COLUMNS))
    said = said.filter(nw.col("verdict").is_in(["same", "different"]))
    for side in ("left", "right"):
        said = said.join(
            rows.select(nw.col("row").alias(side), nw.col("id").alias(f"{side}_id")), on=f"{side}_id", how="left"
        )
    said = engine.checkpoint(said)
    strange = engine.collect(said.filter(nw.col("left").is_null() | nw.col("right").is_null()).head(1))
    if strange.height:
        row = strange.row(0, named=True)
        msg = f"labels name a row that is not there: {row['left_id' if row['left'] is None else 'right_id']!r}"
        raise ConfigError(msg)
    low, high = nw.min_horizontal("left", "right").alias("left"), nw.max_horizontal("left", "right").alias("right")
    pairs = said.select(low, high, (nw.col("verdict") == "same").alias("same")).unique(["left", "right", "same"])
    wrong = (
        pairs.group_by("left", "right")
        .agg(nw.len().alias("n"))
        .filter((nw.col("n") > 1) | (nw.col("left") == nw.col("right")))
    )
    if number := engine.count(wrong):
        msg = f"labels judge {number} pairs to be the same and different, or rows with themselves; leave these out"
        raise ConfigError(msg)
    return Labels(engine.checkpoint(pairs))


def _shift(odds: _Floats, same: npt.NDArray[np.bool_]) -> float:
    """By how many bits odds have to move to fit labels best, where a great move is believed less.

    >>> _shift(np.array([9.0, 6.0, 5.0, 4.0]), np.array([True, False, False, False])) < -1
    True
    """
    moved = np.where(same, 1.0, -1.0) * (odds + _SHIFTS[:, None])
    against = np.log2(1 + np.exp2(-np.clip(moved, -60, 60))).sum(axis=1)
    unlikely = (_SHIFTS / _BELIEVED) ** 2 / (2 * np.log(2))
    return float(_SHIFTS[np.argmin(against + unlikely)])
