"""How surely each record of a company belongs to the main core of its account: the weakest evidence on the best way."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

import polars as pl

__all__ = ["WAYS", "ways"]

WAYS: Final = pl.Schema({"strict_id": pl.String, "weight": pl.Float64, "rule": pl.String})
_Edge = tuple[str, str, float, str]


def ways(cores: pl.DataFrame, identifiers: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """Find the best way from each core of an account to its main core.

    Of all ways the best is that whose weakest evidence is strongest: evidence is taken strongest first, until the two
    are joined (a maximum spanning tree has it).

    Args:
        cores: of accounts that strict evidence alone does not hold together: record_id, strict_id, main_core.
        identifiers: the frame; only used values count.
        links: the frame; only used links count.

    Returns:
        strict_id; weight and rule of the weakest evidence on its best way; main cores are not there.
    """
    nodes = cores.select("record_id", "strict_id")
    held = identifiers.filter(pl.col("state").cast(pl.String) == "used").join(nodes, on="record_id")
    by_value = held.select(
        left="strict_id",
        right=pl.format("={}={}", "type", "value"),
        weight="weight",
        rule=pl.col("type").cast(pl.String),
    )
    shared = by_value.filter(pl.col("left").n_unique().over("right") > 1)
    left, right = (nodes.rename({"record_id": f"{side}_id", "strict_id": side}) for side in ("left", "right"))
    used = links.filter(pl.col("state").cast(pl.String) == "used").join(left, on="left_id").join(right, on="right_id")
    by_link = used.select("left", "right", "weight", rule=pl.col("rule").cast(pl.String)).filter(
        pl.col("left") != pl.col("right")
    )
    edges = pl.concat([shared, by_link]).drop_nulls("weight").unique()
    ordered = edges.sort("weight", "left", "right", "rule", descending=[True, False, False, False])
    main = set(cores["main_core"])
    found = pl.DataFrame(_joined(ordered.rows(), main), schema=WAYS, orient="row")
    return found.join(cores, on="strict_id", how="semi")


def _joined(edges: list[_Edge], main: set[str]) -> list[tuple[str, float, str]]:
    """Join strongest first; a core's way is told by the evidence that first joins it with a main core."""
    group: dict[str, str] = {}
    inside: defaultdict[str, list[str]] = defaultdict(list)
    found = []
    for left, right, weight, rule in edges:
        for node in (left, right):
            if node not in group:
                group[node], inside[node] = node, [node]
        one, other = group[left], group[right]
        if one == other:
            continue
        few, many = sorted((one, other), key=lambda name: len(inside[name]))
        for loose, anchored in ((few, many), (many, few)):
            if anchored in main and loose not in main:
                found += [(node, weight, rule) for node in inside[loose]]
        into = many if many in main or few not in main else few
        gone = few if into == many else many
        for node in inside[gone]:
            group[node] = into
        inside[into] += inside.pop(gone)
    return found
