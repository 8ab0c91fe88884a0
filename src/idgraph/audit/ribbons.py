"""Ribbons: where the bands of a flow chart lie, from stage to stage, as wide as their records are many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import polars as pl

__all__ = ["ribbons"]

_STAGES: Final = ("source", "profile", "accounts")
_WORDS: Final = {
    "profile": {"joined": "joined with others", "alone": "alone"},
    "accounts": {"one": "in one account", "several": "in several accounts", "none": "in no account"},
}
_GAP: Final = 0.05  # between two names of a stage, of all records
_AREAS: Final = pl.Schema(
    {
        "ribbon": pl.Int64(),
        "from": pl.String(),
        "to": pl.String(),
        "records": pl.Int64(),
        "x": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
    }
)
_TEXTS: Final = pl.Schema({"name": pl.String(), "side": pl.String(), "x": pl.Float64(), "y": pl.Float64()})
_POINTS: Final = 24  # of a band's edge


def ribbons(flow: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Lay out a flow.

    Args:
        flow: source, profile, accounts, records; see `idgraph.audit.overview.flow`.

    Returns:
        The bands: ribbon, from, to, records, x, low, high, a row a point of their edges; and the names of the stages:
        name, side (`first`, `middle`, `last`), x, y: beside what they name, or in the middle above it.
    """
    places = [_places(flow, stage) for stage in _STAGES]
    bands = [
        band
        for stage in range(len(_STAGES) - 1)
        for band in _bands(flow, _STAGES[stage : stage + 2], places[stage : stage + 2], stage)
    ]
    sides = ("first", "middle", "last")
    names = [
        {
            "name": f"{_WORDS.get(stage, {}).get(name, name)} ({records:,})",
            "side": side,
            "x": float(x),
            "y": low + records * (1.0 if side == "middle" else 0.5),
        }
        for x, (stage, held, side) in enumerate(zip(_STAGES, places, sides, strict=True))
        for name, (low, records) in held.items()
    ]
    numbered = [{"ribbon": number, **point} for number, band in enumerate(bands) for point in band]
    return pl.DataFrame(numbered, schema=_AREAS), pl.DataFrame(names, schema=_TEXTS)


def _places(flow: pl.DataFrame, stage: str) -> dict[str, tuple[float, int]]:
    """Where each name of a stage begins, and how many records it has; the largest at the top."""
    counted = flow.group_by(stage).agg(pl.col("records").sum()).sort("records", stage)
    gap = _GAP * float(counted["records"].sum())
    found: dict[str, tuple[float, int]] = {}
    low = 0.0
    for name, records in counted.iter_rows():
        found[name] = (low, records)
        low += records + gap
    return found


def _bands(
    flow: pl.DataFrame, stages: Sequence[str], places: Sequence[dict[str, tuple[float, int]]], x: int
) -> list[list[dict[str, Any]]]:
    """The bands from one stage to the next, in an order in which they cross least."""
    one, other = stages
    counted = flow.group_by(one, other).agg(pl.col("records").sum())
    order = {name: rank for held in places for rank, name in enumerate(held)}
    rows = sorted(counted.iter_rows(), key=lambda row: (order[row[0]], order[row[1]]))
    left, right = ({name: low for name, (low, _) in held.items()} for held in places)
    found = []
    for start, end, records in rows:
        found.append(
            [
                {"from": start, "to": end, "records": records, **point}
                for point in _edge(x, left[start], right[end], records)
            ]
        )
        left[start] += records
        right[end] += records
    return found


def _edge(x: int, start: float, end: float, records: int) -> list[dict[str, float]]:
    share = np.linspace(0.0, 1.0, _POINTS)
    low = start + (end - start) * share**2 * (3 - 2 * share)
    return [
        {"x": float(x + part), "low": float(one), "high": float(one + records)}
        for part, one in zip(share, low, strict=True)
    ]
