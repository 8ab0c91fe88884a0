"""Connected components of more edges than one machine holds."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from idgraph.engines.spark.checkpoint import checkpoint
from idgraph.engines.spark.skew import ROWS, column, heavy_keys, with_found

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["contracted"]

_LOG = logging.getLogger("idgraph")


def contracted(edges: DataFrame) -> DataFrame:
    """Find connected components by large-star and small-star contraction, in rounds that grow with the log of a chain.

    Kiveris, Lattanzi, Mirrokni, Rastogi, Vassilvitskii: Connected Components in MapReduce and Beyond, SoCC 2014.

    An edge is kept as its smaller end, `low`, and its larger one, `high`. A large-star joins each larger neighbour of a
    node to the smallest one: the edge (low, high) becomes (smallest neighbour of low, high). A small-star joins the
    smaller neighbours of a node, and itself, to the smallest one. Once neither moves an edge, each component is a star
    around its smallest node. Each round is computed once (`localCheckpoint`): with the plans of the rounds before it,
    the sixth would take minutes to plan.

    Args:
        edges: left, right (integers); checkpointed.

    Returns:
        node, component (its smallest node): one row for each node that has an edge.
    """
    from pyspark.sql import functions as sf

    ends = [sf.least("left", "right").alias("low"), sf.greatest("left", "right").alias("high")]
    stars = checkpoint(edges.select(*ends).where("low != high").distinct())
    rounds, moves = 0, 1
    while moves:
        rounds += 1
        large, moved = _large_star(stars)
        small, also = _small_star(large)
        moves = moved + also
        stars = small if moves else stars
        _LOG.info("components: round %d moved %d edges", rounds, moves)
    nodes = edges.select(sf.explode(sf.array("left", "right")).alias("node")).distinct()
    found = stars.select(column("high").alias("node"), column("low").alias("component"))
    placed = nodes.join(found, on="node", how="left")
    return checkpoint(placed.select("node", sf.coalesce("component", "node").alias("component")))


def _large_star(edges: DataFrame) -> tuple[DataFrame, int]:
    """Join the larger neighbours of each node to its smallest one; say how many edges that moved."""
    from pyspark.sql import functions as sf

    by_low = checkpoint(edges.groupBy("low").agg(sf.count("*").alias(ROWS)))
    heavy = heavy_keys(by_low)
    smallest = checkpoint(edges.groupBy(column("high").alias("low")).agg(sf.min("low").alias("first")))
    told = None if heavy is None else checkpoint(heavy.join(smallest, on="low", how="left"))
    found = with_found(edges, smallest, ["low"], told)
    moved = found.select(sf.coalesce("first", "low").alias("low"), "high", column("first").isNotNull().alias("moved"))
    moved = checkpoint(moved)
    return moved.select("low", "high"), moved.where("moved").count()


def _small_star(edges: DataFrame) -> tuple[DataFrame, int]:
    """Join the smaller neighbours of each node, and the node, to the smallest; say how many edges that moved."""
    from pyspark.sql import functions as sf

    by_high = checkpoint(edges.groupBy("high").agg(sf.min("low").alias("first"), sf.count("*").alias(ROWS)))
    found = checkpoint(with_found(edges, by_high.drop(ROWS), ["high"], heavy_keys(by_high)))
    others = found.where("low != first")
    kept = by_high.select(column("first").alias("low"), "high")
    moved = others.select(column("first").alias("low"), column("low").alias("high"))
    return checkpoint(kept.unionByName(moved).distinct()), others.count()
