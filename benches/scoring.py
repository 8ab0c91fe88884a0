"""How right found entities are, how sure that is, and which threshold would have been best."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from idgraph.engines.components import smallest_member

__all__ = ["Scores", "best", "score", "scores"]

_Floats = npt.NDArray[np.float64]
_DRAWS: Final = 200
_MARGIN: Final = 2.5  # percent on either side of an interval
_THRESHOLDS: Final = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99999, 0.999999)


@dataclass(frozen=True)
class Scores:
    """Agreement of found entities with true ones; `f1_low` to `f1_high`, and of B-cubed, hold 95 % of draws.

    Entities are drawn with replacement. A found pair of two entities counts half for each.
    """

    precision: float
    recall: float
    f1: float
    f1_low: float
    f1_high: float
    bcubed_f1: float
    bcubed_low: float
    bcubed_high: float


def score(found: str, truth: str) -> dict[str, float]:
    """Score a file of found entities against a file of true ones: record_id, entity_id."""
    return asdict(scores(pl.read_parquet(found), pl.read_parquet(truth)))


def scores(found: pl.DataFrame, truth: pl.DataFrame) -> Scores:
    """Score entities.

    Args:
        found: record_id, entity_id; a record that is missing is an entity of its own.
        truth: record_id, entity_id.
    """
    parts = _by_entity(found, truth)
    whole = _figures(parts.sum(axis=1))
    rng, size = np.random.default_rng(0), parts.shape[1]
    draws = (np.bincount(rng.integers(0, size, size), minlength=size) for _ in range(_DRAWS))
    drawn = np.array([_figures(parts @ some)[2:] for some in draws])
    limits = np.percentile(drawn, [_MARGIN, 100 - _MARGIN], axis=0).tolist()
    (f1_low, bcubed_low), (f1_high, bcubed_high) = limits
    precision, recall, f1, bcubed_f1 = whole
    return Scores(precision, recall, f1, f1_low, f1_high, bcubed_f1, bcubed_low, bcubed_high)


def _by_entity(found: pl.DataFrame, truth: pl.DataFrame) -> _Floats:
    """What each true entity adds: pairs right, found and true, records, and their B-cubed precision and recall."""
    alone = pl.format("alone {}", "record_id")
    placed = truth.select("record_id", true="entity_id").join(
        found.select("record_id", found="entity_id"), on="record_id", how="left"
    )
    cells = placed.with_columns(pl.coalesce("found", alone)).group_by("true", "found").agg(n=pl.len().cast(pl.Float64))
    n, in_found, in_true = pl.col("n"), pl.col("n").sum().over("found"), pl.col("n").sum().over("true")
    added = cells.with_columns(
        right=n * (n - 1) / 2,
        together=n * (in_found - 1) / 2,
        truly=n * (in_true - 1) / 2,
        precise=n * n / in_found,
        complete=n * n / in_true,
    )
    summed = added.group_by("true").agg(pl.col("right", "together", "truly", "n", "precise", "complete").sum())
    return summed.sort("true").drop("true").to_numpy().T.copy()


def _figures(parts: _Floats) -> tuple[float, float, float, float]:
    """Precision, recall, F1 and B-cubed F1."""
    right, together, truly, n, precise, complete = parts.tolist()
    precision, recall = right / together if together else 1.0, right / truly if truly else 1.0
    return precision, recall, _harmonic(precision, recall), _harmonic(precise / n, complete / n)


def _harmonic(one: float, other: float) -> float:
    return 2 * one * other / (one + other) if one + other else 0.0


def best(pairs: str, truth: str) -> dict[str, Any]:
    """Score the clusters of the threshold that the truth says is best: an oracle, to be named as one.

    Args:
        pairs: a file: left, right (record ids), probability.
        truth: a file: record_id, entity_id.

    Returns:
        The scores, and the threshold.
    """
    known = pl.read_parquet(truth)
    tried = dict(_clusters(pl.read_parquet(pairs), known["record_id"]))
    threshold = max(tried, key=lambda least: _figures(_by_entity(tried[least], known).sum(axis=1))[2])
    return {**asdict(scores(tried[threshold], known)), "threshold": threshold}


def _clusters(pairs: pl.DataFrame, records: pl.Series) -> Iterator[tuple[float, pl.DataFrame]]:
    places = pl.DataFrame({"id": records, "place": np.arange(len(records))})
    for side in ("left", "right"):
        pairs = pairs.join(places.rename({"id": side, "place": f"{side}_place"}), on=side)
    for least in _THRESHOLDS:
        kept = pairs.filter(pl.col("probability") >= least)
        node, first = smallest_member(kept["left_place"].to_numpy(), kept["right_place"].to_numpy())
        yield least, pl.DataFrame({"record_id": records.gather(node), "entity_id": first})
