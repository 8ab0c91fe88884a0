"""How good without a truth: draw pairs, have them judged blind, and estimate how many of all joined pairs are right.

Joined pairs are drawn by bands of weight, doubtful ones more often than their share; the estimate gives each band its
share back. Its interval is Wilson's (1927) on the sample size that a simple draw would need for the same variance (Korn
and Graubard 1998), where each band's variance is that of its share eased by half a pair of either kind, so that a band
in which all were right is not taken to be without error; in simulations it holds the truth as often as it says.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl

from idgraph.errors import ConfigError
from idgraph.pql.spoken import many
from idgraph.schema import NUMBER, TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idgraph.engines import Engine

__all__ = ["Estimate", "estimate", "sample"]

_BANDS: Final = (4.0, 8.0, 12.0, 16.0, 20.0)  # log2 odds; pairs of these and more are in a band of their own
_LEAST: Final = 10  # pairs that are drawn of each band, if it has them
_EASED: Final = 0.5
_DIGITS: Final = 12  # beyond which only rounding errors are
_COLUMNS: Final = ("left_id", "right_id", "verdict")
_Z: Final = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Estimate:
    """How many of the joined pairs are right.

    Attributes:
        precision: the share of all joined pairs that is expected to be right.
        low, high: the interval that holds it in 95 of 100 draws.
        pairs: how many joined pairs there are.
        labelled: how many of them were judged `same` or `different`.
        left_out: labels that do not count: `unsure`, or of pairs that are not joined directly.
        bands: from_weight, pairs, labelled, same, precision: by weight, the weakest first.
    """

    precision: float
    low: float
    high: float
    pairs: int
    labelled: int
    left_out: int
    bands: pl.DataFrame

    def __str__(self) -> str:
        """One line."""
        interval = f"{self.low:.1%} to {self.high:.1%} in 95 of 100 draws"
        left = f"; {self.left_out:,} more do not count: unsure, or not joined" if self.left_out else ""
        said = f"{self.precision:.1%} of {self.pairs:,} joined pairs are right ({interval})"
        return f"{said}, by {many(self.labelled, 'label')}{left}"


def sample(frames: Mapping[str, nw.LazyFrame], level: str, size: int, seed: int, engine: Engine) -> pl.DataFrame:
    """Draw joined pairs to be judged, without saying what joined them.

    Args:
        frames: identifiers, links, assignments.
        level: person or account.
        size: how many, at most; a few more where bands are many.
        seed: another seed draws others.
        engine: what runs it.

    Returns:
        left_id, right_id, verdict (null, to be filled), in an order that tells nothing.

    Raises:
        ConfigError: nothing is joined on this level.
    """
    if size < 1:
        raise ConfigError(f"sample(size={size}) draws nothing; ask for 1 pair or more")
    joined = engine.collect(_joined(frames, level, engine)).sort("left_id", "right_id")
    if joined.is_empty():
        raise ConfigError(f"nothing is joined on level {level}; there is nothing to judge")
    banded = _banded(joined).sample(fraction=1.0, shuffle=True, seed=seed)
    roots = {band: sqrt(n) for band, n in banded.group_by("from_weight").len().iter_rows()}
    drawn = [
        rows.head(max(round(size * roots[band] / sum(roots.values())), _LEAST))
        for (band,), rows in sorted(banded.group_by("from_weight", maintain_order=True))
    ]
    mixed = pl.concat(drawn).sample(fraction=1.0, shuffle=True, seed=seed + 1)
    return mixed.select("left_id", "right_id", verdict=pl.lit(None, pl.String))


def estimate(frames: Mapping[str, nw.LazyFrame], level: str, labels: Any, engine: Engine) -> Estimate:  # noqa: ANN401
    """Estimate how many joined pairs are right.

    Args:
        frames: those that the sample was drawn from.
        level: that of the sample.
        labels: what `sample` gave, with verdict `same`, `different` or `unsure`: a frame of any library. Pairs that
            somebody chose, and did not draw, make it wrong.
        engine: what runs it.

    Raises:
        ConfigError: a column is not there, a pair is judged both ways, or no joined pair is judged in some band.
    """
    said = _labels(labels, engine)
    joined = _banded(engine.collect(_joined(frames, level, engine)))
    judged = said.filter(pl.col("verdict").is_in(["same", "different"]))
    known = joined.join(judged, on=["left_id", "right_id"], how="left")
    bands = known.group_by("from_weight").agg(
        pairs=pl.len().cast(pl.Int64),
        labelled=pl.col("verdict").count().cast(pl.Int64),
        same=(pl.col("verdict") == "same").sum().cast(pl.Int64),
    )
    bands = bands.sort("from_weight").with_columns(precision=pl.col("same") / pl.col("labelled"))
    if (bands["labelled"] == 0).any():
        missing = bands.filter(labelled=0)["from_weight"].to_list()
        msg = f"no pair of weight {missing[0]:g} and more is judged; judge all that graph.sample() draws"
        raise ConfigError(msg)
    counted = int(bands["labelled"].sum())
    share, low, high = _interval(*(bands[name].to_numpy().astype(float) for name in ("pairs", "labelled", "same")))
    return Estimate(share, low, high, int(bands["pairs"].sum()), counted, said.height - counted, bands)


def _joined(frames: Mapping[str, nw.LazyFrame], level: str, engine: Engine) -> nw.LazyFrame:
    """Pairs that evidence joins directly: left_id < right_id, weight (of the strongest). Holders of a value: to one."""
    placed = frames["assignments"].filter(nw.col("level").cast(TEXT) == level).select("record_id", "entity_id")
    used = frames["identifiers"].filter(nw.col("state").cast(TEXT) == "used").join(placed, on="record_id")
    used = used.select(
        "record_id", nw.col("type").cast(TEXT), nw.col("rules").cast(TEXT), "value", "weight", "entity_id"
    )
    value = ["type", "rules", "value", "entity_id"]
    held = engine.with_totals(used, value, first=nw.col("record_id").min())
    held = held.filter(nw.col("record_id") != nw.col("first"))
    links = frames["links"].filter(nw.col("state").cast(TEXT) == "used")
    inside = links.join(placed.rename({"record_id": "left_id"}), on="left_id", how="semi")
    pairs = nw.concat(
        [
            held.select(left_id="first", right_id="record_id", weight=nw.col("weight").cast(NUMBER)),
            inside.select("left_id", "right_id", nw.col("weight").cast(NUMBER)),
        ]
    )
    return engine.checkpoint(pairs.group_by("left_id", "right_id").agg(nw.col("weight").max()))


def _banded(joined: pl.DataFrame) -> pl.DataFrame:
    """Add the least weight of each pair's band."""
    below = pl.lit(0.0)
    for least in _BANDS:
        below = pl.when(pl.col("weight") >= least).then(least).otherwise(below)
    return joined.with_columns(from_weight=below)


def _labels(labels: Any, engine: Engine) -> pl.DataFrame:  # noqa: ANN401
    frame = engine.lazy(labels)
    if missing := [name for name in _COLUMNS if name not in frame.collect_schema().names()]:
        raise ConfigError(f"labels lack the column {missing[0]!r}; they are what graph.sample() gave, with verdicts")
    said = engine.collect(frame.select(*(nw.col(name).cast(TEXT) for name in _COLUMNS)))
    strange = said.filter(~pl.col("verdict").is_in(["same", "different", "unsure"]))["verdict"]
    if strange.len():
        raise ConfigError(f"{strange[0]!r} is no verdict; it is same, different or unsure")
    ends = pl.min_horizontal("left_id", "right_id"), pl.max_horizontal("left_id", "right_id")
    once = said.drop_nulls().select(left_id=ends[0], right_id=ends[1], verdict="verdict").unique()
    if not once.select("left_id", "right_id").is_unique().all():
        raise ConfigError("a pair is judged in two ways; decide, or leave it unsure")
    return once


def _interval(
    pairs: np.typing.NDArray[np.float64],
    labelled: np.typing.NDArray[np.float64],
    same: np.typing.NDArray[np.float64],
) -> tuple[float, float, float]:
    """The share that is right of all pairs, and its interval.

    Args:
        pairs: how many there are, by band.
        labelled: how many of them were judged.
        same: how many of these are right.
    """
    of_all = pairs / pairs.sum()
    share = float((of_all * same / labelled).sum())
    eased = (same + _EASED) / (labelled + 2 * _EASED)
    variance = float((of_all**2 * eased * (1 - eased) / labelled * (1 - labelled / pairs)).sum())
    if variance == 0:  # all were judged
        return share, share, share
    middle = float((of_all * eased).sum())
    size = middle * (1 - middle) / variance
    center, wide = share + _Z**2 / (2 * size), _Z * sqrt(share * (1 - share) / size + _Z**2 / (4 * size**2))
    low, high = ((center + side) / (1 + _Z**2 / size) for side in (-wide, wide))
    return share, max(low, 0.0), min(round(high, _DIGITS), 1.0)
