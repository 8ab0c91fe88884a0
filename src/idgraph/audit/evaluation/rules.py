"""Rules: how many links each gives, how many of them are right, and what hangs on it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.audit.evaluation.joins import RIGHT, UNKNOWN, WRONG
from idgraph.audit.metrics import Quality, quality
from idgraph.schema import COUNT

if TYPE_CHECKING:
    from idgraph.audit.evaluation.joins import Joins
    from idgraph.engines import Engine

__all__ = ["RULES", "rules"]

RULES: Final = pl.Schema(
    {
        "rule": pl.String(),
        "links": pl.Int64(),
        "right": pl.Int64(),
        "wrong": pl.Int64(),
        "unknown": pl.Int64(),
        "precision": pl.Float64(),
        "right_alone": pl.Int64(),
        "wrong_alone": pl.Int64(),
        "precision_without": pl.Float64(),
        "recall_without": pl.Float64(),
    }
)


def rules(held: Joins, whole: Quality, engine: Engine) -> pl.DataFrame:
    """Say of each rule how right it is, and what would be without it.

    Args:
        held: what holds the entities together.
        whole: how right they are.
        engine: what runs it.

    Returns:
        See `idgraph.audit.evaluation.Evaluation.rules`.
    """
    counted = engine.collect(held.links.group_by("rule", "verdict").agg(nw.len().cast(COUNT).alias("n")))
    numbers = {(rule, verdict): n for rule, verdict, n in counted.select("rule", "verdict", "n").iter_rows()}
    rows = []
    for rule in counted["rule"].unique().sort():
        right, unknown, wrong = (numbers.get((rule, verdict), 0) for verdict in (RIGHT, UNKNOWN, WRONG))
        left = _without(held, rule, engine)
        alone = whole.pairs_right - left.pairs_right
        wrong_alone = whole.pairs_found - whole.pairs_right - (left.pairs_found - left.pairs_right)
        share = right / (right + wrong) if right + wrong else None
        told = (right + unknown + wrong, right, wrong, unknown, share, alone, wrong_alone)
        rows.append((rule, *told, left.precision, left.recall))
    return pl.DataFrame(rows, schema=RULES, orient="row").sort("links", "rule", descending=[True, False])


def _without(held: Joins, rule: str, engine: Engine) -> Quality:
    """How right the entities would be if nothing but this rule were left out."""
    groups = engine.components(held.links.filter(nw.col("rule") != rule).select("left", "right"))
    known = held.records.filter(~nw.col("true").is_null()).select("record", "true")
    placed = engine.lookup(known, "record", groups, "node", {"group": "component"})
    rows = nw.from_native(
        engine.collect(placed.select(record_id="record", true="true", found=nw.coalesce("group", "record"))),
        eager_only=True,
    )
    found, truth = (rows.select("record_id", entity_id=name) for name in ("found", "true"))
    return quality(found, truth)
