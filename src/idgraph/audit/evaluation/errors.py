"""Errors by cause: one shape for pairs that were joined and are two, and for pairs that are one and were not joined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

__all__ = ["BLAMED", "ERRORS", "Blamed", "by_cause"]

_EXAMPLES: Final = 3
_EXAMPLE: Final = pl.Struct({"left_id": pl.String(), "right_id": pl.String()})
_CAUSE: Final = ("error", "cause", "rule", "detail")
ERRORS: Final = pl.Schema(
    {
        **dict.fromkeys(_CAUSE, pl.String()),
        "pairs": pl.Int64(),
        "share": pl.Float64(),
        "places": pl.Int64(),
        "examples": pl.List(_EXAMPLE),
    }
)
BLAMED: Final = pl.Schema(
    {**dict.fromkeys(_CAUSE[1:], pl.String()), "pairs": pl.Int64(), "left_id": pl.String(), "right_id": pl.String()}
)


@dataclass(frozen=True)
class Blamed:
    """What errors of one direction come from.

    Attributes:
        rows: cause, rule, detail, pairs (of records), left_id, right_id (an example): a row for each place.
        pairs: how many there are in all; more than those of the rows, where not all places were looked at.
    """

    rows: pl.DataFrame
    pairs: int

    @property
    def looked_at(self) -> int:
        """How many pairs the rows stand for."""
        return int(self.rows["pairs"].sum())


def by_cause(directions: dict[str, Blamed]) -> pl.DataFrame:
    """Add up what errors come from; see `idgraph.audit.evaluation.Evaluation.errors`.

    Args:
        directions: `false` and `missed`.
    """
    found = [blamed.rows.select(pl.lit(error).alias("error"), pl.all()) for error, blamed in directions.items()]
    rows = pl.concat(found).sort("pairs", "left_id", "right_id", descending=[True, False, False])
    summed = rows.group_by(_CAUSE, maintain_order=True).agg(
        pl.col("pairs").sum(),
        places=pl.len().cast(pl.Int64),
        examples=pl.struct("left_id", "right_id").head(_EXAMPLES),
    )
    shared = summed.with_columns(share=pl.col("pairs") / pl.col("pairs").sum().over("error"))
    return shared.select(ERRORS.names()).sort("error", "pairs", *_CAUSE[1:], descending=[False, True, *[False] * 3])
